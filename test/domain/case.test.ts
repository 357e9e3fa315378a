import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { availableMoves, cancelMove, targetOf, verbsOf } from '../../domain/moves.ts';
import { dueAtOf, eventOf, nextMilestone } from '../../domain/deadlines.ts';
import { isEnded, ladder, seenLimit, type CaseEvent } from '../../domain/case.ts';
import { elapsedMs } from '../../domain/clocks.ts';
import type { Lot } from '../../domain/goods.ts';
import { mendline, theClock } from '../../domain/permissions.ts';
import { openReturnStages, returnTable, type ReturnStage } from '../../domain/return-table.ts';
import { targetsOf, type StageRow } from '../../domain/stage-table.ts';
import {
  allCounted,
  day,
  freshId,
  hour,
  openedAt,
  openedState,
  paperCaseIn,
  paperSla,
  parkedFrom,
  PaperCase,
  rules,
  type PaperOptions,
} from './paper-case.ts';

const stateIn = (stage: ReturnStage, from?: ReturnStage) => openedState(undefined, { stage, from, target: 'withdrawn' });
const leads = (stage: ReturnStage, type: string, more: { from?: ReturnStage; result?: string } = {}) =>
  targetOf(rules, stateIn(stage, more.from), { type, result: more.result }, paperSla);
/** As a case of release 0.1.0: no stage for a suspected loss, so a person is asked. */
const first: PaperOptions = { edition: 1 };
const clockOf = (rma: PaperCase, stage: string) => rma.state.clocks.filter((clock) => clock.stage === stage).at(-1)!;

describe('where a move leads', () => {
  it.each(openReturnStages)('out of %s is what its row says, and no other word moves it', (stage) => {
    const row: StageRow = returnTable[stage];
    for (const [type, route] of Object.entries(row.moves)) {
      const targets = targetsOf(route!);
      if (!targets.some((target) => target.startsWith('@'))) expect(targets).toContain(leads(stage, type));
    }
    for (const type of ['noted', 'held', 'resumed', 'late_fact_noted', ''])
      if (!Object.hasOwn(row.moves, type)) expect(leads(stage, type)).toBeUndefined();
  });

  it('back out of needs_attention is the stage that was left', () => {
    for (const from of openReturnStages) expect(leads('needs_attention', 'retried', { from })).toBe(from);
  });

  it('of a climbed rung is a new attempt where a step of ours runs, else the case stays', () => {
    const climbs = (from: ReturnStage) => leads('needs_attention', 'rung_climbed', { from });
    const ours = ['requested', 'authorized', 'sending_back', 'refund_due', 'unwinding', 'inspected'] as const;
    expect(ours.map(climbs)).toEqual(ours);
    expect((['in_transit', 'awaiting_handover'] as const).map(climbs)).toEqual([undefined, undefined]);
  });

  it('of a skip is where the skipped stage says, through the end that unwinding was entered for', () => {
    const skips = (from: ReturnStage) => leads('needs_attention', 'skipped', { from });
    expect(skips('requested')).toBe('under_review');
    expect(skips('authorized')).toBe('awaiting_handover');
    expect(skips('unwinding')).toBe('withdrawn');
    expect([skips('refund_due'), skips('in_transit')]).toEqual([undefined, undefined]);
  });

  it('of an override is where the named result leads from the stage that was left', () => {
    const overrides = (from: ReturnStage, result?: string) => leads('needs_attention', 'overridden', { from, result });
    expect(overrides('in_transit', 'presumed_lost')).toBe('refund_due');
    expect(overrides('inspected', 'cleared')).toBe('refund_due');
    expect(overrides('refund_due', 'refunded')).toBe('refunded');
    expect([overrides('refund_due', 'nonsense'), overrides('refund_due')]).toEqual([undefined, undefined]);
  });

  it('out of unwinding is the end it was entered for', () => {
    for (const [command, role, end] of [
      ['withdraw_case', 'customer', 'withdrawn'],
      ['cancel_case', 'manager', 'cancelled'],
    ] as const) {
      const rma = paperCaseIn('awaiting_handover');
      rma.give(command, role, {});
      expect([rma.stage, rma.state.target]).toEqual(['unwinding', end]);
      rma.work('done');
      expect(rma.stage).toBe(end);
    }
    const silent = paperCaseIn('awaiting_handover');
    silent.wait(7 * day);
    expect([silent.stage, silent.state.target]).toEqual(['unwinding', 'expired']);
  });

  it('out of unwinding that failed on the way, and was retried or compensated, is still that end', () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.give('withdraw_case', 'customer', {});
    rma.work('refused');
    expect(rma.stage).toBe('needs_attention');
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    expect([rma.stage, rma.state.target]).toEqual(['unwinding', 'withdrawn']);
    const parked = parkedFrom('authorized');
    parked.give('resolve_attention', 'manager', { verb: 'compensate' });
    expect([parked.stage, parked.state.target]).toEqual(['unwinding', 'cancelled']);
  });
});

