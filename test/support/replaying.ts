/** Every case that was played is played again from its history, as on another worker: it must come to the same decisions. */
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

/** Replays every run of a task queue and tells how many there were; fails with all that did not come to the same. */
export async function replayAll(client: Client, taskQueue: string, codePath: string): Promise<number> {
  const histories = client.workflow.list({ query: `TaskQueue = '${taskQueue}'` }).intoHistories({ concurrency: 4 });
  const failures: string[] = [];
  let replayed = 0;
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories)) {
    replayed += 1;
    if (error) failures.push(`${workflowId}: ${error.message}`);
  }
  if (failures.length > 0) throw new Error(`${failures.length} of ${replayed} histories do not replay:\n${failures.join('\n')}`);
  return replayed;
}
