import { describe, expect, it } from 'vitest';
import { noticeNeeds, type NoticeName } from '../../domain/notices.ts';
import { dueAtOf } from '../../domain/deadlines.ts';
import { mendline } from '../../domain/permissions.ts';
import { ownWay } from './edges/words.ts';
import { day, hour, instantRefund, kettles, paperCaseIn, type PaperCase } from './paper-case.ts';

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
