/** Guards guard.mjs: nothing we start outlives us, however we end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';

const guard = fileURLToPath(new URL('../../dev/guard.mjs', import.meta.url));
const started: ChildProcess[] = [];
const grandchildren: number[] = [];

/** Runs a piece of script in Node, with its output collected. */
function node(args: string[], env: Record<string, string> = {}, stdio: 'pipe' | 'ignore' = 'pipe') {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: [stdio, 'pipe', 'inherit'] });
  started.push(child);
  const seen = { output: '' };
  child.stdout?.on('data', (chunk) => {
    seen.output += chunk;
  });
  return { child, seen };
}

/** A parent that guards `script` and does nothing else: killed with -9, it can pass nothing on. */
const parentOf = (script: string, options = '') => `
  const { spawn } = require('node:child_process');
  spawn(process.execPath, [${JSON.stringify(guard)}, ${options} process.execPath, '-e', ${JSON.stringify(script)}],
    { stdio: [${options ? "'ignore'" : "'pipe'"}, 'inherit', 'inherit', 'pipe'] });
  setInterval(() => {}, 1000);`;

const saysPid = 'console.log(process.pid); setInterval(() => {}, 1000);';

async function printedPid(seen: { output: string }): Promise<number> {
  await vi.waitFor(() => expect(seen.output).toMatch(/\d+\n/), { timeout: 5000 });
  const pid = Number.parseInt(seen.output, 10);
  grandchildren.push(pid);
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const untilGone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 8000 });

// A test that fails must not itself leave something behind.
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const pid of grandchildren.splice(0).filter(isAlive)) process.kill(pid, 'SIGKILL');
});

describe('guard', () => {
  it('ends the command when the parent is killed with -9', async () => {
    const { child, seen } = node(['-e', parentOf(saysPid)]);
    const pid = await printedPid(seen);
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await untilGone(pid);
  });

  it('ends a command that ignores SIGTERM as well, after the grace', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); ${saysPid}`;
    const { child, seen } = node(['-e', parentOf(stubborn)], { MENDLINE_GUARD_GRACE_MS: '200' });
    const pid = await printedPid(seen);
    child.kill('SIGKILL');
    await untilGone(pid);
  });

  it('can hold the leash on another descriptor and leave stdin to the command', async () => {
    const { child, seen } = node(['-e', parentOf(saysPid, "'--fd', '3',")]);
    const pid = await printedPid(seen);
    child.kill('SIGKILL');
    await untilGone(pid);
  });

  it('passes output and exit code through', async () => {
    const { child, seen } = node([guard, process.execPath, '-e', "console.log('hello'); process.exit(7)"]);
    const [code] = await once(child, 'close');
    expect({ code, output: seen.output }).toEqual({ code: 7, output: 'hello\n' });
  });

  it('forwards SIGTERM and waits for the command to end in its own way', async () => {
    const polite = `process.on('SIGTERM', () => setTimeout(() => process.exit(5), 100)); ${saysPid}`;
    const { child, seen } = node([guard, process.execPath, '-e', polite]);
    await printedPid(seen);
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([5, null]);
  });

  it('ends by the signal that ended the command', async () => {
    const { child, seen } = node([guard, process.execPath, '-e', saysPid]);
    process.kill(await printedPid(seen), 'SIGKILL');
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  });

  it('says so when the command cannot be run', async () => {
    const { child } = node([guard, '/nowhere/no-such-program']);
    expect(await once(child, 'close')).toEqual([127, null]);
  });
});
