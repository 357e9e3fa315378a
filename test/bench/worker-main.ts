/**
 * A worker of one side as a process of its own, so that its processor time can be told apart: `SIDE=skeleton` or `product`, `TASK_QUEUE`,
 * `MAX_CACHED_WORKFLOWS`; the product's own variables for Temporal and MongoDB. SIGTERM ends it.
 */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { readDatabaseConfig } from '../../config/index.ts';
import { openDatabase } from '../../db/database.ts';
import { createProductWorker, createSkeletonWorker } from './workers.ts';

const { SIDE, TASK_QUEUE: taskQueue = 'bench', MAX_CACHED_WORKFLOWS, WORKFLOW_BUNDLE: bundlePath } = process.env;
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: ['SIGINT', 'SIGTERM'] });
const { connectionOptions } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
const setting = { connection, taskQueue, ...(MAX_CACHED_WORKFLOWS ? { maxCachedWorkflows: Number(MAX_CACHED_WORKFLOWS) } : {}) };

if (SIDE === 'skeleton') await serve(await createSkeletonWorker(setting));
else {
  const { MONGODB_URI, MONGODB_DATABASE } = readDatabaseConfig();
  const database = await openDatabase(MONGODB_URI, MONGODB_DATABASE);
  await database.prepare();
  const asking = await Connection.connect(connectionOptions);
  await serve(await createProductWorker({ ...setting, client: new Client({ connection: asking }), database, bundlePath }));
  await Promise.all([database.close(), asking.close()]);
}
await connection.close();

async function serve(worker: { run(): Promise<void> }): Promise<void> {
  console.log('bench worker is running');
  await worker.run();
}
