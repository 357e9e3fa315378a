/** The hand behind the simulated payment provider: settlements, disputes, forgetfulness. Mounted by control.ts. */
import { Router } from 'express';
import { z } from 'zod';
import type { PaymentBook } from './payment-book.ts';
import { parse } from './wire.ts';

const word = z.string().min(1);
const end = { outcome: z.enum(['succeeded', 'failed']), code: word.optional() };
const settleSchema = z.union([z.strictObject({ refundId: word, ...end }), z.strictObject({ chargeId: word, ...end })]);
const keyExpirySchema = z.strictObject({ ms: z.int().nonnegative().nullable() });
const disputeSchema = z.strictObject({ paymentId: word, amountMinor: z.int().positive(), currency: word.optional() });
const closingSchema = z.strictObject({ result: z.enum(['won', 'lost']) });

export function paymentsControl(book: PaymentBook): Router {
  const router = Router();

  router.post('/settle', async (req, res) => {
    const { outcome, code, ...move } = parse(settleSchema, req.body);
    res.json(
      'refundId' in move
        ? await book.refunds.settle(move.refundId, outcome, code)
        : await book.charges.settle(move.chargeId, outcome, code),
    );
  });

  router.post('/key-expiry', async (req, res) => {
    const { ms } = parse(keyExpirySchema, req.body);
    await book.setKeyExpiry(ms);
    res.json({ ms });
  });

  router.post('/disputes', async (req, res) => {
    const { paymentId, amountMinor, currency } = parse(disputeSchema, req.body);
    const { disputeId } = await book.disputes.open(paymentId, amountMinor, currency);
    res.status(201).json({ disputeId });
  });

  router.post('/disputes/:disputeId', async (req, res) => {
    const { result } = parse(closingSchema, req.body);
    res.json(await book.disputes.close(req.params.disputeId, result));
  });

  return router;
}
