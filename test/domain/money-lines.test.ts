import { describe, expect, it } from 'vitest';
import { breachesOf, type Conserved } from '../../domain/conservation.ts';
import { type Lot } from '../../domain/goods.ts';
import {
  advancedMinor,
  committedMinor,
  isClosed,
  moneyStates,
  moveAllMoney,
  moveMoney,
  nextIntent,
  settledMinor,
  writtenOffMinor,
  type MoneyKind,
  type MoneyLine,
  type MoneyState,
} from '../../domain/money.ts';

const line = (intent: string, state: MoneyState, amountMinor = 500, kind?: MoneyKind): MoneyLine => ({
  intent,
  state,
  amountMinor,
  ...(kind ? { kind } : {}),
});

describe('an intent', () => {
  it.each<[string, string[], string]>([
    ['is its kind at first', [], 'refund'],
    ['is numbered from the second on', ['refund'], 'refund/2'],
    ['is not one that was used before', ['refund', 'refund/2'], 'refund/3'],
    ['does not count those of other kinds', ['advance', 'recovery', 'refunds'], 'refund'],
  ])('%s', (_, used, next) => {
    expect(
      nextIntent(
        used.map((intent) => line(intent, 'failed')),
        'refund',
      ),
    ).toBe(next);
  });
});

describe('a line that waits for the bank', () => {
  const held = [line('refund', 'dispute_hold')];
  it.each<[MoneyState, MoneyState]>([
    ['due', 'due'],
    ['cancelled', 'cancelled'],
    ['manual', 'manual'],
    // It was under way when the bank spoke: the provider's word counts.
    ['sent', 'sent'],
    ['settled', 'settled'],
    ['failed', 'failed'],
    ['written_off', 'dispute_hold'],
  ])('becomes %s: it is %s', (to, state) => {
    expect(moveMoney(held, 'refund', to)[0]!.state).toBe(state);
  });
});

describe('a line that is settled', () => {
  it.each(moneyStates)('is not made %s by a late word, unless the bank gives the money back', (to) => {
    const [moved] = moveMoney([line('refund', 'settled')], 'refund', to, 're_2');
    expect(moved!.state).toBe(to === 'failed' ? 'failed' : 'settled');
  });
});

describe('sums', () => {
  const lines = [
    line('advance', 'settled', 1_000, 'advance'),
    line('advance/2', 'failed', 9_000, 'advance'),
    line('refund', 'sent', 200),
    line('refund/2', 'dispute_hold', 30),
    line('refund/3', 'cancelled', 9_000),
    line('recovery', 'settled', 400, 'recovery'),
    line('recovery/2', 'written_off', 5, 'recovery'),
    line('recovery/3', 'failed', 9_000, 'recovery'),
  ];
  it.each([
    ['in hand: paid out, less what came back', settledMinor, 600],
    ['meant, under way or paid, less what came back', committedMinor, 830],
    ['advanced', advancedMinor, 1_000],
    ['given up', writtenOffMinor, 5],
  ])('%s', (_, sumOf, minor) => {
    expect(sumOf(lines)).toBe(minor);
  });

  it('nothing more happens by itself to a line that is settled, failed, called off or given up', () => {
    expect(moneyStates.filter((state) => isClosed(line('refund', state)))).toEqual([
      'settled',
      'failed',
      'cancelled',
      'written_off',
    ]);
  });

  it('of payments to the customer change together, and a recovery only if it is meant', () => {
    const due = [line('refund', 'due'), line('recovery', 'due', 500, 'recovery')];
    expect(moveAllMoney(due, ['due'], 'dispute_hold').map((one) => one.state)).toEqual(['dispute_hold', 'due']);
    const open = moveAllMoney(due, ['due'], 'written_off', (one) => one.kind === 'recovery');
    expect(open.map((one) => one.state)).toEqual(['due', 'written_off']);
  });
});

describe('conservation', () => {
  const unit = (reception: Lot['reception'], more: Partial<Lot> = {}): Lot => ({ lineId: '1', quantity: 2, reception, ...more });
  const ok = unit('received', { acceptance: 'accepted' });
  const sound: Conserved = {
    lines: [{ lineId: '1', quantity: 2, unitPriceMinor: 2_500 }],
    paidMinor: 5_000,
    lots: [ok],
    money: [],
    ended: false,
  };
  const advance = line('advance', 'settled', 5_000, 'advance');

  it.each<[string, Partial<Conserved>]>([
    ['an advance on goods that nobody has seen', { lots: [unit('in_transit')], money: [advance] }],
    [
      'an advance on goods that did not come, while it is asked back',
      { lots: [unit('short_shipped')], money: [advance, line('recovery', 'sent', 5_000, 'recovery')] },
    ],
    [
      'an end after an advance that was recovered',
      { lots: [unit('short_shipped')], money: [advance, line('recovery', 'settled', 5_000, 'recovery')], ended: true },
    ],
    [
      'an end after an advance that was given up',
      { lots: [unit('short_shipped')], money: [advance, line('recovery', 'written_off', 5_000, 'recovery')], ended: true },
    ],
    [
      'an end with rejected goods back at the customer',
      { lots: [unit('with_customer', { acceptance: 'rejected' })], ended: true },
    ],
    [
      'a refund and a fee that make up the price',
      {
        adjustments: [{ kind: 'fee', amountMinor: 500, ruleId: 'paper' }],
        money: [line('refund', 'settled', 4_500)],
        ended: true,
      },
    ],
    [
      'a refund that was paid before the bank took the money as well',
      { money: [line('refund', 'settled', 5_000)], disputes: [{ amountMinor: 5_000, state: 'lost' }], ended: true },
    ],
    [
      'a refund that waits for the bank',
      { money: [line('refund', 'dispute_hold', 5_000)], disputes: [{ amountMinor: 5_000, state: 'open' }] },
    ],
  ])('holds for %s', (_, changes) => {
    expect(breachesOf({ ...sound, ...changes })).toEqual([]);
  });

  it.each<[string, Partial<Conserved>, string]>([
    [
      'an advance that is more than the goods',
      { lots: [unit('in_transit')], paidMinor: 9_000, money: [line('advance', 'due', 5_001, 'advance')] },
      'rule 5',
    ],
    [
      'an end with an advance that nobody confirmed, recovered or gave up',
      { lots: [unit('short_shipped')], money: [advance], ended: true },
      'rule 5',
    ],
    ['an end with money that waits for the bank', { money: [line('refund', 'dispute_hold', 5_000)], ended: true }, 'rule 7'],
    ['an end with money not sent', { money: [line('refund', 'due', 5_000)], ended: true }, 'rule 7'],
    ['an end with goods that nobody decided about', { lots: [unit('received')], ended: true }, 'rule 1'],
    ['a unit rejected that never came', { lots: [unit('in_transit', { acceptance: 'rejected' })] }, 'rule 1'],
    [
      'a refund on top of what the bank has taken',
      { money: [line('refund', 'due', 5_000)], disputes: [{ amountMinor: 1, state: 'lost' }] },
      'rule 3',
    ],
    [
      'a refund that forgets the fee',
      { adjustments: [{ kind: 'fee', amountMinor: 500, ruleId: 'paper' }], money: [line('refund', 'due', 5_000)] },
      'rules 4, 5',
    ],
    ['a fee below nothing', { adjustments: [{ kind: 'fee', amountMinor: -1, ruleId: 'paper' }] }, 'whole number'],
  ])('finds %s', (_, changes, breach) => {
    expect(breachesOf({ ...sound, ...changes })).toContainEqual(expect.stringContaining(breach));
  });
});