describe('needs_attention', () => {
  it('stores the step, its error in words, since when, and the first attempt on the first rung', () => {
    const rma = parkedFrom('authorized');
    expect(rma.state.attention).toEqual({
      step: 'issue_label',
      cause: 'carrier_down: no',
      since: rma.state.at,
      attempts: 1,
      rung: 0,
    });
  });

  it('counts attempts and keeps the rung and the beginning while the same step fails again', () => {
    const rma = parkedFrom('authorized');
    const since = rma.state.at;
    rma.wait(4 * hour); // the rung is climbed, and that is a new attempt
    expect([rma.stage, rma.state.attention]).toEqual(['authorized', expect.objectContaining({ rung: 1 })]);
    rma.work('refused');
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('refused');
    expect(rma.state.attention).toMatchObject({ step: 'issue_label', attempts: 3, rung: 1, since });
  });

  it('forgets the trouble once the step has succeeded, and counts another trouble from one', () => {
    const rma = parkedFrom('authorized');
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('done');
    expect(rma.state.attention).toBeUndefined();
    rma.give('withdraw_case', 'customer', {});
    rma.work('refused');
    expect(rma.state.attention).toMatchObject({ step: 'unwind', attempts: 1, rung: 0 });
  });

  it('climbs to the top of its ladder and no further, one rung a term, and never ends by itself', () => {
    const rma = paperCaseIn('in_transit', undefined, first);
    rma.scan('lost');
    const rungs: number[] = [];
    for (let term = 0; term < 6; term += 1) {
      rma.wait(4 * hour);
      rungs.push(rma.state.attention!.rung);
    }
    expect(rungs).toEqual([1, 2, 3, 3, 3, 3]);
    expect(ladder[rungs.at(-1)!]).toBe('operations');
    expect(rma.stage).toBe('needs_attention');
    expect(nextMilestone(rma.state)).toBeDefined();
  });

  it.each<[ReturnStage, string[]]>([
    ['requested', ['retry', 'skip', 'compensate']],
    ['authorized', ['retry', 'skip', 'compensate']],
    ['under_review', ['retry', 'compensate']],
    ['in_transit', ['retry', 'override']],
    ['sending_back', ['retry', 'override']],
    ['recovering_advance', ['retry']],
    ['inspected', ['retry', 'override']],
    ['refund_due', ['retry', 'override']],
    ['unwinding', ['retry', 'skip']],
  ])('entered from %s allows %j', (from, verbs) => {
    expect(verbsOf(rules, stateIn('needs_attention', from))).toEqual(verbs);
  });

  it('allows no verb where nobody is needed', () => {
    expect(verbsOf(rules, stateIn('under_review', 'requested'))).toEqual([]);
  });

  it('takes nothing back once goods are here: they would be nobody’s', () => {
    const rma = parkedFrom('authorized');
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state) });
    expect(verbsOf(rules, rma.state)).toEqual(['retry', 'skip']);
    expect(cancelMove(rules, rma.state, paperSla)).toBeUndefined();
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    expect(rma.stage).toBe('authorized');
    expect(availableMoves(rules, rma.state)).not.toEqual(expect.arrayContaining(['withdraw_case']));
    expect(cancelMove(rules, rma.state, paperSla)).toBeUndefined();
  });
});

