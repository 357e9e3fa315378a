/**
 * Paced activities: those that one case has in flight together end one after the other, each when the case has heard of the one before. In life
 * partners do not answer within the same millisecond; here, where they would, it would be chance whether two answers wake the case once or twice.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';

type Activity = (input: never) => Promise<unknown>;

export function pacedActivities(client: Client) {
  /** The last activity of each case that has been started. */
  const last = new Map<string, { readonly id: string; readonly done: Promise<unknown> }>();

  /** The server has the answer of that activity, and the case has done what came of it. */
  async function heard(workflowId: string, activityId: string): Promise<void> {
    const { workflowService } = client;
    for (;;) {
      const execution = { namespace: client.options.namespace, execution: { workflowId } };
      const { pendingActivities, pendingWorkflowTask } = await workflowService.describeWorkflowExecution(execution);
      if (!pendingWorkflowTask && !pendingActivities?.some((one) => one.activityId === activityId)) return;
      await pause(5);
    }
  }

  const paced =
    (work: Activity): Activity =>
    async (input) => {
      const { caseId } = input as { caseId?: string };
      if (caseId === undefined) return work(input); // a save: no activity of the case's own
      const { activityId: id, workflowExecution } = Context.current().info;
      const before = last.get(caseId);
      const result = work(input);
      last.set(caseId, { id, done: result.catch(() => undefined) });
      await before?.done;
      if (before) await heard(workflowExecution!.workflowId, before.id);
      return result;
    };
  return <Activities extends object>(activities: Activities): Activities =>
    Object.fromEntries(Object.entries(activities).map(([name, work]) => [name, paced(work as Activity)])) as Activities;
}
