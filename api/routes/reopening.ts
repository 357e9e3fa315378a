/** An appeal, a reopening, and the read model made anew: what may be done with a case beside commanding it. */
import { Router, type Request, type Response } from 'express';
import { appealBody, reopenBody } from '../../contracts/commands.ts';
import { mayRoute } from '../../domain/permissions.ts';
import type { AppDeps } from '../app.ts';
import { callerOf, type Caller } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { commandIdOf, once } from '../idempotency.ts';
import { rebuild } from '../rebuilding.ts';
import { reopenFor, type Asked } from '../reopening.ts';
import { bodyOf, expectedRevision, pathId } from '../requests.ts';
import { visibleCase } from '../visible.ts';

type Wish = Pick<Asked, 'entry' | 'cause'> & { readonly reason?: string };

export function reopeningRoutes(deps: AppDeps): Router {
  const { inbox } = deps.database;
  const router = Router();

  async function reopen(req: Request, res: Response, caller: Caller, wish: () => Wish): Promise<void> {
    const commandId = commandIdOf(req, caller);
    const { reason, ...asked } = wish();
    const revision = expectedRevision(req);
    const doc = await visibleCase(deps, caller, pathId(req, 'caseId'));
    await once(inbox, commandId, req, res, async () => {
      const text = { ref: commandId, merchantId: caller.merchantId, caseId: doc._id, author: caller.id };
      const textRef = reason === undefined ? undefined : await inbox.keepText({ ...text, text: reason });
      return reopenFor(deps, caller, doc, { ...asked, textRef, commandId, expectedRevision: revision });
    });
  }

  router.post('/cases/:caseId/appeal', (req, res) =>
    reopen(req, res, allowed(callerOf(req), 'appeal'), () => ({
      entry: 'decision',
      cause: 'appeal',
      ...bodyOf(appealBody, req),
    })),
  );
  router.post('/cases/:caseId/reopen', (req, res) =>
    reopen(req, res, allowed(callerOf(req), 'reopen_case'), () => bodyOf(reopenBody, req)),
  );

  router.post('/cases/:caseId/rebuild', async (req, res) => {
    const { merchantId } = allowed(callerOf(req), 'rebuild_case');
    const { caseId, revision, stage } = await rebuild(deps, merchantId, pathId(req, 'caseId'));
    res.json({ caseId, revision, stage });
  });

  router.all(['/cases/:caseId/appeal', '/cases/:caseId/reopen', '/cases/:caseId/rebuild'], methodNotAllowed('POST'));
  return router;
}

function allowed(caller: Caller, route: 'appeal' | 'reopen_case' | 'rebuild_case'): Caller {
  if (!mayRoute(caller.role, route)) throw new ApiError('forbidden', { detail: `${caller.role} may not do that` });
  return caller;
}
