/**
 * Refunds and charges at the payment provider. Finding comes first and creating second: a provider forgets keys, a ledger does not.
 * How much is owed, and whether to try again, is decided elsewhere.
 */
import { z } from 'zod';
import {
  type Charge,
  type ChargeRequest,
  chargeSchema,
  type DisputeProof,
  type DisputeProofRequest,
  disputeProofSchema,
  type Refund,
  type RefundRequest,
  refundSchema,
} from '../contracts/partners.ts';
import { createPartnerClient, type PartnerOptions, PartnerRefusal, pathSegment } from './http.ts';

export interface PaymentsGateway {
  /** Searches by case metadata and matches the key, so it still finds what the provider's idempotency store has forgotten. */
  findRefund(query: { caseId: string; key: string }): Promise<Refund | undefined>;
  /**
   * The refund may come back `pending` or `failed`: only `succeeded` is paid. Refusals: `payment_disputed` while a dispute is open,
   * `refund_exceeds_payment`; of a charge `charge_not_found`, `charge_not_settled`, `refund_exceeds_charge`.
   */
  createRefund(request: RefundRequest): Promise<Refund>;
  /** As `findRefund`, for money taken. */
  findCharge(query: { caseId: string; key: string }): Promise<Charge | undefined>;
  /** Whatever was charged for this payment, by whatever case and however it ended, oldest first. */
  chargesOf(query: { paymentId: string }): Promise<Charge[]>;
  /** The charge may come back `pending` or `failed`: only `succeeded` is paid. Refusals: `card_declined`, those of a refund. */
  createCharge(request: ChargeRequest): Promise<Charge>;
  /** The same key gives the same proof. Refusals: `dispute_not_found`, `refund_not_found`, `dispute_over`. */
  submitDisputeProof(request: DisputeProofRequest): Promise<DisputeProof>;
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
      const headers = { 'idempotency-key': request.key };
      const refund = await call({ method: 'POST', path: '/refunds', headers, body: request, answer: refundSchema });
      ensureRefundMatches(refund, request);
      return refund;
    },

    async findCharge({ caseId, key }) {
      const { charges } = await call({ method: 'GET', path: '/charges', query: { caseId }, answer: chargeListSchema });
      return pickCharge(charges, { caseId, key });
    },

    async chargesOf({ paymentId }) {
      const { charges } = await call({ method: 'GET', path: '/charges', query: { paymentId }, answer: chargeListSchema });
      return charges.filter((charge) => charge.paymentId === paymentId);
    },

    async createCharge(request) {
      const headers = { 'idempotency-key': request.key };
      const charge = await call({ method: 'POST', path: '/charges', headers, body: request, answer: chargeSchema });
      ensureChargeMatches(charge, request);
      return charge;
    },

    async submitDisputeProof(request) {
      const { key, disputeId, refundId } = request;
      const proof = await call({
        method: 'POST',
        path: `/disputes/${pathSegment(disputeId) ?? ''}/proofs`,
        headers: { 'idempotency-key': key },
        body: { key, refundId },
        answer: disputeProofSchema,
      });
      const same = proof.key === key && proof.disputeId === disputeId && proof.refundId === refundId;
      if (!same) throw new PartnerRefusal('answer_mismatch', `The provider answered with another proof (${proof.proofId})`);
      return proof;
    },
  };
}

/**
 * Throws PartnerRefusal `amount_mismatch` when the provider moved another amount or currency than asked, and `answer_mismatch` when it
 * speaks of another refund, or took it from elsewhere. Neither is ever "refunded": a person looks. Whoever takes a found refund for done checks it with this too.
 */
export function ensureRefundMatches(refund: Refund, request: RefundRequest): void {
  if (refund.chargeId !== request.chargeId) {
    throw new PartnerRefusal('answer_mismatch', `The provider took the refund (${refund.refundId}) from another source`);
  }
  ensureMatches(refund, request, `refund (${refund.refundId})`, 'refunded');
}

/** The same for a charge, found or made. */
export function ensureChargeMatches(charge: Charge, request: ChargeRequest): void {
  ensureMatches(charge, request, `charge (${charge.chargeId})`, 'charged');
}

function ensureMatches(moved: ChargeRequest, request: ChargeRequest, what: string, verb: string): void {
  if (moved.key !== request.key || moved.caseId !== request.caseId || moved.paymentId !== request.paymentId) {
    throw new PartnerRefusal('answer_mismatch', `The provider answered with another ${what}`);
  }
  if (moved.amountMinor !== request.amountMinor || moved.currency !== request.currency) {
    const asked = `${request.amountMinor} ${request.currency}`;
    throw new PartnerRefusal(
      'amount_mismatch',
      `Asked for ${asked} (minor units), the provider ${verb} ${moved.amountMinor} ${moved.currency}`,
    );
  }
}

/** The first with this key that has not failed; if all failed, the last word is failure. */
export function pickRefund(refunds: readonly Refund[], query: { caseId: string; key: string }): Refund | undefined {
  return pick(refunds, query);
}

/** The same among charges. */
export function pickCharge(charges: readonly Charge[], query: { caseId: string; key: string }): Charge | undefined {
  return pick(charges, query);
}

function pick<T extends Pick<Refund, 'caseId' | 'key' | 'status'>>(
  moves: readonly T[],
  { caseId, key }: { caseId: string; key: string },
): T | undefined {
  const ours = moves.filter((move) => move.caseId === caseId && move.key === key);
  return ours.find((move) => move.status !== 'failed') ?? ours.at(-1);
}

const refundListSchema = z.object({ refunds: z.array(refundSchema) });
const chargeListSchema = z.object({ charges: z.array(chargeSchema) });
