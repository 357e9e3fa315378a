import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  breachClock,
  elapsedMs,
  explainClock,
  fulfilClock,
  hastenClock,
  milestoneOf,
  pauseClock,
  recomputeClock,
  resumeClock,
  startClock,
  waiveClock,
  type Clock,
  type ClockStart,
  type StageLimit,
} from '../../domain/clocks.ts';
import { addWorkingMs, workingMsBetween, type WorkCalendar } from '../../domain/working-time.ts';

const hour = 3_600_000;
const monday = Date.UTC(2026, 10, 23);
const at = (day: number, hours: number): number => monday + (day * 24 + hours) * hour;
/** Nine to six UTC on the named days, counted from Monday; known for three weeks. */
const calendarOf = (days: readonly number[], from = 9, to = 18, version = '1'): WorkCalendar => ({
  id: 'paper',
  version,
  open: days.flatMap((day) => [at(day, from) / 60_000, at(day, to) / 60_000]),
  knownUntil: at(21, 0),
});
const worked = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11];
const calendar = calendarOf(worked);
const working: StageLimit = { limitMs: 9 * hour, warnMs: [4 * hour], ruleId: 'sla.review', unit: 'working' };
const start = (from: number, changes: Partial<StageLimit> = {}, more: Partial<ClockStart> = {}): Clock =>
  startClock({ id: 'review#1', stage: 'under_review', at: from, calendar, ...more }, { ...working, ...changes });

describe('a clock in working time', () => {
  it.each<[string, number, Partial<StageLimit>, { dueAt: number; warnAt: number[]; provisional?: true }]>([
    ['falls due the next working day if it begins at noon', at(0, 12), {}, { dueAt: at(1, 12), warnAt: [at(0, 16)] }],
    ['lets a weekend pass', at(4, 15), {}, { dueAt: at(7, 15), warnAt: [at(7, 10)] }],
    ['begins with the day if it is started at night', at(0, 2), {}, { dueAt: at(0, 18), warnAt: [at(0, 13)] }],
    [
      'counts every hour where its limit says nothing of working time',
      at(4, 15),
      { unit: undefined },
      { dueAt: at(5, 0), warnAt: [at(4, 19)] },
    ],
    [
      'may warn in working time of a deadline that counts every hour',
      at(4, 15),
      { unit: undefined, limitMs: 240 * hour, warnMs: [4 * hour, 12 * hour], warnUnit: 'working' },
      { dueAt: at(14, 15), warnAt: [at(7, 10), at(7, 18)] },
    ],
    [
      'is provisional if its term reaches into a year without a calendar',
      at(11, 12),
      { limitMs: 9 * hour, warnMs: [] },
      { dueAt: at(21, 3), warnAt: [], provisional: true },
    ],
  ])('%s', (_, from, changes, told) => {
    const { dueAt, warnAt, provisional } = start(from, changes);
    expect({ dueAt, warnAt, ...(provisional ? { provisional } : {}) }).toEqual(told);
  });

  it('counts every hour if the case has no calendar', () => {
    expect(start(at(4, 15), {}, { calendar: undefined }).dueAt).toBe(at(5, 0));
  });

  it('ends at its cap however often the term begins anew, and gives no warning after it', () => {
    const capped = start(at(0, 9), { warnMs: [4 * hour, 8 * hour] }, { capAt: at(0, 14) });
    expect(capped).toMatchObject({ dueAt: at(0, 14), warnAt: [at(0, 13)] });
    expect(milestoneOf({ ...capped, warnAt: [] })).toEqual({ at: at(0, 14), kind: 'due', clockId: 'review#1' });
  });

  it('gives back the working time of a pause, not its nights', () => {
    const resumed = resumeClock(pauseClock(start(at(0, 12)), at(0, 17), 'awaiting_customer'), at(3, 17), calendar);
    // Five of nine hours were used: one of the other four is left today, three are left tomorrow.
    expect(resumed.dueAt).toBe(at(4, 12));
    expect(elapsedMs(resumed, at(4, 12), calendar)).toBe(9 * hour);
    expect(resumed.pausedAt).toBeUndefined();
  });

  it('that ends while nobody works falls due when somebody is back', () => {
    const resumed = resumeClock(pauseClock(start(at(0, 12)), at(0, 17), 'customs'), at(5, 3), calendar);
    expect(resumed.dueAt).toBe(at(7, 13));
  });

  it('that may not be paused runs on through a hold', () => {
    const clock = start(at(0, 9), { pausable: false });
    expect(pauseClock(clock, at(0, 10), 'customs')).toBe(clock);
    expect(resumeClock(clock, at(0, 11), calendar)).toBe(clock);
  });

  const pauses = fc.array(fc.record({ runs: fc.integer({ min: 0, max: 90 }), lasts: fc.integer({ min: 0, max: 4_000 }) }), {
    maxLength: 6,
  });
  it('is due when exactly its limit of working time has counted, whatever the pauses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), pauses, (begin, held) => {
        let now = at(0, 0) + begin * 60_000;
        let clock = start(now);
        for (const { runs, lasts } of held) {
          now = Math.min(addWorkingMs(calendar, now, runs * 60_000).at, clock.dueAt);
          clock = pauseClock(clock, now, 'customs');
          now += lasts * 60_000;
          clock = resumeClock(clock, now, calendar);
        }
        fc.pre(clock.dueAt < calendar.knownUntil);
        expect(elapsedMs(clock, clock.dueAt, calendar)).toBe(9 * hour);
      }),
    );
  });
});

