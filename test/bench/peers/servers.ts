/** The servers the systems stand on, from ordinary packages: Redis and PostgreSQL from Debian, Restate from npm. Own data, own ports on loopback. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { freePort, type RunningProcess, startProcess } from '../../../dev/processes.ts';
import { ask } from './http.ts';

const host = '127.0.0.1';
const readyTimeoutMs = 60_000;
const require = createRequire(import.meta.url);

export const versionOf = (name: string): string => {
  const folder = (require.resolve.paths(name) ?? [])
    .map((one) => join(one, name, 'package.json'))
    .find((file) => existsSync(file));
  return folder ? (JSON.parse(readFileSync(folder, 'utf8')) as { version: string }).version : 'unknown';
};
const said = (command: string, args: string[]): string => execFileSync(command, args, { encoding: 'utf8' }).trim();

/** Append-only file, synced every second: what the documentation of job queues asks for. A power cut may lose a second. */
export async function startRedis(dataDir: string): Promise<{ port: number; server: RunningProcess; version: string }> {
  const port = await freePort();
  const dir = join(dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const settings = { port, bind: host, dir, appendonly: 'yes', appendfsync: 'everysec', save: '', daemonize: 'no' };
  const server = await startProcess({
    name: 'redis',
    command: 'redis-server',
    args: [
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      '--maxmemory-policy',
      'noeviction',
    ],
    logFile: join(dataDir, 'logs', 'redis.log'),
    ready: { line: (line) => line.includes('Ready to accept connections') },
    readyTimeoutMs,
  });
  return { port, server, version: /v=(\S+)/.exec(said('redis-server', ['--version']))?.[1] ?? 'unknown' };
}

export async function redisBytes(port: number): Promise<number> {
  const redis = new Redis({ host, port });
  const memory = await redis.info('memory');
  redis.disconnect();
  return Number(/used_memory:(\d+)/.exec(memory)?.[1]);
}

export interface Postgres {
  readonly server: RunningProcess;
  readonly version: string;
  /** Makes the database and gives its address. */
  database(name: string): Promise<string>;
  bytes(name: string): Promise<number>;
}

/** PostgreSQL refuses to run as root; then it runs as Debian's user `postgres`. */
const asPostgres = (command: string, args: string[]): [string, string[]] =>
  process.getuid?.() === 0
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', command, ...args]]
    : [command, args];

function postgresBin(): string {
  const root = '/usr/lib/postgresql';
  const newest = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a))[0] : undefined;
  if (!newest) throw new Error('PostgreSQL is missing: apt-get install postgresql');
  return join(root, newest, 'bin');
}

/** Debian's defaults: fsync and synchronous_commit on, 128 MB of shared buffers. */
export async function startPostgres(dataDir: string): Promise<Postgres> {
  const bin = postgresBin();
  const port = await freePort();
  const dir = join(dataDir, 'postgres');
  mkdirSync(dir, { recursive: true });
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres:postgres', dir]);
  const [initdb, initArgs] = asPostgres(join(bin, 'initdb'), [
    '-D',
    dir,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
  ]);
  execFileSync(initdb, initArgs, { stdio: 'ignore', cwd: '/' });
  const options = ['-c', `listen_addresses=${host}`, '-c', `unix_socket_directories=${dir}`, '-c', 'max_connections=200'];
  const [command, args] = asPostgres(join(bin, 'postgres'), ['-D', dir, '-p', String(port), ...options]);
  const server = await startProcess({
    name: 'postgres',
    command,
    args,
    logFile: join(dataDir, 'logs', 'postgres.log'),
    ready: { line: (line) => line.includes('ready to accept connections') },
    readyTimeoutMs,
  });
  const addressOf = (name: string) => `postgresql://postgres@${host}:${port}/${name}`;
  const once = async (text: string) => {
    const client = new pg.Client({ connectionString: addressOf('postgres') });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, string>[];
    } finally {
      await client.end();
    }
  };
  return {
    server,
    version: (await once('SHOW server_version'))[0]!.server_version!.split(' ')[0]!,
    async database(name) {
      await once(`CREATE DATABASE ${name}`);
      return addressOf(name);
    },
    bytes: async (name) => Number((await once(`SELECT pg_database_size('${name}') AS bytes`))[0]!.bytes),
  };
}

export interface Restate {
  readonly ingress: string;
  readonly admin: string;
  readonly server: RunningProcess;
  readonly dir: string;
}

/** One node with its defaults. The program is started directly: npm's wrapper would stand between us and its pid. */
export async function startRestate(dataDir: string): Promise<Restate> {
  const [ingressPort, adminPort, nodePort] = [await freePort(), await freePort(), await freePort()];
  const dir = join(dataDir, 'restate');
  mkdirSync(dir, { recursive: true });
  const admin = `http://${host}:${adminPort}`;
  const program = require.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);
  const server = await startProcess({
    name: 'restate',
    command: program,
    args: ['--no-logo', '--listen-mode', 'tcp', '--bind-ip', host, '--bind-port', String(nodePort), '--base-dir', dir],
    env: {
      RESTATE_INGRESS__BIND_ADDRESS: `${host}:${ingressPort}`,
      RESTATE_ADMIN__BIND_ADDRESS: `${host}:${adminPort}`,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
    },
    logFile: join(dataDir, 'logs', 'restate.log'),
    ready: {
      probe: async () => {
        await ask('GET', `${admin}/health`, { timeoutMs: 1_000 });
        return true;
      },
    },
    readyTimeoutMs,
  });
  return { ingress: `http://${host}:${ingressPort}`, admin, server, dir };
}

export const folderBytes = (dir: string): number => Number(said('du', ['-sb', dir]).split('\t')[0]);
