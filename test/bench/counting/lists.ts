/**
 * What each list of the API costs MongoDB: documents examined for those returned. As mongod's profiler saw the very queries of the repositories,
 * with the figures of explain's execution statistics; the table of filters is that of test/api/inbox-explain.test.ts.
 */
import type { Connection } from 'mongoose';
import mongoose from 'mongoose';
import type { CaseSort, Position } from '../../../db/case-lists.ts';
import { openDatabase, type Database } from '../../../db/database.ts';
import { filterCombinations, searches } from '../../support/filters.ts';
import { seedCases, seededAt } from '../../support/seeds.ts';

export interface ListCost {
  readonly queries: number;
  readonly examined: number;
  readonly returned: number;
  /** Documents examined for each that was returned; nothing returned and nothing examined is 1. */
  readonly ratio: number;
  /** Sorted in memory, or read from end to end. */
  readonly unindexed: number;
}
interface Profiled {
  readonly docsExamined?: number;
  readonly nreturned?: number;
  readonly hasSortStage?: boolean;
  readonly planSummary?: string;
}

const merchantId = 'm-busy';
const dbName = 'lists';
const size = { cases: 5_000, others: 500, exceptions: 500, rows: 300 };

/** By route; the database is made for it, and left with the server. */
export async function countLists(mongoUri: string): Promise<Record<string, ListCost>> {
  const database = await openDatabase(mongoUri, dbName);
  const connection = await mongoose.createConnection(mongoUri, { dbName, autoIndex: false }).asPromise();
  try {
    await database.prepare();
    await seed(database);
    const costs: Record<string, ListCost> = {};
    for (const [route, ask] of Object.entries(questions)) costs[route] = await profiled(connection, () => ask(database));
    return costs;
  } finally {
    await Promise.all([database.close(), connection.close()]);
  }
}

async function seed(database: Database): Promise<void> {
  await seedCases(database, { merchantId, count: size.cases });
  await seedCases(database, { merchantId: 'm-other', count: size.others });
  const exceptions = Array.from({ length: size.exceptions }, (_, index) => ({
    _id: `carrier/evt_${index}`,
    partner: index % 3 === 0 ? 'payments' : 'carrier',
    merchantId: index % 2 === 0 ? merchantId : '',
    why: 'unknown_parcel',
    body: '{}',
    at: new Date(seededAt - index * 60_000),
    open: index % 5 !== 0,
  }));
  await database.exceptions.models[0]!.collection.insertMany(exceptions as never[]);
  const rows = Array.from({ length: size.rows * 2 }, (_, index) => {
    const [caseId, seq] = [`C-${index % 2}`, Math.floor(index / 2) + 1];
    return { _id: `${caseId}#${seq}`, caseId, seq, stamp: 1, at: seededAt + seq, stage: 'received', event: { type: 'noted' } };
  });
  await database.cases.models[1]!.collection.insertMany(rows as never[]);
}

const pageSize = 51;
const questions: Record<string, (database: Database) => Promise<void>> = {
  'GET /cases?sort=-updated': (database) => askPages(database, '-updated'),
  'GET /cases?sort=due': (database) => askPages(database, 'due'),
  'GET /cases?q=': async ({ cases }) => {
    for (const [words, own] of searches) await cases.search(merchantId, words, pageSize, own);
  },
  'GET /cases/counts': async ({ cases }) => {
    for (const own of [{}, { customerId: 'cust-126' }, { customerId: 'cust-126', orderId: 'O-126-2' }])
      await cases.counts(merchantId, own, seededAt);
  },
  'GET /cases/{caseId}/timeline': async ({ cases }) => {
    for (const after of [0, 50, 200]) await cases.timeline('C-1', 280, after, pageSize);
  },
  'GET /exceptions': async ({ exceptions }) => {
    for (const merchantIds of [[merchantId], [merchantId, '']])
      for (const filter of [{}, { open: true }, { partner: 'payments' }, { partner: 'carrier', open: false }]) {
        const page = await exceptions.list({ merchantIds, ...filter, limit: pageSize });
        const last = page.at(-2)!;
        await exceptions.list({ merchantIds, ...filter, limit: pageSize, after: { at: last.at.getTime(), id: last._id } });
      }
  },
};

/** Each combination of filters: the first page, and the one behind it. */
async function askPages({ cases }: Database, sort: CaseSort): Promise<void> {
  for (const filter of filterCombinations()) {
    const ask = { merchantId, filter, sort, limit: pageSize };
    const page = await cases.list(ask);
    const last = page.length === pageSize ? page.at(-2) : undefined; // the last one only says that there is more
    if (!last) continue;
    const after: Position = { sort, at: sort === 'due' ? last.dueSort : last.updatedAt, id: last._id };
    await cases.list({ ...ask, after });
  }
}

async function profiled(connection: Connection, ask: () => Promise<void>): Promise<ListCost> {
  const { db } = connection;
  await db!.command({ profile: 2 });
  await ask();
  await db!.command({ profile: 0 });
  const seen = await db!
    .collection<Profiled>('system.profile')
    .find({ op: { $in: ['query', 'command', 'getmore'] }, docsExamined: { $exists: true } })
    .toArray();
  await db!.collection('system.profile').drop();
  const sum = (key: 'docsExamined' | 'nreturned') => seen.reduce((total, one) => total + (one[key] ?? 0), 0);
  const [examined, returned] = [sum('docsExamined'), sum('nreturned')];
  return {
    queries: seen.length,
    examined,
    returned,
    ratio: Math.round((examined / Math.max(1, returned)) * 1_000) / 1_000,
    unindexed: seen.filter((one) => one.hasSortStage === true || one.planSummary?.includes('COLLSCAN')).length,
  };
}
