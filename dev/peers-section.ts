/** The part of docs/performance.md about other engines: one run of `npm run -s bench:peers`, as tables one can read. */
import { tableOf } from './markdown.ts';

interface Latency {
  readonly p50: number;
  readonly p95: number;
}
interface Load {
  readonly casesPerSecond: number;
  readonly blocks: readonly { readonly others: number }[];
  readonly open: Latency;
  readonly message: Latency;
  readonly cpuMs: { readonly server: number; readonly app: number };
  readonly failed: number;
}
interface Killed {
  readonly finishedByThemselves: number;
  readonly medianSecondsAfterStart?: number;
  readonly paidTwice: number;
  readonly orderedOnceMore: { readonly cases: number; readonly paidTwiceThen: number };
}
interface Peer {
  readonly used: string;
  readonly answers: string;
  readonly c32: Load;
  readonly c8: Load;
  readonly bytes: { readonly perCase: number };
  readonly attacks: {
    readonly refundTwiceOneKey: { readonly tries: number; readonly paidTwice: number };
    readonly refundTwiceTwoKeys: { readonly paidTwice: number };
    readonly receptionTwice: { readonly bookedTwice: number };
    readonly killedKeysHonoured: Killed;
    readonly killedKeysIgnored: Killed;
  };
}
/** As test/bench/peers writes it. */
export interface PeersKept {
  readonly setting: { readonly cases: number; readonly rounds: number };
  readonly peers: Readonly<Record<string, Peer>>;
}

export function peersSection({ setting, peers }: PeersKept): string {
  // Cheapest first.
  const all = Object.entries(peers).sort(([, a], [, b]) => b.c32.casesPerSecond - a.c32.casesPerSecond);
  const tries = all[0]?.[1].attacks.refundTwiceOneKey.tries ?? 0;
  const othersMax = Math.max(...all.flatMap(([, { c32, c8 }]) => [...c32.blocks, ...c8.blocks].map((block) => block.others)));
  const failed = all.reduce((sum, [, { c32, c8 }]) => sum + c32.failed + c8.failed, 0);
  return [
    `One run on one machine: ${setting.rounds} rounds of blocks that took turns, ${setting.cases} returns a block, back to back; ${failed} failed. Processes outside the run took up to ${percent(othersMax)} % of the`,
    `processors beside a block: processor time and attacks are firm, rates are rough. Each system does the six steps of a return; what is more in Mendline is said below.\n`,
    tableOf(
      [
        'system',
        'returns/s, 32 · 8 at once',
        'processor ms a return, server · app',
        'open, p50 · p95 ms',
        'message, p50 · p95 ms',
        'bytes a return',
      ],
      all.map(([name, { c32, c8, bytes }]) => [
        name,
        pair(c32.casesPerSecond, c8.casesPerSecond),
        pair(c32.cpuMs.server, c32.cpuMs.app),
        pair(c32.open.p50, c32.open.p95),
        pair(c32.message.p50, c32.message.p95),
        figure(bytes.perCase),
      ]),
    ),
    `Attacks, ${tries} returns each. *Killed*: the application gets kill -9 while the provider has the refund and has not answered; the provider honours keys, or has forgotten them.\n`,
    tableOf(
      [
        'system',
        'refund ordered twice, one key · two keys: paid twice',
        'reception told twice: booked twice',
        'killed: went on by themselves, after s',
        'killed: paid twice, keys honoured · forgotten',
        'ordered once more after the kill: paid twice',
      ],
      all.map(([name, { attacks }]) => {
        const {
          refundTwiceOneKey,
          refundTwiceTwoKeys,
          receptionTwice,
          killedKeysHonoured: kept,
          killedKeysIgnored: gone,
        } = attacks;
        const again = kept.orderedOnceMore;
        return [
          name,
          pair(refundTwiceOneKey.paidTwice, refundTwiceTwoKeys.paidTwice),
          figure(receptionTwice.bookedTwice),
          kept.finishedByThemselves === 0 ? 'none' : pair(kept.finishedByThemselves, kept.medianSecondsAfterStart ?? 0),
          pair(kept.paidTwice, gone.paidTwice),
          again.cases === 0 ? 'not needed' : `${again.paidTwiceThen} of ${again.cases}`,
        ];
      }),
    ),
    tableOf(
      ['system', 'what was used', 'when it answers'],
      all.map(([name, { used, answers }]) => [name, used, answers]),
    ),
  ].join('\n');
}

const percent = (share: number): number => Math.round(share * 100);
const figure = (value: number): string => (value >= 1_000 ? Math.round(value).toLocaleString('en') : String(value));
const pair = (one: number, other: number): string => `${figure(one)} · ${figure(other)}`;
