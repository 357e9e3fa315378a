/**
 * Facts from partners: verified (Standard Webhooks, over the raw bytes), deduplicated by event id, told to the case as Signals.
 * A fact that matches no open case is written down as an exception and acknowledged: the partner cannot mend that.
 */
import express, { Router, type Request } from 'express';
import { Webhook } from 'standardwebhooks';
import { carrierEventSchema, paymentEventSchema } from '../../contracts/partners.ts';
import type { ReturnFacts } from '../../domain/return-commands.ts';
import type { AppDeps } from '../app.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { readJson } from '../json.ts';
import { parsed } from '../requests.ts';

interface Body {
  readonly type?: unknown;
}
interface Told {
  readonly caseId: string;
  readonly name: keyof ReturnFacts;
  readonly fact: ReturnFacts[keyof ReturnFacts];
}

/** Each partner's events in our words; undefined: a kind we do not know, recorded and left. */
const translations: Record<'carrier' | 'payments', (eventId: string, body: Body) => Told | undefined> = {
  carrier(eventId, body) {
    if (body.type !== 'parcel_scanned') return undefined;
    const { caseId, trackingNo, code, occurredAt } = parsed(carrierEventSchema, body).data;
    return { caseId, name: 'parcel_scanned', fact: { eventId, trackingNo, code, occurredAt: Date.parse(occurredAt) } };
  },
  payments(eventId, body) {
    const { type } = body;
    if (type !== 'refund_settled' && type !== 'refund_failed') return undefined;
    const { caseId, refundId, amountMinor, currency, code, occurredAt } = parsed(paymentEventSchema, body).data;
    const told = { eventId, refundId, occurredAt: Date.parse(occurredAt) };
    return type === 'refund_settled'
      ? { caseId, name: type, fact: { ...told, amountMinor, currency } }
      : { caseId, name: type, fact: { ...told, code } };
  },
};
const webhookPartners = Object.keys(translations) as (keyof typeof translations)[];

export function webhookRoutes({
  webhookSecrets,
  database: { inbox },
  cases,
}: Pick<AppDeps, 'webhookSecrets' | 'database' | 'cases'>): Router {
  const router = Router();
  for (const partner of webhookPartners) {
    const verifier = new Webhook(webhookSecrets[partner]);
    router.post(`/webhooks/${partner}`, express.raw({ type: () => true, limit: '64kb' }), async (req, res) => {
      const { eventId, text, body } = verified(verifier, req);
      const type = typeof body.type === 'string' ? body.type.slice(0, 100) : '';
      if (await inbox.wasHandled(partner, eventId, type)) {
        res.json({ status: 'repeated' });
        return;
      }
      const told = translations[partner](eventId, body);
      const reached = told ? await cases.tell(told.caseId, told.name, told.fact as never) : false;
      if (!reached) await inbox.addException(partner, eventId, told ? 'no open case' : 'unknown kind', text);
      await inbox.markHandled(partner, eventId);
      res.json({ status: reached ? 'told' : 'noted' });
    });
    router.all(`/webhooks/${partner}`, methodNotAllowed('POST'));
  }
  return router;
}

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
