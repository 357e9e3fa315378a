/**
 * `npm run -s bench:count`: what one happy return costs on Temporal, next to the bare skeleton, on the same server in the same run.
 * Prints one JSON object; everything else goes to standard error. Exact on any machine; docs/performance.md says what is gated.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection, WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import type { ReturnActivities, ReturnInput } from '../../contracts/workflow.ts';
import { openDatabase } from '../../db/database.ts';
import { startMongo, startTemporal } from '../../dev/stack.ts';
import type { CommandName, Role } from '../../domain/permissions.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { createCompanions } from '../../worker/companions.ts';
import { createCaseWorker } from '../../worker/worker.ts';
import { commandUpdate, openCase, workflowIdOf } from '../../workflows/messages.ts';
import { CaseStage, CaseType, CustomerRef, MerchantId, NeedsAttention, OrderId } from '../../workflows/search-attributes.ts';
import { inputFor, orderOf, policies } from '../support/cases.ts';
import { atRest, type Counts, countsOf } from './drivers/pacing.ts';

const usage = `npm run -s bench:count [-- --help]
Counts events, state transitions, actions and history bytes of one happy return, paced, for the bare skeleton and for the product.
Prints { "skeleton", "product", "ratio" } as JSON; exit code 1 if a ratio is above its target.`;
/** events, transitions and bytes of the product over the skeleton's, at most. */
const targets = { events: 1.4, transitions: 1.1, bytes: 2 };
const runs = 3;

/** The steps of a happy return; the skeleton never asks for others. */
const noops: Partial<ReturnActivities> = {
  assessReturn: async () => ({ verdict: 'referred', reason: 'quality', ruleIds: [], because: [], freight: 'merchant' }),
  issueReturnLabel: async () => ({ trackingNo: 'RT1' }),
  refundPayment: async () => ({ refundId: 're_1', settled: true }),
  runErrands: async () => ({ results: [] }),
};

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-count-'));
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [temporal, mongo] = await Promise.all([startTemporal({ dataDir, ui: false }), startMongo({ dataDir })]);
  try {
    const connection = await Connection.connect({ address: temporal.address });
    const native = await NativeConnection.connect({ address: temporal.address });
    const database = await openDatabase(mongo.uri);
    await database.prepare();
    const client = new Client({ connection });
    const partners = createFakePartners();
    const skeletonBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./skeleton/workflow.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    });
    const skeletonWorker = await Worker.create({
      connection: native,
      taskQueue: 'skeleton',
      activities: { ...noops },
      workflowBundle: skeletonBundle,
    });
    const companions = createCompanions({ client, taskQueue: 'cases', database });
    const activities = createActivities({ database, ...partners, policies, companions });
    const productWorker = await createCaseWorker({
      connection: native,
      client,
      namespace: 'default',
      taskQueue: 'cases',
      activities,
    });
    const running = Promise.all([skeletonWorker.run(), productWorker.run()]);

    const sides: Record<'skeleton' | 'product', Counts[]> = { skeleton: [], product: [] };
    for (let run = 0; run < runs; run++)
      for (const side of ['skeleton', 'product'] as const) {
        const caseId = `C-${side}-${run}`;
        const order = orderOf(`O-${caseId}`);
        partners.orders.add(order);
        sides[side].push(await happyReturn(client, side, inputFor(caseId, order)));
      }
    skeletonWorker.shutdown();
    productWorker.shutdown();
    await running;
    await Promise.all([database.close(), native.close(), connection.close()]);
    report(median(sides.skeleton), median(sides.product));
  } finally {
    await Promise.all([temporal.stop(), mongo.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function happyReturn(client: Client, side: 'skeleton' | 'product', input: ReturnInput): Promise<Counts> {
  const startWorkflowOperation = new WithStartWorkflowOperation(side === 'product' ? 'returnCase' : 'skeleton', {
    workflowId: workflowIdOf('return', input.caseId),
    taskQueue: side === 'product' ? 'cases' : 'skeleton',
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Return ${input.rmaNo}`,
    typedSearchAttributes: [
      { key: MerchantId, value: input.merchantId },
      { key: CaseType, value: 'return' },
      { key: CaseStage, value: 'requested' },
      { key: CustomerRef, value: '0123456789abcdef' },
      { key: OrderId, value: input.order.orderId },
      { key: NeedsAttention, value: false },
    ],
  });
  await client.workflow.executeUpdateWithStart(openCase, { args: [], updateId: 'open', startWorkflowOperation });
  const handle: WorkflowHandle = await startWorkflowOperation.workflowHandle();
  const units = input.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
  const give = async (name: CommandName, role: Role, payload: object) => {
    await atRest(handle);
    await handle.executeUpdate(commandUpdate(name), {
      updateId: name,
      args: [{ actor: { id: `${role}-1`, role }, payload } as never],
    });
  };
  await give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
  await give('record_reception', 'warehouse', {
    parcelId: 'P1',
    scanNo: 1,
    units: units.map((unit) => ({ ...unit, condition: 'received' })),
  });
  await give('record_inspection', 'warehouse', { units: units.map((unit) => ({ ...unit, grade: 'A', disposition: 'restock' })) });
  await handle.result();
  return countsOf(client, handle);
}

const median = (counts: Counts[]): Counts => {
  const middle = (key: keyof Counts) => counts.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(counts.length / 2)]!;
  return { events: middle('events'), transitions: middle('transitions'), actions: middle('actions'), bytes: middle('bytes') };
};

function report(skeleton: Counts, product: Counts): void {
  const over = (key: keyof Counts) => Math.round((product[key] / skeleton[key]) * 1_000) / 1_000;
  const ratio = { events: over('events'), transitions: over('transitions'), actions: over('actions'), bytes: over('bytes') };
  console.log(JSON.stringify({ skeleton, product, ratio }));
  const missed = (Object.keys(targets) as (keyof typeof targets)[]).filter((key) => ratio[key] > targets[key]);
  if (missed.length > 0) {
    console.error(`above target: ${missed.join(', ')}`);
    process.exitCode = 1;
  }
}

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help) console.log(usage);
else await main();
