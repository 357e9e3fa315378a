/** Guards the page of measurements (dev/performance-page.ts): what is missing is said to be missing, and what is kept is shown whole. */
import { expect, it } from 'vitest';
import { performancePage, performancePlot } from '../../dev/performance-page.ts';
import { readResults } from '../bench/results.ts';

it('without results every section says that it has not been measured, and there is no plot', () => {
  const page = performancePage({});
  expect(page.match(/Not measured yet/g)).toHaveLength(6);
  expect(page).toContain('## What was not measured');
  expect(performancePlot({})).toBeUndefined();
});

it('lists that grow are shown step by step, and what was not measured is said', () => {
  const latency = { n: 9, p50Ms: 1.5, p99Ms: 4, maxMs: 5 };
  const step = (cases: number) => ({
    cases,
    inbox: { openByDeadline: { ...latency, examinedPerReturned: 1 } },
    search: latency,
    get: latency,
    save: latency,
    counts: { ...latency, outOfTime: 2 },
    dataBytesPerCase: 1_000,
    storedBytesPerCase: 300,
    indexBytesPerCase: 200,
    mongodRssMiB: 7,
  });
  const kept = {
    notes: ['one machine'],
    notMeasured: ['two machines'],
    callsOneAfterAnother: 9,
    steps: [step(1_000), step(20_000)],
    p99LastOverFirst: { openByDeadline: 1 },
  };
  const page = performancePage({ 'mongo-million': kept });
  expect(page).toContain('- one machine');
  expect(page).toContain('- two machines');
  expect(page).toContain('|  | 1,000 cases | 20,000 cases | p99, last over first | examined / returned |');
  expect(page).toContain('| list: open by deadline | 1.5 / 4 | 1.5 / 4 | 1 | 1 |');
  expect(page).toContain('The result does not say on what it rests.');
});

it('the kept results give a page without a hole', () => {
  const page = performancePage(readResults());
  expect(page).not.toMatch(/undefined|NaN|\[object/);
});
