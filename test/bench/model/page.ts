/** The tables of docs/capacity.md, written from the model's result between marks, so that no figure of the page is anybody's memory. */
import type { Capacity } from './capacity.ts';
import type { Inputs } from './inputs.ts';
import type { Check } from './predict.ts';

export interface ModelResult {
  readonly seed: number;
  readonly inputs: Inputs;
  readonly table: readonly Capacity[];
  readonly checks: readonly Check[];
}

const said = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
const short = (count: number): string => (count >= 1e6 ? `${count / 1e6}M` : count >= 1_000 ? `${count / 1_000}k` : `${count}`);

const rows: readonly (readonly [string, (row: Capacity) => number])[] = [
  ['new cases a day', (row) => row.casesPerDay],
  ['busiest hour of an ordinary day over its mean', (row) => row.busiestHour],
  ['**at the peak, a second:** openings', (row) => row.peak.openingsPerSecond],
  ['wake-ups of workflows', (row) => row.peak.wakeUpsPerSecond],
  ['state transitions', (row) => row.peak.transitionsPerSecond],
  ['actions', (row) => row.peak.actionsPerSecond],
  ['saves into MongoDB', (row) => row.peak.savesPerSecond],
  ['reads by people', (row) => row.peak.readsPerSecond],
  ['**workers:** processes', (row) => row.worker.processes],
  ['cores', (row) => row.worker.cores],
  ['memory of all, GiB', (row) => row.worker.memoryGiB],
  ['a wake-up waits at most, p99 ms', (row) => row.worker.waitP99Ms],
  ['**API:** cores', (row) => row.api.cores],
  ['**Temporal cluster:** cores, without its database', (row) => row.temporal.cores],
  ['history shards', (row) => row.temporal.historyShards],
  ['partitions of the task queue', (row) => row.temporal.taskQueuePartitions],
  ['open cases in its database, GiB', (row) => row.temporal.openGiB],
  ['ended cases that are retained, GiB', (row) => row.temporal.retainedGiB],
  ['**MongoDB:** cases, open and kept', (row) => row.mongo.documents],
  ['data before compression, GiB', (row) => row.mongo.dataGiB],
  ['data on disk, GiB', (row) => row.mongo.storedGiB],
  ['indexes, GiB', (row) => row.mongo.indexGiB],
  ['cores for saves', (row) => row.mongo.cores],
  ['shards', (row) => row.mongo.shards],
  ['**Temporal Cloud:** million actions a month', (row) => row.cloud.actionsPerMonthMillions],
  ['peak over the default limit of a namespace', (row) => row.cloud.timesDefaultLimit],
  ['actions, USD a month', (row) => row.cloud.usdPerMonthActions],
  ['storage, USD a month', (row) => row.cloud.usdPerMonthStorage],
  ['USD a million cases', (row) => row.cloud.usdPerMillionCases],
];

function capacityTable(table: readonly Capacity[]): string {
  const head = table.map(({ openCases }) => `${short(openCases)} open`);
  return [
    `| | ${head.join(' | ')} |`,
    `|---|${head.map(() => '---:|').join('')}`,
    ...rows.map(([name, value]) => `| ${name} | ${table.map((row) => said(value(row))).join(' | ')} |`),
  ].join('\n');
}

const inputTable = (inputs: Inputs): string =>
  [
    '| input | value | | from |',
    '|---|---:|---|---|',
    ...Object.entries(inputs).map(([name, { value, mark, source }]) => `| \`${name}\` | ${said(value)} | ${mark} | ${source} |`),
  ].join('\n');

const checkTable = (checks: readonly Check[]): string =>
  checks.length === 0
    ? 'There is no run of `bench:grow` in `test/bench/results/` to hold the model against.'
    : [
        '| metric | modelled | measured | off by |',
        '|---|---:|---:|---:|',
        ...checks.map(
          ({ metric, predicted, measured, off }) =>
            `| ${metric} | ${said(predicted)} | ${said(measured)} | ${said(off * 100)} % |`,
        ),
      ].join('\n');

/** The page with its tables as the model has them; fails where a mark is missing. */
export function pageWith(page: string, model: ModelResult): string {
  const tables = { capacity: capacityTable(model.table), inputs: inputTable(model.inputs), checks: checkTable(model.checks) };
  let written = page;
  for (const [name, table] of Object.entries(tables)) {
    const [from, to] = [`<!-- model: ${name} -->\n`, `\n<!-- model: end of ${name} -->`];
    const [start, end] = [written.indexOf(from), written.indexOf(to)];
    if (start < 0 || end < start) throw new Error(`the page has no place for the table "${name}"`);
    written = `${written.slice(0, start)}${from}${table}${written.slice(end)}`;
  }
  return written;
}
