/**
 * What the payment provider knows, folded from the rows of its ledger and from nothing else, so that a restart changes nothing.
 * Rules are in money-book.ts and dispute-book.ts.
 */
import type { Charge, DisputeProof, Refund } from '../../contracts/partners.ts';
import { createKeyMemory } from './keys.ts';
import type { Stamped } from './ledger.ts';
import type { CreatedRow, Dispute, FailsAt, PaymentRow } from './payment-rows.ts';
import type { Answer } from './wire.ts';

const dayMs = 86_400_000;

/** What a refund and a charge have in common. */
export type Move = Omit<Refund, 'refundId' | 'chargeId'>;
export type MoveState<M extends Move> = ReturnType<typeof createMoveState<M>>;
export type DisputeState = ReturnType<typeof createDisputeState>;

export function createPaymentState() {
  const refunds = createMoveState<Refund>(({ refundId }) => refundId, sourceOf);
  const charges = createMoveState<Charge>(
    ({ chargeId }) => chargeId,
    ({ paymentId }) => paymentId,
  );
  const disputes = createDisputeState();

  return {
    refunds,
    charges,
    disputes,
    apply(row: Stamped<PaymentRow>): void {
      switch (row.type) {
        case 'refund_created':
          refunds.create(row);
          break;
        case 'refund_ended':
          refunds.put(row.effect);
          break;
        case 'charge_created':
          charges.create(row);
          break;
        case 'charge_ended':
          charges.put(row.effect);
          break;
        case 'dispute_opened':
        case 'dispute_closed':
          disputes.put(row.effect);
          break;
        case 'dispute_proof_received':
          disputes.addProof(row);
          break;
        case 'key_expiry_set':
          refunds.expireKeysAfter(row.effect.ms);
          charges.expireKeysAfter(row.effect.ms);
          break;
        default: // the end of a webhook is the outbox's
      }
    },
    /** What of the payment, or of a charge of it, is gone or promised: refunds that have not failed; of the payment also lost disputes. */
    spokenForMinor: ({ paymentId, chargeId }: Source) =>
      refunds.sumMinor(sourceOf({ paymentId, chargeId })) + (chargeId === undefined ? disputes.lostMinor(paymentId) : 0),
  };
}

type Source = Pick<Refund, 'paymentId' | 'chargeId'>;
const sourceOf = ({ paymentId, chargeId }: Source): string => (chargeId === undefined ? paymentId : `${paymentId}/${chargeId}`);

function createMoveState<M extends Move>(idOf: (move: M) => string, sumsUnder: (move: M) => string) {
  const moves = new Map<string, M>();
  const idsByCase = new Map<string, Set<string>>();
  const sums = new Map<string, number>();
  const keys = createKeyMemory(dayMs);
  const toFail = new Map<string, FailsAt>();

  function put(move: M): void {
    const id = idOf(move);
    const before = moves.get(id);
    const change = countedOf(move) - (before ? countedOf(before) : 0);
    const source = sumsUnder(move);
    sums.set(source, (sums.get(source) ?? 0) + change);
    moves.set(id, move);
    const ids = idsByCase.get(move.caseId) ?? new Set();
    idsByCase.set(move.caseId, ids.add(id));
    if (move.status !== 'pending') toFail.delete(id);
  }

  return {
    put,
    create(row: Stamped<CreatedRow<M>>): void {
      put(row.effect);
      keys.remember(row);
      if (row.failsAt) toFail.set(idOf(row.effect), row.failsAt);
    },
    expireKeysAfter: keys.expireAfter,
    find: (id: string) => moves.get(id),
    /** Oldest first. */
    ofCase: (caseId: string): M[] => [...(idsByCase.get(caseId) ?? [])].flatMap((id) => moves.get(id) ?? []),
    ofPayment: (paymentId: string): M[] => [...moves.values()].filter((move) => move.paymentId === paymentId),
    /** Sum over this source of all that have not failed. */
    sumMinor: (source: string) => sums.get(source) ?? 0,
    /** What was answered to this key, unless the key is as old as the expiry. */
    known: keys.known,
    toFail: (): ReadonlyMap<string, FailsAt> => toFail,
    totals: () => totalsOf([...moves.values()]),
  };
}

function countedOf({ status, amountMinor }: Move): number {
  return status === 'failed' ? 0 : amountMinor;
}

interface MoveTotals {
  /** Succeeded alone, per currency. */
  movedMinor: Record<string, number>;
  /** Of any status, as is the count by case. */
  count: number;
  succeeded: number;
  pending: number;
  failed: number;
  byCase: Record<string, { amountMinor: number; currency: string; count: number }>;
}

function totalsOf(moves: readonly Move[]): MoveTotals {
  const totals: MoveTotals = { movedMinor: {}, count: moves.length, succeeded: 0, pending: 0, failed: 0, byCase: {} };
  for (const { caseId, amountMinor, currency, status } of moves) {
    const movedMinor = status === 'succeeded' ? amountMinor : 0;
    totals[status] += 1;
    totals.movedMinor[currency] = (totals.movedMinor[currency] ?? 0) + movedMinor;
    const ofCase = (totals.byCase[caseId] ??= { amountMinor: 0, currency, count: 0 });
    ofCase.amountMinor += movedMinor;
    ofCase.count += 1;
  }
  return totals;
}

function createDisputeState() {
  const disputes = new Map<string, Dispute>();
  const proofs = new Map<string, { requestHash: string; proof: DisputeProof; answer: Answer }>();
  const ofPayment = (paymentId: string) => [...disputes.values()].filter((dispute) => dispute.paymentId === paymentId);

  return {
    put: (dispute: Dispute) => void disputes.set(dispute.disputeId, dispute),
    addProof: ({
      key,
      requestHash,
      effect,
      answer,
    }: {
      key: string;
      requestHash: string;
      effect: DisputeProof;
      answer: Answer;
    }) => void proofs.set(key, { requestHash, proof: effect, answer }),
    find: (disputeId: string) => disputes.get(disputeId),
    /** What was answered to the proof with this key. */
    proof: (key: string) => proofs.get(key),
    isOpen: (paymentId: string) => ofPayment(paymentId).some(({ status }) => status === 'open'),
    lostMinor: (paymentId: string) =>
      ofPayment(paymentId).reduce((sum, { status, amountMinor }) => sum + (status === 'lost' ? amountMinor : 0), 0),
    /** Disputes by status, what was lost per currency, and proofs received. */
    totals() {
      const totals = { open: 0, won: 0, lost: 0, proofs: proofs.size };
      const lostMinor: Record<string, number> = {};
      for (const { status, amountMinor, currency } of disputes.values()) {
        totals[status] += 1;
        if (status === 'lost') lostMinor[currency] = (lostMinor[currency] ?? 0) + amountMinor;
      }
      return { ...totals, lostMinor };
    },
  };
}