describe('a clock whose calendar changes', () => {
  /** Tuesday is a holiday after all. */
  const mended = calendarOf(
    worked.filter((day) => day !== 1),
    9,
    18,
    '2',
  );

  it('keeps what has counted and counts the rest by the new one', () => {
    const clock = recomputeClock(start(at(0, 12)), at(0, 15), mended);
    expect(clock.dueAt).toBe(at(2, 12));
    expect(clock.log.at(-1)).toEqual({ at: at(0, 15), what: 'recomputed', why: 'paper 2' });
    expect(elapsedMs(clock, at(2, 12), mended)).toBe(9 * hour);
  });

  it('is no longer provisional once the new one knows the day', () => {
    const known = { ...calendarOf([...worked, 14, 15]), knownUntil: at(30, 0) };
    const clock = start(at(11, 12));
    expect(clock.provisional).toBe(true);
    expect(recomputeClock(clock, at(11, 13), known)).toMatchObject({ dueAt: at(14, 12) });
    expect(recomputeClock(clock, at(11, 13), known).provisional).toBeUndefined();
  });

  it('falls due at the next opening if more has counted by the new one than it had', () => {
    const early = calendarOf(worked, 0, 18, '2');
    const clock = start(at(0, 8), {}, { calendar: calendarOf(worked.slice(1)) });
    expect(recomputeClock(clock, at(1, 10), early).dueAt).toBe(at(1, 10));
  });

  it('keeps its pauses, and has as much left after them as before', () => {
    const paused = pauseClock(start(at(0, 12)), at(0, 16), 'awaiting_customer');
    const recomputed = recomputeClock(paused, at(0, 17), mended);
    expect(recomputed.pausedAt).toBe(at(0, 16));
    // Five of nine hours are left, and Wednesday is the next day that is worked.
    const resumed = resumeClock(recomputed, at(1, 12), mended);
    expect(resumed.dueAt).toBe(at(2, 14));
    expect(elapsedMs(resumed, resumed.dueAt, mended)).toBe(9 * hour);
  });

  it('stays hastened', () => {
    const hastened = hastenClock(start(at(0, 12)), at(0, 15), calendar);
    const recomputed = recomputeClock(hastened, at(0, 16), mended);
    // Three of nine hours were used, and of the other six three are left: as many as today has.
    expect(hastened.dueAt).toBe(at(0, 18));
    expect(recomputed.dueAt).toBe(at(0, 18));
  });

  it.each<[string, Clock]>([
    ['counts every hour', start(at(0, 12), { unit: undefined })],
    ['has stopped', fulfilClock(start(at(0, 12)), at(0, 13))],
  ])('stays as it is if it %s', (_, clock) => {
    expect(recomputeClock(clock, at(0, 15), mended)).toBe(clock);
  });
});

