/** The whole product as it would run, two workers and two API processes, with something between all of them and everybody they talk to. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { portAside, type RunningProcess } from '../../dev/processes.ts';
import { startSystem, type Neighbour, type System } from '../../dev/system.ts';
import { startProxy, type Proxy } from './proxy.ts';

export type Topology = Awaited<ReturnType<typeof startTopology>>;
/** A place where a process of ours runs: killed there, it is started there again. */
export interface Post {
  readonly name: string;
  process: RunningProcess;
  start(): Promise<RunningProcess>;
}

/** Ends it as a crash does; when it is done, another stands in its place. */
export async function killed(post: Post): Promise<void> {
  post.process.kill9();
  await post.process.exited;
  post.process = await post.start();
}

/** As shipped, but whoever tries again does so within seconds: or minutes would pass after a run until all is tried once more. */
function impatientPolicies(dataDir: string): string {
  const folder = join(dataDir, 'policies');
  cpSync(fileURLToPath(new URL('../../policies', import.meta.url)), folder, { recursive: true });
  const file = join(folder, 'sla-default.json');
  const shipped = readFileSync(file, 'utf8');
  const changed = shipped.replace(/"maxRetrySeconds": \d+/, '"maxRetrySeconds": 8');
  if (changed === shipped) throw new Error(`${file} names no maxRetrySeconds`);
  writeFileSync(file, changed);
  return folder;
}

export async function startTopology(options: { dataDir: string; dist: string; onReady?: (what: string) => void }) {
  const proxies = new Map<Neighbour, Proxy>();
  const between = async (whom: Neighbour, port: number): Promise<number> => {
    const proxy = await startProxy(port);
    proxies.set(whom, proxy);
    return proxy.port;
  };
  const env = { POLICIES_DIR: impatientPolicies(options.dataDir) };
  const system: System = await startSystem({ ...options, ui: false, aside: true, built: true, env, between });
  const secondPort = await portAside();
  const [secondWorker, secondApi] = await Promise.all([system.startWorker(), system.startApi(secondPort)]);
  proxies.get('api')!.add(secondPort);
  const posts: Post[] = [
    { name: 'worker-1', process: system.worker, start: system.startWorker },
    { name: 'worker-2', process: secondWorker, start: system.startWorker },
    { name: 'api-1', process: system.api, start: () => system.startApi() },
    { name: 'api-2', process: secondApi, start: () => system.startApi(secondPort) },
  ];
  return {
    ...system,
    posts,
    proxy: (whom: Neighbour): Proxy => proxies.get(whom)!,
    async stop(): Promise<void> {
      await system.stop();
      await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
    },
  };
}
