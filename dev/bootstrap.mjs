/**
 * The door behind every npm script: makes a clean checkout ready (dependencies, servers), then hands over to the command.
 * Node built-ins alone, since nothing is installed yet. What a command does is its own file; where servers come from is binaries.mjs.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const guard = join(root, 'dev', 'guard.mjs');
/** Which package-lock.json the installed dependencies came from. Inside node_modules, so that it goes when they go. */
const stamp = join(root, 'node_modules', '.mendline-lock');
const NODE_AT_LEAST = '20.19';
/** npm forwards the terminal's Ctrl-C once more: the same signal within this time is the same keystroke. */
const SAME_SIGNAL_MS = 1000;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const tsx = ['--import', 'tsx'];
const commands = {
  demo: { what: 'start everything and drive real returns through it', servers: true, steps: [[...tsx, 'dev/demo/main.ts']] },
  dev: { what: 'start everything and leave it running', servers: true, steps: [[...tsx, 'dev/serve.ts']] },
  test: { what: 'run the test suite', servers: true, steps: [['node_modules/vitest/vitest.mjs', 'run']] },
  check: {
    what: 'format, lint, types, unused code, generated docs, domain tests',
    steps: [
      ['node_modules/@biomejs/biome/bin/biome', 'format', '.'],
      ['node_modules/oxlint/bin/oxlint', '--type-aware'],
      ['node_modules/typescript/bin/tsc'],
      ['node_modules/knip/bin/knip.js'],
      [...tsx, 'dev/docs.ts', '--check'],
      ['node_modules/vitest/vitest.mjs', 'run', 'test/domain'],
    ],
  },
  docs: { what: 'write docs/case-flows.md and docs/performance.md', steps: [[...tsx, 'dev/docs.ts']] },
  build: { what: 'compile to dist/, with the workflow bundle', steps: [['dev/build.mjs']] },
  model: { what: 'play random orders against the rules', servers: true, steps: [[...tsx, 'test/model/main.ts']] },
  chaos: { what: 'break everything while returns are under way', servers: true, steps: [[...tsx, 'test/chaos/main.ts']] },
  'chaos:recover': { what: 'measure how soon all is as before', servers: true, steps: [[...tsx, 'test/chaos/recover.ts']] },
  'chaos:mutants': {
    what: 'see whether chaos finds seeded flaws',
    servers: true,
    steps: [[...tsx, 'test/chaos/mutants/main.ts']],
  },
  'bench:count': { what: 'count events, bytes and queries of a case', servers: true, steps: [[...tsx, 'test/bench/count.ts']] },
  'bench:grow': { what: 'open 20,000 returns and let deadlines rain', servers: true, steps: [[...tsx, 'test/bench/grow.ts']] },
  'bench:mongo': {
    what: 'time the read model with a million cases',
    servers: true,
    steps: [[...tsx, 'test/bench/mongo-million.ts']],
  },
  'bench:model': { what: 'tell what millions of returns would take', steps: [[...tsx, 'test/bench/model.ts']] },
  'bench:speed': { what: 'compare rates and latencies with a skeleton', servers: true, steps: [[...tsx, 'test/bench/speed.ts']] },
  'bench:peers': { what: 'the same return on other systems', servers: true, steps: [['test/bench/peers/run.mjs']] },
};

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (!command) {
    const asked = name === '--help' || name === '-h';
    (asked ? console.log : console.error)(`${asked || !name ? '' : `There is no command "${name}".\n\n`}${usage()}`);
    process.exit(asked ? 0 : 2);
  }
  checkNode();
  await installDependencies();
  const env = { ...process.env };
  const onlyHelp = args.includes('--help') || args.includes('-h');
  if (command.servers && !onlyHelp) {
    const { ensureBinaries } = await import('./binaries.mjs');
    const { temporal, mongod } = await ensureBinaries({ log: say });
    Object.assign(env, { TEMPORAL_CLI_PATH: temporal, MONGOD_PATH: mongod });
  }
  const several = command.steps.length > 1; // then arguments would mean something else to each
  for (const step of command.steps) {
    if (several) say(stepName(step));
    const { code, signal } = await runToTheEnd(several ? step : [...step, ...args], env);
    if (signal) return endBy(signal);
    if (code === 0) continue;
    if (several) say(`${name} failed at: ${stepName(step)} (exit ${code})`);
    process.exit(code);
  }
}

