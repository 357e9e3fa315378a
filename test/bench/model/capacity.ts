/** What a number of open cases takes: workers, transitions and actions a second, shards, room, and what Temporal Cloud would charge by its list. */
import { randomFrom } from '../../../dev/random.ts';
import { priceTiers, type InputName, type Inputs } from './inputs.ts';
import { arrivalsAt, serve, simulateDays } from './simulate.ts';

export interface Capacity {
  readonly openCases: number;
  readonly casesPerDay: number;
  /** Wake-ups in the busiest hour of an ordinary day over those of its mean hour. */
  readonly busiestHour: number;
  readonly peak: {
    readonly openingsPerSecond: number;
    readonly wakeUpsPerSecond: number;
    readonly transitionsPerSecond: number;
    readonly actionsPerSecond: number;
    readonly savesPerSecond: number;
    readonly readsPerSecond: number;
  };
  readonly worker: {
    readonly processes: number;
    readonly cores: number;
    readonly waitP99Ms: number;
    readonly memoryGiB: number;
    readonly cachedCasesEach: number;
  };
  readonly api: { readonly cores: number };
  readonly temporal: {
    readonly cores: number;
    readonly historyShards: number;
    readonly taskQueuePartitions: number;
    readonly openGiB: number;
    readonly retainedGiB: number;
  };
  readonly mongo: {
    readonly documents: number;
    readonly dataGiB: number;
    readonly storedGiB: number;
    readonly indexGiB: number;
    readonly cores: number;
    readonly shards: number;
  };
  readonly cloud: {
    readonly actionsPerMonthMillions: number;
    readonly timesDefaultLimit: number;
    readonly usdPerMonthActions: number;
    readonly usdPerMonthStorage: number;
    readonly usdPerMillionCases: number;
  };
}

const daysOfMonth = 30;
const gib = 2 ** 30;
/** Clouds bill by GB. */
const gb = 1e9;
const hoursOfMonth = daysOfMonth * 24;
/** Enough of a peak for a p99 of thousands of wake-ups, not more than a second of computing. */
const wakeUpsPlayed = 200_000;
const peakSecondsMax = 300;

export function actionsUsd(millions: number): number {
  let [usd, from] = [0, 0];
  for (const { upToMillions, usd: price } of priceTiers) {
    usd += Math.max(0, Math.min(millions, upToMillions) - from) * price;
    from = upToMillions;
  }
  return usd;
}

/** The fewest processors that are not too busy at the peak, and of which wake-ups need not wait too long. */
export function workersFor(perSecond: number, workMs: number, busyMax: number, waitMax: number, seed: number) {
  const random = randomFrom(seed);
  const seconds = Math.min(peakSecondsMax, Math.max(10, wakeUpsPlayed / perSecond));
  const at = arrivalsAt(perSecond, seconds, random);
  // Replays differ with the length of the history: half of a wake-up's work is the same for all, half is by chance.
  const works = at.map(() => workMs * (0.5 - 0.5 * Math.log(1 - random())));
  for (let servers = Math.max(2, Math.ceil((perSecond * workMs) / 1_000 / busyMax)); ; servers += Math.ceil(servers / 20)) {
    const { waitP99Ms } = serve({ at, workMs: (nth) => works[nth]!, servers });
    if (waitP99Ms <= waitMax) return { servers, waitP99Ms };
  }
}

const rounded = (value: number, digits = 0): number => Math.round(value * 10 ** digits) / 10 ** digits;
const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, atLeast)));

