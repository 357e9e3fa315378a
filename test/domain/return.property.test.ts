import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isEnded, rowOf, seenLimit } from '../../domain/case.ts';
import { nextMilestone } from '../../domain/deadlines.ts';
import { breachesOf } from '../../domain/conservation.ts';
import { conditions, countable, dispositions, grades, ungraded, type Condition } from '../../domain/goods.ts';
import { commandNames, roles, type CommandName, type Role } from '../../domain/permissions.ts';
import { refundDueMinor, type PaidLine } from '../../domain/refunds.ts';
import { fullyInspected, returnMoves, returnStages, type ReturnState } from '../../domain/return.ts';
import type { ReturnCommand, ReturnFact } from '../../domain/return-commands.ts';
import { hour, type PaperCase, paperCaseIn, rules, type Assessed, type StepOutcome } from './paper-case.ts';

// Whatever people, partners and clocks do, in whatever order: what must hold after every single event.

type Action =
  | { kind: 'command'; name: CommandName; role: Role; payload: object; lookedAt?: number }
  | { kind: 'fact'; fact: ReturnFact }
  | { kind: 'repeat'; nth: number }
  | { kind: 'step'; outcome: StepOutcome; assessed: Assessed; pending: boolean }
  | { kind: 'provider'; status: 'succeeded' | 'failed' }
  | { kind: 'ring' }
  | { kind: 'wait'; hours: number }
  | { kind: 'cancelled_from_outside' };

const lineIds = ['1', '2', '3'];
const units = (more: Record<string, fc.Arbitrary<string>>) =>
  fc.array(fc.record({ lineId: fc.constantFrom(...lineIds, 'none'), quantity: fc.integer({ min: 1, max: 4 }), ...more }), {
    minLength: 1,
    maxLength: 3,
  });
