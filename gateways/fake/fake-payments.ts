/** The payment provider in memory: refunds, charges and disputes with the promises of the real adapter. */
import type { Charge, ChargeRequest, DisputeProof, Order, Refund, RefundRequest } from '../../contracts/partners.ts';
import { PartnerRefusal } from '../http.ts';
import { ensureRefundMatches, type PaymentsGateway, pickCharge, pickRefund } from '../payments.ts';
import { createOnce, type Perform } from './fake-calls.ts';

export interface FakePayments extends PaymentsGateway {
  /** Ledgers, oldest first, always up to date. */
  refunds: readonly Refund[];
  charges: readonly Charge[];
  disputeProofs: readonly DisputeProof[];
  /** The next refund stays pending until `settle`. */
  pendNextRefund: () => void;
  /** The next charge stays pending until `settleCharge`. */
  pendNextCharge: () => void;
  /** The provider pays half of the next refund and says so, which the adapter refuses as `amount_mismatch`. */
  halveNextRefund: () => void;
  /** Ends what is pending, or fails, late, what had succeeded. */
  settle: (refundId: string, outcome: 'succeeded' | 'failed', code?: string) => void;
  settleCharge: (chargeId: string, outcome: 'succeeded' | 'failed', code?: string) => void;
  /** Gives the dispute's id. */
  openDispute: (dispute: { paymentId: string; amountMinor: number }) => string;
  closeDispute: (disputeId: string, result: 'won' | 'lost') => void;
}

interface FakeDispute {
  disputeId: string;
  paymentId: string;
  amountMinor: number;
  status: 'open' | 'won' | 'lost';
}

export function createFakePayments(orderOf: (paymentId: string) => Order | undefined, perform: Perform): FakePayments {
  const refunds: Refund[] = [];
  const charges: Charge[] = [];
  const disputes: FakeDispute[] = [];
  const next = { refundPends: false, refundHalved: false, chargePends: false };
  const [onceRefund, onceCharge] = [createOnce<Refund>(), createOnce<Charge>()];

  function newRefund(request: RefundRequest): Refund {
    ensurePayment(orderOf, request);
    if (isDisputed(request, disputes)) {
      throw new PartnerRefusal('payment_disputed', `Payment ${request.paymentId} is disputed: the bank holds the money`);
    }
    if (request.chargeId === undefined) ensureCovered(request, orderOf(request.paymentId)?.paidMinor ?? 0, refunds, disputes);
    else ensureCharge(request, charges, refunds);
    const amountMinor = next.refundHalved ? Math.floor(request.amountMinor / 2) : request.amountMinor;
    const status = next.refundPends ? 'pending' : 'succeeded';
    const refund: Refund = { refundId: `re_${refunds.length + 1}`, ...request, amountMinor, status };
    next.refundPends = next.refundHalved = false;
    refunds.push(refund);
    return refund;
  }

  function newCharge(request: ChargeRequest): Charge {
    ensurePayment(orderOf, request);
    const status = next.chargePends ? 'pending' : 'succeeded';
    const charge: Charge = { chargeId: `ch_${charges.length + 1}`, ...request, status };
    next.chargePends = false;
    charges.push(charge);
    return charge;
  }

  return {
    findRefund: (query) => perform('find_refund', query.key, () => pickRefund(refunds, query)),
    createRefund: (request) =>
      perform('create_refund', request.key, () => {
        const refund = onceRefund(request, () => newRefund(request));
        ensureRefundMatches(refund, request);
        return refund;
      }),
    findCharge: (query) => perform('find_charge', query.key, () => pickCharge(charges, query)),
    chargesOf: ({ paymentId }) =>
      perform('find_charge', paymentId, () => charges.filter((charge) => charge.paymentId === paymentId)),
    createCharge: (request) => perform('create_charge', request.key, () => onceCharge(request, () => newCharge(request))),
    refunds,
    charges,
    pendNextRefund: () => void (next.refundPends = true),
    pendNextCharge: () => void (next.chargePends = true),
    halveNextRefund: () => void (next.refundHalved = true),
    settle: (refundId, outcome, code) =>
      end(
        refunds.find((refund) => refund.refundId === refundId),
        refundId,
        outcome,
        code,
      ),
    settleCharge: (chargeId, outcome, code) =>
      end(
        charges.find((charge) => charge.chargeId === chargeId),
        chargeId,
        outcome,
        code,
      ),
    ...createDisputes(disputes, refunds, perform),
  };
}

