/**
 * `npm run -s bench:grow`: the whole product with thousands of open returns that wait: what single calls take as they pile up, what memory and disk
 * they need, and how a storm of deadlines drains. Prints one JSON object; progress goes to standard error. Nothing is gated here.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { openDatabase, type Database } from '../../db/database.ts';
import { freePort } from '../../dev/processes.ts';
import { startSystem, type System } from '../../dev/system.ts';
import { latencyOf, pool, rounded } from './drivers/samples.ts';
import { meetApi } from './grow/calls.ts';
import { gaugesOf } from './grow/gauges.ts';
import { callSteadily, countsAmong, probeAll, type Probing } from './grow/probes.ts';
import { probeKinds, type GrowResult, type GrowStep, type StormResult } from './grow/result.ts';
import { storiesPath } from '../../worker/worker.ts';
import { drained, levelOf, openStorm } from './grow/storm.ts';
import { measuring, saveResult } from './results.ts';

const usage = `npm run -s bench:grow [-- OPTIONS]
Starts everything with databases of its own and opens returns over HTTP, up to each of the steps; there it times calls one after another and
looks at memory and disk. Then many deadlines fall due within ten seconds. About half an hour for the 20,000 of the default on two cores.

  --steps N,N,…    how many open cases, ascending (default 1000,5000,10000,20000)
  --storm N        how many deadlines fall due at the end (default 2000; 0: none), and a tenth of them at the first step
  --probes N       calls of each kind at each step (default 1000)
  --strangers N    cases opened between those of the storm and its beginning, so that the worker has forgotten them
                   (default: as many as the worker keeps in memory)
  --worker-heap N  MiB of the worker's heap, and with it how many cases it keeps in memory (default: Node's own)
  --save           writes test/bench/results/grow.json
  --help           this text`;
const fillWidth = 16;
/** During the storm, but no more than the machine opens cases: calls that it cannot bear would be a second storm. */
const callsPerSecondMax = 20;
const stormWindowMs = 10_000;
const stormPatienceMs = 600_000;
const rehearsalShare = 0.1;
const cores = cpus().length;
const startedAt = Date.now();
const say = (line: string): void => console.error(`${rounded((Date.now() - startedAt) / 1_000)} s  ${line}`);

/** As the SDK decides by itself how many workflows a worker keeps. Source: @temporalio/worker, worker-options. */
function cacheLimitOf(nodeOptions: string): number {
  const env = { ...process.env, NODE_OPTIONS: nodeOptions };
  const heap = Number(
    execFileSync(process.execPath, ['-p', 'v8.getHeapStatistics().heap_size_limit'], { env, encoding: 'utf8' }),
  );
  return Math.max(10, Math.floor(((heap / 2 ** 20 - 200) * 600) / 1_024));
}

interface Bench extends Probing {
  readonly system: System;
  readonly database: Database;
}

let sold = 0;
const orderIdsOf = (count: number): string[] => Array.from({ length: count }, () => `O-${(sold += 1)}`);

/** `until`, epoch ms: no more are opened after that. */
async function fill(bench: Bench, count: number, until = Number.POSITIVE_INFINITY): Promise<GrowStep['fill']> {
  const orderIds = orderIdsOf(count);
  await bench.calls.sell(orderIds);
  let saidAt = Date.now();
  let cases = 0;
  const gauged = await bench.gauges.during(() =>
    pool(count, fillWidth, async (nth) => {
      if (Date.now() > until) return;
      cases += 1;
      bench.opened.push(await bench.calls.open(orderIds[nth]!));
      if (Date.now() - saidAt < 30_000) return;
      saidAt = Date.now();
      say(`  ${nth} of ${count}`);
    }),
  );
  return { cases, casesPerSecond: rounded(cases / gauged.seconds, 1), ...gauged };
}

/** Orders that calls may use up, sold in good time. */
function shelf(): { fillUp: (calls: Bench['calls'], count: number) => Promise<void>; take: () => string } {
  const orderIds: string[] = [];
  return {
    async fillUp(calls, count) {
      const more = orderIdsOf(Math.max(0, count - orderIds.length));
      await calls.sell(more);
      orderIds.push(...more);
    },
    take: () => orderIds.pop()!,
  };
}

