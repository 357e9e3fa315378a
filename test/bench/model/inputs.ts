/**
 * What the model starts from, each number with where it comes from. Results of the other benches take the place of what was written down here
 * when they are in results/; what they do not say stays as it is.
 */
import type { GrowResult } from '../grow/result.ts';

export type Mark = 'measured' | 'published' | 'assumed';
export interface Input {
  readonly value: number;
  readonly mark: Mark;
  readonly source: string;
}
const measured = (value: number, source: string): Input => ({ value, mark: 'measured', source });
const published = (value: number, source: string): Input => ({ value, mark: 'published', source });
const assumed = (value: number, source: string): Input => ({ value, mark: 'assumed', source });

const earlier = 'an earlier run on two cores, used where results/ has no newer one';
export const defaults = {
  events: measured(74, `bench:count; ${earlier}`),
  transitions: measured(27, `bench:count; ${earlier}`),
  actions: measured(19, `bench:count; ${earlier}`),
  historyBytes: measured(20_034, `bench:count; ${earlier}`),
  wakeUps: measured(11, 'workflow tasks of a return that is refunded, by its history in test/replay/histories'),
  savesPerCase: assumed(11, 'at most one a wake-up'),
  serverMsPerTransition: measured(3.2, `processor time of the server in bench:grow; ${earlier}`),
  workerMsWarm: measured(9, `processor time of a wake-up from memory, its activities included; ${earlier}`),
  replayMsCold: measured(14, `what a wake-up takes more when its history is played again; ${earlier}`),
  replayGrowth: measured(
    1.4,
    'a history of half a life over that of a new case; replay by an earlier fit: 11 ms and 0.27 ms an event',
  ),
  apiMsPerChange: measured(14, `processor time of the API for an opening or a command; ${earlier}`),
  apiMsPerRead: measured(3, `processor time of the API for one case or one page; ${earlier}`),
  mongoMsPerSave: measured(2.5, `processor time of mongod; ${earlier}`),
  temporalBytesPerOpenCase: measured(38_000, `database file of the server; ${earlier}`),
  mongoDataBytesPerCase: measured(9_000, `all collections, before compression; ${earlier}`),
  mongoIndexBytesPerCase: measured(7_000, `all collections; ${earlier}`),
  mongoStoredBytesPerCase: measured(3_500, `all collections, compressed; ${earlier}`),
  workerMiBEmpty: measured(260, `bench:grow; ${earlier}`),
  workerMiBPerCachedCase: measured(0.45, `bench:grow; ${earlier}`),

  openDays: assumed(10, 'a return from the request to the refund'),
  retentionDays: assumed(30, 'how long Temporal keeps the history of an ended case'),
  keptDays: assumed(180, 'how long MongoDB keeps an ended case'),
  peakFactor: assumed(10, 'the busiest minutes over the mean of the year: sales, and deadlines that fall due together'),
  readsPerCase: assumed(20, 'views of lists and cases by people'),
  cachedShare: assumed(0.002, 'of open cases that a fleet of workers holds in memory'),
  busyMax: assumed(0.6, 'share of its processors that a fleet may use at the peak'),
  waitP99Ms: assumed(200, 'how long a wake-up may wait for a worker at the peak, p99'),
  coresPerWorker: assumed(1, 'a worker process plays workflows on one thread'),
  transitionMs: assumed(20, 'one transition in the database of the cluster; a shard makes one after another'),
  shardBusyMax: assumed(0.1, 'share of its time that a shard may be writing at the peak'),
  openPerShard: assumed(2_500, 'open cases on a shard, so that one that moves is soon loaded'),
  tasksPerPartition: assumed(250, 'tasks a second that a partition of a task queue hands out'),
  mongoShardGiB: assumed(500, 'data and indexes on one MongoDB shard'),

  cloudActionsPerSecond: published(500, 'docs.temporal.io/cloud/limits: default of a namespace'),
  changesPerCase: assumed(4, 'opening, decision, reception and inspection, over HTTP'),
  usdPerGBhActive: published(0.042, 'docs.temporal.io/cloud/pricing'),
  usdPerGBhRetained: published(0.00105, 'docs.temporal.io/cloud/pricing'),
} as const satisfies Record<string, Input>;
export type InputName = keyof typeof defaults;
export type Inputs = Record<InputName, Input>;

/**
 * List price of a million actions by what was used in the month so far, on the Business plan and above. Source: docs.temporal.io/cloud/pricing.
 * Beyond 200 million the price is agreed upon; here it stays as it is, so that sums beyond it are upper bounds.
 */
