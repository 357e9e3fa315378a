/** What a seed means: which returns are sent and on which roads, and which trouble comes when. The seed fixes the plan, not the scheduler. */
import { fileURLToPath } from 'node:url';
import { readReturns, type DemoReturn } from '../../dev/demo/data.ts';
import { planned, type Planned } from '../../dev/demo/plan.ts';
import { randomFrom } from '../../dev/random.ts';
import type { Road, RoadName } from '../../dev/demo/roads.ts';
import { chaosRoads } from './roads.ts';
import { troubles, type Trouble } from './troubles.ts';

const csv = fileURLToPath(new URL('../../dev/demo/online-retail-returns.csv', import.meta.url));
type ChaosRoad = keyof ReturnType<typeof chaosRoads>;
const ownRoads: readonly ChaosRoad[] = ['contested', 'doubled', 'handsFull', 'impatient', 'pendingFails'];
const ownShare = 0.2;
/** Roads on which nobody acts until time has passed: they need a server that can skip it. */
const waiting: readonly RoadName[] = ['unanswered', 'never_sent', 'lost'];

export interface ChaosPlan extends Planned {
  readonly own?: ChaosRoad;
}

export function returnsOf(seed: number, cases: number, skipsTime: boolean): ChaosPlan[] {
  const random = randomFrom(seed);
  const returns = readReturns(csv);
  const many = Array.from({ length: cases }, (_, index) => again(returns[index % returns.length]!, index, returns.length));
  let next = 0;
  return planned(many, { seed, plain: false, keepParked: false }).map((plan) => {
    if (plan.road !== 'happy') return skipsTime || !waiting.includes(plan.road) ? plan : { ...plan, road: 'happy' };
    if (random() >= ownShare) return plan;
    const own = ownRoads[next % ownRoads.length]!; // in turn: each is played, however few there are
    const { reason = plan.reason, worth: [least] = [0, 0] }: Road = chaosRoads(() => undefined)[own];
    if (valueOf(plan.what) < least) return plan;
    next += 1;
    return { ...plan, own, reason };
  });
}

const valueOf = ({ lines }: DemoReturn): number => lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);

/** The same goods, another order. */
function again(what: DemoReturn, index: number, of: number): DemoReturn {
  const round = Math.floor(index / of);
  return round === 0 ? what : { ...what, returnNo: `${what.returnNo}.${round}`, orderId: `${what.orderId}.${round}` };
}

export interface PlannedTrouble {
  /** It comes when this share of the returns has ended. */
  readonly at: number;
  readonly trouble: Trouble;
  /** Which of several, and how long: drawn once, so that the plan can be printed. */
  readonly draw: number;
}

/** `kills` of processes, and other trouble in between; all of it while returns are under way. */
export function troublesOf(seed: number, kills: number): PlannedTrouble[] {
  const random = randomFrom(seed ^ 0x9e3779b9);
  const drawn = (list: readonly Trouble[], nth: number): Trouble => {
    if (nth < list.length) return list[nth]!; // each at least once
    const weights = list.map((one) => one.weight);
    let left = random() * weights.reduce((sum, one) => sum + one, 0);
    return list[weights.findIndex((weight) => (left -= weight) < 0)] ?? list[0]!;
  };
  const of = (list: readonly Trouble[], count: number): PlannedTrouble[] =>
    Array.from({ length: count }, (_, nth) => ({
      at: ((nth + random()) / count) * 0.92,
      trouble: drawn(list, nth),
      draw: random(),
    }));
  const [killing, other] = [troubles.filter((one) => one.kills), troubles.filter((one) => !one.kills)];
  return [...of(killing, kills), ...of(other, Math.max(other.length, Math.round(kills * 0.6)))].sort((a, b) => a.at - b.at);
}
