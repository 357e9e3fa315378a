import { describe, expect, it } from 'vitest';
import { noticeNeeds, type NoticeName } from '../../domain/notices.ts';
import { dueAtOf } from '../../domain/deadlines.ts';
import { mendline } from '../../domain/permissions.ts';
import { ownWay } from './edges/words.ts';
import { count, day, grade, hour, instantRefund, kettles, PaperCase, paperCaseIn } from './paper-case.ts';

const told = (rma: PaperCase, name: NoticeName) => {
  const notice = rma.state.errands?.findLast((errand) => errand.kind === 'notice' && errand.name === name);
  return notice?.kind === 'notice' ? notice.params : undefined;
};

describe('the date in a notice', () => {
  it('of a hold is when the hold ends by itself, though the stage’s clock stands still', () => {
    const rma = paperCaseIn('under_review');
    rma.give('hold_case', 'agent', { reason: 'linked_case' });
    expect([dueAtOf(rma.state), told(rma, 'on_hold')?.dueAt]).toEqual([undefined, rma.now + 14 * day]);
  });

  it('of an escalation is when a manager decides, and then when the customer hears again', () => {
    const rma = paperCaseIn('under_review');
    rma.give('request_escalation', 'customer', { cause: 'no_progress' });
    expect(told(rma, 'escalation_received')?.dueAt).toBe(rma.now + 4 * hour);
    rma.give('decide_escalation', 'manager', { verdict: 'grant' });
    rma.give('hold_case', 'agent', { reason: 'linked_case' });
    rma.wait(day);
    expect(told(rma, 'escalation_progress')?.dueAt).toBe(rma.now + day);
  });
});

it('says whether the customer has asked for more attention, or we have', () => {
  const asked = (role: 'customer' | 'agent') => {
    const rma = paperCaseIn('under_review');
    rma.give('request_escalation', role, { cause: 'no_progress' });
    return told(rma, 'escalation_received');
  };
  expect(asked('customer')?.variant).toBeUndefined();
  expect(asked('agent')?.variant).toBe('by_us');
});

describe('the amount in a notice', () => {
  it('of a deduction is what is refunded, beside what is kept', () => {
    const rma = paperCaseIn('deduction_offered');
    expect(told(rma, 'deduction_offered')).toMatchObject({ amountMinor: 4_400, deductionMinor: 600 });
    rma.wait(5 * day);
    expect(told(rma, 'deduction_applied')).toMatchObject({ amountMinor: 4_400, deductionMinor: 600, ruleIds: ['uk.strr'] });
  });

  it('of a second attempt to refund is that of the attempt, not of both', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.providerSays('failed');
    expect(told(rma, 'refund_delayed')?.amountMinor).toBe(5_000);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('done', { pending: true });
    expect(told(rma, 'refund_sent')?.amountMinor).toBe(5_000);
  });

  it('of a recovery is what was paid back or given up', () => {
    const rma = paperCaseIn('recovering_advance');
    expect(told(rma, 'recovery_due')?.amountMinor).toBe(5_000);
    rma.work('done');
    expect(told(rma, 'recovered')?.amountMinor).toBe(5_000);
  });
});

const settled = (rma: PaperCase, decision: string, more: object = {}) =>
  rma.give('settle_discrepancy', 'manager', { decision, ruleIds: ['uk.strr'], ...more });
const keeping = (amountMinor: number) => ({ deductions: [{ lineId: '1', quantity: 1, amountMinor }] });
const advanced = { reason: 'no_reason', ...instantRefund('first_scan') } as const;
/** Withdrawn before anything was sent, with the whole sum in hand. */
const keptGoods = () => {
  const rma = paperCaseIn('awaiting_handover', kettles, { ...advanced, ...instantRefund('approval') });
  rma.give('withdraw_case', 'customer', {});
  rma.work('done');
  return rma;
};
const overpaid = () => {
  const rma = paperCaseIn('discrepancy', kettles, advanced);
  settled(rma, 'deduct', keeping(600));
  rma.give('answer_proposal', 'customer', { answer: 'accept' });
  rma.settleDown();
  return rma;
};

