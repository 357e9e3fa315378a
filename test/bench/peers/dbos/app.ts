/** DBOS: the case is one workflow, its two provider calls are steps with retries, its messages are `send` with an idempotency key to `recv`. */
import { DBOS, type WorkflowHandle } from '@dbos-inc/dbos-sdk';
import { type Application, type Message, serve, type View } from '../door.ts';
import { bookPickup, payRefund, type ReturnInput } from '../provider/client.ts';

const patient = { timeoutSeconds: 86_400 };
const stubborn = { retriesAllowed: true, maxAttempts: 20, intervalSeconds: 0.2 };

async function story(caseId: string, input: ReturnInput): Promise<View> {
  await DBOS.recv('approve', patient);
  await DBOS.runStep(() => bookPickup(caseId), { name: 'book_pickup', ...stubborn });
  const { units } = (await DBOS.recv<Message>('received', patient))!;
  await DBOS.setEvent('units', units); // so that units can be looked at from outside
  await DBOS.recv('inspected', patient);
  await DBOS.runStep(() => payRefund(caseId, input), { name: 'refund', ...stubborn });
  return { stage: 'closed', units };
}
const returnCase = DBOS.registerWorkflow(story, { name: 'returnCase' });
/** In this process the end of a case is known without asking the database. */
const running = new Map<string, WorkflowHandle<View>>();

const app: Application = {
  async open(caseId, input) {
    running.set(caseId, await DBOS.startWorkflow(returnCase, { workflowID: caseId })(caseId, input));
  },
  message: (caseId, name, message, key) => DBOS.send(caseId, message, name, key),
  async closed(caseId) {
    await (running.get(caseId) ?? DBOS.retrieveWorkflow<View>(caseId)).getResult();
    running.delete(caseId);
  },
  async look(caseId) {
    const status = await DBOS.getWorkflowStatus(caseId);
    const units = await DBOS.getEvent<number>(caseId, 'units', { timeoutSeconds: 0.01 });
    return { stage: status?.status === 'SUCCESS' ? 'closed' : (status?.status ?? 'unknown'), units: units ?? 0 };
  },
};

DBOS.setConfig({
  name: 'peers',
  systemDatabaseUrl: process.env.DATABASE_URL,
  systemDatabasePoolSize: 20,
  logLevel: 'warn',
  // Else it is made of the code; given, a restart of the same code is the same version in any case.
  applicationVersion: '1',
});
await DBOS.launch();
serve(app);
