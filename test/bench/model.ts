/**
 * `npm run -s bench:model`: what ten thousand to ten million open cases take, by a seeded model that starts from measured costs of one case.
 * `--against` holds it against a run of bench:grow. Prints one JSON object; needs no server.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { GrowResult } from './grow/result.ts';
import { capacityFor } from './model/capacity.ts';
import { inputsFrom } from './model/inputs.ts';
import { pageWith, type ModelResult } from './model/page.ts';
import { checksOf, offMax } from './model/predict.ts';
import { measuring, readResults, saveResult } from './results.ts';

const usage = `npm run -s bench:model [-- OPTIONS]
Says what so many open cases take: workers, transitions and actions a second, shards, room, and list prices of Temporal Cloud.
Costs of one case come from test/bench/results/ where results are there, else from the table in test/bench/model/inputs.ts.

  --open N,N,…     open cases (default 10000,100000,1000000,10000000; the last are a million new ones a day)
  --seed N         default 1
  --against FILE   holds the model against a run of bench:grow: learns from its first two steps, predicts the last one and the storm;
                   exit code 1 if anything is off by more than a quarter
  --save           writes test/bench/results/model.json and the tables of docs/capacity.md
  --help           this text`;

const page = fileURLToPath(new URL('../../docs/capacity.md', import.meta.url));
const here = process.env.INIT_CWD ?? process.cwd();

function against(file: string): void {
  const checks = checksOf(JSON.parse(readFileSync(resolve(here, file), 'utf8')) as GrowResult);
  console.log(JSON.stringify({ against: file, offMax, checks }));
  for (const { metric, predicted, measured, off } of checks)
    console.error(
      `${off > offMax ? 'NO ' : 'yes'} ${metric.padEnd(44)} ${predicted} predicted, ${measured} measured, off by ${Math.round(off * 100)} %`,
    );
  if (checks.some(({ off }) => off > offMax)) process.exitCode = 1;
}

function model(open: readonly number[], seed: number, save: boolean): void {
  const measured = measuring();
  const results = readResults();
  const inputs = inputsFrom(results);
  const grow = results.grow as GrowResult | undefined;
  const result: ModelResult = {
    seed,
    inputs,
    table: open.map((openCases) => capacityFor(openCases, inputs, seed)),
    checks: grow && grow.steps.length > 2 ? checksOf(grow) : [],
  };
  const whole = { provenance: measured(), ...result };
  console.log(JSON.stringify(whole));
  if (!save) return;
  saveResult('model', whole);
  writeFileSync(page, pageWith(readFileSync(page, 'utf8'), result));
}

const { values } = parseArgs({
  options: {
    open: { type: 'string', default: '10000,100000,1000000,10000000' },
    seed: { type: 'string', default: '1' },
    against: { type: 'string' },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) console.log(usage);
else if (values.against !== undefined) against(values.against);
else model(values.open.split(',').map(Number), Number(values.seed), values.save);
