/** The API as the process that runs in production: it starts complete or not at all, and SIGTERM cuts nobody off. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { startProcess, StartFailure, type RunningProcess } from '../../dev/processes.ts';
import { createTokenIssuer, type TokenIssuer } from '../../dev/tokens.ts';
import { webhookSecret } from '../support/door.ts';
import { patiently } from './journey.ts';

const main = fileURLToPath(new URL('../../api/main.ts', import.meta.url));

describe('the API process', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mendline-api-'));
  let shop: Server;
  /** Questions to the shop that were not answered yet. */
  const asked: ServerResponse[] = [];
  let issuer: TokenIssuer;
  let env: Record<string, string>;
  const started: RunningProcess[] = [];

  beforeAll(async () => {
    issuer = await createTokenIssuer();
    shop = createServer((_req, res) => void asked.push(res)).listen(0, '127.0.0.1');
    await once(shop, 'listening');
    const partner = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
    env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      PORT: '0',
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      MONGODB_URI: inject('mongoUri'),
      MONGODB_DATABASE: `api-process-${randomUUID().slice(0, 8)}`,
      ORDERS_URL: partner,
      PAYMENTS_URL: partner,
      CARRIER_URL: partner,
      NOTIFICATIONS_URL: partner,
      STOCK_URL: partner,
      CARRIER_WEBHOOK_SECRET: webhookSecret,
      PAYMENTS_WEBHOOK_SECRET: webhookSecret,
      CUSTOMER_REF_KEY: 'a key that only tests know',
      AUTH_ISSUER: issuer.issuer,
      AUTH_JWKS: issuer.jwks,
    };
  });
  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop()));
    shop.closeAllConnections();
    shop.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function start(changes: Record<string, string> = {}): Promise<{ api: RunningProcess; base: string }> {
    const logFile = join(dir, `${randomUUID()}.log`);
    const api = await startProcess({
      name: 'api',
      command: process.execPath,
      args: ['--import', 'tsx', main],
      env: { ...env, ...changes },
      logFile,
      ready: { line: (line) => line.startsWith('api listening on ') },
      readyTimeoutMs: 60_000,
    });
    started.push(api);
    const [, base = ''] = /api listening on (\S+)/.exec(readFileSync(logFile, 'utf8')) ?? [];
    return { api, base };
  }
  const open = async (base: string, key: string = randomUUID()) =>
    fetch(`${base}/cases`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await issuer.sign({ id: 'cust-1', role: 'customer', merchantId: 'm1' })}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ orderId: 'O-1', lines: [{ lineId: '1', quantity: 1 }], reason: 'quality' }),
    });
  const noSuchOrder = (res: ServerResponse) =>
    res.writeHead(404, { 'content-type': 'application/json' }).end('{"code":"order_not_found","message":"no such order"}');

  it('lets a running call finish when it is told to stop, takes no new one, and exits with 0', async () => {
    const { api, base } = await start();
    expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/); // loopback, unless told otherwise
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    const running = open(base);
    await vi.waitFor(() => expect(asked).toHaveLength(1), patiently);
    process.kill(api.pid, 'SIGTERM');
    await vi.waitFor(() => expect(fetch(`${base}/healthz`)).rejects.toThrow('fetch failed'), patiently);
    expect(await Promise.race([api.exited, Promise.resolve('running')])).toBe('running');
    noSuchOrder(asked.pop()!);
    const reply = await running;
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([404, 'order_not_found']);
    expect(await api.exited).toBe(0);
  });

  it('keeps the answer for whoever asks the next process with the same key', async () => {
    const key = randomUUID();
    const [first, second] = await Promise.all([start(), start()]);
    const running = open(first.base, key);
    await vi.waitFor(() => expect(asked).toHaveLength(1), patiently);
    noSuchOrder(asked.pop()!);
    const text = await (await running).text();
    const again = await open(second.base, key);
    expect([again.status, again.headers.get('idempotency-replayed'), await again.text()]).toEqual([404, 'true', text]);
    expect(asked).toHaveLength(0);
  });

  it('tells Prometheus what it counts on a port of its own, if it is given one', async () => {
    const { api, base } = await start({ METRICS_PORT: '0' });
    const [, metrics] = /metrics listening on (\S+)/.exec(readFileSync(api.logFile, 'utf8')) ?? [];
    expect((await fetch(`${base}/metrics`)).status).toBe(404);
    const text = await (await fetch(`${metrics}/metrics`)).text();
    expect(text).toContain('http_request_duration_seconds_bucket');
    process.kill(api.pid, 'SIGTERM');
    expect(await api.exited).toBe(0);
  });

  it('ends with 1 and says why, rather than stay half started', async () => {
    const taken = String((shop.address() as AddressInfo).port);
    const starts: [string, Record<string, string>, RegExp][] = [
      ['in production with development tokens', { NODE_ENV: 'production' }, /mendline-dev is refused in production/],
      ['with keys that cannot be read', { AUTH_JWKS: '{"keys":' }, /JSON/],
      ['on a port that is taken', { PORT: taken }, /EADDRINUSE/],
    ];
    await Promise.all(
      starts.map(async ([told, changes, why]) => {
        const failure = await start(changes).catch((err: unknown) => err);
        expect(failure, told).toBeInstanceOf(StartFailure);
        expect((failure as StartFailure).message, told).toContain('exit code 1');
        expect((failure as StartFailure).output, told).toMatch(why);
      }),
    );
  });
});
