/** `npm run -s chaos`: returns while everything is broken again and again, and what must hold all the same. One JSON object on standard output. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand, UsageError, wholeNumber } from '../../dev/options.ts';
import { measuring } from '../bench/results.ts';
import { keepRun } from './kept.ts';
import { chaosRun } from './run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const usage = `npm run -s chaos [-- OPTIONS]
Starts Temporal, MongoDB, partners, two workers and two API processes with something between all of them, drives returns through them over HTTP,
and kills, stops, cuts and slows them by a plan that the seed draws. Then everything is whole again, and ledgers, histories and documents are
held against each other. Exit code 1 if anything was lost, doubled, overpaid or stuck, or any invariant was broken.

  --cases N         returns (default 300)
  --kills N         processes killed with -9 (default 30)
  --seed N          which plan (default: drawn, and printed)
  --types return    case types; there is one so far
  --concurrency N   returns at the same time (default 24)
  --json            only the JSON, no words beside it
  --dist DIR        run this build instead of making one
  --save            keep the result beside those of other runs in test/bench/results/chaos.json, clean or not
  --keep            leave databases, ledgers and logs where they are, and say where
  --help            this text`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '300' },
      kills: { type: 'string', default: '30' },
      seed: { type: 'string' },
      types: { type: 'string', default: 'return' },
      concurrency: { type: 'string', default: '24' },
      json: { type: 'boolean', default: false },
      dist: { type: 'string' },
      keep: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.types !== 'return') throw new UsageError(`--types knows "return", not "${values.types}"`);
  return {
    ...values,
    cases: wholeNumber('cases', values.cases),
    kills: wholeNumber('kills', values.kills, 0),
    concurrency: wholeNumber('concurrency', values.concurrency),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : wholeNumber('seed', values.seed, 0),
  };
}

async function main(): Promise<number> {
  const { help, json, keep, save, dist = join(root, 'dist'), cases, kills, seed, concurrency } = readOptions();
  if (help) {
    console.log(usage);
    return 0;
  }
  const say = json ? () => undefined : (line: string) => console.error(line);
  const again = `npm run -s chaos -- --cases ${cases} --kills ${kills} --seed ${seed} --concurrency ${concurrency}`;
  console.error(`seed ${seed}; once more: ${again}`);
  if (dist === join(root, 'dist')) build();
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-chaos-'));
  let isFine = false;
  try {
    const provenance = measuring();
    const report = await chaosRun({ seed, cases, kills, dataDir, dist, concurrency });
    console.log(JSON.stringify(report, null, json ? undefined : 2));
    if (save) keepRun({ ...report, provenance: provenance() });
    isFine = report.invariantViolations.length === 0;
    if (!isFine) {
      const ids = [...new Set(report.invariantViolations.flatMap((one) => one.caseId ?? []))];
      console.error(`seed ${seed}: ${report.invariantViolations.length} violations in ${ids.join(', ')}; once more: ${again}`);
    }
    say(
      `seed ${seed}: ${report.acknowledged} commands acknowledged, ${report.lost} lost, ${report.duplicatedEffects} effects doubled`,
    );
  } finally {
    if (keep || !isFine) console.error(`databases, ledgers and logs: ${dataDir}`);
    else rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
  return isFine ? 0 : 1;
}

function build(): void {
  const { status } = spawnSync(process.execPath, [join(root, 'dev/build.mjs')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the product does not build');
}

await runCommand('chaos', main);
