/** Facts from partners that match no case: staff see those of their merchant, and write down what came of them. */
import { Router } from 'express';
import { z } from 'zod';
import { exceptionQuery, resolveBody, type exceptionView } from '../../contracts/doors.ts';
import type { ExceptionDocument } from '../../db/exceptions.ts';
import type { Role } from '../../domain/permissions.ts';
import type { AppDeps } from '../app.ts';
import { callerOf, type Caller } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { bodyOf, cursorIn, cursorOf, parsed } from '../requests.ts';

export const exceptionRoles = {
  read: ['agent', 'manager', 'auditor'],
  resolve: ['agent', 'manager'],
  /** What a partner sent may name people. */
  readBody: ['manager', 'auditor'],
} as const satisfies Record<string, readonly Role[]>;

const pageSize = 50;
const bodyMax = 10_000;
/** `carrier:evt_1`, or a task of ours by its case: `mendline:C-1042:task:12`. In MongoDB a slash stands for each colon. */
const shownId = /^[a-z]+(:[\w.-]{1,100}){1,4}$/;
const position = z.strictObject({ at: z.number(), id: z.string().max(200) });
const may = ({ role }: Caller, what: keyof typeof exceptionRoles): boolean =>
  (exceptionRoles[what] as readonly Role[]).includes(role);

export function exceptionRoutes({ database, defaultMerchantId }: Pick<AppDeps, 'database' | 'defaultMerchantId'>): Router {
  const router = Router();
  const allowed = (caller: Caller, what: 'read' | 'resolve'): Caller => {
    if (!may(caller, what)) throw new ApiError('forbidden', { detail: `${caller.role} may not ${what} exceptions` });
    return caller;
  };
  const theirs = ({ merchantId }: Caller): string[] => (merchantId === defaultMerchantId ? [merchantId, ''] : [merchantId]);

  router.get('/exceptions', async (req, res) => {
    const caller = allowed(callerOf(req), 'read');
    const { limit = pageSize, cursor, ...filter } = parsed(exceptionQuery, req.query);
    const after = cursorIn(position, cursor);
    const found = await database.exceptions.list({ ...filter, merchantIds: theirs(caller), limit: limit + 1, after });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    res.json({
      exceptions: page.map((one) => viewOf(one, caller)),
      nextCursor: last ? cursorOf({ at: last.at.getTime(), id: last._id }) : undefined,
    });
  });

  router.post('/exceptions/:id/resolve', async (req, res) => {
    const caller = allowed(callerOf(req), 'resolve');
    const { note } = bodyOf(resolveBody, req);
    const id = shownId.test(String(req.params.id)) ? String(req.params.id).replaceAll(':', '/') : undefined;
    const found = id && (await database.exceptions.resolve(id, theirs(caller), { by: caller.id, note }));
    if (!found) throw new ApiError('not_found');
    // The same person with the same words again is a repeat; anybody else was too late.
    if (found.resolvedBy !== caller.id || found.note !== note) throw new ApiError('already_resolved');
    res.json(viewOf(found, caller));
  });

  router.all('/exceptions', methodNotAllowed('GET'));
  router.all('/exceptions/:id/resolve', methodNotAllowed('POST'));
  return router;
}

function viewOf(doc: ExceptionDocument, caller: Caller): z.infer<typeof exceptionView> {
  const { _id, partner, why, at, caseId, open, resolvedAt, resolvedBy, note, body } = doc;
  return {
    id: _id.replaceAll('/', ':'),
    partner: partner as 'carrier',
    why,
    at: at.toISOString(),
    caseId,
    open,
    resolvedAt: resolvedAt?.toISOString(),
    resolvedBy,
    note,
    body: may(caller, 'readBody') ? body.slice(0, bodyMax) : undefined,
  };
}
