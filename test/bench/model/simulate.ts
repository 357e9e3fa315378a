/**
 * The model's two simulations, both in events and both repeatable by their seed. Days: cases come by a daily curve, live their open days and are
 * woken a number of times. A crowd: wake-ups queue for processors. Nothing is known here of Temporal or of money.
 */
import { randomFrom } from '../../../dev/random.ts';

/** Shares of a day's arrivals by the hour: quiet at night, most in the evening. They sum to 24. */
export const dailyCurve: readonly number[] = [
  0.35, 0.22, 0.16, 0.14, 0.16, 0.25, 0.45, 0.75, 1.05, 1.25, 1.35, 1.4, 1.35, 1.25, 1.25, 1.25, 1.3, 1.4, 1.55, 1.75, 1.85, 1.7,
  1.2, 0.62,
];
const hourMs = 3_600_000;
const dayHours = 24;

export interface Life {
  readonly openDays: number;
  readonly wakeUps: number;
}
export interface Days {
  /** Mean over the last day. */
  readonly open: number;
  readonly arrivalsPerSecond: number;
  readonly wakeUpsPerSecond: number;
  /** The busiest hour of the last day over its mean. */
  readonly busiestHour: number;
}

/** Cases that are followed one by one; more arrivals are thinned to these, and counted for as many as they stand for. */
const followedPerDay = 4_000;

/** Lets days go by until as many cases end as begin, and looks at the last one. */
export function simulateDays(casesPerDay: number, { openDays, wakeUps }: Life, seed: number): Days {
  const random = randomFrom(seed);
  const followed = Math.min(casesPerDay, followedPerDay);
  const each = casesPerDay / followed;
  const days = Math.ceil(openDays * 4) + 1;
  const lastDay = (days - 1) * dayHours * hourMs;
  const hours = Array.from({ length: dayHours }, () => 0);
  let [openMs, arrivals, woken] = [0, 0, 0];
  for (let day = 0; day < days; day++)
    for (let nth = 0; nth < followed; nth++) {
      const from = day * dayHours * hourMs + timeOfDay(random());
      // Most end early, a few take weeks; the mean is openDays.
      const until = from + Math.min(4 * openDays, -Math.log(1 - random()) * openDays * 1.02) * dayHours * hourMs;
      openMs += overlap(from, until, lastDay, lastDay + dayHours * hourMs);
      if (day === days - 1) arrivals += 1;
      for (let wake = 0; wake < wakeUps; wake++) {
        // The first ones come together with the opening, the rest whenever partners, people and clocks have something to say.
        const at = wake < 2 ? from : from + random() * (until - from);
        if (at < lastDay || at >= lastDay + dayHours * hourMs) continue;
        woken += 1;
        hours[Math.floor((at - lastDay) / hourMs)]! += 1;
      }
    }
  const daySeconds = (dayHours * hourMs) / 1_000;
  return {
    open: (openMs / (dayHours * hourMs)) * each,
    arrivalsPerSecond: (arrivals * each) / daySeconds,
    wakeUpsPerSecond: (woken * each) / daySeconds,
    busiestHour: Math.max(...hours) / (woken / dayHours),
  };
}

function timeOfDay(chanceOf: number): number {
  let left = chanceOf * dailyCurve.reduce((sum, one) => sum + one, 0);
  let hour = 0;
  for (; hour < dayHours - 1 && left > dailyCurve[hour]!; hour++) left -= dailyCurve[hour]!;
  return (hour + left / dailyCurve[hour]!) * hourMs;
}
const overlap = (from: number, until: number, start: number, end: number): number =>
  Math.max(0, Math.min(until, end) - Math.max(from, start));

export interface Crowd {
  /** When each comes, ms, ascending; `workMs` of processor time each needs. */
  readonly at: readonly number[];
  readonly workMs: (nth: number) => number;
  readonly servers: number;
  /** Share of each processor that is left to them. */
  readonly speed?: number;
}
export interface Served {
  readonly endedAt: number;
  readonly waitP99Ms: number;
  /** Most that were there at once, waiting or served. */
  readonly most: number;
}

/** First come, first served, by so many processors. */
export function serve({ at, workMs, servers, speed = 1 }: Crowd): Served {
  // Of processors only the times count at which they become free: a heap, the earliest on top.
  const free = Array.from({ length: servers }, () => 0);
  const ends: number[] = [];
  const waits: number[] = [];
  let [endedAt, most, gone] = [0, 0, 0];
  at.forEach((arrival, nth) => {
    const start = Math.max(arrival, free[0]!);
    const end = start + workMs(nth) / speed;
    free[0] = end;
    sink(free);
    waits.push(start - arrival);
    ends.push(end);
    endedAt = Math.max(endedAt, end);
    // Nearly in order: who came earlier is served earlier.
    while (gone < nth && ends[gone]! <= arrival) gone += 1;
    most = Math.max(most, nth + 1 - gone);
  });
  waits.sort((a, b) => a - b);
  return { endedAt, waitP99Ms: waits[Math.ceil(waits.length * 0.99) - 1] ?? 0, most };
}

function sink(heap: number[]): void {
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    let least = at;
    if (left < heap.length && heap[left]! < heap[least]!) least = left;
    if (right < heap.length && heap[right]! < heap[least]!) least = right;
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}

/** Times at which independent things happen at this rate, for so long. */
export function arrivalsAt(perSecond: number, seconds: number, random: () => number): number[] {
  const times: number[] = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) / perSecond) * 1_000;
    if (at > seconds * 1_000) return times;
    times.push(at);
  }
}
