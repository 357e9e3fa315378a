import { describe, expect, it } from 'vitest';
import type { AnyRules } from '../../domain/case.ts';
import { availableMoves } from '../../domain/moves.ts';
import type { Role } from '../../domain/permissions.ts';
import { currentLeg } from '../../domain/return-request.ts';
import { returnRules } from '../../domain/return.ts';
import { neverCame, ownWay } from './edges/words.ts';
import { allCounted, day, hour, kettles, paperCaseIn, parkedFrom, type PaperCase } from './paper-case.ts';

const rules = returnRules as unknown as AnyRules;
const last = (rma: PaperCase) => rma.told.at(-1)?.type;
const cancel = (rma: PaperCase) => rma.give('cancel_case', 'agent', {});
const claimed = () => {
  const rma = paperCaseIn('lost_suspected');
  rma.work('done');
  return rma;
};
const withdrawn = (rma: PaperCase) => (rma.state.errands ?? []).filter((errand) => errand.kind === 'claim_withdrawn');
const count = (rma: PaperCase, quantity = 2) =>
  rma.give('record_reception', 'warehouse', {
    parcelId: 'P1',
    scanNo: 1,
    units: [{ lineId: '1', quantity, condition: 'received' }],
  });

describe('the parcel that went out to the customer', () => {
  it('found and then delivered hands nothing over to us: the return that follows has a parcel of its own', () => {
    const rma = neverCame();
    rma.scan('found');
    rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
    rma.work('done');
    for (const code of ['in_transit', 'picked_up', 'delivered', 'returned_to_sender']) {
      rma.scan(code, { trackingNo: 'OUT1' });
      expect([rma.stage, last(rma)]).toEqual(['awaiting_handover', 'late_fact_noted']);
    }
    rma.scan('picked_up');
    expect(rma.stage).toBe('in_transit');
  });

  it('brought back to us has never reached the customer: it is paid, and the claim withdrawn', () => {
    const rma = neverCame();
    rma.work('done');
    rma.scan('returned_to_sender');
    expect([rma.stage, rma.state.lots[0]?.reception, rma.state.money[0]?.amountMinor]).toEqual([
      'refund_due',
      'lost_in_transit',
      5_000,
    ]);
    expect(withdrawn(rma)).toHaveLength(1);
  });
});

describe('a label that was replaced', () => {
  const relabelled = () => {
    const rma = paperCaseIn('awaiting_handover');
    rma.give('choose_channel', 'customer', { channel: 'drop_off', pointId: 'p1' });
    rma.work('done');
    return rma;
  };
  it('is voided, and what is said of it means nothing', () => {
    const rma = relabelled();
    expect(rma.state.legs?.map(({ trackingNo, voided }) => [trackingNo, voided])).toEqual([
      ['RT1', true],
      ['RT2', undefined],
    ]);
    rma.scan('lost', { trackingNo: 'RT1' });
    expect([rma.stage, last(rma)]).toEqual(['awaiting_handover', 'late_fact_noted']);
  });

  it('and travels all the same is the one that counts from then on: its loss is heard', () => {
    const rma = relabelled();
    rma.scan('picked_up', { trackingNo: 'RT1' });
    expect([rma.stage, currentLeg(rma.state)?.trackingNo, rma.state.shipment?.trackingNo]).toEqual(['in_transit', 'RT1', 'RT1']);
    expect(currentLeg(rma.state)?.voided).toBeUndefined();
    rma.wait(day);
    rma.scan('lost');
    expect(rma.stage).toBe('lost_suspected');
  });

  it('and is told by the customer is ours as well, no way of their own', () => {
    const rma = relabelled();
    rma.give('submit_tracking', 'customer', { carrier: 'main', trackingNo: 'RT1' });
    expect([rma.stage, currentLeg(rma.state)]).toMatchObject(['in_transit', { trackingNo: 'RT1', ours: true }]);
  });
});

