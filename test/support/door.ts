/**
 * The API in process on a free port, before a real worker, real MongoDB and real Temporal; partners are fakes.
 * Every answer that passes through here is held against the OpenAPI document: its status, and its body to the last field.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import type { z } from 'zod';
import { createApp, type AppDeps } from '../../api/app.ts';
import { createCaseClient } from '../../api/case-client.ts';
import { commandIdOf } from '../../api/idempotency.ts';
import { openApiDocument } from '../../api/openapi.ts';
import {
  caseCountsView,
  casePageView,
  caseView,
  openedView,
  pendingView,
  pointsView,
  problemView,
  rebuiltView,
  receiptView,
  reopenedView,
  slotsView,
  timelineView,
} from '../../contracts/answers.ts';
import { bulkView } from '../../contracts/bulk.ts';
import { exceptionPageView, exceptionView, guestCodeView, guestSessionView } from '../../contracts/doors.ts';
import { createTokenIssuer, type Person } from '../../dev/tokens.ts';
import type { Role } from '../../domain/permissions.ts';
import { orderOf, policies } from './cases.ts';
import { createStage, type Stage, type Theatre } from './stage.ts';

export const webhookSecret = `whsec_${Buffer.from('a secret that only tests know 123').toString('base64')}`;

export interface Call {
  readonly as?: Role | Person;
  readonly body?: unknown;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}
export interface DoorOptions {
  /** How long a call waits for a worker. Long, unless the test is about that: a busy machine is slow. */
  readonly patienceMs?: number;
  /** In the place of what the application is given otherwise. */
  readonly deps?: Partial<AppDeps> | ((stage: Stage) => Promise<Partial<AppDeps>>);
  /** What befalls activities, and which servers to play on, where they are not the test run's own. */
  readonly wrap?: Parameters<typeof createStage>[1];
  readonly theatre?: Theatre;
}
export type Door = Awaited<ReturnType<typeof openDoor>>;

/** Who is meant by a bare role: `agent-1` of merchant m1; the customer is `cust-1`, to whom the tests' orders belong. */
const personOf = (as: Role | Person): Person =>
  typeof as === 'string' ? { id: as === 'customer' ? 'cust-1' : `${as}-1`, role: as, merchantId: 'm1' } : as;

/** The Update's id, and the key in MongoDB, of a call. */
export const idOfCall = (as: Role | Person, key: string): string =>
  commandIdOf({ get: () => key } as unknown as Parameters<typeof commandIdOf>[0], personOf(as));

