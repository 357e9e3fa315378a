import { describe, expect, it } from 'vitest';
import type { AttentionVerb } from '../../domain/case.ts';
import { holdReasons, type Refusal } from '../../domain/commands.ts';
import { commandNames, mendline, type CommandName, type Role } from '../../domain/permissions.ts';
import { eventOfCommand as eventOf, returnRefusal as refusalOf, type ReturnCommand } from '../../domain/return-commands.ts';
import { eventOfFact, type ReturnFact } from '../../domain/return-facts.ts';
import { openReturnStages, returnEnds, returnTable, type ReturnStage } from '../../domain/return-table.ts';
import { type ReturnState } from '../../domain/return-state.ts';
import type { StageRow } from '../../domain/stage-table.ts';
import {
  allCounted,
  allGraded,
  day,
  freshId,
  kettles,
  openedAt,
  openedState,
  paperCaseIn,
  paperSla,
  parkedFrom,
} from './paper-case.ts';

const returnRefusal = (state: ReturnState, one: ReturnCommand) => refusalOf(state, one, paperSla);
const eventOfCommand = (state: ReturnState, one: ReturnCommand) => eventOf(state, one, paperSla);
const command = (
  name: CommandName,
  payload: object = {},
  more: { role?: Role; messageId?: string; expectedRevision?: number } = {},
) =>
  ({ name, actor: { id: 'p1', role: more.role ?? 'agent' }, messageId: freshId(), payload, ...more }) as unknown as ReturnCommand;
const codeOf = (refusal: Refusal | undefined) => refusal?.code;
const parcel = { parcelId: 'P1', scanNo: 1 };
const units = (quantity: number, lineId = '1') => [{ lineId, quantity, condition: 'received' }];
const findings = (quantity: number) => [{ lineId: '1', quantity, grade: 'A', disposition: 'restock' }];

