/** Returns that are played beside each other, and which cases are under way meanwhile. */
import type { Client } from '@temporalio/client';
import { drive, type Driven } from '../../dev/demo/drive.ts';
import type { People } from '../../dev/demo/people.ts';
import type { Road } from '../../dev/demo/roads.ts';
import type { ChaosPlan } from './plan.ts';

export interface Failed {
  readonly plan: ChaosPlan;
  readonly error: string;
}
export interface Played {
  readonly driven: readonly Driven[];
  /** Returns that never became a case. */
  readonly failed: readonly Failed[];
}

interface Manner {
  /** How many beside each other. */
  readonly lanes: number;
  /** Roads that are not the demo's, by the plan's `own`. */
  readonly roads?: Readonly<Record<string, Road>>;
  /** How long a partner's word is waited for before somebody acts without it. */
  readonly patienceMs?: number;
  /** Told of each end how many have ended. */
  readonly onEnd?: (ended: number) => void;
}

export function playReturns(plans: readonly ChaosPlan[], people: People, client: Client, manner: Manner) {
  const { lanes, roads = {}, patienceMs, onEnd } = manner;
  const queue = [...plans];
  const underWay = new Map<ChaosPlan, string>();
  const driven: Driven[] = [];
  const failed: Failed[] = [];
  const ended = (): number => driven.length + failed.length;

  async function play(plan: ChaosPlan): Promise<void> {
    const noting: People = {
      ...people,
      open: async (...args) => people.open(...args).then((view) => (underWay.set(plan, view.caseId), view)),
    };
    await drive(plan, noting, client, patienceMs, plan.own && roads[plan.own]).then(
      (one) => driven.push(one),
      (err: unknown) => failed.push({ plan, error: (err as Error).message }),
    );
    underWay.delete(plan);
    onEnd?.(ended());
  }
  async function lane(): Promise<void> {
    for (let plan = queue.shift(); plan; plan = queue.shift()) await play(plan);
  }

  return {
    ended,
    underWay: (): string[] => [...underWay.values()],
    /** No more are begun. */
    stop: (): void => void queue.splice(0),
    /** All that were begun have ended. */
    over: Promise.all(Array.from({ length: lanes }, lane)).then((): Played => ({ driven, failed })),
  };
}