export async function openDoor(name: string, { patienceMs = 14_000, deps, wrap, theatre }: DoorOptions = {}) {
  const stage = await createStage(name, wrap, theatre);
  const issuer = await createTokenIssuer();
  const app = createApp({
    database: stage.database,
    cases: createCaseClient(stage.client, { taskQueue: stage.taskQueue, patienceMs }),
    orders: stage.partners.orders,
    policies,
    tokens: issuer,
    webhookSecrets: { carrier: webhookSecret, payments: webhookSecret },
    customerRefKey: 'a key that only tests know',
    log: pino({ level: 'silent' }),
    workflowsUrl: 'http://127.0.0.1:8233/namespaces/default/workflows',
    ...(typeof deps === 'function' ? await deps(stage) : deps),
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokenOf = (as: Role | Person): Promise<string> => issuer.sign(personOf(as));

  const send = async (method: string, path: string, { as, body, key, headers = {} }: Call = {}): Promise<Reply> => {
    const authorization: Record<string, string> = as ? { authorization: `Bearer ${await tokenOf(as)}` } : {};
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const idempotency: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const sent = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const answer = await fetch(base + path, {
      method,
      headers: { ...authorization, ...json, ...idempotency, ...headers },
      body: sent as string | undefined,
      redirect: 'manual',
    });
    return checked(method, path, answer.status, answer.headers, await answer.text());
  };

  return {
    base,
    app,
    stage,
    issuer,
    tokenOf,
    send,
    /** Byte for byte as given: headers may repeat or be missing, and the path is not tidied up. */
    async raw(method: string, path: string, headers: readonly (readonly [string, string])[], body: string | Buffer = '') {
      const sending = request(base, { method, path, headers: [['host', 'test'], ['connection', 'close'], ...headers].flat() });
      sending.end(body);
      const [answer] = await once(sending, 'response');
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      return checked(method, path, answer.statusCode, new Headers(answer.headers), text);
    },
    get: (path: string, as: Role | Person = 'agent') => send('GET', path, { as }),
    command: (caseId: string, path: string, as: Role | Person, body: object, more: Call = {}) =>
      send('POST', `/cases/${caseId}/${path}`, { as, body, key: randomUUID(), ...more }),
    /** An order of the test's own, and a return of two kettles from it. */
    async opened(body: object = {}, order = orderOf(`O-${randomUUID().slice(0, 8)}`), more: Call = {}) {
      stage.partners.orders.add(order);
      return send('POST', '/cases', {
        as: 'customer',
        key: randomUUID(),
        body: { orderId: order.orderId, lines: [{ lineId: '1', quantity: 2 }], reason: 'quality', ...body },
        ...more,
      });
    },
    webhook(
      partner: string,
      body: unknown,
      { id = randomUUID(), at = new Date(), secret = webhookSecret }: { id?: string; at?: Date; secret?: string } = {},
    ) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return send('POST', `/webhooks/${partner}`, { body: text, headers: signed(text, { id, at, secret }) });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await stage.close();
    },
  };
}

/** Headers of Standard Webhooks for a body. */
export const signed = (text: string, { id = randomUUID() as string, at = new Date(), secret = webhookSecret } = {}) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, at, text),
});

const views: Record<string, z.ZodType> = {
  Receipt: receiptView,
  Opened: openedView,
  Pending: pendingView,
  Reopened: reopenedView,
  Rebuilt: rebuiltView,
  Slots: slotsView,
  Points: pointsView,
  Case: caseView,
  CasePage: casePageView,
  CaseCounts: caseCountsView,
  Timeline: timelineView,
  BulkResults: bulkView,
  Exception: exceptionView,
  ExceptionPage: exceptionPageView,
  GuestCode: guestCodeView,
  GuestSession: guestSessionView,
  Problem: problemView,
};
interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}
const operations = Object.entries(openApiDocument().paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`, 'i'),
    parameters: path.includes('{'),
    operation,
  })),
);

/** The reply, if the document knows its status for this operation and its body has no field too many, too few or of another kind. */
function checked(method: string, path: string, status: number, headers: Headers, text: string): Reply {
  const [type] = (headers.get('content-type') ?? '').split(';');
  const body: unknown = type?.endsWith('json') && text !== '' ? JSON.parse(text) : undefined;
  const reply = { status, headers, text, body };
  const [pathname] = path.split('?');
  // A path written out in the document is meant before one with a parameter.
  const here = operations.filter((one) => one.path.test(pathname ?? ''));
  const meant = here.some((one) => !one.parameters) ? here.filter((one) => !one.parameters) : here;
  const operation = meant.find((one) => one.method === method)?.operation;
  const told = `${method} ${pathname} answered ${status}: ${text.slice(0, 500)}`;
  const documented = operation?.responses[status];
  if (operation && !documented) throw new Error(`${told}\nwhich the document does not know of ${operation.operationId}`);
  const content = Object.entries(documented?.content ?? {})[0];
  if (content) expect(type, told).toBe(content[0]);
  const view = views[content?.[1].schema.$ref?.split('/').at(-1) ?? (type === 'application/problem+json' ? 'Problem' : '')];
  if (view) expect(view.parse(body), told).toEqual(body);
  if (type === 'application/problem+json') {
    expect(body, told).toMatchObject({ status, type: expect.stringMatching(/^urn:mendline:problem:[a-z_]+$/) });
    expect(text, told).not.toMatch(/node_modules|at \w+ \(|Mongo|E11000|\.ts:\d/);
    if (!headers.get('idempotency-replayed')) expect(body, told).toMatchObject({ requestId: headers.get('x-request-id') });
  }
  return reply;
}