const counted = units({ condition: fc.constantFrom(...conditions) });
const graded = units({ grade: fc.constantFrom(...grades), disposition: fc.constantFrom(...dispositions) });
const parcel = { parcelId: fc.constantFrom('P1', 'P2', 'P3'), scanNo: fc.integer({ min: 1, max: 2 }) };
const payloads: Record<CommandName, fc.Arbitrary<object>> = {
  decide_request: fc.record({ verdict: fc.constantFrom('accept', 'refuse'), ruleIds: fc.constant(['uk.strr']) }),
  withdraw_case: fc.constant({}),
  cancel_case: fc.constant({}),
  submit_tracking: fc.constant({ carrier: 'own', trackingNo: 'X1' }),
  record_reception: fc.record({ ...parcel, units: counted }),
  record_inspection: fc.record({ units: graded }),
  resolve_attention: fc.record({
    verb: fc.constantFrom('retry', 'skip', 'override', 'compensate'),
    result: fc.constantFrom(undefined, 'received', 'presumed_lost', 'cleared', 'refunded', 'nonsense'),
    proofIds: fc.constantFrom([], ['proof-1']),
  }),
  hold_case: fc.record({
    reason: fc.constant('customs'),
    until: fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: undefined }),
  }),
  resume_case: fc.constant({}),
  assign_case: fc.constant({ assignee: 'agent-7' }),
  add_note: fc.constant({ textRef: 'text-1' }),
};
/** Units as the case knows them, so that many orders come far; what they say of the units is random. */
const fitting = Symbol('the units of the case');
const eventId = fc.option(fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6'), { nil: undefined });
const occurredAt = fc.integer({ min: 0, max: 4e12 });

const command = fc.constantFrom(...commandNames).chain((name) =>
  fc.record({
    kind: fc.constant('command' as const),
    name: fc.constant(name),
    role: fc.constantFrom(...roles),
    payload: payloads[name],
    lookedAt: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined, freq: 8 }),
  }),
);
/** What usually comes next, whole and by the book: without it few random orders would reach the money. */
const helpful = fc.constantFrom('accept', 'count', 'miss', 'grade', 'retry', 'override_lost').map((what): Action => {
  const give = (name: CommandName, role: Role, payload: object): Action => ({ kind: 'command', name, role, payload });
  switch (what) {
    case 'accept':
      return give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
    case 'count':
      return give('record_reception', 'warehouse', { parcelId: 'PX', scanNo: 1, units: fitting });
    case 'miss':
      return give('record_reception', 'warehouse', { parcelId: 'PX', scanNo: 2, units: fitting, condition: 'missing' });
    case 'grade':
      return give('record_inspection', 'warehouse', { units: fitting });
    case 'retry':
      return give('resolve_attention', 'manager', { verb: 'retry' });
    default:
      return give('resolve_attention', 'manager', { verb: 'override', result: 'presumed_lost', proofIds: ['proof-1'] });
  }
});
const fact = fc.oneof(
  fc.record({
    name: fc.constant('parcel_scanned' as const),
    eventId: eventId.map((id) => id ?? 'scan'),
    trackingNo: fc.constant('RT1'),
    code: fc.constantFrom(
      'picked_up',
      'in_transit',
      'delivered',
      'pickup_failed',
      'exception',
      'lost',
      'returned_to_sender',
      'unheard_of',
      'constructor',
    ),
    occurredAt,
  }),
  fc.record({
    name: fc.constant('refund_settled' as const),
    eventId: eventId.map((id) => id ?? 'paid'),
    refundId: fc.constant('re_1'),
    amountMinor: fc.integer({ min: 0, max: 30_000 }),
    occurredAt,
  }),
  fc.record({
    name: fc.constant('refund_failed' as const),
    eventId: eventId.map((id) => id ?? 'unpaid'),
    refundId: fc.constant('re_1'),
    occurredAt,
  }),
  fc.record({ name: fc.constant('retry_now' as const), eventId }),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: command },
  { weight: 5, arbitrary: helpful },
  { weight: 3, arbitrary: fact.map((one) => ({ kind: 'fact' as const, fact: one as ReturnFact })) },
  { weight: 1, arbitrary: fc.nat(20).map((nth) => ({ kind: 'repeat' as const, nth })) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      outcome: fc.constantFrom('done' as const, 'done' as const, 'done' as const, 'refused' as const, 'timed_out' as const),
      assessed: fc.constantFrom('accepted' as const, 'referred' as const, 'referred' as const, 'refused' as const),
      pending: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('succeeded' as const, 'failed' as const).map((status) => ({ kind: 'provider' as const, status })),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'ring' as const }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 200 }).map((hours) => ({ kind: 'wait' as const, hours })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cancelled_from_outside' as const }) },
);
const lines = fc
  .array(fc.record({ quantity: fc.integer({ min: 1, max: 4 }), unitPriceMinor: fc.integer({ min: 0, max: 3_000 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((prices) => prices.map((price, index) => ({ ...price, lineId: lineIds[index]! })));

/** Orders begin anywhere on the road, so that the rare stages are met as often as the first. */
const startStages = [
  'requested',
  'under_review',
  'authorized',
  'awaiting_handover',
  'in_transit',
  'received',
  'inspected',
  'refund_due',
  'lost',
  'short',
] as const;
const starts = fc.record({
  lines,
  from: fc.constantFrom(...startStages),
  actions: fc.array(action, { minLength: 5, maxLength: 40 }),
});

function begin(asked: readonly PaidLine[], from: (typeof startStages)[number]): PaperCase {
  if (from === 'lost') {
    const rma = paperCaseIn('in_transit', asked);
    rma.scan('lost');
    rma.give('resolve_attention', 'manager', { verb: 'override', result: 'presumed_lost', proofIds: ['proof-1'] });
    return rma;
  }
  if (from !== 'short') return paperCaseIn(from, asked);
  const rma = paperCaseIn('awaiting_handover', asked);
  rma.give('record_reception', 'warehouse', {
    parcelId: 'P0',
    scanNo: 1,
    units: [{ lineId: '1', quantity: 1, condition: 'missing' }],
  });
  return rma;
}

it('no order of commands, facts, timers and answers breaks conservation, leaves an end, pays a unit twice, or waits in silence', () => {
  fc.assert(
    fc.property(starts, ({ lines: asked, from, actions }) => {
      const rma = begin(asked, from);
      rma.settleDown();
      const done: (ReturnCommand | ReturnFact)[] = [];
      for (const [index, one] of actions.entries()) {
        const before = rma.state;
        const events = rma.told.length;
        play(rma, one, `msg-${index}`, done);
        const wrong = wrongOf(before, rma, rma.told.length - events);
        if (wrong.length > 0) throw new Error(`${wrong.join('; ')} after ${rma.told.map((event) => event.type).join(', ')}`);
      }
    }),
    { numRuns: 1_500 },
  );
});

function play(rma: PaperCase, one: Action, messageId: string, done: (ReturnCommand | ReturnFact)[]): void {
  switch (one.kind) {
    case 'command': {
      const expectedRevision = one.lookedAt === undefined ? undefined : rma.state.revision - one.lookedAt;
      const sent = { name: one.name, actor: { id: 'p1', role: one.role }, messageId, expectedRevision, payload: fit(rma, one) };
      const before = rma.state;
      const refusal = rma.command(sent as ReturnCommand);
      if (refusal) expect(rma.state).toBe(before);
      else done.push(sent as ReturnCommand);
      rma.settleDown();
      return;
    }
    case 'fact':
      rma.hear(one.fact);
      if (one.fact.eventId) done.push(one.fact);
      rma.settleDown();
      return;
    case 'repeat': {
      // Nothing but the repeat itself happens, and it has been settled down before: not one bit may differ.
      const again = done[one.nth % Math.max(1, done.length)];
      const before = rma.state;
      if (again && 'actor' in again) expect(rma.command(again)).toBeUndefined();
      else if (again && before.seen.includes(again.eventId!)) rma.hear(again);
      expect(rma.state).toBe(before);
      return;
    }
    case 'step':
      rma.work(one.outcome, one);
      return;
    case 'provider': {
      // The provider's own word on a pending refund, with the amount that was really paid.
      const refund = rma.paid[0];
      if (refund?.status !== 'pending') return;
      refund.status = one.status;
      const told = { eventId: messageId, refundId: 're_1', occurredAt: rma.now };
      if (one.status === 'succeeded') rma.hear({ name: 'refund_settled', amountMinor: refund.amountMinor, ...told });
      else rma.hear({ name: 'refund_failed', ...told });
      rma.settleDown();
      return;
    }
    case 'ring':
      rma.ring();
      rma.settleDown();
      return;
    case 'wait':
      rma.wait(one.hours * hour);
      rma.settleDown();
      return;
    case 'cancelled_from_outside':
      rma.cancelFromOutside();
      rma.settleDown();
  }
}

/** With `fitting`, every unit that can be graded or still be counted. */
function fit({ state }: PaperCase, { name, payload }: Extract<Action, { kind: 'command' }>): object {
  const { condition = 'received', ...rest } = payload as { units?: unknown; condition?: Condition };
  if (rest.units !== fitting) return payload;
  const grading = name === 'record_inspection';
  const more = grading ? { grade: 'A', disposition: 'restock' } : { condition };
  const lots = state.lots.filter(grading ? ungraded : countable(condition));
  return { ...rest, units: lots.map(({ lineId, quantity }) => ({ lineId, quantity, ...more })) };
}

function wrongOf(before: ReturnState, { state, paid }: PaperCase, events: number): string[] {
  const ended = isEnded(rules, state);
  const wrong = breachesOf({ ...state, ended });
  const must = (holds: boolean, otherwise: string): void => void (holds || wrong.push(otherwise));
  must(state.revision === before.revision + events, `${events} events made revision ${state.revision} of ${before.revision}`);
  must(state.at >= before.at, 'time ran backwards');
  must((returnStages as readonly string[]).includes(state.stage), `${state.stage} is no stage`);
  must(state.seen.length <= seenLimit, 'too many ids are kept');
  must(!isEnded(rules, before) || state.stage === before.stage, `it left the end ${before.stage}`);

  const paidMinor = paid.reduce((sum, refund) => sum + (refund.status === 'failed' ? 0 : refund.amountMinor), 0);
  must(paid.length <= 1, 'the provider refunded twice');
  must(paidMinor <= refundDueMinor(state.lines, state.lots), `${paidMinor} were paid, more than gives a right to it`);
  must(state.money.filter((line) => line.state === 'settled').length <= 1, 'two lines are settled');

  const running = state.clocks.filter((clock) => clock.running).map((clock) => clock.stage);
  must(running.length === new Set(running).size, `clocks run twice: ${running.join(' ')}`);
  must(
    running.every((stage) => stage === state.stage || stage === state.from),
    `clocks run of stages that were left: ${running.join(' ')}`,
  );
  must(!ended || (running.length === 0 && !state.hold && !nextMilestone(state)), 'a clock runs on after the end');
  const row = rowOf(rules, state.stage);
  must(ended || row?.step !== undefined || nextMilestone(state) !== undefined, `${state.stage} waits in silence`);
  must(!(state.stage === 'received' && state.parcels.length > 0 && fullyInspected(state)), 'nothing is left to do at the dock');
  const stopped = state.clocks.filter((clock) => !clock.running);
  must(
    stopped.every((clock) => ['breached', 'fulfilled'].includes(clock.log.at(-1)!.what)),
    'a clock that has stopped was changed once more',
  );
  return wrong;
}

it('the moves of the table and no others change the stage of a return', () => {
  const known = new Set<string>(returnMoves);
  fc.assert(
    fc.property(starts, ({ lines: asked, from, actions }) => {
      const rma = begin(asked, from);
      const done: (ReturnCommand | ReturnFact)[] = [];
      let stage = rma.stage;
      const record = rma.record.bind(rma);
      rma.record = (event) => {
        record(event);
        if (rma.stage !== stage) expect(known).toContain(event.type);
        stage = rma.stage;
      };
      for (const [index, one] of actions.entries()) play(rma, one, `msg-${index}`, done);
    }),
    { numRuns: 300 },
  );
});
