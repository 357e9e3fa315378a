/** Processor time of processes, as Linux counts it: user and system time in /proc, in ticks of 10 ms. */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const msPerTick = 10; // USER_HZ is 100 wherever Node runs

/** User and system time of one process so far, ms. */
export function cpuMsOf(pid: number): number {
  const { user, system } = statOf(pid);
  return (user + system) * msPerTick;
}

/** Fields behind the name, which may hold anything: parent 2, user time 12, system time 13. Source: proc(5). */
function statOf(pid: number): { parent: number; user: number; system: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return { parent: Number(fields[1]), user: Number(fields[11]), system: Number(fields[12]) };
}

/** Time that the machine was busy, ms of all cores together. */
function busyMs(): number {
  const [, user, nice, system, , , irq, softirq, steal] = /^cpu .*$/m
    .exec(readFileSync('/proc/stat', 'utf8'))![0]
    .split(/\s+/)
    .map(Number) as number[];
  return (user! + nice! + system! + irq! + softirq! + (steal ?? 0)) * msPerTick;
}

/** We ourselves, and all who descend from us: guards, servers, workers. */
function oursMs(): number {
  const stats = new Map<number, ReturnType<typeof statOf>>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      stats.set(Number(name), statOf(Number(name)));
    } catch {
      // It ended while we were looking.
    }
  }
  const isOurs = (pid: number): boolean => pid === process.pid || (stats.has(pid) && isOurs(stats.get(pid)!.parent));
  return [...stats.keys()]
    .filter(isOurs)
    .reduce((sum, pid) => sum + (stats.get(pid)!.user + stats.get(pid)!.system) * msPerTick, 0);
}

/** Call it first; the function it gives says which share of all cores processes outside the bench have taken since, 0 to 1. */
export function watchOthers(): () => number {
  const before = { at: performance.now(), busy: busyMs(), ours: oursMs() };
  return () => {
    const capacityMs = (performance.now() - before.at) * cpus().length;
    return Math.max(0, (busyMs() - before.busy - (oursMs() - before.ours)) / capacityMs);
  };
}
