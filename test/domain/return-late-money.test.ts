import { describe, expect, it } from 'vitest';
import { dueAtOf } from '../../domain/deadlines.ts';
import { mendline } from '../../domain/permissions.ts';
import { chargebackShares, disputesAtOpening, disputesSince } from '../../domain/return-money.ts';
import { instantRefund, kettles, day, paperCaseIn, parkedFrom, type PaperCase, type PaperOptions } from './paper-case.ts';

const last = (rma: PaperCase) => rma.told.at(-1)?.type;
const tasks = (rma: PaperCase) => (rma.state.errands ?? []).flatMap((errand) => (errand.kind === 'task' ? [errand.what] : []));
const statesOf = (rma: PaperCase) => rma.state.money.map((line) => `${line.intent} ${line.state}`);
const failedAndRetried = () => {
  const rma = paperCaseIn('refund_due');
  rma.work('done', { pending: true });
  rma.providerSays('failed');
  rma.give('resolve_attention', 'agent', { verb: 'retry' });
  rma.settleDown();
  return rma;
};

describe('a refund that had failed', () => {
  it('is sent once more under a key of its own', () => {
    const rma = failedAndRetried();
    expect(statesOf(rma)).toEqual(['refund failed', 'refund/2 due']);
    rma.work('done');
    expect([rma.stage, statesOf(rma)]).toEqual(['refunded', ['refund failed', 'refund/2 settled']]);
  });

  it('and was paid after all, when another is meant already, is a task for a person and never counted twice', () => {
    const rma = failedAndRetried();
    rma.providerSays('succeeded', 're_1');
    expect([rma.stage, last(rma), statesOf(rma)]).toEqual(['refund_due', 'paid_twice_noted', ['refund failed', 'refund/2 due']]);
    expect(tasks(rma)).toContain('refund_paid_twice');
  });

  it('and was paid after all, while a person is asked, is paid: nothing more is sent', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.providerSays('failed');
    rma.providerSays('succeeded', 're_1');
    expect([rma.stage, statesOf(rma)]).toEqual(['needs_attention', ['refund settled']]);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.settleDown();
    expect([rma.stage, rma.paid.length]).toEqual(['refunded', 1]);
  });

  it('and is paid another way by a manager is settled itself: what is owed is not written down twice', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.providerSays('failed');
    rma.give('resolve_attention', 'manager', { verb: 'override', result: 'refunded', proofIds: ['bank-1'] });
    expect([rma.stage, statesOf(rma)]).toEqual(['refunded', ['refund settled']]);
  });
});

it.each([1, 2] as const)(
  'of a refund that is settled with another sum nobody says that nothing was paid: retried, nothing is due anew (edition %i)',
  (edition) => {
    const rma = paperCaseIn('refund_due', undefined, { edition });
    rma.work('done', { pending: true });
    const one = { refundId: 're_1', amountMinor: 4_999, occurredAt: rma.now };
    rma.hear({ name: 'refund_settled', eventId: 'evt/mismatch', ...one });
    expect(rma.stage).toBe('needs_attention');
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.settleDown();
    expect(statesOf(rma)).toEqual(['refund sent']);
  },
);

describe('a refund under way', () => {
  it('has a clock wherever the case comes from: a retry waits no longer in silence than the first attempt', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.wait(14 * day);
    expect(rma.stage).toBe('needs_attention');
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('done');
    expect([rma.stage, dueAtOf(rma.state)]).toEqual(['refund_due', rma.now + 14 * day]);
  });

  it('or held back by a dispute that was opened long before, has a clock as well', () => {
    const rma = paperCaseIn('in_transit');
    rma.hear({ name: 'dispute_opened', eventId: 'd1', disputeId: 'dp_1', amountMinor: 5_000, occurredAt: rma.now });
    rma.give('record_reception', 'warehouse', {
      parcelId: 'P1',
      scanNo: 1,
      units: [{ lineId: '1', quantity: 2, condition: 'received' }],
    });
    rma.give('record_inspection', 'warehouse', {
      units: [{ lineId: '1', quantity: 2, grade: 'A', disposition: 'restock' }],
    });
    rma.settleDown();
    expect([rma.stage, statesOf(rma)]).toEqual(['refund_due', ['refund dispute_hold']]);
    expect(dueAtOf(rma.state)).toBe(rma.now + 14 * day);
  });
});

