/**
 * Starts local servers so that they end with us: each runs under guard.mjs, writes to a log file, and counts as started once it is ready.
 * Which servers, with which flags, is stack.ts; this file knows nothing of Temporal or MongoDB.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const GUARD = fileURLToPath(new URL('./guard.mjs', import.meta.url));
const LOGS = fileURLToPath(new URL('../.data/logs/', import.meta.url));
const POLL_MS = 50;
const STOP_GRACE_MS = 15_000;
const SHOWN_LINES = 20;

/**
 * Ready once a line of output satisfies `line` and then `probe` answers true, whichever of them are given; a probe that throws means
 * "not yet". A probe alone is fooled by somebody else's server on the same port: give a line as well where the server prints one.
 */
export interface Readiness {
  line?: (text: string) => boolean;
  probe?: () => Promise<boolean>;
}

export interface ProcessSpec {
  name: string;
  command: string;
  args?: string[];
  /** Added to our own environment. */
  env?: Record<string, string>;
  /** Appended to; absent means `.data/logs/<name>.log`. */
  logFile?: string;
  /** Absent means ready as soon as the process exists. */
  ready?: Readiness;
  readyTimeoutMs?: number;
  /** Which lines of output tell why a start failed, for servers that talk much while they give up. Absent means the last ones. */
  telling?: (line: string) => boolean;
}

/** A server that did not get ready. The message shows the telling lines; `output` is all it wrote. */
export class StartFailure extends Error {
  readonly output: string;

  constructor({ name, telling }: ProcessSpec, cause: Error, logFile: string, output: string) {
    const lines = output.trimEnd().split('\n');
    const told = telling ? lines.filter(telling) : [];
    const shown = (told.length > 0 ? told : lines).slice(-SHOWN_LINES).join('\n');
    super(`${name} ${cause.message}; last output (all of it: ${logFile}):\n${shown || '(none)'}`, { cause });
    this.output = output;
  }
}

export interface RunningProcess {
  /** The server's own process id, not the guard's. */
  pid: number;
  name: string;
  logFile: string;
  /** SIGTERM, and SIGKILL if that does not end it within 15 s. Resolves once the process is gone; may be called again. */
  stop(): Promise<void>;
  /** kill -9 on the server itself, as a crash would: `exited` tells when it is gone. */
  kill9(): void;
  /** The exit code, null when a signal ended it. Never rejects. */
  exited: Promise<number | null>;
}

/** Starts a process under the guard and waits until it is ready; throws a StartFailure if it does not get there. */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  const logFile = spec.logFile ?? join(LOGS, `${spec.name}.log`);
  mkdirSync(dirname(logFile), { recursive: true });
  // The server writes to the file itself: it needs nobody to read a pipe, and its last words survive us.
  const log = openSync(logFile, 'a');
  const output = outputSince(logFile);
  // In a group of its own, so that a Ctrl-C in the terminal reaches us alone and we stop things in the right order.
  const guard = spawn(process.execPath, [GUARD, spec.command, ...(spec.args ?? [])], {
    env: { ...process.env, ...spec.env },
    stdio: ['pipe', log, log, 'ipc'],
    detached: true,
  });
  closeSync(log);
  const exited = new Promise<number | null>((done) => {
    guard.once('exit', (code) => done(code));
    guard.once('error', () => done(null));
  });
  try {
    const running = handleOf(spec.name, logFile, guard, await childPid(guard, exited), exited);
    await untilReady(spec, running, output);
    return running;
  } catch (err) {
    throw new StartFailure(spec, err as Error, logFile, output());
  }
}

function handleOf(
  name: string,
  logFile: string,
  guard: ChildProcess,
  pid: number,
  exited: Promise<number | null>,
): RunningProcess {
  const kill9 = () => {
    if (guard.exitCode === null && guard.signalCode === null) killIfThere(pid);
  };
  const stop = async () => {
    guard.kill('SIGTERM');
    const lastResort = setTimeout(kill9, STOP_GRACE_MS);
    await exited;
    clearTimeout(lastResort);
  };
  return { pid, name, logFile, stop, kill9, exited };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'ESRCH') throw err;
  }
}

/** The guard says whom it started, then the channel has done its work: open, it would keep our process alive. */
async function childPid(guard: ChildProcess, exited: Promise<number | null>): Promise<number> {
  const told = new Promise<number>((done) => guard.once('message', (message) => done((message as { pid: number }).pid)));
  const pid = await Promise.race([told, exited.then(() => undefined)]);
  if (pid === undefined) throw new Error('could not be started');
  if (guard.connected) guard.disconnect();
  return pid;
}

async function untilReady(spec: ProcessSpec, running: RunningProcess, output: () => string): Promise<void> {
  const { ready, readyTimeoutMs = 30_000 } = spec;
  if (!ready) return;
  let ended: number | null | undefined;
  void running.exited.then((code) => {
    ended = code;
  });
  for (const giveUpAt = Date.now() + readyTimeoutMs; ; await pause(POLL_MS)) {
    if (ended !== undefined)
      throw new Error(`ended (${ended === null ? 'by a signal' : `exit code ${ended}`}) before it was ready`);
    if (await isReady(ready, output)) return;
    if (Date.now() < giveUpAt) continue;
    await running.stop();
    throw new Error(`was not ready within ${readyTimeoutMs} ms`);
  }
}

async function isReady({ line, probe }: Readiness, output: () => string): Promise<boolean> {
  if (line && !output().split('\n').some(line)) return false;
  return probe ? probe().catch(() => false) : true;
}

/** Reads what this start has written, leaving out what earlier starts left in the same file. */
function outputSince(logFile: string): () => string {
  const before = statSync(logFile).size;
  return () => readFileSync(logFile).subarray(before).toString('utf8');
}

/** `preferred` if nothing listens there on 127.0.0.1, else any free port. Without a preference, any free port. */
export async function freePort(preferred?: number): Promise<number> {
  const first = preferred === undefined ? undefined : await tryPort(preferred);
  const port = first ?? (await tryPort(0));
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
}

/** A free port that no connection going out is given meanwhile, nor anything else that asks for any: systems take theirs from 32768 on. */
export const portAside = (): Promise<number> => freePort(20_000 + Math.floor(Math.random() * 12_000));

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