describe('an escalation', () => {
  it('halves what is left of a clock, and drops the warnings that were meant for the longer term', () => {
    const clock = hastenClock(start(at(0, 9), { unit: undefined, limitMs: 8 * hour }), at(0, 11));
    expect(clock).toMatchObject({ dueAt: at(0, 14), warnAt: [], running: true });
    expect(clock.log.at(-1)).toEqual({ at: at(0, 11), what: 'hastened' });
  });

  it('halves the working time that is left, so that nothing falls due at night', () => {
    const clock = hastenClock(start(at(4, 15)), at(4, 16), calendar);
    // Eight hours are left, two today: the half of them ends on Monday at eleven, not on Saturday.
    expect(clock.dueAt).toBe(at(7, 11));
    expect(workingMsBetween(calendar, at(4, 16), clock.dueAt)).toBe(4 * hour);
  });

  it.each<[string, Clock]>([
    ['may not be paused', start(at(0, 9), { pausable: false })],
    ['is paused', pauseClock(start(at(0, 9)), at(0, 10), 'customs')],
    ['has stopped', fulfilClock(start(at(0, 9)), at(0, 10))],
    ['is due', start(at(0, 0), { limitMs: 0 })],
    ['lies over all stages', start(at(0, 9), {}, { overlay: true })],
  ])('leaves a clock alone that %s', (_, clock) => {
    expect(hastenClock(clock, at(0, 11), calendar)).toBe(clock);
  });
});

describe('a breach', () => {
  const breached = breachClock(start(at(0, 9)), at(0, 18), 'agreed_by_silence');

  it('that is answered for stays in the log, with who answered', () => {
    const waived = waiveClock(breached, at(1, 9), 'manager-1');
    expect(waived.log.map((entry) => entry.what)).toEqual(['started', 'breached', 'waived']);
    expect(waived.log.at(-1)).toEqual({ at: at(1, 9), what: 'waived', why: 'manager-1' });
    expect(elapsedMs(waived, at(5, 0), calendar)).toBe(9 * hour);
  });

  it('that did not happen cannot be waived', () => {
    const clock = start(at(0, 9));
    expect(waiveClock(clock, at(0, 10), 'manager-1')).toBe(clock);
  });
});

describe('a clock explains itself', () => {
  const running = start(at(0, 12));
  it.each<[string, Clock, number, { elapsedMs: number; remainingMs: number }, string]>([
    [
      'while it runs',
      running,
      at(1, 10),
      { elapsedMs: 7 * hour, remainingMs: 2 * hour },
      'under_review by rule sla.review, counted in working time (paper), runs; due 2026-11-24T12:00:00.000Z',
    ],
    [
      'while it is paused',
      pauseClock(running, at(0, 16), 'customs'),
      at(2, 10),
      { elapsedMs: 4 * hour, remainingMs: 0 },
      'under_review by rule sla.review, counted in working time (paper), is paused; due 2026-11-24T12:00:00.000Z',
    ],
    [
      'once it has stopped',
      breachClock(running, at(1, 12), 'agreed_by_silence'),
      at(2, 10),
      { elapsedMs: 9 * hour, remainingMs: 0 },
      'under_review by rule sla.review, counted in working time (paper), has stopped: breached; due 2026-11-24T12:00:00.000Z',
    ],
    [
      'when nobody knows yet which days are worked',
      start(at(11, 12)),
      at(11, 13),
      { elapsedMs: hour, remainingMs: at(21, 3) - at(11, 13) },
      'under_review by rule sla.review, counted in working time (paper), runs; due 2026-12-14T03:00:00.000Z (provisional)',
    ],
    [
      'when every hour counts',
      start(at(0, 12), { unit: undefined }),
      at(0, 13),
      { elapsedMs: hour, remainingMs: 8 * hour },
      'under_review by rule sla.review, counted in elapsed time, runs; due 2026-11-23T21:00:00.000Z',
    ],
  ])('%s', (_, clock, now, figures, words) => {
    const told = explainClock(clock, now, calendar);
    expect(told).toMatchObject(figures);
    expect(told.inWords).toBe(words);
  });
});
