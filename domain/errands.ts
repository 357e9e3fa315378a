/**
 * Errands: what is done outside without moving the case, each once under its own key: notices, goods booked into stock, tasks for people.
 * They are planned with the event that calls for them and run beside the story; one that fails for good is a task for a person.
 */
import { type Disposition, type Grade } from './goods.ts';
import { type NoticeFacts, type NoticeName } from './notices.ts';

/** What a notice tells besides what the case tells always; a text of a person as a reference, the slot by its beginning. */
export type NoticeParams = Omit<NoticeFacts, 'timezone' | 'rmaNo' | 'orderId' | 'currency' | 'text' | 'code' | 'slot'> & {
  readonly slotAt?: number;
  readonly textRef?: string;
};

export type ErrandWork =
  | { readonly kind: 'notice'; readonly name: NoticeName; readonly params: NoticeParams }
  | {
      readonly kind: 'stock';
      readonly lineId: string;
      readonly quantity: number;
      readonly grade: Grade;
      readonly disposition: Disposition;
    }
  /** Something only a person can do; it stands in the list of exceptions. */
  | { readonly kind: 'task'; readonly what: string; readonly cause?: string }
  /** The proof of a refund, for the provider that contests the payment. */
  | { readonly kind: 'dispute_proof'; readonly disputeId: string; readonly refundId: string }
  /** A claim on the carrier that no longer stands: the parcel was found. */
  | { readonly kind: 'claim_withdrawn'; readonly claimCaseId: string };

export type Errand = ErrandWork & {
  /** Within the case; with the case id it is the key at the partner. */
  readonly key: string;
  readonly state: 'due' | 'done' | 'failed';
  readonly result?: string;
};

const keptDone = 24;

export const pendingErrands = (errands: readonly Errand[] | undefined): Errand[] =>
  (errands ?? []).filter((errand) => errand.state === 'due');

/** Adds what is new; a key that is there already has had its turn. */
export function plan(errands: readonly Errand[] | undefined, more: readonly Errand[]): readonly Errand[] | undefined {
  const known = new Set((errands ?? []).map((errand) => errand.key));
  const fresh = more.filter((errand) => !known.has(errand.key));
  return fresh.length === 0 ? errands : [...(errands ?? []), ...fresh];
}

/** Notes how an errand went, and forgets the oldest of those that have ended. */
export function settleErrand(
  errands: readonly Errand[] | undefined,
  key: string,
  state: 'done' | 'failed',
  result?: string,
): Errand[] {
  const next = (errands ?? []).map((errand) =>
    errand.key === key && errand.state === 'due' ? { ...errand, state, ...(result ? { result } : {}) } : errand,
  );
  const ended = next.filter((errand) => errand.state !== 'due').length;
  let dropped = Math.max(0, ended - keptDone);
  return next.filter((errand) => errand.state === 'due' || dropped-- <= 0);
}