describe('cancelling', () => {
  it.each<[ReturnStage, ReturnStage | undefined, string | undefined]>([
    ['requested', undefined, 'cancelled'],
    ['under_review', undefined, 'cancelled'],
    ['authorized', undefined, 'cancelled'],
    ['awaiting_handover', undefined, 'cancelled'],
    ['awaiting_customer', undefined, 'cancelled'],
    ['negotiating', undefined, 'cancelled'],
    ['in_transit', undefined, 'send_back_marked'],
    ['received', undefined, 'send_back_marked'],
    ['lost_suspected', undefined, undefined],
    ['discrepancy', undefined, undefined],
    ['sending_back', undefined, undefined],
    ['recovering_advance', undefined, undefined],
    ['refund_due', undefined, undefined],
    ['unwinding', undefined, undefined],
    ['refunded', undefined, undefined],
    ['needs_attention', 'authorized', 'compensated'],
    ['needs_attention', 'refund_due', undefined],
    ['needs_attention', 'in_transit', undefined],
  ])('in %s (from %s) means %s', (stage, from, move) => {
    expect(cancelMove(rules, stateIn(stage, from), paperSla)).toBe(move);
  });
});

describe('the list of buttons', () => {
  const talking = ['send_message', 'request_escalation'];
  it.each<[ReturnStage, Record<string, string[]>]>([
    ['requested', { customer: ['edit_request', 'withdraw_case', ...talking], warehouse: [] }],
    ['under_review', { customer: ['submit_evidence', 'edit_request', 'withdraw_case', ...talking], auditor: [], service: [] }],
    ['awaiting_customer', { customer: ['submit_evidence', 'withdraw_case', ...talking] }],
    ['negotiating', { customer: ['answer_proposal', 'withdraw_case', ...talking] }],
    ['authorized', { customer: ['choose_channel', 'book_pickup', 'withdraw_case', ...talking] }],
    [
      'awaiting_handover',
      {
        customer: [
          'choose_channel',
          'book_pickup',
          'reschedule_pickup',
          'cancel_pickup',
          'submit_tracking',
          'withdraw_case',
          ...talking,
        ],
        warehouse: ['record_reception'],
      },
    ],
    ['in_transit', { customer: talking, warehouse: ['record_reception'] }],
    ['lost_suspected', { customer: ['choose_remedy', ...talking], warehouse: ['record_reception'] }],
    ['received', { customer: talking, warehouse: ['record_reception', 'record_inspection'] }],
    ['discrepancy', { customer: talking, warehouse: ['record_reception', 'record_inspection'] }],
    ['deduction_offered', { customer: ['answer_proposal', ...talking], warehouse: ['record_reception'] }],
    ['sending_back', { customer: talking, warehouse: [] }],
    ['recovering_advance', { customer: ['pay_balance', ...talking], warehouse: ['record_reception'] }],
    ['refund_due', { customer: talking, warehouse: ['record_reception', 'record_inspection'] }],
    ['needs_attention', { customer: talking, warehouse: ['record_reception', 'record_inspection'] }],
    ['refunded', { customer: [], agent: [], manager: [], warehouse: [] }],
  ])('in %s gives each role its own', (stage, moves) => {
    const one = { lineId: '1', quantity: 1 };
    const lots: Lot[] = [
      { ...one, reception: 'in_transit' },
      { ...one, reception: 'received' },
    ];
    const inspects = moves.warehouse?.includes('record_inspection');
    const state = inspects ? { ...stateIn(stage), lots } : stateIn(stage);
    for (const [role, commands] of Object.entries(moves))
      expect([role, availableMoves(rules, state, role as 'customer')]).toEqual([role, commands]);
  });

  it.each<[string, Partial<Lot>, string[]]>([
    ['nothing has been counted', { reception: 'in_transit' }, ['record_reception']],
    ['all is here', { reception: 'received' }, ['record_inspection']],
    ['one was missing', { reception: 'short_shipped' }, ['record_reception']],
    ['all is graded', { reception: 'received', grade: 'A' }, []],
    ['it was refused, and is on its way back', { reception: 'sent_back', acceptance: 'rejected', grade: 'D' }, []],
  ])('offers the dock nothing that could only be refused: %s', (_, lot, commands) => {
    const lots = [{ lineId: '1', quantity: 1, reception: 'received', ...lot } as Lot];
    expect(availableMoves(rules, { ...stateIn('refund_due'), lots }, 'warehouse')).toEqual(commands);
  });

  it('links a case to another one, to each in the same way once', () => {
    const rma = paperCaseIn('under_review');
    const link = (otherId: string, kind = 'complains_about') => rma.give('link_case', 'agent', { otherId, kind });
    expect(link(rma.state.caseId)).toMatchObject({ code: 'not_offered', pointer: '/otherId' });
    expect([link('X-1'), link('X-1', 'replacement_of')]).toEqual([undefined, undefined]);
    expect(link('X-1')).toMatchObject({ code: 'not_offered' });
    for (let nth = 2; nth < 50; nth += 1) expect(link(`X-${nth}`)).toBeUndefined();
    expect(link('X-50')).toMatchObject({ code: 'over_limit', message: 'at most 50 links' });
  });

  it('offers an agent in review the decision, cancelling and the commands of any stage', () => {
    expect(availableMoves(rules, stateIn('under_review'), 'agent')).toEqual([
      'decide_request',
      'request_evidence',
      'submit_evidence',
      'propose',
      'cancel_case',
      'hold_case',
      'assign_case',
      'link_case',
      'add_note',
      ...talking,
    ]);
  });

  it('offers to resume a case on hold, and to hold one that is not', () => {
    const others = ['assign_case', 'link_case', 'add_note', ...talking];
    const held = { ...stateIn('received'), hold: { reason: 'customs', until: openedAt } };
    expect(availableMoves(rules, held, 'agent')).toEqual(['cancel_case', 'resume_case', ...others]);
    expect(availableMoves(rules, stateIn('received'), 'agent')).toEqual(['cancel_case', 'hold_case', ...others]);
  });
});

