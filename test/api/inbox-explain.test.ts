/** What lists and counts cost MongoDB among 20,000 cases: each combination of filters fetches what it shows, and nothing is sorted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { counting, listing, search, caseSorts, type CaseFilter, type Position } from '../../db/case-lists.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { filterCombinations, searches } from '../support/filters.ts';
import { seedCases, seededAt } from '../support/seeds.ts';

interface Plan {
  readonly executionStats: { nReturned: number; totalDocsExamined: number; totalKeysExamined: number };
}
type Stages = { stage?: string } & Record<string, unknown>;
/** Names of all steps of a plan, at any depth. */
const steps = (plan: unknown): string[] =>
  typeof plan === 'object' && plan !== null
    ? [(plan as Stages).stage ?? [], Object.values(plan).flatMap(steps)].flat().filter((one) => typeof one === 'string')
    : [];

const merchantId = 'm-busy';

describe('among 20,000 cases', () => {
  let database: Database;
  const cases = () => database.cases.models[0] as never;
  beforeAll(async () => {
    database = await openDatabase(inject('mongoUri'), `inbox-${randomUUID().slice(0, 8)}`);
    await database.prepare();
    await seedCases(database, { merchantId, count: 20_000 });
    await seedCases(database, { merchantId: 'm-other', count: 500 });
  });
  afterAll(async () => {
    await database.cases.models[0]!.db.dropDatabase();
    await database.close();
  });

  /** `border`: the document a page goes on behind is looked at once more. */
  function cheap(plan: unknown, told: string, border = 0): Plan['executionStats'] {
    const { executionStats } = plan as Plan;
    const { nReturned, totalDocsExamined } = executionStats;
    expect(totalDocsExamined, `${told} returned ${nReturned}`).toBeLessThanOrEqual(1.1 * nReturned + border);
    expect(steps(plan), told).not.toContain('SORT');
    expect(steps(plan), told).not.toContain('COLLSCAN');
    return executionStats;
  }

  it.each(caseSorts)(
    'a page by %s fetches what it shows, whatever is asked together, at its beginning and deep inside',
    async (sort) => {
      const seen: number[] = [];
      for (const filter of filterCombinations())
        for (const limit of [51, 21]) {
          const told = JSON.stringify({ filter, sort, limit });
          const ask = { merchantId, filter, sort, limit };
          const page = await database.cases.list(ask);
          const last = page.length === limit ? page.at(-2) : undefined; // the last one only says that there is more
          seen.push(page.length);
          cheap(await listing(cases(), ask).explain('executionStats'), told);
          if (!last) continue;
          const after: Position = { sort, at: sort === 'due' ? last.dueSort : last.updatedAt, id: last._id };
          cheap(await listing(cases(), { ...ask, after }).explain('executionStats'), `${told}, behind a page`, 1);
        }
      expect(seen.filter((length) => length > 0).length).toBeGreaterThan(60); // not a table of empty pages
    },
  );

  it.each(caseSorts)('a page 5,000 cases deep by %s costs what the first does', async (sort) => {
    const all = await database.cases.list({ merchantId, filter: { open: false }, sort, limit: 5_000 });
    const { dueSort, updatedAt, _id } = all.at(-1)!;
    const after = { sort, at: sort === 'due' ? dueSort : updatedAt, id: _id };
    const plan = await listing(cases(), { merchantId, filter: { open: false }, sort, limit: 51, after }).explain(
      'executionStats',
    );
    expect(cheap(plan, 'deep').totalKeysExamined).toBeLessThan(70);
  });

  it.each<[string, CaseFilter]>([
    ['everything', {}],
    ['what is open', { open: true }],
    ['one stage', { stage: 'received' }],
    ['one team’s work', { owner: 'warehouse' }],
    ['what needs a person', { needsAttention: true }],
    ['what was escalated', { open: true, escalated: true }],
    ['one person’s cases', { assignee: 'agent-4' }],
    ['one customer’s cases', { customerId: 'cust-126' }],
    ['one order’s cases', { orderId: 'O-126-2' }],
  ])('%s, by either order, reads no more of the index than it shows', async (_, filter) => {
    for (const sort of caseSorts) {
      const plan = await listing(cases(), { merchantId, filter, sort, limit: 51 }).explain('executionStats');
      const { nReturned, totalKeysExamined } = cheap(plan, sort);
      expect(nReturned).toBeGreaterThan(0);
      expect(totalKeysExamined).toBeLessThanOrEqual(nReturned + 12); // up to four scans, each with its own end
    }
  });

  it.each([...searches, ['(a+)+$', {}], ['.*', {}]])('a search for %s of %o fetches what it finds', async (words, own) => {
    const found = await database.cases.search(merchantId, words, 51, own);
    expect(found.length > 0).toBe(!/[*$]/.test(words));
    cheap(await search(cases(), merchantId, words, 51, own).explain('executionStats'), words);
  });

  it.each([{}, { customerId: 'cust-126' }, { customerId: 'cust-126', orderId: 'O-126-2' }])(
    'counts of %o are read from an index alone, and add up',
    async (own) => {
      const counts = await database.cases.counts(merchantId, own, seededAt);
      const documents = await database.cases.list({ merchantId, filter: own, sort: '-updated', limit: 20_000 });
      const count = (test: (doc: (typeof documents)[number]) => boolean) => documents.filter(test).length;
      const sum = (key: Exclude<keyof (typeof counts)[number], '_id'>) => counts.reduce((total, one) => total + one[key], 0);
      expect(sum('cases')).toBe(documents.length);
      expect(sum('open')).toBe(count((doc) => doc.open));
      expect(sum('needsAttention')).toBe(count((doc) => doc.needsAttention));
      expect(sum('escalated')).toBe(count((doc) => doc.open && doc.escalated));
      expect(sum('overdue')).toBe(count((doc) => doc.open && doc.dueSort < seededAt));
      for (const { _id, cases: number } of counts) expect(number).toBe(count((doc) => doc.stage === _id));

      const plan = await counting(cases(), merchantId, own, seededAt).explain('executionStats');
      const text = JSON.stringify(plan);
      expect(new Set([...text.matchAll(/"totalDocsExamined":(\d+)/g)].map(([, docs]) => Number(docs)))).toEqual(new Set([0]));
      expect(text).not.toMatch(/COLLSCAN|"FETCH"|"SORT"/);
    },
  );
});
