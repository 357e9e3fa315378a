/**
 * Money to the customer, and an advance back. Found before it is made: a provider forgets keys, and an answer may have been lost on the way.
 * Key = case and intent; our own ledger refuses the key for any other amount, and a payment or a charge more than it took.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { ChargeAnswer, RefundAnswer, RefundFound, RefundInput } from '../contracts/workflow.ts';
import type { Ledgers, PaidCharge } from '../db/ledgers.ts';
import type { PaymentsGateway } from '../gateways/payments.ts';
import { asking } from './failures.ts';
import type { ActivityDeps } from './index.ts';

export const createPaymentActivities = ({ payments, database: { ledgers } }: Pick<ActivityDeps, 'payments' | 'database'>) => ({
  /**
   * `settled` false: the provider has taken it on, and its webhook will say how it ended.
   * Errors: the provider's code, `refund_failed`, `amount_mismatch`, `answer_mismatch`, `exceeds_payment`.
   */
  async refundPayment(input: RefundInput): Promise<RefundAnswer> {
    const { key, caseId, paymentId, amountMinor, currency, failed = [] } = input;
    for (const one of failed) {
      const known = await asking(() => payments.findRefund({ caseId, key: one.key }));
      if (!known || known.status === 'failed') await ledgers.freeRefund({ ...input, ...one });
    }
    const source = await meanRefund(input, payments, ledgers);
    const request = { key, caseId, paymentId, amountMinor, currency, ...source };
    const refund = await asking(async () => (await payments.findRefund({ caseId, key })) ?? payments.createRefund(request));
    if (refund.amountMinor !== amountMinor || refund.currency !== currency)
      throw ApplicationFailure.nonRetryable('the provider knows this refund with another amount', 'amount_mismatch');
    await ledgers.noteRefund(key, refund.refundId);
    if (refund.status === 'failed') {
      await ledgers.freeRefund(input);
      throw ApplicationFailure.nonRetryable(refund.failureCode ?? 'the refund failed at the provider', 'refund_failed');
    }
    if (refund.chargeId !== source.chargeId)
      throw ApplicationFailure.nonRetryable('the provider took this refund from another source', 'answer_mismatch');
    return { refundId: refund.refundId, settled: refund.status === 'succeeded' };
  },

  async lookUpRefund({ caseId, key }: { caseId: string; key: string }): Promise<RefundFound> {
    const refund = await asking(() => payments.findRefund({ caseId, key }));
    if (!refund) return {};
    const { refundId, status, amountMinor, currency, failureCode } = refund;
    return { refundId, status, amountMinor, currency, code: failureCode };
  },

  /** What became of a charge whose answer was not waited for; empty: the provider has none, or it failed. */
  async lookUpCharge({ caseId, key }: { caseId: string; key: string }): Promise<Partial<ChargeAnswer>> {
    const charge = await asking(() => payments.findCharge({ caseId, key }));
    return charge && charge.status !== 'failed' ? { chargeId: charge.chargeId, settled: charge.status === 'succeeded' } : {};
  },

  /** Charges an advance back. `settled` false: its webhook will say how it ended. Errors: the provider's code, `charge_failed`. */
  async recoverAdvance({ key, caseId, paymentId, amountMinor, currency }: RefundInput): Promise<ChargeAnswer> {
    const charge = await asking(
      async () =>
        (await payments.findCharge({ caseId, key })) ?? payments.createCharge({ key, caseId, paymentId, amountMinor, currency }),
    );
    if (charge.status === 'failed')
      throw ApplicationFailure.nonRetryable(charge.failureCode ?? 'the charge failed at the provider', 'charge_failed');
    return { chargeId: charge.chargeId, settled: charge.status === 'succeeded' };
  },
});

/**
 * Of what the refund is given back. A payment that has given back all gives back once more what came in by a charge; the provider is asked
 * for charges only then. What a key was given stays its own, also when it is tried again.
 */
async function meanRefund(input: RefundInput, payments: PaymentsGateway, ledgers: Ledgers): Promise<{ chargeId?: string }> {
  let meant = await ledgers.meanRefund(input);
  if (meant === 'exceeds_payment') meant = await ledgers.meanRefund(input, await paidCharges(input, payments));
  if (meant === 'other_amount')
    throw ApplicationFailure.nonRetryable(`${input.key} was meant for another amount before`, 'amount_mismatch');
  if (meant === 'exceeds_payment')
    throw ApplicationFailure.nonRetryable(
      'with this refund all cases together would give back more than was paid',
      'exceeds_payment',
    );
  return input.paidMinor === undefined ? {} : ledgers.sourceOf(input);
}

/** The smallest first: a greater one is left for a greater refund. */
async function paidCharges({ paymentId }: RefundInput, payments: PaymentsGateway): Promise<PaidCharge[]> {
  const charges = await asking(() => payments.chargesOf({ paymentId }));
  const paid = charges.filter(({ status }) => status === 'succeeded');
  return paid.sort((one, other) => one.amountMinor - other.amountMinor);
}
