/** Commands and partners' words, by Temporal's histories: what was acknowledged is in them (I3), a command exactly once; a word has one effect (I4). */
import { createHash } from 'node:crypto';
import type { Acknowledged } from '../client.ts';
import type { Evidence } from './evidence.ts';
import type { Violation } from './index.ts';

/** Update id of a call, worked out anew from its key and caller, as docs/architecture.md says it is made. */
function updateIdOf({ key, token }: Pick<Acknowledged, 'key' | 'token'>): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as Record<string, string>;
  return createHash('sha256')
    .update(JSON.stringify([claims.merchantId, claims.role, claims.sub, key]))
    .digest('hex')
    .slice(0, 32);
}

export function lostCommands({ cases }: Evidence, acknowledged: readonly Acknowledged[]): Violation[] {
  return acknowledged.flatMap((one) => {
    const id = updateIdOf(one);
    const runs = cases.get(one.caseId)?.runs ?? [];
    const times = runs.flatMap((run) => run.updates.filter((update) => update.id === id)).length;
    const reopened = runs.filter((run) => run.input.reopened?.messageId === id).length;
    const isReopening = one.what === 'reopen' || one.what === 'appeal';
    const known = isReopening ? Math.min(1, reopened + times) : times;
    if (known === 1) return [];
    return [
      { invariant: 'I3', caseId: one.caseId, what: `${one.what} (${one.key}) was acknowledged and is in history ${known} times` },
    ];
  });
}

/** I3: a partner whose event was acknowledged does not send it again, so a case has heard of it, or it is written down that nobody could. */
export const unheardWords = ({ words: { acknowledged, heard } }: Evidence): Violation[] =>
  acknowledged.flatMap((eventId) =>
    heard.has(eventId) ? [] : [{ invariant: 'I3', what: `event ${eventId} was acknowledged, and nobody has heard of it` }],
  );

/** I4: the same word of a partner twice in one case: one key among those that had an effect, or one scan moved it twice. */
export function repeatedEffects({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, snapshot, rows }) => {
    const seen = snapshot?.state.seen ?? [];
    const twice = seen.filter((key, index) => seen.indexOf(key) < index);
    const scans = rows.flatMap(({ event }) => (event.occurredAt === undefined ? [] : [`${event.type} at ${event.occurredAt}`]));
    const again = scans.filter((scan, index) => scans.indexOf(scan) < index);
    return [...twice, ...again].map((what) => ({ invariant: 'I4', caseId, what: `${what} had its effect twice` }));
  });
}
