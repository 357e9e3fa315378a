/** The API process: config → Temporal, db → app → HTTP. SIGTERM stops taking calls, lets running ones finish, then closes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { type ApiConfig, ConfigError, readApiConfig } from '../config/index.ts';
import { openDatabase } from '../db/database.ts';
import { createOrdersGateway } from '../gateways/orders.ts';
import { retrying } from '../gateways/patience.ts';
import { loadPolicies } from '../gateways/policy-packs.ts';
import { createApp } from './app.ts';
import { createCaseClient } from './case-client.ts';

async function main(config: ApiConfig): Promise<void> {
  const log = pino({ name: 'api', level: config.LOG_LEVEL });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const waiting = (what: string) => (err: unknown) => log.warn({ err }, `${what} does not answer, trying again`);
  const connection = await retrying(() => Connection.connect(connectionOptions), waiting('Temporal'));
  const database = await retrying(() => openDatabase(config.MONGODB_URI, config.MONGODB_DATABASE), waiting('MongoDB'));
  await retrying(() => database.prepare(), waiting('MongoDB'));
  const app = createApp({
    database,
    cases: createCaseClient(new Client({ connection, namespace })),
    orders: createOrdersGateway({ baseUrl: config.ORDERS_URL }),
    policies: loadPolicies(config.POLICIES_DIR),
    tokens: { issuer: config.AUTH_ISSUER, audience: config.AUTH_AUDIENCE, jwks: config.AUTH_JWKS },
    webhookSecrets: { carrier: config.CARRIER_WEBHOOK_SECRET, payments: config.PAYMENTS_WEBHOOK_SECRET },
    customerRefKey: config.CUSTOMER_REF_KEY,
    log,
    workflowsUrl: config.TEMPORAL_UI_URL && `${config.TEMPORAL_UI_URL}/namespaces/${encodeURIComponent(namespace)}/workflows`,
  });
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, app).listen(config.PORT, config.HOST);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  console.log(`api listening on http://${address}:${port}`);
  closeWithGrace({ delay: 10_000, logger: { error: (err: unknown) => log.error(err) } }, async () => {
    server.close();
    server.closeIdleConnections();
    server.keepAliveTimeout = 1; // a connection whose call is answered now is not kept for another
    await once(server, 'close');
    await Promise.all([database.close(), connection.close()]);
  });
}

try {
  await main(readApiConfig());
} catch (err) {
  console.error(err instanceof ConfigError ? err.message : err);
  process.exit(1); // open connections would keep a process alive that serves nobody
}