describe('the clocks of a case', () => {
  it('start with their stage and are fulfilled when it is left in time', () => {
    const rma = paperCaseIn('under_review');
    expect(dueAtOf(rma.state)).toBe(openedAt + 48 * hour);
    rma.wait(hour);
    rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
    expect(clockOf(rma, 'under_review').log.at(-1)).toEqual({ at: openedAt + hour, what: 'fulfilled' });
    expect(dueAtOf(rma.state)).toBeUndefined();
  });

  it('warn in order, then take the default, each by the clock and citing its rule', () => {
    const rma = paperCaseIn('under_review');
    rma.wait(48 * hour);
    expect(rma.told.filter((event) => event.by === theClock)).toMatchObject([
      { type: 'warned', ruleIds: ['sla.48h'] },
      { type: 'warned', ruleIds: ['sla.48h'] },
      { type: 'agreed_by_silence', ruleIds: ['sla.48h'] },
    ]);
    expect(rma.state.silences).toBe(1);
    expect(rma.stage).toBe('authorized');
    expect(rma.state.timersFired).toBe(3);
    expect(clockOf(rma, 'under_review').log.at(-1)).toMatchObject({ what: 'breached', why: 'agreed_by_silence' });
  });

  it('run on while a person is needed, and are breached there without the default being taken', () => {
    const rma = paperCaseIn('in_transit', undefined, first);
    rma.wait(4 * day);
    rma.scan('lost');
    const transit = clockOf(rma, 'in_transit');
    expect(transit.running).toBe(true);
    rma.wait(day + hour);
    expect(rma.stage).toBe('needs_attention');
    expect(clockOf(rma, 'in_transit').log.at(-1)).toMatchObject({ what: 'breached', at: transit.dueAt });
    expect(rma.told.map((event) => event.type)).not.toContain('no_movement');
  });

  it('keep their deadline through needs_attention and back', () => {
    const rma = paperCaseIn('in_transit', undefined, first);
    const due = dueAtOf(rma.state);
    rma.wait(day);
    rma.scan('lost');
    rma.wait(hour);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    expect([rma.stage, dueAtOf(rma.state)]).toEqual(['in_transit', due]);
    expect(rma.state.clocks.filter((clock) => clock.running)).toHaveLength(1);
  });

  it('begin a new term in the stage that is retried after a breach', () => {
    const rma = paperCaseIn('in_transit', undefined, first);
    rma.wait(5 * day);
    expect(rma.stage).toBe('needs_attention');
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    expect(dueAtOf(rma.state)).toBe(rma.now + 5 * day);
  });

  it('of a travelling parcel start anew with every scan, until the whole way has taken ten days', () => {
    const rma = paperCaseIn('in_transit');
    rma.wait(4 * day);
    rma.scan('in_transit');
    expect(dueAtOf(rma.state)).toBe(rma.now + 5 * day);
    rma.scan('exception'); // noted, but no sign of movement
    expect(dueAtOf(rma.state)).toBe(rma.now + 5 * day);
    rma.wait(4 * day);
    rma.scan('in_transit');
    expect(dueAtOf(rma.state)).toBe(openedAt + 10 * day);
  });

  it('of a pending refund start when it is sent, and hearing so again changes nothing', () => {
    const rma = paperCaseIn('refund_due');
    expect(dueAtOf(rma.state)).toBeUndefined();
    rma.work('done', { pending: true });
    const due = dueAtOf(rma.state);
    expect(due).toBe(rma.now + 14 * day);
    rma.wait(day);
    rma.record({ type: 'refund_sent', by: mendline, providerId: 're_1' });
    expect(dueAtOf(rma.state)).toBe(due);
    expect(rma.state.clocks.filter((clock) => clock.running).map((clock) => clock.stage)).toEqual(['statutory', 'refund_due']);
  });

  it('all stop at an end, and the hold ends with them', () => {
    const rma = paperCaseIn('under_review');
    rma.give('hold_case', 'agent', { reason: 'linked_case' });
    rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] });
    expect(isEnded(rules, rma.state)).toBe(true);
    expect([rma.state.hold, nextMilestone(rma.state)]).toEqual([undefined, undefined]);
  });
});

