/** The case a call is about, as far as the caller may know of it, and what they hear of a command: its receipt, or that nobody has answered yet. */
import type { Receipt } from '../contracts/workflow.ts';
import type { CaseDocument } from '../db/case-document.ts';
import type { AppDeps } from './app.ts';
import { ownCasesOf, type Caller } from './auth.ts';
import type { CaseAddress } from './case-client.ts';
import { ApiError } from './errors.ts';
import { receiptOf } from './views.ts';

/** The case, if it belongs to the caller's merchant and, for a customer, to the caller; else 404, just as if there were none. */
export async function visibleCase(
  { database }: Pick<AppDeps, 'database'>,
  caller: Caller,
  caseId: string,
): Promise<CaseDocument> {
  const doc = await database.cases.find(caller.merchantId, caseId);
  const { customerId, orderId } = ownCasesOf(caller);
  if (!doc || doc.customerId !== (customerId ?? doc.customerId) || doc.orderId !== (orderId ?? doc.orderId))
    throw new ApiError('not_found');
  return doc;
}

/** Which workflow the case is by now. */
export const addressOf = ({ _id, about, generation }: Pick<CaseDocument, '_id' | 'about' | 'generation'>): CaseAddress => ({
  caseId: _id,
  type: about.caseType,
  generation,
});

/** What came of a command, and whether it can be read already. */
export const receiptTo = async (
  { database }: Pick<AppDeps, 'database'>,
  caller: Caller,
  caseId: string,
  receipt: Receipt,
): Promise<ReturnType<typeof receiptOf>> =>
  receiptOf(caseId, receipt, caller, await database.cases.shows(caseId, receipt.revision));

/** Not done yet and not refused: no worker answered in time. */
export const pending = (caseId: string, commandId: string) => ({
  status: 'pending' as const,
  caseId,
  commandId,
  detail: 'no worker answered in time; ask for the outcome, or send the same call with the same Idempotency-Key again',
});
