/** The systems that stand behind the common door or, for Restate, behind its own: how each is started, and what of its means was used. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { startTemporal, type TemporalServer } from '../../../dev/stack.ts';
import { ask, call } from './http.ts';
import { type Peer, startApp, throughDoor, unitsOfCase, type View } from './peer.ts';
import { folderBytes, type Postgres, redisBytes, startPostgres, startRedis, startRestate, versionOf } from './servers.ts';

/** What several systems share is started once: PostgreSQL, and Temporal's server, which is the same for the skeleton and for Mendline. */
export interface Ground {
  readonly dataDir: string;
  readonly logs: string;
  readonly provider: string;
  postgres(): Promise<Postgres>;
  temporal(): Promise<TemporalServer>;
  /** Mendline brings its server with it. */
  give(temporal: TemporalServer): void;
  stop(): Promise<void>;
}

export function createGround(dataDir: string, logs: string, provider: string): Ground {
  let postgres: Promise<Postgres> | undefined;
  let temporal: Promise<TemporalServer> | undefined;
  let ours = false;
  return {
    dataDir,
    logs,
    provider,
    postgres: () => (postgres ??= startPostgres(dataDir)),
    temporal: () => {
      ours ||= temporal === undefined;
      return (temporal ??= startTemporal({ dataDir, ui: false }));
    },
    give: (server) => {
      temporal = Promise.resolve(server);
    },
    async stop() {
      await (await postgres)?.server.stop();
      if (ours) await (await temporal)?.stop();
    },
  };
}

export async function startSql(ground: Ground): Promise<Peer> {
  const postgres = await ground.postgres();
  const app = await startApp('sql', './sql/app.ts', ground.logs, {
    DATABASE_URL: await postgres.database('sql'),
    PROVIDER_URL: ground.provider,
  });
  return {
    name: 'sql',
    used: 'a guarded UPDATE and an event row in one statement per move, 7 transactions; unfinished rows are carried on at start by a query of ours',
    answers: 'approve after the pickup is booked, received once committed',
    versions: { postgresql: postgres.version, pg: versionOf('pg') },
    ...throughDoor(app),
    pids: () => ({ server: [postgres.server.pid], app: [app.pid()] }),
    bytes: async () => ({ all: await postgres.bytes('sql'), of: 'size of the database' }),
    stop: () => app.stop(),
  };
}

export async function startBullmq(ground: Ground): Promise<Peer> {
  const { port, server, version } = await startRedis(ground.dataDir);
  const app = await startApp('bullmq', './bullmq/app.ts', ground.logs, {
    REDIS_PORT: String(port),
    PROVIDER_URL: ground.provider,
  });
  return {
    name: 'bullmq',
    used: 'a job per message with a job id of case and message, attempts with backoff, stalled jobs (lock 10 s, check 5 s); the case is a hash in Redis',
    answers: 'once the job is enqueued',
    versions: { redis: version, bullmq: versionOf('bullmq'), ioredis: versionOf('ioredis') },
    ...throughDoor(app),
    pids: () => ({ server: [server.pid], app: [app.pid()] }),
    bytes: async () => ({ all: await redisBytes(port), of: 'used memory of Redis' }),
    stop: async () => {
      await app.stop();
      await server.stop();
    },
  };
}

export async function startDbos(ground: Ground): Promise<Peer> {
  const postgres = await ground.postgres();
  const app = await startApp('dbos', './dbos/app.ts', ground.logs, {
    DATABASE_URL: await postgres.database('dbos'),
    PROVIDER_URL: ground.provider,
  });
  return {
    name: 'dbos',
    used: 'one workflow a case, runStep with retries, send with an idempotency key to recv, recovery at launch',
    answers: 'once the message is recorded',
    versions: { postgresql: postgres.version, dbos: versionOf('@dbos-inc/dbos-sdk') },
    ...throughDoor(app),
    pids: () => ({ server: [postgres.server.pid], app: [app.pid()] }),
    bytes: async () => ({ all: await postgres.bytes('dbos'), of: 'size of the database' }),
    stop: () => app.stop(),
  };
}

export async function startRestatePeer(ground: Ground): Promise<Peer> {
  const restate = await startRestate(ground.dataDir);
  const app = await startApp('restate-app', './restate/app.ts', ground.logs, { PROVIDER_URL: ground.provider });
  for (let tries = 1; ; tries++) {
    const { status, body } = await call('POST', `${restate.admin}/deployments`, { body: { uri: app.url } });
    if (status < 300) break;
    if (tries === 20) throw new Error(`Restate does not take the deployment: ${JSON.stringify(body)}`);
    await pause(500);
  }
  const at = (id: string, handler: string) => `${restate.ingress}/returns/${id}/${handler}`;
  const send: Peer['send'] = async (id, name, key) =>
    (await call('POST', at(id, name), { body: { units: unitsOfCase }, headers: { 'idempotency-key': key } })).status;
  return {
    name: 'restate',
    used: 'one workflow a case, ctx.run, durable promises resolved by handlers called through the ingress with an Idempotency-Key',
    answers: 'once the handler that resolves the promise has ended',
    versions: { restate: versionOf('@restatedev/restate-server'), 'restate-sdk': versionOf('@restatedev/restate-sdk') },
    async open(caseId, input) {
      await ask('POST', at(caseId, 'run/send'), { body: input });
      return caseId;
    },
    send,
    async finish(id, key) {
      const status = await send(id, 'inspected', key);
      if (status > 299) throw new Error(`inspected: ${status}`);
      await ask('GET', `${restate.ingress}/restate/workflow/returns/${id}/attach`);
    },
    look: async (id) => (await ask('POST', at(id, 'look'))) as View,
    pids: () => ({ server: [restate.server.pid], app: [app.pid()] }),
    bytes: async () => ({ all: folderBytes(restate.dir), of: 'growth of the data folder, logs not yet compacted included' }),
    crash: () => app.crash(),
    revive: () => app.revive(),
    stop: async () => {
      await app.stop();
      await restate.server.stop();
    },
  };
}

export async function startSkeleton(ground: Ground): Promise<Peer> {
  const server = await ground.temporal();
  const app = await startApp('temporal', './temporal/app.ts', ground.logs, {
    TEMPORAL_ADDRESS: server.address,
    PROVIDER_URL: ground.provider,
  });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  const sample: string[] = [];
  const door = throughDoor(app);
  return {
    name: 'temporal',
    used: 'the six steps alone: messages as Updates with an update id, two activities (8 s, then again), development server with WAL',
    answers: 'once the Update is recorded',
    versions: { 'temporal-sdk': versionOf('@temporalio/client') },
    ...door,
    async open(caseId, input) {
      if (sample.length < 50) sample.push(caseId);
      return door.open(caseId, input);
    },
    pids: () => ({ server: [server.pid], app: [app.pid()] }),
    bytes: async () =>
      historyBytes(
        client,
        sample.map((id) => `peer:${id}`),
      ),
    stop: async () => {
      await app.stop();
      await connection.close();
    },
  };
}

/** History a case, and not the growth of a file: the server's database is shared. */
export async function historyBytes(client: Client, ids: readonly string[]): Promise<{ each: number; of: string }> {
  let total = 0;
  for (const id of ids)
    total += Number((await client.workflow.getHandle(id).describe()).raw.workflowExecutionInfo?.historySizeBytes ?? 0);
  return { each: ids.length > 0 ? total / ids.length : 0, of: 'history of one case, mean of the first ones' };
}