describe('an advance', () => {
  it('is what would be refunded: fees that the seller may keep are not paid out first', () => {
    const rma = paperCaseIn('requested', kettles, instantRefund('approval'));
    rma.work('done', { verdict: { fees: [{ ruleId: 'merchant.fee', amountMinor: 700 }] } });
    expect(rma.state.money).toMatchObject([{ intent: 'advance', amountMinor: 4_300 }]);
  });

  it('that a customer says to have paid back is looked at first; an agent’s word settles it', () => {
    const rma = paperCaseIn('recovering_advance');
    rma.give('pay_balance', 'customer', { proofIds: ['receipt-1'] });
    expect([rma.stage, last(rma)]).toEqual(['recovering_advance', 'payment_told']);
    expect(tasks(rma)).toContain('check_payment');
    rma.give('pay_balance', 'agent', { proofIds: ['receipt-1'] });
    expect([rma.stage, statesOf(rma)]).toEqual(['sending_back', ['advance settled', 'recovery settled']]);
  });

  it('charged back by a step whose answer nobody heard is recovered by the provider’s word', () => {
    const rma = paperCaseIn('recovering_advance');
    rma.work('timed_out');
    expect(statesOf(rma)).toEqual(['advance settled', 'recovery failed']);
    const { amountMinor, currency } = { amountMinor: 5_000, currency: 'GBP' };
    const told = { name: 'payment_settled' as const, chargeId: 'ch_9', amountMinor, currency, occurredAt: rma.now };
    rma.hear({ ...told, eventId: 'c0', amountMinor: 4_999 });
    rma.hear({ ...told, eventId: 'c1', currency: 'EUR' });
    expect(rma.stage).toBe('recovering_advance');
    rma.hear({ ...told, eventId: 'c2' });
    expect([rma.stage, statesOf(rma), rma.state.money[1]?.providerId]).toEqual([
      'sending_back',
      ['advance settled', 'recovery settled'],
      'ch_9',
    ]);
  });

  it('charged back although the goods came meanwhile is paid out again', () => {
    const rma = paperCaseIn('awaiting_handover', kettles, instantRefund('approval'));
    rma.wait(7 * day);
    rma.work('done');
    expect([rma.stage, statesOf(rma)]).toEqual(['recovering_advance', ['advance settled']]);
    rma.record({ type: 'recovery_due', by: mendline });
    rma.scan('delivered');
    expect([rma.stage, statesOf(rma), rma.state.lots[0]?.reception]).toEqual([
      'received',
      ['advance settled', 'recovery cancelled'],
      'in_transit',
    ]);
    const { id: chargeId } = rma.provider.charge('C-1/recovery', 5_000, false);
    rma.hear({
      name: 'payment_settled',
      eventId: 'c1',
      chargeId,
      amountMinor: 5_000,
      currency: 'GBP',
      occurredAt: rma.now,
    });
    rma.wait(10 * day);
    rma.work('done');
    expect([rma.stage, statesOf(rma)]).toEqual(['refunded', ['advance settled', 'recovery settled', 'refund settled']]);
  });

  it('is given up ninety days after, on the day: not a term later', () => {
    const rma = paperCaseIn('recovering_advance');
    rma.wait(91 * day);
    expect([rma.stage, last(rma)]).toEqual(['sending_back', 'written_off']);
  });
});

