/** Results of measurements, kept in the repository: what was measured, on what, under which load. docs/performance.md is written from them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBinaries } from '../../dev/binaries.mjs';

const folder = fileURLToPath(new URL('./results/', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** On what a result rests; absolutes mean nothing without it. */
export interface Provenance {
  readonly at: string;
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly node: string };
  readonly versions: Record<string, string>;
  /** One-minute load averages of the machine, before and after. */
  readonly load: { readonly before: number; readonly after: number };
}

const packages = ['@temporalio/worker', 'mongoose', 'express'];

/** Call it first; the function it gives ends the measurement and tells on what it rests. `versions`: of servers that were started. */
export function measuring(): (versions?: Record<string, string>) => Provenance {
  const before = loadavg()[0]!;
  const commit = commitOf(); // what was measured, not what has been written meanwhile
  return (versions = {}) => ({
    at: new Date().toISOString(),
    commit,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.versions.node,
    },
    versions: { ...Object.fromEntries(packages.map((name) => [name, versionOf(name)])), ...versions },
    load: { before: round(before), after: round(loadavg()[0]!) },
  });
}

/** The servers that `measuring` is told of, as they call themselves. */
export async function serverVersions(): Promise<Record<string, string>> {
  const { temporal, mongod } = await ensureBinaries({ log: (line) => console.error(line) });
  const asked = (path: string) => execFileSync(path, ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
  return {
    'Temporal CLI': /version (\S+)/.exec(asked(temporal))?.[1] ?? 'unknown',
    'Temporal server': /Server (\d[^\s,)]*)/.exec(asked(temporal))?.[1] ?? 'unknown',
    mongod: /v(\d\S+)/.exec(asked(mongod))?.[1] ?? 'unknown',
  };
}

/** Writes `results/<name>.json`. */
export function saveResult(name: string, result: object): void {
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

export const readResults = (): Record<string, unknown> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => [file.replace(/\.json$/, ''), JSON.parse(readFileSync(join(folder, file), 'utf8')) as unknown]),
  );

const round = (value: number): number => Math.round(value * 100) / 100;

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;

function commitOf(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ' and changes' : '');
  } catch {
    return 'unknown';
  }
}