describe('an advance that is asked back', () => {
  it.each<[string, () => PaperCase, string | undefined, number]>([
    ['with the goods, while the customer has them', keptGoods, undefined, 5_000],
    ['alone, and the goods go back, where we do not take them', () => paperCaseIn('recovering_advance'), 'goods_go_back', 5_000],
    ['alone, where the goods stay with us', overpaid, 'money_only', 600],
  ])('is asked %s', (_, given, variant, amountMinor) => {
    const rma = given();
    expect(told(rma, 'recovery_due')).toMatchObject({ variant, amountMinor });
    rma.wait(3 * day);
    expect(told(rma, 'recovery_reminder')).toMatchObject({ variant, amountMinor });
  });

  it.each<[string, () => PaperCase, string, string]>([
    ['the goods stay with the customer', keptGoods, 'withdrawn', 'goods_stay'],
    ['the goods go back', () => paperCaseIn('recovering_advance'), 'sending_back', 'goods_go_back'],
    ['nothing follows', overpaid, 'refunded', 'closed'],
  ])('is settled with a word of what follows: %s', (_, given, stage, variant) => {
    const [paid, given_up] = [given(), given()];
    const { amountMinor } = told(paid, 'recovery_due')!;
    paid.work('done');
    expect([paid.stage, told(paid, 'recovered')]).toMatchObject([stage, { variant, amountMinor }]);
    given_up.give('write_off', 'manager', {});
    expect([given_up.stage, told(given_up, 'recovery_written_off')]).toMatchObject([stage, { variant, amountMinor }]);
  });
});

describe('a refund', () => {
  it('that a person paid names that sum, and not what was paid before it', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('refused');
    rma.give('resolve_attention', 'manager', { verb: 'override', result: 'refunded', proofIds: ['transfer-1'] });
    expect([rma.stage, told(rma, 'refunded')]).toMatchObject(['refunded', { variant: 'by_hand', amountMinor: 5_000 }]);
  });

  it('of the rest names the rest, and all payments together', () => {
    const rma = partlyPaid();
    settled(rma, 'waive');
    rma.work('done');
    expect(told(rma, 'part_refunded')?.amountMinor).toBe(2_500);
    expect(told(rma, 'refunded')).toMatchObject({ variant: 'total', amountMinor: 2_500, totalMinor: 5_000 });
    const byHand = partlyPaid();
    settled(byHand, 'waive');
    byHand.work('refused');
    byHand.give('resolve_attention', 'manager', { verb: 'override', result: 'refunded', proofIds: ['transfer-1'] });
    expect(told(byHand, 'refunded')).toMatchObject({ variant: 'by_hand', amountMinor: 2_500 });
  });

  it('that was paid in advance is not told as paid once more', () => {
    const rma = paperCaseIn('received', kettles, advanced);
    grade(rma);
    rma.settleDown();
    expect([rma.stage, told(rma, 'refunded')]).toMatchObject(['refunded', { variant: 'paid_before', amountMinor: 5_000 }]);
  });
});

/** One of two kettles is worn; the other one is paid for. */
const partlyPaid = () => {
  const rma = paperCaseIn('received', kettles, { reason: 'no_reason' });
  const unit = { lineId: '1', quantity: 1, disposition: 'restock' };
  const units = [
    { ...unit, grade: 'A' },
    { ...unit, grade: 'D' },
  ];
  rma.give('record_inspection', 'warehouse', { units });
  rma.settleDown();
  rma.payEarly();
  return rma;
};

describe('a deduction', () => {
  it.each<[string, () => PaperCase, number, object]>([
    [
      'what is still to be paid, beside what was',
      partlyPaid,
      600,
      { variant: 'part_paid', amountMinor: 1_900, paidMinor: 2_500 },
    ],
    ['that nothing is left to be paid', partlyPaid, 2_500, { variant: 'all_paid', amountMinor: 0, paidMinor: 2_500 }],
    [
      'what is to be paid back',
      () => paperCaseIn('discrepancy', kettles, advanced),
      600,
      { variant: 'owes_back', amountMinor: 600, paidMinor: 5_000 },
    ],
  ])('says %s', (_, given, amountMinor, facts) => {
    const rma = given();
    settled(rma, 'deduct', keeping(amountMinor));
    expect(told(rma, 'deduction_offered')).toMatchObject({ deductionMinor: amountMinor, ...facts });
    rma.wait(5 * day);
    expect(told(rma, 'deduction_applied')).toMatchObject({ deductionMinor: amountMinor, ...facts });
  });
});

