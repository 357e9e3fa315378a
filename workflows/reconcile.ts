/** The reconciler: started by a Schedule, it has a worker hold the read model against the workflows, and mend what differs. */
import { proxyActivities } from '@temporalio/workflow';
import type { ReconcileAnswer, ReconcileActivities } from '../contracts/workflow.ts';

const { reconcileReadModel } = proxyActivities<ReconcileActivities>({
  startToCloseTimeout: '30m',
  heartbeatTimeout: '1m',
  retry: { maximumAttempts: 3, initialInterval: '10s' },
  summary: 'Hold the read model against the workflows',
});

export async function reconciler(input: { sample?: number } = {}): Promise<ReconcileAnswer> {
  return reconcileReadModel(input);
}
