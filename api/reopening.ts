/** Going on with a case that has ended: its units are claimed again, and its next generation starts from the closed case file. */
import type { CaseDocument } from '../db/case-document.ts';
import { entries, nextGeneration, reopenedBy, reopenRefusal, type Entry } from '../domain/reopening.ts';
import type { ReturnFact } from '../domain/return-facts.ts';
import type { ReturnState } from '../domain/return-state.ts';
import type { Receipt, Reopening, ReturnInput } from '../contracts/workflow.ts';
import type { AppDeps } from './app.ts';
import type { Caller } from './auth.ts';
import { ApiError } from './errors.ts';
import type { Unsent } from './idempotency.ts';
import { customerRefOf, disputesOf } from './opening.ts';
import { receiptFrom } from './views.ts';
import { addressOf, receiptTo } from './visible.ts';

type ReopeningDeps = Pick<AppDeps, 'database' | 'cases' | 'customerRefKey'>;

export interface Asked {
  readonly entry: Entry;
  readonly cause: string;
  readonly textRef?: string;
  readonly commandId: string;
  /** The revision the caller looked at; absent: whatever it is. */
  readonly expectedRevision?: number;
}

/**
 * Reopens for a person, who then reads what was written. Throws `not_allowed_now` while the case is open, its term is over or somebody else
 * was faster, `not_offered` where it cannot go on, `over_limit` where its units are in another case by now.
 */
export async function reopenFor(deps: ReopeningDeps, caller: Caller, doc: CaseDocument, asked: Asked): Promise<Unsent> {
  const answer = async (receipt: Receipt, generation: number): Promise<Unsent> => ({
    status: 200,
    headers: {},
    body: { ...(await receiptTo(deps, caller, doc._id, receipt)), generation },
  });
  // It has had its effect, and only the answer was lost; the case may have ended again since.
  if (doc.state.seen.includes(asked.commandId)) return answer(receiptFrom(doc), doc.generation ?? 1);
  const next = await nextOf(deps, caller, doc, asked);
  const opened = await deps.cases.open(next, asked.commandId, refOf(deps, next));
  if (opened?.kind === 'pending') throw new ApiError('try_again', { detail: 'no worker answered in time' });
  const generation = next.carried?.generation ?? 1;
  const now = opened && (await deps.cases.snapshotOf({ caseId: doc._id, generation }));
  if (!opened || !now?.state.seen.includes(asked.commandId)) throw alreadyOpen();
  return answer(opened.receipt, generation);
}

const alreadyOpen = () => new ApiError('not_allowed_now', { detail: 'the case is open: nothing to reopen', availableMoves: [] });

/** The input of the next generation, its units claimed; or an ApiError that says why there can be none. */
async function nextOf(deps: ReopeningDeps, caller: Caller, doc: CaseDocument, asked: Asked): Promise<ReturnInput> {
  const { entry, cause, textRef, commandId, expectedRevision } = asked;
  if (expectedRevision !== undefined && expectedRevision !== doc.state.revision)
    throw new ApiError('stale_revision', { detail: `the case is at revision ${doc.state.revision}` });
  if (doc.open) throw alreadyOpen();
  if (doc.about.caseType !== 'return')
    throw new ApiError('not_allowed_now', { detail: 'only returns go on after their end', availableMoves: [] });
  const carry = await deps.cases.carryOf(addressOf(doc));
  if (!carry?.carried)
    throw new ApiError('not_allowed_now', { detail: 'it is too long ago that the case ended', availableMoves: [] });
  const refusal = reopenRefusal(carry.carried, entry, caller.role, Date.now()) ?? unasked(carry.carried, entry, caller);
  if (refusal) {
    const { code, message, pointer, availableMoves } = refusal;
    const fields = pointer ? [{ pointer, code, message }] : undefined;
    throw new ApiError(code, { detail: message, fields, availableMoves });
  }
  const by = { id: caller.id, role: caller.role };
  const next = await claimed(deps, carry, entry, { stage: entries[entry], by, cause, textRef, messageId: commandId });
  if (!next) throw new ApiError('over_limit', { detail: 'these units are in another case by now' });
  return next;
}

/** Whose goods never left has nothing at the dock: a customer could otherwise pass by the decision about the request. */
const unasked = ({ lots }: ReturnState, entry: Entry, { role }: Caller) =>
  role === 'customer' && entry === 'goods' && lots.every((lot) => lot.reception === 'with_customer')
    ? { code: 'not_offered' as const, message: 'no goods are on their way', pointer: '/entry', availableMoves: undefined }
    : undefined;

/** Reopens for a fact that an end cannot answer; false: it changes nothing. `ended_since`: the next generation is history already. */
export async function reopenWith(deps: ReopeningDeps, doc: CaseDocument, fact: ReturnFact): Promise<boolean | 'ended_since'> {
  if (doc.open || doc.about.caseType !== 'return') return false;
  const entry = reopenedBy(doc.state, fact);
  const carry = entry && (await deps.cases.carryOf(addressOf(doc)));
  if (!carry?.carried) return false;
  const { name, ...told } = fact;
  const by = { id: name === 'parcel_scanned' ? 'carrier' : 'payments', role: 'partner' as const };
  const next = await claimed(deps, carry, entry!, { stage: entries[entry!], by, cause: name });
  if (!next) return false; // its units are in another case: a person has to look
  return (await deps.cases.reopenTelling(next, refOf(deps, next), name, told as never)) || 'ended_since';
}

const refOf = ({ customerRefKey }: ReopeningDeps, { merchantId, customerId }: ReturnInput): string =>
  customerRefOf(customerRefKey, merchantId, customerId);

/** The closed case with its units claimed again, as its next generation begins; undefined: they are in another case by now. */
async function claimed(
  deps: ReopeningDeps,
  input: ReturnInput,
  entry: Entry,
  reopened: Reopening,
): Promise<ReturnInput | undefined> {
  const { caseId, merchantId, order, carried } = input;
  const lines = carried?.request?.lines ?? input.lines;
  if (entry !== 'money' && !(await deps.database.ledgers.claimExactly({ merchantId, orderId: order.orderId, caseId, lines })))
    return undefined;
  const next = carried && nextGeneration(carried, entry);
  // A dispute that reopens the case at its money is told to it as a fact.
  if (!next || entry === 'money' || !input.edition) return { ...input, carried: next, reopened };
  const payment = { merchantId, paymentId: order.paymentId };
  const disputes = await disputesOf(deps, payment, caseId, next.disputes);
  return { ...input, carried: { ...next, disputes }, reopened };
}
