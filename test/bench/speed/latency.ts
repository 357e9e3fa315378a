/** Latencies of calls, ms, and what is told of them. A tail is told only where enough calls stand behind it. */
export interface Latency {
  readonly calls: number;
  readonly p50: number;
  /** `p99` of 1,000 calls or more, `p95` of fewer. */
  readonly tailIs: 'p99' | 'p95';
  readonly tail: number;
}
const callsForP99 = 1_000;

export function latencyOf(samples: readonly number[], tailIs: Latency['tailIs'] = tailFor(samples.length)): Latency {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { calls: sorted.length, p50: at(0.5), tailIs, tail: at(tailIs === 'p99' ? 0.99 : 0.95) };
}
export const tailFor = (calls: number): Latency['tailIs'] => (calls >= callsForP99 ? 'p99' : 'p95');

export const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
