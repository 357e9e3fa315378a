import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../../dev/random.ts';
import { arrivalsAt, dailyCurve, serve, simulateDays } from './simulate.ts';

describe('days', () => {
  it('the curve of a day is a mean of one', () => {
    expect(dailyCurve).toHaveLength(24);
    expect(dailyCurve.reduce((sum, one) => sum + one, 0)).toBeCloseTo(24, 6);
  });

  it.each([1_000, 100_000, 1_000_000])('with %i cases a day as many are open as come in their open days', (casesPerDay) => {
    const days = simulateDays(casesPerDay, { openDays: 10, wakeUps: 11 }, 1);
    expect(days.open / (casesPerDay * 10)).toBeGreaterThan(0.93);
    expect(days.open / (casesPerDay * 10)).toBeLessThan(1.07);
    expect(days.arrivalsPerSecond).toBeCloseTo(casesPerDay / 86_400, 6);
    expect(days.wakeUpsPerSecond / (days.arrivalsPerSecond * 11)).toBeGreaterThan(0.93);
    expect(days.busiestHour).toBeGreaterThan(1);
  });

  it('the same seed gives the same days, another one others', () => {
    const life = { openDays: 3, wakeUps: 5 };
    expect(simulateDays(500, life, 7)).toEqual(simulateDays(500, life, 7));
    expect(simulateDays(500, life, 8)).not.toEqual(simulateDays(500, life, 7));
  });
});

describe('a crowd', () => {
  it('that never meets does not wait', () => {
    expect(serve({ at: [0, 100, 200], workMs: () => 10, servers: 1 })).toEqual({ endedAt: 210, waitP99Ms: 0, most: 1 });
  });

  it('that comes at once is done after all the work, shared by the processors', () => {
    const at = Array.from({ length: 100 }, () => 0);
    const { endedAt, waitP99Ms, most } = serve({ at, workMs: () => 10, servers: 4 });
    expect(endedAt).toBe(250);
    expect(waitP99Ms).toBe(240);
    expect(most).toBe(100);
  });

  it('takes twice as long where half of each processor is left to it', () => {
    const at = Array.from({ length: 10 }, () => 0);
    expect(serve({ at, workMs: () => 10, servers: 1, speed: 0.5 }).endedAt).toBe(200);
  });

  it('waits as queueing theory says: on one processor, half busy, with work by chance, as long as it works in the mean', () => {
    const random = randomFrom(3);
    const at = arrivalsAt(50, 4_000, random);
    const works = at.map(() => -Math.log(1 - random()) * 10);
    const { waitP99Ms } = serve({ at, workMs: (nth) => works[nth]!, servers: 1 });
    // M/M/1: P(wait > t) = 0.5·e^(-t/20 ms), so 1 % wait longer than 78 ms.
    expect(waitP99Ms).toBeGreaterThan(70);
    expect(waitP99Ms).toBeLessThan(87);
  });

  it('comes at the rate that was asked for', () => {
    expect(arrivalsAt(200, 100, randomFrom(5)).length / 20_000).toBeCloseTo(1, 1);
  });
});
