/**
 * Routes of the simulated payment provider: refunds and charges made, and listed by case, charges by payment too; proofs in disputes.
 * Its rules are in payment-book.ts, its faults in faults.ts.
 */
import { Router } from 'express';
import { z } from 'zod';
import { chargeRequestSchema, disputeProofRequestSchema, refundRequestSchema } from '../../contracts/partners.ts';
import { answering, type Faults } from './faults.ts';
import type { OrderBook } from './orders.ts';
import type { PaymentBook } from './payment-book.ts';
import { ensureKeyHeader, parse } from './wire.ts';

export function paymentsRouter({ book, orders, faults }: { book: PaymentBook; orders: OrderBook; faults: Faults }): Router {
  const router = Router();
  const { keyed, plain } = answering('payments', faults);
  const orderIdOf = (paymentId: string | undefined) => orders.payment(paymentId ?? '')?.orderId;

  router.post('/refunds', async (req, res) => {
    const request = parse(refundRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const { caseId, paymentId, key } = request;
    const facts = { caseId, paymentId, key, orderId: orderIdOf(paymentId) };
    await keyed('create_refund', facts, res, async (fault) => book.refunds.create(request, fault));
  });

  router.get('/refunds', async (req, res) => {
    const { caseId } = parse(listQuerySchema, req.query);
    await plain('find_refund', { caseId }, res, async () => ({
      status: 200,
      body: { refunds: await book.refunds.ofCase(caseId) },
    }));
  });

  router.post('/charges', async (req, res) => {
    const request = parse(chargeRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const { caseId, paymentId, key } = request;
    const facts = { caseId, paymentId, key, orderId: orderIdOf(paymentId) };
    await keyed('create_charge', facts, res, async (fault) => book.charges.create(request, fault));
  });

  router.get('/charges', async (req, res) => {
    const query = parse(chargesQuerySchema, req.query);
    await plain('find_charge', query, res, async () => ({
      status: 200,
      body: {
        charges: await ('caseId' in query ? book.charges.ofCase(query.caseId) : book.charges.ofPayment(query.paymentId)),
      },
    }));
  });

  router.post('/disputes/:disputeId/proofs', async (req, res) => {
    const { disputeId } = req.params;
    const request = { ...parse(proofBodySchema, req.body), disputeId };
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const paymentId = book.disputes.paymentOf(disputeId);
    const facts = { paymentId, orderId: orderIdOf(paymentId), key: request.key };
    await keyed('submit_dispute_proof', facts, res, (fault) => book.disputes.submitProof(request, fault));
  });

  return router;
}

const listQuerySchema = z.object({ caseId: z.string().min(1) });
const chargesQuerySchema = z.union([listQuerySchema, z.object({ paymentId: z.string().min(1) })]);
const proofBodySchema = disputeProofRequestSchema.omit({ disputeId: true });
