/**
 * The whole product on one machine: Temporal, MongoDB, simulated partners, worker and API, each a process of its own, all on loopback.
 * Used by the demo, by `npm run dev` and by tests that kill things. The two servers are stack.ts.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { freePort, portAside, startProcess, type RunningProcess } from './processes.ts';
import { onUsualPortsOrAny, startMongo, startTemporal } from './stack.ts';
import { createTokenIssuer } from './tokens.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const usual = { api: 3000, simulators: 4100 };

export interface SystemOptions {
  /** Holds databases, ledgers and logs. */
  readonly dataDir: string;
  readonly ui?: boolean;
  /** Absent: the usual ports where they are free. Else ports that nobody takes while what stands there is down. */
  readonly aside?: boolean;
  /** Runs what `npm run build` made instead of the sources; `dist`: made elsewhere. */
  readonly built?: boolean;
  readonly dist?: string;
  /** Added to the environment of worker and API. */
  readonly env?: Record<string, string>;
  readonly workerEnv?: Record<string, string>;
  /** Puts something between the product and whom it talks to: told the port of the one, it gives the port to call instead. */
  readonly between?: (whom: Neighbour, port: number) => Promise<number>;
  /** Told as each part gets ready. */
  readonly onReady?: (what: string) => void;
}
const partners = ['orders', 'payments', 'carrier', 'notifications', 'stock'] as const;
/** `workersMongo`: MongoDB, for workers alone; behind what stands before it for all. */
export type Neighbour = 'temporal' | 'mongo' | 'workersMongo' | 'api' | (typeof partners)[number];
export type System = Awaited<ReturnType<typeof startSystem>>;

interface Part {
  readonly file: string;
  readonly env: Record<string, string>;
  /** What it says once it is ready. */
  readonly ready: string;
  readonly nodeArgs?: readonly string[];
}
/** As in production: a call leaves much young garbage, and twice the room for it means half as many pauses. */
const roomForYoung = ['--max-semi-space-size=32'];

const portOf = (address: string): number => Number(/:(\d+)(?:\/|$)/.exec(address)?.[1]);

