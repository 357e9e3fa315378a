/** What all fakes share: failures on order, a list of calls, and keys that name one thing for ever. */
import { hashOf, SimulatorRefusal } from '../simulators/wire.ts';
import type { Operation } from '../simulators/fault-words.ts';
import { PartnerRefusal } from '../http.ts';

export type FakeOperation = Exclude<Operation, 'webhook'>;

export interface FakeCall {
  operation: FakeOperation;
  /** Key, case id or order id: whatever the call named first. */
  subject: string;
}

export interface FailureOptions {
  /** Default 1; Infinity for good. */
  times?: number;
  /** The effect happens and the caller hears of the error alone, as when an answer is lost. */
  afterEffect?: boolean;
}

/** Rules that the simulators share with the fakes refuse in the simulators' words; callers hear the adapter's. */
export type Perform = <T>(operation: FakeOperation, subject: string, effect: () => T) => Promise<T>;

export function createFailures() {
  const calls: FakeCall[] = [];
  const failures: { operation: FakeOperation; error: Error; left: number; afterEffect: boolean }[] = [];

  const perform: Perform = async (operation, subject, effect) => {
    calls.push({ operation, subject });
    const failure = failures.find((candidate) => candidate.operation === operation && candidate.left > 0);
    if (!failure) return inAdaptersWords(effect);
    failure.left -= 1;
    if (failure.afterEffect) inAdaptersWords(effect);
    throw failure.error;
  };

  const failNext = (operation: FakeOperation, error: Error, { times = 1, afterEffect = false }: FailureOptions = {}) =>
    void failures.push({ operation, error, left: times, afterEffect });

  return { calls, perform, failNext };
}

/** Makes a thing once a key and gives it again later, as it is then; other content under the key is refused. */
export function createOnce<T>() {
  const made = new Map<string, { requestHash: string; thing: T }>();

  return (request: { key: string }, make: () => T): T => {
    const requestHash = hashOf(request);
    const earlier = made.get(request.key);
    if (earlier && earlier.requestHash !== requestHash) {
      throw new PartnerRefusal('idempotency_key_reused', 'This key was used for a request with other content');
    }
    if (earlier) return earlier.thing;
    const thing = make();
    made.set(request.key, { requestHash, thing });
    return thing;
  };
}

function inAdaptersWords<T>(effect: () => T): T {
  try {
    return structuredClone(effect());
  } catch (error) {
    if (error instanceof SimulatorRefusal) throw new PartnerRefusal(error.code, error.message);
    throw error;
  }
}
