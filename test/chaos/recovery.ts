/** How soon a case that a dead worker was working on takes its next step. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/messages.ts';

const patienceMs = 60_000;
export type Recovery = ReturnType<typeof createRecovery>;

export function createRecovery(client: Client) {
  const tookMs: number[] = [];
  const watching: Promise<void>[] = [];

  async function hitBy(pid: number, caseIds: readonly string[]): Promise<{ handle: WorkflowHandle; events: number }[]> {
    const looked = caseIds.map(async (caseId) => {
      const handle = client.workflow.getHandle(workflowIdOf('return', caseId));
      const { raw } = await handle.describe();
      const busy = (raw.pendingActivities ?? []).some(
        ({ state, lastWorkerIdentity }) => isStarted(state) && isOf(lastWorkerIdentity, pid),
      );
      return busy ? [{ handle, events: Number(raw.workflowExecutionInfo?.historyLength) }] : [];
    });
    return (await Promise.all(looked.map((one) => one.catch(() => [])))).flat();
  }

  async function nextStep({ handle, events }: { handle: WorkflowHandle; events: number }, from: number): Promise<void> {
    while (Date.now() - from < patienceMs) {
      const now = await handle.describe().catch(() => undefined);
      if (Number(now?.raw.workflowExecutionInfo?.historyLength ?? 0) > events) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
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