describe('a command', () => {
  const anywhere = ['hold_case', 'assign_case', 'link_case', 'add_note', 'send_message', 'request_escalation'];
  /** Named by the row, and refused all the same: there is nothing yet that could be sent back. */
  const pointless = ['deduction_offered/withdraw_case'];
  const sensible: Partial<Record<CommandName, object>> = {
    decide_request: { verdict: 'refuse', ruleIds: ['uk.strr'] },
    propose: { kind: 'return' },
    settle_discrepancy: { decision: 'deduct', ruleIds: [] },
    choose_remedy: { remedy: 'refund' },
    answer_proposal: { answer: 'decline' },
    record_reception: { ...parcel, units: [] },
    record_inspection: { units: [] },
    resolve_attention: { verb: 'retry' },
    hold_case: { reason: 'customs' },
  };

  it('that another hold or escalation rules out says so, and blames no stage', () => {
    const rma = paperCaseIn('under_review');
    const why = (name: CommandName, payload: object = {}) =>
      returnRefusal(rma.state, command(name, payload, { role: 'manager' }))?.message;
    expect(why('resume_case')).toBe('the case is not held');
    expect(why('decide_escalation', { verdict: 'grant' })).toBe('no escalation waits for a decision');
    expect(why('de_escalate')).toBe('the case is not escalated');
    expect(why('waive_breach', { clockId: 'x#1' })).toBe('no deadline was missed');
    rma.give('hold_case', 'agent', { reason: 'customs' });
    rma.give('request_escalation', 'customer', { cause: 'no_progress' });
    expect(why('hold_case', { reason: 'customs' })).toBe('the case is held already');
    expect(why('request_escalation', { cause: 'media' })).toBe('an escalation is asked for already: a manager decides');
    rma.give('decide_escalation', 'manager', { verdict: 'grant' });
    expect(why('request_escalation', { cause: 'media' })).toBe('the case is escalated already');
    expect(why('submit_tracking', { carrier: 'SF', trackingNo: 'SF1' })).toBe(
      'submit_tracking is not possible in stage under_review',
    );
  });

  it.each(openReturnStages)('in %s is refused unless its row names it, and then says what is possible instead', (stage) => {
    const state = openedState(undefined, { stage, from: 'authorized' });
    const row: StageRow = returnTable[stage];
    for (const name of commandNames) {
      const refusal = returnRefusal(state, command(name, sensible[name]));
      const allowed = row.commands.includes(name) && !pointless.includes(`${stage}/${name}`);
      if (allowed || anywhere.includes(name)) expect([name, refusal]).toEqual([name, undefined]);
      else expect([name, refusal]).toMatchObject([name, { code: 'not_allowed_now', availableMoves: expect.any(Array) }]);
    }
  });

  it.each(returnEnds)('after the end %s is refused, whatever it is, and nothing is possible', (stage) => {
    for (const name of commandNames)
      expect(returnRefusal(openedState(undefined, { stage }), command(name, sensible[name]))).toMatchObject({
        code: 'not_allowed_now',
        availableMoves: [],
      });
  });

  it('that is refused tells its sender what this sender may do, and nobody else’s moves', () => {
    const { state } = paperCaseIn('under_review');
    expect(returnRefusal(state, command('submit_tracking', {}, { role: 'customer' }))?.availableMoves).toEqual([
      'submit_evidence',
      'edit_request',
      'withdraw_case',
      'send_message',
      'request_escalation',
    ]);
    expect(
      returnRefusal(state, command('record_reception', { ...parcel, units: units(1) }, { role: 'warehouse' }))?.availableMoves,
    ).toEqual([]);
  });

  it('from somebody who looked at another revision is stale; without a revision it is not', () => {
    const { state } = paperCaseIn('under_review');
    const decide = (expectedRevision?: number) =>
      command('decide_request', { verdict: 'accept', ruleIds: [] }, { expectedRevision });
    expect(codeOf(returnRefusal(state, decide(state.revision - 1)))).toBe('stale_revision');
    expect(codeOf(returnRefusal(state, decide(state.revision + 1)))).toBe('stale_revision');
    expect(returnRefusal(state, decide(state.revision))).toBeUndefined();
    expect(returnRefusal(state, decide())).toBeUndefined();
  });

  it('that has had its effect is never refused, not even after the end or with a stale revision', () => {
    const rma = paperCaseIn('under_review');
    const withdrawal = command('withdraw_case', {}, { role: 'customer', expectedRevision: rma.state.revision });
    expect(rma.command(withdrawal)).toBeUndefined();
    rma.work('done');
    const { state } = rma;
    expect(rma.command(withdrawal)).toBeUndefined();
    expect(rma.state).toBe(state);
  });

  it('of two that exclude each other leaves one winner: the loser is told so and changes nothing', () => {
    const rma = paperCaseIn('under_review');
    expect(rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] })).toBeUndefined();
    const { state } = rma;
    expect(codeOf(rma.give('decide_request', 'manager', { verdict: 'refuse', ruleIds: ['uk.strr'] }))).toBe('not_allowed_now');
    expect(rma.state).toBe(state);
  });
});

