import { describe, expect, it } from 'vitest';
import { type Lot } from '../../domain/goods.ts';
import { type MoneyKind, type MoneyLine, type MoneyState } from '../../domain/money.ts';
import {
  ceilingMinor,
  chargedBackMinor,
  owedBackMinor,
  payable,
  refundDueMinor,
  requestedMinor,
  restMinor,
  type Adjustment,
  type Owing,
} from '../../domain/refunds.ts';

const lines = [
  { lineId: '1', quantity: 2, unitPriceMinor: 2_500 },
  { lineId: '2', quantity: 1, unitPriceMinor: 999 },
];
const lot = (reception: Lot['reception'], more: Partial<Lot> = {}): Lot => ({ lineId: '1', quantity: 2, reception, ...more });
const accepted = [lot('received', { acceptance: 'accepted' })];
const line = (amountMinor: number, state: MoneyState, kind?: MoneyKind): MoneyLine => ({
  intent: `${kind ?? 'refund'}/${state}`,
  state,
  amountMinor,
  ...(kind ? { kind } : {}),
});
const owing = (changes: Partial<Owing> = {}): Owing => ({ lines, lots: accepted, money: [], paidMinor: 5_999, ...changes });
const lost = (amountMinor: number) => ({ disputes: [{ amountMinor, state: 'lost' }] });

describe('a unit gives a right to its price', () => {
  it.each<[string, Lot, boolean]>([
    ['once it was accepted', lot('received', { acceptance: 'accepted' }), true],
    ['if it is kept by agreement to that', lot('kept', { acceptance: 'accepted' }), true],
    ['lost on our way', lot('lost_in_transit'), true],
    ['missing or wrong, and let pass', lot('short_shipped', { waived: true }), true],
    ['but not merely received', lot('received'), false],
    ['but not kept for a price reduction, which is paid instead', lot('kept'), false],
    ['but not rejected', lot('received', { acceptance: 'rejected' }), false],
    ['but not rejected and on its way back', lot('sent_back', { acceptance: 'rejected' }), false],
    ['but not missing', lot('short_shipped'), false],
    ['but not another thing in its place', lot('shipped_wrong_item'), false],
    ['but not lost on the customer’s own way', lot('lost_in_transit', { risk: 'customer' }), false],
    [
      'but lost on the customer’s own way if a person lets it pass',
      lot('lost_in_transit', { risk: 'customer', waived: true }),
      true,
    ],
    ['but not awaited', lot('awaiting'), false],
    ['but not on the way', lot('in_transit'), false],
    ['but not with the customer', lot('with_customer'), false],
    ['but not while it is not known to be lost', lot('undelivered'), false],
  ])('%s', (_, unit, gives) => {
    expect(payable(unit)).toBe(gives);
    expect(refundDueMinor(lines, [unit])).toBe(gives ? 5_000 : 0);
  });
});

describe('what is due', () => {
  const rule = { ruleId: 'paper' };
  it.each<[string, Adjustment[], number]>([
    ['is the price paid', [], 5_000],
    ['has freight that we owe on top', [{ kind: 'freight', amountMinor: 700, ...rule }], 5_700],
    ['has a price reduction on top', [{ kind: 'reduction', amountMinor: 300, ...rule }], 5_300],
    ['is less what the seller keeps', [{ kind: 'fee', amountMinor: 400, ...rule }], 4_600],
    ['is less what worn goods have lost', [{ kind: 'deduction', amountMinor: 1_200, ...rule }], 3_800],
    [
      'is the sum of them all, each a line of its own',
      [
        { kind: 'freight', amountMinor: 700, ...rule },
        { kind: 'fee', amountMinor: 400, ...rule },
        { kind: 'deduction', amountMinor: 1_200, ...rule },
      ],
      4_100,
    ],
    ['is never less than nothing', [{ kind: 'fee', amountMinor: 9_000, ...rule }], 0],
  ])('%s', (_, adjustments, due) => {
    expect(refundDueMinor(lines, accepted, adjustments)).toBe(due);
  });

  it('has no fraction of a minor unit, and no price for a line that was not asked for', () => {
    expect(refundDueMinor(lines, [lot('received', { acceptance: 'accepted', lineId: 'none' })])).toBe(0);
    expect(requestedMinor(lines)).toBe(5_999);
  });
});

