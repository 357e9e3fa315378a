import { describe, expect, it } from 'vitest';
import { mendline } from '../../domain/permissions.ts';
import { alreadyAnswered, assessGoods, fullyInspected } from '../../domain/return.ts';
import { isPaid } from '../../domain/return-money.ts';
import { handoverChannels, type ReturnState } from '../../domain/return-state.ts';
import { openReturnStages, returnEnds, returnStages } from '../../domain/return-table.ts';
import type { Lot } from '../../domain/goods.ts';
import { allCounted, allGraded, day, kettles, openedState, paperCaseIn, parkedFrom, PaperCase, verdictOf } from './paper-case.ts';

const receptionsOf = (state: ReturnState) => state.lots.map((lot) => `${lot.quantity} ${lot.reception}`);
const graded = (grade: Lot['grade'], more: Partial<Lot> = {}): Lot => ({
  lineId: '1',
  quantity: 2,
  reception: 'received',
  grade,
  ...more,
});
const inspected = (lots: readonly Lot[], reason: 'quality' | 'no_reason' = 'no_reason') =>
  openedState(undefined, { stage: 'inspected', lots, verdict: verdictOf('accepted', reason) });

describe('the goods of a return', () => {
  it('stay with the customer until the return is agreed, by a verdict or by silence', () => {
    expect(receptionsOf(paperCaseIn('under_review').state)).toEqual(['2 with_customer']);
    expect(receptionsOf(paperCaseIn('authorized').state)).toEqual(['2 awaiting']);
    const silent = paperCaseIn('under_review');
    silent.wait(2 * day);
    expect(receptionsOf(silent.state)).toEqual(['2 awaiting']);
  });

  it('travel from the first scan on, and wait for a second hand-over when the carrier brings them back', () => {
    const rma = paperCaseIn('in_transit');
    expect(receptionsOf(rma.state)).toEqual(['2 in_transit']);
    rma.scan('returned_to_sender');
    expect([rma.stage, receptionsOf(rma.state)]).toEqual(['awaiting_handover', ['2 awaiting']]);
  });

  it('are not counted by the carrier’s delivery: the dock counts them', () => {
    const rma = paperCaseIn('in_transit');
    rma.scan('delivered');
    expect([rma.stage, receptionsOf(rma.state)]).toEqual(['received', ['2 in_transit']]);
  });

  it('are free again once a return that was let go of has been unwound', () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.give('withdraw_case', 'customer', {});
    expect(receptionsOf(rma.state)).toEqual(['2 awaiting']);
    rma.work('done');
    expect(receptionsOf(rma.state)).toEqual(['2 with_customer']);
  });

  it('are accepted as they are when nobody inspects them in time, also those the dock never counted', () => {
    const rma = paperCaseIn('in_transit');
    rma.scan('delivered');
    rma.wait(10 * day);
    expect(rma.stage).toBe('refund_due');
    expect(rma.state.lots).toEqual([{ lineId: '1', quantity: 2, reception: 'received', acceptance: 'accepted' }]);
    expect(rma.state.money).toEqual([{ intent: 'refund', state: 'due', amountMinor: 5_000 }]);
  });
});

describe('a parcel', () => {
  it('is counted once, whoever scans it twice', () => {
    const rma = paperCaseIn('awaiting_handover');
    const units = [{ lineId: '1', quantity: 1, condition: 'received' }];
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    expect(receptionsOf(rma.state).sort()).toEqual(['1 awaiting', '1 received']);
    expect(rma.told.at(-1)?.type).toBe('repeat_noted');
    rma.give('record_reception', 'warehouse', { parcelId: 'P2', scanNo: 1, units });
    expect(receptionsOf(rma.state)).toEqual(['2 received']);
  });

  it('told of twice, whatever brought it, changes the goods once', () => {
    const rma = paperCaseIn('awaiting_handover');
    const event = {
      type: 'reception_recorded',
      by: mendline,
      parcel: 'P1/1',
      counted: [{ lineId: '1', quantity: 1, condition: 'received' as const }],
    };
    rma.record(event);
    const { lots } = rma.state;
    rma.record(event);
    expect(rma.state.lots).toEqual(lots);
  });

  it('that came while a person was asked is not asked for again', () => {
    const rma = parkedFrom('authorized');
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state) });
    expect(rma.stage).toBe('needs_attention');
    rma.give('resolve_attention', 'agent', { verb: 'skip' });
    rma.settleDown();
    expect(rma.stage).toBe('received');
  });

  it('that was counted and graded while a person was asked passes the dock at once', () => {
    const rma = paperCaseIn('in_transit', kettles, { edition: 1 });
    rma.scan('lost');
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state) });
    rma.give('record_inspection', 'warehouse', { units: allGraded(rma.state) });
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('done');
    expect(rma.stage).toBe('refunded');
  });

  it('that holds nothing to inspect does not wait to be inspected', () => {
    const rma = paperCaseIn('in_transit');
    rma.scan('delivered');
    rma.settleDown();
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state, 'wrong_item') });
    expect([rma.stage, receptionsOf(rma.state)]).toEqual(['inspected', ['2 shipped_wrong_item']]);
    rma.settleDown();
    expect(rma.stage).toBe('discrepancy');
  });

  it('that completes the count after everything else was graded ends the inspection', () => {
    const rma = paperCaseIn('awaiting_handover');
    const one = (condition: string) => [{ lineId: '1', quantity: 1, condition }];
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: one('received') });
    rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] });
    expect(rma.stage).toBe('received');
    rma.give('record_reception', 'warehouse', { parcelId: 'P2', scanNo: 1, units: one('missing') });
    expect(rma.stage).toBe('inspected');
  });
});

