/**
 * Starts the two real servers of the local stack, Temporal's development server and a one-member MongoDB replica set, on loopback only.
 * Obtaining the programs is binaries.mjs, keeping them on a leash processes.ts; workers, API and simulators are started elsewhere.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import mongoose from 'mongoose';
import { ensureBinaries } from './binaries.mjs';
import { tryLock, unlock } from './lock.mjs';
import { freePort, type ProcessSpec, type RunningProcess, StartFailure, startProcess } from './processes.ts';

const HOST = '127.0.0.1';
const USUAL = { temporal: 7233, temporalUi: 8233, mongo: 27017 };
const REPLICA_SET = 'rs0';
const READY_TIMEOUT_MS = 60_000;

/** Registered before the first case starts, or its start would fail. SQL visibility allows 10 Keyword and 3 of each other type. */
export const searchAttributes = {
  MerchantId: 'Keyword',
  CaseType: 'Keyword',
  CaseStage: 'Keyword',
  CustomerRef: 'Keyword',
  OrderId: 'Keyword',
  Team: 'Keyword',
  Assignee: 'Keyword',
  Priority: 'Keyword',
  AttentionReason: 'Keyword',
  NeedsAttention: 'Bool',
  SlaBreached: 'Bool',
  SlaDueAt: 'Datetime',
  NextActionAt: 'Datetime',
  EscalationLevel: 'Int',
  Tags: 'KeywordList',
} as const;

/** What both servers offer. A restarted server has the same data and the same port, so addresses stay valid. */
interface Server {
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
  /** kill -9, as a crash would; resolves once the process is gone. */
  kill9(): Promise<void>;
  /** Stops it if it still runs, and starts it again on the same data and port. */
  restart(): Promise<void>;
}

export interface TemporalServer extends Server {
  address: string;
  /** Undefined with `ui: false`. */
  uiUrl: string | undefined;
  namespace: string;
}

export interface MongoServer extends Server {
  uri: string;
}

export interface TemporalOptions {
  /** Holds the database (unless `dbFile` says otherwise) and the logs. */
  dataDir: string;
  dbFile?: string;
  /** Absent: the usual port if it is free, else any. */
  port?: number;
  uiPort?: number;
  ui?: boolean;
  namespace?: string;
}

export interface MongoOptions {
  dataDir: string;
  /** Absent: the usual port if it is free, else any. */
  port?: number;
}

/** Temporal's development server with a durable database, time skipping and our search attributes. Never for production: no authentication. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const { dataDir, dbFile = join(dataDir, 'temporal.db'), ui = true, namespace = 'default' } = options;
  const { temporal } = await binaries();
  mkdirSync(dataDir, { recursive: true });
  return onUsualPortsOrAny(USUAL, async (usual) => {
    const port = options.port ?? (await freePort(usual.temporal));
    const uiPort = ui ? (options.uiPort ?? (await freePort(usual.temporalUi))) : undefined;
    const address = `${HOST}:${port}`;
    const server = await restartable(`${dbFile}.lock`, {
      name: 'temporal',
      command: temporal,
      args: temporalArgs({ port, uiPort, dbFile, namespace }),
      logFile: join(dataDir, 'logs', 'temporal.log'),
      ready: { line: (text) => text.startsWith('Temporal Server:'), probe: () => hasSearchAttributes(address, namespace) },
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
    return Object.assign(server, { address, uiUrl: uiPort ? `http://${HOST}:${uiPort}` : undefined, namespace });
  });
}

function temporalArgs(at: { port: number; uiPort: number | undefined; dbFile: string; namespace: string }): string[] {
  const attributes = Object.entries(searchAttributes).map(([name, type]) => `${name}=${type}`);
  return [
    'server',
    'start-dev',
    ...flags({ ip: HOST, port: at.port, namespace: at.namespace, 'db-filename': at.dbFile, 'log-level': 'warn' }),
    ...(at.uiPort ? ['--ui-disable-news-fetch', ...flags({ 'ui-port': at.uiPort })] : ['--headless']),
    // As fast as in memory with these two; with SQLite's defaults less than half as many cases a second.
    ...flags({ 'sqlite-pragma': ['journal_mode=WAL', 'synchronous=NORMAL'] }),
    // Two names for one switch: it was renamed, and a name the server does not know is ignored.
    ...flags({
      'dynamic-config-value': ['frontend.WorkflowTimeSkippingEnabled=true', 'system.workflowTimeSkippingEnabled=true'],
    }),
    ...flags({ 'search-attribute': attributes }),
  ];
}

/** A list repeats its flag. */
function flags(values: Record<string, string | number | string[]>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [value].flat().flatMap((one) => [`--${name}`, `${one}`]));
}

