/** Which return takes which road: drawn by the seed, so that the same seed tells the same story. */
import { randomFrom } from '../random.ts';
import type { Reason } from '../../domain/policy/verdict.ts';
import type { DemoReturn } from './data.ts';
import { detours, roads, type Road, type RoadName } from './roads.ts';

export interface Planned {
  readonly what: DemoReturn;
  readonly road: RoadName;
  readonly reason: Reason;
  readonly handoverChannel: 'door_pickup' | 'drop_off' | 'locker';
  readonly platform?: string;
  /** Days between delivery and the day the customer gave notice. */
  readonly daysWithCustomer: number;
  /** The one that stays parked for whoever watches. */
  readonly leftParked: boolean;
}

const detourShare = 0.02;

/** Every detour is taken at least once where there are returns enough; `keepParked` leaves one of the parked as it is. */
export function planned(
  returns: readonly DemoReturn[],
  { seed, plain, keepParked }: { seed: number; plain: boolean; keepParked: boolean },
): Planned[] {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const order = returns.map((what) => ({ what, at: random() })).sort((a, b) => a.at - b.at);
  const each = Math.max(1, Math.round(returns.length * detourShare));
  const worth = (what: DemoReturn) => what.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  const suits = (name: RoadName, what: DemoReturn): boolean => {
    const [least, most] = (roads[name] as Road).worth ?? [0, Number.POSITIVE_INFINITY];
    return worth(what) >= least && worth(what) <= most;
  };
  const wanted: RoadName[] = plain ? [] : detours.flatMap((name) => Array<RoadName>(each).fill(name));
  const taken = new Map<string, RoadName>();
  for (const name of wanted) {
    if (taken.size >= returns.length - 1) break;
    const next = order.find(({ what }) => !taken.has(what.returnNo) && suits(name, what));
    if (next) taken.set(next.what.returnNo, name);
  }
  let kept = !keepParked;
  return returns.map((what) => {
    const name = taken.get(what.returnNo) ?? 'happy';
    const road: Road = roads[name];
    const leftParked = name === 'parked' && !kept;
    kept ||= leftParked;
    const reason = road.reason ?? pick(['no_reason', 'no_reason', 'no_reason', 'not_as_described', 'transit_damage'] as const);
    const channel = pick(['door_pickup', 'drop_off', 'locker'] as const);
    return {
      what,
      road: name,
      reason,
      handoverChannel: road.channel ?? channel,
      platform: road.platform,
      daysWithCustomer: 1 + Math.floor(random() * 6),
      leftParked,
    };
  });
}
