import { describe, expect, it } from 'vitest';
import type { GrowResult, GrowStep } from '../grow/result.ts';
import { checksOf } from './predict.ts';

/** A run of a machine that does just what the model believes: 2 processors, 100 ms an opening, a worker that remembers 500 cases. */
function run({ openingMs = 100, perCase = 40_000 }: { openingMs?: number; perCase?: number } = {}): GrowResult {
  const parts = (worker: number) => ({ temporal: 0, worker, api: 0, mongod: 0, simulators: 0, bench: 0 });
  const gauged = (ms: number, more: object = {}) => ({
    seconds: 1,
    cpuMs: parts(ms),
    foreignCpu: 0.1,
    busyCpu: 1,
    warm: 1,
    cold: 0,
    ...more,
  });
  const step = (openCases: number, nth: number, opening: number, bytes: number): GrowStep => {
    const coldShare = 1 - Math.min(1, 500 / openCases);
    const command = {
      n: 100,
      gauged: gauged(100 * (10 + coldShare * 12), { warm: 100 * (1 - coldShare), cold: 100 * coldShare }),
    };
    const idle = { n: 100, gauged: gauged(0) };
    const room = openCases * bytes + (nth > 0 ? 10 * perCase : 0) + nth * 100 * 2_000;
    return {
      openCases,
      fill: { ...gauged(1_000 * opening), cases: 1_000, casesPerSecond: (2 * 0.9 * 1_000) / opening },
      cached: Math.min(500, openCases),
      rssMiB: { ...parts(300 + 0.4 * Math.min(500, openCases)) },
      disk: { temporalBytes: room, mongoDataBytes: room, mongoIndexBytes: room },
      probes: { command, get: idle, inbox: idle, open: idle },
    } as unknown as GrowStep;
  };
  const storm = (cases: number, cold: number, drainSeconds: number) => ({
    cases,
    dueWithinSeconds: 1,
    strangers: 500,
    callsPerSecond: 0,
    drainSeconds,
    gauged: { ...gauged(cases * 60 + cold * 12), warm: 3 * cases - cold, cold },
  });
  // 300 cases with 60 ms and one replay of 12 ms each, on nine tenths of two processors.
  return {
    cores: 2,
    cacheLimit: 500,
    empty: { rssMiB: parts(300), disk: { temporalBytes: 0, mongoDataBytes: 0, mongoIndexBytes: 0 } },
    steps: [step(400, 0, 100, 40_000), step(1_000, 1, 100, 40_000), step(4_000, 2, openingMs, perCase)],
    rehearsal: storm(10, 0, 1),
    storm: storm(300, 300, (300 * 72) / (2 * 900)),
  } as unknown as GrowResult;
}

describe('predictions', () => {
  it('are right of a machine that does what the model believes', () => {
    const checks = checksOf(run());
    expect(checks).toHaveLength(9);
    for (const { metric, off } of checks) expect(off, metric).toBeLessThan(0.02);
  });
  it('are wrong where an opening takes more as cases pile up', () => {
    const off = checksOf(run({ openingMs: 200 })).filter((check) => check.off > 0.25);
    expect(off.map(({ metric }) => metric)).toEqual(['processor time of an opening, ms', 'openings a second']);
  });
  it('have not seen what they predict: the last step changes none of them', () => {
    const predicted = (grow: GrowResult) => checksOf(grow).map((check) => check.predicted);
    expect(predicted(run({ openingMs: 200, perCase: 40_000 }))).toEqual(predicted(run()));
  });
  it('need two steps to learn from and a third to predict', () =>
    expect(() => checksOf({ ...run(), steps: run().steps.slice(0, 2) })).toThrow('fewer than three'));
});