describe('goods that arrive', () => {
  const fee = { verdict: { fees: [{ ruleId: 'merchant.fee', amountMinor: 300 }] } };
  it.each<[string, () => PaperCase, object]>([
    ['promise the refund', () => paperCaseIn('received'), { amountMinor: 5_000 }],
    [
      'promise nothing where all was advanced',
      () => paperCaseIn('received', kettles, advanced),
      { variant: 'all_paid', paidMinor: 5_000 },
    ],
    [
      'promise what is left, where less was advanced',
      () => {
        const rma = paperCaseIn('in_transit', kettles, advanced);
        rma.state = { ...rma.state, money: rma.state.money.map((line) => ({ ...line, amountMinor: 4_000 })) };
        count(rma);
        return rma;
      },
      { variant: 'part_paid', amountMinor: 1_000, paidMinor: 4_000 },
    ],
    [
      'promise no fee that is kept',
      () => {
        const rma = new PaperCase(kettles, advanced);
        rma.work('done', fee);
        rma.work('done');
        rma.scan('picked_up');
        rma.payEarly();
        count(rma);
        return rma;
      },
      { variant: 'all_paid', paidMinor: 4_700 },
    ],
    [
      'go back, where the return was cancelled on its way',
      () => {
        const rma = paperCaseIn('in_transit');
        rma.give('cancel_case', 'agent', {});
        count(rma);
        return rma;
      },
      { variant: 'goods_go_back' },
    ],
  ])('%s', (_, given, facts) => {
    expect(told(given(), 'goods_received')).toMatchObject(facts);
  });

  it('and are cancelled at the dock are told as cancelled, those cancelled before as sent back', () => {
    const here = paperCaseIn('received');
    here.give('cancel_case', 'agent', {});
    expect(told(here, 'sending_back')).toMatchObject({ variant: 'cancelled' });
    const before = paperCaseIn('in_transit');
    before.give('cancel_case', 'agent', {});
    count(before);
    before.settleDown();
    expect(told(before, 'sending_back')).toMatchObject({ variant: undefined });
  });
});

it('a pickup that is booked with the label is told with its time and the last day, and a later one as moved', () => {
  const rma = paperCaseIn('awaiting_handover');
  expect(told(rma, 'pickup_booked')).toMatchObject({ slotAt: rma.state.shipment!.pickupAt, dueAt: dueAtOf(rma.state) });
  rma.give('reschedule_pickup', 'customer', { slotId: 's2' });
  rma.work('done');
  expect(told(rma, 'pickup_moved')).toMatchObject({ slotAt: rma.state.shipment!.pickupAt });
  expect(rma.state.errands?.filter((one) => one.kind === 'notice' && one.name === 'pickup_booked')).toHaveLength(1);
});

it('a parcel lost on the customer’s own way promises no money; one on ours the sum that is due now', () => {
  const own = ownWay();
  own.wait(12 * day);
  expect(told(own, 'parcel_lost')).toMatchObject({ amountMinor: undefined });
  const ours = paperCaseIn('lost_suspected');
  ours.now += 1;
  ours.scan('lost');
  expect(told(ours, 'parcel_lost')).toMatchObject({ amountMinor: 5_000 });
});

it('a part that is paid early is told once, though the provider’s word and its answer both tell of it', () => {
  const rma = paperCaseIn('in_transit', kettles, instantRefund('first_scan'));
  rma.payEarly();
  const { intent, providerId } = rma.state.money[0]!;
  rma.record({ type: 'refund_settled', by: mendline, intent, providerId });
  expect(rma.state.errands?.filter((one) => one.kind === 'notice' && one.name === 'refund_sent')).toHaveLength(1);
});

