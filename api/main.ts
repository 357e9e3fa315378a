/** The API process: config → Temporal, db → app → HTTP. SIGTERM stops taking calls, lets running ones finish, then closes. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import { type ApiConfig, ConfigError, readApiConfig } from '../config/index.ts';
import { openDatabase } from '../db/database.ts';
import { createCarrierGateway } from '../gateways/carrier.ts';
import { createNoticeWords } from '../gateways/notice-words.ts';
import { createNotificationsGateway, type NotificationsGateway } from '../gateways/notifications.ts';
import { createOrdersGateway } from '../gateways/orders.ts';
import { retrying } from '../gateways/patience.ts';
import { loadPolicies } from '../gateways/policy-packs.ts';
import { createApp } from './app.ts';
import { createCaseClient } from './case-client.ts';
import { createMetrics } from './metrics.ts';
import type { SendCode } from './routes/guests.ts';

async function main(config: ApiConfig): Promise<void> {
  const log = pino({ name: 'api', level: config.LOG_LEVEL });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const waiting = (what: string) => (err: unknown) => log.warn({ err }, `${what} does not answer, trying again`);
  const connection = await retrying(() => Connection.connect(connectionOptions), waiting('Temporal'));
  const database = await retrying(() => openDatabase(config.MONGODB_URI, config.MONGODB_DATABASE), waiting('MongoDB'));
  await retrying(() => database.prepare(), waiting('MongoDB'));
  const metrics = config.METRICS_PORT === undefined ? undefined : createMetrics();
  const policies = loadPolicies(config.POLICIES_DIR);
  const notifications = createNotificationsGateway({ baseUrl: config.NOTIFICATIONS_URL });
  const app = createApp({
    database,
    cases: createCaseClient(new Client({ connection, namespace })),
    orders: createOrdersGateway({ baseUrl: config.ORDERS_URL }),
    policies,
    carrier: createCarrierGateway({ baseUrl: config.CARRIER_URL }),
    sendCode: codeSender(notifications, createNoticeWords(policies.words)),
    tokens: { issuer: config.AUTH_ISSUER, audience: config.AUTH_AUDIENCE, jwks: config.AUTH_JWKS },
    webhookSecrets: { carrier: config.CARRIER_WEBHOOK_SECRET, payments: config.PAYMENTS_WEBHOOK_SECRET },
    customerRefKey: config.CUSTOMER_REF_KEY,
    log,
    limits: {
      perCaller: config.RATE_LIMIT_PER_MINUTE,
      perPartner: config.WEBHOOK_RATE_LIMIT_PER_MINUTE,
      perCase: config.CASE_RATE_LIMIT_PER_MINUTE,
    },
    trustedProxies: config.TRUSTED_PROXIES,
    metrics,
    defaultMerchantId: config.DEFAULT_MERCHANT_ID,
    workflowsUrl: config.TEMPORAL_UI_URL && `${config.TEMPORAL_UI_URL}/namespaces/${encodeURIComponent(namespace)}/workflows`,
  });
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, app).listen(config.PORT, config.HOST);
  await once(server, 'listening');
  const asked = metrics?.server().listen(config.METRICS_PORT, config.METRICS_HOST);
  if (asked) await once(asked, 'listening').then(() => console.log(`metrics listening on ${addressOf(asked)}`));
  console.log(`api listening on ${addressOf(server)}`);
  closeWithGrace({ delay: 10_000, logger: { error: (err: unknown) => log.error(err) } }, async () => {
    server.close();
    server.closeIdleConnections();
    server.keepAliveTimeout = 1; // a connection whose call is answered now is not kept for another
    await once(server, 'close');
    asked?.close();
    asked?.closeAllConnections();
    await Promise.all([database.close(), connection.close()]);
  });
}

/** A guest's one-time code, in words, by the same way as every other notice. */
const codeSender =
  (notifications: NotificationsGateway, wordsOf: ReturnType<typeof createNoticeWords>): SendCode =>
  async ({ key, orderId, to, language, code }) => {
    const name = 'one_time_code';
    const words = wordsOf({ name, language, params: { code, orderId, timezone: 'UTC' } });
    const known = language === 'zh-CN' ? 'zh-CN' : 'en';
    await notifications.sendNotice({ key, caseId: orderId, to, channel: 'sms', language: known, template: name, ...words });
  };

function addressOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

try {
  await main(readApiConfig());
} catch (err) {
  console.error(err instanceof ConfigError ? err.message : err);
  process.exit(1); // open connections would keep a process alive that serves nobody
}
