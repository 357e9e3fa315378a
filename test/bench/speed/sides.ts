/**
 * What is measured: one Temporal server and one mongod for all sides, and each side's workers as processes of their own. The product by its
 * front door is the system of dev/system.ts, as `npm run build` makes it; by a raw client it has partners in memory, so that nobody speaks HTTP.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../../db/database.ts';
import { startProcess, type RunningProcess } from '../../../dev/processes.ts';
import { startSystem, type System } from '../../../dev/system.ts';
import { httpDoor } from '../drivers/http-client.ts';
import { rawDoor } from '../drivers/raw-client.ts';
import { drive, type Door, type Timed } from '../drivers/roads.ts';
import { openRawMongo } from '../raw-mongo/state-machine.ts';
import type { Side } from '../workers.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bundlePath = join(root, 'dist/workflow-bundle.js');
/** So few that nearly every wake-up finds its case gone from memory. */
export const coldCache = 3;
/** As db/database.ts names it by itself. */
const productDb = 'mendline';

export interface Contender {
  readonly name: 'skeleton' | 'product' | 'product, cold' | 'API' | 'raw MongoDB';
  /** Whose processor time counts. */
  readonly pids: Readonly<Record<string, number>>;
  /** Processes that work along and belong to others: told, and not counted. */
  readonly beside?: Readonly<Record<string, number>>;
  /** Takes one case from its opening to its end. */
  play(caseId: string, timed: Timed): Promise<unknown>;
}
export type Sides = Awaited<ReturnType<typeof startSides>>;

type Log = (line: string) => void;

export async function startSides(dataDir: string, log: Log) {
  build(log);
  const system = await startSystem({ dataDir, ui: false, built: true, onReady: (what) => log(`${what} ready`) });
  const started: { stop(): Promise<unknown> }[] = [system];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  const begun = async <T>(starting: Promise<T>, end: (part: T) => Promise<unknown>): Promise<T> => {
    const part = await starting;
    started.push({ stop: () => end(part) });
    return part;
  };
  try {
    const worker = (side: Side, taskQueue: string, cached?: number) =>
      begun(startWorker(system, side, taskQueue, cached), (one) => one.stop());
    const workers = {
      skeleton: await worker('skeleton', queues.skeleton),
      product: await worker('product', queues.product),
      cold: await worker('product', queues.cold, coldCache),
    };
    const rawMongo = await begun(openRawMongo(system.mongo.uri), (one) => one.close());
    const database = await begun(openDatabase(system.mongo.uri, productDb), (one) => one.close());
    log('workers ready');
    const api = httpDoor(system);
    const doors = { raw: rawDoor(system.client, 'product', 'cases'), api };
    return { ...contendersOf(system, workers, api, rawMongo), people: api.people, doors, database, stop };
  } catch (err) {
    await stop();
    throw err;
  }
}

const queues = { skeleton: 'bench-skeleton', product: 'bench-product', cold: 'bench-cold' } as const;

const startWorker = (system: System, side: Side, taskQueue: string, cached?: number): Promise<RunningProcess> =>
  startProcess({
    name: taskQueue,
    command: process.execPath,
    args: [...nodeArgs(taskQueue), '--import', 'tsx', join(root, 'test/bench/worker-main.ts')],
    env: {
      SIDE: side,
      TASK_QUEUE: taskQueue,
      WORKFLOW_BUNDLE: bundlePath,
      TEMPORAL_ADDRESS: system.temporalAddress,
      MONGODB_URI: system.mongo.uri,
      MONGODB_DATABASE: 'bench',
      ...(cached === undefined ? {} : { MAX_CACHED_WORKFLOWS: String(cached) }),
    },
    logFile: join(system.logs, `${taskQueue}.log`),
    ready: { line: (line) => line.includes('bench worker is running') },
    readyTimeoutMs: 120_000,
  });

/** `BENCH_PROFILE=folder`: each worker leaves a profile of its processor time there. */
const nodeArgs = (taskQueue: string): string[] => {
  const { BENCH_PROFILE: folder } = process.env;
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${join(folder, taskQueue)}`] : [];
};

function contendersOf(
  { client, temporal, mongo, worker, api, simulators }: System,
  workers: Record<'skeleton' | 'product' | 'cold', RunningProcess>,
  apiDoor: Door,
  rawMongo: { play(caseId: string): Promise<void> },
) {
  const servers = { 'Temporal server': temporal.pid, mongod: mongo.pid };
  const playing =
    (door: Door): Contender['play'] =>
    async (caseId, timed) =>
      (await drive(door, caseId, { pace: 'back_to_back', timed })).result();
  const raw = (side: Side, taskQueue: string) => playing(rawDoor(client, side, taskQueue));
  return {
    skeleton: {
      name: 'skeleton',
      pids: { 'Temporal server': temporal.pid, worker: workers.skeleton.pid },
      play: raw('skeleton', queues.skeleton),
    },
    product: { name: 'product', pids: { ...servers, worker: workers.product.pid }, play: raw('product', queues.product) },
    cold: { name: 'product, cold', pids: { ...servers, worker: workers.cold.pid }, play: raw('product', queues.cold) },
    api: {
      name: 'API',
      pids: { ...servers, worker: worker.pid, API: api.pid },
      beside: { 'simulated partners': simulators.pid },
      play: playing(apiDoor),
    },
    rawMongo: { name: 'raw MongoDB', pids: { mongod: mongo.pid }, play: (caseId) => rawMongo.play(caseId) },
  } satisfies Record<string, Contender>;
}

/** `npm run build`, unless what it made is newer than every source. */
function build(log: Log): void {
  const sources = ['activities', 'api', 'config', 'contracts', 'db', 'domain', 'gateways', 'policies', 'worker', 'workflows'];
  const newest = Math.max(...sources.flatMap((folder) => changesIn(join(root, folder))));
  if (existsSync(bundlePath) && statSync(bundlePath).mtimeMs > newest) return;
  log('building');
  const { status } = spawnSync(process.execPath, ['dev/build.mjs'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the product does not build: see above');
}
const changesIn = (folder: string): number[] =>
  readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, String(name))).mtimeMs);