export async function startSystem({
  dataDir,
  ui = true,
  aside = false,
  built = false,
  dist = join(root, 'dist'),
  between,
  env: added = {},
  workerEnv: addedToWorker = {},
  onReady = () => undefined,
}: SystemOptions) {
  const reach = async (whom: Neighbour, port: number): Promise<string> =>
    `127.0.0.1:${between ? await between(whom, port) : port}`;
  const started: { stop(): Promise<unknown> }[] = [];
  const stopAll = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const issuer = await createTokenIssuer();
    const servers = aside ? { temporal: await portAside(), mongo: await portAside() } : {};
    const [temporal, mongo] = await Promise.all([
      startTemporal({ dataDir, ui, port: servers.temporal }),
      startMongo({ dataDir, port: servers.mongo }),
    ]);
    started.push(mongo, temporal);
    onReady('Temporal and MongoDB');
    const temporalAddress = await reach('temporal', portOf(temporal.address));
    // Past whatever stands between, only if the driver asks nobody for the members of the set.
    const mongoBehind = async (whom: Neighbour, uri: string): Promise<string> =>
      between ? `mongodb://${await reach(whom, portOf(uri))}/?directConnection=true` : uri;
    const mongoUri = await mongoBehind('mongo', mongo.uri);
    const workersMongoUri = await mongoBehind('workersMongo', mongoUri);
    const secret = () => `whsec_${randomBytes(32).toString('base64')}`;
    const secrets = { CARRIER_WEBHOOK_SECRET: secret(), PAYMENTS_WEBHOOK_SECRET: secret(), CUSTOMER_REF_KEY: secret() };
    const wanted = aside ? { api: await portAside(), simulators: await portAside() } : usual;
    const processes = await onUsualPortsOrAny(wanted, async (ports) => {
      const [apiPort, simulatorsPort] = [await freePort(ports.api), await freePort(ports.simulators)];
      const apiUrl = `http://${await reach('api', apiPort)}`;
      const simulatorsUrl = `http://127.0.0.1:${simulatorsPort}`;
      const partnerUrls = await Promise.all(
        partners.map(async (name) => [`${name.toUpperCase()}_URL`, `http://${await reach(name, simulatorsPort)}/${name}`]),
      );
      const env: Record<string, string> = {
        ...secrets,
        NODE_ENV: 'development',
        LOG_LEVEL: 'info',
        TEMPORAL_ADDRESS: temporalAddress,
        TEMPORAL_NAMESPACE: temporal.namespace,
        MONGODB_URI: mongoUri,
        ...(Object.fromEntries(partnerUrls) as Record<string, string>),
        AUTH_ISSUER: issuer.issuer,
        AUTH_AUDIENCE: issuer.audience,
        AUTH_JWKS: issuer.jwks,
        ...(temporal.uiUrl ? { TEMPORAL_UI_URL: temporal.uiUrl } : {}),
        ...added,
      };
      const simulatorsEnv = {
        PORT: String(simulatorsPort),
        SIMULATORS_DATA_DIR: join(dataDir, 'simulators'),
        WEBHOOK_BASE_URL: `${apiUrl}/webhooks`,
      };
      const bundle: Record<string, string> = built ? { WORKFLOW_BUNDLE: join(dist, 'workflow-bundle.js') } : {};
      const workerEnv = { ...bundle, MONGODB_URI: workersMongoUri, ...addedToWorker };
      const specs: Record<'simulators' | 'worker' | 'api', Part> = {
        simulators: { file: 'gateways/simulators/main.ts', env: simulatorsEnv, ready: 'simulators listening' },
        worker: { file: 'worker/main.ts', env: workerEnv, ready: 'worker is running' },
        api: { file: 'api/main.ts', env: { PORT: String(apiPort) }, ready: 'api listening', nodeArgs: roomForYoung },
      };
      const mine: RunningProcess[] = [];
      const start = async (name: keyof typeof specs, own: Record<string, string> = {}): Promise<RunningProcess> => {
        const { file, env: more, ready, nodeArgs = [] } = specs[name];
        const part = await startProcess({
          name,
          command: process.execPath,
          args: [...nodeArgs, ...(built ? [join(dist, file.replace(/\.ts$/, '.js'))] : ['--import', 'tsx', join(root, file)])],
          env: { ...env, ...more, ...own },
          logFile: join(dataDir, 'logs', `${name}.log`),
          ready: { line: (line) => line.includes(ready) },
          readyTimeoutMs: 60_000,
        });
        mine.push(part);
        started.push(part);
        onReady(name);
        return part;
      };
      const all = await Promise.allSettled([start('simulators'), start('worker'), start('api')]);
      const failure = all.find((one) => one.status === 'rejected');
      if (failure) {
        // On other ports all of them are told anew where the others are.
        await Promise.all(mine.map((part) => part.stop()));
        throw failure.reason;
      }
      const [simulators, worker, api] = all.map((one) => (one as PromiseFulfilledResult<RunningProcess>).value) as [
        RunningProcess,
        RunningProcess,
        RunningProcess,
      ];
      return {
        apiUrl,
        simulatorsUrl,
        simulators,
        worker,
        api,
        startWorker: () => start('worker'),
        /** One more, or once more where it was. */
        startApi: (port = apiPort) => start('api', { PORT: String(port) }),
        apiPort,
      };
    });
    const connection = await Connection.connect({ address: temporal.address });
    started.push({ stop: () => connection.close() });
    return {
      ...processes,
      temporalUiUrl: temporal.uiUrl,
      temporalAddress: temporal.address,
      logs: join(dataDir, 'logs'),
      issuer,
      temporal,
      mongo,
      client: new Client({ connection, namespace: temporal.namespace }),
      stop: stopAll,
    };
  } catch (err) {
    await stopAll();
    throw err;
  }
}
