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
import { parsed } from '../requests.ts';

interface Told {
  readonly caseId: string;
  readonly name: keyof ReturnFacts;
  readonly fact: ReturnFacts[keyof ReturnFacts];
}

/** Each partner's events in our words; undefined: a kind we do not know, recorded and left. */
const translations: Record<'carrier' | 'payments', (eventId: string, body: unknown) => Told | undefined> = {
  carrier(eventId, body) {
    if ((body as { type?: unknown }).type !== 'parcel_scanned') return undefined;
    const { caseId, trackingNo, code, occurredAt } = parsed(carrierEventSchema, body).data;
    return { caseId, name: 'parcel_scanned', fact: { eventId, trackingNo, code, occurredAt: Date.parse(occurredAt) } };
  },
  payments(eventId, body) {
    const { type } = body as { type?: unknown };
    if (type !== 'refund_settled' && type !== 'refund_failed') return undefined;
    const { caseId, refundId, amountMinor, code, occurredAt } = parsed(paymentEventSchema, body).data;
    const told = { eventId, refundId, occurredAt: Date.parse(occurredAt) };
    return type === 'refund_settled'
      ? { caseId, name: type, fact: { ...told, amountMinor } }
      : { caseId, name: type, fact: { ...told, code } };
  },
};
export const webhookPartners = Object.keys(translations) as (keyof typeof translations)[];

export function webhookRoutes({
  webhookSecrets,
  database: { inbox },
  cases,
}: Pick<AppDeps, 'webhookSecrets' | 'database' | 'cases'>): Router {
  const router = Router();
  for (const partner of webhookPartners) {
    const verifier = new Webhook(webhookSecrets[partner]);
    router.post(`/webhooks/${partner}`, express.raw({ type: () => true, limit: '64kb' }), async (req, res) => {
      const { eventId, body } = verified(verifier, req);
      const type = String((body as { type?: unknown }).type).slice(0, 100);
      if (await inbox.wasHandled(partner, eventId, type)) {
        res.json({ status: 'repeated' });
        return;
      }
      const told = translations[partner](eventId, body);
      const reached = told ? await cases.tell(told.caseId, told.name, told.fact as never) : false;
      if (!reached) await inbox.addException(partner, eventId, told ? 'no open case' : 'unknown kind', body);
      await inbox.markHandled(partner, eventId);
      res.json({ status: reached ? 'told' : 'noted' });
    });
    router.all(`/webhooks/${partner}`, methodNotAllowed('POST'));
  }
  return router;
}

const signaturesMax = 5;

function verified(verifier: Webhook, req: Request): { eventId: string; body: object } {
  const header = (name: string): string => req.get(`webhook-${name}`) ?? '';
  const eventId = header('id');
  const signatures = header('signature');
  // A dot in the id could move the border between id and timestamp in what was signed.
  if (!/^[\w-]{1,100}$/.test(eventId) || signatures.split(' ').length > signaturesMax) throw new ApiError('invalid_signature');
  const raw: unknown = req.body;
  if (!Buffer.isBuffer(raw)) throw new ApiError('invalid_json');
  try {
    verifier.verify(raw, { 'webhook-id': eventId, 'webhook-timestamp': header('timestamp'), 'webhook-signature': signatures });
  } catch (cause) {
    throw new ApiError('invalid_signature', {}, { cause });
  }
  try {
    const body: unknown = JSON.parse(raw.toString('utf8'));
    if (typeof body === 'object' && body !== null) return { eventId, body };
  } catch {
    // falls through: signed, yet not JSON
  }
  throw new ApiError('invalid_json');
}