it('an advance asks for the goods by their date, unless they are on their way already', () => {
  const early = paperCaseIn('awaiting_handover', kettles, instantRefund('approval'));
  expect(told(early, 'refund_sent')).toBeDefined(); // paid while the label was being made
  const late = paperCaseIn('in_transit', kettles, instantRefund('first_scan'));
  late.payEarly();
  expect([told(late, 'instant_refund_paid'), told(late, 'refund_sent')?.amountMinor]).toEqual([undefined, 5_000]);
});

it('every notice of a return on its many roads has what its words need', () => {
  const needs = noticeNeeds as Readonly<Record<string, readonly string[]>>;
  const always = ['rmaNo', 'orderId'];
  const field: Readonly<Record<string, string>> = { amount: 'amountMinor', deduction: 'deductionMinor', slot: 'slotAt' };
  for (const stage of [
    'awaiting_customer',
    'negotiating',
    'lost_suspected',
    'deduction_offered',
    'sending_back',
    'recovering_advance',
    'refund_due',
    'unwinding',
  ] as const) {
    const rma = paperCaseIn(stage);
    for (let step = 0; step < 4 && !rma.ended; step += 1) {
      rma.work('done');
      rma.wait(3 * day);
    }
    for (const errand of rma.state.errands ?? []) {
      if (errand.kind !== 'notice') continue;
      const params = errand.params as Readonly<Record<string, unknown>>;
      for (const need of needs[errand.name]!)
        if (!always.includes(need)) expect([errand.name, need, params[field[need] ?? need]]).not.toContain(undefined);
    }
  }
});

describe('units that are missing', () => {
  const offeredBySilence = (rma = paperCaseIn('awaiting_handover', kettles)) => {
    const came = (condition: string, quantity: number) => ({ lineId: '1', quantity, condition });
    const units = [came('received', 1), came('missing', 1)];
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] });
    while (rma.stage !== 'deduction_offered' && (rma.settleDown(), rma.work('done'), rma.ring()));
    return rma;
  };

  it('are kept from the refund, and the offer says how much that is', () => {
    const rma = offeredBySilence();
    expect(rma.stage).toBe('deduction_offered');
    expect(told(rma, 'deduction_offered')).toMatchObject({ deductionMinor: 2_500 });
  });
  it('are kept by a rule that customers can read, and not by the clock of a stage', () => {
    const rma = offeredBySilence();
    rma.wait(5 * day);
    const { ruleIds = [], deductionMinor } = told(rma, 'deduction_applied') ?? {};
    expect(deductionMinor).toBe(2_500);
    expect(ruleIds).not.toEqual([]);
    expect(ruleIds.filter((ruleId) => ruleId.startsWith('sla.'))).toEqual([]);
  });
  it('are kept by the clock of a stage where no rules were asked: the customer is told nonetheless', () => {
    const unjudged = new PaperCase(kettles);
    unjudged.work('timed_out');
    unjudged.wait(2 * day);
    unjudged.work('done');
    const rma = offeredBySilence(unjudged);
    rma.wait(5 * day);
    expect(told(rma, 'deduction_applied')?.ruleIds).toEqual(['sla.48h']);
  });
});

describe('a hold', () => {
  it.each([
    ['under_review', undefined],
    ['awaiting_handover', 'clock_runs'],
  ] as const)('in %s promises time only where the clock of the stage stands still', (stage, variant) => {
    const rma = paperCaseIn(stage);
    rma.give('hold_case', 'agent', { reason: 'linked_case' });
    expect(told(rma, 'on_hold')?.variant).toBe(variant);
    rma.give('resume_case', 'agent', {});
    expect(told(rma, 'hold_over')?.variant).toBe(variant);
  });
});

describe('a cancellation while the goods are away from the customer', () => {
  it.each([
    ['on their way', false, undefined],
    ['at the dock, and not counted yet', true, 'arrived'],
  ] as const)('%s says where they are', (_, delivered, variant) => {
    const rma = paperCaseIn('in_transit');
    if (delivered) rma.scan('delivered');
    rma.give('cancel_case', 'agent', {});
    expect(told(rma, 'cancelled_on_its_way')?.variant).toBe(variant);
  });
});
