/** The Schedule on which the read model is held against the workflows. Made once; whoever changes it in the Temporal UI keeps that change. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';

const reconcilerId = 'mendline-reconciler';

export async function ensureReconciler(client: Client, taskQueue: string, everyMinutes: number): Promise<void> {
  await client.schedule
    .create({
      scheduleId: reconcilerId,
      spec: { intervals: [{ every: `${everyMinutes}m` }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
      action: { type: 'startWorkflow', workflowType: 'reconciler', taskQueue, args: [{}], workflowId: reconcilerId },
    })
    .catch((err: unknown) => {
      if (!(err instanceof ScheduleAlreadyRunning)) throw err;
    });
}
