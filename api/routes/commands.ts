/** One route a command, made from the table of command bodies, and one that gives a command to many cases. How it is done: commanding.ts. */
import { Router, type RequestHandler } from 'express';
import type { z } from 'zod';
import { bulkBody } from '../../contracts/bulk.ts';
import { commandBodies, pathOf } from '../../contracts/commands.ts';
import { commandNames } from '../../domain/permissions.ts';
import type { CommandDeps } from '../app.ts';
import { callerOf } from '../auth.ts';
import { giveToMany } from '../bulk.ts';
import { carryOut, checkRole } from '../commanding.ts';
import { methodNotAllowed } from '../errors.ts';
import { commandIdOf, once } from '../idempotency.ts';
import { bodyOf, expectedRevision, pathId } from '../requests.ts';
import { visibleCase } from '../visible.ts';

export function commandRoutes(deps: CommandDeps): Router {
  const router = Router();
  for (const name of commandNames) {
    const give: RequestHandler = async (req, res) => {
      const caller = callerOf(req);
      checkRole(caller, name);
      const commandId = commandIdOf(req, caller);
      const body = bodyOf<Record<string, unknown>>(commandBodies[name] as z.ZodType<Record<string, unknown>>, req);
      const revision = expectedRevision(req);
      const doc = await visibleCase(deps, caller, pathId(req, 'caseId'));
      const given = { name, caller, commandId, body, doc, expectedRevision: revision };
      await once(deps.database.inbox, commandId, req, res, () => carryOut(deps, given));
    };
    router
      .route(`/cases/:caseId/${pathOf(name)}`)
      .post(give)
      .all(methodNotAllowed('POST'));
  }

  router.post('/cases/bulk', async (req, res) => {
    const caller = callerOf(req);
    const commandId = commandIdOf(req, caller);
    const body = bodyOf(bulkBody, req);
    checkRole(caller, body.command);
    await once(deps.database.inbox, commandId, req, res, () => giveToMany(deps, caller, commandId, body));
  });
  router.all('/cases/bulk', methodNotAllowed('POST'));
  return router;
}