describe('a hold', () => {
  it('pauses every clock that may pause, also of a stage that is entered meanwhile, and gives the whole pause back', () => {
    const rma = paperCaseIn('under_review', undefined, first);
    rma.give('hold_case', 'agent', { reason: 'customs' });
    rma.wait(day);
    rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
    rma.work('done');
    expect([rma.stage, dueAtOf(rma.state)]).toEqual(['awaiting_handover', undefined]);
    rma.wait(2 * day);
    rma.give('resume_case', 'agent', {});
    expect(dueAtOf(rma.state)).toBe(rma.now + 7 * day);
    expect(elapsedMs(clockOf(rma, 'under_review'), rma.now)).toBe(0);
    expect(clockOf(rma, 'under_review').log.map((entry) => entry.what)).toEqual(['started', 'paused', 'fulfilled']);
  });

  it('ends by itself after its limit, or earlier when it says so, and the clocks go on', () => {
    const rma = paperCaseIn('under_review');
    rma.give('hold_case', 'agent', { reason: 'customs' });
    expect(rma.state.hold?.until).toBe(rma.now + 14 * day);
    rma.wait(14 * day);
    expect(rma.state.hold).toBeUndefined();
    expect(dueAtOf(rma.state)).toBe(openedAt + 16 * day);
    expect(rma.told.at(-1)).toMatchObject({ type: 'resumed', by: theClock });
    const short = paperCaseIn('under_review');
    short.give('hold_case', 'agent', { reason: 'customs', until: short.now + hour });
    short.wait(hour);
    expect(short.state.hold).toBeUndefined();
  });

  it('is refused for longer than it may last, with the longest date, and changes nothing', () => {
    const rma = paperCaseIn('under_review');
    rma.wait(hour);
    const { revision } = rma.state;
    const longest = rma.now + 14 * day;
    const asked = (until: number) => rma.give('hold_case', 'agent', { reason: 'customs', until });
    expect(asked(longest + 1)).toEqual({
      code: 'impossible_date',
      message: `a hold ends by itself: at the latest ${new Date(longest).toISOString()}`,
      pointer: '/until',
    });
    expect([rma.state.hold, rma.state.revision]).toEqual([undefined, revision]);
    expect([asked(longest), rma.state.hold?.until]).toEqual([undefined, longest]);
  });

  it('stops no clock that binds the customer: the time to hand over runs on', () => {
    const rma = paperCaseIn('awaiting_handover');
    const due = dueAtOf(rma.state);
    rma.give('hold_case', 'agent', { reason: 'linked_case' });
    expect(dueAtOf(rma.state)).toBe(due);
  });

  it('never counts: a case that was held is due later by exactly the time of its holds', () => {
    const spans = fc.array(fc.record({ works: fc.integer({ min: 0, max: 4 }), rests: fc.integer({ min: 0, max: 200 }) }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(spans, (held) => {
        const rma = paperCaseIn('under_review');
        for (const { works, rests } of held) {
          rma.wait(works * hour);
          rma.give('hold_case', 'agent', { reason: 'customs' });
          rma.wait(rests * hour);
          rma.give('resume_case', 'agent', {});
        }
        const restedMs = held.reduce((sum, one) => sum + one.rests, 0) * hour;
        expect([rma.stage, dueAtOf(rma.state)]).toEqual(['under_review', openedAt + 48 * hour + restedMs]);
        expect(elapsedMs(clockOf(rma, 'under_review'), rma.now)).toBe(rma.now - openedAt - restedMs);
      }),
    );
  });
});

describe('an event', () => {
  it('counts one revision, moved or merely noted', () => {
    const rma = paperCaseIn('under_review');
    const { revision } = rma.state;
    rma.give('add_note', 'agent', { textRef: 'text-1' });
    rma.record({ type: 'something_unheard_of', by: mendline });
    expect([rma.state.revision, rma.stage]).toEqual([revision + 2, 'under_review']);
  });

  it('never runs time backwards, however wrong the clock that stamps it', () => {
    const rma = paperCaseIn('under_review');
    rma.now = openedAt - 10 * day;
    rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
    expect(rma.state.at).toBe(openedAt);
    expect(clockOf(rma, 'under_review').log.at(-1)).toMatchObject({ at: openedAt });
  });

  it('is remembered by its message, the last 200 of them', () => {
    const rma = paperCaseIn('under_review');
    const ids = Array.from({ length: seenLimit + 5 }, freshId);
    for (const messageId of ids) rma.give('add_note', 'agent', { textRef: 'text-1' }, { messageId });
    expect(rma.state.seen).toEqual(ids.slice(-200));
  });

  it('that belongs to another stage changes neither stage nor clocks', () => {
    for (const type of ['shipment_prepared', 'unwound', 'retried', 'cleared', 'refunded', 'rung_climbed']) {
      const rma = paperCaseIn('under_review');
      const due = dueAtOf(rma.state);
      rma.record({ type, by: mendline } as CaseEvent);
      expect([rma.stage, dueAtOf(rma.state)]).toEqual(['under_review', due]);
    }
  });

  it('that would break conservation is refused with an Error, and the state stays', () => {
    const rma = paperCaseIn('received');
    const { state } = rma;
    const counted = [{ lineId: '1', quantity: 9, condition: 'received' as const }];
    expect(() => rma.record({ type: 'reception_recorded', by: mendline, parcel: 'P9/1', counted })).toThrow();
    expect(rma.state).toBe(state);
  });

  it('of a clock that is no more means a breach, not the default of another stage', () => {
    const rma = paperCaseIn('under_review');
    expect(eventOf(rules, rma.state, { at: 0, kind: 'due', clockId: 'received#3' }, paperSla)).toEqual({
      type: 'breached',
      by: theClock,
      clockId: 'received#3',
      ruleIds: [],
    });
  });
});

describe('the assignee', () => {
  it('is named without touching the stage, and replaced by the next', () => {
    const rma = paperCaseIn('under_review');
    rma.give('assign_case', 'manager', { assignee: 'agent-7' });
    rma.give('assign_case', 'manager', { assignee: 'agent-8' });
    expect([rma.state.assignee, rma.stage]).toEqual(['agent-8', 'under_review']);
  });
});

it('a closed clock is forgotten in time, a running one never', () => {
  const rma = paperCaseIn('in_transit', undefined, first);
  for (let scans = 0; scans < 40; scans += 1) rma.scan('in_transit');
  expect(rma.state.clocks.length).toBeLessThan(20);
  expect(rma.state.clocks.filter((clock) => clock.running)).toHaveLength(1);
  rma.scan('lost');
  rma.wait(100 * hour); // 25 terms of a person's task, and the parcel's own clock older than all of them
  expect(rma.state.clocks.length).toBeLessThan(20);
  expect(rma.state.clocks.filter((clock) => clock.running).map((clock) => clock.stage)).toEqual([
    'in_transit',
    'needs_attention',
  ]);
});