describe('a failed pickup', () => {
  const fail = (rma: PaperCase, attempt?: number) => rma.scan('pickup_failed', { attempt });
  it('is booked again twice, then the customer drops the goods off', () => {
    const rma = paperCaseIn('awaiting_handover');
    for (const channel of ['door_pickup', 'door_pickup', 'drop_off']) {
      fail(rma);
      expect(rma.state.handover).toMatchObject({ channel });
      rma.work('done');
    }
    expect(rma.state.handover).toMatchObject({ failed: 3, wish: 3, arranged: 3 });
  });

  it('told twice is one', () => {
    const rma = paperCaseIn('awaiting_handover');
    fail(rma, 1);
    fail(rma, 1);
    expect([rma.state.handover?.failed, last(rma)]).toEqual([1, 'late_fact_noted']);
  });

  it('told once the parcel is on its way is noted, and nobody is told of it', () => {
    const rma = paperCaseIn('in_transit');
    const errands = rma.state.errands?.length;
    fail(rma);
    expect([last(rma), rma.state.errands?.length, rma.state.handover?.failed]).toEqual(['late_fact_noted', errands, 0]);
  });
});

describe('goods cancelled on their way', () => {
  it('go back once all of them are counted, in one count or in several', () => {
    for (const stage of ['in_transit', 'received'] as const) {
      const rma = paperCaseIn('in_transit');
      if (stage === 'received') rma.scan('delivered');
      rma.settleDown();
      cancel(rma);
      expect([rma.stage, rma.state.sendBack]).toEqual([stage, true]);
      count(rma, 1);
      rma.settleDown();
      expect(rma.stage).toBe('received');
      rma.give('record_reception', 'warehouse', {
        parcelId: 'P2',
        scanNo: 1,
        units: [{ lineId: '1', quantity: 1, condition: 'received' }],
      });
      rma.settleDown();
      expect([rma.stage, rma.state.lots]).toMatchObject(['sending_back', [{ quantity: 2, acceptance: 'rejected' }]]);
    }
  });

  it('of which nothing came leave a person something to decide, and nothing to send back', () => {
    const rma = paperCaseIn('in_transit');
    cancel(rma);
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state, 'missing') });
    rma.settleDown();
    expect(rma.stage).toBe('discrepancy');
  });

  it('and brought back to the customer end the case as cancelled', () => {
    const rma = paperCaseIn('in_transit');
    cancel(rma);
    rma.scan('returned_to_sender');
    rma.work('done');
    expect([rma.stage, rma.state.lots[0]?.reception]).toEqual(['cancelled', 'with_customer']);
    const notices = rma.state.errands?.flatMap((errand) => (errand.kind === 'notice' ? [errand.name] : []));
    expect(notices).not.toContain('parcel_back_to_you');
  });

  it('are not cancelled in a case of before goods could be sent back: the button is refused as ever', () => {
    const rma = paperCaseIn('in_transit', kettles, { edition: 1 });
    expect(cancel(rma)).toMatchObject({ code: 'not_offered' });
    rma.cancelFromOutside();
    expect(last(rma)).toBe('cancel_noted');
  });
});

describe('a parcel that goes back to the customer', () => {
  const onItsWay = () => {
    const rma = paperCaseIn('sending_back');
    rma.work('done');
    rma.scan('picked_up');
    return rma;
  };
  it('and comes back to us is no reason to pay: a person is asked, and lets it be sent once more, by one new label', () => {
    const rma = onItsWay();
    rma.scan('returned_to_sender');
    expect([rma.stage, rma.state.attention?.step, rma.state.money]).toEqual(['needs_attention', 'returned_to_sender', []]);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    for (let asked = 0; asked < 3; asked += 1) rma.work('done');
    expect(rma.state.legs?.filter((leg) => leg.kind === 'send_back')).toHaveLength(2);
    expect(rma.state.attention).toBeUndefined();
    rma.scan('delivered');
    expect(rma.stage).toBe('returned_to_customer');
  });

  it('is not lost, nor back, because of an old word on the parcel that came', () => {
    const rma = onItsWay();
    for (const code of ['lost', 'returned_to_sender', 'delivered']) {
      rma.scan(code, { trackingNo: 'RT1' });
      expect([rma.stage, last(rma)]).toEqual(['sending_back', 'late_fact_noted']);
    }
  });

  it('leaves with us what was accepted: only refused units travel', () => {
    const rma = paperCaseIn('received', kettles, { reason: 'no_reason' });
    const units = ['A', 'D'].map((grade) => ({ lineId: '1', quantity: 1, grade, disposition: 'restock' }));
    rma.give('record_inspection', 'warehouse', { units });
    rma.settleDown();
    rma.payEarly();
    rma.give('settle_discrepancy', 'agent', { decision: 'refuse_goods', ruleIds: ['uk.strr'] });
    rma.work('done');
    rma.scan('picked_up');
    expect(rma.state.lots.map((lot) => `${lot.reception} ${lot.acceptance}`).sort()).toEqual([
      'received accepted',
      'sent_back rejected',
    ]);
    rma.scan('delivered');
    expect([rma.stage, rma.provider.balanceMinor]).toEqual(['returned_to_customer', 2_500]);
  });
});

