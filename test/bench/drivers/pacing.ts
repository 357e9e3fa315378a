/** Paced driving: a message goes out only when the case rests, as in life, where messages lie hours apart. Counts are gated in this mode. */
import type { Client, WorkflowHandle } from '@temporalio/client';

const giveUpMs = 20_000;

/** Waits until no activity and no workflow task is pending. */
export async function atRest(handle: WorkflowHandle): Promise<void> {
  const giveUpAt = Date.now() + giveUpMs;
  for (;;) {
    const { raw } = await handle.describe();
    if ((raw.pendingActivities?.length ?? 0) === 0 && !raw.pendingWorkflowTask) return;
    if (Date.now() > giveUpAt) throw new Error(`${handle.workflowId} does not come to rest`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Waits until the case has heard what came of that activity: a long poll on its history, which costs the server as much on a fast side as on a
 * slow one. Asking again and again whether it rests would cost the slow side more.
 */
export async function afterActivity({ client, workflowId }: WorkflowHandle, activityType: string): Promise<void> {
  const giveUpAt = Date.now() + giveUpMs;
  let nextPageToken: Uint8Array | undefined;
  let [scheduled, completed] = ['', false];
  for (;;) {
    const asked = { namespace: client.options.namespace, execution: { workflowId }, waitNewEvent: true, nextPageToken };
    const page = await client.connection.withDeadline(giveUpAt, () => client.workflowService.getWorkflowExecutionHistory(asked));
    for (const event of page.history?.events ?? []) {
      if (event.activityTaskScheduledEventAttributes?.activityType?.name === activityType) scheduled = String(event.eventId);
      if (scheduled !== '' && String(event.activityTaskCompletedEventAttributes?.scheduledEventId) === scheduled)
        completed = true;
      if (completed && event.workflowTaskCompletedEventAttributes) return;
    }
    nextPageToken = page.nextPageToken;
    if (!nextPageToken?.length) throw new Error(`${workflowId} has ended without ${activityType}`);
  }
}

export interface Counts {
  readonly events: number;
  readonly transitions: number;
  readonly actions: number;
  readonly bytes: number;
}

/**
 * What a closed case cost. Actions by Temporal Cloud's definition, counted over the history: start, Signal, accepted Update, timer, activity,
 * each of its retries, upsert, continue-as-new 1 each; all local activities that one workflow task recorded together 1.
 * Source: docs.temporal.io, evaluate/cloud/actions.
 */
export async function countsOf(client: Client, handle: WorkflowHandle): Promise<Counts> {
  const { raw } = await handle.describe();
  const info = raw.workflowExecutionInfo;
  const { events } = await client.workflow.getHandle(handle.workflowId).fetchHistory();
  const types = (events ?? []).map((event) => ({
    kind: kindOf(event as unknown as Record<string, unknown>),
    task: String(event.markerRecordedEventAttributes?.workflowTaskCompletedEventId ?? ''),
  }));
  const billed = [
    'workflowExecutionStartedEventAttributes',
    'workflowExecutionSignaledEventAttributes',
    'workflowExecutionUpdateAcceptedEventAttributes',
    'timerStartedEventAttributes',
    'activityTaskScheduledEventAttributes',
    'upsertWorkflowSearchAttributesEventAttributes',
    'workflowExecutionContinuedAsNewEventAttributes',
  ];
  const retries = (events ?? []).reduce(
    (sum, event) => sum + Math.max(0, (event.activityTaskStartedEventAttributes?.attempt ?? 1) - 1),
    0,
  );
  const localTasks = new Set(types.filter(({ kind }) => kind === 'markerRecordedEventAttributes').map(({ task }) => task));
  return {
    events: Number(info?.historyLength ?? 0),
    transitions: Number(info?.stateTransitionCount ?? 0),
    actions: types.filter(({ kind }) => billed.includes(kind)).length + retries + localTasks.size,
    bytes: Number(info?.historySizeBytes ?? 0),
  };
}

const kindOf = (event: Record<string, unknown>): string =>
  Object.keys(event).find((key) => key.endsWith('EventAttributes') && event[key] !== null && event[key] !== undefined) ?? '';