describe('assessGoods', () => {
  it.each<[string, Lot[], 'quality' | 'no_reason', 'cleared' | 'discrepancy_found']>([
    ['all came like new', [graded('A')], 'no_reason', 'cleared'],
    ['all came with minor marks', [graded('B')], 'no_reason', 'cleared'],
    ['worn goods without a fault claimed', [graded('C')], 'no_reason', 'discrepancy_found'],
    ['faulty goods with a fault claimed', [graded('D')], 'quality', 'cleared'],
    [
      'a unit is missing',
      [graded('A', { quantity: 1 }), { lineId: '1', quantity: 1, reception: 'short_shipped' }],
      'quality',
      'discrepancy_found',
    ],
    ['something else came', [{ lineId: '1', quantity: 2, reception: 'shipped_wrong_item' }], 'quality', 'discrepancy_found'],
    ['a unit turned up later and nobody has looked at it', [graded(undefined)], 'quality', 'discrepancy_found'],
    [
      'a unit is still expected',
      [graded('A', { quantity: 1 }), { lineId: '1', quantity: 1, reception: 'in_transit' }],
      'quality',
      'discrepancy_found',
    ],
  ])('when %s', (_, lots, reason, verdict) => {
    expect(assessGoods(inspected(lots, reason))).toBe(verdict);
  });

  it('asks a person about worn goods when no verdict says that a fault was claimed', () => {
    expect(assessGoods({ ...inspected([graded('C')]), verdict: undefined })).toBe('discrepancy_found');
  });
});

describe('what the goods already answer', () => {
  const with_ = (stage: ReturnState['stage'], lots: readonly Lot[], parcels = ['P1/1']) =>
    openedState(undefined, { stage, lots, parcels });
  it('passes a stage at once, and no other', () => {
    const came = [graded(undefined)];
    expect(alreadyAnswered(with_('awaiting_handover', came))).toBe('received');
    expect(alreadyAnswered(with_('in_transit', came))).toBe('received');
    expect(alreadyAnswered(with_('received', came))).toBeUndefined();
    expect(alreadyAnswered(with_('received', [graded('A')]))).toBe('inspected');
    expect(alreadyAnswered(with_('under_review', [graded('A')]))).toBeUndefined();
    expect(alreadyAnswered(with_('in_transit', [graded('A')], []))).toBeUndefined();
  });

  it('is a full inspection only when every unit was counted and what came was graded', () => {
    expect(fullyInspected({ lots: [graded('A'), { lineId: '2', quantity: 1, reception: 'short_shipped' }] })).toBe(true);
    expect(fullyInspected({ lots: [graded('A'), { lineId: '2', quantity: 1, reception: 'in_transit' }] })).toBe(false);
    expect(fullyInspected({ lots: [graded(undefined)] })).toBe(false);
  });
});

