/**
 * `npm run -s bench:mongo`: the read model alone with 10k, 100k and 1M cases: what lists, single reads and saves take, what they examine, and how
 * much room they need. Prints one JSON object; fails where a list examines more than a tenth more than it returns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { listing, search, type CaseQuestion, type Position } from '../../db/case-lists.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { startMongo, type MongoServer } from '../../dev/stack.ts';
import { residentBytesOf } from './drivers/processes.ts';
import { randomFrom } from '../../dev/random.ts';
import { latencyOf, pool, rounded, timed, type Latency } from './drivers/samples.ts';
import { aboutOf, caseIdOf, customerOf, desks, documentAt, merchantId, orderIdOf, seededAt, stateOf } from './mongo/documents.ts';
import { measuring, saveResult } from './results.ts';

const usage = `npm run -s bench:mongo [-- OPTIONS]
Fills a MongoDB of its own with cases as the product stores them, in steps up to the number given, and at each step times lists, reads and saves.

  --cases N    how many in the end (default 1000000, at least 20000); the steps before are a hundredth and a tenth of it
  --calls N    calls of each kind at each step (default 1000)
  --save       writes test/bench/results/mongo-million.json
  --help       this text

Exit code 1 if a list examines more than 1.1 documents for each one that it returns.`;
const seed = 20_261_122;
const page = 51;
const examinedMax = 1.1;
const countCalls = 20;
/** With fewer the first step is too small for a list to go on. */
const casesMin = 20_000;
const batch = 500;
/** More than these are inserted without indexes, which are built behind them: one by one they would take an hour in a small cache. */
const manyAtOnce = 200_000;
const say = (line: string): void => console.error(line);

type Ask = CaseQuestion;
const ask = (filter: Ask['filter'], sort: Ask['sort'] = 'due', after?: Position): Ask => ({
  merchantId,
  filter,
  sort,
  limit: page,
  after,
});

/** What people ask for, each time of somebody else. */
function kindsOf(count: number, random: () => number, deep: Position): Record<string, () => Ask> {
  const any = (): number => Math.floor(random() * count);
  const agent = (): string => `agent-${2 * Math.floor((random() * desks) / 2)}`;
  return {
    newestFirst: () => ask({}, '-updated'),
    openByDeadline: () => ask({ open: true }),
    deskByDeadline: () => ask({ open: true, owner: 'agent' }),
    stageNewestFirst: () => ask({ stage: 'received' }, '-updated'),
    assigneeByDeadline: () => ask({ open: true, assignee: agent() }),
    needsAttention: () => ask({ needsAttention: true }),
    overdue: () => ask({ open: true, dueBefore: seededAt }),
    customer: () => ask({ customerId: customerOf(any()) }, '-updated'),
    order: () => ask({ orderId: orderIdOf(any()) }, '-updated'),
    deepPage: () => ask({ open: true }, 'due', deep),
  };
}

export interface Step {
  readonly cases: number;
  readonly insertSeconds: number;
  readonly inbox: Record<string, Latency & { readonly examinedPerReturned: number }>;
  readonly search: Latency;
  readonly get: Latency;
  readonly save: Latency;
  readonly counts: Latency & { readonly outOfTime: number };
  readonly dataBytesPerCase: number;
  readonly storedBytesPerCase: number;
  readonly indexBytesPerCase: number;
  readonly mongodRssMiB: number;
}

/** Its own connection: a batch may take longer than the product allows itself. */
async function fill(mongo: MongoServer, from: number, to: number): Promise<number> {
  const client = new mongoose.mongo.MongoClient(mongo.uri);
  const db = client.db('mendline');
  const collection = db.collection<{ _id: string }>('cases');
  const secondary = (await collection.indexes()).filter(({ name }) => name !== '_id_');
  const many = to - from > manyAtOnce;
  let saidAt = Date.now();
  const ms = await timed(async () => {
    if (many) await collection.dropIndexes();
    await pool(Math.ceil((to - from) / batch), 3, async (nth) => {
      const first = from + nth * batch;
      const documents = Array.from({ length: Math.min(batch, to - first) }, (_, offset) => documentAt(first + offset));
      await collection.insertMany(documents, { ordered: false, writeConcern: { w: 1 } });
      if (Date.now() - saidAt < 15_000) return;
      saidAt = Date.now();
      say(`  ${first} of ${to}`);
    });
    if (many) {
      say(`  ${secondary.length} indexes`);
      await db.command({ createIndexes: 'cases', indexes: secondary });
    }
  });
  await client.close();
  return ms;
}

async function examined(query: { explain(mode: 'executionStats'): unknown }): Promise<{ documents: number; returned: number }> {
  const plan = (await query.explain('executionStats')) as { executionStats: { nReturned: number; totalDocsExamined: number } };
  return { documents: plan.executionStats.totalDocsExamined, returned: plan.executionStats.nReturned };
}

/** The border of a page is looked at once more; that is not counted against it. */
async function ratioOf(cases: never, kind: () => Ask): Promise<number> {
  let [documents, returned] = [0, 0];
  for (let time = 0; time < 10; time++) {
    const asked = kind();
    const one = await examined(listing(cases, asked));
    documents += Math.max(0, one.documents - (asked.after ? 1 : 0));
    returned += one.returned;
  }
  return rounded(documents / Math.max(1, returned), 3);
}

async function repeated(calls: number, work: (nth: number) => Promise<unknown>): Promise<Latency> {
  const times: number[] = [];
  for (let nth = 0; nth < calls; nth++) times.push(await timed(() => work(nth)));
  return latencyOf(times);
}

