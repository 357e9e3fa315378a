import { describe, expect, it } from 'vitest';
import { nextMilestone } from '../../domain/deadlines.ts';
import { conditions, countable, expected } from '../../domain/goods.ts';
import { count, grade, instantRefund, paperCaseIn, PaperCase, type PaperOptions } from './paper-case.ts';

// Orders of messages that once broke a rule, each shortened to what it takes. What must hold of every order is return.property.test.ts.

const disputes = (rma: PaperCase, id = 'dp_1') => {
  const told = { disputeId: id, amountMinor: rma.state.paidMinor, occurredAt: rma.now };
  return {
    opens: () => rma.hear({ name: 'dispute_opened', eventId: `${id}/opened`, ...told }),
    isLost: (amountMinor = told.amountMinor) =>
      rma.hear({ name: 'dispute_closed', eventId: `${id}/lost`, ...told, amountMinor, result: 'lost' }),
  };
};
const clockOf = (rma: PaperCase, stage: string) => rma.state.clocks.find((clock) => clock.stage === stage && clock.running);
const statesOf = (rma: PaperCase) => rma.state.money.map(({ intent, state }) => `${intent} ${state}`);
/** Money went out before the goods were seen, and the goods do not come as agreed. */
const advanced: PaperOptions = { reason: 'no_reason', ...instantRefund('first_scan') };

