/**
 * The rules of disputes: opened and closed by the bank, which control plays; meanwhile proofs are taken, one a key for ever.
 * That no refund is paid during a dispute is a rule of refunds, in payment-book.ts.
 */
import type { DisputeEvent, DisputeProof, DisputeProofRequest } from '../../contracts/partners.ts';
import { type Fault, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import type { OrderBook } from './orders.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { PartnerLog } from './partner-log.ts';
import type { Dispute, PaymentRow } from './payment-rows.ts';
import type { DisputeState } from './payment-state.ts';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

interface DisputeDeps {
  state: DisputeState;
  orders: OrderBook;
  log: PartnerLog<PaymentRow>;
  /** Undefined: no such refund. */
  paymentOfRefund: (refundId: string) => string | undefined;
}

export type DisputeBook = ReturnType<typeof createDisputeBook>;

export function createDisputeBook({ state, orders, log, paymentOfRefund }: DisputeDeps) {
  const once = createOncePerKey(state.proof, log.durable);

  return {
    paymentOf: (disputeId: string) => state.find(disputeId)?.paymentId,

    /** Refuses 404 `payment_not_found`, 422 `currency_mismatch`, `amount_not_positive`. */
    async open(paymentId: string, amountMinor: number, currency?: string): Promise<Dispute> {
      const payment = orders.payment(paymentId);
      const merchantId = payment && orders.order(payment.orderId)?.merchantId;
      if (!payment || !merchantId) throw new SimulatorRefusal(404, 'payment_not_found', `No payment ${paymentId}`);
      if (currency !== undefined && currency !== payment.currency) {
        throw new SimulatorRefusal(422, 'currency_mismatch', `Payment ${paymentId} is in ${payment.currency}`);
      }
      const disputeId = readableId('dp_');
      const effect: Dispute = { disputeId, merchantId, paymentId, amountMinor, currency: payment.currency, status: 'open' };
      const body: DisputeEvent = { type: 'dispute_opened', data: factsOf(effect) };
      await log.append({ type: 'dispute_opened', effect, event: eventOf(effect, body, payment.orderId) });
      return effect;
    },

    /** Refuses 404 `dispute_not_found`, 409 `dispute_over`. */
    async close(disputeId: string, result: 'won' | 'lost'): Promise<Dispute> {
      const effect: Dispute = { ...stillOpen(state, disputeId), status: result };
      const body: DisputeEvent = { type: 'dispute_closed', data: { ...factsOf(effect), result } };
      const orderId = orders.payment(effect.paymentId)?.orderId;
      await log.append({ type: 'dispute_closed', effect, event: eventOf(effect, body, orderId) });
      return effect;
    },

    /** Refuses 404 `dispute_not_found`, `refund_not_found` (also of another payment), 409 `dispute_over`, 422 `idempotency_key_reused`. */
    submitProof: (request: DisputeProofRequest, fault?: Fault): Promise<Answer> =>
      once(request, async (requestHash) => {
        await pause(fault);
        const { paymentId } = stillOpen(state, request.disputeId);
        if (paymentOfRefund(request.refundId) !== paymentId) {
          throw new SimulatorRefusal(404, 'refund_not_found', `No refund ${request.refundId} of this payment`);
        }
        const effect: DisputeProof = { proofId: readableId('prf_'), ...request, status: 'received' };
        const answer = { status: 201, body: effect };
        await log.append({ type: 'dispute_proof_received', key: request.key, requestHash, effect, answer });
        return answer;
      }),
  };
}

function stillOpen(state: DisputeState, disputeId: string): Dispute {
  const dispute = state.find(disputeId);
  if (!dispute) throw new SimulatorRefusal(404, 'dispute_not_found', `No dispute ${disputeId}`);
  if (dispute.status !== 'open') throw new SimulatorRefusal(409, 'dispute_over', `Dispute ${disputeId} is ${dispute.status}`);
  return dispute;
}

function factsOf({ status: _status, ...facts }: Dispute) {
  return { ...facts, occurredAt: new Date().toISOString() };
}

function eventOf({ disputeId, paymentId }: Dispute, body: DisputeEvent, orderId: string | undefined): OutgoingEvent {
  return { id: readableId('evt_', 16), subject: disputeId, facts: { paymentId, orderId }, body };
}
