/**
 * Customers without an account: a one-time code goes to the address the order knows, and opens a session for that order alone.
 * Nobody learns here whether an order exists: the answer and its time are the same, since all work is done after it.
 */
import { createHmac, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { Router } from 'express';
import { guestCodeBody, guestSessionBody } from '../../contracts/doors.ts';
import type { Order } from '../../contracts/partners.ts';
import type { OrderRef } from '../../db/guests.ts';
import type { AppDeps } from '../app.ts';
import { guestTokenPrefix } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { bodyOf } from '../requests.ts';

export interface CodeToSend extends OrderRef {
  /** Where the code goes: a reference of the order's contact, not the address itself. */
  readonly to: string;
  readonly language: string;
  readonly code: string;
  /** Names this message: sent twice, it is one. */
  readonly key: string;
}
export type SendCode = (message: CodeToSend) => Promise<void>;

type GuestDeps = Pick<AppDeps, 'database' | 'orders' | 'customerRefKey' | 'sendCode' | 'log'>;
/** What newer orders have and older ones lack. */
type Reachable = Order & { readonly contactRef?: string; readonly language?: string };

/** Codes being made at the same time; who asks beyond that is not sent any, and may ask again. */
const atOnce = 50;

export function guestRoutes(deps: GuestDeps): Router {
  const { database, customerRefKey, log } = deps;
  const router = Router();
  // Six digits are few: without the key their hashes could be tried out.
  const hashOf = ({ merchantId, orderId }: OrderRef, code: string): string =>
    createHmac('sha256', customerRefKey)
      .update(JSON.stringify(['guest code', merchantId, orderId, code]))
      .digest('hex');

  async function makeCode(ref: OrderRef): Promise<void> {
    const order = (await deps.orders.findOrder(ref)) as Reachable | undefined;
    if (!order?.contactRef || !deps.sendCode) return;
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    const { contactRef: to, language = 'en', customerId } = order;
    if (!(await database.guests.issue({ ...ref, customerId }, hashOf(ref, code)))) return;
    await deps.sendCode({ ...ref, to, language, code, key: `guest-code/${randomUUID()}` });
  }

  let making = 0;
  router.post('/guest/codes', (req, res) => {
    const ref = bodyOf(guestCodeBody, req);
    res.status(202).json({ status: 'sent_if_known' });
    if (making >= atOnce) return;
    making += 1;
    makeCode(ref)
      .catch((err: unknown) => log.warn({ err }, 'a guest code was not sent'))
      .finally(() => {
        making -= 1;
      });
  });

  router.post('/guest/sessions', async (req, res) => {
    const { code, ...ref } = bodyOf(guestSessionBody, req);
    const guest = await database.guests.redeem(ref, hashOf(ref, code));
    if (!guest) throw new ApiError('invalid_code');
    const token = guestTokenPrefix + randomBytes(32).toString('base64url');
    const expiresAt = await database.guests.open(token, guest);
    res.status(201).json({ token, expiresAt: new Date(expiresAt).toISOString() });
  });

  router.all(['/guest/codes', '/guest/sessions'], methodNotAllowed('POST'));
  return router;
}
