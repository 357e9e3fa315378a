/**
 * The rules that refunds and charges share: one a key while the provider remembers the key, pending ones end later, paid ones may
 * still fail. What sets the two apart is handed in by payment-book.ts.
 */
import type { PartnerEvent, RefundRequest } from '../../contracts/partners.ts';
import { type Fault, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { CreatedRow, EndedRow, FailsAt } from './payment-rows.ts';
import type { Move, MoveState } from './payment-state.ts';
import type { Timers } from './timers.ts';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

const failsAfterMs = 500;
const defaultFailure = 'account_closed';

export interface MoneyKind<M extends Move> {
  name: 'refund' | 'charge';
  state: MoveState<M>;
  idOf(move: M): string;
  /** Refuses what the provider will not do. */
  ensureAllowed(request: RefundRequest): void;
  make(request: RefundRequest, status: Move['status']): M;
  bodyOf(move: M, occurredAt: string): PartnerEvent;
  /** The order that was paid with this payment, for faults. */
  orderIdOf(paymentId: string): string | undefined;
  recordCreated(row: CreatedRow<M>): Promise<void>;
  recordEnded(row: EndedRow<M>): Promise<void>;
}

export type MoneyBook<M extends Move> = ReturnType<typeof createMoneyBook<M>>;

export function createMoneyBook<M extends Move>(kind: MoneyKind<M>, timers: Timers, durable: () => Promise<void>) {
  const { name, state } = kind;
  const once = createOncePerKey(state.known, durable);

  const end = async (move: M, outcome: 'succeeded' | 'failed', code = defaultFailure): Promise<M> => {
    const ended: M = outcome === 'failed' ? { ...move, status: outcome, failureCode: code } : { ...move, status: outcome };
    await kind.recordEnded({ effect: ended, event: eventOf(kind, ended) });
    return ended;
  };

  const failLater = (id: string, { at, code }: FailsAt) =>
    timers.at(at, async () => {
      const move = state.find(id);
      if (move?.status === 'pending') await end(move, 'failed', code);
    });

  return {
    /** Goes on where an earlier process stopped: what is pending and due to fail. */
    start(): void {
      for (const [id, failsAt] of state.toFail()) failLater(id, failsAt);
    },

    /** 201, also for a repeat of a known key. Refusals: 404, 409 `in_flight`, 422; a refusal leaves the key unused. */
    create(request: RefundRequest, fault?: Fault): Promise<Answer> {
      if (request.amountMinor === 0) throw new SimulatorRefusal(422, 'amount_not_positive', `A ${name} of nothing is none`);
      return once(request, async (requestHash) => {
        await pause(fault);
        kind.ensureAllowed(request);
        const row = rowOf(kind, request, requestHash, fault);
        await kind.recordCreated(row);
        if (row.failsAt) failLater(kind.idOf(row.effect), row.failsAt);
        return row.answer;
      });
    },

    async ofCase(caseId: string): Promise<M[]> {
      await durable();
      return state.ofCase(caseId);
    },

    /** As `ofCase`, of all cases. */
    async ofPayment(paymentId: string): Promise<M[]> {
      await durable();
      return state.ofPayment(paymentId);
    },

    /** Ends what is pending; or fails, late, what had succeeded. Refuses 404 `refund_not_found` or `charge_not_found`, 409 `not_pending`. */
    async settle(id: string, outcome: 'succeeded' | 'failed', code?: string): Promise<M> {
      const move = state.find(id);
      if (!move) throw new SimulatorRefusal(404, `${name}_not_found`, `No ${name} ${id}`);
      const late = move.status === 'succeeded' && outcome === 'failed';
      if (move.status !== 'pending' && !late) {
        throw new SimulatorRefusal(409, 'not_pending', `The ${name} ${id} has ${move.status} already`);
      }
      return end(move, outcome, code);
    },
  };
}

function rowOf<M extends Move>(kind: MoneyKind<M>, request: RefundRequest, requestHash: string, fault?: Fault): CreatedRow<M> {
  const pending = fault?.fault === 'pending' || fault?.fault === 'pending_then_failed';
  const amountMinor = fault?.fault === 'partial_refund' ? Math.floor(request.amountMinor / 2) : request.amountMinor;
  const effect = kind.make({ ...request, amountMinor }, pending ? 'pending' : 'succeeded');
  const row: CreatedRow<M> = { key: request.key, requestHash, effect, answer: { status: 201, body: effect } };
  if (!pending) row.event = eventOf(kind, effect);
  if (fault?.fault === 'pending_then_failed') {
    row.failsAt = { at: Date.now() + (fault.latencyMs ?? failsAfterMs), code: fault.code ?? defaultFailure };
  }
  return row;
}

function eventOf<M extends Move>(kind: MoneyKind<M>, move: M): OutgoingEvent {
  const { caseId, paymentId, key } = move;
  const facts = { caseId, paymentId, key, orderId: kind.orderIdOf(paymentId) };
  return {
    id: readableId('evt_', 16),
    subject: kind.idOf(move),
    facts,
    body: kind.bodyOf(move, new Date().toISOString()),
  };
}
