/** What befalls the processes while they work. Each trouble ends by itself: what it broke is whole again when it is over. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Neighbour } from '../../dev/system.ts';
import type { Weather } from './proxy.ts';
import type { Recovery } from './recovery.ts';
import { killed, type Post, type Topology } from './topology.ts';

export interface Field {
  readonly topology: Topology;
  readonly recovery: Recovery;
  /** Cases that are being played. */
  readonly playing: () => readonly string[];
}
export interface Trouble {
  readonly name: string;
  /** A fault of the catalogue (catalogue.ts). */
  readonly fault: string;
  readonly weight: number;
  readonly kills?: true;
  befall(field: Field, draw: number): Promise<void>;
}

const pick = <T>(list: readonly T[], draw: number): T => list[Math.floor(draw * list.length)]!;
const between = (leastMs: number, mostMs: number, draw: number): number => leastMs + draw * (mostMs - leastMs);
const partners: readonly Neighbour[] = ['payments', 'carrier', 'notifications', 'stock', 'orders'];

const ofKind = ({ topology }: Field, kind: 'worker' | 'api', draw: number): Post =>
  pick(
    topology.posts.filter((post) => post.name.startsWith(kind)),
    draw,
  );

/** A server of ours answers nobody for a while, and then all at once. */
async function held(pid: number, ms: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await pause(ms);
  process.kill(pid, 'SIGCONT');
}

/** `deaf`: answers are swallowed on the way back; what was asked for has happened, and nobody knows. */
const weather = (name: string, fault: string, whom: readonly Neighbour[], change: Weather, ms: [number, number]): Trouble => ({
  name,
  fault,
  weight: 2,
  async befall({ topology }, draw) {
    const proxy = topology.proxy(pick(whom, (draw * 7.3) % 1));
    proxy.change(change);
    await pause(between(...ms, draw));
    proxy.change('clear');
    if (change === 'deaf') proxy.cut();
  },
});

/** Killed while whoever it asks holds the answers back. */
const killedWaiting = (
  name: string,
  fault: string,
  kind: 'worker' | 'api',
  whom: Neighbour,
  ms: [number, number],
  manner: 'stall' | 'refuse' = 'stall',
): Trouble => ({
  name,
  fault,
  weight: 3,
  kills: true,
  async befall(field, draw) {
    const proxy = field.topology.proxy(whom);
    proxy.change(manner);
    await pause(between(...ms, draw));
    const back = killed(ofKind(field, kind, draw));
    proxy.change('clear');
    await back;
  },
});

export const troubles: readonly Trouble[] = [
  {
    name: 'worker killed',
    fault: 'F02',
    weight: 10,
    kills: true,
    async befall(field, draw) {
      const post = ofKind(field, 'worker', draw);
      await field.recovery.watch(post.process.pid, field.playing(), () => killed(post));
    },
  },
  {
    name: 'API killed',
    fault: 'F03',
    weight: 6,
    kills: true,
    befall: (field, draw) => killed(ofKind(field, 'api', draw)),
  },
  // Its callers' keys are taken, and nobody keeps an answer under them.
  killedWaiting('API killed while Temporal holds its answer', 'F04', 'api', 'temporal', [500, 1_500]),
  {
    name: 'worker killed while the provider holds its answer',
    fault: 'F01',
    weight: 4,
    kills: true,
    async befall(field, draw) {
      const { topology } = field;
      // The ledger has the refund, the caller does not: all calls under way are such calls.
      topology.proxy('payments').change('stall');
      await pause(between(500, 1_500, draw));
      const post = ofKind(field, 'worker', draw);
      await field.recovery.watch(post.process.pid, field.playing(), async () => {
        const back = killed(post);
        topology.proxy('payments').cut();
        topology.proxy('payments').change('clear');
        await back;
      });
    },
  },
  killedWaiting('worker killed while its saves are not answered', 'F09', 'worker', 'mongo', [300, 1_000]),
  // What it has told its cases of, and still tries to save, dies with it.
  killedWaiting('worker killed with MongoDB out of its reach', 'F08', 'worker', 'workersMongo', [2_500, 4_500], 'refuse'),
  {
    name: 'Temporal killed',
    fault: 'F05',
    weight: 2,
    kills: true,
    async befall({ topology: { temporal } }) {
      await temporal.kill9();
      await temporal.restart();
    },
  },
  {
    name: 'MongoDB killed',
    fault: 'F08',
    weight: 2,
    kills: true,
    async befall({ topology: { mongo } }) {
      await mongo.kill9();
      await mongo.restart();
    },
  },
  {
    name: 'worker and API replaced one after the other',
    fault: 'F42',
    weight: 2,
    async befall({ topology: { posts } }) {
      for (const post of posts) {
        await post.process.stop();
        post.process = await post.start();
      }
    },
  },
  {
    name: 'Temporal stands still',
    fault: 'F07',
    weight: 2,
    befall: ({ topology }, draw) => held(topology.temporal.pid, between(1_000, 6_000, draw)),
  },
  {
    name: 'MongoDB stands still',
    fault: 'F10',
    weight: 2,
    befall: ({ topology }, draw) => held(topology.mongo.pid, between(1_000, 6_000, draw)),
  },
  {
    name: 'worker stands still',
    fault: 'F02',
    weight: 2,
    befall: (field, draw) => held(ofKind(field, 'worker', draw).process.pid, between(1_000, 12_000, draw)),
  },
  weather('Temporal out of reach', 'F06', ['temporal'], 'refuse', [500, 5_000]),
  weather('Temporal slow', 'F07', ['temporal'], 'slow', [1_000, 5_000]),
  weather('MongoDB out of reach', 'F08', ['mongo'], 'refuse', [1_000, 8_000]),
  weather('MongoDB out of reach of workers', 'F08', ['workersMongo'], 'refuse', [4_000, 10_000]),
  weather('MongoDB slow', 'F10', ['mongo'], 'slow', [1_000, 5_000]),
  weather('partner out of reach', 'F18', partners, 'refuse', [1_000, 8_000]),
  weather('partner slow', 'F25', partners, 'slow', [1_000, 6_000]),
  weather('answers of MongoDB lost', 'F09', ['mongo'], 'deaf', [300, 1_500]),
  weather('answers of Temporal lost', 'F03', ['temporal'], 'deaf', [300, 1_500]),
  weather('answers of a partner lost', 'F21', partners, 'deaf', [300, 1_500]),
];
