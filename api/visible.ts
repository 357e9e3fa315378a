/** The case a call is about, as far as the caller may know of it, and what they hear of a command: its receipt, or that nobody has answered yet. */
import type { Receipt } from '../contracts/workflow.ts';
import type { CaseDocument } from '../db/case-document.ts';
import type { LinkKind } from '../domain/commands.ts';
import type { AppDeps } from './app.ts';
import { ownCasesOf, type Caller } from './auth.ts';
import type { CaseAddress } from './case-client.ts';
import { ApiError } from './errors.ts';
import { catchUp, type RebuildingDeps } from './rebuilding.ts';
import { receiptOf } from './views.ts';

/** The case, if it belongs to the caller's merchant and, for a customer, to the caller; else 404, just as if there were none. */
export async function visibleCase(deps: Pick<AppDeps, 'database'>, caller: Caller, caseId: string): Promise<CaseDocument> {
  const doc = await findVisible(deps, caller, caseId);
  if (!doc) throw new ApiError('not_found');
  return doc;
}

async function findVisible({ database }: Pick<AppDeps, 'database'>, caller: Caller, caseId: string) {
  const doc = await database.cases.find(caller.merchantId, caseId);
  const { customerId, orderId } = ownCasesOf(caller);
  const isOwn = doc?.customerId === (customerId ?? doc?.customerId) && doc?.orderId === (orderId ?? doc?.orderId);
  return isOwn ? doc : null;
}

/** Staff see every link. Customers learn which case of theirs this one goes on from, and nothing of what staff found alike in others. */
export async function visibleLinks(deps: Pick<AppDeps, 'database'>, caller: Caller, { state }: CaseDocument) {
  const links = [...(state.links ?? [])];
  if (caller.role !== 'customer') return links;
  const goesOn = links.filter(({ kind }) => successions.includes(kind));
  const found = await Promise.all(goesOn.map(({ otherId }) => findVisible(deps, caller, otherId)));
  return goesOn.filter((_, index) => found[index]);
}
const successions: readonly string[] = ['converted_from', 'replacement_of', 'complains_about', 'split_from'] satisfies LinkKind[];

/** Which workflow the case is by now. */
export const addressOf = ({ _id, about, generation }: Pick<CaseDocument, '_id' | 'about' | 'generation'>): CaseAddress => ({
  caseId: _id,
  type: about.caseType,
  generation,
});

/** What came of a command, and whether it can be read already. Where a worker could not save it, MongoDB being out of its reach, we do. */
export async function receiptTo(deps: RebuildingDeps, caller: Caller, caseId: string, receipt: Receipt) {
  const shows = (): Promise<boolean> => deps.database.cases.shows(caseId, receipt.revision);
  const projected = (await shows()) || (await catchUp(deps, caller.merchantId, caseId).then(shows, () => false));
  return receiptOf(caseId, receipt, caller, projected);
}

/** Not done yet and not refused: no worker answered in time. */
export const pending = (caseId: string, commandId: string) => ({
  status: 'pending' as const,
  caseId,
  commandId,
  detail: 'no worker answered in time; ask for the outcome, or send the same call with the same Idempotency-Key again',
});
