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
import { startSystem } from '../../../dev/system.ts';
import { httpDoor } from '../drivers/http-client.ts';
import { rawDoor } from '../drivers/raw-client.ts';
import { drive, type Timed } from '../drivers/roads.ts';
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

export async function startSides(dataDir: string, log: (line: string) => void) {
  build(log);
  const system = await startSystem({ dataDir, ui: false, built: true, onReady: (what) => log(`${what} ready`) });
  const started: { stop(): Promise<unknown> }[] = [system];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const { client, temporal, mongo } = system;
    const startWorker = async (side: Side, taskQueue: string, more: Record<string, string> = {}): Promise<RunningProcess> => {
      const worker = await startProcess({
        name: taskQueue,
        command: process.execPath,
        args: ['--import', 'tsx', join(root, 'test/bench/worker-main.ts')],
        env: {
          ...{ SIDE: side, TASK_QUEUE: taskQueue, WORKFLOW_BUNDLE: bundlePath, TEMPORAL_ADDRESS: system.temporalAddress },
          ...{ MONGODB_URI: mongo.uri, MONGODB_DATABASE: 'bench', ...more },
        },
        logFile: join(system.logs, `${taskQueue}.log`),
        ready: { line: (line) => line.includes('bench worker is running') },
        readyTimeoutMs: 120_000,
      });
      started.push(worker);
      return worker;
    };
    const skeleton = await startWorker('skeleton', 'bench-skeleton');
    const product = await startWorker('product', 'bench-product');
    const cold = await startWorker('product', 'bench-cold', { MAX_CACHED_WORKFLOWS: String(coldCache) });
    const [rawMongo, database] = [await openRawMongo(mongo.uri), await openDatabase(mongo.uri, productDb)];
    started.push({ stop: () => rawMongo.close() }, { stop: () => database.close() });
    log('workers ready');
    const servers = { 'Temporal server': temporal.pid, mongod: mongo.pid };
    const byRawClient = (name: Contender['name'], side: Side, taskQueue: string, pids: Contender['pids']): Contender => {
      const door = rawDoor(client, side, taskQueue);
      const play: Contender['play'] = async (caseId, timed) =>
        (await drive(door, caseId, { pace: 'back_to_back', timed })).result();
      return { name, pids, play };
    };
    const api = httpDoor(system);
    const contenders = {
      skeleton: byRawClient('skeleton', 'skeleton', 'bench-skeleton', { 'Temporal server': temporal.pid, worker: skeleton.pid }),
      product: byRawClient('product', 'product', 'bench-product', { ...servers, worker: product.pid }),
      cold: byRawClient('product, cold', 'product', 'bench-cold', { ...servers, worker: cold.pid }),
      api: {
        name: 'API',
        pids: { ...servers, worker: system.worker.pid, API: system.api.pid },
        beside: { 'simulated partners': system.simulators.pid },
        play: async (caseId, timed) => (await drive(api, caseId, { pace: 'back_to_back', timed })).result(),
      },
      rawMongo: { name: 'raw MongoDB', pids: { mongod: mongo.pid }, play: (caseId) => rawMongo.play(caseId) },
    } satisfies Record<string, Contender>;
    return {
      ...contenders,
      api: contenders.api as Contender,
      people: api.people,
      doors: { raw: rawDoor(client, 'product', 'cases'), api },
      database,
      stop,
    };
  } catch (err) {
    await stop();
    throw err;
  }
}

/** `npm run build`, unless what it made is newer than every source. */
function build(log: (line: string) => void): void {
  const sources = ['activities', 'api', 'config', 'contracts', 'db', 'domain', 'gateways', 'policies', 'worker', 'workflows'];
  const newest = Math.max(...sources.flatMap((folder) => changesIn(join(root, folder))));
  if (existsSync(bundlePath) && statSync(bundlePath).mtimeMs > newest) return;
  log('building');
  const { status } = spawnSync(process.execPath, ['dev/build.mjs'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the product does not build: see above');
}
const changesIn = (folder: string): number[] =>
  readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, String(name))).mtimeMs);