function usage() {
  const lines = Object.entries(commands).map(([name, { what }]) => `  ${name.padEnd(12)} ${what}`);
  return `Usage: npm run <command> [-- arguments], or node dev/bootstrap.mjs <command> [arguments]\n\n${lines.join('\n')}`;
}

const stepName = ([program, ...args]) => [basename(program).replace(/\.m?js$/, ''), ...args].join(' ');
const say = (line) => console.error(`mendline: ${line}`);

function checkNode() {
  const [have, need] = [process.versions.node, NODE_AT_LEAST].map((version) => version.split('.').map(Number));
  if (have[0] > need[0] || (have[0] === need[0] && have[1] >= need[1])) return;
  throw new Error(
    `Mendline needs Node ${NODE_AT_LEAST} or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'What to do: install a current Node from nodejs.org or with your version manager, and run the same command again.',
  );
}

async function installDependencies() {
  if (isInstalled()) return;
  const { withLock } = await import('./lock.mjs');
  const lock = join(root, '.cache', 'installing.lock');
  const onWait = () => say(`another start is installing the dependencies; waiting for it (${lock})`);
  await withLock(lock, () => (isInstalled() ? undefined : npmCi()), onWait);
}

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === lockHash();

async function npmCi() {
  const first = !existsSync(join(root, 'node_modules'));
  say(
    `installing dependencies: ${first ? 'the first start' : 'package-lock.json has changed, so this start'} takes a minute or two`,
  );
  const startedAt = Date.now();
  const progress = setInterval(() => say(`still installing (${secondsSince(startedAt)} s)`), 30_000);
  const hash = lockHash();
  // Started by npm, we use that very npm. Its dev dependencies are needed whatever NODE_ENV says: tsx runs the sources.
  const npm = basename(process.env.npm_execpath ?? '') === 'npm-cli.js' ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const { code, output } = await capture([...npm, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(progress);
  if (code !== 0) {
    throw new Error(
      `npm ci failed (${code === null ? 'stopped' : `exit ${code}`}):\n${excerpt(output)}\n` +
        'What to do: mend what npm says above (often the network or a registry setting), and run the same command again.',
    );
  }
  writeFileSync(stamp, hash);
  say(`dependencies installed in ${secondsSince(startedAt)} s`);
}

/** The cause may stand first (npm's usage errors) or last (a compiler's output). */
function excerpt(output) {
  const lines = output.trim().split('\n');
  return lines.length <= 50 ? lines.join('\n') : [...lines.slice(0, 20), '  […]', ...lines.slice(-30)].join('\n');
}

const secondsSince = (at) => Math.round((Date.now() - at) / 1000);

/** Under the guard as well: an npm that outlived us would still be writing when the next start begins its own. */
function capture(command) {
  return new Promise((done, fail) => {
    let output = '';
    const child = spawn(process.execPath, [guard, ...command], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', fail);
    child.on('close', (code) => done({ code, output }));
  });
}

/**
 * Runs one command and waits until it has ended, however often we are asked to stop. It runs in a group of its own, so a Ctrl-C reaches
 * it once, through us; and under the guard, so it ends when we are killed with no chance to pass anything on.
 */
function runToTheEnd(args, env) {
  return new Promise((done, fail) => {
    const leashed = [guard, '--fd', '3', process.execPath, ...args];
    const child = spawn(process.execPath, leashed, {
      cwd: root,
      env,
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      detached: true,
    });
    const last = {};
    for (const signal of FORWARDED) {
      process.on(signal, () => {
        if (Date.now() - (last[signal] ?? 0) > SAME_SIGNAL_MS) child.kill(signal);
        last[signal] = Date.now();
      });
    }
    child.on('error', fail);
    child.on('exit', (code, signal) => {
      for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
      done({ code, signal });
    });
  });
}

/** Ends as the command ended, so that whoever started us sees the same. */
function endBy(signal) {
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(1), 1000);
}

main(process.argv.slice(2)).catch((err) => {
  console.error(`\n${err.message}`);
  process.exit(1);
});