async function stepTo(bench: Bench, openCases: number, probes: number): Promise<GrowStep> {
  say(`up to ${openCases} open cases`);
  const filled = await fill(bench, Math.max(0, openCases - bench.opened.length));
  await new Promise((resolve) => setTimeout(resolve, 5_000)); // notices go out behind the answers
  const state = {
    openCases,
    fill: filled,
    cached: await bench.gauges.cachedCases(),
    rssMiB: bench.gauges.rssMiB(),
    disk: await bench.gauges.disk(),
    perOpenCase: await countsAmong(bench.system, bench.opened),
  };
  say(`  ${filled.casesPerSecond} cases a second; probing`);
  const step = { ...state, probes: await probeAll(bench, probes) };
  say(`  p99 ms: ${probeKinds.map((kind) => `${kind} ${step.probes[kind].p99Ms}`).join(', ')}`);
  return step;
}

interface StormPlan {
  readonly name: string;
  readonly cases: number;
  readonly strangers: number;
  readonly windowMs: number;
  readonly withCalls: boolean;
}

async function blow(bench: Bench, plan: StormPlan, casesPerSecond: number): Promise<StormResult> {
  const { system, database, gauges } = bench;
  // With a margin: who is late does not measure a storm.
  const openingMs = ((plan.cases + plan.strangers) / casesPerSecond) * 1_500 + 20_000;
  const dueFrom = Date.now() + openingMs;
  say(`a storm of ${plan.cases} deadlines in ${rounded(openingMs / 1_000)} s`);
  const storm = await openStorm(system, plan.name, plan.cases, dueFrom, plan.windowMs);
  const between = plan.strangers > 0 ? await fill(bench, plan.strangers, storm.dueFrom - 5_000) : undefined;
  const before = await countsAmong(system, storm.caseIds);
  const openCases = bench.opened.length + plan.cases;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, storm.dueFrom - Date.now() - 200)));
  say('  the first deadline falls due');
  const callsPerSecond = plan.withCalls ? Math.min(callsPerSecondMax, Math.max(2, Math.round(casesPerSecond))) : 0;
  const stop = plan.withCalls ? callSteadily(bench, callsPerSecond) : undefined;
  let drain: Awaited<ReturnType<typeof drained>> | undefined;
  const gauged = await gauges.during(async () => (drain = await drained(database, storm, stormPatienceMs)));
  const called = await stop?.();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const after = await countsAmong(system, storm.caseIds);
  const level = await levelOf(system, database, storm);
  say(`  drained in ${drain!.drainSeconds} s`);
  return {
    cases: plan.cases,
    dueWithinSeconds: rounded((storm.dueTo - storm.dueFrom) / 1_000, 1),
    openCases,
    ...drain!,
    level,
    perCase: {
      events: after.events - before.events,
      transitions: after.transitions - before.transitions,
      bytes: after.bytes - before.bytes,
    },
    gauged,
    calls: called?.calls ?? { all: latencyOf([]) },
    failures: called?.failures ?? {},
    strangers: between?.cases ?? 0,
    callsPerSecond,
  };
}

/** MiB more for each 10,000 cases more, between two steps. */
const slope = (from: { at: number; mib: number }, to: { at: number; mib: number }): number | undefined =>
  to.at > from.at ? rounded(((to.mib - from.mib) / (to.at - from.at)) * 10_000) : undefined;

function summary(empty: GrowResult['empty'], steps: readonly GrowStep[], limit: number) {
  const [first, last] = [steps[0]!, steps.at(-1)!];
  const at = (step: GrowStep | undefined) => ({ at: step?.openCases ?? 0, mib: step?.rssMiB.worker ?? empty.rssMiB.worker });
  const withinCache = steps.findLast((step) => step.openCases <= limit);
  const beyond = steps.find((step) => step.openCases > limit);
  const grown = (key: keyof GrowStep['disk']): number => Math.round((last.disk[key] - empty.disk[key]) / last.openCases);
  return {
    p99LastOverFirst: Object.fromEntries(
      probeKinds.map((kind) => [kind, rounded(last.probes[kind].p99Ms / first.probes[kind].p99Ms, 2)]),
    ) as GrowResult['p99LastOverFirst'],
    workerMiBPer10k: {
      cached: withinCache && slope({ at: 0, mib: empty.rssMiB.worker }, at(withinCache)),
      uncached: beyond && slope(at(beyond), at(last)),
    },
    diskBytesPerOpenCase: {
      temporal: grown('temporalBytes'),
      mongoStored: grown('mongoStoredBytes'),
      mongoIndex: grown('mongoIndexBytes'),
    },
  };
}

interface Options {
  readonly steps: readonly number[];
  readonly storm: number;
  readonly probes: number;
  readonly strangers: number;
  readonly cacheLimit: number;
  /** The worker's. */
  readonly nodeOptions: string;
}