it('what differs and nobody decides about is offered without the units that are not in order: the clock gives nothing away', () => {
  const rma = paperCaseIn('discrepancy');
  rma.wait(3 * day);
  expect([rma.stage, rma.state.deduction?.items]).toEqual([
    'deduction_offered',
    [{ lineId: '1', quantity: 2, amountMinor: 5_000 }],
  ]);
  rma.give('answer_proposal', 'customer', { answer: 'decline' });
  expect([rma.stage, rma.state.money]).toEqual(['discrepancy', []]);
});

it('a unit that comes late to a discrepancy is looked at, and the whole is assessed once more', () => {
  const rma = paperCaseIn('in_transit');
  const units = ['received', 'missing'].map((condition) => ({ lineId: '1', quantity: 1, condition }));
  rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
  const good = { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] };
  rma.give('record_inspection', 'warehouse', good);
  rma.settleDown();
  rma.payEarly();
  expect([rma.stage, statesOf(rma)]).toEqual(['discrepancy', ['refund settled']]);
  rma.give('record_reception', 'warehouse', {
    parcelId: 'P2',
    scanNo: 1,
    units: [{ lineId: '1', quantity: 1, condition: 'received' }],
  });
  rma.give('record_inspection', 'warehouse', good);
  rma.work('done');
  expect([rma.stage, rma.provider.balanceMinor]).toEqual(['refunded', 5_000]);
});

describe('withdrawing while something else is asked', () => {
  it('is not offered when all that is here was accepted: there is nothing to send back', () => {
    const rma = paperCaseIn('in_transit');
    const units = ['received', 'missing'].map((condition) => ({ lineId: '1', quantity: 1, condition }));
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] });
    rma.settleDown();
    rma.give('request_evidence', 'agent', { items: ['photo of the parcel'] });
    expect(rma.stage).toBe('awaiting_customer');
    expect(rma.give('withdraw_case', 'customer', {})).toMatchObject({ code: 'not_allowed_now' });
  });
});

it('the Cancel button does no more than a manager may: a case that a person decides about is only noted', () => {
  for (const stage of ['discrepancy', 'deduction_offered', 'lost_suspected', 'sending_back', 'refund_due'] as const) {
    const rma = paperCaseIn(stage);
    rma.cancelFromOutside();
    expect([stage, rma.stage, last(rma)]).toEqual([stage, stage, 'cancel_noted']);
  }
  const parked = parkedFrom('authorized');
  parked.cancelFromOutside();
  expect([parked.stage, parked.state.target]).toEqual(['unwinding', 'cancelled']);
});

it('a missing unit that turns up once the rest is being paid is paid as well', () => {
  for (const parked of [false, true]) {
    const rma = paperCaseIn('in_transit');
    const units = ['received', 'missing'].map((condition) => ({ lineId: '1', quantity: 1, condition }));
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] });
    rma.settleDown();
    rma.give('settle_discrepancy', 'agent', { decision: 'deduct', ruleIds: ['uk.strr'], deductions: [] });
    rma.give('answer_proposal', 'customer', { answer: 'accept' });
    if (parked) rma.record({ type: 'step_failed', by: mendline, step: 'refund', cause: 'away' });
    rma.give('record_reception', 'warehouse', {
      parcelId: 'P2',
      scanNo: 1,
      units: [{ lineId: '1', quantity: 1, condition: 'received' }],
    });
    if (parked) rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.payEarly();
    rma.work('done');
    expect([rma.stage, rma.provider.balanceMinor]).toEqual(['refunded', 5_000]);
  }
});

it('a conversion opens its successor, whichever event it ends with', () => {
  const rma = paperCaseIn('negotiating');
  rma.give('propose', 'agent', { kind: 'exchange' });
  rma.give('answer_proposal', 'customer', { answer: 'accept' });
  rma.work('done');
  expect([rma.stage, tasks(rma)]).toEqual(['converted', ['open_successor']]);
});

