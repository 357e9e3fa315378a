/** Health check of a worker's container: exit code 0 if a process of this very container has been asking Temporal for work. */
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

const taskQueue = 'cases';
/** An idle worker's poll lasts a minute, then it asks again. */
const silenceMaxMs = 120_000;

const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await Connection.connect(connectionOptions);
const { pollers } = await connection.withDeadline(Date.now() + 5_000, () =>
  connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
);
const asks = (pollers ?? []).some(
  ({ identity, lastAccessTime }) =>
    identity?.endsWith(`@${hostname()}`) && Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < silenceMaxMs,
);
await connection.close();
if (!asks) console.error(`no worker on ${hostname()} asks for work of ${namespace}/${taskQueue}`);
process.exit(asks ? 0 : 1);