describe('a parcel given up as lost on our way', () => {
  it('that shows itself before the refund is sent is counted as paid for, and the claim is withdrawn once', () => {
    const rma = claimed();
    rma.wait(7 * day);
    expect([rma.stage, withdrawn(rma)]).toEqual(['refund_due', []]);
    rma.scan('in_transit');
    expect([rma.stage, withdrawn(rma).length]).toEqual(['refund_due', 1]);
    expect(count(rma)).toBeUndefined();
    expect([rma.stage, rma.state.lots[0], withdrawn(rma).length]).toMatchObject([
      'refund_due',
      { reception: 'received', acceptance: 'accepted' },
      1,
    ]);
    rma.work('done');
    expect([rma.stage, rma.provider.balanceMinor]).toEqual(['refunded', 5_000]);
  });

  it('keeps its claim when only an older scan comes late', () => {
    const rma = claimed();
    rma.wait(7 * day);
    rma.scan('in_transit', { occurredAt: rma.now - 20 * day });
    expect(withdrawn(rma)).toEqual([]);
  });

  it.each<[string, () => PaperCase, number]>([
    ['on its way to us', () => paperCaseIn('in_transit'), 60 * hour],
    [
      'on its way back',
      () => {
        const rma = paperCaseIn('sending_back');
        rma.work('done');
        rma.scan('in_transit');
        return rma;
      },
      24 * hour,
    ],
  ])('%s is declared lost by an agent only once its clock has warned, by a manager at any time', (_, given, firstWarning) => {
    const rma = given();
    rma.wait(firstWarning - 1);
    const { stage } = rma;
    const from = new Date(rma.now + 1).toISOString();
    expect(rma.give('declare_lost', 'agent', {})).toMatchObject({
      code: 'manager_required',
      message: expect.stringContaining(from) as string,
    });
    expect(rma.stage).toBe(stage);
    rma.wait(1);
    expect(rma.give('declare_lost', 'agent', {})).toBeUndefined();
    expect(rma.stage).not.toBe(stage);
    const atOnce = given();
    expect(atOnce.give('declare_lost', 'manager', {})).toBeUndefined();
    expect(atOnce.stage).not.toBe(stage);
  });

  it('that moves again waits anew for its agent', () => {
    const rma = paperCaseIn('in_transit');
    rma.wait(60 * hour);
    rma.scan('in_transit');
    expect(rma.give('declare_lost', 'agent', {})).toMatchObject({ code: 'manager_required' });
  });

  it('above an agent’s limit is declared lost by a manager', () => {
    const rma = paperCaseIn('lost_suspected', [{ lineId: '1', quantity: 1, unitPriceMinor: 100_001 }]);
    expect(rma.give('declare_lost', 'agent', {})).toMatchObject({ code: 'manager_required' });
    expect(rma.give('declare_lost', 'manager', {})).toBeUndefined();
    expect(rma.stage).toBe('refund_due');
  });
});

