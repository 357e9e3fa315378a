/**
 * `npm run docs`: rewrites docs/case-flows.md from the tables of stages, docs/performance.md with its plot and docs/reliability.md from the results
 * of measurements; with `--check` it writes nothing and fails if one of them is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPolicies } from '../gateways/policy-packs.ts';
import { readResults } from '../test/bench/results.ts';
import { caseFlows, flows } from './case-flows.ts';
import { performancePage, performancePlot } from './performance-page.ts';
import { reliabilityPage } from './reliability-page.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== '--check');

function texts(): Record<string, string> {
  const results = readResults();
  const plot = performancePlot(results);
  return {
    'docs/case-flows.md': caseFlows(flows, loadPolicies(pathOf('policies')).sla),
    'docs/performance.md': performancePage(results),
    'docs/reliability.md': reliabilityPage(results),
    ...(plot === undefined ? {} : { 'docs/images/performance.svg': plot }),
  };
}

if (unknown) fail(`${unknown} is no option: there is only --check`, 2);
else
  for (const [file, text] of Object.entries(texts())) {
    if (!args.includes('--check')) writeFileSync(pathOf(file), text);
    else if (!existsSync(pathOf(file)) || readFileSync(pathOf(file), 'utf8') !== text)
      fail(`${file} is stale: run \`npm run docs\``, 1);
  }

function fail(why: string, code: number): void {
  console.error(`docs: ${why}`);
  process.exitCode = code;
}
