/**
 * The rules of the simulated payment provider: one refund a key while it remembers the key, never more than the payment captured.
 * State is folded in refund-state.ts, routes are in payments.ts, webhooks leave through outbox.ts.
 */
import { join } from 'node:path';
import type { PaymentEvent, Refund, RefundRequest } from '../../contracts/partners.ts';
import { type Fault, pause } from './faults.ts';
import { createInFlight, ensureSameRequest } from './keys.ts';
import { openLedger } from './ledger.ts';
import type { OrderBook } from './orders.ts';
import { createOutbox, type OutboxDeps, type OutgoingEvent } from './outbox.ts';
import { createRefundState, type FailsAt, type RefundCreatedRow, type RefundRow } from './refund-state.ts';
import { type Answer, hashOf, readableId, SimulatorRefusal } from './wire.ts';

const failsAfterMs = 500;
const defaultFailure = 'account_closed';

export type RefundBook = Awaited<ReturnType<typeof openRefundBook>>;

export async function openRefundBook(dataDir: string, orders: OrderBook, outboxDeps: OutboxDeps) {
  const state = createRefundState();
  const outbox = createOutbox(outboxDeps, (row) => ledger.append(row));
  const ledger = await openLedger<RefundRow>(join(dataDir, 'payments.jsonl'), (row) => {
    state.apply(row);
    outbox.note(row);
  });
  const timers = createTimers(outboxDeps);
  const inFlight = createInFlight();

  const endPending = async (refund: Refund, outcome: 'succeeded' | 'failed', code = defaultFailure) => {
    const ended: Refund =
      outcome === 'failed' ? { ...refund, status: 'failed', failureCode: code } : { ...refund, status: 'succeeded' };
    const event = eventOf(ended, orders);
    await ledger.append({ type: 'refund_ended', effect: ended, event });
    outbox.send(event);
    return ended;
  };

  const failLater = (refundId: string, { at, code }: FailsAt) =>
    timers.at(at, async () => {
      const refund = state.refund(refundId);
      if (refund?.status === 'pending') await endPending(refund, 'failed', code);
    });

  return {
    rows: () => ledger.rows(),
    durable: () => ledger.durable(),
    totals: () => state.totals(),
    webhooks: () => outbox.totals(),
    /** Goes on where an earlier process stopped: webhooks not delivered, pending refunds due to fail. */
    start(): void {
      outbox.start();
      for (const [refundId, failsAt] of state.toFail()) failLater(refundId, failsAt);
    },
    async stop(): Promise<void> {
      timers.stop();
      await outbox.stop();
      await ledger.close();
    },

    /** The refund's answer, 201 also for a repeat of a known key. Refusals: 404, 409 `in_flight`, 422; a refusal leaves the key unused. */
    async create(request: RefundRequest, fault?: Fault): Promise<Answer> {
      ensurePositive(request);
      const requestHash = hashOf(request);
      inFlight.ensureFree(request.key, requestHash);
      const known = state.known(request.key);
      if (known) {
        ensureSameRequest(known.requestHash === requestHash);
        await ledger.durable();
        return known.answer;
      }
      return inFlight.hold(request.key, requestHash, async () => {
        await pause(fault);
        ensureCovered(request, orders, state.spokenForMinor(request.paymentId));
        const row = rowOf(request, requestHash, orders, fault);
        await ledger.append(row);
        if (row.event) outbox.send(row.event);
        if (row.failsAt) failLater(row.effect.refundId, row.failsAt);
        return row.answer;
      });
    },

    async listOfCase(caseId: string): Promise<Answer> {
      await ledger.durable();
      return { status: 200, body: { refunds: state.ofCase(caseId) } };
    },

    /** Ends a pending refund. Refuses 404 `refund_not_found`, 409 `not_pending`. */
    async settle(refundId: string, outcome: 'succeeded' | 'failed', code?: string): Promise<Refund> {
      const refund = state.refund(refundId);
      if (!refund) throw new SimulatorRefusal(404, 'refund_not_found', `No refund ${refundId}`);
      if (refund.status !== 'pending') {
        throw new SimulatorRefusal(409, 'not_pending', `Refund ${refundId} has ${refund.status} already`);
      }
      return endPending(refund, outcome, code);
    },

    /** Keys of this age and older are forgotten; null keeps them for ever. */
    setKeyExpiry: (ms: number | null) => ledger.append({ type: 'key_expiry_set', effect: { ms } }),
  };
}

function ensurePositive({ amountMinor }: RefundRequest): void {
  if (amountMinor === 0) throw new SimulatorRefusal(422, 'amount_not_positive', 'A refund of nothing is no refund');
}

function ensureCovered({ paymentId, amountMinor, currency }: RefundRequest, orders: OrderBook, spokenForMinor: number): void {
  const payment = orders.payment(paymentId);
  if (!payment) throw new SimulatorRefusal(404, 'payment_not_found', `No payment ${paymentId}`);
  if (payment.currency !== currency) {
    throw new SimulatorRefusal(422, 'currency_mismatch', `Payment ${paymentId} is in ${payment.currency}`);
  }
  const leftMinor = payment.capturedMinor - spokenForMinor;
  if (amountMinor > leftMinor) {
    throw new SimulatorRefusal(422, 'refund_exceeds_payment', `Of payment ${paymentId} only ${leftMinor} (minor units) is left`);
  }
}

function rowOf(request: RefundRequest, requestHash: string, orders: OrderBook, fault?: Fault): RefundCreatedRow {
  const pending = fault?.fault === 'pending' || fault?.fault === 'pending_then_failed';
  const effect: Refund = { refundId: readableId('re_'), ...request, status: pending ? 'pending' : 'succeeded' };
  const row: RefundCreatedRow = {
    type: 'refund_created',
    key: request.key,
    requestHash,
    effect,
    answer: { status: 201, body: effect },
  };
  if (!pending) row.event = eventOf(effect, orders);
  if (fault?.fault === 'pending_then_failed') {
    row.failsAt = { at: Date.now() + (fault.latencyMs ?? failsAfterMs), code: fault.code ?? defaultFailure };
  }
  return row;
}

function eventOf(refund: Refund, orders: OrderBook): OutgoingEvent {
  const { caseId, refundId, amountMinor, currency, paymentId, key } = refund;
  const body: PaymentEvent = {
    type: refund.status === 'failed' ? 'refund_failed' : 'refund_settled',
    data: { caseId, refundId, amountMinor, currency, code: refund.failureCode, occurredAt: new Date().toISOString() },
  };
  const facts = { caseId, paymentId, key, orderId: orders.payment(paymentId)?.orderId };
  return { id: readableId('evt_', 16), subject: refundId, facts, body };
}

/** One-shot timers that a stop clears; they do not keep the process alive. */
function createTimers({ log }: OutboxDeps) {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  return {
    at(instant: number, work: () => Promise<void>): void {
      if (stopped) return;
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          work().catch((err: unknown) => log.error({ err }, 'a refund could not be ended'));
        },
        Math.max(0, instant - Date.now()),
      ).unref();
      timers.add(timer);
    },
    stop(): void {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