describe('record_reception', () => {
  it('is refused for more units than the case still expects, with a pointer to the entry', () => {
    const { state } = paperCaseIn('in_transit');
    for (const wrong of [units(3), [...units(1), ...units(2)]])
      expect(returnRefusal(state, command('record_reception', { ...parcel, units: wrong }))).toMatchObject({
        code: 'over_limit',
        pointer: `/units/${wrong.length - 1}/quantity`,
      });
    for (const [name, unit] of [
      ['record_reception', { condition: 'received' }],
      ['record_inspection', { grade: 'A', disposition: 'restock' }],
    ] as const)
      expect(
        returnRefusal(
          paperCaseIn('received').state,
          command(name, { parcelId: 'P2', scanNo: 1, units: [{ lineId: '9', quantity: 1, ...unit }] }),
        ),
      ).toMatchObject({ code: 'unknown_line', pointer: '/units/0/lineId' });
  });

  it('of a parcel that was counted is a repeat, also with another key; another count of it is refused, not dropped', () => {
    const rma = paperCaseIn('in_transit');
    const counted = [...units(1), { lineId: '1', quantity: 1, condition: 'missing' }];
    rma.give('record_reception', 'warehouse', { ...parcel, units: counted });
    const again = command('record_reception', { ...parcel, units: [...counted].reverse() });
    expect(returnRefusal(rma.state, again)).toBeUndefined();
    expect(eventOfCommand(rma.state, again).type).toBe('repeat_noted');
    for (const other of [{ units: units(1) }, { units: units(2) }, { units: counted, extras: [{ sku: 'MUG', quantity: 1 }] }])
      expect(returnRefusal(rma.state, command('record_reception', { ...parcel, ...other }))).toMatchObject({
        code: 'already_counted',
        message: expect.stringContaining('1 missing 1, 1 received 1'),
        pointer: '/scanNo',
      });
  });

  it('of a second scan of the same parcel is another parcel’s worth of units', () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.give('record_reception', 'warehouse', { ...parcel, units: units(1) });
    const second = command('record_reception', { parcelId: 'P1', scanNo: 2, units: units(1) });
    expect(eventOfCommand(rma.state, second)).toMatchObject({ type: 'reception_recorded', parcel: 'P1/2' });
  });

  it.each(['awaiting_handover', 'in_transit', 'received', 'discrepancy'] as const)(
    'of goods alone that nobody announced is noted in %s, and says nothing of those that were',
    (stage) => {
      const rma = paperCaseIn(stage);
      const { lots } = rma.state;
      const mugs = { parcelId: 'P7', scanNo: 1, units: [], extras: [{ sku: 'MUG', quantity: 3 }] };
      expect(rma.give('record_reception', 'warehouse', mugs)).toBeUndefined();
      rma.settleDown();
      expect([rma.stage, rma.state.lots, rma.state.extras]).toEqual([stage, lots, mugs.extras]);
      expect(rma.state.errands?.filter((one) => one.kind === 'task')).toMatchObject([{ what: 'extra_goods', cause: '3 x MUG' }]);
      // Told twice it is a repeat; another count under the same scan is refused.
      expect(rma.give('record_reception', 'warehouse', mugs)).toBeUndefined();
      expect([rma.told.at(-1)?.type, rma.state.extras]).toEqual(['repeat_noted', mugs.extras]);
      expect(rma.give('record_reception', 'warehouse', { ...mugs, units: units(1) })).toMatchObject({ code: 'already_counted' });
    },
  );

  it('moves a travelling case to the dock, and only counts in one that is there or parked', () => {
    const received = command('record_reception', { ...parcel, units: units(1) });
    for (const stage of ['awaiting_handover', 'in_transit'] as const)
      expect(eventOfCommand(paperCaseIn(stage).state, received).type).toBe('received');
    expect(eventOfCommand(parkedFrom('authorized').state, received).type).toBe('reception_recorded');
  });
});

describe('record_inspection', () => {
  it('is refused for more units than were received and not yet graded', () => {
    const rma = paperCaseIn('received');
    expect(returnRefusal(rma.state, command('record_inspection', { units: findings(3) }))).toMatchObject({
      code: 'over_limit',
      pointer: '/units/0/quantity',
    });
    rma.give('record_inspection', 'warehouse', { units: findings(1) });
    expect(codeOf(returnRefusal(rma.state, command('record_inspection', { units: findings(2) })))).toBe('over_limit');
  });

  it('ends the inspection with the last unit, and not before', () => {
    const rma = paperCaseIn('received');
    rma.give('record_inspection', 'warehouse', { units: findings(1) });
    expect(rma.stage).toBe('received');
    rma.give('record_inspection', 'warehouse', { units: findings(1) });
    expect(rma.stage).toBe('inspected');
  });

  it('of a parked case grades the goods and leaves the case where it is', () => {
    const rma = parkedFrom('authorized');
    rma.give('record_reception', 'warehouse', { ...parcel, units: allCounted(rma.state) });
    rma.give('record_inspection', 'warehouse', { units: allGraded(rma.state) });
    expect([rma.stage, rma.told.at(-1)?.type]).toEqual(['needs_attention', 'inspection_recorded']);
    expect(rma.state.lots).toMatchObject([{ reception: 'received', grade: 'A' }]);
  });
});

