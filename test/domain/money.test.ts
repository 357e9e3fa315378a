import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  committedMinor,
  exponentOf,
  formatMinor,
  moneyStates,
  moveMoney,
  settledMinor,
  type MoneyLine,
} from '../../domain/money.ts';
import { payable, refundDueMinor, requestedMinor } from '../../domain/refunds.ts';

const line = (state: MoneyLine['state'], amountMinor = 500): MoneyLine => ({ intent: 'refund', state, amountMinor });

describe('formatMinor', () => {
  it.each([
    [12_900, 'GBP', '129.00 GBP'],
    [5, 'GBP', '0.05 GBP'],
    [0, 'EUR', '0.00 EUR'],
    [12_900, 'JPY', '12900 JPY'],
    [0, 'KRW', '0 KRW'],
    [12_900, 'KWD', '12.900 KWD'],
    [7, 'BHD', '0.007 BHD'],
    [123_456_789_012, 'CNY', '1234567890.12 CNY'],
  ])('writes %d %s as %s', (amountMinor, currency, text) => {
    expect(formatMinor(amountMinor, currency)).toBe(text);
  });

  it('writes every amount so that its digits read back as the same amount', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom('GBP', 'JPY', 'KWD', 'CNY'), (amountMinor, currency) => {
        const text = formatMinor(amountMinor, currency);
        const decimals = exponentOf(currency);
        expect(text).toMatch(new RegExp(`^(0|[1-9]\\d*)${decimals > 0 ? `\\.\\d{${decimals}}` : ''} ${currency}$`));
        expect(Number(text.replace(/\D/g, ''))).toBe(amountMinor);
      }),
    );
  });
});

describe('a money line', () => {
  const legal: Record<string, readonly string[]> = {
    due: ['sent', 'settled', 'failed', 'manual', 'dispute_hold', 'cancelled', 'written_off'],
    sent: ['settled', 'failed', 'written_off'],
    failed: ['due', 'sent', 'settled', 'manual'],
    manual: ['settled'],
    dispute_hold: ['due', 'cancelled', 'sent', 'settled', 'failed', 'manual'],
    settled: ['failed'],
    cancelled: ['sent', 'settled'],
    written_off: ['settled'],
  };
  it.each(moneyStates)('that is %s moves by the table; a late or repeated fact leaves it', (from) => {
    for (const to of moneyStates)
      expect(moveMoney([line(from)], 'refund', to)[0]?.state).toBe((legal[from] ?? []).includes(to) ? to : from);
  });

  it('of another intent stays as it is, and the provider is noted with the change alone', () => {
    const other = { ...line('due'), intent: 'goodwill' };
    expect(moveMoney([line('due'), other], 'refund', 'sent', 're_1')).toEqual([{ ...line('sent'), providerId: 're_1' }, other]);
    expect(moveMoney([line('settled')], 'refund', 'sent', 're_2')).toEqual([line('settled')]);
  });

  it('that was settled can fail after all: the bank has sent it back', () => {
    expect(moveMoney([line('settled')], 'refund', 'failed')).toEqual([line('failed')]);
  });

  it('counts as paid only when it is settled, and as committed until it has failed, is called off or given up', () => {
    const lines = moneyStates.map((state, index) => line(state, 10 ** index));
    expect(settledMinor(lines)).toBe(100);
    expect(committedMinor(lines)).toBe(1 + 10 + 100 + 10_000 + 100_000);
  });

  it('that the customer pays back is taken off what they have in hand, once it is settled', () => {
    const recovery = (state: MoneyLine['state']): MoneyLine => ({
      intent: 'recovery',
      kind: 'recovery',
      state,
      amountMinor: 200,
    });
    for (const state of moneyStates) {
      const lines = [line('settled'), recovery(state)];
      expect([settledMinor(lines), committedMinor(lines)]).toEqual(state === 'settled' ? [300, 300] : [500, 500]);
    }
  });
});

describe('what is due', () => {
  const lines = [
    { lineId: '1', quantity: 3, unitPriceMinor: 2_500 },
    { lineId: '2', quantity: 2, unitPriceMinor: 333 },
  ];

  it('is the paid price of accepted units and of units lost at our risk, never of units merely requested or received', () => {
    const lots = [
      { lineId: '1', quantity: 1, reception: 'received', acceptance: 'accepted' },
      { lineId: '1', quantity: 1, reception: 'received' },
      { lineId: '1', quantity: 1, reception: 'short_shipped' },
      { lineId: '2', quantity: 1, reception: 'lost_in_transit' },
      { lineId: '2', quantity: 1, reception: 'received', acceptance: 'rejected' },
    ] as const;
    expect(refundDueMinor(lines, lots)).toBe(2_833);
    expect(lots.map(payable)).toEqual([true, false, false, true, false]);
  });

  it('is at most the value of the request', () => {
    expect(requestedMinor(lines)).toBe(8_166);
    const all = lines.map(({ lineId, quantity }) => ({ lineId, quantity, reception: 'lost_in_transit' as const }));
    expect(refundDueMinor(lines, all)).toBe(8_166);
  });

  it('is nothing for a line that nobody paid for', () => {
    expect(refundDueMinor(lines, [{ lineId: '9', quantity: 4, reception: 'lost_in_transit' }])).toBe(0);
  });
});
