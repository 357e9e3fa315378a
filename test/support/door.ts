/** The API in process on a free port, before a real worker, real MongoDB and real Temporal; partners are fakes. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { createApp } from '../../api/app.ts';
import { createCaseClient } from '../../api/case-client.ts';
import { createTokenIssuer, type Person } from '../../dev/tokens.ts';
import type { Role } from '../../domain/permissions.ts';
import { orderOf, policies } from './cases.ts';
import { createStage } from './stage.ts';

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
export type Door = Awaited<ReturnType<typeof openDoor>>;

export async function openDoor(name: string, options: { patienceMs?: number } = {}) {
  const stage = await createStage(name);
  const issuer = await createTokenIssuer();
  const app = createApp({
    database: stage.database,
    cases: createCaseClient(stage.client, { taskQueue: stage.taskQueue, ...options }),
    orders: stage.partners.orders,
    policies,
    tokens: issuer,
    webhookSecrets: { carrier: webhookSecret, payments: webhookSecret },
    customerRefKey: 'a key that only tests know',
    log: pino({ level: 'silent' }),
    temporalUiUrl: 'http://127.0.0.1:8233',
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const person = (as: Role | Person): Person =>
    typeof as === 'string' ? { id: as === 'customer' ? 'cust-1' : `${as}-1`, role: as, merchantId: 'm1' } : as;

  const send = async (method: string, path: string, { as, body, key, headers = {} }: Call = {}): Promise<Reply> => {
    const authorization: Record<string, string> = as ? { authorization: `Bearer ${await issuer.sign(person(as))}` } : {};
    const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const idempotency: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const reply = await fetch(base + path, {
      method,
      headers: { ...authorization, ...json, ...idempotency, ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      headers: reply.headers,
      text,
      body: /json/.test(reply.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined,
    };
  };

  return {
    base,
    stage,
    issuer,
    send,
    get: (path: string, as: Role | Person = 'agent') => send('GET', path, { as }),
    command: (caseId: string, path: string, as: Role | Person, body: object, more: Call = {}) =>
      send('POST', `/cases/${caseId}/${path}`, { as, body, key: randomUUID(), ...more }),
    /** An order of the test's own, and a return of two kettles from it. */
    async opened(body: object = {}, order = orderOf(`O-${randomUUID().slice(0, 8)}`)) {
      stage.partners.orders.add(order);
      return send('POST', '/cases', {
        as: 'customer',
        key: randomUUID(),
        body: { orderId: order.orderId, lines: [{ lineId: '1', quantity: 2 }], reason: 'quality', ...body },
      });
    },
    webhook(
      partner: string,
      body: unknown,
      { id = randomUUID(), at = new Date(), secret = webhookSecret }: { id?: string; at?: Date; secret?: string } = {},
    ) {
      const text = JSON.stringify(body);
      const signature = new Webhook(secret).sign(id, at, text);
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signature,
      };
      return send('POST', `/webhooks/${partner}`, { body: text, headers });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await stage.close();
    },
  };
}
