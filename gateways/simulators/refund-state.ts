/**
 * What the payment provider knows, folded from the rows of its ledger and from nothing else, so that a restart changes nothing.
 * Rules of refunds are in refund-book.ts.
 */
import type { Refund } from '../../contracts/partners.ts';
import type { Stamped } from './ledger.ts';
import type { OutgoingEvent, WebhookEndRow } from './outbox.ts';
import type { Answer } from './wire.ts';

/** When a pending refund fails by itself (epoch ms), and with which code. */
export interface FailsAt {
  at: number;
  code: string;
}

export interface RefundCreatedRow {
  type: 'refund_created';
  key: string;
  requestHash: string;
  effect: Refund;
  failsAt?: FailsAt;
  answer: Answer;
  /** Absent while the refund is pending. */
  event?: OutgoingEvent;
}

/** `ms` null: keys are never forgotten. */
export type RefundRow =
  | RefundCreatedRow
  | { type: 'refund_ended'; effect: Refund; event: OutgoingEvent }
  | { type: 'key_expiry_set'; effect: { ms: number | null } }
  | WebhookEndRow;

export interface RefundTotals {
  /** Succeeded refunds alone, per currency. */
  refundedMinor: Record<string, number>;
  /** Refunds of any status, as are `byCase[].refunds`. */
  refunds: number;
  succeeded: number;
  pending: number;
  failed: number;
  byCase: Record<string, { amountMinor: number; currency: string; refunds: number }>;
}

const dayMs = 86_400_000;

export function createRefundState() {
  const refunds = new Map<string, Refund>();
  const idsByCase = new Map<string, Set<string>>();
  const spokenForMinor = new Map<string, number>();
  const keys = new Map<string, { requestHash: string; at: number; answer: Answer }>();
  const toFail = new Map<string, FailsAt>();
  let keyExpiryMs: number | null = dayMs;

  function put(refund: Refund): void {
    const before = refunds.get(refund.refundId);
    const change = claimOf(refund) - (before ? claimOf(before) : 0);
    spokenForMinor.set(refund.paymentId, (spokenForMinor.get(refund.paymentId) ?? 0) + change);
    refunds.set(refund.refundId, refund);
    const ids = idsByCase.get(refund.caseId) ?? new Set();
    idsByCase.set(refund.caseId, ids.add(refund.refundId));
  }

  return {
    apply(row: Stamped<RefundRow>): void {
      switch (row.type) {
        case 'refund_created':
          put(row.effect);
          keys.set(row.key, { requestHash: row.requestHash, at: Date.parse(row.at), answer: row.answer });
          if (row.failsAt) toFail.set(row.effect.refundId, row.failsAt);
          break;
        case 'refund_ended':
          put(row.effect);
          toFail.delete(row.effect.refundId);
          break;
        case 'key_expiry_set':
          keyExpiryMs = row.effect.ms;
          break;
        default: // the end of a webhook is the outbox's
      }
    },
    refund: (refundId: string) => refunds.get(refundId),
    /** Oldest first. */
    ofCase: (caseId: string): Refund[] => [...(idsByCase.get(caseId) ?? [])].flatMap((id) => refunds.get(id) ?? []),
    /** Sum of refunds of this payment that have not failed. */
    spokenForMinor: (paymentId: string) => spokenForMinor.get(paymentId) ?? 0,
    /** What was answered to this key, unless the key is as old as the expiry. */
    known(key: string) {
      const entry = keys.get(key);
      return entry && (keyExpiryMs === null || Date.now() - entry.at < keyExpiryMs) ? entry : undefined;
    },
    toFail: (): ReadonlyMap<string, FailsAt> => toFail,
    totals: () => totalsOf([...refunds.values()]),
  };
}

function claimOf(refund: Refund): number {
  return refund.status === 'failed' ? 0 : refund.amountMinor;
}

function totalsOf(refunds: readonly Refund[]): RefundTotals {
  const totals: RefundTotals = { refundedMinor: {}, refunds: refunds.length, succeeded: 0, pending: 0, failed: 0, byCase: {} };
  for (const { caseId, amountMinor, currency, status } of refunds) {
    const paidMinor = status === 'succeeded' ? amountMinor : 0;
    totals[status] += 1;
    totals.refundedMinor[currency] = (totals.refundedMinor[currency] ?? 0) + paidMinor;
    const ofCase = (totals.byCase[caseId] ??= { amountMinor: 0, currency, refunds: 0 });
    ofCase.amountMinor += paidMinor;
    ofCase.refunds += 1;
  }
  return totals;
}
