/** Probes: single calls of people among many open cases. One after another, so that what is timed is the call and not a queue; or at a constant rate. */
import type { WorkflowHandle } from '@temporalio/client';
import type { System } from '../../../dev/system.ts';
import { workflowIdOf } from '../../../workflows/messages.ts';
import { randomFrom } from '../../../dev/random.ts';
import { latencyOf, timed, type Latency } from '../drivers/samples.ts';
import type { Calls } from './calls.ts';
import type { Gauges } from './gauges.ts';
import { probeKinds, type OpenCase, type Probe, type ProbeKind } from './result.ts';

export interface Probing {
  readonly calls: Calls;
  readonly gauges: Gauges;
  /** Cases of the fill; those that probes open are added. */
  readonly opened: string[];
  readonly orderIds: () => string;
}

const seed = 20_261_122;

function callersOf({ calls, opened, orderIds }: Probing, random: () => number): Record<ProbeKind, () => Promise<unknown>> {
  const any = (): string => opened[Math.floor(random() * opened.length)]!;
  return {
    open: async () => opened.push(await calls.open(orderIds())),
    command: () => calls.command(any()),
    get: () => calls.get(any()),
    inbox: () => calls.inbox(),
  };
}

/** Orders for `open` have been sold before. */
export async function probeAll(probing: Probing, times: number): Promise<Record<ProbeKind, Probe>> {
  const callers = callersOf(probing, randomFrom(seed));
  const probes: Partial<Record<ProbeKind, Probe>> = {};
  for (const kind of ['get', 'inbox', 'command', 'open'] as const) {
    const taken: number[] = [];
    const gauged = await probing.gauges.during(async () => {
      for (let nth = 0; nth < times; nth++) taken.push(await timed(callers[kind]));
    });
    probes[kind] = { ...latencyOf(taken), gauged };
  }
  return probes as Record<ProbeKind, Probe>;
}

/** Of twenty calls: people read more often than they change something. */
const read: readonly ProbeKind[] = ['get', 'inbox', 'get', 'inbox'];
const mix: readonly ProbeKind[] = [...read, 'command', ...read, 'command', ...read, 'command', ...read, 'open'];

/** Calls at a constant rate, whether or not earlier ones have been answered, until told to stop: then waiting in a queue counts. */
export function callSteadily(probing: Probing, perSecond: number) {
  const callers = callersOf(probing, randomFrom(seed + 1));
  const taken = new Map<ProbeKind, number[]>(probeKinds.map((kind) => [kind, []]));
  const running: Promise<unknown>[] = [];
  const failures: Record<string, number> = {};
  const startedAt = performance.now();
  const timer = setInterval(() => {
    while (running.length < ((performance.now() - startedAt) / 1_000) * perSecond) {
      const kind = mix[running.length % mix.length]!;
      const call = timed(callers[kind]).then(
        (ms) => taken.get(kind)!.push(ms),
        (err: Error) => {
          const why = `${kind} ${/: (\d{3}) /.exec(err.message)?.[1] ?? err.message}`;
          failures[why] = (failures[why] ?? 0) + 1;
        },
      );
      running.push(call);
    }
  }, 10);
  return async (): Promise<{ calls: Record<string, Latency>; failures: Record<string, number> }> => {
    clearInterval(timer);
    await Promise.all(running);
    const each = [...taken].map(([kind, times]) => [kind, latencyOf(times)] as const);
    return { calls: Object.fromEntries([...each, ['all', latencyOf([...taken.values()].flat())] as const]), failures };
  };
}

/** Medians over up to 25 of these cases. */
export async function countsAmong({ client }: Pick<System, 'client'>, caseIds: readonly string[]): Promise<OpenCase> {
  const step = Math.max(1, Math.floor(caseIds.length / 25));
  const found: OpenCase[] = [];
  for (const caseId of caseIds.filter((_, nth) => nth % step === 0)) {
    const handle: WorkflowHandle = client.workflow.getHandle(workflowIdOf('return', caseId));
    const info = (await handle.describe()).raw.workflowExecutionInfo;
    found.push({
      events: Number(info?.historyLength ?? 0),
      transitions: Number(info?.stateTransitionCount ?? 0),
      bytes: Number(info?.historySizeBytes ?? 0),
    });
  }
  const median = (key: keyof OpenCase) => found.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(found.length / 2)] ?? 0;
  return { events: median('events'), transitions: median('transitions'), bytes: median('bytes') };
}
