/** Guards the page of measurements (dev/performance-page.ts): what is missing is said to be missing, and what is kept is shown whole. */
import { expect, it } from 'vitest';
import { performancePage, performancePlot } from '../../dev/performance-page.ts';
import { tablesOf } from '../../dev/result-tables.ts';
import { readResults } from '../bench/results.ts';

it('without results every section says that it has not been measured, and there is no plot', () => {
  const page = performancePage({});
  expect(page.match(/Not measured yet/g)).toHaveLength(6);
  expect(page).toContain('## What was not measured');
  expect(performancePlot({})).toBeUndefined();
});

it('a result of an unknown shape is drawn as tables, with its notes and what it did not measure in words', () => {
  const steps = [
    { cases: 1_000, get: { p50Ms: 1.5 } },
    { cases: 20_000, get: { p50Ms: 2 }, mongodRssMiB: 7 },
  ];
  const page = performancePage({ grow: { notes: ['one machine'], notMeasured: ['two machines'], seed: 12345, steps } });
  expect(page).toContain('- one machine');
  expect(page).toContain('- two machines');
  expect(page).toContain('| seed | 12345 |');
  expect(page).toContain('| cases | get p50 ms | mongod rss MiB |');
  expect(page).toContain('| 20,000 | 2 | 7 |');
  expect(page).toContain('The result does not say on what it rests.');
});

it('an object of like objects has a row each, and a table that would be too wide is turned', () => {
  expect(tablesOf({ byEngine: { plain: { rate: 2 }, durable: { rate: 1 } } })).toContain('| durable | 1 |');
  const wide = Object.fromEntries(Array.from({ length: 12 }, (_, nth) => [`field${nth}`, nth]));
  expect(tablesOf({ rows: [wide, wide] })).toContain('| field11 | 11 | 11 |');
});

it('the kept results give a page without a hole', () => {
  const page = performancePage(readResults());
  expect(page).not.toMatch(/undefined|NaN|\[object/);
});
