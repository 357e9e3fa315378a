/** Guards stack.ts on real servers: they come up complete, survive kill -9 with their data, and two stacks stay out of each other's way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../dev/processes.ts';
import { type MongoServer, searchAttributes, startMongo, startTemporal, type TemporalServer } from '../../dev/stack.ts';

const { MongoClient } = mongoose.mongo;
let dataDir: string;
let temporal: TemporalServer;
let mongo: MongoServer;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mendline-stack-'));
  [temporal, mongo] = await Promise.all([startTemporal({ dataDir }), startMongo({ dataDir })]);
}, 90_000);

afterAll(async () => {
  await Promise.all([temporal?.stop(), mongo?.stop()]);
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

async function withTemporal<T>(server: TemporalServer, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await use(new Client({ connection, namespace: server.namespace }));
  } finally {
    await connection.close();
  }
}

async function withOrders<T>(server: MongoServer, use: (orders: mongoose.mongo.Collection) => Promise<T>): Promise<T> {
  const client = await MongoClient.connect(server.uri, { serverSelectionTimeoutMS: 5000 });
  try {
    return await use(client.db('stack_test').collection('orders'));
  } finally {
    await client.close();
  }
}

describe('startTemporal', () => {
  it('has every search attribute with its type', async () => {
    const { customAttributes } = await withTemporal(temporal, ({ connection, options }) =>
      (connection as Connection).operatorService.listSearchAttributes({ namespace: options.namespace }),
    );
    const kinds = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList'];
    const registered = Object.entries(customAttributes).map(([name, kind]) => [name, kinds[kind]]);
    expect(Object.fromEntries(registered)).toMatchObject(searchAttributes);
  });

  it('serves the UI, on loopback', async () => {
    const page = await fetch(temporal.uiUrl ?? '');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<html');
    expect(new URL(temporal.uiUrl ?? '').hostname).toBe('127.0.0.1');
  });

  it('still has a workflow after kill -9 and restart, at the same address', async () => {
    const workflowId = 'survivor';
    await withTemporal(temporal, (client) => client.workflow.start('nobodyRunsThis', { taskQueue: 'none', workflowId }));
    const { address, pid } = temporal;
    await temporal.kill9();
    await temporal.restart();
    const description = await withTemporal(temporal, (client) => client.workflow.getHandle(workflowId).describe());
    expect(description.status.name).toBe('RUNNING');
    expect(temporal.address).toBe(address);
    expect(temporal.pid).not.toBe(pid);
  }, 60_000);
});

describe('startMongo', () => {
  it('is a writable replica set: a transaction commits', async () => {
    const count = await withOrders(mongo, async (orders) => {
      const session = (orders as unknown as { client: mongoose.mongo.MongoClient }).client.startSession();
      await session.withTransaction(() => orders.insertOne({ of: 'transaction' }, { session }));
      await session.endSession();
      return orders.countDocuments({ of: 'transaction' });
    });
    expect(count).toBe(1);
  });

  it('keeps a document written before kill -9', async () => {
    const written = await withOrders(mongo, (orders) =>
      orders.insertOne({ of: 'crash' }, { writeConcern: { w: 'majority', j: true } }),
    );
    await mongo.kill9();
    await mongo.restart();
    const found = await withOrders(mongo, (orders) => orders.findOne({ _id: written.insertedId }));
    expect(found).toMatchObject({ of: 'crash' });
  }, 60_000);
});

describe('two stacks', () => {
  it('run side by side, whatever ports the first has taken', async () => {
    const second = await mkdtemp(join(tmpdir(), 'mendline-second-'));
    const [otherTemporal, otherMongo] = await Promise.all([
      startTemporal({ dataDir: second, ui: false }),
      startMongo({ dataDir: second }),
    ]);
    expect(otherTemporal.address).not.toBe(temporal.address);
    expect(otherTemporal.uiUrl).toBeUndefined();
    expect(otherMongo.uri).not.toBe(mongo.uri);
    await withOrders(otherMongo, (orders) => orders.insertOne({ of: 'the move' }));
    await Promise.all([otherTemporal.stop(), otherMongo.stop()]);
    // The data folder outlives the port it was first served on.
    const moved = await startMongo({ dataDir: second, port: await freePort() });
    expect(moved.uri).not.toBe(otherMongo.uri);
    expect(await withOrders(moved, (orders) => orders.countDocuments({ of: 'the move' }))).toBe(1);
    await moved.stop();
    await rm(second, { recursive: true, force: true });
  }, 90_000);

  it('never share a database', async () => {
    await expect(startTemporal({ dataDir })).rejects.toThrow('another start of ours is using the data of temporal');
    await expect(startMongo({ dataDir })).rejects.toThrow('another start of ours is using the data of mongod');
  });
});
