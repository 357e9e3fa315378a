/** One command for many cases: each is given it under a key of its own, as if it had been sent alone, and answers for itself. */
import type { z } from 'zod';
import type { bulkBody, bulkView } from '../contracts/bulk.ts';
import type { CommandDeps } from './app.ts';
import type { Caller } from './auth.ts';
import { carryOut, partIdOf } from './commanding.ts';
import { asApiError, problemOf } from './errors.ts';
import { answerOnce, hashOf, isFinal, type Unsent } from './idempotency.ts';
import { visibleCase } from './visible.ts';

type BulkBody = z.infer<typeof bulkBody>;
type Result = z.infer<typeof bulkView>['results'][number];

/** As many cases are commanded at the same time; the others wait. */
const atOnce = 8;

/** Results in the order of the case ids. Final once every one of them is: before that the same key tries the others again. */
export async function giveToMany(deps: CommandDeps, caller: Caller, commandId: string, body: BulkBody): Promise<Unsent> {
  const results: Result[] = [];
  const waiting = body.caseIds.entries();
  const work = async () => {
    for (const [index, caseId] of waiting) results[index] = await giveToOne(deps, caller, commandId, body, caseId);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const final = results.every(({ status, code }) => isFinal(status) && code !== 'in_flight');
  return { status: 200, headers: {}, body: { results }, final };
}

async function giveToOne(
  deps: CommandDeps,
  caller: Caller,
  commandId: string,
  { command: name, payload }: BulkBody,
  caseId: string,
): Promise<Result> {
  const partId = partIdOf(commandId, caseId);
  try {
    const doc = await visibleCase(deps, caller, caseId);
    const given = { name, caller, commandId: partId, body: payload, doc };
    const bodyHash = hashOf([name, caseId, payload]);
    const { answer } = await answerOnce(deps.database.inbox, partId, bodyHash, partId, () => carryOut(deps, given));
    const { status } = answer;
    const { code, detail, ...told } = JSON.parse(answer.body) as { code?: string; detail?: string };
    if (status === 200) return { caseId, status, receipt: told as Result['receipt'] };
    return { caseId, status, code, detail, commandId: status === 202 ? partId : undefined };
  } catch (err) {
    const problem = asApiError(err);
    if (problem.code === 'internal') deps.log.error({ err: problem.cause ?? err, caseId }, 'bulk');
    const { status, code, detail } = problemOf(problem, partId);
    return { caseId, status, code, detail };
  }
}
