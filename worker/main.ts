/** The worker process: config → db → gateways → activities → Worker. SIGTERM lets running activities finish. */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { pino } from 'pino';
import { createActivities } from '../activities/index.ts';
import { ConfigError, readWorkerConfig, type WorkerConfig } from '../config/index.ts';
import { openDatabase } from '../db/database.ts';
import { createCarrierGateway } from '../gateways/carrier.ts';
import { createPaymentsGateway } from '../gateways/payments.ts';
import { loadPolicies } from '../gateways/policy-packs.ts';
import { retrying } from '../gateways/patience.ts';
import { createCaseWorker } from './worker.ts';

const taskQueue = 'cases';

async function main(config: WorkerConfig): Promise<void> {
  const log = pino({ name: 'worker', level: config.LOG_LEVEL });
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) =>
      log[level === 'WARN' ? 'warn' : level === 'ERROR' ? 'error' : 'debug'](meta, message),
    ),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
  });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const waiting = (what: string) => (err: unknown) => log.warn({ err }, `${what} does not answer, trying again`);
  const connection = await retrying(() => NativeConnection.connect(connectionOptions), waiting('Temporal'));
  const database = await retrying(() => openDatabase(config.MONGODB_URI, config.MONGODB_DATABASE), waiting('MongoDB'));
  await retrying(() => database.prepare(), waiting('MongoDB'));
  const activities = createActivities({
    database,
    payments: createPaymentsGateway({ baseUrl: config.PAYMENTS_URL }),
    carrier: createCarrierGateway({ baseUrl: config.CARRIER_URL }),
    policies: loadPolicies(config.POLICIES_DIR),
  });
  const worker = await createCaseWorker({
    connection,
    namespace,
    taskQueue,
    activities,
    workflowBundle: config.WORKFLOW_BUNDLE ? { codePath: config.WORKFLOW_BUNDLE } : undefined,
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
  log.info({ taskQueue, namespace }, 'worker is running');
  await worker.run();
  await database.close();
  await connection.close();
}

try {
  await main(readWorkerConfig());
} catch (err) {
  console.error(err instanceof ConfigError ? err.message : err);
  process.exitCode = 1;
}
