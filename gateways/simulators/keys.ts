/**
 * Idempotency keys: what the draft standard asks of a server towards twins and repeats.
 * Which answer a known key gets, the first one or the present state, is each book's own affair.
 */
import { type Answer, hashOf, SimulatorRefusal } from './wire.ts';

function createInFlight() {
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

/** What is remembered of a key. */
interface Known {
  requestHash: string;
  answer: Answer;
}

/**
 * At most one effect a key: a repeat hears what is `known` once that is durable, a twin meets 409 `in_flight`, other content 422.
 * `make` is called with the request's hash; if it refuses, the key stays unused.
 */
export function createOncePerKey(known: (key: string) => Known | undefined, durable: () => Promise<void>) {
  const inFlight = createInFlight();

  return async function once(request: { key: string }, make: (requestHash: string) => Promise<Answer>): Promise<Answer> {
    const requestHash = hashOf(request);
    inFlight.ensureFree(request.key, requestHash);
    const earlier = known(request.key);
    if (earlier) {
      ensureSameRequest(earlier.requestHash === requestHash);
      await durable();
      return earlier.answer;
    }
    return inFlight.hold(request.key, requestHash, () => make(requestHash));
  };
}

/** First answers by key, forgotten at a certain age as providers do; to be fed with every row, replayed or new. */
export function createKeyMemory(expiryMs: number | null) {
  const answers = new Map<string, Known & { at: number }>();
  let maxAgeMs = expiryMs;

  return {
    remember({ key, requestHash, answer, at }: Known & { key: string; at: string }): void {
      answers.set(key, { requestHash, answer, at: Date.parse(at) });
    },
    /** Keys of this age and older are forgotten; null keeps them for ever. */
    expireAfter: (ms: number | null): void => {
      maxAgeMs = ms;
    },
    known: (key: string): Known | undefined => {
      const entry = answers.get(key);
      return entry && (maxAgeMs === null || Date.now() - entry.at < maxAgeMs) ? entry : undefined;
    },
  };
}

/** Refuses with 422 `idempotency_key_reused`. */
function ensureSameRequest(same: boolean): void {
  if (!same) throw new SimulatorRefusal(422, 'idempotency_key_reused', 'This key was used for a request with other content');
}
