/**
 * The model test: random orders of all that people, partners and time can do, played on the real API, workers and servers, each held against the
 * pure rules of domain/. `--help` says how it is called; it fails with the shortest order that shows the mistake, and the command that repeats it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { startMongo, startTemporal } from '../../dev/stack.ts';
import { storiesPath } from '../../worker/worker.ts';
import type { Theatre } from '../support/stage.ts';
import { commandsOf, setups, type Tally } from './actions.ts';
import { openLane, type Lane } from './lane.ts';
import { begin } from './play.ts';

const usage = `Usage: npm run -s model -- [options]

  --commands N   play at least N commands (2000)
  --seed N       which orders; a new one each time unless given, printed first and last
  --lanes N      sequences at the same time, each with a worker of its own (4)
  --path P       with --seed: only the order at this path, as a failure prints it
  --replay R     with --path: the replayPath of that failure
  --json         the last line is the result as JSON

Exit code 0: everything was as the rules say. 1: it was not. 2: wrong options.`;

const longest = 24;
const runsInABatch = 5;
/** An order that fails is shortened for so long. */
const batchMs = 240_000;

interface Options {
  readonly commands: number;
  readonly seed: number;
  readonly lanes: number;
  readonly path?: string;
  readonly replay?: string;
  readonly json: boolean;
}
const fail = (text: string): never => {
  console.error(text);
  process.exit(2);
};
function options(): Options {
  const number = { type: 'string' } as const;
  const known = {
    commands: number,
    seed: number,
    lanes: number,
    path: number,
    replay: number,
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const read = () => parseArgs({ options: known }).values;
  let values: ReturnType<typeof read>;
  try {
    values = read();
  } catch (err) {
    return fail(`${(err as Error).message}\n\n${usage}`);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const { commands = '2000', seed = String(Date.now() % 1_000_000_000), lanes = '4', path, replay, json = false } = values;
  for (const [name, value] of Object.entries({ commands, seed, lanes }))
    if (!/^\d{1,9}$/.test(value) || (name !== 'seed' && value === '0')) fail(`--${name} must be a whole number\n\n${usage}`);
  return { commands: Number(commands), seed: Number(seed), lanes: path ? 1 : Number(lanes), path, replay, json };
}

const countOf = (tally: Tally): number => [...tally.values()].reduce((sum, one) => sum + one, 0);

interface Played {
  readonly tally: Tally;
  /** How often cases came to each stage. */
  readonly reached: Tally;
  sequences: number;
  failure?: string;
}

async function playLane(lane: Lane, nth: number, { seed, commands, path, replay, lanes }: Options, all: Played): Promise<void> {
  for (let batch = 0; countOf(all.tally) < commands && !all.failure; batch += 1) {
    const own = path ? seed : (seed + nth + batch * lanes) % 2_147_483_647;
    const property = fc.asyncProperty(setups, commandsOf(all.tally, longest, replay), async (setup, doings) => {
      all.sequences += 1;
      const opened = await lane.open(setup);
      await fc.asyncModelRun(async () => {
        const real = await begin(lane, opened);
        return { model: real.shadow, real };
      }, doings);
    });
    const result = await fc.check(property, {
      seed: own,
      numRuns: runsInABatch,
      interruptAfterTimeLimit: batchMs,
      ...(path ? { path, endOnFailure: true } : {}),
    });
    if (result.failed && !all.failure) all.failure = failureOf(result as never);
    if (path) return;
  }
}

function failureOf(result: fc.RunDetails<unknown>): string {
  const told = fc.defaultReportMessage(result as never) ?? 'it failed';
  const [, replay] = /replayPath="([^"]+)"/.exec(told) ?? [];
  const said = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  return `${told}\n\n${said}\n\nto see it again: npm run -s model -- --seed ${result.seed} --path ${result.counterexamplePath ?? '0'}${replay ? ` --replay ${replay}` : ''}`;
}

async function main(asked: Options): Promise<boolean> {
  console.log(`seed ${asked.seed}`);
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-model-'));
  const [temporal, mongo, { code }] = await Promise.all([
    startTemporal({ dataDir, ui: false }),
    startMongo({ dataDir }),
    bundleWorkflowCode({ workflowsPath: storiesPath, logger: new DefaultLogger('WARN') }),
  ]);
  const theatre: Theatre = { address: temporal.address, mongoUri: mongo.uri, codePath: join(dataDir, 'workflow-bundle.js') };
  writeFileSync(theatre.codePath, code);
  const all: Played = { tally: new Map(), reached: new Map(), sequences: 0 };
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  const progress = setInterval(() => console.error(`${countOf(all.tally)} commands in ${seconds()} s`), 60_000);
  try {
    const lanes = await Promise.all(Array.from({ length: asked.lanes }, (_, nth) => openLane(`model-${nth}`, theatre)));
    await Promise.all(lanes.map((lane, nth) => playLane(lane, nth, asked, all)));
    for (const [stage, count] of lanes.flatMap((lane) => [...lane.reached]))
      all.reached.set(stage, (all.reached.get(stage) ?? 0) + count);
    // Closing a lane plays each of its cases again from its history.
    for (const lane of lanes)
      await lane.door.close().catch((err: unknown) => {
        all.failure ??= (err as Error).message;
      });
  } finally {
    clearInterval(progress);
    await Promise.all([temporal.stop(), mongo.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
  tellOf(asked, all, seconds());
  return all.failure === undefined;
}

function tellOf({ seed, json }: Options, { tally, reached, sequences, failure }: Played, seconds: number): void {
  const [kinds, stages] = [tally, reached].map((counts) =>
    Object.fromEntries([...counts].toSorted(([, one], [, other]) => other - one)),
  );
  const shown = (counts: object) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const commands = countOf(tally);
  if (failure) console.error(failure);
  console.log(
    `seed ${seed}: ${commands} commands in ${sequences} sequences, ${seconds} s; ${failure ? 'FAILED' : 'all as the rules say'}`,
  );
  console.log(`commands: ${shown(kinds!)}\nstages: ${shown(stages!)}`);
  if (json) console.log(JSON.stringify({ seed, commands, sequences, seconds, failed: failure !== undefined, kinds, stages }));
}

process.exit((await main(options())) ? 0 : 1);