it('money that was called off and paid all the same is a person’s matter, and is not lost', () => {
  const rma = paperCaseIn('discrepancy', undefined, { reason: 'no_reason', ...instantRefund('first_scan') });
  // The provider is slow: what was asked for is not there when it is looked for, and comes later.
  const money = rma.state.money.map((line) => ({ ...line, state: 'cancelled' as const, providerId: undefined }));
  rma.state = { ...rma.state, money };
  rma.give('settle_discrepancy', 'manager', { decision: 'refuse_goods', ruleIds: ['uk.strr'] });
  const { amountMinor } = money[0]!;
  rma.hear({ name: 'refund_settled', eventId: 'late', refundId: 're_late', amountMinor, occurredAt: rma.now });
  expect(rma.told.at(-1)).toMatchObject({ type: 'paid_twice_noted', intent: 'advance' });
  expect(rma.state.errands?.at(-1)).toMatchObject({ kind: 'task', what: 'refund_paid_twice' });
});

it.each([
  [
    'of the same amount is asked for again under its own key: should it have been made after all, it is made once',
    5_000,
    ['advance due'],
  ],
  ['of another amount stays called off', 4_000, ['advance cancelled', 'refund due']],
])('a refund that was called off, and %s', (_, amountMinor, now) => {
  const rma = paperCaseIn('inspected');
  const calledOff = { intent: 'advance', kind: 'advance', state: 'cancelled', amountMinor } as const;
  rma.state = { ...rma.state, money: [calledOff] };
  rma.record({ type: 'cleared', by: { id: 'mendline', role: 'system' } });
  expect(rma.state.money.map((line) => `${line.intent} ${line.state}`)).toEqual(now);
});

describe('a refund that failed, and was paid another way', () => {
  const paidByHand = (): { rma: PaperCase; refundId: string; occurredAt: number } => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    const occurredAt = rma.now;
    rma.providerSays('failed');
    rma.now += 1;
    rma.give('resolve_attention', 'manager', { verb: 'override', result: 'refunded', proofIds: ['bank-1'] });
    return { rma, refundId: rma.provider.refunds[0]!.id, occurredAt };
  };

  it.each([0, 10])('is paid, though the provider says once more that it failed, %i ms later', (later) => {
    const { rma, refundId, occurredAt } = paidByHand();
    const { money } = rma.state;
    rma.hear({ name: 'refund_failed', eventId: 'again', refundId, occurredAt: occurredAt + later });
    expect([rma.stage, rma.state.money]).toEqual(['refunded', money]);
  });
  it('is a person’s task when the provider has paid it after all', () => {
    const { rma, refundId, occurredAt } = paidByHand();
    rma.hear({
      name: 'refund_settled',
      eventId: 'late',
      refundId,
      amountMinor: 5_000,
      currency: 'GBP',
      occurredAt: occurredAt + 10,
    });
    expect([rma.stage, rma.state.errands?.at(-1)]).toMatchObject(['refunded', { kind: 'task', what: 'refund_paid_twice' }]);
  });
});

it('an advance is not given up while its charge is under way', () => {
  const rma = paperCaseIn('recovering_advance');
  rma.work('done', { pending: true });
  expect(rma.give('write_off', 'manager', {})).toMatchObject({ code: 'not_offered' });
});

it('what the bank decides about is not paid by a person’s word as well', () => {
  const rma = paperCaseIn('refund_due');
  const disputed = { disputeId: 'd1', amountMinor: 5_000, occurredAt: rma.now };
  rma.work('refused');
  rma.hear({ name: 'dispute_opened', eventId: 'd1', ...disputed });
  const override = { verb: 'override', result: 'refunded', proofIds: ['bank-1'] };
  expect(rma.give('resolve_attention', 'manager', override)).toMatchObject({ code: 'not_offered' });
  rma.hear({ name: 'dispute_closed', eventId: 'd2', ...disputed, result: 'won' });
  expect(rma.give('resolve_attention', 'manager', override)).toBeUndefined();
});

