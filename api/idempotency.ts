/**
 * One answer for one Idempotency-Key: same key and body, the same bytes again; another body 422; a twin in flight 409.
 * The key is scoped to merchant and caller. Kept are answers that are final; what may still succeed is tried anew under the same key.
 */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Answer, Inbox } from '../db/inbox.ts';
import type { Caller } from './auth.ts';
import { ApiError, problemOf, requestIdOf } from './errors.ts';

/** A call's key in our own form: the Update's id, and the seed of a new case's id. */
export function commandIdOf(req: Request, caller: Caller): string {
  const key = req.get('idempotency-key');
  if (!key || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ApiError('idempotency_key_required', { detail: 'send an Idempotency-Key of 1 to 255 visible ASCII characters' });
  return createHash('sha256')
    .update(JSON.stringify([caller.merchantId, caller.role, caller.id, key]))
    .digest('hex')
    .slice(0, 32);
}

/** An answer before it is put into bytes. */
export interface Unsent {
  readonly status: number;
  readonly headers: Answer['headers'];
  readonly body: unknown;
  /** Where the status alone does not tell whether it will always be the same. */
  readonly final?: boolean;
}

/** Final: it will be the same however often it is asked. 202 and 503 are not, nor is a bug. */
export const isFinal = (status: number): boolean =>
  (status >= 200 && status < 300 && status !== 202) || [404, 409, 412, 422].includes(status);

export const hashOf = (request: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(request)).digest('hex');

export async function once(inbox: Inbox, commandId: string, req: Request, res: Response, call: () => Promise<Unsent>) {
  const bodyHash = hashOf([req.method, req.originalUrl, req.get('if-match') ?? '', req.body]);
  const { answer, replayed } = await answerOnce(inbox, commandId, bodyHash, requestIdOf(res), call);
  send(res, answer, replayed);
}

/** The one answer of this key: carried out now, or as it was then. Throws what is not final. */
export async function answerOnce(
  inbox: Inbox,
  commandId: string,
  bodyHash: string,
  requestId: string,
  call: () => Promise<Unsent>,
): Promise<{ answer: Answer; replayed: boolean }> {
  const begun = await inbox.begin(commandId, bodyHash);
  if (begun.kind === 'other_body') throw new ApiError('idempotency_key_reused');
  if (begun.kind === 'in_flight') throw new ApiError('in_flight', { retryAfterSeconds: 1 });
  if (begun.kind === 'answered') return { answer: begun.answer, replayed: true };
  let answer: Answer;
  let final: boolean;
  try {
    const { status, headers, body, ...said } = await call();
    answer = { status, headers, body: JSON.stringify(body) };
    final = said.final ?? isFinal(status);
  } catch (err) {
    const problem = err instanceof ApiError ? problemOf(err, requestId) : undefined;
    if (!problem || !isFinal(problem.status)) {
      await inbox.giveUp(commandId, begun.leaseUntil);
      throw err;
    }
    answer = { status: problem.status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(problem) };
    final = true;
  }
  if (final) answer = await inbox.finish(commandId, answer);
  else await inbox.giveUp(commandId, begun.leaseUntil);
  return { answer, replayed: false };
}

function send(res: Response, { status, headers, body }: Answer, replayed: boolean): void {
  if (replayed) res.setHeader('Idempotency-Replayed', 'true');
  res.status(status).type('application/json').set(headers).send(body);
}
