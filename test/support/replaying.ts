/** Every case that was played is played again from its history, as on another worker: it must come to the same decisions. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { type InjectedSinks, Worker } from '@temporalio/worker';
import type { CaseSinks } from '../../contracts/workflow.ts';
import { askAgain } from '../../workflows/messages.ts';

/** Named, for the SDK says of each sink that it misses; never called. */
export const idleSinks: InjectedSinks<CaseSinks> = { readModel: { save: { fn: () => undefined } } };

/** Replays every run of a task queue and tells how many there were; fails with all that did not come to the same. Whose last task has not begun is replayed as far as it has come. */
export async function replayAll(client: Client, taskQueue: string, codePath: string): Promise<number> {
  const histories = client.workflow.list({ query: `TaskQueue = '${taskQueue}'` }).intoHistories({ concurrency: 4 });
  const failures: string[] = [];
  let replayed = 0;
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(
    { workflowBundle: { codePath }, sinks: idleSinks },
    histories,
  )) {
    replayed += 1;
    if (error && !error.message.includes(askAgain))
      failures.push(`${workflowId}: ${error.message} (kept in ${await keepHistory(client, workflowId, runId)})`);
  }
  if (failures.length > 0) throw new Error(`${failures.length} of ${replayed} histories do not replay:\n${failures.join('\n')}`);
  return replayed;
}

/** A history that does not replay is seldom and hard to come by again: it is kept for whoever looks into it. */
export async function keepHistory(client: Client, workflowId: string, runId: string, dir = tmpdir()): Promise<string> {
  const path = join(dir, `does-not-replay-${workflowId.replaceAll('/', '-')}-${runId}.json`);
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  await writeFile(path, JSON.stringify(historyToJSON(history)));
  return path;
}
