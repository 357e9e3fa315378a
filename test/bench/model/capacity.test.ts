import { describe, expect, it } from 'vitest';
import { actionsUsd, capacityFor, workersFor } from './capacity.ts';
import { defaults, inputsFrom, wakeUpCost } from './inputs.ts';

describe('what actions cost by the list', () => {
  // The example of Temporal's own price list: 11.25 million actions are 525 USD.
  it.each([
    [1, 50],
    [5, 250],
    [11.25, 525],
    [200, 250 + 225 + 400 + 1_050 + 1_500 + 2_500],
  ])('%d million are %d USD', (millions, usd) => expect(actionsUsd(millions)).toBe(usd));
});

describe('workers', () => {
  it('are no busier than they may be, and wake-ups do not wait too long', () => {
    const { servers, waitP99Ms } = workersFor(1_000, 20, 0.6, 200, 1);
    expect(servers).toBeGreaterThanOrEqual((1_000 * 20) / 1_000 / 0.6);
    expect(waitP99Ms).toBeLessThanOrEqual(200);
  });
  it('are more where waiting is allowed less', () => {
    expect(workersFor(100, 20, 0.95, 1, 1).servers).toBeGreaterThan(workersFor(100, 20, 0.95, 500, 1).servers);
  });
});

describe('capacity', () => {
  const inputs = inputsFrom({});
  it('of ten times the cases is about ten times as much of what is counted', () => {
    const [small, large] = [capacityFor(1_000_000, inputs, 1), capacityFor(10_000_000, inputs, 1)];
    for (const value of [
      (one: typeof small) => one.peak.transitionsPerSecond,
      (one: typeof small) => one.temporal.openGiB,
      (one: typeof small) => one.mongo.documents,
      (one: typeof small) => one.cloud.actionsPerMonthMillions,
    ])
      expect(value(large) / value(small)).toBeCloseTo(10, 0);
  });
  it('of ten million open cases is that of a million new ones a day', () =>
    expect(capacityFor(10_000_000, inputs, 1).casesPerDay).toBe(1_000_000));
  it('never gives a shard more open cases than it may have', () => {
    for (const open of [10_000, 100_000, 1_000_000, 10_000_000])
      expect(open / capacityFor(open, inputs, 1).temporal.historyShards).toBeLessThanOrEqual(defaults.openPerShard.value);
  });
});

describe('inputs', () => {
  it('are the written ones where there are no results', () => expect(inputsFrom({})).toEqual(defaults));
  it('take what bench:count has counted', () => {
    const { events, actions, transitions } = inputsFrom({ count: { product: { events: 50, actions: 12 } } });
    expect(events).toEqual({ value: 50, mark: 'measured', source: 'results/count.json' });
    expect(actions.value).toBe(12);
    expect(transitions).toEqual(defaults.transitions);
  });
  it('tell replay and wake-up apart by how many cases were still in memory', () => {
    const step = (cold: number, worker: number) => ({
      probes: { command: { n: 100, gauged: { warm: 100 - cold, cold, cpuMs: { worker } } } },
    });
    expect(wakeUpCost({ steps: [step(0, 1_000), step(50, 1_600)] as never })).toEqual({ workerMsWarm: 10, replayMsCold: 12 });
  });
});
