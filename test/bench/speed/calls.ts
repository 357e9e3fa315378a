/** Single calls at a fixed rate, by the API and by the barest client that can do the same: what HTTP, token, keys and views add to the slow ones. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Model } from 'mongoose';
import { listing } from '../../../db/case-lists.ts';
import { merchantId } from '../../../dev/demo/people.ts';
import { seedCases } from '../../support/seeds.ts';
import { noFailures, type Failures } from '../drivers/closed-loop.ts';
import { openLoop } from '../drivers/open-loop.ts';
import { accept, type Door } from '../drivers/roads.ts';
import { undisturbed, type Setting, type Undisturbed } from './blocks.ts';
import { latencyOf, median, round, tailFor, type Latency } from './latency.ts';
import type { Sides } from './sides.ts';

export interface CallPair {
  readonly bare: Latency & Undisturbed;
  readonly api: Latency & Undisturbed;
  /** Tail of the API over the tail of the bare call. */
  readonly ratio: number;
}
export interface Calls {
  readonly what: string;
  readonly perSecond: number;
  /** Median of the pairs' ratios. */
  readonly ratio: number;
  readonly pairs: readonly CallPair[];
  /** All pairs' calls together. */
  readonly all: { readonly bare: Latency; readonly api: Latency };
  readonly failed: number;
  readonly failures: readonly string[];
}
type Measured = Record<string, number[]>;

/** Between the opening of a case and the first message to it. */
const gapMs = 2_000;
const seeded = 5_000;

/** Opens cases at a constant rate and accepts each a while later, at the same rate; R6. */
export async function measureMessages(
  sides: Sides,
  plan: { perSecond: number; pairs: number; calls: number },
  setting: Setting,
): Promise<Calls[]> {
  let block = 0;
  const stream = async (door: Door, failures: Failures): Promise<Measured> => {
    block += 1;
    const names = Array.from({ length: plan.calls }, (_, nth) => `open-loop-${process.pid}-${block}-${nth}`);
    const ready = await Promise.all(names.map((name) => door.ready(name, 'happy')));
    const opened: Promise<WorkflowHandle>[] = [];
    const opening = openLoop(
      ready.map((open, nth) => () => (opened[nth] = open())),
      plan.perSecond,
      failures,
    );
    await new Promise((resolve) => setTimeout(resolve, gapMs));
    const accepting = ready.map((_, nth) => async () => door.give((await opened[nth])!, accept));
    const [open, message] = await Promise.all([opening, openLoop(accepting, plan.perSecond, failures)]);
    return { open, message };
  };
  return comparePairs(plan, setting, ['open', 'message'], {
    bare: (failures) => stream(sides.doors.raw, failures),
    api: (failures) => stream(sides.doors.api, failures),
  });
}

/** GET of a case and of a list, next to the same `find` by Mongoose; R7. */
export async function measureReads(sides: Sides, plan: { pairs: number; calls: number }, setting: Setting): Promise<Calls[]> {
  await seedCases(sides.database, { merchantId, count: seeded });
  const { cases } = sides.database;
  const caseId = (nth: number) => `C-${merchantId}-${String((nth * 7) % seeded).padStart(6, '0')}`;
  const model = cases.models[0] as unknown as Model<unknown>;
  const ask = { merchantId, filter: { open: true }, sort: '-updated', limit: 51 } as const;
  const kinds = {
    'GET /cases/{caseId}': {
      bare: (nth: number) => cases.find(merchantId, caseId(nth)),
      api: (nth: number) => sides.people.read(caseId(nth)),
    },
    'GET /cases': { bare: () => listing(model, ask).lean().exec(), api: () => sides.people.list('open=true&limit=50') },
  };
  const all: Calls[] = [];
  for (const [what, { bare, api }] of Object.entries(kinds)) {
    const perSecond = await halfPeak(api);
    const calls = (call: (nth: number) => Promise<unknown>) => async (failures: Failures) => ({
      [what]: await openLoop(
        Array.from({ length: plan.calls }, (_, nth) => () => call(nth)),
        perSecond,
        failures,
      ),
    });
    all.push(...(await comparePairs({ ...plan, perSecond }, setting, [what], { bare: calls(bare), api: calls(api) })));
  }
  return all;
}

/** Half of what the API does with eight callers at a time, calls a second. */
async function halfPeak(call: (nth: number) => Promise<unknown>): Promise<number> {
  const [calls, callers] = [400, 8];
  const startAt = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let nth = caller; nth < calls; nth += callers) await call(nth);
    }),
  );
  return Math.max(1, round((calls * 500) / (performance.now() - startAt), 0));
}

async function comparePairs(
  plan: { perSecond: number; pairs: number },
  setting: Setting,
  kinds: readonly string[],
  side: Record<'bare' | 'api', (failures: Failures) => Promise<Measured>>,
): Promise<Calls[]> {
  const failures = noFailures();
  const seen: Record<'bare' | 'api', (Measured & Undisturbed)[]> = { bare: [], api: [] };
  for (let pair = 0; pair < plan.pairs; pair++)
    for (const door of ['bare', 'api'] as const)
      seen[door].push((await undisturbed(setting, () => side[door](failures))) as unknown as Measured & Undisturbed);
  return kinds.map((what) => {
    const pairs = seen.bare.map((bare, nth) => pairOf(bare, seen.api[nth]!, what));
    const pooled = (door: 'bare' | 'api') => latencyOf(seen[door].flatMap((one) => one[what]!));
    const calls: Calls = {
      what,
      perSecond: plan.perSecond,
      ratio: round(median(pairs.map(({ ratio }) => ratio))),
      pairs,
      all: { bare: pooled('bare'), api: pooled('api') },
      failed: failures.count,
      failures: failures.told,
    };
    const { tailIs, tail } = calls.all.api;
    setting.log(
      `  ${what}: ${calls.ratio} times the bare call; ${tailIs} ${tail} ms at ${plan.perSecond}/s, ${calls.failed} failed`,
    );
    return calls;
  });
}

function pairOf(bare: Measured & Undisturbed, api: Measured & Undisturbed, what: string): CallPair {
  const tailIs = tailFor(Math.min(bare[what]!.length, api[what]!.length));
  const of = ({ othersShare, disturbed, ...measured }: Measured & Undisturbed) => ({
    ...latencyOf((measured as Measured)[what]!, tailIs),
    othersShare,
    disturbed,
  });
  const both = { bare: of(bare), api: of(api) };
  return { ...both, ratio: round(both.api.tail / both.bare.tail) };
}
