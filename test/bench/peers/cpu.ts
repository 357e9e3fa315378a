/** Processor time from /proc: of trees of processes, so that a system pays for all of its own, and of everything else on the machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** USER_HZ: 100 wherever Node runs on Linux. */
const tickMs = 10;

interface Proc {
  readonly pid: number;
  readonly parent: number;
  /** Its own time and that of children that have ended. */
  readonly ticks: number;
}

function processes(): Proc[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
    } catch {
      return []; // it has just ended
    }
  });
}

function treeTicks(all: readonly Proc[], roots: readonly number[]): number {
  const mine = new Set(roots);
  for (let before = -1; before !== mine.size; ) {
    before = mine.size;
    for (const { pid, parent } of all) if (mine.has(parent)) mine.add(pid);
  }
  return all.filter(({ pid }) => mine.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0);
}

/** Busy time of the whole machine, all cores. */
function machineTicks(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user! + nice! + system! + irq! + softirq!;
}

export interface CpuUse {
  /** In the order of the groups asked for, in ms. */
  readonly groups: readonly number[];
  /** Share of the machine that was used by processes outside this run, 0 to 1. */
  readonly others: number;
}

/** Call it at the start; the function it gives tells what was used since. `groups`: roots of trees. */
export function watchCpu(groups: readonly (readonly number[])[]): () => CpuUse {
  const read = () => {
    const all = processes();
    return {
      at: Date.now(),
      groups: groups.map((roots) => treeTicks(all, roots)),
      ours: treeTicks(all, [process.pid]),
      machine: machineTicks(),
    };
  };
  const before = read();
  return () => {
    const after = read();
    const available = ((after.at - before.at) / tickMs) * cpus().length;
    const others = after.machine - before.machine - (after.ours - before.ours);
    return {
      groups: after.groups.map((ticks, index) => (ticks - before.groups[index]!) * tickMs),
      others: Math.max(0, Math.round((others / available) * 1_000) / 1_000),
    };
  };
}
