import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  breachClock,
  elapsedMs,
  fulfilClock,
  milestoneOf,
  pauseClock,
  resumeClock,
  startClock,
  warnClock,
  type Clock,
  type StageLimit,
} from '../../domain/clocks.ts';

const limit: StageLimit = { limitMs: 1_000, warnMs: [500, 800], ruleId: 'sla.review' };
const start = (at = 0, changes: Partial<StageLimit> = {}): Clock =>
  startClock({ id: 'review#1', stage: 'under_review', at }, { ...limit, ...changes });

/** Rings the clock by itself until it stops, each time at once, and tells what came when. */
function ringOut(clock: Clock): { at: number; kind: string }[] {
  const rung: { at: number; kind: string }[] = [];
  for (let now: Clock = clock, next = milestoneOf(now); next; next = milestoneOf(now)) {
    rung.push({ at: next.at, kind: next.kind });
    now = next.kind === 'warned' ? warnClock(now, next.at) : breachClock(now, next.at, 'expired');
  }
  return rung;
}

describe('a clock', () => {
  it('warns in order and then falls due, each once, however its limits are written down', () => {
    const expected = [
      { at: 500, kind: 'warned' },
      { at: 800, kind: 'warned' },
      { at: 1_000, kind: 'due' },
    ];
    expect(ringOut(start())).toEqual(expected);
    expect(ringOut(start(0, { warnMs: [800, 500] }))).toEqual(expected);
  });

  it('gives no warning at or after its deadline, as when a pack has tightened the limit', () => {
    expect(ringOut(start(0, { limitMs: 500 }))).toEqual([{ at: 500, kind: 'due' }]);
  });

  it('cites its rule in the first line of its log', () => {
    expect(start(7).log).toEqual([{ at: 7, what: 'started', why: 'sla.review' }]);
  });

  it('gives back the whole pause to the deadline and to the warnings to come', () => {
    const resumed = resumeClock(pauseClock(start(), 600, 'customs'), 10_600);
    expect(resumed).toMatchObject({ dueAt: 11_000, warnAt: [10_500, 10_800], running: true });
    expect(resumed.pausedAt).toBeUndefined();
    expect(resumed.log.slice(1)).toEqual([
      { at: 600, what: 'paused', why: 'customs' },
      { at: 10_600, what: 'resumed' },
    ]);
  });

  it('has no next milestone while it is paused', () => {
    expect(milestoneOf(pauseClock(start(), 600, 'customs'))).toBeUndefined();
  });

  it('keeps the first pause when it is paused twice, and ignores a resume that nothing preceded', () => {
    const paused = pauseClock(start(), 100, 'customs');
    expect(pauseClock(paused, 200, 'linked_case')).toBe(paused);
    const running = start();
    expect(resumeClock(running, 100)).toBe(running);
  });

  it('stays as it is once it has stopped, also when the hold in which it stopped ends later', () => {
    for (const stop of [(clock: Clock) => fulfilClock(clock, 200), (clock: Clock) => breachClock(clock, 200, 'lost')]) {
      const stopped = stop(pauseClock(start(), 100, 'customs'));
      expect(resumeClock(stopped, 900)).toBe(stopped);
      expect(fulfilClock(stopped, 900)).toBe(stopped);
      expect(pauseClock(stopped, 900, 'customs')).toBe(stopped);
      expect(milestoneOf(stopped)).toBeUndefined();
      expect(elapsedMs(stopped, 5_000)).toBe(100);
    }
  });

  it('after an outage gives the overdue warnings as one, and then falls due', () => {
    const late = warnClock(start(), 850);
    expect(late.warnAt).toEqual([]);
    expect(milestoneOf(late)).toEqual({ at: 1_000, kind: 'due', clockId: 'review#1' });
    expect(late.log.filter((entry) => entry.what === 'warned')).toHaveLength(1);
  });

  it('counts until now while it runs, and no longer once it has stopped', () => {
    expect(elapsedMs(start(100), 350)).toBe(250);
    expect(elapsedMs(fulfilClock(start(100), 350), 9_999)).toBe(250);
  });

  const pauses = fc.array(fc.record({ runsMs: fc.nat(50), lastsMs: fc.nat(100_000) }), { maxLength: 8 });

  it('is due exactly its limit of counted time after its start, whatever the pauses', () => {
    fc.assert(
      fc.property(pauses, (held) => {
        let at = 0;
        let clock = start();
        for (const { runsMs, lastsMs } of held) {
          at += runsMs;
          clock = pauseClock(clock, at, 'customs');
          at += lastsMs;
          clock = resumeClock(clock, at);
        }
        const pausedMs = held.reduce((sum, one) => sum + one.lastsMs, 0);
        expect(clock.dueAt).toBe(1_000 + pausedMs);
        expect(elapsedMs(clock, clock.dueAt)).toBe(1_000);
        expect(elapsedMs(clock, at)).toBe(held.reduce((sum, one) => sum + one.runsMs, 0));
        for (const warning of clock.warnAt) expect(clock.dueAt - warning).toBeGreaterThan(0);
      }),
    );
  });

  it('never goes back in time and never rings twice for the same milestone', () => {
    const limits = fc.record({
      limitMs: fc.integer({ min: 1, max: 500 }),
      warnMs: fc.uniqueArray(fc.integer({ min: 0, max: 600 })),
    });
    fc.assert(
      fc.property(limits, fc.nat(1_000), (one, at) => {
        const rung = ringOut(start(at, one));
        expect(rung.map((milestone) => milestone.at)).toEqual(rung.map((milestone) => milestone.at).sort((a, b) => a - b));
        expect(rung.filter((milestone) => milestone.kind === 'due')).toEqual([{ at: at + one.limitMs, kind: 'due' }]);
        expect(rung.at(-1)?.kind).toBe('due');
      }),
    );
  });
});
