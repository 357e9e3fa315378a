/**
 * `npm run -s bench:count`: what returns cost on Temporal, next to the bare skeleton, on the same server in the same run; what they and the
 * lists of the API cost MongoDB. Prints one JSON object; everything else goes to standard error. Exact on any machine.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { openDatabase } from '../../db/database.ts';
import { startMongo, startTemporal } from '../../dev/stack.ts';
import { countCases, sides, type Counted } from './counting/cases.ts';
import { countLists, type ListCost } from './counting/lists.ts';
import { watchMongo } from './counting/mongo-cost.ts';
import { pacedActivities } from './drivers/pacing-activities.ts';
import { roads, type Road } from './drivers/roads.ts';
import { measuring, saveResult, serverVersions } from './results.ts';
import { createProductWorker, createSkeletonWorker, type Side } from './workers.ts';

const usage = `npm run -s bench:count [-- --save] [--help]
Counts events, state transitions, actions and history bytes of three returns, paced, for the bare skeleton and for the product: a happy one, one
where every deadline rings, one that is undone; with MongoDB's commands and written documents, and what the lists of the API examine.
Prints { "skeleton", "product", "ratio", "cases", "mongo", "lists" } as JSON, the first three of the happy return. Exit code 1 if a count is above
test/bench/budget.json, a ratio above its target, or a list examines more than 1.1 documents for each it returns.
  --save   writes test/bench/results/count.json`;

/** The product over the skeleton, at most, on the happy road. */
const targets = { events: 1.3, transitions: 1.05, bytes: 1.8 };
const examinedMax = 1.1;
const budgeted = ['events', 'transitions', 'actions'] as const;
type Budget = Record<Road, Record<Side, Record<(typeof budgeted)[number], number>>>;
const runs = 3;

export interface CountResult {
  readonly cases: Counted['cases'];
  readonly mongo: Counted['mongo'];
  readonly lists: Record<string, ListCost>;
}

async function count(): Promise<CountResult> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-count-'));
  const [temporal, server] = await Promise.all([startTemporal({ dataDir, ui: false }), startMongo({ dataDir })]);
  try {
    const [connection, native, database, mongo] = await Promise.all([
      Connection.connect({ address: temporal.address }),
      NativeConnection.connect({ address: temporal.address }),
      openDatabase(server.uri),
      watchMongo(server.uri),
    ]);
    await database.prepare();
    const client = new Client({ connection });
    const paced = pacedActivities(client);
    const workers = await Promise.all([
      createSkeletonWorker({ connection: native, taskQueue: 'skeleton' }, paced),
      createProductWorker({ connection: native, taskQueue: 'product', client, database }, paced),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    const counted = await countCases(client, mongo, runs);
    for (const worker of workers) worker.shutdown();
    await running;
    await Promise.all([database.close(), native.close(), connection.close(), mongo.close()]);
    return { ...counted, lists: await countLists(server.uri) };
  } finally {
    await Promise.all([temporal.stop(), server.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** What is more than it may be, in words. */
function exceeded({ cases, lists }: CountResult): string[] {
  const budget = JSON.parse(readFileSync(new URL('./budget.json', import.meta.url), 'utf8')) as Budget;
  const ratios = (Object.keys(targets) as (keyof typeof targets)[])
    .filter((key) => cases.happy.ratio[key] > targets[key])
    .map((key) => `ratio of ${key}: ${cases.happy.ratio[key]}, at most ${targets[key]}`);
  const counts = roads.flatMap((road) =>
    sides.flatMap((side) =>
      budgeted
        .filter((key) => cases[road][side][key] > budget[road][side][key])
        .map((key) => `${key} of ${road}, ${side}: ${cases[road][side][key]}, the budget is ${budget[road][side][key]}`),
    ),
  );
  const examined = Object.entries(lists)
    .filter(([, { ratio, unindexed }]) => ratio > examinedMax || unindexed > 0)
    .map(([route, { examined: docs, returned }]) => `${route} examines ${docs} documents to return ${returned}`);
  return [...ratios, ...counts, ...examined];
}

async function main(save: boolean): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const measured = measuring();
  const result = await count();
  const { happy, ...cases } = result.cases;
  const told = { ...happy, cases, mongo: result.mongo, lists: result.lists };
  console.log(JSON.stringify(told));
  if (save) saveResult('count', { provenance: measured(await serverVersions()), runs, targets, ...told });
  const above = exceeded(result);
  for (const line of above) console.error(`above target: ${line}`);
  if (above.length > 0) process.exitCode = 1;
}

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' }, save: { type: 'boolean' } } });
if (values.help) console.log(usage);
else await main(values.save ?? false);