describe('a refund that waits for somebody else has a deadline', () => {
  it('when the payment was disputed before the refund became due', () => {
    const rma = new PaperCase();
    disputes(rma).opens();
    rma.work('done', { assessed: 'accepted_without_return' });
    expect(statesOf(rma)).toEqual(['refund dispute_hold']);
    expect(nextMilestone(rma.state)?.clockId).toMatch(/^refund_due#/);
  });

  it('when a part that was paid early is still under way', () => {
    const rma = paperCaseIn('in_transit', undefined, instantRefund('delivery'));
    rma.scan('delivered');
    rma.payEarly('done', true);
    count(rma);
    grade(rma);
    rma.settleDown();
    expect(rma.stage).toBe('refund_due');
    expect(nextMilestone(rma.state)?.clockId).toMatch(/^refund_due#/);
  });
});

describe('a dispute that is lost', () => {
  it('without a word that it was opened calls off what was not sent yet, instead of stopping the case', () => {
    const rma = paperCaseIn('refund_due');
    expect(statesOf(rma)).toEqual(['refund due']);
    disputes(rma).isLost();
    rma.settleDown();
    expect(statesOf(rma)).toEqual(['refund cancelled']);
    expect(rma.stage).toBe('refunded');
  });

  it('while another one is open calls off what it has paid', () => {
    const rma = paperCaseIn('refund_due');
    disputes(rma, 'dp_1').opens();
    disputes(rma, 'dp_2').opens();
    disputes(rma, 'dp_1').isLost(1_000);
    rma.settleDown();
    expect(statesOf(rma)).toEqual(['refund cancelled', 'refund/2 dispute_hold']);
    expect(rma.state.money[1]!.amountMinor).toBe(4_000);
  });
});

describe('while the customer is waited for, our own clock stands still', () => {
  it.each(['awaiting_customer', 'negotiating'] as const)('also when a hold in %s ends before the answer', (stage) => {
    const rma = paperCaseIn(stage);
    rma.give('hold_case', 'agent', { reason: 'customs' });
    rma.give('resume_case', 'agent', {});
    expect(rma.stage).toBe(stage);
    expect(clockOf(rma, 'under_review')?.pausedAt).toBeDefined();
    rma.ring();
    while (rma.stage === stage) rma.ring();
    expect(clockOf(rma, 'under_review')?.pausedAt).toBeUndefined();
  });
});

describe('what an advance has to do with its recovery', () => {
  const lost = () => {
    const rma = paperCaseIn('discrepancy', undefined, advanced);
    rma.give('settle_discrepancy', 'agent', { decision: 'refuse_goods', ruleIds: ['uk.strr'] });
    return rma;
  };

  it('an advance that is still under way is not charged back', () => {
    const rma = paperCaseIn('in_transit', undefined, instantRefund('delivery'));
    rma.scan('delivered');
    rma.payEarly('done', true);
    count(rma);
    rma.give('cancel_case', 'agent', {});
    rma.work('done');
    expect(rma.stage).toBe('recovering_advance');
    expect(rma.provider.charges).toEqual([]);
    rma.providerSays('succeeded');
    rma.work('done');
    expect(rma.provider.charges).toHaveLength(1);
    expect(rma.stage).toBe('sending_back');
  });

  it('one that fails after it was charged back is paid again before the case ends', () => {
    const rma = lost();
    rma.payEarly();
    rma.work('done', { pending: true });
    rma.providerSays('failed', 're_1');
    rma.settleDown();
    expect(rma.stage, 'the charge is under way').toBe('recovering_advance');
    rma.providerSays('succeeded', 'ch_1');
    rma.work('done');
    expect(rma.stage).toBe('sending_back');
    rma.scan('delivered');
    rma.work('done');
    expect(rma.stage).toBe('refunded');
    expect(rma.provider.balanceMinor).toBe(0);
  });

  it('cannot be paid another way while a charge is under way', () => {
    const rma = lost();
    rma.payEarly();
    rma.work('done', { pending: true });
    expect(rma.give('pay_balance', 'agent', { proofIds: ['proof-1'] })?.code).toBe('not_offered');
    rma.providerSays('failed');
    expect(rma.give('pay_balance', 'agent', { proofIds: ['proof-1'] })).toBeUndefined();
  });

  it('a charge under way outlives no end: goods that come late are paid once its answer is there', () => {
    const rma = paperCaseIn('awaiting_handover', undefined, instantRefund('approval'));
    rma.payEarly();
    while (rma.stage === 'awaiting_handover') rma.ring();
    rma.work('done');
    rma.work('done', { pending: true });
    expect(rma.stage).toBe('recovering_advance');
    count(rma);
    grade(rma);
    rma.settleDown();
    expect(rma.stage).toBe('refund_due');
    expect(nextMilestone(rma.state)).toBeDefined();
    rma.providerSays('succeeded', 'ch_1');
    rma.work('done');
    expect(rma.stage).toBe('refunded');
    expect(rma.provider.balanceMinor).toBe(5_000);
  });

  it('one of which a part is owed back, and which then fails, is paid as far as it is due', () => {
    const rma = paperCaseIn('deduction_offered', undefined, advanced);
    rma.payEarly();
    rma.give('answer_proposal', 'customer', { answer: 'accept' });
    rma.settleDown();
    expect(rma.stage).toBe('recovering_advance');
    rma.providerSays('failed', 're_1');
    rma.work('done');
    rma.work('done');
    expect(rma.stage).toBe('refunded');
    expect(rma.provider.balanceMinor).toBe(4_400);
  });
});

describe('goods that were refused while their advance is still out', () => {
  const refused = () => {
    const rma = paperCaseIn('recovering_advance', undefined, { ...advanced, channel: 'door_pickup' });
    rma.work('refused');
    return rma;
  };

  it('go back though the carrier’s word of their arrival comes only now', () => {
    const rma = refused();
    rma.scan('delivered');
    rma.settleDown();
    expect([rma.stage, rma.told.at(-1)!.type]).toEqual(['recovering_advance', 'late_fact_noted']);
    rma.give('pay_balance', 'manager', { proofIds: ['proof-1'] });
    expect(rma.stage).toBe('sending_back');
  });

  it('go back after the rest has come late and is in order', () => {
    const rma = paperCaseIn('in_transit', undefined, { ...advanced, channel: 'door_pickup' });
    const came = (parcelId: string, conditions: string[]) =>
      rma.give('record_reception', 'warehouse', {
        parcelId,
        scanNo: 1,
        units: conditions.map((condition) => ({ lineId: '1', quantity: 1, condition })),
      });
    const isGraded = (found: string) =>
      rma.give('record_inspection', 'warehouse', {
        units: [{ lineId: '1', quantity: 1, grade: found, disposition: 'liquidate' }],
      });
    came('P1', ['received', 'missing']);
    isGraded('D');
    rma.settleDown();
    rma.give('settle_discrepancy', 'manager', { decision: 'refuse_goods', ruleIds: ['uk.strr'] });
    rma.work('refused');
    expect(rma.stage).toBe('recovering_advance');
    came('P2', ['received']);
    expect(rma.stage).toBe('received');
    isGraded('A');
    rma.settleDown();
    expect(rma.stage, 'one of two is paid for').toBe('recovering_advance');
    rma.give('pay_balance', 'manager', { proofIds: ['proof-1'] });
    expect(rma.stage).toBe('sending_back');
    rma.work('done');
    rma.scan('delivered');
    rma.settleDown();
    expect(rma.stage).toBe('returned_to_customer');
    expect(statesOf(rma)).toContain('advance settled');
  });

  it('are paid for when a person says in the place of the label that they are lost', () => {
    const rma = paperCaseIn('sending_back', undefined, { channel: 'door_pickup' });
    rma.work('refused');
    const proofIds = ['proof-1'];
    for (const id of ['manager-1', 'manager-2'])
      rma.give('resolve_attention', 'manager', { verb: 'override', result: 'presumed_lost', proofIds }, { id });
    rma.work('done');
    expect(rma.stage).toBe('refunded');
    expect(rma.provider.balanceMinor).toBe(5_000);
  });
});

describe('a refund', () => {
  it('of which another sum was told is not sent once more: a person looks, and the first stays under way', () => {
    const rma = paperCaseIn('refund_due');
    rma.work('done', { pending: true });
    rma.hear({ name: 'refund_settled', eventId: 'e1', refundId: 're_1', amountMinor: 4_999, occurredAt: rma.now });
    expect(rma.stage).toBe('needs_attention');
    rma.give('resolve_attention', 'manager', { verb: 'retry' });
    rma.work('done');
    expect(statesOf(rma)).toEqual(['refund sent']);
    expect(rma.paid).toHaveLength(1);
    expect(nextMilestone(rma.state)).toBeDefined();
    rma.hear({ name: 'refund_settled', eventId: 'e2', refundId: 're_1', amountMinor: 4_999, occurredAt: rma.now });
    expect(rma.stage, 'told once more, it parks the case no second time').toBe('refund_due');
  });

  it('without a return pays for what has come all the same', () => {
    const rma = new PaperCase();
    rma.work('refused');
    const units = [{ lineId: '1', quantity: 1, condition: 'received' }];
    rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    rma.give('resolve_attention', 'manager', { verb: 'retry' });
    rma.work('done', { assessed: 'accepted_without_return' });
    rma.work('done');
    expect(rma.stage).toBe('refunded');
    expect(rma.provider.balanceMinor).toBe(5_000);
  });

  it('pays for goods that are counted after a person has decided without them', () => {
    const rma = paperCaseIn('refund_due', undefined, { channel: 'door_pickup' });
    const late = { ...rma.state.lots[0]!, quantity: 1, reception: 'short_shipped' as const, acceptance: undefined };
    rma.state = { ...rma.state, lots: [{ ...rma.state.lots[0]!, quantity: 1 }, late], money: [] };
    rma.settleDown();
    const units = [{ lineId: '1', quantity: 1, condition: 'received' }];
    rma.give('record_reception', 'warehouse', { parcelId: 'P2', scanNo: 1, units });
    while (!rma.ended) rma.work('done');
    expect(rma.provider.balanceMinor).toBe(5_000);
  });
});

it('a parcel is not sent anew once the money for it is on its way', () => {
  const rma = paperCaseIn('lost_suspected', undefined, instantRefund('approval'));
  expect(rma.give('choose_remedy', 'customer', { remedy: 'reship' })?.code).toBe('not_offered');
});

it('a case does not end before the provider has said what became of its advance', () => {
  const rma = paperCaseIn('awaiting_handover', undefined, {
    consents: ['claw_back'],
    sla: { refund: { trigger: 'first_scan', maxMinor: 100_000, ruleId: 'merchant.instant' } },
  });
  rma.scan('picked_up');
  rma.payEarly('done', true);
  count(rma);
  rma.give('cancel_case', 'agent', {});
  expect(rma.stage).toBe('recovering_advance');
  for (const id of ['manager-1', 'manager-2']) rma.give('write_off', 'manager', {}, { id });
  rma.settleDown();
  expect(rma.ended).toBe(false);
});

describe('goods', () => {
  it('of a lost parcel that is sent anew count as lost, not as on their way for ever', () => {
    const rma = paperCaseIn('lost_suspected');
    rma.give('choose_remedy', 'customer', { remedy: 'reship' });
    rma.work('done');
    expect(rma.stage).toBe('converted');
    expect(rma.state.lots).toEqual([{ lineId: '1', quantity: 2, reception: 'lost_in_transit' }]);
  });

  it('that came while the case was let go of, and are lost on the way back, are paid', () => {
    const rma = paperCaseIn('unwinding');
    rma.work('refused');
    count(rma);
    rma.give('resolve_attention', 'manager', { verb: 'retry' });
    rma.work('done');
    expect(rma.stage).toBe('sending_back');
    rma.work('done');
    rma.scan('lost');
    rma.work('done');
    expect(rma.stage).toBe('refunded');
    expect(rma.provider.balanceMinor).toBe(5_000);
  });

  it('that have come while the case was parked are not set back by an edit of the request', () => {
    const rma = new PaperCase();
    rma.work('refused');
    count(rma);
    rma.give('resolve_attention', 'manager', { verb: 'retry' });
    expect(rma.stage).toBe('requested');
    const { lots } = rma.state;
    const lines = rma.state.request!.lines.map((line) => ({ ...line, quantity: 1 }));
    expect(rma.give('edit_request', 'customer', { lines })?.code).toBe('not_offered');
    expect(rma.state.lots).toBe(lots);
  });

  it('of a parcel that never reached the customer are counted when it comes back to us', () => {
    const rma = new PaperCase(undefined, { reason: 'not_received' });
    rma.work('done', { assessed: 'outbound_missing' });
    expect(rma.state.lots[0]!.reception).toBe('undelivered');
    const units = [{ lineId: '1', quantity: 1, condition: 'received' }];
    expect(rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units })).toBeUndefined();
    expect(rma.stage).toBe('received');
    expect(rma.state.lots.map((lot) => lot.reception).sort()).toEqual(['in_transit', 'received']);
  });

  it('that were refused and are back with the customer are not counted once more', () => {
    const rma = paperCaseIn('sending_back');
    rma.work('done');
    rma.scan('delivered');
    expect(rma.stage).toBe('returned_to_customer');
    expect(rma.state.lots.filter(expected)).toEqual([]);
    for (const condition of conditions) expect(rma.state.lots.filter(countable(condition))).toEqual([]);
  });

  it('are not lost because the carrier’s first word of it was sent twice', () => {
    const rma = paperCaseIn('in_transit');
    for (const eventId of ['one', 'another'])
      rma.hear({ name: 'parcel_scanned', eventId, trackingNo: 'RT1', code: 'lost', occurredAt: rma.now });
    expect(rma.stage).toBe('lost_suspected');
    rma.now += 1;
    rma.scan('lost');
    expect(rma.stage, 'a later one settles it').toBe('refund_due');
  });
});

describe('a case that is reopened claims its units anew', () => {
  const reopened = () => {
    const rma = new PaperCase();
    rma.work('done', { assessed: 'refused' });
    rma.record({ type: 'reopened', by: { id: 'cust-1', role: 'customer' }, result: 'under_review' });
    rma.settleDown();
    return rma;
  };

  it('before a person can decide about it', () => {
    const rma = reopened();
    expect(rma.state.undo.at(-1)).toMatchObject({ step: 'claim_units', state: 'armed' });
    const accept = { verdict: 'accept', ruleIds: [] };
    expect(rma.give('decide_request', 'manager', accept)?.code).toBe('not_offered');
    rma.work('done');
    expect(rma.give('decide_request', 'manager', accept)).toBeUndefined();
  });

  it('and is refused if they are in another case by now', () => {
    const rma = reopened();
    rma.work('done', { verdict: { because: ['units_in_another_case'] } });
    expect(rma.stage).toBe('rejected');
  });
});
