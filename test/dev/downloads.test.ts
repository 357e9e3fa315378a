/** Guards downloads.mjs against a local server: time limits, published checksums, and the addresses for each kind of machine. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Archive, fetchOfficial, limits, mongodArchives, temporalArchives } from '../../dev/downloads.mjs';

let folder: string;
let server: Server;
let answer: RequestListener;
const usual = { ...limits };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mendline-downloads-'));
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  Object.assign(limits, usual);
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const fetchFrom = (...archives: Archive[]) => {
  const tool = { name: 'mongod', title: 'MongoDB server', archives: () => archives, requirements: '', suffix: 'bin/mongod' };
  return fetchOfficial(tool, folder, { log: () => undefined });
};

function packed(): Buffer {
  mkdirSync(join(folder, 'source', 'mongodb-1', 'bin'), { recursive: true });
  writeFileSync(join(folder, 'source', 'mongodb-1', 'bin', 'mongod'), 'the server');
  return execFileSync('tar', ['-czf', '-', '-C', join(folder, 'source'), 'mongodb-1']);
}

describe('an official download', () => {
  it('gives up on a server that accepts and never answers', async () => {
    limits.connectMs = 200;
    answer = () => undefined;
    await expect(fetchFrom({ url: at('/a.tgz'), file: 'a.tgz' })).rejects.toThrow('no answer within 0.2 s');
  });

  it('gives up on a transfer that stalls', async () => {
    limits.stallMs = 200;
    answer = (_request, response) => void response.writeHead(200).write('a beginning');
    await expect(fetchFrom({ url: at('/a.tgz'), file: 'a.tgz' })).rejects.toThrow('nothing came for 0.2 s');
  });

  it('takes the next address when the first has nothing, and unpacks the executable', async () => {
    const archive = packed();
    const sha256 = createHash('sha256').update(archive).digest('hex');
    answer = ({ url }, response) => {
      if (url === '/first.tgz') response.writeHead(404).end();
      else response.end(url === '/sums' ? `${'0'.repeat(64)}  other.tgz\n${sha256}  second.tgz\n` : archive);
    };
    await rm(join(folder, 'source'), { recursive: true });
    const path = await fetchFrom(
      { url: at('/first.tgz'), file: 'first.tgz' },
      { url: at('/second.tgz'), file: 'second.tgz', checksums: at('/sums') },
    );
    expect(path).toBe(join(folder, 'mongodb-1', 'bin', 'mongod'));
    expect(await readFile(path, 'utf8')).toBe('the server');
  });

  it('refuses an archive that differs from its published checksum', async () => {
    const archive = packed();
    answer = ({ url }, response) => void response.end(url === '/sums' ? `${'0'.repeat(64)}  a.tgz\n` : archive);
    await expect(fetchFrom({ url: at('/a.tgz'), file: 'a.tgz', checksums: at('/sums') })).rejects.toThrow(
      'a.tgz does not match its published checksum',
    );
  });
});

describe('addresses', () => {
  const linux = { platform: 'linux', arch: 'x64' };
  const mac = { platform: 'darwin', arch: 'arm64' };
  it.each([
    [{ ...linux, distro: 'debian', distroVersion: 12 }, '/linux/mongodb-linux-x86_64-debian12-'],
    [{ ...linux, distro: 'ubuntu', distroVersion: 22.04 }, '/linux/mongodb-linux-x86_64-ubuntu2204-'],
    [{ ...linux, distro: 'ubuntu', distroVersion: 24.04 }, '/linux/mongodb-linux-x86_64-ubuntu2404-'],
    [{ ...linux, arch: 'arm64', distro: 'debian', distroVersion: 12 }, '/linux/mongodb-linux-aarch64-ubuntu2204-'],
    [mac, '/osx/mongodb-macos-arm64-'],
  ])('MongoDB for %o', (machine, part) => {
    expect(mongodArchives(machine)[0]?.url).toContain(part);
  });

  it.each([
    [linux, 'linux_amd64'],
    [mac, 'darwin_arm64'],
  ])('Temporal for %o', (machine, part) => {
    expect(temporalArchives(machine)[0]?.url).toContain(part);
  });

  it('has none for a machine nobody builds for', () => {
    expect(() => mongodArchives({ platform: 'win32', arch: 'x64' })).toThrow('nothing is published for win32 on x64');
  });
});
