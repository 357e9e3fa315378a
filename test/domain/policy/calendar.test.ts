import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endOf, localDate } from '../../../domain/policy/calendar.ts';
import { at } from './facts.ts';

const days = (n: number) => ({ n, unit: 'calendar_day', from: 'delivered' }) as const;

describe('a term in days', () => {
  it.each([
    ['GB over the spring change of clocks', '2026-03-20T10:00:00Z', 14, 'Europe/London', '2026-04-04T00:00:00+01:00'],
    ['GB over the autumn change of clocks', '2026-10-20T23:30:00Z', 14, 'Europe/London', '2026-11-05T00:00:00Z'],
    ['GB in winter', '2026-11-03T10:00:00Z', 14, 'Europe/London', '2026-11-18T00:00:00Z'],
    [
      'CN, delivered after midnight there and before it in UTC',
      '2026-11-01T17:00:00Z',
      7,
      'Asia/Shanghai',
      '2026-11-10T00:00:00+08:00',
    ],
    ['CN, delivered in the last second of a day', '2026-11-01T15:59:59Z', 7, 'Asia/Shanghai', '2026-11-09T00:00:00+08:00'],
    ['a leap day counts as any other', '2028-02-27T12:00:00Z', 2, 'UTC', '2028-03-01T00:00:00Z'],
    ['over the end of the year', '2026-12-31T12:00:00Z', 1, 'UTC', '2027-01-02T00:00:00Z'],
    [
      'where midnight is skipped, at the first moment of the day',
      '2018-11-01T12:00:00Z',
      2,
      'America/Sao_Paulo',
      '2018-11-04T01:00:00-02:00',
    ],
  ])('ends at midnight after its last day, the first not counted: %s', (_, start, n, zone, end) => {
    expect(new Date(endOf(days(n), at(start), zone)).toISOString()).toBe(new Date(end).toISOString());
  });

  it('ends at the same moment wherever in the first day it begins, and always on the hour of midnight', () => {
    const zones = fc.constantFrom('Europe/London', 'Asia/Shanghai', 'America/New_York', 'UTC', 'Asia/Kolkata');
    const instants = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') });
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 60 }), zones, (start, n, zone) => {
        const end = endOf(days(n), start, zone);
        const first = localDate(start, zone);
        const calendarDays = (Date.parse(localDate(end, zone)) - Date.parse(first)) / 86_400_000;
        expect(calendarDays).toBe(n + 1);
        expect(localDate(end - 1, zone) < localDate(end, zone)).toBe(true);
        // The merchant who reads the same days as elapsed time is never too generous by more than the hour of a clock change.
        expect(start + n * 86_400_000 - end).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});

describe('a term in hours', () => {
  it('is elapsed time, over a change of clocks as well', () => {
    expect(endOf({ n: 48, unit: 'hour', from: 'notice_sent' }, at('2026-03-28T12:00:00Z'), 'Europe/London')).toBe(
      at('2026-03-30T12:00:00Z'),
    );
  });
});
