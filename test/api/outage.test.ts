/** MongoDB or Temporal away: callers are told to try again, nothing hangs, nothing is done twice, and it ends by itself. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createCaseClient } from '../../api/case-client.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { openDoor, signed, type Door } from '../support/door.ts';
import { anyOrder, opened, patiently } from './journey.ts';

/** A line to a server that can be cut and mended. */
async function wireTo(port: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined).on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    mend() {
      isCut = false;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}

const awayNow = (reply: { status: number; body: { code?: string }; headers: Headers }) => {
  expect([reply.status, reply.body.code]).toEqual([503, 'try_again']);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
};

describe('while MongoDB is away', () => {
  let door: Door;
  let database: Database;
  let wire: Awaited<ReturnType<typeof wireTo>>;
  let caseId: string;
  beforeAll(async () => {
    wire = await wireTo(Number(new URL(inject('mongoUri')).port));
    door = await openDoor('api-mongo-away', {
      deps: async ({ taskQueue: name }) => {
        database = await openDatabase(`mongodb://127.0.0.1:${wire.port}/?directConnection=true`, name);
        return { database };
      },
    });
    caseId = await opened(door);
    wire.cut();
  });
  afterAll(async () => {
    await database.close();
    await door.close();
    wire.close();
  });

  it('reads, commands, openings and webhooks say try again, and tell nothing of the database', async () => {
    const text = JSON.stringify({ type: 'x' });
    const replies = await Promise.all([
      door.get('/cases'),
      door.get(`/cases/${caseId}`),
      door.get(`/cases/${caseId}/timeline`),
      door.command(caseId, 'add-note', 'agent', { note: 'x' }),
      door.opened(),
      door.send('POST', '/webhooks/carrier', { body: text, headers: signed(text) }),
    ]);
    for (const reply of replies) awayNow(reply);
  });

  it('the process is alive and not ready', async () => {
    expect((await door.send('GET', '/healthz')).status).toBe(200);
    const ready = await door.send('GET', '/readyz');
    expect([ready.status, ready.body]).toEqual([503, { status: 'degraded', mongodb: 'away', temporal: 'ok' }]);
  });

  it('no key is spent: the same call succeeds when MongoDB is back, without a restart', async () => {
    const key = randomUUID();
    const note = () => door.command(caseId, 'add-note', 'agent', { note: 'said in the dark' }, { key });
    awayNow(await note());
    wire.mend();
    await vi.waitFor(async () => expect((await note()).status).toBe(200), patiently);
    expect((await door.send('GET', '/readyz')).status).toBe(200);
  });
});

describe('when the connection to MongoDB has been closed', () => {
  it('the process is not ready, and says so on every call', async () => {
    const database = await openDatabase(inject('mongoUri'), 'api-closed');
    const door = await openDoor('api-mongo-closed', { deps: { database } });
    await database.close();
    const ready = await door.send('GET', '/readyz');
    expect([ready.status, ready.body.mongodb]).toEqual([503, 'away']);
    awayNow(await door.get('/cases'));
    await door.close();
  });
});

describe('while MongoDB is out of the workers’ reach alone', () => {
  let door: Door;
  beforeAll(async () => {
    const unreachable = () => Promise.reject(new Error('no primary answers'));
    door = await openDoor('api-workers-alone', {
      wrap: (activities) => ({ ...activities, saveCase: unreachable, flushCase: unreachable }),
    });
  });
  afterAll(() => door.close());

  it('what a caller was told can be read all the same, and the next command finds its case', async () => {
    const { status, body } = await door.opened({}, anyOrder());
    expect([status, body.projected]).toEqual([201, true]);
    const read = await door.get(`/cases/${body.caseId}`, 'customer');
    expect(read.body.stage).toBe(body.stage);
    expect(read.body.revision).toBeGreaterThanOrEqual(body.revision);
    const noted = await door.command(body.caseId, 'add-note', 'agent', { note: 'called back' });
    expect([noted.status, noted.body.projected]).toEqual([200, true]);
    expect((await door.get(`/cases/${body.caseId}`)).body.revision).toBeGreaterThanOrEqual(noted.body.revision);
  });
});

describe('while Temporal is away', () => {
  let door: Door;
  let connection: Connection;
  let wire: Awaited<ReturnType<typeof wireTo>>;
  let caseId: string;
  beforeAll(async () => {
    wire = await wireTo(Number(inject('temporalAddress').split(':')[1]));
    connection = await Connection.connect({ address: `127.0.0.1:${wire.port}` });
    const client = new Client({ connection });
    door = await openDoor('api-temporal-away', {
      deps: async ({ taskQueue }) => ({ cases: createCaseClient(client, { taskQueue, patienceMs: 2_000 }) }),
    });
    caseId = await opened(door);
    wire.cut();
  });
  afterAll(async () => {
    await connection.close();
    await door.close();
    wire.close();
  });

  it('commands, openings and facts say try again, and reads are served', async () => {
    const text = JSON.stringify({
      type: 'parcel_scanned',
      data: { caseId, trackingNo: 'RT1', code: 'exception', occurredAt: new Date().toISOString() },
    });
    const [command, opening, fact, list, one, ready] = await Promise.all([
      door.command(caseId, 'add-note', 'agent', { note: 'x' }),
      door.opened(),
      door.send('POST', '/webhooks/carrier', { body: text, headers: signed(text) }),
      door.get('/cases'),
      door.get(`/cases/${caseId}`),
      door.send('GET', '/readyz'),
    ]);
    for (const reply of [command, opening, fact]) awayNow(reply);
    expect([list.status, one.status]).toEqual([200, 200]);
    expect([ready.status, ready.body]).toEqual([503, { status: 'degraded', mongodb: 'ok', temporal: 'away' }]);
  });

  it('a command, an opening and a fact are each done once when it is back, under the key or id they had', async () => {
    const [noteKey, openKey, eventId] = [randomUUID(), randomUUID(), randomUUID()];
    const order = anyOrder();
    const note = () => door.command(caseId, 'add-note', 'agent', { note: 'in the dark' }, { key: noteKey });
    const open = () => door.opened({}, order, { key: openKey });
    const scan = {
      type: 'parcel_scanned',
      data: { caseId, trackingNo: 'RT1', code: 'exception', occurredAt: new Date().toISOString() },
    };
    const fact = () => door.webhook('carrier', scan, { id: eventId });
    for (const reply of await Promise.all([note(), open(), fact()])) awayNow(reply);
    wire.mend();
    for (const [call, status] of [
      [note, 200],
      [open, 201],
      [fact, 200],
    ] as const)
      await vi.waitFor(async () => expect((await call()).status).toBe(status), patiently);
    expect((await door.get(`/cases?orderId=${order.orderId}`)).body.cases).toHaveLength(1);
    await vi.waitFor(async () => {
      const { rows } = (await door.get(`/cases/${caseId}/timeline`)).body as { rows: { text?: string; event: string }[] };
      expect(rows.filter(({ text }) => text === 'in the dark')).toHaveLength(1);
      expect(rows.filter(({ event }) => event === 'late_fact_noted')).toHaveLength(1);
    }, patiently);
  });
});
