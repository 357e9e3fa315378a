/** What the parts of a running system use: memory and processor time of its processes, files, what the worker says of its cache. */
import { join } from 'node:path';
import type { Database } from '../../../db/database.ts';
import type { System } from '../../../dev/system.ts';
import { bytesOf, cpuMsOf, machineBusyMs, residentBytesOf } from '../drivers/processes.ts';
import { rounded } from '../drivers/samples.ts';

const parts = ['temporal', 'worker', 'api', 'mongod', 'simulators'] as const;
export type Part = (typeof parts)[number];
export type PerPart = Record<Part, number>;

export interface Gauged {
  readonly seconds: number;
  readonly cpuMs: PerPart & { readonly bench: number };
  /** Share of all processors that went to processes outside the bench. */
  readonly foreignCpu: number;
  /** Of all processors, the share that was busy. */
  readonly busyCpu: number;
  /** Wake-ups of workflows that the worker still had in memory, and those it had to replay from their history. */
  readonly warm: number;
  readonly cold: number;
}
export interface Disk {
  readonly temporalBytes: number;
  readonly temporalLogBytes: number;
  readonly mongoDataBytes: number;
  /** Used room in files: their sizes go up and down in steps of their own. */
  readonly mongoStoredBytes: number;
  readonly mongoIndexBytes: number;
}

export function gaugesOf(system: System, dataDir: string, database: Database, metricsUrl: string, cores: number) {
  const pids: PerPart = {
    temporal: system.temporal.pid,
    worker: system.worker.pid,
    api: system.api.pid,
    mongod: system.mongo.pid,
    simulators: system.simulators.pid,
  };
  const each = (value: (pid: number) => number): PerPart =>
    Object.fromEntries(parts.map((part) => [part, value(pids[part])])) as PerPart;
  const bench = () => process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000;

  async function counters(): Promise<Record<'hit' | 'miss' | 'size', number>> {
    const text = await (await fetch(metricsUrl)).text();
    const sum = (name: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(name))
        .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    return {
      hit: sum('temporal_sticky_cache_hit_total'),
      miss: sum('temporal_sticky_cache_miss_total'),
      size: sum('temporal_sticky_cache_size'),
    };
  }

  return {
    cachedCases: async () => (await counters()).size,
    rssMiB: (): PerPart => each((pid) => rounded(residentBytesOf(pid) / 2 ** 20)),
    async disk(): Promise<Disk> {
      const db = database.cases.models[0]!.db.db!;
      await db.admin().command({ fsync: 1 });
      const stats = await db.command({ dbStats: 1, freeStorage: 1 });
      const file = join(dataDir, 'temporal.db');
      return {
        temporalBytes: bytesOf(file),
        temporalLogBytes: bytesOf(`${file}-wal`),
        mongoDataBytes: stats.dataSize,
        mongoStoredBytes: stats.storageSize - stats.freeStorageSize,
        mongoIndexBytes: stats.indexSize - stats.indexFreeStorageSize,
      };
    },
    /** Does the work, and says what it took. */
    async during(work: () => Promise<unknown>): Promise<Gauged> {
      const before = {
        at: performance.now(),
        cpu: each(cpuMsOf),
        bench: bench(),
        busy: machineBusyMs(),
        cache: await counters(),
      };
      await work();
      const ms = performance.now() - before.at;
      const [cpu, benchMs, cache] = [each(cpuMsOf), bench() - before.bench, await counters()];
      const cpuMs = Object.fromEntries(parts.map((part) => [part, rounded(cpu[part] - before.cpu[part])])) as PerPart;
      const ours = Object.values(cpuMs).reduce((sum, one) => sum + one, benchMs);
      const busy = machineBusyMs() - before.busy;
      return {
        seconds: rounded(ms / 1_000, 2),
        cpuMs: { ...cpuMs, bench: rounded(benchMs) },
        foreignCpu: rounded(Math.max(0, busy - ours) / (ms * cores), 3),
        busyCpu: rounded(busy / (ms * cores), 3),
        warm: cache.hit - before.cache.hit,
        cold: cache.miss - before.cache.miss,
      };
    },
  };
}
export type Gauges = ReturnType<typeof gaugesOf>;
