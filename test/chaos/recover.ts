/**
 * `npm run -s chaos:recover`: how soon all is as before when MongoDB was away, what callers notice when API processes are killed, and how soon a
 * case goes on whose worker was killed.
 * One JSON object on standard output; exit code 1 where a goal is missed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { meetPeople, type People } from '../../dev/demo/people.ts';
import { stepsOf } from '../../dev/demo/steps.ts';
import { commandUpdate, getSnapshot, workflowIdOf } from '../../workflows/messages.ts';
import { runCommand, wholeNumber } from '../../dev/options.ts';
import { quantile } from '../bench/drivers/samples.ts';
import { measuring, saveResult } from '../bench/results.ts';
import type { CaseDocument } from '../../db/case-document.ts';
import { rudeClient } from './client.ts';
import { patiently } from './oracle/evidence.ts';
import { isLevel } from './oracle/state.ts';
import { playReturns } from './playing.ts';
import { returnsOf } from './plan.ts';
import { createRecovery } from './recovery.ts';
import { killed, startTopology, type Topology } from './topology.ts';

const usage = `npm run -s chaos:recover [-- OPTIONS]
MongoDB is out of reach for a while with cases open, each of which is told something meanwhile: measured is how long after its return the read model
is the workflow's state for all of them. Then API processes are killed in turn while people call: no call may fail after one retry. Then workers
are killed in turn, and nothing else, while returns are played: measured is how long a case that the worker was working on waits for its next step.
Needs a build: npm run build.

  --cases N   open cases (default 100)
  --away S    seconds without MongoDB (default 300)
  --kills N   API processes killed, and workers (default 20)
  --save      keep the result in test/bench/results/recover.json
  --help      this text`;

const goals = { levelMs: 60_000, eventsWhileAway: 10, workerKillMs: 10_000 };
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const polite = { twin: 0, hangUp: 0, again: 0 };
const manners = { triesMax: 50, patienceMs: 120_000 };
const lanes = 8;
const slowPartnersMs = 1_500;
const playedAtOnce = 16;

function readOptions() {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100' },
      away: { type: 'string', default: '300' },
      kills: { type: 'string', default: '20' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    ...values,
    cases: wholeNumber('cases', values.cases),
    awaySeconds: wholeNumber('away', values.away),
    kills: wholeNumber('kills', values.kills, 0),
  };
}

async function main(): Promise<number> {
  const { help, cases, awaySeconds, kills, save } = readOptions();
  if (help) {
    console.log(usage);
    return 0;
  }
  const provenance = measuring();
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-recover-'));
  const topology = await startTopology({ dataDir, dist, onReady: (what) => console.error(`  ${what} ready`) });
  try {
    const { call, heard } = rudeClient(topology.apiUrl, Math.random, { rudeness: polite, during: () => 'API killed' });
    const people = meetPeople(topology, { ...manners, fetch: call });
    const caseIds = await opened(topology, people, cases);
    console.error(`${caseIds.length} cases are open; MongoDB goes for ${awaySeconds} s`);
    const away = await mongoAway(topology, caseIds, awaySeconds * 1_000);
    const before = { ...heard.lines };
    await apiKilled(topology, people, caseIds, kills);
    const { calls, broken, brokenTwice } = heard.lines;
    const failedAfterOneRetry = Object.values(brokenTwice).reduce((sum, one) => sum + one, 0);
    const apiKills = {
      kills,
      calls: calls - before.calls,
      broken: broken - before.broken,
      failedAfterOneRetry,
    };
    const workerKills = await workerKilled(topology, kills, cases);
    const { serverVersion } = await topology.client.workflowService.getSystemInfo({});
    const result = {
      cases: caseIds.length,
      mongoAway: away,
      apiKills,
      workerKills,
      provenance: provenance({ temporal: serverVersion ?? 'unknown' }),
    };
    console.log(JSON.stringify(result, null, 2));
    if (save) saveResult('recover', result);
    const fine =
      away.level === caseIds.length && away.levelMaxMs <= goals.levelMs && away.eventsWhileAwayMax <= goals.eventsWhileAway;
    return fine && failedAfterOneRetry === 0 && workerKills.p99Ms <= goals.workerKillMs ? 0 : 1;
  } finally {
    await topology.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Returns that have been agreed to and wait for their goods. */
