/** The Express application as a factory: everything it needs comes in as `deps`; nothing starts by importing it. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import type { Database } from '../db/database.ts';
import type { CarrierGateway } from '../gateways/carrier.ts';
import type { OrdersGateway } from '../gateways/orders.ts';
import type { PolicyStore } from '../gateways/policy-packs.ts';
import { authenticate, type TokenRules } from './auth.ts';
import type { CaseClient } from './case-client.ts';
import { errorHandler, notFound } from './errors.ts';
import { readJson } from './json.ts';
import type { Metrics } from './metrics.ts';
import { addressLimit, callerLimit, caseLimit, failureLimit, noLimits, type Limits } from './rate-limits.ts';
import { caseRoutes } from './routes/cases.ts';
import { commandRoutes } from './routes/commands.ts';
import { docsRoutes } from './routes/docs.ts';
import { exceptionRoutes } from './routes/exceptions.ts';
import { handoverRoutes } from './routes/handover.ts';
import { guestRoutes, type SendCode } from './routes/guests.ts';
import { healthRoutes } from './routes/health.ts';
import { reopeningRoutes } from './routes/reopening.ts';
import { webhookRoutes } from './routes/webhooks.ts';

export interface AppDeps {
  readonly database: Database;
  readonly cases: CaseClient;
  readonly orders: OrdersGateway;
  readonly policies: PolicyStore;
  readonly tokens: TokenRules;
  readonly webhookSecrets: { readonly carrier: string; readonly payments: string };
  readonly customerRefKey: string;
  readonly log: Logger;
  /** Where managers find a namespace's workflows in the Temporal UI, `<ui>/namespaces/<name>/workflows`; absent: no links. */
  readonly workflowsUrl?: string;
  /** Absent: nobody is limited. */
  readonly limits?: Limits;
  /** Proxies before this process whose X-Forwarded-For is believed; absent: none. */
  readonly trustedProxies?: number;
  readonly metrics?: Metrics;
  /** Whose facts without a merchant are; absent: nobody is shown them. */
  readonly defaultMerchantId?: string;
  /** Free slots and points are asked of it; absent: there are none to choose from. */
  readonly carrier?: Pick<CarrierGateway, 'listSlots' | 'listPoints'>;
  /** Sends a guest's one-time code; absent: guests get none. */
  readonly sendCode?: SendCode;
}
/** What routes of commands need beside that. */
export interface CommandDeps extends AppDeps {
  /** Throws `rate_limited` if the case has been commanded too often. */
  readonly admit: (caseId: string) => Promise<void>;
}

export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', deps.trustedProxies ?? 0);
  if (deps.metrics) app.use(deps.metrics.observe);
  app.use(
    pinoHttp({
      logger: deps.log,
      genReqId,
      customLogLevel,
      serializers: { req: loggedRequest, res: loggedResponse },
      wrapSerializers: false,
    }),
  );
  app.use((req, res, next) => {
    res.setHeader('X-Request-Id', req.id as string);
    next();
  });
  app.use(helmet());
  app.use(healthRoutes(deps));
  app.use(docsRoutes());
  app.use(webhookRoutes(deps));
  const { perCaller, perCase } = deps.limits ?? noLimits;
  const body: RequestHandler[] = [express.raw({ limit: '256kb', type: isJsonPost }), jsonBody];
  app.use('/guest', noStore, addressLimit(perCaller, 'guests'), body);
  app.use(guestRoutes(deps));
  const findGuest = (token: string) => deps.database.guests.find(token);
  const known = [failureLimit(perCaller), authenticate(deps.tokens, findGuest), callerLimit(perCaller)];
  app.use(['/cases', '/exceptions'], noStore, known, body);
  app.use(
    commandRoutes({ ...deps, admit: caseLimit(perCase) }),
    caseRoutes(deps),
    reopeningRoutes(deps),
    handoverRoutes(deps),
    exceptionRoutes(deps),
  );
  app.use(notFound);
  app.use(errorHandler);
  return app;
}

const genReqId = (req: { headers: Record<string, string | string[] | undefined> }): string => {
  const given = req.headers['x-request-id'];
  return typeof given === 'string' && /^[\w-]{1,100}$/.test(given) ? given : randomUUID();
};

const customLogLevel = (_req: unknown, res: { statusCode: number }, err?: Error) =>
  err || res.statusCode >= 500 ? 'error' : res.statusCode >= 400 ? 'info' : 'debug';

/** Neither query, headers nor bodies are logged: they may name people. */
const loggedRequest = (req: { id: unknown; method: string; url: string }) => ({
  id: req.id,
  method: req.method,
  path: req.url.split('?')[0],
});
const loggedResponse = (res: { statusCode: number }) => ({ status: res.statusCode });

const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** No other call has a body that means anything. */
const isJsonPost = ({ method, headers }: IncomingMessage): boolean =>
  method === 'POST' && /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');

const jsonBody: RequestHandler = (req, _res, next) => {
  if (Buffer.isBuffer(req.body)) req.body = readJson(req.body);
  next();
};
