/** The worker process: config → db → gateways → activities → Worker. SIGTERM lets running activities finish. */
import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { pino } from 'pino';
import { createActivities } from '../activities/index.ts';
import { ConfigError, readWorkerConfig, type WorkerConfig } from '../config/index.ts';
import { openDatabase } from '../db/database.ts';
import { createCarrierGateway } from '../gateways/carrier.ts';
import { createNotificationsGateway } from '../gateways/notifications.ts';
import { createPaymentsGateway } from '../gateways/payments.ts';
import { createStockGateway } from '../gateways/stock.ts';
import { loadPolicies } from '../gateways/policy-packs.ts';
import { retrying } from '../gateways/patience.ts';
import { createCompanions } from './companions.ts';
import { reconcile } from './reconcile.ts';
import { ensureReconciler } from './schedule.ts';
import { telemetryOf } from './telemetry.ts';
import { createCaseWorker } from './worker.ts';

const taskQueue = 'cases';
const dayMs = 86_400_000;

async function main(config: WorkerConfig): Promise<void> {
  const log = pino({ name: 'worker', level: config.LOG_LEVEL });
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) =>
      log[level === 'WARN' ? 'warn' : level === 'ERROR' ? 'error' : 'debug'](meta, message),
    ),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: telemetryOf(config),
  });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const waiting = (what: string) => (err: unknown) => log.warn({ err }, `${what} does not answer, trying again`);
  const connection = await retrying(() => NativeConnection.connect(connectionOptions), waiting('Temporal'));
  const database = await retrying(() => openDatabase(config.MONGODB_URI, config.MONGODB_DATABASE), waiting('MongoDB'));
  await retrying(() => database.prepare(), waiting('MongoDB'));
  const asking = await retrying(() => Connection.connect(connectionOptions), waiting('Temporal'));
  const client = new Client({ connection: asking, namespace });
  const activities = createActivities({
    database,
    companions: createCompanions({ client, taskQueue, database }),
    notifications: createNotificationsGateway({ baseUrl: config.NOTIFICATIONS_URL }),
    stock: createStockGateway({ baseUrl: config.STOCK_URL }),
    payments: createPaymentsGateway({ baseUrl: config.PAYMENTS_URL }),
    carrier: createCarrierGateway({ baseUrl: config.CARRIER_URL }),
    policies: loadPolicies(config.POLICIES_DIR),
  });
  const worker = await createCaseWorker({
    connection,
    client,
    namespace,
    taskQueue,
    activities: {
      ...activities,
      reconcileReadModel: (asked) =>
        reconcile(
          { client, database },
          { ...asked, endedSinceMs: dayMs, onProgress: (looked) => Context.current().heartbeat(looked) },
        ),
    },
    workflowBundle: config.WORKFLOW_BUNDLE ? { codePath: config.WORKFLOW_BUNDLE } : undefined,
    stackFrames: config.WORKFLOW_STACK_FRAMES,
    stickyTimeoutMs: config.STICKY_TIMEOUT_SECONDS * 1_000,
    shutdownGraceTime: config.SHUTDOWN_GRACE_SECONDS * 1_000,
    ...(config.BUILD_ID
      ? {
          workerDeploymentOptions: {
            useWorkerVersioning: true,
            version: { deploymentName: 'mendline', buildId: config.BUILD_ID },
            defaultVersioningBehavior: 'AUTO_UPGRADE' as const,
          },
        }
      : {}),
  });
  await ensureReconciler(client, taskQueue, config.RECONCILE_MINUTES).catch((err: unknown) =>
    log.warn({ err }, 'the schedule of the reconciler could not be made'),
  );
  log.info({ taskQueue, namespace }, 'worker is running');
  await worker.run();
  await Promise.all([database.close(), connection.close(), asking.close()]);
}

try {
  await main(readWorkerConfig());
} catch (err) {
  console.error(err instanceof ConfigError ? err.message : err);
  process.exitCode = 1;
}
