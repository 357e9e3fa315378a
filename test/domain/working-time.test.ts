import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addWorkingMs, workingMsBetween, type WorkCalendar } from '../../domain/working-time.ts';

const minute = 60_000;
const hour = 60 * minute;
const monday = Date.UTC(2026, 10, 23);
const calendarOf = (open: readonly number[], knownUntil: number): WorkCalendar => ({
  id: 'paper',
  version: '1',
  open,
  knownUntil,
});
/** Monday to Wednesday 09:00-18:00 UTC, known until Thursday 00:00. */
const week = calendarOf(
  [0, 1, 2].flatMap((day) => [9, 18].map((at) => (monday + (day * 24 + at) * hour) / minute)),
  monday + 72 * hour,
);
const at = (day: number, hours: number): number => monday + (day * 24 + hours) * hour;

describe('a term in working time', () => {
  it.each<[string, number, number, number, boolean]>([
    ['ends the same day if there is room', at(0, 10), 4, at(0, 14), false],
    ['goes on the next morning', at(0, 16), 4, at(1, 11), false],
    ['begins in the morning if it comes at night', at(0, 20), 1, at(1, 10), false],
    ['begins with the first opening if it comes before it', at(-3, 5), 1, at(0, 10), false],
    ['that is used up at closing time ends at closing time', at(0, 16), 2, at(0, 18), false],
    ['that uses up the last known hour is still certain', at(2, 16), 2, at(2, 18), false],
    ['counts every hour where nothing is known', at(2, 16), 3, at(3, 1), true],
    ['that begins where nothing is known counts every hour', at(5, 3), 3, at(5, 6), true],
    ['of nothing ends at once in an open time', at(0, 10), 0, at(0, 10), false],
    ['of nothing ends at the next opening in a closed time', at(0, 18), 0, at(1, 9), false],
    ['of nothing ends where knowledge does if nobody opens before', at(2, 20), 0, at(3, 0), true],
    ['of less than nothing is one of nothing', at(0, 10), -5, at(0, 10), false],
  ])('%s', (_, from, hours, ends, provisional) => {
    expect(addWorkingMs(week, from, hours * hour)).toEqual({ at: ends, provisional });
  });

  it('counts every hour of an empty calendar, and calls the deadline provisional', () => {
    expect(addWorkingMs(calendarOf([], 0), at(0, 3), hour)).toEqual({ at: at(0, 4), provisional: true });
  });

  it('does not count an open interval that reaches beyond what is known twice', () => {
    const cut = calendarOf([at(0, 9) / minute, at(0, 18) / minute], at(0, 12));
    expect(workingMsBetween(cut, at(0, 9), at(0, 20))).toBe(11 * hour);
  });

  it('takes nothing from a span that runs backwards', () => {
    expect(workingMsBetween(week, at(1, 12), at(0, 12))).toBe(0);
    expect(workingMsBetween(week, at(9, 12), at(8, 12))).toBe(0);
  });
});

describe('whatever the calendar', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 24 });
  const calendars = fc
    .record({ gaps, unknownAfter: fc.integer({ min: -500, max: 40_000 }) })
    .map(({ gaps: steps, unknownAfter }) => {
      const start = monday / minute;
      let last = start;
      const open = steps.slice(0, steps.length - (steps.length % 2)).map((step) => (last += step));
      return calendarOf(open, (start + unknownAfter) * minute);
    });
  const instants = fc.integer({ min: monday - 1_000 * minute, max: monday + 50_000 * minute });
  const terms = fc.integer({ min: 0, max: 60_000 * minute });
  const isOpen = ({ open, knownUntil }: WorkCalendar, now: number): boolean =>
    now >= knownUntil || open.some((from, index) => index % 2 === 0 && from * minute <= now && now < open[index + 1]! * minute);
  const check = <T extends unknown[]>(property: fc.IProperty<T>): void => fc.assert(property, { numRuns: 1_000 });

  it('exactly the term lies between its beginning and its end', () => {
    check(
      fc.property(calendars, instants, terms, (calendar, from, ms) => {
        expect(workingMsBetween(calendar, from, addWorkingMs(calendar, from, ms).at)).toBe(ms);
      }),
    );
  });

  it('the working time up to an open instant leads back to that instant', () => {
    check(
      fc.property(calendars, instants, instants, (calendar, one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        fc.pre(isOpen(calendar, to));
        const { at: end } = addWorkingMs(calendar, from, workingMsBetween(calendar, from, to));
        // The same amount of work is done at closing time and at the next opening: then the earlier of the two.
        expect(end).toBeLessThanOrEqual(to);
        expect(workingMsBetween(calendar, end, to)).toBe(0);
      }),
    );
  });

  it('a longer term never ends earlier, nor does one that begins later', () => {
    check(
      fc.property(calendars, instants, terms, terms, fc.nat(5_000 * minute), (calendar, from, ms, more, later) => {
        const end = addWorkingMs(calendar, from, ms);
        const longer = addWorkingMs(calendar, from, ms + more);
        expect(longer.at).toBeGreaterThanOrEqual(end.at);
        expect(longer.provisional || !end.provisional).toBe(true);
        expect(addWorkingMs(calendar, from + later, ms).at).toBeGreaterThanOrEqual(end.at);
      }),
    );
  });

  it('a term ends in an open time, or at the very end of one', () => {
    check(
      fc.property(calendars, instants, terms, (calendar, from, ms) => {
        const { at: end } = addWorkingMs(calendar, from, ms);
        expect(end).toBeGreaterThanOrEqual(from);
        expect(isOpen(calendar, end) || isOpen(calendar, end - 1)).toBe(true);
      }),
    );
  });

  it('a term in two parts ends when the whole does', () => {
    check(
      fc.property(calendars, instants, terms, fc.integer({ min: 1, max: 9_000 * minute }), (calendar, from, first, second) => {
        const whole = addWorkingMs(calendar, from, first + second);
        expect(addWorkingMs(calendar, addWorkingMs(calendar, from, first).at, second)).toEqual(whole);
      }),
    );
  });

  it('a deadline is provisional exactly if it needs time of which nothing is known', () => {
    check(
      fc.property(calendars, instants, terms, (calendar, from, ms) => {
        const known = workingMsBetween(calendar, from, Math.max(from, calendar.knownUntil));
        const { at: end, provisional } = addWorkingMs(calendar, from, ms);
        if (ms > 0) expect(provisional).toBe(ms > known);
        if (end > calendar.knownUntil) expect(provisional).toBe(true);
      }),
    );
  });
});
