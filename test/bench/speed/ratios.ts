/** The ratios that are judged, each the median of paired blocks, against what is aimed at and what is still good. */
import type { Block } from './blocks.ts';
import type { Calls } from './calls.ts';
import { median, round } from './latency.ts';

export interface Ratio {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly pairs: readonly number[];
  readonly target: number;
  readonly good: number;
  /** `above good` fails the command. */
  readonly verdict: 'met' | 'missed' | 'above good';
}
const bounds = {
  R4: { what: 'skeleton cases/s over product cases/s, both by a raw client, no HTTP', target: 1.25, good: 1.35 },
  R5: { what: 'processor time a case by HTTP, token and MongoDB, over the skeleton', target: 1.5, good: 1.6 },
  R6: { what: 'slow calls of the API over the same by a raw client, at half the peak rate', target: 1.4, good: 1.5 },
  R7: { what: 'slow reads of the API over the same find on MongoDB', target: 1.6, good: 2 },
  R8: { what: 'processor time a case with a cache of 3 cases, over warm', target: 3, good: 4 },
} as const;

/** One round of closed-loop blocks, one after the other. */
export type Round = Record<'skeleton' | 'product' | 'api' | 'rawMongo', Block>;
export type ColdPair = Record<'warm' | 'cold', Block>;

export function ratiosOf(
  rounds: readonly Round[],
  cold: readonly ColdPair[],
  messages: readonly Calls[],
  reads: readonly Calls[],
): Ratio[] {
  const ofCalls = (id: keyof typeof bounds, calls: readonly Calls[]) =>
    calls.map((one) =>
      judge(
        id,
        one.pairs.map((pair) => pair.ratio),
        `${one.what} (${one.pairs[0]?.api.tailIs ?? ''})`,
      ),
    );
  return [
    judge(
      'R4',
      rounds.map(({ skeleton, product }) => skeleton.casesPerSecond / product.casesPerSecond),
    ),
    judge(
      'R5',
      rounds.map(({ skeleton, api }) => api.cpuMs / skeleton.cpuMs),
    ),
    ...ofCalls('R6', messages),
    ...ofCalls('R7', reads),
    judge(
      'R8',
      cold.map((pair) => pair.cold.cpuMs / pair.warm.cpuMs),
    ),
  ];
}

function judge(id: keyof typeof bounds, pairs: readonly number[], detail?: string): Ratio {
  const { what, target, good } = bounds[id];
  const value = round(median(pairs));
  const verdict = value <= target ? 'met' : value <= good ? 'missed' : 'above good';
  return { id, what: detail ? `${what}: ${detail}` : what, value, pairs: pairs.map((one) => round(one)), target, good, verdict };
}