async function grow(bench: Bench, options: Options, measured: ReturnType<typeof measuring>, store: ReturnType<typeof shelf>) {
  const empty = { rssMiB: bench.gauges.rssMiB(), disk: await bench.gauges.disk() };
  const steps: GrowStep[] = [];
  let rehearsal: StormResult | undefined;
  for (const openCases of options.steps) {
    await store.fillUp(bench.calls, options.probes);
    steps.push(await stepTo(bench, openCases, options.probes));
    const few = Math.round(options.storm * rehearsalShare);
    if (steps.length > 1 || few === 0) continue;
    const plan = { name: 'rehearsal', cases: few, strangers: 0, windowMs: stormWindowMs * rehearsalShare, withCalls: false };
    rehearsal = await blow(bench, plan, steps[0]!.fill.casesPerSecond);
  }
  await store.fillUp(bench.calls, (callsPerSecondMax * stormPatienceMs) / 1_000 / 20);
  const { storm: cases, strangers } = options;
  const plan = { name: 'storm', cases, strangers, windowMs: stormWindowMs, withCalls: true };
  const failed: string[] = [];
  // Half an hour of steps is worth keeping, whatever becomes of the storm.
  const storm = await (cases > 0 ? blow(bench, plan, steps.at(-1)!.fill.casesPerSecond) : undefined)?.catch((err: Error) => {
    failed.push(`there is no storm in this result: ${err.message}`);
    return undefined;
  });
  const { version } = await bench.database.cases.models[0]!.db.db!.admin().serverInfo();
  const { serverVersion } = await bench.system.client.workflowService.getSystemInfo({});
  return {
    provenance: measured({ mongod: version as string, temporal: serverVersion ?? '' }),
    notes: [
      ...failed,
      'the processes run their sources by tsx, with one worker process and one API process',
      'Temporal: development server, one history shard, SQLite in a file with WAL and synchronous=NORMAL; mongod: cache of 0.25 GiB',
      'the Schedule of the reconciler is set to a day, so that it does not run in between',
      'bench and product share the processors; foreignCpu is what went to others',
    ],
    cores,
    fillWidth,
    cacheLimit: options.cacheLimit,
    repeats: bench.calls.repeats(),
    empty,
    steps,
    rehearsal,
    storm,
    ...summary(empty, steps, options.cacheLimit),
  } satisfies GrowResult;
}

async function main(options: Options): Promise<GrowResult> {
  const measured = measuring();
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-grow-'));
  const metricsPort = await freePort();
  // As in production: a worker that bundles for itself holds on to the memory that it took.
  const bundle = join(dataDir, 'workflow-bundle.js');
  const { code } = await bundleWorkflowCode({ workflowsPath: storiesPath, logger: new DefaultLogger('WARN') });
  writeFileSync(bundle, code);
  const system = await startSystem({
    dataDir,
    ui: false,
    workerEnv: {
      METRICS_PORT: String(metricsPort),
      RECONCILE_MINUTES: '1440',
      WORKFLOW_BUNDLE: bundle,
      ...(options.nodeOptions ? { NODE_OPTIONS: options.nodeOptions } : {}),
    },
  });
  try {
    const database = await openDatabase(system.mongo.uri);
    const calls = await meetApi(system);
    const gauges = gaugesOf(system, dataDir, database, `http://127.0.0.1:${metricsPort}/metrics`, cores);
    const store = shelf();
    const bench: Bench = { system, database, calls, gauges, opened: [], orderIds: store.take };
    const result = await grow(bench, options, measured, store);
    await database.close();
    return result;
  } finally {
    await system.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000,5000,10000,20000' },
    storm: { type: 'string', default: '2000' },
    probes: { type: 'string', default: '1000' },
    strangers: { type: 'string' },
    'worker-heap': { type: 'string' },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const steps = values.steps.split(',').map(Number);
const probes = Number(values.probes);
if (values.help) console.log(usage);
else if (steps.some((step, nth) => !(step > (nth === 0 ? 0 : steps[nth - 1]! + probes)))) {
  console.error('--steps takes numbers, each more than the one before and its probes together: probes open cases too');
  process.exitCode = 2;
} else {
  const heap = values['worker-heap'];
  const nodeOptions = heap === undefined ? '' : `--max-old-space-size=${Number(heap)}`;
  const cacheLimit = cacheLimitOf(nodeOptions);
  const result = await main({
    nodeOptions,
    cacheLimit,
    steps,
    storm: Number(values.storm),
    probes,
    strangers: Number(values.strangers ?? cacheLimit),
  });
  console.log(JSON.stringify(result));
  if (values.save) saveResult('grow', result);
}