describe('a refund that is paid while the bank decides about its payment', () => {
  const bank = { disputeId: 'd1', amountMinor: 5_000 };
  const paidInDispute = (): PaperCase => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.hear({ name: 'dispute_opened', eventId: 'd1', ...bank, occurredAt: rma.now });
    const { id: refundId, amountMinor } = rma.provider.refunds[0]!;
    rma.hear({ name: 'refund_settled', eventId: 's1', refundId, amountMinor, currency: 'GBP', occurredAt: rma.now });
    rma.settleDown();
    return rma;
  };
  const closed = (rma: PaperCase, result: 'won' | 'lost') => {
    rma.hear({ name: 'dispute_closed', eventId: 'd2', ...bank, occurredAt: rma.now, result });
    rma.settleDown();
  };
  const tasksOf = ({ state }: PaperCase) => state.errands?.flatMap((errand) => (errand.kind === 'task' ? [errand.what] : []));

  it('is no end yet', () => {
    const rma = paidInDispute();
    expect([rma.stage, rma.state.money[0]?.state]).toEqual(['refund_due', 'settled']);
  });
  it('is the end of it when the bank finds for us', () => {
    const rma = paidInDispute();
    closed(rma, 'won');
    expect([rma.stage, tasksOf(rma)]).toEqual(['refunded', []]);
  });
  it('is a person’s task when the bank takes the money as well', () => {
    const rma = paidInDispute();
    closed(rma, 'lost');
    expect([rma.stage, tasksOf(rma)]).toEqual(['refunded', ['bank_paid_too']]);
  });
});

it('what the bank takes of an advance that is not due is a person’s task', () => {
  const rma = paperCaseIn('recovering_advance');
  const bank = { disputeId: 'd1', amountMinor: 5_000, occurredAt: rma.now };
  rma.hear({ name: 'dispute_opened', eventId: 'd1', ...bank });
  rma.hear({ name: 'dispute_closed', eventId: 'd2', ...bank, result: 'lost' });
  expect(rma.state.errands?.at(-1)).toMatchObject({ kind: 'task', what: 'bank_paid_too' });
});

describe('what the bank took of a payment with several returns', () => {
  const of = (paid: number[], open = true, asked = 2_950) => ({
    open,
    state: {
      lines: [{ lineId: '1', quantity: 1, unitPriceMinor: asked }],
      money: paid.map((amountMinor, nth) => ({ intent: `refund/${nth}`, state: 'settled' as const, amountMinor })),
    },
  });
  const held = {
    ...of([]),
    state: { ...of([]).state, money: [{ intent: 'refund', state: 'dispute_hold' as const, amountMinor: 2_950 }] },
  };

  it.each([
    ['one return bears it', 2_950, [held], [2_950]],
    ['of two that wait one is paid by us', 2_950, [held, held], [2_950, 0]],
    ['a part counts once', 1_000, [held, held], [1_000, 0]],
    ['more than one of them is shared', 4_000, [held, held], [2_950, 1_050]],
    ['what one has paid is not paid by the other as well', 2_950, [of([2_950], false), held], [0, 2_950]],
    ['a return that came to nothing bears nothing', 2_950, [of([], false), held], [0, 2_950]],
    ['what is beyond all of them stands with one that has paid', 3_000, [held, of([2_950])], [2_950, 50]],
    ['all have paid', 2_950, [of([], false), of([2_950], false)], [0, 2_950]],
  ])('%s', (_, amountMinor, cases, shares) => {
    expect(chargebackShares(amountMinor, cases)).toEqual(shares);
  });
});

