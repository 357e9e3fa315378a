/** `npm run docs`: rewrites docs/case-flows.md from the tables of stages; with `--check` it writes nothing and fails if the file is stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPolicies } from '../gateways/policy-packs.ts';
import { caseFlows, flows } from './case-flows.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const file = 'docs/case-flows.md';
const text = caseFlows(flows, loadPolicies(pathOf('policies')).sla);
const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--check');

if (unknown) fail(`${unknown} is no option: there is only --check`, 2);
else if (!args.includes('--check')) writeFileSync(pathOf(file), text);
else if (!existsSync(pathOf(file)) || readFileSync(pathOf(file), 'utf8') !== text)
  fail(`${file} is stale: run \`npm run docs\``, 1);

function fail(why: string, code: number): void {
  console.error(`docs: ${why}`);
  process.exitCode = code;
}