describe('resolve_attention', () => {
  const resolve = (verb: AttentionVerb, more: object = {}, role: Role = 'manager') =>
    command('resolve_attention', { verb, ...more }, { role });
  const refusalFrom = (from: ReturnStage, one: ReturnCommand) =>
    returnRefusal(openedState(undefined, { stage: 'needs_attention', from }), one);

  it.each<[ReturnStage, AttentionVerb]>([
    ['refund_due', 'skip'],
    ['refund_due', 'compensate'],
    ['in_transit', 'skip'],
    ['in_transit', 'compensate'],
    ['inspected', 'skip'],
    ['requested', 'override'],
    ['authorized', 'override'],
    ['unwinding', 'compensate'],
  ])('parked from %s refuses to %s', (from, verb) => {
    expect(refusalFrom(from, resolve(verb, { result: 'refunded', proofIds: ['p'] }))).toMatchObject({
      code: 'verb_not_allowed',
      pointer: '/verb',
    });
  });

  it('puts only a result in place that the stage knows', () => {
    for (const result of [undefined, 'nonsense', 'refunded', 'no_movement'])
      expect(refusalFrom('in_transit', resolve('override', { result, proofIds: ['p'] }))).toMatchObject({
        code: 'result_not_allowed',
        pointer: '/result',
      });
    expect(refusalFrom('in_transit', resolve('override', { result: 'received' }, 'agent'))).toBeUndefined();
  });

  it.each<[ReturnStage, string]>([
    ['in_transit', 'presumed_lost'],
    ['inspected', 'cleared'],
    ['refund_due', 'refunded'],
  ])('parked from %s wants a manager and proof for %s, since money moves', (from, result) => {
    expect(codeOf(refusalFrom(from, resolve('override', { result, proofIds: ['p'] }, 'agent')))).toBe('manager_required');
    expect(codeOf(refusalFrom(from, resolve('override', { result })))).toBe('proof_required');
    expect(codeOf(refusalFrom(from, resolve('override', { result, proofIds: [] })))).toBe('proof_required');
    expect(refusalFrom(from, resolve('override', { result, proofIds: ['p'] }))).toBeUndefined();
  });

  it('writes the proof, the reason and the person into the event', () => {
    const event = eventOfCommand(
      parkedFrom('refund_due').state,
      resolve('override', { result: 'refunded', proofIds: ['bank-1', 'bank-2'], textRef: 'text-1' }),
    );
    expect(event).toMatchObject({
      type: 'overridden',
      result: 'refunded',
      cause: 'proof bank-1, bank-2',
      textRef: 'text-1',
      by: { role: 'manager' },
    });
  });
});

describe('a shared command becomes an event', () => {
  it.each<[CommandName, object, object]>([
    ['withdraw_case', { textRef: 't' }, { type: 'withdrawn', textRef: 't' }],
    ['cancel_case', { textRef: 't' }, { type: 'cancelled', textRef: 't' }],
    ['hold_case', { reason: holdReasons[0], until: 5 }, { type: 'held', cause: holdReasons[0], until: 5 }],
    ['resume_case', {}, { type: 'resumed' }],
    ['assign_case', { assignee: 'agent-7' }, { type: 'assigned', assignee: 'agent-7' }],
    ['add_note', { textRef: 't' }, { type: 'noted', textRef: 't' }],
    ['decide_request', { verdict: 'accept', ruleIds: ['r'] }, { type: 'accepted', ruleIds: ['r'] }],
    ['decide_request', { verdict: 'refuse', ruleIds: ['r'], textRef: 't' }, { type: 'refused', ruleIds: ['r'], textRef: 't' }],
    ['submit_tracking', { carrier: 'own', trackingNo: 'X1' }, { type: 'handed_over', shipment: { trackingNo: 'X1' } }],
  ])('%s %j', (name, payload, event) => {
    const sent = command(name, payload);
    expect(eventOfCommand(paperCaseIn('under_review').state, sent)).toMatchObject({
      ...event,
      by: sent.actor,
      messageId: sent.messageId,
    });
  });
});