describe('what a return that is opened late bears of a dispute', () => {
  const of = (
    takenMinor: number | [string, number][],
    changes: { open?: boolean; dueMinor?: number; paidMinor?: number } = {},
  ) => {
    const { open = true, dueMinor = 0, paidMinor = 0 } = changes;
    const taken: [string, number][] = typeof takenMinor === 'number' ? [['d1', takenMinor]] : takenMinor;
    const accepted = dueMinor > 0 ? { reception: 'received' as const, acceptance: 'accepted' as const } : undefined;
    return {
      open,
      state: {
        lines: [{ lineId: '1', quantity: 1, unitPriceMinor: 3_000 }],
        lots: [{ lineId: '1', quantity: 1, ...(accepted ?? { reception: 'with_customer' as const }) }],
        money: paidMinor > 0 ? [{ intent: 'refund', state: 'settled' as const, amountMinor: paidMinor }] : [],
        disputes: taken.map(([disputeId, amountMinor]) => ({ disputeId, amountMinor, state: 'lost' as const })),
      },
    };
  };
  const lost = (amountMinor: number, disputeId = 'd1') => ({ disputeId, amountMinor, state: 'lost' as const });

  it.each([
    ['all of one that was lost, where it is the first', [lost(3_000)], [], [lost(3_000)]],
    ['nothing of one that was won', [{ ...lost(3_000), state: 'won' as const }], [], []],
    [
      'one that is open, whoever has it as well',
      [{ ...lost(3_000), state: 'open' as const }],
      [of(0)],
      [{ ...lost(3_000), state: 'open' }],
    ],
    ['nothing of what an earlier one bears', [lost(3_000)], [of(3_000)], []],
    ['the rest of what an earlier one bears in part', [lost(4_000)], [of(1_000)], [lost(3_000)]],
    ['what is beyond the goods of an earlier one', [lost(5_000)], [of(5_000)], [lost(2_000)]],
    ['all of it, where an earlier one has come to nothing', [lost(3_000)], [of(3_000, { open: false })], [lost(3_000)]],
    ['nothing, where an earlier one has ended by it', [lost(3_000)], [of(3_000, { open: false, dueMinor: 3_000 })], []],
    [
      'nothing of what was paid twice: a person settles that',
      [lost(5_000)],
      [of(5_000, { open: false, dueMinor: 3_000, paidMinor: 3_000 })],
      [],
    ],
    [
      'of several what is left of each',
      [lost(2_000), lost(2_000, 'd2')],
      [
        of([
          ['d1', 2_000],
          ['d2', 2_000],
        ]),
      ],
      [lost(1_000, 'd2')],
    ],
  ])('%s', (_, known, earlier, borne) => {
    expect(disputesAtOpening(known, earlier)).toEqual(borne);
  });
});

it.each([
  ['the bank has decided since', ['d1 open'], ['d1 lost'], ['d1 lost']],
  ['it was for us', ['d1 open'], ['d1 won'], []],
  ['there is another', ['d1 won'], ['d1 won', 'd2 open'], ['d1 won', 'd2 open']],
  ['what it bears stays, whatever is remembered', ['d1 lost'], ['d1 open'], ['d1 lost']],
  ['one of before we remembered them stays', ['d1 open'], [], ['d1 open']],
])('what a return that goes on knows of disputes: %s', (_, own, known, after) => {
  const disputes = (words: readonly string[]) =>
    words.map((word) => {
      const [disputeId = '', state] = word.split(' ');
      return { disputeId, amountMinor: 1_000, state: state as 'open' | 'won' | 'lost' };
    });
  expect(disputesSince(disputes(own), disputes(known), [])).toEqual(disputes(after));
});

describe('a payment that was disputed before its return was opened', () => {
  const openedWith = (state: 'open' | 'lost', stage: 'refund_due' | 'awaiting_handover', options: PaperOptions = {}) =>
    paperCaseIn(stage, kettles, {
      ...options,
      changes: { paidMinor: 10_000, disputes: [{ disputeId: 'd1', amountMinor: 5_000, state }] },
    });

  it('is not refunded once more: what the bank took is paid', () => {
    const rma = openedWith('lost', 'refund_due');
    rma.settleDown();
    expect([rma.stage, rma.paid.length]).toEqual(['refunded', 0]);
  });
  it('is paid nothing in advance', () => {
    expect(openedWith('lost', 'awaiting_handover', instantRefund('approval')).state.money).toEqual([]);
  });
  it('waits for the bank, and its customer hears of that once', () => {
    const rma = openedWith('open', 'refund_due');
    rma.settleDown();
    expect([rma.stage, statesOf(rma)]).toEqual(['refund_due', ['refund dispute_hold']]);
    const notices = rma.state.errands?.flatMap((errand) => (errand.kind === 'notice' ? [errand.name] : []));
    expect(notices?.filter((name) => name === 'refund_disputed')).toHaveLength(1);
  });
});