export const priceTiers: readonly { readonly upToMillions: number; readonly usd: number }[] = [
  { upToMillions: 5, usd: 50 },
  { upToMillions: 10, usd: 45 },
  { upToMillions: 20, usd: 40 },
  { upToMillions: 50, usd: 35 },
  { upToMillions: 100, usd: 30 },
  { upToMillions: Number.POSITIVE_INFINITY, usd: 25 },
];

interface Counted {
  readonly product?: {
    readonly events?: number;
    readonly transitions?: number;
    readonly actions?: number;
    readonly bytes?: number;
  };
}

/** `results`: by name, as results.ts reads them. */
export function inputsFrom(results: Readonly<Record<string, unknown>>): Inputs {
  const { product = {} } = (results.count ?? {}) as Counted;
  const counted = (value: number | undefined): Partial<Input> =>
    value === undefined ? {} : measured(value, 'results/count.json');
  const over = (name: InputName, more: Partial<Input>): Input => ({ ...defaults[name], ...more });
  const fromCount = {
    events: over('events', counted(product.events)),
    transitions: over('transitions', counted(product.transitions)),
    actions: over('actions', counted(product.actions)),
    historyBytes: over('historyBytes', counted(product.bytes)),
  };
  return { ...defaults, ...fromCount, ...(results.grow ? fromGrow(results.grow as GrowResult) : {}) };
}

/** What a run of bench:grow says of processor time, memory and room. */
function fromGrow(grow: GrowResult): Partial<Inputs> {
  const source = 'results/grow.json';
  const [first, last] = [grow.steps[0]!, grow.steps.at(-1)!];
  const { open, command, get, inbox } = last.probes;
  const each = (ms: number, count: number): number => Math.round((ms / Math.max(1, count)) * 100) / 100;
  const opens = first.fill.cases;
  // The first wake-up of a case is neither found in memory nor played again, so that the worker counts it as neither.
  const openingWakeUps = opens + first.fill.warm + first.fill.cold;
  const { replayMsCold } = wakeUpCost(grow);
  const perCase = (bytes: number, before: number): number => Math.round((bytes - before) / last.openCases);
  const { disk } = last;
  return {
    serverMsPerTransition: measured(each(first.fill.cpuMs.temporal, opens * first.perOpenCase.transitions), source),
    workerMsWarm: measured(each(first.fill.cpuMs.worker, openingWakeUps), source),
    replayMsCold: measured(replayMsCold, source),
    apiMsPerChange: measured(each(open.gauged.cpuMs.api + command.gauged.cpuMs.api, open.n + command.n), source),
    apiMsPerRead: measured(each(get.gauged.cpuMs.api + inbox.gauged.cpuMs.api, get.n + inbox.n), source),
    mongoMsPerSave: measured(each(command.gauged.cpuMs.mongod, command.n), source),
    temporalBytesPerOpenCase: measured(perCase(disk.temporalBytes, grow.empty.disk.temporalBytes), source),
    mongoDataBytesPerCase: measured(perCase(disk.mongoDataBytes, grow.empty.disk.mongoDataBytes), source),
    mongoIndexBytesPerCase: measured(perCase(disk.mongoIndexBytes, grow.empty.disk.mongoIndexBytes), source),
    mongoStoredBytesPerCase: measured(perCase(disk.mongoStoredBytes, grow.empty.disk.mongoStoredBytes), source),
    workerMiBEmpty: measured(grow.empty.rssMiB.worker, source),
    workerMiBPerCachedCase: measured(each(last.rssMiB.worker - grow.empty.rssMiB.worker, last.cached), source),
  };
}

/** A command wakes its case once. Over two steps of which one finds fewer cases in memory, what that takes more is the replay. */
export function wakeUpCost({ steps }: Pick<GrowResult, 'steps'>): { workerMsWarm: number; replayMsCold: number } {
  const points = steps.map(({ probes: { command } }) => {
    const { warm, cold, cpuMs } = command.gauged;
    return { share: cold / Math.max(1, warm + cold), ms: cpuMs.worker / Math.max(1, command.n) };
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const [share, ms] = [mean(points.map((one) => one.share)), mean(points.map((one) => one.ms))];
  const spread = mean(points.map((one) => (one.share - share) ** 2));
  const together = mean(points.map((one) => (one.share - share) * (one.ms - ms)));
  // All as warm as one another: nothing is learned of the replay.
  const replayMsCold = spread < 0.001 ? defaults.replayMsCold.value : Math.max(0, together / spread);
  return { workerMsWarm: rounded(ms - replayMsCold * share), replayMsCold: rounded(replayMsCold) };
}
const rounded = (value: number): number => Math.round(value * 100) / 100;
