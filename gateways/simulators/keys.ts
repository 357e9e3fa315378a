/**
 * Idempotency keys while a request is being worked on: what the draft standard asks of a server towards twins.
 * What is remembered after the answer is each book's own affair.
 */
import { SimulatorRefusal } from './wire.ts';

export function createInFlight() {
  const hashes = new Map<string, string>();

  /** Refuses a twin with 409 `in_flight`, and the same key with other content with 422. */
  function ensureFree(key: string, requestHash: string): void {
    const twin = hashes.get(key);
    if (twin === undefined) return;
    ensureSameRequest(twin === requestHash);
    throw new SimulatorRefusal(409, 'in_flight', `A request with key ${key} is being worked on`, { 'retry-after': '1' });
  }

  return {
    ensureFree,
    async hold<T>(key: string, requestHash: string, work: () => Promise<T>): Promise<T> {
      ensureFree(key, requestHash);
      hashes.set(key, requestHash);
      try {
        return await work();
      } finally {
        hashes.delete(key);
      }
    },
  };
}

/** Refuses with 422 `idempotency_key_reused`. */
export function ensureSameRequest(same: boolean): void {
  if (!same) throw new SimulatorRefusal(422, 'idempotency_key_reused', 'This key was used for a request with other content');
}
