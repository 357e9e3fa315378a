/** One route a command, made from the table of command bodies: check role and body, keep free text apart, send the Update. */
import { Router } from 'express';
import type { z } from 'zod';
import { commandBodies, pathOf } from '../../contracts/commands.ts';
import type { CaseDocument } from '../../db/cases.ts';
import { commandNames, mayCommand, type CommandName } from '../../domain/permissions.ts';
import type { SentCommand } from '../../workflows/messages.ts';
import type { AppDeps } from '../app.ts';
import { callerOf, type Caller } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { commandIdOf, once, type Unsent } from '../idempotency.ts';
import { bodyOf, expectedRevision, pathId } from '../requests.ts';
import { receiptOf } from '../views.ts';
import { pending, visibleCase } from './cases.ts';

export function commandRoutes(deps: AppDeps): Router {
  const router = Router();
  for (const name of commandNames) {
    const path = `/cases/:caseId/${pathOf(name)}`;
    router.post(path, async (req, res) => {
      const caller = callerOf(req);
      if (!mayCommand(caller.role, name)) throw new ApiError('forbidden', { detail: `${caller.role} may not ${name}` });
      const commandId = commandIdOf(req, caller);
      const body = bodyOf<Record<string, unknown>>(commandBodies[name] as z.ZodType<Record<string, unknown>>, req);
      const revision = expectedRevision(req);
      const doc = await visibleCase(deps, caller, pathId(req, 'caseId'));
      await once(deps.database.inbox, commandId, req, res, async (): Promise<Unsent> => {
        const payload = await payloadOf(deps, { name, caller, commandId, body, doc });
        const sent = { actor: { id: caller.id, role: caller.role }, expectedRevision: revision, payload } as SentCommand;
        const answer = await deps.cases.command(doc._id, name, commandId, sent);
        return answer.kind === 'pending'
          ? {
              status: 202,
              headers: { location: `/cases/${doc._id}/commands/${commandId}`, 'retry-after': '5' },
              body: pending(doc._id, commandId),
            }
          : { status: 200, headers: {}, body: receiptOf(doc._id, answer.receipt, caller) };
      });
    });
    router.all(path, methodNotAllowed('POST'));
  }
  return router;
}

interface Given {
  readonly name: CommandName;
  readonly caller: Caller;
  readonly commandId: string;
  readonly body: Record<string, unknown>;
  readonly doc: CaseDocument;
}

function holdEndOf(until: unknown): number | undefined {
  if (typeof until !== 'string') return undefined;
  const at = Date.parse(until);
  if (at > Date.now()) return at;
  throw new ApiError('impossible_date', {
    fields: [{ pointer: '/until', code: 'impossible_date', message: 'this has passed already' }],
  });
}

/** The body as the case may see it: free text replaced by its reference, instants in epoch ms, cited rules known to the case's packs. */
async function payloadOf({ database, policies }: AppDeps, { name, caller, commandId, body, doc }: Given): Promise<object> {
  if (name === 'hold_case') return { ...body, until: holdEndOf(body.until) };
  if (name === 'decide_request') {
    const binding = policies.packs.filter(({ id, version }) =>
      doc.about.packs.some((pack) => pack.id === id && pack.version === version),
    );
    const known = new Set(binding.flatMap((pack) => pack.rules.map((rule) => rule.id)));
    const unknown = (body.ruleIds as string[]).findIndex((ruleId) => !known.has(ruleId));
    if (unknown >= 0)
      throw new ApiError('unknown_rule', {
        fields: [{ pointer: `/ruleIds/${unknown}`, code: 'unknown_rule', message: 'no pack of this case has this rule' }],
      });
  }
  const { reason, note, ...payload } = body;
  const text = reason ?? note;
  if (typeof text !== 'string') return payload;
  const textRef = await database.inbox.keepText({
    ref: commandId,
    merchantId: caller.merchantId,
    caseId: doc._id,
    author: caller.id,
    text,
  });
  return { ...payload, textRef };
}
