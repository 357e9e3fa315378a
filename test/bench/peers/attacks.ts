/**
 * Three attacks, the same on each system: a command twice at once, a reception twice at once, and the application killed after the provider
 * took the refund. What was really paid is read in the provider's ledger, never in the system's own books.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from './http.ts';
import { median } from './speed.ts';
import { type MessageName, type Peer, unitsOfCase } from './peer.ts';
import type { ReturnInput } from './provider/client.ts';

export interface Field {
  readonly peer: Peer;
  readonly provider: string;
  readonly tries: number;
  /** New inputs, by case id. */
  inputs(n: number): ReadonlyMap<string, ReturnInput>;
}

const pollMs = 250;
const settleMs = 2_000;
const finishWithinMs = 30_000;

async function bring({ peer }: Field, caseId: string, input: ReturnInput, upTo: 'approve' | 'received'): Promise<string> {
  const id = await peer.open(caseId, input);
  for (const name of upTo === 'received' ? (['approve', 'received'] as const) : (['approve'] as const)) {
    await peer.ready?.(id, name);
    const status = await peer.send(id, name, `${id}/${name}`);
    if (status > 299) throw new Error(`${name}: ${status}`);
  }
  if (upTo === 'approve') await peer.ready?.(id, 'received');
  return id;
}

async function until(holds: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const giveUpAt = Date.now() + withinMs; Date.now() < giveUpAt; await pause(pollMs))
    if (await holds().catch(() => false)) return true;
  return false;
}

const isClosed = async (peer: Peer, id: string) => (await peer.look(id)).stage === 'closed';
const refundsOf = async ({ peer, provider }: Field, id: string): Promise<number> =>
  (await ask('GET', `${provider}/count?caseId=${encodeURIComponent(peer.ledgerId?.(id) ?? id)}`)).refunds as number;

const paid = (field: Field, ids: readonly string[]): Promise<number[]> => Promise.all(ids.map((id) => refundsOf(field, id)));
const twice = (refunds: readonly number[]): number => refunds.filter((n) => n > 1).length;

async function twiceAtOnce(peer: Peer, id: string, name: MessageName, keys: readonly [string, string]): Promise<string> {
  const replies = await Promise.all(keys.map((key) => peer.send(id, name, key).catch(() => 0)));
  return replies.toSorted((a, b) => a - b).join('+');
}

const tally = (words: readonly string[]): Record<string, number> =>
  words.reduce<Record<string, number>>((all, word) => ({ ...all, [word]: (all[word] ?? 0) + 1 }), {});

/** The command that leads to the refund, twice at once: with one key, or with two. */
export async function refundTwice(field: Field, keys: 'one_key' | 'two_keys') {
  const { peer, tries } = field;
  const inputs = field.inputs(tries);
  await peer.prepare?.([...inputs.values()]);
  const ids: string[] = [];
  const answers: string[] = [];
  for (const [caseId, input] of inputs) {
    const id = await bring(field, caseId, input, 'received');
    ids.push(id);
    answers.push(await twiceAtOnce(peer, id, 'inspected', [`${id}/a`, keys === 'one_key' ? `${id}/a` : `${id}/b`]));
  }
  const closed = await Promise.all(ids.map((id) => until(() => isClosed(peer, id), finishWithinMs)));
  await pause(settleMs);
  const refunds = await paid(field, ids);
  return {
    tries,
    refunds: refunds.reduce((sum, n) => sum + n, 0),
    paidTwice: twice(refunds),
    finished: closed.filter(Boolean).length,
    answers: tally(answers),
  };
}

/** Two people confirm the same two units at once. */
export async function receptionTwice(field: Field) {
  const { peer, tries } = field;
  const inputs = field.inputs(tries);
  await peer.prepare?.([...inputs.values()]);
  const ids: string[] = [];
  const answers: string[] = [];
  for (const [caseId, input] of inputs) {
    const id = await bring(field, caseId, input, 'approve');
    ids.push(id);
    answers.push(await twiceAtOnce(peer, id, 'received', [`${id}/a`, `${id}/b`]));
  }
  await Promise.all(ids.map((id) => until(async () => (await peer.look(id)).units > 0, finishWithinMs)));
  await pause(settleMs);
  const units = await Promise.all(ids.map(async (id) => (await peer.look(id)).units));
  return {
    tries,
    unitsSent: tries * unitsOfCase,
    unitsBooked: units.reduce((sum, n) => sum + n, 0),
    bookedTwice: units.filter((n) => n > unitsOfCase).length,
    answers: tally(answers),
  };
}

/** All tries at once: the provider takes each refund and holds its answer; then kill -9, and a new start. Only what is left after 30 s is ordered once more. */
export async function killed(field: Field, honoursKeys: boolean) {
  const { peer, provider, tries } = field;
  const inputs = field.inputs(tries);
  await peer.prepare?.([...inputs.values()]);
  const ids: string[] = [];
  for (const [caseId, input] of inputs) ids.push(await bring(field, caseId, input, 'received'));
  await ask('POST', `${provider}/control`, { body: { honoursKeys, hold: true } });
  try {
    const sent = ids.map((id) => peer.send(id, 'inspected', `${id}/inspected`).catch(() => 0));
    const taken = await until(async () => (await Promise.all(ids.map((id) => refundsOf(field, id)))).every((n) => n > 0), 20_000);
    await peer.crash();
    await ask('POST', `${provider}/control`, { body: { hold: false } });
    await Promise.all(sent);
    const from = Date.now();
    await peer.revive();
    const revivedMs = Date.now() - from;
    const times: number[] = [];
    const left: string[] = [];
    const waits = ids.map(async (id) => {
      if (await until(() => isClosed(peer, id), finishWithinMs)) times.push((Date.now() - from - revivedMs) / 1_000);
      else left.push(id);
    });
    await Promise.all(waits);
    await pause(settleMs);
    const refunds = await paid(field, ids);
    const again = await Promise.all(left.map((id) => peer.send(id, 'inspected', `${id}/inspected`).catch(() => 0)));
    await pause(left.length > 0 ? settleMs : 0);
    return {
      tries,
      providerHonoursKeys: honoursKeys,
      allTakenBeforeTheKill: taken,
      startedAgainAfterSeconds: revivedMs / 1_000,
      finishedByThemselves: times.length,
      ...(times.length > 0 ? { medianSecondsAfterStart: Math.round(median(times) * 100) / 100 } : {}),
      paidTwice: twice(refunds),
      refunds: refunds.reduce((sum, n) => sum + n, 0),
      orderedOnceMore: { cases: left.length, answers: tally(again.map(String)), paidTwiceThen: twice(await paid(field, left)) },
    };
  } finally {
    await ask('POST', `${provider}/control`, { body: { honoursKeys: true, hold: false } });
  }
}