describe('a refund that the provider refused, for the bank holds the money', () => {
  const refused = () => parkedFrom('refund_due', 'step_failed', 'payment_disputed: the bank holds the money');
  const dispute = { disputeId: 'd1', amountMinor: 5_000 };
  it('waits for the bank as soon as we are told, and ends by its word', () => {
    const rma = refused();
    rma.hear({ name: 'dispute_opened', eventId: 'e1', ...dispute, occurredAt: rma.now });
    rma.settleDown();
    expect([rma.stage, statesOf(rma), dueAtOf(rma.state)]).toEqual(['refund_due', ['refund dispute_hold'], expect.any(Number)]);
    rma.hear({ name: 'dispute_closed', eventId: 'e2', ...dispute, result: 'lost', occurredAt: rma.now });
    expect([rma.stage, rma.paid.length]).toEqual(['refunded', 0]);
  });
  it('is made by itself once the bank has found for us', () => {
    const rma = refused();
    rma.hear({ name: 'dispute_closed', eventId: 'e2', ...dispute, result: 'won', occurredAt: rma.now });
    rma.settleDown();
    rma.work('done');
    expect([rma.stage, rma.provider.balanceMinor]).toEqual(['refunded', 5_000]);
  });
  it('stays with the person who looks at another trouble', () => {
    const rma = parkedFrom('refund_due', 'step_failed', 'card_closed: The card account is closed');
    rma.hear({ name: 'dispute_opened', eventId: 'e1', ...dispute, occurredAt: rma.now });
    expect(rma.stage).toBe('needs_attention');
  });
});

it('a missing unit that turns up while a deduction is on offer is counted, and paid for with the rest', () => {
  const rma = paperCaseIn('in_transit', undefined, { reason: 'no_reason', channel: 'door_pickup' });
  const came = (parcelId: string, conditions: string[]) =>
    rma.give('record_reception', 'warehouse', {
      parcelId,
      scanNo: 1,
      units: conditions.map((condition) => ({ lineId: '1', quantity: 1, condition })),
    });
  came('P1', ['received', 'missing']);
  rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'D', disposition: 'liquidate' }] });
  rma.settleDown();
  const deductions = [{ lineId: '1', quantity: 1, amountMinor: 1_000 }];
  rma.give('settle_discrepancy', 'manager', { decision: 'deduct', ruleIds: ['uk.ccr.window'], deductions });
  expect(rma.stage).toBe('deduction_offered');
  expect(came('P2', ['received'])).toBeUndefined();
  rma.give('answer_proposal', 'customer', { answer: 'accept' });
  rma.work('done');
  expect([rma.stage, rma.provider.balanceMinor]).toEqual(['refunded', 4_000]);
});

it('the bank is sent proof of refunds, and of no charge', () => {
  const rma = paperCaseIn('recovering_advance');
  rma.work('done');
  const [advance, charge] = [rma.provider.refunds[0]!, rma.provider.charges[0]!];
  rma.hear({ name: 'dispute_opened', eventId: 'd1', disputeId: 'd1', amountMinor: 5_000, occurredAt: rma.now });
  const proofs = rma.state.errands?.flatMap((errand) => (errand.kind === 'dispute_proof' ? [errand.refundId] : []));
  expect(proofs).toEqual([advance.id]);
  expect(proofs).not.toContain(charge.id);
});
