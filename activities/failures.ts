/** How a partner's answer becomes a failure that Temporal understands: a no for good ends the retries, a passing fault does not. */
import { ApplicationFailure } from '@temporalio/common';
import { PartnerRefusal, PartnerUnavailable } from '../gateways/http.ts';

/** Error texts are shown to managers in the Temporal UI: whatever looks like a person's address or number is struck out. */
const masked = (text: string): string => text.replace(/\S+@\S+/g, '…').replace(/\d{9,}/g, '…');

/** Runs a partner's call; throws a non-retryable failure of type `code` if it was refused, else a retryable one that honours Retry-After. */
export async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (err) {
    if (err instanceof PartnerRefusal) throw ApplicationFailure.nonRetryable(masked(err.message), err.code);
    if (err instanceof PartnerUnavailable)
      throw ApplicationFailure.create({
        message: masked(err.message),
        type: 'partner_unavailable',
        nextRetryDelay: err.retryAfterMs,
      });
    throw err;
  }
}
