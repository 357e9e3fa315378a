/**
 * The whole product on one machine: Temporal, MongoDB, simulated partners, worker and API, each a process of its own, all on loopback.
 * Used by the demo, by `npm run dev` and by tests that kill things. The two servers are stack.ts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { freePort, startProcess, type RunningProcess } from './processes.ts';
import { startMongo, startTemporal } from './stack.ts';
import { createTokenIssuer } from './tokens.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const usual = { api: 3000, simulators: 4100 };

export interface SystemOptions {
  /** Holds databases, ledgers and logs. */
  readonly dataDir: string;
  readonly ui?: boolean;
  /** Told as each part gets ready. */
  readonly onReady?: (what: string) => void;
}
export type System = Awaited<ReturnType<typeof startSystem>>;

export async function startSystem({ dataDir, ui = true, onReady = () => undefined }: SystemOptions) {
  const started: { stop(): Promise<unknown> }[] = [];
  const stopAll = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const issuer = await createTokenIssuer();
    const [temporal, mongo] = await Promise.all([startTemporal({ dataDir, ui }), startMongo({ dataDir })]);
    started.push(mongo, temporal);
    onReady('Temporal and MongoDB');
    const [apiPort, simulatorsPort] = [await freePort(usual.api), await freePort(usual.simulators)];
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const simulatorsUrl = `http://127.0.0.1:${simulatorsPort}`;
    const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
    const env: Record<string, string> = {
      NODE_ENV: 'development',
      LOG_LEVEL: 'info',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      MONGODB_URI: mongo.uri,
      ORDERS_URL: `${simulatorsUrl}/orders`,
      PAYMENTS_URL: `${simulatorsUrl}/payments`,
      CARRIER_URL: `${simulatorsUrl}/carrier`,
      CARRIER_WEBHOOK_SECRET: secret(),
      PAYMENTS_WEBHOOK_SECRET: secret(),
      CUSTOMER_REF_KEY: randomBytes(16).toString('hex'),
      AUTH_ISSUER: issuer.issuer,
      AUTH_AUDIENCE: issuer.audience,
      AUTH_JWKS: issuer.jwks,
      ...(temporal.uiUrl ? { TEMPORAL_UI_URL: temporal.uiUrl } : {}),
    };
    const start = async (name: string, file: string, more: Record<string, string>, ready: string): Promise<RunningProcess> => {
      const part = await startProcess({
        name,
        command: process.execPath,
        args: ['--import', 'tsx', join(root, file)],
        env: { ...env, ...more },
        logFile: join(dataDir, 'logs', `${name}.log`),
        ready: { line: (line) => line.includes(ready) },
        readyTimeoutMs: 60_000,
      });
      started.push(part);
      onReady(name);
      return part;
    };
    const simulatorsEnv = {
      PORT: String(simulatorsPort),
      SIMULATORS_DATA_DIR: join(dataDir, 'simulators'),
      WEBHOOK_BASE_URL: `${apiUrl}/webhooks`,
    };
    const startSimulators = () => start('simulators', 'gateways/simulators/main.ts', simulatorsEnv, 'simulators listening');
    const startWorker = () => start('worker', 'worker/main.ts', {}, 'worker is running');
    const startApi = () => start('api', 'api/main.ts', { PORT: String(apiPort) }, 'api listening');
    const [simulators, worker, api] = await Promise.all([startSimulators(), startWorker(), startApi()]);
    const connection = await Connection.connect({ address: temporal.address });
    started.push({ stop: () => connection.close() });
    return {
      apiUrl,
      simulatorsUrl,
      temporalUiUrl: temporal.uiUrl,
      temporalAddress: temporal.address,
      mongoUri: mongo.uri,
      logs: join(dataDir, 'logs'),
      issuer,
      temporal,
      mongo,
      simulators,
      worker,
      api,
      startWorker,
      startApi,
      client: new Client({ connection, namespace: temporal.namespace }),
      stop: stopAll,
    };
  } catch (err) {
    await stopAll();
    throw err;
  }
}
