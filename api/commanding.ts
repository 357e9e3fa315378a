/**
 * Carrying out one command on one case, whichever route it came by: what the caller may see, free text kept apart, the Update sent,
 * and one answer for one key. Routes read requests; what a command means is the case's own affair.
 */
import { createHash } from 'node:crypto';
import type { CaseDocument } from '../db/case-document.ts';
import { mayCommand, type CommandName } from '../domain/permissions.ts';
import type { RequestedLine } from '../domain/return-state.ts';
import type { SentCommand } from '../workflows/messages.ts';
import type { AppDeps, CommandDeps } from './app.ts';
import type { Caller } from './auth.ts';
import { ApiError } from './errors.ts';
import type { Unsent } from './idempotency.ts';
import { findOrder, requestedLines } from './opening.ts';
import { addressOf, pending, receiptTo } from './visible.ts';

export interface Given {
  readonly name: CommandName;
  readonly caller: Caller;
  /** The Idempotency-Key in our own form; the Update's id. */
  readonly commandId: string;
  readonly body: Record<string, unknown>;
  readonly doc: CaseDocument;
  readonly expectedRevision?: number;
}

/** Throws `forbidden` to whoever may never give this command, whatever the case. */
export function checkRole({ role }: Caller, name: CommandName): void {
  if (!mayCommand(role, name)) throw new ApiError('forbidden', { detail: `${role} may not ${name}` });
}

/** Sends the command to its case, and says what became of it; to be called once for a key. */
export async function carryOut(deps: CommandDeps, given: Given): Promise<Unsent> {
  const { name, caller, commandId, doc, expectedRevision } = given;
  await deps.admit(doc._id);
  const payload = await payloadOf(deps, given);
  const sent = { actor: { id: caller.id, role: caller.role }, expectedRevision, payload } as SentCommand;
  const answer = await deps.cases.command(addressOf(doc), name, commandId, sent);
  if (answer.kind === 'pending') {
    const headers = { location: `/cases/${doc._id}/commands/${commandId}`, 'retry-after': '5' };
    return { status: 202, headers, body: pending(doc._id, commandId) };
  }
  return { status: 200, headers: {}, body: await receiptTo(deps, caller, doc._id, answer.receipt) };
}

/** The key of one case's part of a call for many. */
export const partIdOf = (commandId: string, caseId: string): string =>
  createHash('sha256')
    .update(JSON.stringify([commandId, caseId]))
    .digest('hex')
    .slice(0, 32);

function holdEndOf(until: unknown): number | undefined {
  if (typeof until !== 'string') return undefined;
  const at = Date.parse(until);
  if (at > Date.now()) return at;
  throw new ApiError('impossible_date', {
    fields: [{ pointer: '/until', code: 'impossible_date', message: 'this has passed already' }],
  });
}

/** The body as the case may see it: free text replaced by its reference, instants in epoch ms, cited rules and lines known to the case. */
async function payloadOf(deps: AppDeps, given: Given): Promise<object> {
  const { name, caller, commandId, body, doc } = given;
  if (name === 'submit_evidence') ensureRoom(doc, body.evidenceIds as string[]);
  if (name === 'hold_case') return { ...body, until: holdEndOf(body.until) };
  if (Array.isArray(body.ruleIds)) ensureKnownRules(deps, doc, body.ruleIds as string[]);
  const { reason, note, ...payload } = body;
  // Free text is `reason` or `note`; the reason of a request is one of our words.
  const edited =
    name === 'edit_request' ? { ...payload, reason, lines: await linesOf(deps, caller, doc, body.lines) } : undefined;
  if (edited) return edited;
  const text = reason ?? note;
  if (typeof text !== 'string') return payload;
  const textRef = await deps.database.inbox.keepText({
    ref: commandId,
    merchantId: caller.merchantId,
    caseId: doc._id,
    author: caller.id,
    text,
  });
  return { ...payload, textRef };
}

/** A case carries what it was shown; nobody can make it too heavy to be carried. */
const evidenceMax = 200;
function ensureRoom({ state }: CaseDocument, evidenceIds: readonly string[]): void {
  const all = new Set([...(state.request?.evidenceIds ?? []), ...evidenceIds]);
  if (all.size > evidenceMax)
    throw new ApiError('over_limit', {
      fields: [{ pointer: '/evidenceIds', code: 'over_limit', message: `at most ${evidenceMax} in all` }],
    });
}

function ensureKnownRules({ policies }: AppDeps, doc: CaseDocument, ruleIds: readonly string[]): void {
  const binding = policies.packs.filter(({ id, version }) =>
    doc.about.packs.some((pack) => pack.id === id && pack.version === version),
  );
  const known = new Set(binding.flatMap((pack) => pack.rules.map((rule) => rule.id)));
  const unknown = ruleIds.findIndex((ruleId) => !known.has(ruleId));
  if (unknown >= 0)
    throw new ApiError('unknown_rule', {
      fields: [{ pointer: `/ruleIds/${unknown}`, code: 'unknown_rule', message: 'no pack of this case has this rule' }],
    });
}

/** The lines of an edited request, with what the order says of them. */
async function linesOf(deps: AppDeps, caller: Caller, doc: CaseDocument, lines: unknown): Promise<RequestedLine[] | undefined> {
  if (lines === undefined) return undefined;
  const order = await findOrder(deps.orders, caller, doc.orderId);
  return requestedLines(deps.database.ledgers, order, lines as { lineId: string; quantity: number }[], doc._id);
}
