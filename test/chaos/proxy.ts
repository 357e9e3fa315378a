/**
 * What lies between two processes: a TCP proxy that can refuse, cut, hold back, slow down, or swallow the answers after the question has gone
 * through. Over several ports of the same service it takes them in turn, and passes by those where nobody answers.
 */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export type Weather = 'clear' | 'refuse' | 'stall' | 'slow' | 'deaf';
export type Proxy = Awaited<ReturnType<typeof startProxy>>;

const slowMs = 400;

export async function startProxy(firstPort: number) {
  const ports = [firstPort];
  const pairs = new Set<readonly [Socket, Socket]>();
  let weather: Weather = 'clear';
  let turn = 0;

  const server = createServer({ allowHalfOpen: false }, (caller) => {
    caller.on('error', () => caller.destroy());
    if (weather === 'refuse') caller.destroy();
    else void join(caller);
  });

  async function join(caller: Socket): Promise<void> {
    caller.pause();
    const called = await dial();
    if (!called || caller.destroyed) return void (caller.destroy(), called?.destroy());
    const pair = [caller, called] as const;
    pairs.add(pair);
    const part = () => {
      pairs.delete(pair);
      caller.destroy();
      called.destroy();
    };
    for (const end of pair) end.on('error', part).on('close', part);
    pass(caller, called, false);
    pass(called, caller, true);
    caller.resume();
  }

  /** The next port where somebody answers. */
  async function dial(): Promise<Socket | undefined> {
    const first = turn++;
    for (let tries = 0; tries < ports.length; tries++) {
      const socket = connect(ports[(first + tries) % ports.length]!, '127.0.0.1');
      const answered = await new Promise<boolean>((done) =>
        socket.once('connect', () => done(true)).once('error', () => done(false)),
      );
      if (answered) return socket;
    }
    return undefined;
  }

  /** In order: what comes while something is held back waits behind it. */
  function pass(from: Socket, to: Socket, isAnswer: boolean): void {
    let before = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      from.pause();
      before = before.then(async () => {
        if (isAnswer && weather === 'deaf') return void from.destroy(); // the question took effect; its answer is lost, and so is the line
        if (weather === 'slow') await pause(slowMs / 2);
        while (weather === 'stall' && !from.destroyed) await pause(20);
        if (!to.destroyed) to.write(chunk);
        from.resume();
      });
    });
  }

  const cut = () => {
    for (const pair of pairs) for (const end of pair) end.destroy();
  };
  return {
    port: await listening(server),
    get weather() {
      return weather;
    },
    /** Another port of the same service. */
    add: (port: number) => void ports.push(port),
    change(next: Weather): void {
      weather = next;
      if (next === 'refuse') cut();
    },
    /** Every connection breaks; new ones may be made at once. */
    cut,
    async stop(): Promise<void> {
      cut();
      await new Promise((done) => server.close(done));
    },
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((done, fail) =>
    server.once('error', fail).listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port)),
  );
}
