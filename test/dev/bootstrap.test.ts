/** Guards bootstrap.mjs in a small project of its own: what it installs and when, what it hands over, and that Ctrl-C arrives once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const dev = fileURLToPath(new URL('../../dev/', import.meta.url));
let project: string;
let started: ChildProcess[];

/** A project with our bootstrap, an npm that only notes its calls, and `build` as the one command. */
beforeEach(async () => {
  started = [];
  project = await mkdtemp(join(tmpdir(), 'mendline-bootstrap-'));
  mkdirSync(join(project, 'dev'));
  for (const file of ['bootstrap.mjs', 'guard.mjs', 'lock.mjs']) copyFileSync(join(dev, file), join(project, 'dev', file));
  writeFileSync(join(project, 'package-lock.json'), '{}');
  npm(`require('node:fs').mkdirSync('node_modules', { recursive: true });`);
  command('process.exit(0)');
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(project, { recursive: true, force: true });
});

const npm = (script: string) =>
  writeFileSync(
    join(project, 'npm-cli.js'),
    `require('node:fs').appendFileSync('npm-calls', process.argv[2] + ' ' + process.argv[3] + '\\n'); ${script}`,
  );
const npmCalls = () =>
  existsSync(join(project, 'npm-calls')) ? readFileSync(join(project, 'npm-calls'), 'utf8').trim().split('\n') : [];
const command = (script: string) => writeFileSync(join(project, 'dev', 'build.mjs'), script);

function start(args: string[], nodeArgs: string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, join(project, 'dev', 'bootstrap.mjs'), ...args], {
    env: { ...process.env, npm_execpath: join(project, 'npm-cli.js') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    seen.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  return { child, seen };
}

async function run(args: string[], nodeArgs: string[] = []) {
  const { child, seen } = start(args, nodeArgs);
  const [code] = await once(child, 'close');
  return { code, ...seen };
}

describe('bootstrap', () => {
  it('lists the commands for --help, and installs nothing', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const name of ['demo', 'dev', 'test', 'check', 'build', 'bench:count', 'bench:speed'])
      expect(out).toContain(`  ${name} `);
    expect(npmCalls()).toEqual([]);
  });

  it.each([[['launch']], [['toString']], [[]]])('refuses %j with the list', async (args) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain('Usage: npm run <command>');
    if (args[0]) expect(err).toContain(`There is no command "${args[0]}"`);
  });

  it('refuses an old Node, saying what to do', async () => {
    const old = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.18.3'})`;
    const { code, err } = await run(['build'], ['--import', old]);
    expect(code).toBe(1);
    expect(err).toMatch(/needs Node 20\.19 or newer; this is 20\.18\.3.*\nWhat to do:/);
    expect(npmCalls()).toEqual([]);
  });

  it('installs when nothing is installed or the lockfile has changed, and only then', async () => {
    expect((await run(['build'])).err).toContain('installing dependencies: the first start');
    expect((await run(['build'])).err).toBe('');
    appendFileSync(join(project, 'package-lock.json'), '\n');
    expect((await run(['build'])).err).toContain('package-lock.json has changed');
    expect(npmCalls()).toEqual(['ci --include=dev', 'ci --include=dev']);
  });

  it('installs once when two start at the same time', async () => {
    npm(`require('node:fs').mkdirSync('node_modules', { recursive: true }); setTimeout(() => {}, 300);`);
    const both = await Promise.all([run(['build']), run(['build'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(npmCalls()).toEqual(['ci --include=dev']);
  });

  it('shows what npm said when the installation fails, starts nothing, and tries again next time', async () => {
    npm(`console.error('npm error registry is on fire'); process.exit(3);`);
    command(`console.log('must not run')`);
    const { code, out, err } = await run(['build']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/npm ci failed \(exit 3\):\nnpm error registry is on fire\nWhat to do:/);
    await run(['build']);
    expect(npmCalls()).toHaveLength(2);
  });

  it('hands over arguments and gives back the exit code', async () => {
    command('console.log(JSON.stringify(process.argv.slice(2))); process.exit(9)');
    const { code, out } = await run(['build', '--exit', 'a b']);
    expect({ code, out }).toEqual({ code: 9, out: '["--exit","a b"]\n' });
  });

  it('passes Ctrl-C on once, however often npm repeats it, and waits for the command to end', async () => {
    command(`let times = 0;
      process.on('SIGINT', () => { console.log('asked', ++times); if (times === 1) setTimeout(() => process.exit(4), 400); });
      setInterval(() => {}, 1000); console.log('running');`);
    const { child, seen } = start(['build']);
    await vi.waitFor(() => expect(seen.out).toContain('running'), { timeout: 5000 });
    child.kill('SIGINT');
    await vi.waitFor(() => expect(seen.out).toContain('asked 1'), { timeout: 5000, interval: 10 });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([4, null]);
    expect(seen.out).toBe('running\nasked 1\n');
  });

  it('is told of a SIGTERM to npm, which waits until the command has ended in its own way', async () => {
    const { scripts } = JSON.parse(readFileSync(join(dev, '..', 'package.json'), 'utf8')) as { scripts: { build: string } };
    writeFileSync(join(project, 'package.json'), JSON.stringify({ scripts: { build: scripts.build } }));
    await run(['build']); // installs
    command(`process.on('SIGTERM', () => setTimeout(() => { console.log('stopped'); process.exit(0); }, 300));
      setInterval(() => {}, 1000); console.log('running', process.pid);`);
    // In a group of its own: the signal is for npm alone.
    const npmRun = spawn('npm', ['run', 'build'], { cwd: project, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    started.push(npmRun);
    let out = '';
    npmRun.stdout.on('data', (chunk) => (out += chunk));
    await vi.waitFor(() => expect(out).toMatch(/running \d+\n/), { timeout: 15_000 });
    const pid = Number(/running (\d+)/.exec(out)![1]);
    npmRun.kill('SIGTERM');
    await once(npmRun, 'exit');
    try {
      await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 3000 });
    } catch (err) {
      process.kill(pid, 'SIGKILL'); // left behind, with all that waits for it
      throw err;
    }
    await vi.waitFor(() => expect(out).toContain('stopped'));
  });

  it('ends the command when it is itself killed with -9', async () => {
    command(`console.log(process.pid); setInterval(() => {}, 1000);`);
    const { child, seen } = start(['build']);
    await vi.waitFor(() => expect(seen.out).toMatch(/\d+\n/), { timeout: 5000 });
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(() => process.kill(Number(seen.out), 0)).toThrow('ESRCH'), { timeout: 8000 });
  });
});
