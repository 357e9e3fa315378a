/** Opening a case, and reading cases: one, many, and what happened to one. Reads come from MongoDB alone. */
import { Router } from 'express';
import { openCaseBody } from '../../contracts/commands.ts';
import { listQuery, noQuery, timelineQuery, type ListQuestion } from '../../contracts/queries.ts';
import { mayRoute } from '../../domain/permissions.ts';
import { callerOf, ownCasesOf, type Caller } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { commandIdOf, once } from '../idempotency.ts';
import { customerRefOf, prepareReturn } from '../opening.ts';
import { bodyOf, cursorOf, parsed, pathId, positionOf } from '../requests.ts';
import { addressOf, pending, receiptTo, visibleCase, visibleLinks } from '../visible.ts';
import { countsOf, receiptFrom, isShown, rowView, summaryOf, verdictOf } from '../views.ts';
import { viewOf } from '../case-view.ts';
import type { AppDeps } from '../app.ts';
import type { CaseClient, Sent } from '../case-client.ts';
import type { CaseDocument } from '../../db/case-document.ts';
import type { Position } from '../../db/case-lists.ts';

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
    const question = parsed(listQuery, req.query);
    const { limit = pageSize, sort = '-updated' } = question;
    const after = positionOf(question.cursor, sort);
    const found = await findCases(deps, caller, question, limit + 1, after);
    const page = found.slice(0, limit);
    const last = found.length > limit && question.q === undefined ? page.at(-1) : undefined;
    const at = sort === 'due' ? last?.dueSort : last?.updatedAt;
    res.json({
      cases: page.map((one) => summaryOf(one, caller)),
      nextCursor: last ? cursorOf({ sort, at, id: last._id }) : undefined,
    });
  });

  router.get('/cases/counts', async (req, res) => {
    const caller = callerOf(req);
    parsed(noQuery, req.query);
    res.json(countsOf(await database.cases.counts(caller.merchantId, ownCasesOf(caller))));
  });

  router.get('/cases/:caseId', async (req, res) => {
    const caller = callerOf(req);
    const doc = await visibleCase(deps, caller, pathId(req, 'caseId'));
    res.setHeader('ETag', `"${doc.state.revision}"`);
    res.json(viewOf(doc, caller, await visibleLinks(deps, caller, doc), deps.workflowsUrl));
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
      rows: page.filter((row) => isShown(row, caller)).map((row) => rowView(row, texts, caller)),
      nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : undefined,
    });
  });

  router.get('/cases/:caseId/commands/:commandId', async (req, res) => {
    const doc = await visibleCase(deps, callerOf(req), pathId(req, 'caseId'));
    const outcome = await outcomeOf(cases, doc, pathId(req, 'commandId'));
    if (!outcome)
      throw new ApiError('not_found', {
        detail: 'nothing is known of this command: send it again with the same Idempotency-Key',
      });
    if (outcome.kind === 'pending') res.status(202).json(pending(doc._id, pathId(req, 'commandId')));
    else res.json(await receiptTo(deps, callerOf(req), doc._id, outcome.receipt));
  });

  router.all('/cases', methodNotAllowed('GET', 'POST'));
  router.all(
    ['/cases/counts', '/cases/:caseId', '/cases/:caseId/timeline', '/cases/:caseId/commands/:commandId'],
    methodNotAllowed('GET'),
  );
  return router;
}

/** What became of a command, whichever generation of the case it was given to. */
async function outcomeOf(cases: CaseClient, doc: CaseDocument, commandId: string): Promise<Sent | undefined> {
  for (let generation = doc.generation ?? 1; generation > 0; generation -= 1) {
    const outcome = await cases.outcome({ ...addressOf(doc), generation }, commandId);
    if (outcome) return outcome;
  }
  return undefined;
}

/** The cases a list asks for, of those the caller may see. */
async function findCases({ database }: AppDeps, caller: Caller, question: ListQuestion, limit: number, after?: Position) {
  const { q, sort = '-updated', limit: _limit, cursor: _cursor, dueBefore, ...filter } = question;
  const own = ownCasesOf(caller);
  if (q !== undefined) {
    if (Object.keys(question).some((key) => key !== 'q' && key !== 'limit'))
      throw new ApiError('filter_combination', { detail: 'q can be combined with limit alone' });
    return database.cases.search(caller.merchantId, q, limit, own);
  }
  if (sort === 'due' && (filter.orderId ?? own.orderId) !== undefined)
    throw new ApiError('filter_combination', { detail: 'the cases of one order come by -updated alone' });
  // Who names somebody else sees nobody, not an error that tells them apart.
  if (Object.entries(own).some(([key, value]) => (filter[key as keyof typeof own] ?? value) !== value)) return [];
  const due = dueBefore === undefined ? undefined : Date.parse(dueBefore);
  const asked = { ...filter, ...own, dueBefore: due };
  return database.cases.list({ merchantId: caller.merchantId, filter: asked, sort, limit, after });
}

async function open(deps: AppDeps, caller: Caller, commandId: string, body: ReturnType<typeof openCaseBody.parse>) {
  const { cases, customerRefKey } = deps;
  const input = await prepareReturn(deps, caller, body, commandId);
  const { caseId, merchantId, customerId } = input;
  const opened = await cases.open(input, commandId, customerRefOf(customerRefKey, merchantId, customerId));
  const headers = { location: `/cases/${caseId}` };
  if (opened?.kind === 'pending')
    return { status: 202, headers: { ...headers, 'retry-after': '5' }, body: pending(caseId, commandId) };
  const ended = opened ? undefined : await visibleCase(deps, caller, caseId);
  const receipt = opened ? opened.receipt : receiptFrom(ended!);
  // The race for the units was lost after all checks: the case is closed, and the caller hears why.
  if (receipt.verdict?.because.includes('units_in_another_case'))
    throw new ApiError('over_limit', { detail: `another case has these units; this request was closed as ${caseId}` });
  const verdict = receipt.verdict ? verdictOf(receipt.verdict) : undefined;
  const told = await receiptTo(deps, caller, caseId, receipt);
  return { status: 201, headers, body: { ...told, rmaNo: ended?.rmaNo ?? input.rmaNo, verdict } };
}
