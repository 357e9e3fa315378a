/**
 * Money back to the customer. Found before it is made: a provider forgets keys, and an answer may have been lost on the way.
 * Key = case and intent; our own ledger refuses the key for any other amount.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { RefundAnswer, RefundInput } from '../contracts/workflow.ts';
import { asking } from './failures.ts';
import type { ActivityDeps } from './index.ts';

export const createPaymentActivities = ({ payments, database: { ledgers } }: ActivityDeps) => ({
  /** `settled` false: the provider has taken it on, and its webhook will say how it ended. Errors: the provider's code, `refund_failed`, `amount_mismatch`. */
  async refundPayment({ key, caseId, merchantId, paymentId, amountMinor, currency }: RefundInput): Promise<RefundAnswer> {
    if (!(await ledgers.meanRefund({ key, merchantId, caseId, amountMinor, currency })))
      throw ApplicationFailure.nonRetryable(`${key} was meant for another amount before`, 'amount_mismatch');
    const refund = await asking(
      async () =>
        (await payments.findRefund({ caseId, key })) ?? payments.createRefund({ key, caseId, paymentId, amountMinor, currency }),
    );
    if (refund.amountMinor !== amountMinor || refund.currency !== currency)
      throw ApplicationFailure.nonRetryable('the provider knows this refund with another amount', 'amount_mismatch');
    await ledgers.noteRefund(key, refund.refundId);
    if (refund.status === 'failed')
      throw ApplicationFailure.nonRetryable(refund.failureCode ?? 'the refund failed at the provider', 'refund_failed');
    return { refundId: refund.refundId, settled: refund.status === 'succeeded' };
  },
});
