/** So many at a time, the next when one has ended: for rates, and for processor time. */
export interface Failures {
  /** The first few, in words; `count` tells how many there were. */
  readonly told: string[];
  count: number;
}
const toldMax = 5;

export const noFailures = (): Failures => ({ told: [], count: 0 });
export function noteFailure(failures: Failures, err: unknown): void {
  failures.count += 1;
  if (failures.told.length < toldMax) failures.told.push(String((err as Error).message ?? err).slice(0, 300));
}

/** Does the work for 0 … count - 1; what fails is noted and does not stop the rest. */
export async function closedLoop(
  count: number,
  concurrency: number,
  failures: Failures,
  work: (nth: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const hand = async () => {
    while (next < count) await work(next++).catch((err: unknown) => noteFailure(failures, err));
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, hand));
}