describe('worn goods that were returned without a reason', () => {
  const deduct = (rma: PaperCase, role: Role, deductions?: object[]) =>
    rma.give('settle_discrepancy', role, { decision: 'deduct', ruleIds: ['uk.ccr.window'], deductions });
  const kept = (amountMinor: number, quantity = 1) => [{ lineId: '1', quantity, amountMinor }];

  it.each([
    ['one minor unit of it', 'agent', kept(1), 'manager_required'],
    ['all but what may be waived and one', 'agent', kept(4_499, 2), 'manager_required'],
    ['all but what may be waived', 'agent', kept(4_500, 2), undefined],
    ['all of it', 'agent', undefined, undefined],
    ['one minor unit of it', 'manager', kept(1), undefined],
  ] as const)('are not let pass above an agent’s limit by keeping %s (%s)', (_, role, deductions, code) => {
    const rma = paperCaseIn('discrepancy');
    expect(deduct(rma, role, deductions)?.code).toBe(code);
    expect(rma.stage).toBe(code ? 'discrepancy' : 'deduction_offered');
  });
});

describe('what is kept', () => {
  const lines = [
    { lineId: '1', quantity: 1, unitPriceMinor: 2_950 },
    { lineId: '2', quantity: 3, unitPriceMinor: 500 },
  ];
  const deduct = (rma: PaperCase, ...items: [string, number, number][]) =>
    rma.give('settle_discrepancy', 'manager', {
      decision: 'deduct',
      ruleIds: ['uk.ccr.window'],
      deductions: items.map(([lineId, quantity, amountMinor]) => ({ lineId, quantity, amountMinor })),
    });

  it('of a line is no more than its units, however often it is named', () => {
    const rma = paperCaseIn('discrepancy', lines);
    expect(deduct(rma, ['2', 3, 1_500], ['2', 3, 1_500], ['1', 1, 1_450])).toMatchObject({
      code: 'over_limit',
      pointer: '/deductions/1/quantity',
    });
    expect(deduct(rma, ['2', 1, 500], ['2', 2, 700], ['1', 1, 1_450])).toBeUndefined();
  });

  it('is kept of goods that are in question alone', () => {
    const rma = paperCaseIn('received', lines, { reason: 'no_reason' });
    const found = (lineId: string, quantity: number, is: string) => ({ lineId, quantity, grade: is, disposition: 'restock' });
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state) });
    rma.give('record_inspection', 'warehouse', { units: [found('1', 1, 'A'), found('2', 3, 'D')] });
    rma.settleDown();
    expect(rma.stage).toBe('discrepancy');
    expect(deduct(rma, ['1', 1, 1_500])).toMatchObject({ code: 'over_limit', pointer: '/deductions/0/quantity' });
    expect(deduct(rma, ['2', 3, 1_500])).toBeUndefined();
  });
});

it('a parcel lost on the customer’s own way, and found, is looked at before it is paid', () => {
  const rma = ownWay();
  rma.wait(12 * day);
  expect([rma.stage, rma.state.lots[0]]).toMatchObject(['discrepancy', { reception: 'lost_in_transit', risk: 'customer' }]);
  count(rma);
  expect(rma.state.lots[0]?.acceptance).toBeUndefined();
  rma.give('record_inspection', 'warehouse', {
    units: [{ lineId: '1', quantity: 2, grade: 'A', disposition: 'restock' }],
  });
  rma.work('done');
  rma.work('done');
  expect([rma.stage, rma.provider.balanceMinor]).toEqual(['refunded', 5_000]);
});

describe('a parcel at the customs', () => {
  it('is held once, however often it is said', () => {
    const rma = paperCaseIn('in_transit');
    rma.scan('customs_held');
    const { hold } = rma.state;
    rma.wait(day);
    rma.scan('customs_held');
    expect([last(rma), rma.state.hold]).toEqual(['late_fact_noted', hold]);
  });

  it('and then at the dock is held no more', () => {
    const rma = paperCaseIn('in_transit');
    rma.scan('customs_held');
    rma.scan('delivered');
    expect([rma.stage, rma.state.hold]).toEqual(['received', undefined]);
  });
});