describe('what may still be given back', () => {
  it.each<[string, Partial<Owing>, number]>([
    ['is all that was paid', {}, 5_999],
    [
      'is less what is meant, under way or paid',
      { money: [line(1_000, 'due'), line(1_000, 'sent'), line(1_000, 'settled')] },
      2_999,
    ],
    ['is less what waits for the bank', { money: [line(5_000, 'dispute_hold')] }, 999],
    ['is not less for what failed or was called off', { money: [line(5_000, 'failed'), line(5_000, 'cancelled')] }, 5_999],
    [
      'is more again by what was recovered, and not by what is only asked back',
      { money: [line(5_000, 'settled', 'advance'), line(2_000, 'settled', 'recovery'), line(3_000, 'sent', 'recovery')] },
      2_999,
    ],
    ['is less what the bank took for a dispute that we lost', lost(4_000), 1_999],
    [
      'is not less for disputes that are open or won',
      { disputes: ['open', 'won'].map((state) => ({ amountMinor: 5_000, state })) },
      5_999,
    ],
    ['is never less than nothing', { ...lost(5_000), money: [line(5_000, 'settled')] }, 0],
  ])('%s', (_, changes, most) => {
    expect(ceilingMinor(owing(changes))).toBe(most);
  });
});

describe('what is still owed', () => {
  it.each<[string, Partial<Owing>, number]>([
    ['is what is due', {}, 5_000],
    ['is nothing once it is meant', { money: [line(5_000, 'due')] }, 0],
    ['is the rest once a part is paid', { money: [line(2_000, 'settled')] }, 3_000],
    ['is all of it again once it failed', { money: [line(5_000, 'failed')] }, 5_000],
    ['is what an advance has not covered', { money: [line(4_000, 'settled', 'advance')] }, 1_000],
    ['is paid for already as far as the bank has paid', lost(4_000), 1_000],
    ['is nothing if the bank has paid more', lost(5_999), 0],
    ['is never more than was paid', { paidMinor: 3_000 }, 3_000],
    ['is never more than is left of the payment', { paidMinor: 5_000, money: [line(4_900, 'settled')] }, 100],
  ])('%s', (_, changes, rest) => {
    expect(restMinor(owing(changes))).toBe(rest);
  });

  it('counts a lost dispute once, however often it is asked', () => {
    expect(chargedBackMinor(lost(4_000))).toBe(4_000);
    expect(chargedBackMinor({})).toBe(0);
  });
});

describe('what must come back', () => {
  const advance = line(5_000, 'settled', 'advance');
  it.each<[string, Partial<Owing>, number]>([
    ['is nothing while the goods give a right to it', { money: [advance] }, 0],
    ['is the whole advance if no goods do', { lots: [lot('short_shipped')], money: [advance] }, 5_000],
    [
      'is the part that no goods give a right to',
      { lots: [{ ...accepted[0]!, quantity: 1 }, lot('received', { quantity: 1 })], money: [advance] },
      2_500,
    ],
    [
      'is what a deduction has taken off',
      { money: [advance], adjustments: [{ kind: 'deduction', amountMinor: 800, ruleId: 'paper' }] },
      800,
    ],
    [
      'is less what came back already',
      { lots: [lot('short_shipped')], money: [advance, line(2_000, 'settled', 'recovery')] },
      3_000,
    ],
    [
      'is no less for what is only asked for',
      { lots: [lot('short_shipped')], money: [advance, line(5_000, 'sent', 'recovery')] },
      5_000,
    ],
    [
      'is nothing once it was given up',
      { lots: [lot('short_shipped')], money: [advance, line(5_000, 'written_off', 'recovery')] },
      0,
    ],
    ['is nothing of an advance that failed', { lots: [lot('short_shipped')], money: [line(5_000, 'failed', 'advance')] }, 0],
  ])('%s', (_, changes, owed) => {
    expect(owedBackMinor(owing(changes))).toBe(owed);
  });
});
