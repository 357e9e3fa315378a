/**
 * The read model is saved on behalf of a case when the workflow has done its part of a task, and before Temporal hears of it: a worker that dies
 * in between leaves the task to another, which saves once more. What fails is told to the case before the task ends, so it is never forgotten.
 */
import type { Client } from '@temporalio/client';
import type { InjectedSinks } from '@temporalio/worker';
import type { CaseSinks, ReturnActivities } from '../contracts/workflow.ts';
import { saveFailed } from '../workflows/messages.ts';

/** Well within the time that the server gives a task. */
const patienceMs = 2_000;

export const savingSinks = (client: Client, { saveCase }: Pick<ReturnActivities, 'saveCase'>): InjectedSinks<CaseSinks> => ({
  readModel: {
    save: {
      fn: ({ workflowId, runId }, input) =>
        inTime(saveCase(input)).catch(() => client.workflow.getHandle(workflowId, runId).signal(saveFailed)),
    },
  },
});

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not saved within ${patienceMs} ms`)), patienceMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
