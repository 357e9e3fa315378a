/** How soon a case that a dead worker was working on takes its next step. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/messages.ts';

const patienceMs = 60_000;
/** Looking costs the server too. */
const lookMs = 200;
export type Recovery = ReturnType<typeof createRecovery>;

interface Hit {
  readonly handle: WorkflowHandle;
  readonly activityId?: string | null;
  readonly attempt: number;
}

export function createRecovery(client: Client) {
  const tookMs: number[] = [];
  const watching: Promise<void>[] = [];

  async function hitBy(pid: number, caseIds: readonly string[]): Promise<Hit[]> {
    const looked = caseIds.map(async (caseId): Promise<Hit[]> => {
      const handle = client.workflow.getHandle(workflowIdOf('return', caseId));
      const { raw } = await handle.describe();
      const busy = (raw.pendingActivities ?? []).find((one) => isStarted(one.state) && isOf(one.lastWorkerIdentity, pid));
      return busy ? [{ handle, activityId: busy.activityId, attempt: busy.attempt ?? 1 }] : [];
    });
    return (await Promise.all(looked.map((one) => one.catch((): Hit[] => [])))).flat();
  }

  /** Another worker has begun the activity anew, or it is over; how long the partner then takes is not the worker's doing. Other events of the case do not count. */
  async function nextStep({ handle, activityId, attempt }: Hit, from: number): Promise<void> {
    while (Date.now() - from < patienceMs) {
      const now = (await handle.describe().catch(() => undefined))?.raw;
      const pending = now?.pendingActivities?.find((one) => one.activityId === activityId);
      const isOver = now && !pending;
      if (isOver || ((pending?.attempt ?? 1) > attempt && isStarted(pending?.state))) break;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    tookMs.push(Date.now() - from);
  }

  return {
    /** `kill` ends the process with this id; the cases it was working on are watched until they move. */
    async watch(pid: number, caseIds: readonly string[], kill: () => Promise<void>): Promise<void> {
      const hit = await hitBy(pid, caseIds);
      const from = Date.now();
      watching.push(...hit.map((one) => nextStep(one, from)));
      await kill();
    },
    /** Milliseconds from the kill to the next step of each case that was hit. */
    async taken(): Promise<readonly number[]> {
      await Promise.all(watching);
      return [...tookMs].sort((a, b) => a - b);
    },
  };
}

const isStarted = (state: unknown): boolean => state === 2 || state === 'PENDING_ACTIVITY_STATE_STARTED';
const isOf = (identity: string | null | undefined, pid: number): boolean => identity?.startsWith(`${pid}@`) ?? false;
