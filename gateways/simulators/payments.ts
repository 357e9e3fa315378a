/**
 * Routes of the simulated payment provider: refunds made, and listed by case.
 * Its rules are in refund-book.ts, its faults in faults.ts.
 */
import { Router } from 'express';
import { z } from 'zod';
import { refundRequestSchema } from '../../contracts/partners.ts';
import { answerUnder, type Faults, pause } from './faults.ts';
import type { OrderBook } from './orders.ts';
import type { RefundBook } from './refund-book.ts';
import { ensureKeyHeader, parse } from './wire.ts';

export function paymentsRouter({ book, orders, faults }: { book: RefundBook; orders: OrderBook; faults: Faults }): Router {
  const router = Router();

  router.post('/refunds', async (req, res) => {
    const request = parse(refundRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const { caseId, paymentId, key } = request;
    const facts = { caseId, paymentId, key, orderId: orders.payment(paymentId)?.orderId };
    const fault = faults.take('payments', 'create_refund', facts);
    await answerUnder(fault, res, () => book.create(request, fault));
  });

  router.get('/refunds', async (req, res) => {
    const { caseId } = parse(listQuerySchema, req.query);
    const fault = faults.take('payments', 'find_refund', { caseId });
    await answerUnder(fault, res, async () => {
      await pause(fault);
      return book.listOfCase(caseId);
    });
  });

  return router;
}

const listQuerySchema = z.object({ caseId: z.string().min(1) });
