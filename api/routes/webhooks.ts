/**
 * Facts from partners: verified (Standard Webhooks, over the raw bytes), deduplicated by event id, told to the case as Signals.
 * A fact that matches no open case is written down as an exception and acknowledged: the partner cannot mend that.
 */
import express, { Router, type Request } from 'express';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { partners } from '../../contracts/doors.ts';
import type { AppDeps } from '../app.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { tell, translated, type Body } from '../facts.ts';
import { readJson } from '../json.ts';
import { addressLimit } from '../rate-limits.ts';

export function webhookRoutes(
  deps: Pick<AppDeps, 'webhookSecrets' | 'database' | 'cases' | 'customerRefKey' | 'limits'>,
): Router {
  const { inbox } = deps.database;
  const router = Router();
  for (const partner of partners) {
    const verifier = new Webhook(deps.webhookSecrets[partner]);
    // By address too: whoever only knows our address must not use up what the partner may send.
    const limit = addressLimit(deps.limits?.perPartner ?? 0, partner);
    router.post(`/webhooks/${partner}`, limit, express.raw({ type: () => true, limit: '64kb' }), async (req, res) => {
      const { eventId, text, body } = verified(verifier, req);
      const type = typeof body.type === 'string' ? body.type.slice(0, 100) : '';
      if (await inbox.wasHandled(partner, eventId, type)) {
        res.json({ status: 'repeated' });
        return;
      }
      const told = translated(partner, type, eventId, body, short);
      const reached = told !== undefined && (await tell(deps, told));
      if (!reached) await noteException(deps, { partner, eventId, body, text, why: told ? 'no open case' : 'unknown kind' });
      await inbox.markHandled(partner, eventId);
      res.json({ status: reached ? 'told' : 'noted' });
    });
    router.all(`/webhooks/${partner}`, methodNotAllowed('POST'));
  }
  return router;
}

const wordMax = 200;

/** The body, if none of its words is longer than any id, code or place of ours: what a case is told goes into its history. */
function short(body: Body): Body {
  const longIn = (value: unknown, pointer: string): string[] => {
    if (typeof value === 'string') return value.length > wordMax ? [pointer] : [];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => longIn(inner, `${pointer}/${key}`));
  };
  const fields = longIn(body, '').map((pointer) => ({ pointer, code: 'too_big', message: `at most ${wordMax} characters` }));
  if (fields.length > 0) throw new ApiError('invalid_input', { fields: fields.slice(0, 100) });
  return body;
}

interface Unheard {
  readonly partner: (typeof partners)[number];
  readonly eventId: string;
  readonly body: Body;
  readonly text: string;
  readonly why: string;
}

/** Writes down what no case has heard, under the merchant whose case, parcel or payment it names. */
async function noteException({ database }: Pick<AppDeps, 'database'>, { body, text, ...fact }: Unheard): Promise<void> {
  const named = whatIsNamed.safeParse(body.data).data ?? {};
  const merchantId = (await database.cases.merchantOf(named)) ?? '';
  await database.exceptions.add({ ...fact, merchantId, caseId: named.caseId, body: text });
}
const word = z.string().min(1).max(wordMax).optional().catch(undefined);
const whatIsNamed = z.object({ caseId: word, trackingNo: word, paymentId: word, merchantId: word });

const signaturesMax = 5;

function verified(verifier: Webhook, req: Request): { eventId: string; text: string; body: Body } {
  const header = (name: string): string => req.get(`webhook-${name}`) ?? '';
  const eventId = header('id');
  const timestamp = header('timestamp');
  const signatures = header('signature');
  // A dot in the id could move the border between id and timestamp in what was signed.
  const readable = /^[\w-]{1,100}$/.test(eventId) && /^\d{1,12}$/.test(timestamp);
  if (!readable || signatures.split(' ').length > signaturesMax) throw new ApiError('invalid_signature');
  const raw = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
  const headers = { 'webhook-id': eventId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures };
  try {
    verifier.verify(raw, headers, { jsonParse: false });
  } catch (cause) {
    throw new ApiError('invalid_signature', {}, { cause });
  }
  const body = readJson(raw);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ApiError('invalid_json');
  return { eventId, text: raw.toString('utf8'), body };
}
