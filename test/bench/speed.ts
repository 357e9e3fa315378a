/**
 * `npm run -s bench:speed`: rates, processor time and latencies of the product next to the bare skeleton, in interleaved blocks on the same
 * servers. Prints one JSON object; progress goes to standard error. Ratios are judged, absolutes are noted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../../dev/options.ts';
import { measuring, saveResult, serverVersions } from './results.ts';
import { closedBlock, type Setting } from './speed/blocks.ts';
import { measureMessages, measureReads } from './speed/calls.ts';
import { median, round } from './speed/latency.ts';
import { planOf, planOptions, type Plan } from './speed/plan.ts';
import { ratiosOf, type ColdPair, type Round } from './speed/ratios.ts';
import { coldCache, startSides, type Sides } from './speed/sides.ts';

const usage = `npm run -s bench:speed [-- OPTIONS]
Measures full returns of the skeleton, of the product by a raw Temporal client, by HTTP, and of a plain state machine on MongoDB, in turn; with a
cache of ${coldCache} cases; opening and commanding at half the peak rate; reads next to the same find. Five minutes on an idle machine of two cores.
Prints JSON; exit code 1 if a call failed or a ratio is above what is still good.
  --quick          a few cases of each, to see that it works
  --pairs N        rounds of interleaved blocks (5)
  --cases N        cases a block (100)
  --cold-pairs N   warm and cold blocks (2)
  --calls N        calls a block at a fixed rate (60); reads take 1,000
  --reads N        reads a block (1000)
  --concurrency N  cases at a time in a closed loop (32)
  --repeats N      how often a block is repeated while others use over 10 % of the processors (3)
  --save           writes test/bench/results/speed.json
  --json           the same output; it is the default`;

const warmUp = 20;

async function measure(sides: Sides, plan: Plan, setting: Setting) {
  const { log } = setting;
  const block = (side: Parameters<typeof closedBlock>[0], cases = plan.cases) =>
    closedBlock(side, cases, plan.concurrency, setting);
  log('warming up');
  for (const side of [sides.skeleton, sides.product, sides.cold, sides.api, sides.rawMongo])
    await closedBlock(side, Math.min(warmUp, plan.cases), plan.concurrency, { repeats: 0, log });
  const rounds: Round[] = [];
  for (let nth = 1; nth <= plan.pairs; nth++) {
    log(`round ${nth} of ${plan.pairs}`);
    const [skeleton, product] = [await block(sides.skeleton), await block(sides.product)];
    rounds.push({ skeleton, product, api: await block(sides.api), rawMongo: await block(sides.rawMongo) });
  }
  const cold: ColdPair[] = [];
  for (let nth = 1; nth <= plan['cold-pairs']; nth++) {
    log(`warm and cold, ${nth} of ${plan['cold-pairs']}`);
    cold.push({ warm: await block(sides.product), cold: await block(sides.cold) });
  }
  const perSecond = Math.max(0.2, round(median(rounds.map(({ api }) => api.casesPerSecond)) / 2));
  log(`calls at ${perSecond}/s`);
  const messages = await measureMessages(sides, { perSecond, pairs: plan.pairs, calls: plan.calls }, setting);
  const reads = await measureReads(sides, { pairs: plan.pairs, calls: plan.reads }, setting);
  const blocks = [...rounds.flatMap((one) => Object.values(one)), ...cold.flatMap((one) => Object.values(one))];
  const failed = [...blocks, messages[0]!, ...reads].reduce((sum, one) => sum + one.failed, 0);
  const failures = [...blocks, messages[0]!, ...reads].flatMap((one) => one.failures);
  return { ratios: ratiosOf(rounds, cold, messages, reads), failed, failures, rounds, cold, messages, reads };
}

async function measured(sides: Sides, plan: Plan, log: (line: string) => void) {
  try {
    return await measure(sides, plan, { repeats: plan.repeats, log });
  } finally {
    await sides.stop();
  }
}

async function compare(plan: Plan, save: boolean): Promise<number> {
  const provenance = measuring();
  const log = (line: string) => console.error(line);
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-speed-'));
  const startAt = performance.now();
  try {
    const sides = await startSides(dataDir, log);
    const result = await measured(sides, plan, log);
    const seconds = round((performance.now() - startAt) / 1_000, 0);
    const told = { plan: { ...plan, coldCache, pace: 'back to back' }, seconds, ...result };
    console.log(JSON.stringify(told));
    if (save) saveResult('speed', { provenance: provenance(await serverVersions()), ...told });
    for (const { id, what, value, target, verdict } of result.ratios)
      log(`${id} ${value} (at most ${target}): ${verdict}; ${what}`);
    for (const why of result.failures) log(`failed: ${why}`);
    return result.failed > 0 || result.ratios.some(({ verdict }) => verdict === 'above good') ? 1 : 0;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const flag = { type: 'boolean' } as const;

await runCommand('bench:speed', async () => {
  const { values } = parseArgs({
    options: { help: { ...flag, short: 'h' }, quick: flag, save: flag, json: flag, ...planOptions },
  });
  if (!values.help) return compare(planOf(values), values.save ?? false);
  console.log(usage);
  return 0;
});
