/** `npm run -s chaos:mutants`: whether the chaos harness finds flaws that were put in, one at a time. One JSON object on standard output. */
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { text } from 'node:stream/consumers';
import { runCommand, UsageError, wholeNumber } from '../../../dev/options.ts';
import { pool } from '../../bench/drivers/samples.ts';
import { measuring, readResults, saveResult, type Provenance } from '../../bench/results.ts';
import { buildMutant } from './build.ts';
import { mutants, type Mutant } from './list.ts';

const usage = `npm run -s chaos:mutants [-- OPTIONS]
Builds the product with one flaw at a time and runs the chaos harness against it, by one plan after the other until a violation is found: then
the flaw is caught. The product without a flaw goes first, by all plans: nothing may be found in it. Exit code 1 if something is, or if fewer than
95 of 100 flaws are caught. Takes some two minutes a run.

  --only ID[,ID]   these flaws alone
  --cases N        returns a run (default 80)
  --kills N        processes killed with -9 a run (default 8)
  --seed N         the first plan (default 1)
  --tries N        how many plans, by the seeds that follow (default 3)
  --at-once N      runs beside each other (default 2): a flawed product is mostly waited for
  --save           keep the table in test/bench/results/mutants.json; with --only, these rows of it
  --help           this text`;

const harness = fileURLToPath(new URL('../main.ts', import.meta.url));
const caughtShareMin = 0.95;
const invariantsShown = 8;
/** What nothing may be found in: else a flaw that is "caught" says nothing. */
const unflawed: Mutant = { id: 'unflawed', flaw: 'none: the product as it is', patches: [] };

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      cases: { type: 'string', default: '80' },
      kills: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      tries: { type: 'string', default: '3' },
      'at-once': { type: 'string', default: '2' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const wanted = values.only?.split(',') ?? mutants.map((one) => one.id);
  const unknown = wanted.filter((id) => !mutants.some((one) => one.id === id));
  if (unknown.length > 0)
    throw new UsageError(`no flaw is called ${unknown.join(', ')}; there are ${mutants.map((one) => one.id).join(', ')}`);
  const { help, save } = values;
  return {
    help,
    save,
    atOnce: wholeNumber('at-once', values['at-once']),
    tries: wholeNumber('tries', values.tries),
    flaws: mutants.filter((one) => wanted.includes(one.id)),
    plan: {
      cases: wholeNumber('cases', values.cases),
      kills: wholeNumber('kills', values.kills, 0),
      seed: wholeNumber('seed', values.seed, 0),
    },
  };
}

type Found = { readonly invariantViolations: readonly { readonly invariant: string; readonly what: string }[] };

interface Plan {
  readonly cases: number;
  readonly kills: number;
  readonly seed: number;
}
type Row = Awaited<ReturnType<typeof judged>>;
interface Result extends Plan, ReturnType<typeof sumOf> {
  readonly tries: number;
  readonly unflawed: readonly string[];
  readonly provenance: Provenance;
}

/** Whether the harness finds this flaw, and by which run. A run that does not come to its end proves nothing. */
async function judged(mutant: Mutant, plan: Plan, tries: number) {
  const folder = mkdtempSync(join(tmpdir(), 'mendline-mutant-'));
  const row = { id: mutant.id, flaw: mutant.flaw };
  try {
    const dist = buildMutant(mutant, join(folder, 'source'));
    for (let run = 1; ; run++) {
      const { by, first } = await found(dist, { ...plan, seed: plan.seed + run - 1 }, folder);
      console.error(`${mutant.id}, run ${run}: ${[...by, first ?? 'nothing found'].join(', ')}`);
      if (first !== undefined || run === tries) return { ...row, caught: by.length > 0, run, by, first: first?.slice(0, 160) };
    }
  } catch (err) {
    console.error(err); // the others are judged all the same
    return { ...row, caught: false, run: 0, by: [], first: (err as Error).message.slice(0, 160) };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function found(dist: string, plan: Plan, folder: string): Promise<{ by: readonly string[]; first?: string }> {
  const figures = Object.entries(plan).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // A process of its own: what goes on beside one run must not end the next.
  const run = spawn(process.execPath, ['--import', 'tsx', harness, '--json', '--dist', dist, ...figures], {
    stdio: ['ignore', 'pipe', openSync(join(folder, 'said.log'), 'w')],
    env: { ...process.env, TMPDIR: folder },
  });
  const stdout = await text(run.stdout!);
  if (!stdout) return { by: [], first: `no end: ${readFileSync(join(folder, 'said.log'), 'utf8').trim().slice(-600)}` };
  const { invariantViolations } = JSON.parse(stdout) as Found;
  const by = [...new Set(invariantViolations.map((one) => one.invariant))].slice(0, invariantsShown);
  return { by, first: invariantViolations[0]?.what };
}

/** What was kept of other flaws under the same plans stays, so that the table may be made in parts. */
function besides(now: Result, kept: Result | undefined): Result {
  const isSame = kept && (['cases', 'kills', 'seed', 'tries'] as const).every((name) => kept[name] === now[name]);
  return { ...now, ...sumOf([...now.rows, ...(isSame ? kept.rows : [])]) };
}

/** In the order of the list, the newest of each. */
function sumOf(known: readonly Row[]) {
  const rows = mutants.flatMap(({ id }) => known.find((one) => one.id === id) ?? []);
  return { mutants: rows.length, caught: rows.filter((one) => one.caught).length, rows };
}

async function main(): Promise<number> {
  const { help, save, flaws, plan, tries, atOnce } = readOptions();
  if (help) {
    console.log(usage);
    return 0;
  }
  const provenance = measuring();
  const kept = readResults().mutants as Result | undefined;
  let control: Row | undefined;
  const rows: Row[] = [];
  const result = (): Result => ({
    ...plan,
    tries,
    unflawed: control?.by ?? ['not judged yet'],
    ...sumOf(rows),
    provenance: provenance(),
  });
  const all = [unflawed, ...flaws];
  await pool(all.length, atOnce, async (nth) => {
    const row = await judged(all[nth]!, plan, tries);
    if (all[nth] === unflawed) control = row;
    else rows.push(row);
    if (save) saveResult('mutants', besides(result(), kept)); // as each is done: the whole takes an hour
  });
  console.log(JSON.stringify(result(), null, 2));
  const { caught } = sumOf(rows);
  return control?.first === undefined && caught / rows.length >= caughtShareMin ? 0 : 1;
}

await runCommand('chaos:mutants', main);
