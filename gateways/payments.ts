/**
 * Refunds at the payment provider. `findRefund` comes first and `createRefund` second: a provider forgets keys, a ledger does not.
 * How much is owed, and whether to try again, is decided elsewhere.
 */
import { z } from 'zod';
import { type Refund, type RefundRequest, refundSchema } from '../contracts/partners.ts';
import { createPartnerClient, type PartnerOptions, PartnerRefusal } from './http.ts';

export interface PaymentsGateway {
  /** Searches by case metadata and matches the key, so it still finds what the provider's idempotency store has forgotten. */
  findRefund(query: { caseId: string; key: string }): Promise<Refund | undefined>;
  /** The refund may come back `pending` or `failed`: only `succeeded` is paid. */
  createRefund(request: RefundRequest): Promise<Refund>;
}

/** Base URL e.g. `http://127.0.0.1:4100/payments`. Errors: PartnerRefusal (`amount_mismatch`, `answer_mismatch`, or the provider's), PartnerUnavailable. */
export function createPaymentsGateway(options: PartnerOptions): PaymentsGateway {
  const call = createPartnerClient('payments', options);

  return {
    async findRefund({ caseId, key }) {
      const { refunds } = await call({ method: 'GET', path: '/refunds', query: { caseId }, answer: refundListSchema });
      return pickRefund(refunds, { caseId, key });
    },

    async createRefund(request) {
      const refund = await call({
        method: 'POST',
        path: '/refunds',
        headers: { 'idempotency-key': request.key },
        body: request,
        answer: refundSchema,
      });
      ensureRefundMatches(refund, request);
      return refund;
    },
  };
}

/**
 * Throws PartnerRefusal `amount_mismatch` when the provider moved another amount or currency than asked, and `answer_mismatch` when it
 * speaks of another refund. Neither is ever "refunded": a person looks. Whoever takes a found refund for done checks it with this too.
 */
export function ensureRefundMatches(refund: Refund, request: RefundRequest): void {
  if (refund.key !== request.key || refund.caseId !== request.caseId || refund.paymentId !== request.paymentId) {
    throw new PartnerRefusal('answer_mismatch', `The provider answered with another refund (${refund.refundId})`);
  }
  if (refund.amountMinor !== request.amountMinor || refund.currency !== request.currency) {
    const asked = `${request.amountMinor} ${request.currency}`;
    throw new PartnerRefusal(
      'amount_mismatch',
      `Asked for ${asked} (minor units), the provider refunded ${refund.amountMinor} ${refund.currency}`,
    );
  }
}

/** The first with this key that has not failed; if all failed, the last word is failure. */
export function pickRefund(refunds: readonly Refund[], query: { caseId: string; key: string }): Refund | undefined {
  const ours = refunds.filter((refund) => refund.caseId === query.caseId && refund.key === query.key);
  return ours.find((refund) => refund.status !== 'failed') ?? ours.at(-1);
}

const refundListSchema = z.object({ refunds: z.array(refundSchema) });
