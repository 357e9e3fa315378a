/** One chaos run: the product as it would stand, returns driven through it while it is broken again and again, then quiet, then judgement. */
import { setTimeout as pause } from 'node:timers/promises';
import { meetPeople } from '../../dev/demo/people.ts';
import { randomFrom } from '../../dev/random.ts';
import { progress } from '../../dev/demo/progress.ts';
import type { Road } from '../../dev/demo/roads.ts';
import { quantile } from '../bench/drivers/samples.ts';
import { rudeClient } from './client.ts';
import { gather } from './oracle/evidence.ts';
import { judge, type Violation } from './oracle/index.ts';
import { paidOf } from './oracle/money.ts';
import { watchStored } from './oracle/watcher.ts';
import { returnsOf, troublesOf, type ChaosPlan } from './plan.ts';
import { playReturns, type Played } from './playing.ts';
import { createRecovery } from './recovery.ts';
import { chaosRoads } from './roads.ts';
import { startTopology, type Topology } from './topology.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly cases: number;
  readonly kills: number;
  readonly dataDir: string;
  /** What `npm run build` made. */
  readonly dist: string;
  readonly concurrency: number;
}

/** Of partners: how often they lie (reliability goals: a fifth of all webhooks twice, a tenth in another order, one of twenty lost). */
const lies = {
  duplicate: 0.2,
  reorder: 0.1,
  lost: 0.05,
  late: 0.05,
  timeoutAfterEffect: 0.1,
  rateLimited: 0.02,
  unavailable: 0.03,
  latencyMs: 1_200,
};
/** The provider forgets keys sooner than anybody tries again (F22). */
const keysKeptMs = 2_000;
const manners = { triesMax: 200, patienceMs: 150_000, lookMsMax: 1_000 };
const patienceMs = 12_000;
const convergeMs = 60_000;

export type ChaosReport = Awaited<ReturnType<typeof judged>>;

export async function chaosRun(options: ChaosOptions) {
  const { seed, cases, kills, dataDir, dist } = options;
  const topology = await startTopology({ dataDir, dist, onReady: (what) => console.error(`  ${what} ready`) });
  try {
    let during = 'quiet';
    const { call, heard } = rudeClient(topology.apiUrl, randomFrom(seed + 1), { during: () => during });
    const people = meetPeople(topology, { ...manners, fetch: call });
    const { serverVersion } = await topology.client.workflowService.getSystemInfo({});
    const skipsTime = canSkipTime(serverVersion ?? '');
    const watch = await watchStored(topology.mongo.uri);
    const recovery = createRecovery(topology.client);
    const fired: Record<string, number> = {};
    const hindered: string[] = [];
    const roads: Record<string, Road> = chaosRoads(
      (invariant, caseId, what) => void heard.violations.push({ invariant, caseId, what }),
    );

    // A webhook that is lost is missed when its time is over: not where time cannot be skipped.
    await people.simulate('POST', '/control/lies', { seed, ...lies, ...(skipsTime ? {} : { lost: 0 }) });
    await people.simulate('POST', '/control/key-expiry', { ms: keysKeptMs });
    const startedAt = Date.now();
    const playing = playReturns(returnsOf(seed, cases, skipsTime), people, topology.client, {
      lanes: options.concurrency,
      roads,
      patienceMs,
      onEnd: progress(cases, 'returns'),
    });
    const field = { topology, recovery, playing: playing.underWay };
    for (const { at, trouble, draw } of troublesOf(seed, kills)) {
      while (playing.ended() < at * cases) await pause(20);
      fired[`${trouble.fault} ${trouble.name}`] = (fired[`${trouble.fault} ${trouble.name}`] ?? 0) + 1;
      during = trouble.name;
      await trouble.befall(field, draw).catch((err: unknown) => void hindered.push(`${trouble.name}: ${(err as Error).message}`));
    }
    const { driven, failed } = await playing.over;
    const playedMs = Date.now() - startedAt;
    const stored = await watch.stop();
    heard.violations.push(...stored.violations);
    Object.assign(fired, await liesTold(topology));
    await fetch(`${topology.simulatorsUrl}/control/lies`, { method: 'DELETE' });
    return await judged({
      serverVersion: serverVersion ?? 'unknown',
      options,
      topology,
      driven,
      failed,
      heard,
      fired,
      hindered,
      playedMs,
      tookMs: await recovery.taken(),
    });
  } catch (err) {
    console.error(err); // here: what is still asked of a server that is gone may end the process before anybody hears of it
    throw err;
  } finally {
    await topology.stop();
  }
}