function createDisputes(disputes: FakeDispute[], refunds: readonly Refund[], perform: Perform) {
  const disputeProofs: DisputeProof[] = [];
  const once = createOnce<DisputeProof>();

  const submitDisputeProof: PaymentsGateway['submitDisputeProof'] = (request) =>
    perform('submit_dispute_proof', request.key, () =>
      once(request, () => {
        const dispute = disputes.find(({ disputeId }) => disputeId === request.disputeId);
        if (!dispute) throw new PartnerRefusal('dispute_not_found', `No dispute ${request.disputeId}`);
        if (dispute.status !== 'open') throw new PartnerRefusal('dispute_over', `This dispute is ${dispute.status}`);
        if (!refunds.some(({ refundId, paymentId }) => refundId === request.refundId && paymentId === dispute.paymentId)) {
          throw new PartnerRefusal('refund_not_found', `No refund ${request.refundId} of this payment`);
        }
        const proof: DisputeProof = { proofId: `prf_${disputeProofs.length + 1}`, ...request, status: 'received' };
        disputeProofs.push(proof);
        return proof;
      }),
    );

  return {
    submitDisputeProof,
    disputeProofs,
    openDispute: ({ paymentId, amountMinor }: { paymentId: string; amountMinor: number }) => {
      const disputeId = `dp_${disputes.length + 1}`;
      disputes.push({ disputeId, paymentId, amountMinor, status: 'open' });
      return disputeId;
    },
    closeDispute: (disputeId: string, result: 'won' | 'lost') => {
      const dispute = disputes.find((candidate) => candidate.disputeId === disputeId && candidate.status === 'open');
      if (!dispute) throw new Error(`No open dispute ${disputeId}`);
      dispute.status = result;
    },
  };
}

function end(move: Refund | Charge | undefined, id: string, outcome: 'succeeded' | 'failed', code = 'account_closed'): void {
  const late = move?.status === 'succeeded' && outcome === 'failed';
  if (!move || (move.status !== 'pending' && !late)) throw new Error(`Nothing pending by the id ${id}`);
  Object.assign(move, outcome === 'failed' ? { status: outcome, failureCode: code } : { status: outcome });
}

function ensurePayment(orderOf: (paymentId: string) => Order | undefined, request: ChargeRequest): void {
  const order = orderOf(request.paymentId);
  if (!order) throw new PartnerRefusal('payment_not_found', `No payment ${request.paymentId}`);
  if (order.currency !== request.currency) {
    throw new PartnerRefusal('currency_mismatch', `Payment ${request.paymentId} is in ${order.currency}`);
  }
  if (request.amountMinor === 0) throw new PartnerRefusal('amount_not_positive', 'Nothing is no amount');
}

const isDisputed = ({ paymentId }: RefundRequest, disputes: readonly FakeDispute[]): boolean =>
  disputes.some((dispute) => dispute.paymentId === paymentId && dispute.status === 'open');
const sumMinor = (moves: readonly { amountMinor: number }[]): number => moves.reduce((sum, one) => sum + one.amountMinor, 0);
/** Refunds from the same source that have not failed: of the payment itself, or of that charge. */
const refundedMinor = (refunds: readonly Refund[], { paymentId, chargeId }: RefundRequest): number =>
  sumMinor(refunds.filter((one) => one.paymentId === paymentId && one.chargeId === chargeId && one.status !== 'failed'));

function ensureCovered(
  request: RefundRequest,
  paidMinor: number,
  refunds: readonly Refund[],
  disputes: readonly FakeDispute[],
): void {
  const { paymentId, amountMinor } = request;
  const lost = disputes.filter((dispute) => dispute.paymentId === paymentId && dispute.status === 'lost');
  if (amountMinor > paidMinor - refundedMinor(refunds, request) - sumMinor(lost)) {
    throw new PartnerRefusal('refund_exceeds_payment', `Payment ${paymentId} does not cover this refund`);
  }
}

function ensureCharge(request: RefundRequest, charges: readonly Charge[], refunds: readonly Refund[]): void {
  const { paymentId, chargeId, amountMinor } = request;
  const charge = charges.find((one) => one.chargeId === chargeId && one.paymentId === paymentId);
  if (!charge) throw new PartnerRefusal('charge_not_found', `No charge ${chargeId} of payment ${paymentId}`);
  if (charge.status !== 'succeeded') throw new PartnerRefusal('charge_not_settled', `The charge ${chargeId} is ${charge.status}`);
  if (amountMinor > charge.amountMinor - refundedMinor(refunds, request)) {
    throw new PartnerRefusal('refund_exceeds_charge', `Charge ${chargeId} does not cover this refund`);
  }
}
