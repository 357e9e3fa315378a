/**
 * The two workers that are compared: the skeleton with no-ops, and the product with its stories, its activities, MongoDB and partners in
 * memory, so that neither calls anybody over HTTP. In the process of `count.ts`, or as processes of their own (`worker-main.ts`).
 */
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, type NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import type { ReturnActivities } from '../../contracts/workflow.ts';
import type { Database } from '../../db/database.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { createCompanions } from '../../worker/companions.ts';
import { createCaseWorker } from '../../worker/worker.ts';
import { orderOf, policies } from '../support/cases.ts';

export type Side = 'skeleton' | 'product';

interface WorkerSetting {
  readonly connection: NativeConnection;
  readonly taskQueue: string;
  /** Absent: the SDK's own. A few: nearly every wake-up is a cold one. */
  readonly maxCachedWorkflows?: number;
}
/** Wraps activities; absent: as they are. */
type Wrap = <Activities extends object>(activities: Activities) => Activities;

const quiet = new DefaultLogger('ERROR');
/** The steps of a return as no-ops; the skeleton asks for no others. */
const noops: Partial<ReturnActivities> = {
  assessReturn: async () => ({ verdict: 'referred', reason: 'quality', ruleIds: [], because: [], freight: 'merchant' }),
  issueReturnLabel: async () => ({ trackingNo: 'RT1' }),
  trackParcel: async () => ({ scans: [] }),
  refundPayment: async () => ({ refundId: 're_1', settled: true }),
  runErrands: async () => ({ results: [] }),
  voidReturnLabelIfPresent: async () => ({ result: 'label voided' }),
  releaseUnitsIfPresent: async () => ({ result: 'units released' }),
};

export async function createSkeletonWorker(setting: WorkerSetting, wrap: Wrap = (same) => same): Promise<Worker> {
  const workflowsPath = fileURLToPath(new URL('./skeleton/workflow.ts', import.meta.url));
  return Worker.create({
    ...setting,
    activities: wrap(noops),
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: quiet }),
  });
}

export interface ProductSetting extends WorkerSetting {
  readonly client: Client;
  readonly database: Database;
  /** Made by `npm run build`; absent: bundled anew. */
  readonly bundlePath?: string;
}

export function createProductWorker(
  { database, bundlePath, ...setting }: ProductSetting,
  wrap: Wrap = (same) => same,
): Promise<Worker> {
  const { client, taskQueue } = setting;
  const companions = createCompanions({ client, taskQueue, database });
  return createCaseWorker({
    ...setting,
    namespace: 'default',
    activities: wrap(createActivities({ database, ...partnersWhoKnowEveryOrder(), policies, companions })),
    workflowBundle: bundlePath ? { codePath: bundlePath } : undefined,
  });
}

/** The order behind a payment is told when the first refund of it is asked for: drivers may be other processes. */
function partnersWhoKnowEveryOrder() {
  const partners = createFakePartners();
  const { payments, orders } = partners;
  const createRefund: typeof payments.createRefund = (request) => {
    orders.add(orderOf(request.paymentId.replace(/^pay-/, '')));
    return payments.createRefund(request);
  };
  return { ...partners, payments: { ...payments, createRefund } };
}
