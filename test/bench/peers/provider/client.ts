/** How the applications call the fake provider. All of them send the key of case and step: an effect asked for twice can be told from two. */
import { ask } from '../http.ts';

const provider = process.env.PROVIDER_URL!;

export interface ReturnInput {
  readonly orderId: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly note: string;
  readonly lines: readonly {
    readonly sku: string;
    readonly title: string;
    readonly quantity: number;
    readonly unitPriceMinor: number;
  }[];
}

export const bookPickup = async (caseId: string): Promise<string> => {
  const headers = { 'idempotency-key': `${caseId}/pickup` };
  return (await ask('POST', `${provider}/pickups`, { body: { caseId }, headers })).bookingId as string;
};

export const payRefund = async (caseId: string, { paymentId, amountMinor, currency }: ReturnInput): Promise<string> => {
  const key = `${caseId}/refund`;
  const body = { key, caseId, paymentId, amountMinor, currency };
  return (await ask('POST', `${provider}/refunds`, { body, headers: { 'idempotency-key': key } })).refundId as string;
};
