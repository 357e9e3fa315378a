/**
 * A background of lies by chance: each call and each event may be bent, as likely as told, decided by the seed and by what it is.
 * The same seed and the same traffic give the same lies. They live in memory: a restart clears them. Faults on order go first.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { FaultKind, Operation, Partner } from './fault-words.ts';

const chance = z.number().min(0).max(1).default(0);
/** `latencyMs` is how late a late event comes, and how long a reordered one waits at most for the next of its subject. */
export const liesSchema = z.strictObject({
  seed: z.union([z.int(), z.string().min(1)]),
  duplicate: chance,
  reorder: chance,
  lost: chance,
  late: chance,
  timeoutAfterEffect: chance,
  rateLimited: chance,
  unavailable: chance,
  latencyMs: z.int().nonnegative().max(600_000).optional(),
});
type LiesRequest = z.output<typeof liesSchema>;
type Lie = Exclude<keyof LiesRequest, 'seed' | 'latencyMs'>;

const kinds: Record<Lie, FaultKind> = {
  duplicate: 'duplicate_webhook',
  reorder: 'reorder_webhook',
  lost: 'lost_webhook',
  late: 'late_webhook',
  timeoutAfterEffect: 'timeout_after_effect',
  rateLimited: 'rate_limited',
  unavailable: 'unavailable',
};
const ofEvents: readonly Lie[] = ['lost', 'late', 'reorder', 'duplicate'];
const ofCalls: readonly Lie[] = ['timeoutAfterEffect', 'rateLimited', 'unavailable'];

interface PickedLie {
  fault: FaultKind;
  latencyMs?: number;
}

export function createLies() {
  let plan: LiesRequest | undefined;
  let fired: Partial<Record<Lie, number>> = {};
  let asked = new Map<string, number>();

  return {
    set(request: LiesRequest | undefined): void {
      plan = request;
      fired = {};
      asked = new Map();
    },
    list: () => ({ plan: plan ?? null, fired }),
    /** A call is judged anew each time it is repeated, so that it comes through in the end. */
    pick(partner: Partner, operation: Operation, subject: string): PickedLie | undefined {
      if (!plan) return undefined;
      const name = `${partner}/${operation}/${subject}`;
      const nth = (asked.get(name) ?? 0) + 1;
      asked.set(name, nth);
      const { seed, latencyMs } = plan;
      const chances = plan;
      const lie = (operation === 'webhook' ? ofEvents : ofCalls).find(
        (one) => fractionOf(`${seed}/${one}/${name}/${nth}`) < chances[one],
      );
      if (!lie) return undefined;
      fired[lie] = (fired[lie] ?? 0) + 1;
      return operation === 'webhook' ? { fault: kinds[lie], latencyMs } : { fault: kinds[lie] };
    },
  };
}

/** At least 0 and below 1, spread evenly. */
function fractionOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