export function capacityFor(openCases: number, inputs: Inputs, seed: number): Capacity {
  const of = (name: InputName): number => inputs[name].value;
  const casesPerDay = openCases / of('openDays');
  const days = simulateDays(casesPerDay, { openDays: of('openDays'), wakeUps: of('wakeUps') }, seed);
  const opening = days.arrivalsPerSecond * of('peakFactor');
  const wakeUps = opening * of('wakeUps');
  const workMs =
    of('workerMsWarm') + (1 - of('cachedShare')) * lateShare(of('wakeUps')) * of('replayMsCold') * of('replayGrowth');
  const { servers, waitP99Ms } = workersFor(wakeUps, workMs, of('busyMax'), of('waitP99Ms'), seed);
  const processes = Math.ceil(servers / of('coresPerWorker'));
  const cachedEach = Math.max(100, Math.ceil((openCases * of('cachedShare')) / processes));
  return {
    openCases,
    casesPerDay: rounded(casesPerDay),
    busiestHour: rounded(days.busiestHour, 2),
    peak: {
      openingsPerSecond: rounded(opening, 2),
      wakeUpsPerSecond: rounded(wakeUps, 1),
      transitionsPerSecond: rounded(opening * of('transitions')),
      actionsPerSecond: rounded(opening * of('actions')),
      savesPerSecond: rounded(opening * of('savesPerCase')),
      readsPerSecond: rounded(opening * of('readsPerCase')),
    },
    worker: {
      processes,
      cores: servers,
      waitP99Ms: rounded(waitP99Ms, 1),
      cachedCasesEach: cachedEach,
      memoryGiB: rounded((processes * (of('workerMiBEmpty') + cachedEach * of('workerMiBPerCachedCase'))) / 1_024, 1),
    },
    api: {
      cores: coresFor(opening * (of('changesPerCase') * of('apiMsPerChange') + of('readsPerCase') * of('apiMsPerRead')), inputs),
    },
    temporal: temporalFor(openCases, opening, wakeUps, inputs),
    mongo: mongoFor(openCases, opening, inputs),
    cloud: cloudFor(openCases, opening, inputs),
  };
}

/** The first wake-ups come at once and find the case in memory; all later ones do not. */
const lateShare = (wakeUps: number): number => Math.max(0, wakeUps - 2) / wakeUps;
const coresFor = (msPerSecond: number, inputs: Inputs): number =>
  Math.max(1, Math.ceil(msPerSecond / 1_000 / inputs.busyMax.value));

function temporalFor(openCases: number, opening: number, wakeUps: number, inputs: Inputs): Capacity['temporal'] {
  const of = (name: InputName): number => inputs[name].value;
  const transitions = opening * of('transitions');
  const perShard = (1_000 / of('transitionMs')) * of('shardBusyMax');
  const ended = (openCases / of('openDays')) * of('retentionDays');
  // Workflow tasks and about as many of activities.
  const tasks = 2 * wakeUps;
  return {
    cores: coresFor(transitions * of('serverMsPerTransition'), inputs),
    historyShards: Math.max(4, powerOfTwo(Math.max(transitions / perShard, openCases / of('openPerShard')))),
    taskQueuePartitions: Math.max(4, Math.ceil(tasks / of('tasksPerPartition'))),
    openGiB: rounded((openCases * of('temporalBytesPerOpenCase')) / gib, 1),
    retainedGiB: rounded((ended * of('historyBytes')) / gib, 1),
  };
}

function mongoFor(openCases: number, opening: number, inputs: Inputs): Capacity['mongo'] {
  const of = (name: InputName): number => inputs[name].value;
  const documents = openCases + (openCases / of('openDays')) * of('keptDays');
  const [storedGiB, indexGiB] = [
    (documents * of('mongoStoredBytesPerCase')) / gib,
    (documents * of('mongoIndexBytesPerCase')) / gib,
  ];
  return {
    documents: rounded(documents),
    dataGiB: rounded((documents * of('mongoDataBytesPerCase')) / gib, 1),
    storedGiB: rounded(storedGiB, 1),
    indexGiB: rounded(indexGiB, 1),
    cores: coresFor(opening * of('savesPerCase') * of('mongoMsPerSave'), inputs),
    shards: Math.ceil((storedGiB + indexGiB) / of('mongoShardGiB')),
  };
}

function cloudFor(openCases: number, opening: number, inputs: Inputs): Capacity['cloud'] {
  const of = (name: InputName): number => inputs[name].value;
  const casesPerMonth = (openCases / of('openDays')) * daysOfMonth;
  const millions = (casesPerMonth * of('actions')) / 1e6;
  const activeGb = (openCases * of('historyBytes')) / gb;
  const retainedGb = ((openCases / of('openDays')) * of('retentionDays') * of('historyBytes')) / gb;
  const usdPerMonthActions = actionsUsd(millions);
  const usdPerMonthStorage = (activeGb * of('usdPerGBhActive') + retainedGb * of('usdPerGBhRetained')) * hoursOfMonth;
  return {
    actionsPerMonthMillions: rounded(millions, 2),
    timesDefaultLimit: rounded((opening * of('actions')) / of('cloudActionsPerSecond'), 2),
    usdPerMonthActions: rounded(usdPerMonthActions),
    usdPerMonthStorage: rounded(usdPerMonthStorage),
    usdPerMillionCases: rounded(((usdPerMonthActions + usdPerMonthStorage) / casesPerMonth) * 1e6),
  };
}