async function opened(topology: Topology, people: People, count: number): Promise<string[]> {
  const queue = returnsOf(1, count, false).map((plan) => ({ ...plan, reason: 'not_as_described' as const }));
  const caseIds: string[] = [];
  const open = async () => {
    for (let plan = queue.shift(); plan; plan = queue.shift()) {
      const steps = stepsOf(plan, people, topology.client);
      await steps.open();
      await steps.agreed();
      caseIds.push(steps.caseId);
    }
  };
  await Promise.all(Array.from({ length: lanes }, open));
  return caseIds;
}

/** Each case is told something while MongoDB is away, past the API, which would refuse; then all are watched until they are shown as they are. */
async function mongoAway(topology: Topology, caseIds: readonly string[], awayMs: number) {
  const handleOf = (caseId: string) => topology.client.workflow.getHandle(workflowIdOf('return', caseId));
  const lengthOf = async (caseId: string) => (await handleOf(caseId).describe()).historyLength;
  topology.proxy('mongo').change('refuse');
  const goneAt = Date.now();
  const note = { actor: { id: 'agent-1', role: 'agent' }, payload: { textRef: 'told-while-away' } } as const;
  for (const caseId of caseIds) await handleOf(caseId).executeUpdate(commandUpdate('add_note'), { args: [note as never] });
  const told = await Promise.all(caseIds.map(lengthOf));
  while (Date.now() - goneAt < awayMs) await pause(500);
  const later = await Promise.all(caseIds.map(lengthOf));
  topology.proxy('mongo').change('clear');
  const backAt = Date.now();
  const database = await mongoose.createConnection(topology.mongo.uri, { dbName: 'mendline' }).asPromise();
  try {
    const tookMs = await Promise.all(caseIds.map((caseId) => levelAfter(topology, database, caseId, backAt)));
    const level = tookMs.filter((ms) => ms !== undefined);
    const growth = later.map((length, index) => length - told[index]!);
    return {
      seconds: awayMs / 1_000,
      level: level.length,
      levelMaxMs: Math.max(...level),
      eventsWhileAwayMax: Math.max(...growth),
    };
  } finally {
    await database.close();
  }
}

async function levelAfter(
  { client }: Topology,
  database: mongoose.Connection,
  caseId: string,
  backAt: number,
): Promise<number | undefined> {
  const handle = client.workflow.getHandle(workflowIdOf('return', caseId));
  const snapshot = await patiently(() => handle.query(getSnapshot));
  while (Date.now() - backAt < goals.levelMs * 3) {
    const doc = (await database.collection('cases').findOne({ _id: caseId as never })) as CaseDocument | null;
    if (isLevel({ doc: doc ?? undefined, snapshot })) return Date.now() - backAt;
    await pause(200);
  }
  return undefined;
}

/** People read and write notes all the time while one API process after the other is killed and started again. */
async function apiKilled({ posts }: Topology, people: People, caseIds: readonly string[], kills: number): Promise<void> {
  let isOver = false;
  let nth = 0;
  const calling = Array.from({ length: lanes }, async () => {
    while (!isOver) {
      const caseId = caseIds[nth % caseIds.length]!;
      await people.read(caseId);
      await people.command('agent', 'agent-1', caseId, 'add-note', { note: 'Called again.' }, ++nth);
    }
  });
  const processes = posts.filter((post) => post.name.startsWith('api'));
  for (let kill = 0; kill < kills; kill++) await killed(processes[kill % processes.length]!);
  isOver = true;
  await Promise.all(calling);
}

/** Partners take a while, so that a worker that dies has something in its hands; the next dies when all that waited for the last have gone on. */
async function workerKilled(topology: Topology, kills: number, taken: number) {
  const people = meetPeople(topology, manners);
  await people.simulate('POST', '/control/lies', { seed: 1, latencyMs: slowPartnersMs });
  const plans = returnsOf(1, taken + kills * playedAtOnce, false)
    .slice(taken) // of the first, returns are open already
    .map((plan) => ({ ...plan, road: 'happy' as const, own: undefined }));
  const playing = playReturns(plans, people, topology.client, { lanes: playedAtOnce });
  const recovery = createRecovery(topology.client);
  const workers = topology.posts.filter((post) => post.name.startsWith('worker'));
  for (let kill = 0; kill < kills; kill++) {
    const post = workers[kill % workers.length]!;
    await recovery.watch(post.process.pid, playing.underWay(), () => killed(post));
    await recovery.taken();
  }
  playing.stop();
  const { failed, driven } = await playing.over;
  const astray = [...failed, ...driven].filter((one) => one.error !== undefined);
  if (astray.length > 0) throw new Error(`${astray.length} returns went astray: ${astray[0]!.error}`);
  const tookMs = await recovery.taken();
  return { kills, cases: tookMs.length, p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
}

await runCommand('chaos:recover', main);