/** From server 1.32 on (dev/time-travel.ts). */
const canSkipTime = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 32);
};

interface Course extends Played {
  readonly serverVersion: string;
  readonly options: ChaosOptions;
  readonly topology: Topology;
  readonly heard: ReturnType<typeof rudeClient>['heard'];
  readonly fired: Readonly<Record<string, number>>;
  readonly hindered: readonly string[];
  readonly playedMs: number;
  readonly tookMs: readonly number[];
}

async function judged({ serverVersion, options, topology, driven, failed, heard, fired, hindered, playedMs, tookMs }: Course) {
  const { seed, cases, dataDir } = options;
  await allEnded(topology);
  const evidence = await gather(topology.client, { mongoUri: topology.mongo.uri, dataDir, read: meetPeople(topology).read });
  const found = judge(evidence, heard);
  const astray: Violation[] = driven.flatMap(({ plan, view, ending, error }) => {
    const one = evidence.cases.get(view.caseId);
    const name = `${plan.what.returnNo} (${(plan as ChaosPlan).own ?? plan.road})`;
    const complain = (invariant: string, what: string): Violation => ({
      invariant,
      caseId: view.caseId,
      what: `${name}: ${what}`,
    });
    const paid = one ? paidOf(one) : 0;
    return [
      ...(error ? [complain('I15', `${error}; it waits for ${waitsFor(one?.runs.at(-1))}`)] : []),
      ...(ending && one?.doc?.stage !== ending.stage ? [complain('I5', `ended ${one?.doc?.stage}, not ${ending.stage}`)] : []),
      ...(ending && paid !== ending.paidMinor
        ? [complain(paid > ending.paidMinor ? 'I1' : 'I2', `paid ${paid}, due were ${ending.paidMinor}`)]
        : []),
    ];
  });
  const unopened: Violation[] = failed.map(({ plan, error }) => ({
    invariant: 'I15',
    what: `${plan.what.returnNo} (${plan.own ?? plan.road}): ${error}`,
  }));
  const twice = astray.filter((one) => one.invariant === 'I1');
  const stuck = [...found.stuck, ...unopened, ...astray.filter((one) => one.invariant === 'I15')];
  const invariantViolations = [...found.violations, ...astray, ...unopened];
  const counts = Object.values(fired).reduce((sum, one) => sum + one, 0);
  return {
    seed,
    temporal: serverVersion,
    cases,
    kills: Object.entries(fired).reduce((sum, [name, times]) => (/killed/.test(name) ? sum + times : sum), 0),
    troubles: counts,
    acknowledged: heard.acknowledged.length,
    lost: found.lost.length,
    duplicatedEffects: found.doubled.length + twice.length,
    overRefunds: found.over.length,
    stuck: stuck.length,
    invariantViolations,
    faultsFired: { ...fired, ...heard.fired },
    hindered,
    recovery: {
      workerKillP50Ms: tookMs.length > 0 ? quantile(tookMs, 0.5) : null,
      workerKillP99Ms: tookMs.length > 0 ? quantile(tookMs, 0.99) : null,
      workerKillCases: tookMs.length,
      apiCalls: heard.lines.calls,
      apiLinesBroken: heard.lines.broken,
      apiFailedAfterOneRetry: heard.lines.brokenTwice,
      shownBeforeCommitted: heard.lines.phantoms,
    },
    playedMs,
  };
}

/** A case says its last words and stores its last revision before it ends. All roads lead to an end; what has not come there is looked at as it is. */
async function allEnded({ client }: Topology): Promise<void> {
  const giveUpAt = Date.now() + convergeMs;
  const open = () => client.workflow.count("WorkflowType = 'returnCase' AND ExecutionStatus = 'Running'");
  while (Date.now() < giveUpAt && (await open()).count > 0) await pause(500);
}

const waitsFor = (
  run: { readonly pending: readonly string[]; readonly timers: number; readonly status: string } | undefined,
): string => (run ? [...run.pending, `${run.timers} timers`, run.status].join(', ') : 'nobody');

async function liesTold({ simulatorsUrl }: Topology): Promise<Record<string, number>> {
  const reply = await fetch(`${simulatorsUrl}/control/lies`);
  const { fired } = (await reply.json()) as { fired: Record<string, number> };
  return fired;
}
