/**
 * Schemathesis against the running system: bodies, queries and headers of every kind on every route the document names, by several callers.
 * It fails on a server error, on an answer the document does not know, and where good input is refused or bad input taken.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '../../domain/permissions.ts';
import { serve } from './serve.ts';

const version = '4.32.5';
const root = fileURLToPath(new URL('../..', import.meta.url));
const venv = join(root, '.cache', `schemathesis-${version}`);
const schemathesis = join(venv, 'bin', 'schemathesis');
const secondsMax = 540;

interface Caller {
  readonly who: Role | 'nobody';
  /** Of the examples asked for. */
  readonly share: number;
  readonly only?: string;
}
/** Who calls every operation: one whom most are for, and nobody; with fewer examples a customer, and whom the dock is for. */
const callers: readonly Caller[] = [
  { who: 'manager', share: 1 },
  { who: 'nobody', share: 1 },
  { who: 'customer', share: 0.5 },
  { who: 'warehouse', share: 0.5, only: '/record-(reception|inspection)$' },
];
/** Each of them keeps one core busy with making things up. */
const atOnce = 2;

async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; signal?: AbortSignal } = {},
): Promise<{ code: number; said: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve) => {
    child.on('error', (err) => resolve({ code: 1, said: `${said}\n${err.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

async function install(): Promise<void> {
  if (existsSync(schemathesis)) return;
  const pip = join(venv, 'bin', 'pip');
  const made = (await run('python3', ['-m', 'venv', venv])).code === 0;
  if (!made || (await run(pip, ['install', '--quiet', `schemathesis==${version}`])).code !== 0)
    throw new Error('Schemathesis could not be installed from PyPI');
}

/** Patterns as Python reads them: it has no word for "letter or digit" but this one, and its $ would let a line break pass. */
function inPython(document: string): string {
  const translated = (pattern: string): string =>
    pattern
      .replaceAll('[\\p{L}\\p{N}._:#-]', '(?:[^\\W_]|[._:#-])')
      .replaceAll('[\\p{L}\\p{N}]', '[^\\W_]')
      .replace(/\$$/, '\\Z');
  return JSON.stringify(
    JSON.parse(document, (key, value: unknown) => (key === 'pattern' && typeof value === 'string' ? translated(value) : value)),
  );
}

async function main(examples: number): Promise<boolean> {
  await install();
  const system = await serve();
  const dir = mkdtempSync(join(tmpdir(), 'mendline-fuzz-'));
  const failed: string[] = [];
  try {
    // Ids that are there, among those that are made up.
    const ids = [system.caseIds, system.orderIds].map((list) => JSON.stringify(list));
    const config = readFileSync(join(root, 'test/fuzz/schemathesis.toml'), 'utf8');
    const file = join(dir, 'schemathesis.toml');
    writeFileSync(file, config.replace('"CASE_IDS"', ids[0]!.slice(1, -1)).replace('"ORDER_IDS"', ids[1]!.slice(1, -1)));
    const document = join(dir, 'openapi.json');
    writeFileSync(document, inPython(await (await fetch(`${system.url}/openapi.json`)).text()));
    const signal = AbortSignal.timeout(secondsMax * 1_000);
    const base = ['--config-file', file, 'run', document, '--url', system.url, '--checks', 'all'];
    const call = async ({ who, share, only }: Caller): Promise<void> => {
      const authorization = who === 'nobody' ? [] : ['--header', `Authorization: Bearer ${system.tokens[who]}`];
      const here = only ? ['--include-path-regex', only] : [];
      const args = [...base, '--max-examples', String(Math.ceil(examples * share)), ...authorization, ...here];
      console.log(`calling as ${who}`);
      const { code, said } = await run(schemathesis, args, { cwd: dir, signal });
      console.log(`\n--- as ${who}\n${said}`);
      if (code !== 0) failed.push(who);
    };
    const waiting = [...callers];
    const one = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await call(next);
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  } finally {
    await system.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  console.log(failed.length === 0 ? '\nno findings' : `\nfindings by ${failed.join(', ')}`);
  return failed.length === 0;
}

process.exitCode = (await main(Number(process.argv[2] ?? 200))) ? 0 : 1;
