/** `npm run -s chaos:mutants`: whether the chaos harness finds flaws that were put in, one at a time. One JSON object on standard output. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measuring, saveResult } from '../../bench/results.ts';
import { chaosRun } from '../run.ts';
import { buildMutant } from './build.ts';
import { mutants } from './list.ts';

const usage = `npm run -s chaos:mutants [-- OPTIONS]
Builds the product with one flaw at a time and runs the chaos harness against it; a flaw is caught if the harness finds a violation.
Exit code 1 if fewer than 95 of 100 are caught. Takes about a minute a flaw.

  --only ID[,ID]   these flaws alone
  --cases N        returns a run (default 80)
  --kills N        processes killed with -9 a run (default 8)
  --seed N         which plan (default 1)
  --save           keep the table in test/bench/results/mutants.json
  --help           this text`;

const caughtShareMin = 0.95;
const invariantsShown = 8;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    cases: { type: 'string', default: '80' },
    kills: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

async function main(): Promise<number> {
  const wanted = values.only?.split(',') ?? mutants.map((one) => one.id);
  const unknown = wanted.filter((id) => !mutants.some((one) => one.id === id));
  if (unknown.length > 0)
    throw new Error(`no flaw is called ${unknown.join(', ')}; there are ${mutants.map((one) => one.id).join(', ')}`);
  const provenance = measuring();
  const options = { cases: Number(values.cases), kills: Number(values.kills), seed: Number(values.seed) };
  const rows: { id: string; flaw: string; caught: boolean; by: string[]; first?: string }[] = [];
  for (const mutant of mutants.filter((one) => wanted.includes(one.id))) {
    const folder = mkdtempSync(join(tmpdir(), 'mendline-mutant-'));
    try {
      const dist = buildMutant(mutant, join(folder, 'source'));
      const report = await chaosRun({ ...options, dataDir: join(folder, 'data'), dist, concurrency: 24 }).catch((err: Error) => ({
        invariantViolations: [{ invariant: 'no run', what: err.message, caseId: undefined }],
      }));
      const found = report.invariantViolations;
      const by = [...new Set(found.map((one) => one.invariant))].slice(0, invariantsShown);
      rows.push({ id: mutant.id, flaw: mutant.flaw, caught: found.length > 0, by, first: found[0]?.what.slice(0, 160) });
      console.error(`${mutant.id}: ${found.length > 0 ? `caught by ${by.join(', ')}: ${found[0]?.what}` : 'NOT CAUGHT'}`);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  const caught = rows.filter((one) => one.caught).length;
  const result = { ...options, mutants: rows.length, caught, rows, provenance: provenance() };
  console.log(JSON.stringify(result, null, 2));
  if (values.save) saveResult('mutants', result);
  return caught / rows.length >= caughtShareMin ? 0 : 1;
}

if (values.help) console.log(usage);
else process.exit(await main());
