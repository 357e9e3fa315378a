/** One return from beginning to end, on its road; and what must have come of it. */
import type { Client } from '@temporalio/client';
import type { CaseView, People } from './people.ts';
import type { Planned } from './plan.ts';
import { roads, type Ending, type Road } from './roads.ts';
import { stepsOf } from './steps.ts';

export interface Driven {
  readonly plan: Planned;
  readonly view: CaseView;
  /** Where the road ends and what is paid then; absent: the case is left as it is, for whoever watches. */
  readonly ending?: Ending;
  /** Why its road was left: the case was not as it should have been. */
  readonly error?: string;
}

/** `patienceMs`: how long a partner's word is waited for before somebody acts without it. */
export async function drive(
  plan: Planned,
  people: People,
  client: Client,
  patienceMs?: number,
  road: Road = roads[plan.road],
): Promise<Driven> {
  const steps = stepsOf(plan, people, client, patienceMs);
  try {
    const ending = await road.play(steps);
    if (plan.leftParked) return { plan, view: await steps.read() };
    if (plan.road === 'parked' && (await steps.read()).needsAttention)
      await steps.give('manager', 'resolve-attention', { verb: 'retry' });
    return { plan, ending, view: await steps.until(ending.stage) };
  } catch (err) {
    if (!steps.caseId) throw err;
    return { plan, view: await steps.read(), error: (err as Error).message };
  }
}
