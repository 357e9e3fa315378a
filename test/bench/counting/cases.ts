/** Plays each road on both sides, paced, and counts what it came to. Runs of one road and side come to the same; transitions are medians. */
import type { Client } from '@temporalio/client';
import { fastForward } from '../../../dev/time-travel.ts';
import { atRest, countsOf, type Counts } from '../drivers/pacing.ts';
import { rawDoor } from '../drivers/raw-client.ts';
import { drive, roads, type Road } from '../drivers/roads.ts';
import type { Side } from '../workers.ts';
import { perCase, type MongoCost, type watchMongo } from './mongo-cost.ts';

export const sides = ['skeleton', 'product'] as const satisfies readonly Side[];
const hourSeconds = 3_600;
/** Longer than review and hand-over with all their warnings. */
const longEnough = 10 * 24 * hourSeconds;
const patienceMs = 120_000;

export interface Compared {
  readonly skeleton: Counts;
  readonly product: Counts;
  readonly ratio: Counts;
}
export interface Counted {
  readonly cases: Record<Road, Compared>;
  /** Of the product; the skeleton knows no database. */
  readonly mongo: Record<Road, MongoCost>;
}

/** `runs`: how often each; an odd number. */
export async function countCases(client: Client, mongo: Awaited<ReturnType<typeof watchMongo>>, runs: number): Promise<Counted> {
  const seen = perRoad(() => ({ skeleton: [] as Counts[], product: [] as Counts[] }));
  const costs = perRoad(() => [] as MongoCost[]);
  const play = async (road: Road, run: number) => {
    for (const side of sides) seen[road][side].push(await played(client, side, road, run));
  };
  for (let run = 0; run < runs; run++)
    for (const road of ['happy', 'undone'] as const) costs[road].push((await mongo.costOf(() => play(road, run))).cost);
  // Side by side, since each timer that rings takes a second of real time.
  const all = await mongo.costOf(() => Promise.all(Array.from({ length: runs }, (_, run) => play('everyDeadline', run))));
  costs.everyDeadline.push(perCase(all.cost, runs));
  return {
    cases: perRoad((road) => compare(median(seen[road].skeleton), median(seen[road].product))),
    mongo: perRoad((road) => costs[road].sort((a, b) => a.commandsTotal - b.commandsTotal)[Math.floor(costs[road].length / 2)]!),
  };
}

const perRoad = <T>(make: (road: Road) => T) => Object.fromEntries(roads.map((road) => [road, make(road)])) as Record<Road, T>;

async function played(client: Client, side: Side, road: Road, run: number): Promise<Counts> {
  const handle = await drive(rawDoor(client, side, side), `C-${side}-${road}-${run}`, { road, pace: 'paced' });
  if (road === 'everyDeadline') {
    await atRest(handle);
    await fastForward(handle, longEnough, patienceMs);
  }
  await handle.result();
  return countsOf(client, handle);
}

const keys = ['events', 'transitions', 'actions', 'bytes'] as const;
const perKey = (make: (key: keyof Counts) => number) =>
  Object.fromEntries(keys.map((key) => [key, make(key)])) as unknown as Counts;

const median = (counts: readonly Counts[]): Counts =>
  perKey((key) => counts.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(counts.length / 2)]!);

const compare = (skeleton: Counts, product: Counts): Compared => ({
  skeleton,
  product,
  ratio: perKey((key) => Math.round((product[key] / skeleton[key]) * 1_000) / 1_000),
});
