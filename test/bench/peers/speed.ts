/** Rates and times: blocks of whole returns, closed loop. Which system comes when is main.ts's; what a block says is kept block by block. */
import { loadavg } from 'node:os';
import { watchCpu } from './cpu.ts';
import type { Peer } from './peer.ts';
import type { ReturnInput } from './provider/client.ts';

export interface Block {
  readonly concurrency: number;
  readonly cases: number;
  readonly failed: number;
  readonly seconds: number;
  readonly casesPerSecond: number;
  /** ms a completed case. `server` and `app` are the system's, `driver` is ours, `provider` and `partners` are stand-ins. */
  readonly cpuMs: { readonly server: number; readonly app: number; readonly driver: number; readonly partners: number };
  /** Share of the machine taken by processes outside this run. */
  readonly others: number;
  readonly load: number;
  readonly times: Times;
  readonly failures: readonly string[];
}
export interface Times {
  readonly open: number[];
  readonly message: number[];
  /** From the last message to the closed case. */
  readonly finish: number[];
}

const round = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;

async function timed<T>(into: number[], work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  into.push(performance.now() - from);
  return result;
}

export async function oneReturn(peer: Peer, caseId: string, input: ReturnInput, times: Times): Promise<void> {
  const id = await timed(times.open, () => peer.open(caseId, input));
  for (const name of ['approve', 'received'] as const) {
    await peer.ready?.(id, name);
    const status = await timed(times.message, () => peer.send(id, name, `${id}/${name}`));
    if (status > 299) throw new Error(`${name}: ${status}`);
  }
  await timed(times.finish, () => peer.finish(id, `${id}/inspected`));
}

export async function block(
  peer: Peer,
  inputs: ReadonlyMap<string, ReturnInput>,
  concurrency: number,
  providerPid: number,
): Promise<Block> {
  await peer.prepare?.([...inputs.values()]);
  const times: Times = { open: [], message: [], finish: [] };
  const failures: string[] = [];
  const waiting = [...inputs];
  const { server, app, partners = [] } = peer.pids();
  const load = loadavg()[0]!;
  const used = watchCpu([server, app, [...partners, providerPid]]);
  const driver = process.cpuUsage();
  const from = performance.now();
  const walk = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop())
      await oneReturn(peer, ...next, times).catch((err: Error) => failures.push(err.message));
  };
  await Promise.all(Array.from({ length: concurrency }, walk));
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(driver);
  const { groups, others } = used();
  const cases = inputs.size - failures.length;
  const each = (ms: number) => round(ms / Math.max(1, cases), 2);
  return {
    concurrency,
    cases,
    failed: failures.length,
    seconds: round(seconds, 2),
    casesPerSecond: round(cases / seconds, 2),
    cpuMs: { server: each(groups[0]!), app: each(groups[1]!), driver: each((user + system) / 1_000), partners: each(groups[2]!) },
    others,
    load: round(load, 2),
    times,
    failures: [...new Set(failures)].slice(0, 3),
  };
}

export interface Percentiles {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  /** Absent with fewer than 1,000 calls: it would be the word of a handful. */
  readonly p99?: number;
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), ...(sorted.length >= 1_000 ? { p99: at(0.99) } : {}) };
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** What the blocks of one system at one concurrency say together. */
export function summary(blocks: readonly Block[]) {
  const all = (of: (block: Block) => number) => round(median(blocks.map(of)), 2);
  const over = (name: keyof Times) => percentiles(blocks.flatMap((one) => one.times[name]));
  return {
    casesPerSecond: all((one) => one.casesPerSecond),
    blocks: blocks.map(({ casesPerSecond, cases, others, load }) => ({ casesPerSecond, cases, others, load })),
    open: over('open'),
    message: over('message'),
    finish: over('finish'),
    cpuMs: {
      server: all((one) => one.cpuMs.server),
      app: all((one) => one.cpuMs.app),
      driver: all((one) => one.cpuMs.driver),
      partners: all((one) => one.cpuMs.partners),
    },
    cases: blocks.reduce((sum, one) => sum + one.cases, 0),
    failed: blocks.reduce((sum, one) => sum + one.failed, 0),
    failures: [...new Set(blocks.flatMap((one) => one.failures))].slice(0, 5),
  };
}
