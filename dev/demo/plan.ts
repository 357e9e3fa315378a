/** Which return takes which road: drawn by the seed, so that the same seed tells the same story. */
import type { Reason } from '../../domain/policy/verdict.ts';
import type { DemoReturn } from './data.ts';

/** The happy road, and what else happens to returns. */
const roads = ['happy', 'refused', 'withdrawn', 'cancelled', 'unanswered', 'never_sent', 'parked'] as const;
export type Road = (typeof roads)[number];

export interface Planned {
  readonly what: DemoReturn;
  readonly road: Road;
  readonly reason: Reason;
  readonly handoverChannel: 'door_pickup' | 'drop_off' | 'locker';
  /** Days between delivery and the day the customer gave notice. */
  readonly daysWithCustomer: number;
  /** The one that stays parked for whoever watches. */
  readonly leftParked: boolean;
}

const detourShare = 0.04;

/** A small seeded generator (mulberry32): numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Every detour is taken at least once where there are returns enough; `keepParked` leaves one of the parked as it is. */
export function planned(
  returns: readonly DemoReturn[],
  { seed, plain, keepParked }: { seed: number; plain: boolean; keepParked: boolean },
): Planned[] {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const order = returns.map((what) => ({ what, at: random() })).sort((a, b) => a.at - b.at);
  const each = Math.max(1, Math.round(returns.length * detourShare));
  // A return without money in it cannot be refused by the payment provider.
  const hasMoney = (what: DemoReturn) => what.lines.some((line) => line.unitPriceMinor > 0);
  const detours: Road[] = plain
    ? []
    : (['parked', 'unanswered', 'never_sent', 'refused', 'withdrawn', 'cancelled'] as const).flatMap((road) =>
        Array<Road>(each).fill(road),
      );
  const taken = new Map<string, Road>();
  for (const road of detours) {
    if (taken.size >= returns.length - 1) break;
    const next = order.find(({ what }) => !taken.has(what.returnNo) && (road !== 'parked' || hasMoney(what)));
    if (next) taken.set(next.what.returnNo, road);
  }
  let kept = !keepParked;
  return returns.map((what) => {
    const road = taken.get(what.returnNo) ?? 'happy';
    const leftParked = road === 'parked' && !kept;
    kept ||= leftParked;
    // A claim of a fault is always looked at by a person: so somebody can refuse it, or fail to answer.
    const reason: Reason =
      road === 'refused' || road === 'unanswered'
        ? 'quality'
        : pick(['no_reason', 'no_reason', 'no_reason', 'not_as_described', 'transit_damage']);
    return {
      what,
      road,
      reason,
      handoverChannel: pick(['door_pickup', 'drop_off', 'locker']),
      daysWithCustomer: 1 + Math.floor(random() * 6),
      leftParked,
    };
  });
}
