/**
 * The simulated payment provider as a whole: refunds, never more than the payment captured or the charge took and none during a dispute,
 * charges, disputes, over one ledger and one outbox. State is folded in payment-state.ts, routes are in payments.ts and payments-control.ts.
 */
import { join } from 'node:path';
import type { Charge, ChargeEvent, PaymentEvent, Refund, RefundRequest } from '../../contracts/partners.ts';
import { createDisputeBook } from './dispute-book.ts';
import { createMoneyBook, type MoneyKind } from './money-book.ts';
import type { OrderBook } from './orders.ts';
import type { OutboxDeps } from './outbox.ts';
import { openPartnerLog, type PartnerLog } from './partner-log.ts';
import type { PaymentRow } from './payment-rows.ts';
import { createPaymentState } from './payment-state.ts';
import { createTimers } from './timers.ts';
import { readableId, SimulatorRefusal } from './wire.ts';

type PaymentState = ReturnType<typeof createPaymentState>;
interface KindDeps {
  state: PaymentState;
  orders: OrderBook;
  log: PartnerLog<PaymentRow>;
}

export type PaymentBook = Awaited<ReturnType<typeof openPaymentBook>>;

export async function openPaymentBook(dataDir: string, orders: OrderBook, outboxDeps: OutboxDeps) {
  const state = createPaymentState();
  const log = await openPartnerLog<PaymentRow>(join(dataDir, 'payments.jsonl'), outboxDeps, [state]);
  const timers = createTimers(outboxDeps.log);
  const deps = { state, orders, log };
  const refunds = createMoneyBook(refundKind(deps), timers, log.durable);
  const charges = createMoneyBook(chargeKind(deps), timers, log.durable);
  const paymentOfRefund = (refundId: string) => state.refunds.find(refundId)?.paymentId;

  return {
    refunds,
    charges,
    disputes: createDisputeBook({ state: state.disputes, orders, log, paymentOfRefund }),
    rows: log.rows,
    durable: log.durable,
    webhooks: log.webhooks,
    resend: log.resend,
    totals: () => totalsOf(state),
    /** Keys of this age and older are forgotten; null keeps them for ever. */
    setKeyExpiry: (ms: number | null) => log.append({ type: 'key_expiry_set', effect: { ms } }),
    /** Goes on where an earlier process stopped: webhooks not delivered, pending money due to fail. */
    start(): void {
      log.start();
      refunds.start();
      charges.start();
    },
    async stop(): Promise<void> {
      timers.stop();
      await log.stop();
    },
  };
}

function refundKind({ state, orders, log }: KindDeps): MoneyKind<Refund> {
  return {
    name: 'refund',
    state: state.refunds,
    idOf: ({ refundId }) => refundId,
    ensureAllowed(request) {
      const { capturedMinor } = ensurePayment(orders, request);
      const { paymentId, chargeId, amountMinor } = request;
      if (state.disputes.isOpen(paymentId)) {
        throw new SimulatorRefusal(409, 'payment_disputed', `Payment ${paymentId} is disputed: the bank holds the money`);
      }
      const tookMinor = chargeId === undefined ? capturedMinor : ensureCharge(state, request, chargeId).amountMinor;
      const leftMinor = Math.max(0, tookMinor - state.spokenForMinor(request));
      if (amountMinor > leftMinor) {
        const [what, id] = chargeId === undefined ? ['payment', paymentId] : ['charge', chargeId];
        throw new SimulatorRefusal(422, `refund_exceeds_${what}`, `Of ${what} ${id} only ${leftMinor} (minor units) is left`);
      }
    },
    make: (request, status) => ({ refundId: readableId('re_'), ...request, status }),
    bodyOf({ caseId, refundId, amountMinor, currency, status, failureCode: code }, occurredAt): PaymentEvent {
      const type = status === 'failed' ? 'refund_failed' : 'refund_settled';
      return { type, data: { caseId, refundId, amountMinor, currency, code, occurredAt } };
    },
    orderIdOf: (paymentId) => orders.payment(paymentId)?.orderId,
    recordCreated: (row) => log.append({ type: 'refund_created', ...row }),
    recordEnded: (row) => log.append({ type: 'refund_ended', ...row }),
  };
}

function chargeKind({ state, orders, log }: KindDeps): MoneyKind<Charge> {
  return {
    name: 'charge',
    state: state.charges,
    idOf: ({ chargeId }) => chargeId,
    ensureAllowed: (request) => void ensurePayment(orders, request),
    make: (request, status) => ({ ...request, chargeId: readableId('ch_'), status }),
    bodyOf({ caseId, chargeId, amountMinor, currency, status, failureCode: code }, occurredAt): ChargeEvent {
      const type = status === 'failed' ? 'payment_failed' : 'payment_settled';
      return { type, data: { caseId, chargeId, amountMinor, currency, code, occurredAt } };
    },
    orderIdOf: (paymentId) => orders.payment(paymentId)?.orderId,
    recordCreated: (row) => log.append({ type: 'charge_created', ...row }),
    recordEnded: (row) => log.append({ type: 'charge_ended', ...row }),
  };
}

function ensurePayment(orders: OrderBook, { paymentId, currency }: RefundRequest) {
  const payment = orders.payment(paymentId);
  if (!payment) throw new SimulatorRefusal(404, 'payment_not_found', `No payment ${paymentId}`);
  if (payment.currency !== currency) {
    throw new SimulatorRefusal(422, 'currency_mismatch', `Payment ${paymentId} is in ${payment.currency}`);
  }
  return payment;
}

function ensureCharge(state: PaymentState, { paymentId }: RefundRequest, chargeId: string): Charge {
  const charge = state.charges.find(chargeId);
  if (charge?.paymentId !== paymentId) {
    throw new SimulatorRefusal(404, 'charge_not_found', `No charge ${chargeId} of payment ${paymentId}`);
  }
  if (charge.status !== 'succeeded') {
    throw new SimulatorRefusal(409, 'charge_not_settled', `The charge ${chargeId} has not succeeded: it is ${charge.status}`);
  }
  return charge;
}

/** Refunds on top, as they always were; charges and disputes beside them. */
function totalsOf(state: PaymentState) {
  const { movedMinor: refundedMinor, count: refunds, byCase: refundsByCase, ...byStatus } = state.refunds.totals();
  const byCase = Object.fromEntries(
    Object.entries(refundsByCase).map(([caseId, { count, ...money }]) => [caseId, { ...money, refunds: count }]),
  );
  const { movedMinor: chargedMinor, ...charges } = state.charges.totals();
  return {
    refundedMinor,
    refunds,
    ...byStatus,
    byCase,
    charges: { chargedMinor, ...charges },
    disputes: state.disputes.totals(),
  };
}
