/** The run as a table for people, the ratios within it, and what it does not say. */
import { type Block, median, type summary } from './speed.ts';

type Speed = ReturnType<typeof summary>;
interface Found {
  readonly c32: Speed;
  readonly c8: Speed;
  readonly bytes: { readonly perCase: number };
}

export const notMeasured = [
  'long waits, timers and deadlines: every message follows the one before at once',
  'open loop and cold cases: rates are those of a closed loop on warm processes',
  'more than one node, replication, a power cut: every server is one process on one machine, data on one disk',
  'Temporal on PostgreSQL or Temporal Cloud: the development server has one shard and one SQLite connection',
  'what the extra work of Mendline (assessment, notices, stock, deadlines, read model) would cost on the other systems',
  'the kill of a server, of the provider, or of the machine: only the application process is killed',
] as const;

type Named = Block & { readonly name: string };

/** How often the rate, and how much of the CPU (server and application), the other has: medians over the pairs of blocks of one round and concurrency. */
export function ratios(blocks: readonly Named[]): Record<string, Record<string, { rate: number; cpu: number }>> {
  const names = [...new Set(blocks.map((one) => one.name))];
  const of = (name: string) => blocks.filter((one) => one.name === name && one.cases > 0);
  const cpu = ({ cpuMs }: Block) => cpuMs.server + cpuMs.app;
  const paired = (base: string, name: string, value: (block: Block) => number) => {
    // Blocks of a system come in the order of rounds and concurrencies, so the nth of one belongs to the nth of the other.
    const others = of(name);
    const values = of(base).flatMap((one, nth) => (others[nth] ? [value(others[nth]) / value(one)] : []));
    return Math.round(median(values) * 1_000) / 1_000;
  };
  const against = (base: string) => {
    const others = names.includes(base) ? names.filter((name) => name !== base) : [];
    return Object.fromEntries(
      others.map((name) => [name, { rate: paired(base, name, (one) => one.casesPerSecond), cpu: paired(base, name, cpu) }]),
    );
  };
  return { overTemporal: against('temporal'), overMendline: against('mendline') };
}

export function table(peers: Record<string, object>): string {
  const rows = Object.entries(peers as Record<string, Found>)
    .filter(([, found]) => 'c32' in found)
    .map(([name, { c32, c8, bytes }]) => {
      const tail = ({ p95, p99 }: Speed['open']) => (p99 === undefined ? `p95 ${p95}` : `${p99}`);
      const { server, app, driver } = c32.cpuMs;
      return [
        name,
        `${c32.casesPerSecond} / ${c8.casesPerSecond}`,
        `${c32.open.p50} / ${tail(c32.open)}`,
        `${c32.message.p50} / ${tail(c32.message)}`,
        `${c32.finish.p50} / ${tail(c32.finish)}`,
        `${server} + ${app} + ${driver}`,
        `${bytes.perCase}`,
        `${c32.failed + c8.failed} of ${c32.cases + c8.cases + c32.failed + c8.failed}`,
      ];
    });
  const head = [
    'system',
    'cases/s c=32 / c=8',
    'open p50/p99 ms',
    'message p50/p99 ms',
    'finish p50/p99 ms',
    'CPU ms/case: server + app + driver',
    'bytes/case',
    'failed',
  ];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
