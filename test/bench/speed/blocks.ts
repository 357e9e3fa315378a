/** One block of a comparison: what it took, of whose processor time, and whether others were at the machine meanwhile. */
import { closedLoop, noFailures } from '../drivers/closed-loop.ts';
import type { Timed } from '../drivers/roads.ts';
import { latencyOf, round, type Latency } from './latency.ts';
import { cpuMsOf, watchOthers } from './machine.ts';
import type { Contender } from './sides.ts';

export interface Setting {
  /** How often a disturbed block is repeated, at most. */
  readonly repeats: number;
  readonly log: (line: string) => void;
}
/** Above this share of all cores, what others did may be in the figures. */
const othersMax = 0.1;

export interface Undisturbed {
  /** Share of all cores that processes outside the bench took meanwhile. */
  readonly othersShare: number;
  readonly disturbed: boolean;
}
export interface Block extends Undisturbed {
  readonly side: Contender['name'];
  readonly cases: number;
  readonly failed: number;
  readonly failures: readonly string[];
  readonly casesPerSecond: number;
  /** Per completed case, user and system time. */
  readonly cpuMs: number;
  readonly cpuMsByProcess: Readonly<Record<string, number>>;
  readonly cpuMsBeside?: Readonly<Record<string, number>>;
  readonly open?: Latency;
  readonly message?: Latency;
}

/** Measures, and once more where others were at the machine; what is disturbed to the last says so. */
export async function undisturbed<T>(
  { repeats, log }: Setting,
  measure: (attempt: number) => Promise<T>,
): Promise<T & Undisturbed> {
  for (let attempt = 0; ; attempt++) {
    const others = watchOthers();
    const result = await measure(attempt);
    const othersShare = round(others());
    const disturbed = othersShare > othersMax;
    if (!disturbed || attempt >= repeats) return { ...result, othersShare, disturbed };
    log(`  others took ${Math.round(othersShare * 100)} % of the processors: once more`);
  }
}

let blocks = 0;
/** Full cases in a closed loop. */
export async function closedBlock(side: Contender, cases: number, concurrency: number, setting: Setting): Promise<Block> {
  const block = await undisturbed(setting, async () => {
    const name = `${side.name.replaceAll(/\W+/g, '')}-${process.pid}-${++blocks}`;
    const samples = { open: [] as number[], message: [] as number[] };
    const timed: Timed = async (what, call) => {
      const at = performance.now();
      const result = await call();
      samples[what].push(performance.now() - at);
      return result;
    };
    const [failures, cpu, beside, startAt] = [noFailures(), reading(side.pids), reading(side.beside ?? {}), performance.now()];
    await closedLoop(cases, concurrency, failures, (nth) => side.play(`${name}-${nth}`, timed));
    const completed = Math.max(1, cases - failures.count);
    const cpuMsByProcess = cpu(completed);
    return {
      side: side.name,
      cases,
      failed: failures.count,
      failures: failures.told,
      casesPerSecond: round((completed * 1_000) / (performance.now() - startAt)),
      cpuMs: round(Object.values(cpuMsByProcess).reduce((sum, ms) => sum + ms, 0)),
      cpuMsByProcess,
      ...(side.beside ? { cpuMsBeside: beside(completed) } : {}),
      ...(samples.open.length > 0 ? { open: latencyOf(samples.open), message: latencyOf(samples.message) } : {}),
    };
  });
  setting.log(
    `  ${side.name}: ${block.casesPerSecond} cases/s, ${block.cpuMs} ms of processor time a case, ${block.failed} failed`,
  );
  return block;
}

/** Reads the clocks of these processes now; the function it gives says what each has used since, for each of so many cases. */
function reading(pids: Readonly<Record<string, number>>): (cases: number) => Record<string, number> {
  const before = Object.entries(pids).map(([name, pid]) => ({ name, pid, ms: cpuMsOf(pid) }));
  return (cases) => Object.fromEntries(before.map(({ name, pid, ms }) => [name, round((cpuMsOf(pid) - ms) / cases)]));
}