describe('a scan', () => {
  const heard = (state: ReturnState, code: string, eventId = freshId()) =>
    eventOfFact(state, { name: 'parcel_scanned', eventId, trackingNo: 'RT1', code, occurredAt: openedAt })?.type;

  it.each<[ReturnStage, Record<string, string>]>([
    [
      'awaiting_handover',
      {
        picked_up: 'handed_over',
        in_transit: 'handed_over',
        delivered: 'received',
        lost: 'lost',
        pickup_failed: 'pickup_failed',
      },
    ],
    [
      'in_transit',
      {
        picked_up: 'late_fact_noted',
        in_transit: 'scanned',
        delivered: 'received',
        lost: 'lost',
        returned_to_sender: 'returned_to_sender',
        exception: 'exception_reported',
      },
    ],
    [
      'received',
      {
        picked_up: 'late_fact_noted',
        delivered: 'late_fact_noted',
        lost: 'late_fact_noted',
        returned_to_sender: 'late_fact_noted',
      },
    ],
    ['under_review', { picked_up: 'late_fact_noted', delivered: 'late_fact_noted' }],
    ['refund_due', { lost: 'late_fact_noted', delivered: 'late_fact_noted' }],
  ])('in %s moves the case by the table, or is only noted', (stage, meanings) => {
    const { state } = paperCaseIn(stage);
    for (const [code, type] of Object.entries(meanings)) expect([code, heard(state, code)]).toEqual([code, type]);
  });

  it('after an end is noted and nothing else', () => {
    for (const stage of returnEnds) expect(heard(openedState(undefined, { stage }), 'delivered')).toBe('late_fact_noted');
  });

  it('of a word no carrier of ours uses is noted', () => {
    for (const code of ['teleported', '', 'constructor'])
      expect(heard(paperCaseIn('in_transit').state, code)).toBe('late_fact_noted');
  });

  it('that is told twice is heard once', () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.scan('picked_up', { eventId: 'event-1' });
    const { state } = rma;
    rma.scan('picked_up', { eventId: 'event-1' });
    expect(rma.state).toBe(state);
  });

  it('at the hand-over brings the tracking number in a case of before parcels had records, later ones leave it', () => {
    const rma = paperCaseIn('awaiting_handover', kettles, { edition: 1 });
    rma.hear({ name: 'parcel_scanned', eventId: freshId(), trackingNo: 'RT9', code: 'picked_up', occurredAt: 1 });
    expect(rma.state.shipment?.trackingNo).toBe('RT9');
    rma.hear({ name: 'parcel_scanned', eventId: freshId(), trackingNo: 'RT8', code: 'in_transit', occurredAt: 2 });
    expect(rma.state.shipment?.trackingNo).toBe('RT9');
  });

  it('of a parcel that is not of this case is noted and moves nothing', () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.scan('picked_up', { trackingNo: 'RT9' });
    expect([rma.stage, rma.told.at(-1)?.type, rma.state.shipment?.trackingNo]).toEqual([
      'awaiting_handover',
      'late_fact_noted',
      'RT1',
    ]);
  });
});

describe('the visit that a case waits for', () => {
  const visited = () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.give('book_pickup', 'customer', {});
    rma.work('done');
    expect(rma.state.handover).toMatchObject({ channel: 'door_pickup', slotAt: rma.state.shipment!.pickupAt });
    return rma;
  };

  it('is none once it is cancelled, has failed, or another way is chosen', () => {
    const ways: ((rma: ReturnType<typeof visited>) => unknown)[] = [
      (rma) => rma.give('cancel_pickup', 'customer', {}),
      (rma) => rma.give('choose_channel', 'customer', { channel: 'locker', pointId: 'lk_park' }),
      (rma) => rma.scan('pickup_failed'),
    ];
    for (const way of ways) {
      const rma = visited();
      way(rma);
      expect([rma.state.handover?.slotAt, rma.state.handover?.bookingId]).toEqual([undefined, undefined]);
    }
  });

  it('stays while another slot is only wished for', () => {
    const rma = visited();
    rma.give('reschedule_pickup', 'customer', { slotId: 'slot_20300302T0900Z' });
    expect(rma.state.handover?.slotAt).toBeDefined();
  });

  it('is none where the customer has sent it otherwise', () => {
    const rma = visited();
    rma.give('submit_tracking', 'customer', { carrier: 'SF', trackingNo: 'SF1' });
    expect(rma.state.handover).toMatchObject({ channel: 'own_carrier', slotAt: undefined, arranged: rma.state.handover!.wish });
    const ours = visited();
    ours.give('submit_tracking', 'customer', { carrier: 'main', trackingNo: ours.state.shipment!.trackingNo });
    expect(ours.state.handover?.channel).toBe('door_pickup');
  });
});

