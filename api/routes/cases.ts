/** Opening a case, and reading cases: one, many, and what happened to one. Reads come from MongoDB alone. */
import { Router } from 'express';
import { openCaseBody } from '../../contracts/commands.ts';
import { listQuery, timelineQuery } from '../../contracts/queries.ts';
import { mayRoute } from '../../domain/permissions.ts';
import { callerOf, type Caller } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { commandIdOf, once } from '../idempotency.ts';
import { customerRefOf, prepareReturn } from '../opening.ts';
import { bodyOf, cursorOf, parsed, pathId, positionOf } from '../requests.ts';
import { receiptFrom, receiptOf, rowView, summaryOf, verdictOf, viewOf } from '../views.ts';
import type { AppDeps } from '../app.ts';
import type { CaseDocument } from '../../db/cases.ts';

const pageSize = 50;

export function caseRoutes(deps: AppDeps): Router {
  const { database, cases } = deps;
  const router = Router();

  router.post('/cases', async (req, res) => {
    const caller = callerOf(req);
    if (!mayRoute(caller.role, 'open_case')) throw new ApiError('forbidden');
    const commandId = commandIdOf(req, caller);
    const body = bodyOf(openCaseBody, req);
    await once(database.inbox, commandId, req, res, () => open(deps, caller, commandId, body));
  });

  router.get('/cases', async (req, res) => {
    const caller = callerOf(req);
    const { limit = pageSize, cursor, ...filter } = parsed(listQuery, req.query);
    const own = caller.role === 'customer' ? { customerId: caller.id } : {};
    // A customer who names somebody else sees nobody, not an error that tells them apart.
    const nobody = caller.role === 'customer' && filter.customerId !== undefined && filter.customerId !== caller.id;
    const found = nobody
      ? []
      : await database.cases.list(caller.merchantId, { ...filter, ...own }, limit + 1, positionOf(cursor));
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    res.json({
      cases: page.map(summaryOf),
      nextCursor: last ? cursorOf({ updatedAt: last.updatedAt, id: last._id }) : undefined,
    });
  });

  router.get('/cases/:caseId', async (req, res) => {
    const caller = callerOf(req);
    const doc = await visibleCase(deps, caller, pathId(req, 'caseId'));
    res.setHeader('ETag', `"${doc.state.revision}"`);
    res.json(viewOf(doc, caller, deps.workflowsUrl));
  });

  router.get('/cases/:caseId/timeline', async (req, res) => {
    const caller = callerOf(req);
    const doc = await visibleCase(deps, caller, pathId(req, 'caseId'));
    const { limit = pageSize, cursor = '0' } = parsed(timelineQuery, req.query);
    const rows = await database.cases.timeline(doc._id, doc.state.revision, Number(cursor), limit + 1);
    const page = rows.slice(0, limit);
    const refs = page.flatMap(({ event }) => event.textRef ?? []);
    const texts = await database.inbox.textsOf(doc._id, refs);
    res.json({
      rows: page.map((row) => rowView(row, texts, caller)),
      nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : undefined,
    });
  });

  router.get('/cases/:caseId/commands/:commandId', async (req, res) => {
    const doc = await visibleCase(deps, callerOf(req), pathId(req, 'caseId'));
    const outcome = await cases.outcome(doc._id, pathId(req, 'commandId'));
    if (!outcome)
      throw new ApiError('not_found', {
        detail: 'nothing is known of this command: send it again with the same Idempotency-Key',
      });
    if (outcome.kind === 'pending') res.status(202).json(pending(doc._id, pathId(req, 'commandId')));
    else res.json(receiptOf(doc._id, outcome.receipt, callerOf(req)));
  });

  router.all('/cases', methodNotAllowed('GET', 'POST'));
  router.all(['/cases/:caseId', '/cases/:caseId/timeline', '/cases/:caseId/commands/:commandId'], methodNotAllowed('GET'));
  return router;
}

/** The case, if it belongs to the caller's merchant and, for a customer, to the caller; else 404, just as if there were none. */
export async function visibleCase(
  { database }: AppDeps,
  { id, role, merchantId }: Caller,
  caseId: string,
): Promise<CaseDocument> {
  const doc = await database.cases.find(merchantId, caseId);
  if (!doc || (role === 'customer' && doc.customerId !== id)) throw new ApiError('not_found');
  return doc;
}

/** Not done yet and not refused: no worker answered in time. */
export const pending = (caseId: string, commandId: string) => ({
  status: 'pending' as const,
  caseId,
  commandId,
  detail: 'no worker answered in time; ask for the outcome, or send the same call with the same Idempotency-Key again',
});

async function open(deps: AppDeps, caller: Caller, commandId: string, body: ReturnType<typeof openCaseBody.parse>) {
  const { cases, database, customerRefKey } = deps;
  const input = await prepareReturn({ ...deps, ledgers: database.ledgers }, caller, body, commandId);
  const { caseId, merchantId, customerId } = input;
  const opened = await cases.open(input, commandId, customerRefOf(customerRefKey, merchantId, customerId));
  const headers = { location: `/cases/${caseId}` };
  if (opened?.kind === 'pending')
    return { status: 202, headers: { ...headers, 'retry-after': '5' }, body: pending(caseId, commandId) };
  const ended = opened ? undefined : await visibleCase(deps, caller, caseId);
  const receipt = opened ? opened.receipt : receiptFrom(ended!);
  // The race for the units was lost after all checks: the case is closed, and the caller hears why.
  if (receipt.verdict?.because.includes('units_in_another_case'))
    throw new ApiError('over_limit', { detail: `these units are in another case (closed as ${caseId})` });
  const verdict = receipt.verdict ? verdictOf(receipt.verdict) : undefined;
  return { status: 201, headers, body: { ...receiptOf(caseId, receipt, caller), rmaNo: ended?.rmaNo ?? input.rmaNo, verdict } };
}
