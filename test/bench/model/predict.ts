/**
 * Whether the model is any good: from the first steps of a run of bench:grow, and from its small storm, it says what the last step and the great
 * storm were like. What it predicts it has not seen; only what others took of the machine meanwhile is told to it.
 */
import type { Disk, Gauged } from '../grow/gauges.ts';
import type { GrowResult, GrowStep, StormResult } from '../grow/result.ts';
import { wakeUpCost } from './inputs.ts';
import { serve } from './simulate.ts';

export interface Check {
  readonly metric: string;
  readonly predicted: number;
  readonly measured: number;
  /** 0.1: predicted a tenth too much or too little. */
  readonly off: number;
}
export const offMax = 0.25;

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const cpuOf = ({ cpuMs }: Pick<Gauged, 'cpuMs'>): number => sum(Object.values(cpuMs));
const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

export function checksOf(grow: GrowResult): Check[] {
  const known = grow.steps.slice(0, -1).slice(0, 2);
  const target = grow.steps.at(-1)!;
  if (known.length < 2)
    throw new Error('the run has fewer than three steps: there is nothing to learn from, or nothing to predict');
  const check = (metric: string, predicted: number, measured: number): Check => ({
    metric,
    predicted: rounded(predicted),
    measured: rounded(measured),
    off: rounded(Math.abs(predicted / measured - 1), 3),
  });
  const command = commandAt(grow, known, target);
  const room = (key: keyof Disk, name: string): Check =>
    check(`${name} at ${target.openCases} open, MiB`, roomAt(grow, known, target, key) / 2 ** 20, target.disk[key] / 2 ** 20);
  return [
    check('processor time of an opening, ms', openingMs(known), cpuOf(target.fill) / target.fill.cases),
    check('openings a second', fillRate(grow, known, target), target.fill.casesPerSecond),
    check('wake-ups that replay, share', command.coldShare, command.measuredShare),
    check('worker time of a command, ms', command.workerMs, command.measuredMs),
    check('worker memory, MiB', workerMiB(grow, known, target), target.rssMiB.worker),
    room('temporalBytes', 'Temporal'),
    room('mongoDataBytes', 'MongoDB data'),
    room('mongoIndexBytes', 'MongoDB indexes'),
    ...(grow.storm && grow.rehearsal
      ? [check('storm drained, s', stormSeconds(grow, known, grow.rehearsal, grow.storm), grow.storm.drainSeconds)]
      : []),
  ];
}

const openingMs = (known: readonly GrowStep[]): number =>
  sum(known.map(({ fill }) => cpuOf(fill))) / sum(known.map(({ fill }) => fill.cases));

/** What others leave of the machine, over what an opening takes. */
function fillRate({ cores }: GrowResult, known: readonly GrowStep[], { fill }: GrowStep): number {
  const busy = Math.max(...known.filter((step) => step.fill.cases > 0).map((step) => step.fill.busyCpu));
  return (cores * (Math.min(1, busy) - fill.foreignCpu) * 1_000) / openingMs(known);
}

/** Commands go to any open case; the worker remembers the last ones that it saw. */
function commandAt(grow: GrowResult, known: readonly GrowStep[], { probes, openCases }: GrowStep) {
  const { warm, cold, cpuMs } = probes.command.gauged;
  const coldShare = 1 - Math.min(1, grow.cacheLimit / openCases);
  const { workerMsWarm, replayMsCold } = wakeUpCost({ steps: known });
  return {
    coldShare,
    measuredShare: cold / (warm + cold),
    workerMs: workerMsWarm + coldShare * replayMsCold,
    measuredMs: cpuMs.worker / probes.command.n,
  };
}

/** Only cases that are remembered take memory. */
function workerMiB({ empty, cacheLimit }: GrowResult, known: readonly GrowStep[], { openCases }: GrowStep): number {
  const latest = known.at(-1)!;
  const each = (latest.rssMiB.worker - empty.rssMiB.worker) / Math.min(latest.openCases, cacheLimit);
  return empty.rssMiB.worker + each * Math.min(openCases, cacheLimit);
}

/** So much for every open case, learned at the first step, and so much for every command, learned at the second. */
function roomAt(grow: GrowResult, known: readonly GrowStep[], target: GrowStep, key: keyof Disk): number {
  const [first, second] = known as [GrowStep, GrowStep];
  const base = grow.empty.disk[key];
  const cases = (step: GrowStep): number => step.openCases + (step === first ? 0 : (grow.rehearsal?.cases ?? 0));
  const commands = (step: GrowStep): number =>
    sum(grow.steps.slice(0, grow.steps.indexOf(step)).map(({ probes }) => probes.command.n));
  const perCase = (first.disk[key] - base) / cases(first);
  const perCommand = (second.disk[key] - base - perCase * cases(second)) / commands(second);
  return base + perCase * cases(target) + perCommand * commands(target);
}

/** Deadlines fall due evenly and queue for what is left of the processors beside the calls that go on meanwhile. */
function stormSeconds(grow: GrowResult, known: readonly GrowStep[], rehearsal: StormResult, storm: StormResult): number {
  const { cores, cacheLimit } = grow;
  const { replayMsCold } = wakeUpCost({ steps: known });
  const { warm, cold } = rehearsal.gauged;
  const wakeUps = (warm + cold) / rehearsal.cases;
  const warmMs = (cpuOf(rehearsal.gauged) - cold * replayMsCold) / rehearsal.cases;
  const at = Array.from({ length: storm.cases }, (_, nth) => (nth / storm.cases) * storm.dueWithinSeconds * 1_000);
  const speed = Math.max(0.05, 1 - storm.gauged.foreignCpu - callsShare(grow, known, storm.callsPerSecond));
  const forgotten = 1 - Math.max(0, Math.min(storm.cases, cacheLimit - storm.strangers)) / storm.cases;
  const drain = (coldWakeUps: number) => serve({ at, workMs: () => warmMs + coldWakeUps * replayMsCold, servers: cores, speed });
  // With more cases on their way than the worker remembers, it has forgotten each of them by its next wake-up.
  const { most } = drain(forgotten);
  const again = (wakeUps - 1) * Math.max(0, 1 - cacheLimit / most);
  return drain(forgotten + again).endedAt / 1_000;
}

/** Of all processors, what a steady stream of calls takes: eight in ten of them read, every twentieth opens a case. */
function callsShare({ cores }: GrowResult, known: readonly GrowStep[], perSecond: number): number {
  const { get, inbox, command, open } = known.at(-1)!.probes;
  const each = (probe: typeof get): number => cpuOf(probe.gauged) / probe.n;
  const ms = 0.4 * each(get) + 0.4 * each(inbox) + 0.15 * each(command) + 0.05 * each(open);
  return (perSecond * ms) / (cores * 1_000);
}
