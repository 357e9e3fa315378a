/** Guards stack.ts on real servers: they come up complete, survive kill -9 with their data, and two stacks stay out of each other's way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, StartFailure } from '../../dev/processes.ts';
import {
  type MongoServer,
  onUsualPortsOrAny,
  searchAttributes,
  startMongo,
  startTemporal,
  type TemporalServer,
} from '../../dev/stack.ts';

const { MongoClient } = mongoose.mongo;
let dataDir: string;
let otherDir: string;
let temporal: TemporalServer;
let mongo: MongoServer;
let otherTemporal: TemporalServer;
let otherMongo: MongoServer;

/** Two stacks at once, neither told a port: both want the usual ones, and one of them must step aside. */
beforeAll(async () => {
  [dataDir, otherDir] = [await mkdtemp(join(tmpdir(), 'mendline-stack-')), await mkdtemp(join(tmpdir(), 'mendline-other-'))];
  [temporal, otherTemporal, mongo, otherMongo] = await Promise.all([
    startTemporal({ dataDir }),
    startTemporal({ dataDir: otherDir, ui: false }),
    startMongo({ dataDir }),
    startMongo({ dataDir: otherDir }),
  ]);
}, 90_000);

afterAll(async () => {
  await Promise.all([temporal, mongo, otherTemporal, otherMongo].map((server) => server?.stop()));
  for (const folder of [dataDir, otherDir]) await rm(folder, { recursive: true, force: true });
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
    const namesOf = (kind: string) => Object.keys(customAttributes).filter((name) => kinds[customAttributes[name] ?? 0] === kind);
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.keys(searchAttributes)));
    expect(namesOf('Keyword')).toEqual(
      expect.arrayContaining([
        'MerchantId',
        'CaseType',
        'CaseStage',
        'CustomerRef',
        'OrderId',
        'Team',
        'Assignee',
        'Priority',
        'AttentionReason',
      ]),
    );
    expect(namesOf('Bool')).toEqual(expect.arrayContaining(['NeedsAttention', 'SlaBreached']));
    expect(namesOf('Datetime')).toEqual(expect.arrayContaining(['SlaDueAt', 'NextActionAt']));
    expect(namesOf('Int')).toContain('EscalationLevel');
    expect(namesOf('KeywordList')).toContain('Tags');
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
  it('started at the same moment run side by side', async () => {
    expect(otherTemporal.address).not.toBe(temporal.address);
    expect(otherTemporal.uiUrl).toBeUndefined();
    expect(otherMongo.uri).not.toBe(mongo.uri);
    await withOrders(otherMongo, (orders) => orders.insertOne({ of: 'the other' }));
    expect(await withOrders(mongo, (orders) => orders.countDocuments({ of: 'the other' }))).toBe(0);
  });

  it('never share a database', async () => {
    await expect(startTemporal({ dataDir })).rejects.toThrow('another start of ours is using the data of temporal');
    await expect(startMongo({ dataDir })).rejects.toThrow('another start of ours is using the data of mongod');
  });

  it('are not mistaken for each other: a port where another server answers is refused', async () => {
    const third = join(otherDir, 'third');
    const portOf = (address: string) => Number(/127\.0\.0\.1:(\d+)/.exec(address)?.[1]);
    await expect(startTemporal({ dataDir: third, port: portOf(temporal.address), ui: false })).rejects.toThrow(
      /address already in use/,
    );
    await expect(startMongo({ dataDir: third, port: portOf(mongo.uri) })).rejects.toThrow(/Address already in use/);
  }, 60_000);

  it('keep their data when a later start gets another port', async () => {
    await withOrders(otherMongo, (orders) => orders.insertOne({ of: 'the move' }));
    await otherMongo.stop();
    const before = otherMongo.uri;
    otherMongo = await startMongo({ dataDir: otherDir, port: await freePort() });
    expect(otherMongo.uri).not.toBe(before);
    expect(await withOrders(otherMongo, (orders) => orders.countDocuments({ of: 'the move' }))).toBe(1);
  }, 60_000);
});

describe('onUsualPortsOrAny', () => {
  const asked: Array<number | undefined> = [];
  const failWith = (output: string) => async (usual: { mongo?: number }) => {
    asked.push(usual.mongo);
    if (asked.length === 1) throw new StartFailure({ name: 'mongod', command: 'mongod' }, new Error('ended'), 'a log', output);
    return 'up';
  };

  it('tries any port when somebody took the usual one in the meantime', async () => {
    expect(await onUsualPortsOrAny({ mongo: 27017 }, failWith('SocketException: Address already in use'))).toBe('up');
    expect(asked.splice(0)).toEqual([27017, undefined]);
  });

  it('does not repeat a start that failed for another reason', async () => {
    await expect(onUsualPortsOrAny({ mongo: 27017 }, failWith('the disk is full'))).rejects.toThrow('the disk is full');
    expect(asked.splice(0)).toEqual([27017]);
  });
});