describe('the provider’s word on a refund', () => {
  const settled = (amountMinor = 5_000, eventId = freshId()): ReturnFact => ({
    name: 'refund_settled',
    eventId,
    refundId: 're_1',
    amountMinor,
    occurredAt: 1,
  });

  it('of another amount is never “refunded”: a person looks', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.hear(settled(4_999));
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['needs_attention', 'sent']);
    expect(rma.state.attention).toMatchObject({ step: 'refund', cause: 'amount_mismatch: 4999 GBP settled, 5000 GBP due' });
  });

  it('that overtakes the answer to our own step ends the case all the same, if the amount is ours', () => {
    const rma = paperCaseIn('refund_due');
    rma.hear({ ...settled(4_999), eventId: 'overtaking' } as ReturnFact);
    expect([rma.stage, rma.told.at(-1)?.type]).toEqual(['refund_due', 'late_fact_noted']);
    rma.hear(settled());
    expect([rma.stage, rma.state.money[0]]).toMatchObject(['refunded', { state: 'settled', providerId: 're_1' }]);
  });

  it('about another refund, or in another currency, never settles this one', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    for (const name of ['refund_settled', 'refund_failed']) {
      rma.hear({ ...settled(), name, eventId: `other-${name}`, refundId: 're_of_another_case' } as ReturnFact);
      expect([rma.stage, rma.told.at(-1)?.type, rma.state.money[0]?.state]).toEqual(['refund_due', 'late_fact_noted', 'sent']);
    }
    rma.hear({ ...settled(), eventId: 'other-currency', currency: 'EUR' } as ReturnFact);
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['needs_attention', 'sent']);
  });

  it('has its effect also when the carrier has used the same event id', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    const fact = settled();
    rma.scan('exception', { eventId: fact.eventId });
    rma.hear(fact);
    expect(rma.stage).toBe('refunded');
  });

  it('is only noted where no money is due, and after the end', () => {
    for (const stage of ['under_review', 'in_transit', 'received'] as const)
      expect(eventOfFact(paperCaseIn(stage).state, settled())?.type).toBe('late_fact_noted');
    const rma = paperCaseIn('refund_due');
    rma.work('done');
    const { money } = rma.state;
    rma.hear(settled());
    expect([rma.stage, rma.told.at(-1)?.type, rma.state.money]).toEqual(['refunded', 'late_fact_noted', money]);
  });

  it('that it failed after all is heard after the end as well, so that the case can be opened again for its money', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done');
    rma.providerSays('failed', 're_1');
    expect([rma.stage, rma.told.at(-1)?.type, rma.state.money[0]?.state]).toEqual(['refunded', 'refund_failed', 'failed']);
    rma.record({ type: 'reopened', by: mendline, result: 'refund_due', cause: 'refund_failed' });
    rma.work('done');
    expect([rma.stage, rma.state.money.map((line) => line.state)]).toEqual(['refunded', ['failed', 'settled']]);
  });
});

describe('retry_now', () => {
  it('retries a parked case, and says nothing to any other', () => {
    const parked = parkedFrom('authorized');
    parked.hear({ name: 'retry_now', reason: 'carrier back' });
    expect([parked.stage, parked.told.at(-1)]).toMatchObject([
      'authorized',
      { type: 'retried', cause: 'carrier back', by: { role: 'operator' } },
    ]);
    const { state } = paperCaseIn('in_transit');
    expect(eventOfFact(state, { name: 'retry_now' })).toBeUndefined();
  });

  it('sent twice to a case that is parked again is one retry each, and with one id one retry', () => {
    const rma = parkedFrom('authorized');
    rma.hear({ name: 'retry_now', eventId: 'batch-1' });
    rma.work('refused');
    rma.hear({ name: 'retry_now', eventId: 'batch-1' });
    expect(rma.stage).toBe('needs_attention');
    rma.hear({ name: 'retry_now' });
    expect(rma.stage).toBe('authorized');
  });
});

it('a parcel that has arrived is not set back by an older scan, nor a refund by an older word', () => {
  const rma = paperCaseIn('received');
  const { lots, clocks } = rma.state;
  for (const code of ['picked_up', 'in_transit', 'returned_to_sender', 'lost', 'delivered']) rma.scan(code);
  expect([rma.stage, rma.state.lots, rma.state.clocks]).toEqual(['received', lots, clocks]);
  rma.wait(day);
  rma.hear({ name: 'refund_failed', eventId: freshId(), refundId: 're_1', occurredAt: 1 });
  expect([rma.stage, rma.state.money]).toEqual(['received', []]);
});