it('goods that come while a person is asked about taking back are sent back before the case ends', () => {
  const rma = paperCaseIn('unwinding');
  rma.work('refused');
  expect(rma.stage).toBe('needs_attention');
  count(rma);
  rma.give('resolve_attention', 'agent', { verb: 'retry' });
  rma.work('done');
  expect(rma.stage).toBe('sending_back');
  rma.work('done');
  rma.scan('delivered');
  expect([rma.stage, rma.state.lots[0]]).toMatchObject(['returned_to_customer', { reception: 'with_customer' }]);
});

it('goods that come while a case of before is taken back stay where they are, as ever', () => {
  const rma = paperCaseIn('awaiting_handover', kettles, { edition: 1 });
  rma.give('withdraw_case', 'customer', {});
  rma.work('refused');
  count(rma);
  rma.give('resolve_attention', 'agent', { verb: 'retry' });
  rma.work('done');
  expect([rma.stage, rma.state.lots[0]?.reception]).toEqual(['withdrawn', 'received']);
});

it('a case that is parked does not leave on a scan, but its goods are counted', () => {
  const rma = parkedFrom('authorized');
  rma.scan('delivered', { trackingNo: 'RT1' });
  expect(rma.stage).toBe('needs_attention');
  count(rma);
  expect(rma.state.lots[0]?.reception).toBe('received');
});

const takenBack = (): PaperCase => {
  const rma = paperCaseIn('awaiting_handover');
  rma.give('withdraw_case', 'customer', {});
  rma.work('done');
  return rma;
};

it('a parcel that comes after the customer has withdrawn is here: silence accepts what it holds', () => {
  const rma = takenBack();
  rma.record({ type: 'reopened', by: { id: 'carrier', role: 'partner' }, result: 'received', cause: 'parcel_scanned' });
  expect(rma.state.lots).toMatchObject([{ reception: 'in_transit' }]);
  rma.record({ type: 'accepted_as_is', by: { id: 'mendline', role: 'system' } });
  expect([rma.stage, rma.state.lots[0]]).toMatchObject(['refund_due', { reception: 'received', acceptance: 'accepted' }]);
});

it('a case that a person reopens at the dock leaves with the customer what was never sent', () => {
  const rma = takenBack();
  rma.record({ type: 'reopened', by: { id: 'manager-1', role: 'manager' }, result: 'received', cause: 'it came' });
  expect(rma.state.lots).toMatchObject([{ reception: 'with_customer' }]);
});

describe('a return that is cancelled, and whose goods nobody counts', () => {
  const cancelledAtTheDock = (): PaperCase => {
    const rma = paperCaseIn('in_transit');
    rma.scan('delivered');
    cancel(rma);
    return rma;
  };

  it('sends them back and pays nothing', () => {
    const rma = cancelledAtTheDock();
    rma.wait(10 * day);
    rma.work('done');
    rma.scan('delivered');
    expect([rma.stage, rma.paid.length, rma.state.lots[0]?.reception]).toEqual(['returned_to_customer', 0, 'with_customer']);
  });
  it('sends back what was counted; what was not has not come', () => {
    const rma = cancelledAtTheDock();
    count(rma, 1);
    rma.wait(10 * day);
    expect([rma.stage, rma.state.lots.map((lot) => lot.reception).toSorted()]).toEqual([
      'sending_back',
      ['received', 'short_shipped'],
    ]);
  });
  it('offers no second cancel', () => {
    expect(availableMoves(rules, cancelledAtTheDock().state, 'agent')).not.toContain('cancel_case');
  });
});

it('a parcel that turns up after goods were to be sent again makes a person look at that first', () => {
  const rma = paperCaseIn('awaiting_handover');
  rma.state = { ...rma.state, stage: 'converted' };
  rma.record({ type: 'reopened', by: { id: 'carrier', role: 'partner' }, result: 'received', cause: 'parcel_scanned' });
  expect(rma.state.errands?.at(-1)).toMatchObject({ kind: 'task', what: 'successor_in_doubt' });
});