describe('the money of a return', () => {
  it('becomes due when the goods are accepted: price times accepted units, to the minor unit', () => {
    const rma = paperCaseIn('received', [
      { lineId: '1', quantity: 2, unitPriceMinor: 2_499 },
      { lineId: '2', quantity: 3, unitPriceMinor: 333 },
    ]);
    expect(rma.state.money).toEqual([]);
    rma.give('record_inspection', 'warehouse', { units: allGraded(rma.state) });
    rma.settleDown();
    expect(rma.state.money).toEqual([{ intent: 'refund', state: 'due', amountMinor: 5_997 }]);
  });

  it('is due for what came and was accepted alone, when a manager clears a short parcel of a case that knows no discrepancy', () => {
    const rma = paperCaseIn('awaiting_handover', kettles, { edition: 1 });
    rma.give('record_reception', 'warehouse', {
      parcelId: 'P1',
      scanNo: 1,
      units: [
        { lineId: '1', quantity: 1, condition: 'received' },
        { lineId: '1', quantity: 1, condition: 'missing' },
      ],
    });
    rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] });
    rma.settleDown();
    rma.give('resolve_attention', 'manager', { verb: 'override', result: 'cleared', proofIds: ['proof-1'] });
    expect(rma.state.money).toMatchObject([{ amountMinor: 2_500 }]);
  });

  it('is due for units lost at our risk, and stays so when they turn up before it is paid', () => {
    const rma = paperCaseIn('lost_suspected');
    rma.give('declare_lost', 'agent', {});
    expect([rma.stage, receptionsOf(rma.state)]).toEqual(['refund_due', ['2 lost_in_transit']]);
    rma.work('refused');
    expect(rma.stage).toBe('needs_attention');
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state) });
    expect(rma.state.lots).toEqual([{ lineId: '1', quantity: 2, reception: 'received', acceptance: 'accepted' }]);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('done');
    expect([rma.stage, rma.paid]).toMatchObject(['refunded', [{ amountMinor: 5_000, status: 'succeeded' }]]);
  });

  it('is sent while it is pending, and settled by the provider’s word alone', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    expect([rma.stage, rma.state.money[0]?.state, isPaid(rma.state)]).toEqual(['refund_due', 'sent', false]);
    rma.hear({ name: 'refund_settled', eventId: 'e1', refundId: 're_1', amountMinor: 5_000, occurredAt: rma.now });
    expect([rma.stage, rma.state.money[0], isPaid(rma.state)]).toMatchObject([
      'refunded',
      { state: 'settled', providerId: 're_1' },
      true,
    ]);
  });

  it('failed late asks a person, and can be sent once more', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.hear({ name: 'refund_failed', eventId: 'e1', refundId: 're_1', code: 'account_closed', occurredAt: rma.now });
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['needs_attention', 'failed']);
    expect(rma.state.attention).toMatchObject({ step: 'refund', cause: 'account_closed' });
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.record({ type: 'refund_sent', by: mendline, providerId: 're_2' });
    expect(rma.state.money[0]).toMatchObject({ state: 'sent', providerId: 're_2' });
  });

  it('is told as failed also while a person is already asked, for the stage waits and not the money', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.wait(14 * day);
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['needs_attention', 'sent']);
    rma.hear({ name: 'refund_failed', eventId: 'e1', refundId: 're_1', occurredAt: rma.now });
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['needs_attention', 'failed']);
  });

  it('settled while a person is asked is not sent again: the retry only ends the case', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.wait(14 * day);
    rma.hear({ name: 'refund_settled', eventId: 'e1', refundId: 're_1', amountMinor: 5_000, occurredAt: rma.now });
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['needs_attention', 'settled']);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.settleDown();
    expect([rma.stage, rma.paid.length]).toEqual(['refunded', 1]);
  });

  it('paid another way by a manager is settled by hand, from due and from failed', () => {
    for (const fails of [false, true]) {
      const rma = parkedFrom('refund_due');
      if (fails) {
        rma.give('resolve_attention', 'agent', { verb: 'retry' });
        rma.work('done', { pending: true });
        rma.hear({ name: 'refund_failed', eventId: 'e1', refundId: 're_1', occurredAt: rma.now });
      }
      rma.give('resolve_attention', 'manager', { verb: 'override', result: 'refunded', proofIds: ['bank-1'] });
      expect([rma.stage, rma.state.money[0]?.state]).toEqual(['refunded', 'settled']);
    }
  });

  it('is paid only when nothing is owed that is not meant, and nothing that is meant is under way', () => {
    const { state } = paperCaseIn('refund_due');
    expect([isPaid(state), isPaid({ ...state, money: [] })]).toEqual([false, false]);
    const paid = state.money.map((line) => ({ ...line, state: 'settled' as const }));
    expect(isPaid({ ...state, money: paid })).toBe(true);
  });

  it('is never due for a request that is worth nothing: the case ends without asking the provider', () => {
    const rma = paperCaseIn('refund_due', [{ lineId: '1', quantity: 2, unitPriceMinor: 0 }]);
    rma.settleDown();
    expect([rma.stage, rma.paid]).toEqual(['refunded', []]);
  });
});

describe('the undo of a return', () => {
  it('is armed before the step, and put to use at the point of no return', () => {
    const rma = paperCaseIn('authorized');
    rma.settleDown();
    expect(rma.state.undo.map((entry) => [entry.step, entry.state])).toEqual([
      ['claim_units', 'armed'],
      ['issue_label', 'armed'],
    ]);
    const due = paperCaseIn('refund_due');
    due.settleDown();
    expect(due.state.undo.map((entry) => entry.state)).toEqual(['done', 'done']);
  });

  it('that a person lets be is skipped: it is listed, and not tried again', () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.give('withdraw_case', 'customer', {});
    rma.work('refused');
    rma.give('resolve_attention', 'agent', { verb: 'skip', textRef: 'text-1' });
    expect(rma.stage).toBe('withdrawn');
    expect(rma.state.undo.map((entry) => entry.state)).toEqual(['skipped', 'skipped']);
  });

  it('releases the claim of a request that is refused', () => {
    const rma = new PaperCase();
    rma.work('done', { assessed: 'refused' });
    expect([rma.stage, rma.state.undo.map((entry) => entry.state)]).toEqual(['rejected', ['undone']]);
  });
});

it('lists its stages once: the open ones, then the ends', () => {
  expect(returnStages).toEqual([...openReturnStages, ...returnEnds]);
  expect(new Set(returnStages).size).toBe(returnStages.length);
  expect(handoverChannels).toContain('door_pickup');
});
