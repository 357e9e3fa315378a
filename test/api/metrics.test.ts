/** What Prometheus is told by the API and by a worker: on a port of its own, by route template, without a path, an id or a name. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createMetrics } from '../../api/metrics.ts';
import { readWorkerConfig } from '../../config/index.ts';
import { freePort, startProcess } from '../../dev/processes.ts';
import { telemetryOf } from '../../worker/telemetry.ts';
import { openDoor, type Door } from '../support/door.ts';
import { opened, patiently } from './journey.ts';

/** Lines of Prometheus' text format: comments, or a name with labels and a number. */
const readable =
  /^(# (HELP|TYPE) .+|[a-z_:][\w:]*(\{[a-z_]\w*="[^"\n]*"(,[a-z_]\w*="[^"\n]*")*,?\})? [\d.eE+-]+|[a-z_:][\w:]*(\{.*\})? (NaN|\+Inf))$/i;
function checked(text: string): string {
  for (const line of text.trim().split('\n')) if (line !== '' && !readable.test(line)) throw new Error(`no metric: ${line}`);
  return text;
}

describe('metrics of the API', () => {
  let door: Door;
  let url: string;
  const metrics = createMetrics();
  const server = metrics.server();
  beforeAll(async () => {
    door = await openDoor('api-metrics', { deps: { metrics } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await door.close();
  });
  const scrape = async () => checked(await (await fetch(`${url}/metrics`)).text());

  it('count calls by method, route template and status, and the process beside them', async () => {
    const caseId = await opened(door);
    await door.get(`/cases/${caseId}`);
    await door.get('/cases/C-SECRET');
    await door.get('/nowhere/at/all');
    await door.send('GET', `/cases/${caseId}`);
    await vi.waitFor(async () => {
      const text = await scrape();
      for (const line of [
        'http_request_duration_seconds_count{method="POST",route="/cases",status="201"} 1',
        'http_request_duration_seconds_count{method="GET",route="/cases/:caseId",status="200"} 1',
        'http_request_duration_seconds_count{method="GET",route="/cases/:caseId",status="404"} 1',
        'http_request_duration_seconds_count{method="GET",route="none",status="404"} 1',
        'http_request_duration_seconds_count{method="GET",route="none",status="401"} 1',
        'http_requests_open 0',
      ])
        expect(text.split('\n')).toContain(line);
      expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
      expect(text).not.toMatch(new RegExp(`${caseId}|SECRET|nowhere|cust-1|m1"`));
    }, patiently);
  });

  it('know a call that is open, and that its caller has gone', async () => {
    let answer = (): void => undefined;
    door.stage.partners.orders.findOrder = () => new Promise((resolve) => (answer = () => resolve(undefined as never)));
    const leaving = new AbortController();
    const calling = fetch(`${door.base}/cases`, {
      method: 'POST',
      signal: leaving.signal,
      headers: {
        authorization: `Bearer ${await door.tokenOf('agent')}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({ orderId: 'O-1', lines: [{ lineId: '1', quantity: 1 }], reason: 'quality' }),
    }).catch(() => undefined);
    await vi.waitFor(async () => expect(await scrape()).toContain('http_requests_open 1'), patiently);
    leaving.abort();
    await calling;
    await vi.waitFor(async () => expect(await scrape()).toContain('http_requests_open 0'), patiently);
    answer();
  });

  it('are on their own port alone, and nothing else is there', async () => {
    expect((await door.send('GET', '/metrics')).status).toBe(404);
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/cases'],
      ['GET', '/metrics/x'],
      ['POST', '/metrics'],
    ])
      expect((await fetch(url + path, { method })).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
  });
});

describe('metrics of a worker', () => {
  const complete = {
    MONGODB_URI: 'mongodb://127.0.0.1:27017',
    ORDERS_URL: 'http://127.0.0.1:4100/orders',
    PAYMENTS_URL: 'http://127.0.0.1:4100/payments',
    CARRIER_URL: 'http://127.0.0.1:4100/carrier',
    NOTIFICATIONS_URL: 'http://127.0.0.1:4100/notifications',
    STOCK_URL: 'http://127.0.0.1:4100/stock',
  };
  const asked = (more: Record<string, string> = {}) => telemetryOf(readWorkerConfig({ ...complete, ...more }));

  it('are off unless they have a port, and on loopback unless they have a host', () => {
    expect(asked()).toBeUndefined();
    const prometheus = (bindAddress: string) => ({
      metrics: { prometheus: { bindAddress, countersTotalSuffix: true, useSecondsForDurations: true } },
    });
    expect(asked({ METRICS_PORT: '9464' })).toEqual(prometheus('127.0.0.1:9464'));
    expect(asked({ METRICS_PORT: '9464', METRICS_HOST: '0.0.0.0' })).toEqual(prometheus('0.0.0.0:9464'));
    expect(asked({ METRICS_PORT: '9464', METRICS_HOST: '::1' })).toEqual(prometheus('[::1]:9464'));
  });

  it('come from Temporal itself, of the process that runs in production', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mendline-worker-'));
    const port = await freePort();
    const worker = await startProcess({
      name: 'worker',
      command: process.execPath,
      args: ['--import', 'tsx', fileURLToPath(new URL('../../worker/main.ts', import.meta.url))],
      env: {
        ...complete,
        NODE_ENV: 'test',
        MONGODB_URI: inject('mongoUri'),
        MONGODB_DATABASE: `metrics-${randomUUID().slice(0, 8)}`,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        WORKFLOW_BUNDLE: inject('workflowBundle'),
        METRICS_PORT: String(port),
      },
      logFile: join(dir, 'worker.log'),
      ready: { line: (line) => line.includes('worker is running') },
      readyTimeoutMs: 60_000,
    });
    await vi.waitFor(async () => {
      const text = checked(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      expect(text).toMatch(/^temporal_worker_task_slots_available\{/m);
      expect(text).toMatch(/^temporal_request_total\{/m);
    }, patiently);
    await worker.stop();
    rmSync(dir, { recursive: true, force: true });
  });
});
