/** What the harness knows of a system: how a return is driven through it, which processes are its own, and how its application dies and comes back. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type RunningProcess, startProcess } from '../../../dev/processes.ts';
import type { MessageName, View } from './door.ts';
import { ask, call } from './http.ts';
import type { ReturnInput } from './provider/client.ts';

export type { MessageName, View } from './door.ts';
export const unitsOfCase = 2;

export interface Peer {
  readonly name: string;
  /** Which of its own means were used, in one line. */
  readonly used: string;
  /** When a message is answered. */
  readonly answers: string;
  readonly versions: Record<string, string>;
  /** What has to be there before cases are opened; not timed. */
  prepare?(inputs: readonly ReturnInput[]): Promise<void>;
  /** Gives the id by which the system knows the case. */
  open(caseId: string, input: ReturnInput): Promise<string>;
  /** By which name the provider's ledger knows the case; absent: by its id. */
  ledgerId?(id: string): string;
  /** Gives the status; rejects when there is no answer. */
  send(id: string, name: MessageName, key: string): Promise<number>;
  /** Waits until a message is possible, where it is not kept until then. Absent: it always is. */
  ready?(id: string, name: MessageName): Promise<void>;
  /** The last message; resolves once the case is closed. */
  finish(id: string, key: string): Promise<void>;
  look(id: string): Promise<View>;
  /** `server`: databases, brokers and engines; `app`: what one writes oneself, and the engine's library in it; `partners`: stand-ins besides the provider. */
  pids(): { server: number[]; app: number[]; partners?: number[] };
  /** What was weighed: `all` so far, of which the growth over the run is divided by its cases, or `each` case. */
  bytes(): Promise<Weight>;
  /** kill -9 of the application alone; servers live on. */
  crash(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

export type Weight = { readonly of: string } & ({ readonly all: number } | { readonly each: number });

export interface App {
  readonly url: string;
  readonly port: number;
  pid(): number;
  crash(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts `<file>` beside this one as a process of its own; `PORT` and the given environment are what it is told. */
export async function startApp(name: string, file: string, logs: string, env: Record<string, string>): Promise<App> {
  const port = await freePort();
  const start = () =>
    startProcess({
      name,
      command: process.execPath,
      args: ['--import', 'tsx', fileURLToPath(new URL(file, import.meta.url))],
      env: { ...env, PORT: String(port), NODE_ENV: 'production' },
      logFile: join(logs, `${name}.log`),
      ready: { line: (line) => line.includes('listening') },
      readyTimeoutMs: 60_000,
    });
  let running: RunningProcess = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: () => running.pid,
    crash: async () => {
      running.kill9();
      await running.exited;
    },
    revive: async () => {
      running = await start();
    },
    stop: () => running.stop(),
  };
}

/** The driver's side of door.ts. */
export const throughDoor = (app: App): Pick<Peer, 'open' | 'send' | 'finish' | 'look' | 'crash' | 'revive'> => ({
  async open(caseId, input) {
    await ask('POST', `${app.url}/cases/${caseId}`, { body: input });
    return caseId;
  },
  async send(id, name, key) {
    const headers = { 'idempotency-key': key };
    return (await call('POST', `${app.url}/cases/${id}/${name}`, { body: { units: unitsOfCase }, headers })).status;
  },
  async finish(id, key) {
    const headers = { 'idempotency-key': key };
    await ask('POST', `${app.url}/cases/${id}/inspected?wait`, { body: { units: unitsOfCase }, headers });
  },
  look: async (id) => (await ask('GET', `${app.url}/cases/${id}`)) as View,
  crash: () => app.crash(),
  revive: () => app.revive(),
});
