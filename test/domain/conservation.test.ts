import { describe, expect, it } from 'vitest';
import { assertConserved, breachesOf, type Conserved } from '../../domain/conservation.ts';
import type { Lot } from '../../domain/goods.ts';

const accepted: Lot = { lineId: '1', quantity: 2, reception: 'received', acceptance: 'accepted' };
const sound: Conserved = {
  lines: [{ lineId: '1', quantity: 2, unitPriceMinor: 2_500 }],
  paidMinor: 10_000,
  lots: [accepted],
  money: [{ intent: 'refund', state: 'sent', amountMinor: 5_000 }],
  ended: false,
};
const money = (amountMinor: number, state: 'due' | 'failed' = 'due') => [{ intent: 'refund', state, amountMinor }];

describe('conservation', () => {
  it('holds for a case in order', () => {
    expect(breachesOf(sound)).toEqual([]);
    expect(() => assertConserved(sound, 'received')).not.toThrow();
  });

  it.each<[string, Partial<Conserved>, string]>([
    ['a unit that vanished', { lots: [{ ...accepted, quantity: 1 }], money: [] }, 'rule 1: line 1 has 1 units'],
    ['a unit too many', { lots: [{ ...accepted, quantity: 3 }], money: [] }, 'rule 1: line 1 has 3 units'],
    [
      'a unit of a line nobody asked for',
      { lots: [accepted, { lineId: '9', quantity: 1, reception: 'received' }] },
      'rule 1: units of line 9',
    ],
    ['a lot without units', { lots: [accepted, { ...accepted, quantity: 0 }] }, 'rule 1: a lot without units'],
    [
      'half a unit',
      {
        lots: [
          { ...accepted, quantity: 1.5 },
          { ...accepted, quantity: 0.5 },
        ],
      },
      'rule 1: a lot without units',
    ],
    [
      'a unit accepted that never came',
      { lots: [{ ...accepted, reception: 'in_transit' }], money: [] },
      'rule 1: a unit was accepted',
    ],
    [
      'an end with units still awaited',
      { lots: [{ lineId: '1', quantity: 2, reception: 'awaiting' }], money: [], ended: true },
      'rule 1: the case ended with units',
    ],
    ['more money than was paid', { paidMinor: 4_999 }, 'rule 3: 5000 committed, 4999 paid'],
    [
      'money for a unit merely received',
      { lots: [{ lineId: '1', quantity: 2, reception: 'received' }] },
      'rules 4, 5: 5000 committed',
    ],
    ['a minor unit too much', { money: money(5_001) }, 'rules 4, 5: 5001 committed, 5000 due'],
    ['a fraction of a minor unit', { money: money(4_999.5) }, 'whole number'],
    ['a negative amount', { money: money(-1) }, 'whole number'],
    ['an amount beyond what a number can hold', { money: money(2 ** 53) }, 'whole number'],
  ])('finds %s, and refuses the event', (_, changes, breach) => {
    const broken = { ...sound, ...changes };
    expect(breachesOf(broken)).toContainEqual(expect.stringContaining(breach));
    expect(() => assertConserved(broken, 'cleared')).toThrow('conservation broken by cleared');
  });

  it('counts no money that has failed, and pays for units lost at our risk', () => {
    const lost = { ...sound, lots: [{ lineId: '1', quantity: 2, reception: 'lost_in_transit' as const }] };
    expect(breachesOf(lost)).toEqual([]);
    expect(
      breachesOf({ ...sound, lots: [{ lineId: '1', quantity: 2, reception: 'short_shipped' }], money: money(5_000, 'failed') }),
    ).toEqual([]);
  });
});
