/** Bare Temporal as one application: worker and client in one process behind the common door. */
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { type Application, serve, type View } from '../door.ts';
import { bookPickup, payRefund } from '../provider/client.ts';

const address = process.env.TEMPORAL_ADDRESS!;
const taskQueue = 'peers';
Runtime.install({ logger: new DefaultLogger('ERROR') });
const client = new Client({ connection: await Connection.connect({ address }) });
const handleOf = (caseId: string) => client.workflow.getHandle(`peer:${caseId}`);

const app: Application = {
  async open(caseId, input) {
    await client.workflow.start('returnCase', { workflowId: `peer:${caseId}`, taskQueue, args: [caseId, input] });
  },
  message: (caseId, name, message, key) => handleOf(caseId).executeUpdate(name, { updateId: key, args: [message] }),
  closed: async (caseId) => void (await handleOf(caseId).result()),
  look: (caseId) => handleOf(caseId).query<View>('look'),
};

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  activities: { bookPickup, payRefund },
  workflowsPath: fileURLToPath(new URL('./workflow.ts', import.meta.url)),
});
serve(app);
await worker.run();