async function inboxOf(database: Database, count: number, calls: number, random: () => number): Promise<Step['inbox']> {
  const cases = database.cases.models[0] as never;
  const far = await database.cases.list({ ...ask({ open: true }), limit: 2_000 });
  const { dueSort, _id } = far.at(-1)!;
  const inbox: Record<string, Latency & { examinedPerReturned: number }> = {};
  for (const [name, kind] of Object.entries(kindsOf(count, random, { sort: 'due', at: dueSort, id: _id }))) {
    const examinedPerReturned = await ratioOf(cases, kind);
    inbox[name] = { ...(await repeated(calls, () => database.cases.list(kind()))), examinedPerReturned };
  }
  return inbox;
}

/** As the worker saves: the next revision of a case with the row that it adds to the timeline. */
async function saveOne(database: Database, index: number, nth: number): Promise<void> {
  const state = stateOf(index, 100 + nth);
  const row = {
    seq: state.revision,
    at: state.at,
    stage: state.stage,
    event: { type: 'noted', by: { id: 'agent-1', role: 'agent' } },
  };
  await database.cases.save({ stamp: 1e12 + nth, state, about: aboutOf(index, state), rows: [row as never] });
}

/** How many cases stand in each stage; it reads the whole index of the merchant, and MongoDB ends it after two seconds. */
async function countsOf(database: Database): Promise<Step['counts']> {
  let outOfTime = 0;
  const latency = await repeated(countCalls, () =>
    database.cases.counts(merchantId, {}, seededAt).catch((err: unknown) => {
      if ((err as { code?: number }).code !== 50) throw err;
      outOfTime += 1;
    }),
  );
  return { ...latency, outOfTime };
}

async function measure(database: Database, mongo: MongoServer, cases: number, calls: number, insertMs: number): Promise<Step> {
  const random = randomFrom(seed);
  const any = (): number => Math.floor(random() * cases);
  const model = database.cases.models[0]!;
  const inbox = await inboxOf(database, cases, calls, random);
  const searched = await repeated(calls, () =>
    search(model as never, merchantId, caseIdOf(any()), page, {})
      .lean()
      .exec(),
  );
  const get = await repeated(calls, () => database.cases.find(merchantId, caseIdOf(any())));
  const save = await repeated(calls, (nth) => saveOne(database, any(), nth));
  const counts = await countsOf(database);
  await model.db.db!.admin().command({ fsync: 1 }); // sizes are those of the last checkpoint
  const stats = await model.db.db!.command({ collStats: 'cases' });
  const each = (bytes: number): number => Math.round(bytes / cases);
  return {
    cases,
    insertSeconds: rounded(insertMs / 1_000, 1),
    inbox,
    search: searched,
    get,
    save,
    counts,
    dataBytesPerCase: each(stats.size),
    storedBytesPerCase: each(stats.storageSize),
    indexBytesPerCase: each(stats.totalIndexSize),
    mongodRssMiB: rounded(residentBytesOf(mongo.pid) / 2 ** 20),
  };
}

/** p99 at the last step over p99 at the first, of each kind of list. */
const flatness = (steps: readonly Step[]): Record<string, number> =>
  Object.fromEntries(
    Object.keys(steps[0]!.inbox).map((name) => [
      name,
      rounded(steps.at(-1)!.inbox[name]!.p99Ms / steps[0]!.inbox[name]!.p99Ms, 2),
    ]),
  );

async function main(cases: number, calls: number) {
  const measured = measuring();
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-million-'));
  const mongo = await startMongo({ dataDir });
  try {
    const database = await openDatabase(mongo.uri);
    await database.prepare();
    const steps: Step[] = [];
    for (const to of [Math.ceil(cases / 100), Math.ceil(cases / 10), cases]) {
      say(`${to} cases: inserting`);
      const insertMs = await fill(mongo, steps.at(-1)?.cases ?? 0, to);
      say(`${to} cases: measuring`);
      steps.push(await measure(database, mongo, to, calls, insertMs));
    }
    const { version } = await database.cases.models[0]!.db.db!.admin().serverInfo();
    await database.close();
    return {
      provenance: measured({ mongod: version as string }),
      seed,
      callsOneAfterAnother: calls,
      notes: [
        'mongod runs with a cache of 0.25 GiB, as the local stack starts it; reads that miss it come from the page cache of the machine',
        'the last step is inserted without indexes, which are built behind it: they are denser than those that grow in use, as the step before has them',
        'timeline rows of the cases are not part of the fill',
        'documents of one stage differ in their numbers and dates alone, so they compress better than real ones; sizes before compression and of indexes are not touched by that',
      ],
      steps,
      p99LastOverFirst: flatness(steps),
    };
  } finally {
    await mongo.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Lists that examine more than they may, in words. */
const wasteful = ({ cases, inbox }: Step): string[] =>
  Object.entries(inbox)
    .filter(([, { examinedPerReturned }]) => examinedPerReturned > examinedMax)
    .map(([name, { examinedPerReturned }]) => `${name} with ${cases} cases: ${examinedPerReturned} examined for each returned`);

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    calls: { type: 'string', default: '1000' },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) console.log(usage);
else if (!(Number(values.cases) >= casesMin)) {
  console.error(`--cases takes a number from ${casesMin}`);
  process.exitCode = 2;
} else {
  const result = await main(Number(values.cases), Number(values.calls));
  console.log(JSON.stringify(result));
  if (values.save) saveResult('mongo-million', result);
  const flaws = result.steps.flatMap(wasteful);
  for (const flaw of flaws) console.error(flaw);
  if (flaws.length > 0) process.exitCode = 1;
}