/** The port answers before the attributes are registered, and a case started in between would be refused. */
async function hasSearchAttributes(address: string, namespace: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(searchAttributes).every((name) => name in (customAttributes ?? {}));
  } finally {
    await connection.close();
  }
}

/** mongod as a writable one-member replica set, so transactions and change streams work as in production. */
export async function startMongo(options: MongoOptions): Promise<MongoServer> {
  const { mongod } = await binaries();
  const dbPath = join(options.dataDir, 'mongo');
  mkdirSync(dbPath, { recursive: true });
  return onUsualPortsOrAny(USUAL, async (usual) => {
    const port = options.port ?? (await freePort(usual.mongo));
    const server = await restartable(`${dbPath}.lock`, {
      name: 'mongod',
      command: mongod,
      args: mongodArgs(port, dbPath),
      telling: (text) => /"s":"[EF]"/.test(text), // its errors and fatal errors; it logs fifty steps of shutting down after them
      logFile: join(options.dataDir, 'logs', 'mongod.log'),
      ready: { line: (text) => text.includes('Waiting for connections'), probe: () => isWritablePrimary(port) },
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
    return Object.assign(server, { uri: `mongodb://${HOST}:${port}/?replicaSet=${REPLICA_SET}` });
  });
}

/** The journal is always on (newer versions refuse its flag). A small cache: several stacks share a developer's machine. */
const mongodArgs = (port: number, dbPath: string): string[] => [
  '--nounixsocket',
  ...flags({ bind_ip: HOST, port, dbpath: dbPath, replSet: REPLICA_SET, oplogSize: 256, wiredTigerCacheSizeGB: 0.25 }),
];

/** One step towards a writable primary, and whether it is one. Safe to repeat: each step is taken only when it is due. */
async function isWritablePrimary(port: number): Promise<boolean> {
  const member = { _id: 0, host: `${HOST}:${port}` };
  const client = new mongoose.mongo.MongoClient(`mongodb://${member.host}`, {
    directConnection: true,
    serverSelectionTimeoutMS: 1000,
  });
  try {
    const admin = client.db('admin');
    const hello = await admin.command({ hello: 1 });
    if (hello.isWritablePrimary) return true;
    if (hello.setName) return false;
    // Neither member nor candidate: a new data folder, or one that was last served on another port.
    const config = await admin.command({ replSetGetConfig: 1 }).then(
      (answer) => answer.config,
      () => undefined,
    );
    if (!config) await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: [member] } });
    else await admin.command({ replSetReconfig: { ...config, version: config.version + 1, members: [member] }, force: true });
    return false;
  } finally {
    await client.close();
  }
}

/** Starts on the usual ports where they are free. Between finding a port free and taking it, another stack may take it: then once more, on ports nobody else would think of. */
export async function onUsualPortsOrAny<Usual, T>(usual: Usual, start: (usual: Partial<Usual>) => Promise<T>): Promise<T> {
  try {
    return await start(usual);
  } catch (err) {
    if (!(err instanceof StartFailure && /address already in use/i.test(err.output))) throw err;
    return start({});
  }
}

async function restartable(lock: string, spec: ProcessSpec): Promise<Server> {
  let current = await startAlone(lock, spec);
  let stopped = false;
  const stop = async () => {
    await current.stop();
    if (!stopped) unlock(lock);
    stopped = true;
  };
  return {
    get pid() {
      return current.pid;
    },
    get logFile() {
      return current.logFile;
    },
    stop,
    kill9: async () => {
      current.kill9();
      await current.exited;
    },
    restart: async () => {
      await stop();
      current = await startAlone(lock, spec);
      stopped = false;
    },
  };
}

export class DataInUse extends Error {}

/** Two servers on one database would ruin each other's bookkeeping; SQLite would let them. */
async function startAlone(lock: string, spec: ProcessSpec): Promise<RunningProcess> {
  if (!tryLock(lock)) {
    throw new DataInUse(
      `another start of ours is using the data of ${spec.name}: stop that one first, or delete ${lock} if there is none`,
    );
  }
  try {
    return await startProcess(spec);
  } catch (err) {
    unlock(lock);
    throw err;
  }
}

let found: ReturnType<typeof ensureBinaries> | undefined;
/** Asked once a process: the checksum of 300 MB is worth half a second, but not every time. */
function binaries(): ReturnType<typeof ensureBinaries> {
  found ??= ensureBinaries({ log: (line) => console.error(line) });
  return found;
}
