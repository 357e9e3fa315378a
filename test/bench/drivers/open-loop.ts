/**
 * Calls at a constant rate, whether or not earlier ones have been answered. Latency counts from the instant at which a call was meant to go
 * out: what waits behind a slow one, in the driver too, has waited.
 */
import { noteFailure, type Failures } from './closed-loop.ts';

export async function openLoop(
  calls: readonly (() => Promise<unknown>)[],
  perSecond: number,
  failures: Failures,
): Promise<number[]> {
  const samples: number[] = [];
  const startAt = performance.now();
  const sent = calls.map(async (call, nth) => {
    const intendedAt = startAt + (nth * 1_000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, intendedAt - performance.now()));
    try {
      await call();
      samples.push(performance.now() - intendedAt);
    } catch (err) {
      noteFailure(failures, err);
    }
  });
  await Promise.all(sent);
  return samples;
}
