/** The parts of docs/performance.md about size: many open cases, a million cases in lists, and how far the capacity model is off. */
import type { Gauged } from '../test/bench/grow/gauges.ts';
import { probeKinds, type GrowResult, type ProbeKind, type StormResult } from '../test/bench/grow/result.ts';
import { rounded, type Latency } from '../test/bench/drivers/samples.ts';
import type { Check } from '../test/bench/model/predict.ts';
import type { Step } from '../test/bench/mongo-million.ts';
import { bullets, number, tableOf } from './markdown.ts';

/** As `bench:mongo` writes it. */
export interface MongoKept {
  readonly notes: readonly string[];
  readonly callsOneAfterAnother: number;
  readonly steps: readonly Step[];
  readonly p99LastOverFirst: Readonly<Record<string, number>>;
}
/** As `bench:model` writes it; the model itself and all its checks are docs/capacity.md. */
export interface ModelKept {
  readonly checks: readonly Check[];
}

const probesInWords: Record<ProbeKind, string> = {
  open: '`POST /cases`',
  command: 'a command',
  get: '`GET /cases/{caseId}`',
  inbox: '`GET /cases`',
};
const mib = (bytes: number): string => number(Math.round(bytes / 2 ** 20));
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const tail = ({ p50Ms, p99Ms }: Latency): string => `${number(p50Ms)} / ${number(p99Ms)}`;

export function growSection(kept: GrowResult): string {
  const { steps, storm, rehearsal, p99LastOverFirst, workerMiBPer10k, diskBytesPerOpenCase, cacheLimit } = kept;
  const head = ['', ...steps.map((step) => `${number(step.openCases)} open`)];
  const row = (what: string, of: (step: GrowResult['steps'][number]) => string) => [what, ...steps.map(of)];
  const { cached, uncached } = workerMiBPer10k;
  const memory = [
    ...(cached === undefined ? [] : [`${number(cached)} MiB if it keeps them (good 6 GB, target 2)`]),
    ...(uncached === undefined ? [] : [`${number(uncached)} MiB if it does not (good 50 MB, target 10)`]),
  ];
  return [
    'Cases are opened over HTTP up to each step, with their deadlines days away; then each call is made again and again, one after the other.\n',
    tableOf(head, [
      row('opened a second, on the way there', ({ fill }) => number(fill.casesPerSecond)),
      ...probeKinds.map((kind) => row(`${probesInWords[kind]}, p50 / p99 ms`, ({ probes }) => tail(probes[kind]))),
      row('wake-ups by commands that replayed their case', ({ probes }) => coldShare(probes.command.gauged)),
      row('memory, MiB: Temporal · worker · API · mongod', ({ rssMiB: { temporal, worker: of, api, mongod } }) =>
        [temporal, of, api, mongod].map(number).join(' · '),
      ),
      row('disk, MiB: Temporal · MongoDB data, stored · indexes', ({ disk }) =>
        [disk.temporalBytes, disk.mongoStoredBytes, disk.mongoIndexBytes].map(mib).join(' · '),
      ),
    ]),
    `p99 at the last step over the first, **R10** (good 1.5, target 1.2): ${probeKinds.map((kind) => `${probesInWords[kind]} ${number(p99LastOverFirst[kind])}`).join(', ')}.`,
    `Memory of a worker for 10,000 open cases, **R9**: ${memory.join(', ')}; it keeps at most ${number(cacheLimit)} of them. An open case takes ${number(diskBytesPerOpenCase.temporal)} bytes of Temporal's disk,`,
    `${number(diskBytesPerOpenCase.mongoStored)} of MongoDB's for data and ${number(diskBytesPerOpenCase.mongoIndex)} for indexes.\n`,
    ...[storm, rehearsal].flatMap((one) => (one ? [stormInWords(one)] : [])),
    bullets(kept.notes),
  ].join('\n');
}

function coldShare({ warm, cold }: Gauged): string {
  return warm + cold === 0 ? '' : percent(cold / (warm + cold));
}

function stormInWords(storm: StormResult): string {
  const { cases, dueWithinSeconds, openCases, drainSeconds, lateSeconds, level, gauged, calls, callsPerSecond, failures } = storm;
  const { warm, cold } = gauged;
  const failed = Object.values(failures).reduce((sum, one) => sum + one, 0);
  const beside = Object.entries(calls)
    .filter(([kind, { n }]) => kind !== 'all' && n > 0)
    .map(([kind, latency]) => `${probesInWords[kind as ProbeKind]} ${tail(latency)} ms (${latency.n})`);
  return [
    `**${number(cases)} deadlines within ${number(dueWithinSeconds)} s**, with ${number(openCases)} cases open: all had come to rest ${number(drainSeconds)} s after the first and ${number(lateSeconds)} s after the last, by`,
    `${number(warm + cold)} wake-ups, of which ${percent(cold / (warm + cold))} replayed their case. MongoDB said the same as the workflow for ${level.same} of ${level.asked}.`,
    beside.length === 0
      ? ''
      : `Meanwhile ${number(callsPerSecond)} calls a second, p50 / p99: ${beside.join(', ')}; ${failed} failed.\n`,
  ].join('\n');
}

/** `deskByDeadline` reads `desk by deadline`. */
const inWords = (key: string): string => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

export function mongoSection({ notes, steps, callsOneAfterAnother, p99LastOverFirst }: MongoKept): string {
  const first = steps[0]!;
  const lists = Object.entries(p99LastOverFirst).map(([list, growth]) => [
    `list: ${inWords(list)}`,
    ...steps.map(({ inbox }) => tail(inbox[list]!)),
    number(growth),
    number(Math.max(...steps.map(({ inbox }) => inbox[list]!.examinedPerReturned))),
  ]);
  const singles = (['search', 'get', 'save', 'counts'] as const).map((kind) => [
    inWords(kind),
    ...steps.map((step) => tail(step[kind])),
    number(rounded(steps.at(-1)![kind].p99Ms / first[kind].p99Ms, 2)),
    '',
  ]);
  const room = (what: string, of: (step: Step) => number) => [what, ...steps.map((step) => number(of(step))), '', ''];
  return [
    `The read model alone: ${number(callsOneAfterAnother)} calls of each kind one after the other, p50 / p99 ms. A list that examines more than 1.1 documents for each it returns fails the command.\n`,
    tableOf(
      ['', ...steps.map(({ cases }) => `${number(cases)} cases`), 'p99, last over first', 'examined / returned'],
      [
        ...lists,
        ...singles,
        room('counts that took longer than they may', ({ counts }) => counts.outOfTime),
        room('bytes a case: data', (step) => step.dataBytesPerCase),
        room('stored', (step) => step.storedBytesPerCase),
        room('indexes', (step) => step.indexBytesPerCase),
        room('memory of mongod, MiB', (step) => step.mongodRssMiB),
      ],
    ),
    bullets(notes),
  ].join('\n');
}

export function modelSection({ checks }: ModelKept): string {
  const worst = [...checks].sort((a, b) => b.off - a.off)[0];
  const judged = worst
    ? ` Of ${checks.length} figures of the run with many open cases that it foretells, "${worst.metric}" is furthest off: by ${percent(worst.off)}.`
    : '';
  return `[capacity.md](capacity.md) says what ten thousand to ten million open cases take, by a model that starts from the costs above.${judged}\n`;
}
