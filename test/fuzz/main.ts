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
const secondsMax = 290;

/** Who calls: those whom most routes are for, those of the dock, and nobody. */
const callers: readonly { who: Role | 'nobody'; seconds: number; only?: string }[] = [
  { who: 'manager', seconds: 65 },
  { who: 'customer', seconds: 50 },
  { who: 'warehouse', seconds: 20, only: '/record-(reception|inspection)$' },
  { who: 'nobody', seconds: 40 },
];

function run(command: string, args: readonly string[], options: { cwd?: string; signal?: AbortSignal } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    child.on('error', reject).on('exit', (code) => resolve(code ?? 1));
  });
}

async function install(): Promise<void> {
  if (existsSync(schemathesis)) return;
  const pip = join(venv, 'bin', 'pip');
  const made = (await run('python3', ['-m', 'venv', venv])) === 0;
  if (!made || (await run(pip, ['install', '--quiet', `schemathesis==${version}`])) !== 0)
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

async function main(examples: string): Promise<boolean> {
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
    for (const { who, seconds, only } of callers) {
      console.log(`\n--- by ${who}`);
      const authorization = who === 'nobody' ? [] : ['--header', `Authorization: Bearer ${system.tokens[who]}`];
      const here = only ? ['--include-path-regex', only] : [];
      const limits = ['--max-examples', examples, '--max-time', String(seconds)];
      const args = ['--config-file', file, 'run', document, '--url', system.url, '--checks', 'all', ...limits];
      if ((await run(schemathesis, [...args, ...authorization, ...here], { cwd: dir, signal })) !== 0) failed.push(who);
    }
  } finally {
    await system.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  console.log(failed.length === 0 ? '\nno findings' : `\nfindings by ${failed.join(', ')}`);
  return failed.length === 0;
}

process.exitCode = (await main(process.argv[2] ?? '200')) ? 0 : 1;
