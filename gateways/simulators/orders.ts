/**
 * The simulated shop: orders and the payments they captured. `POST /` is the shop's own till; Mendline only reads.
 * Refunds of these payments belong to payment-book.ts.
 */
import { join } from 'node:path';
import { Router } from 'express';
import { z } from 'zod';
import { type Order, orderSchema } from '../../contracts/partners.ts';
import { answering, type Faults } from './faults.ts';
import { openLedger } from './ledger.ts';
import { type Answer, hashOf, parse, SimulatorRefusal } from './wire.ts';

/** What an order's payment captured: the ceiling of its refunds. */
export interface Payment {
  paymentId: string;
  orderId: string;
  capturedMinor: number;
  currency: string;
}

export interface OrderRow {
  type: 'order_created';
  key: string;
  requestHash: string;
  effect: { order: Order; payment: Payment };
  answer: Answer;
}

export type OrderBook = Awaited<ReturnType<typeof openOrderBook>>;

export async function openOrderBook(dataDir: string) {
  const orders = new Map<string, { order: Order; requestHash: string }>();
  const payments = new Map<string, Payment>();
  const ledger = await openLedger<OrderRow>(join(dataDir, 'orders.jsonl'), ({ effect, requestHash }) => {
    orders.set(effect.order.orderId, { order: effect.order, requestHash });
    payments.set(effect.payment.paymentId, effect.payment);
  });

  return {
    rows: () => ledger.rows(),
    durable: () => ledger.durable(),
    close: () => ledger.close(),
    order: (orderId: string): Order | undefined => orders.get(orderId)?.order,
    payment: (paymentId: string): Payment | undefined => payments.get(paymentId),

    /** 201, or 200 for a repeat. Refuses 409 `order_exists` (same id, other body) and 409 `payment_taken` (another order's payment). */
    async create(order: Order): Promise<Answer> {
      const requestHash = hashOf(order);
      const known = orders.get(order.orderId);
      if (known && known.requestHash !== requestHash) {
        throw new SimulatorRefusal(409, 'order_exists', `Order ${order.orderId} exists with other content`);
      }
      if (known) {
        await ledger.durable();
        return { status: 200, body: known.order };
      }
      if (payments.has(order.paymentId)) {
        throw new SimulatorRefusal(409, 'payment_taken', `Payment ${order.paymentId} belongs to another order`);
      }
      const { orderId, paymentId, paidMinor, currency } = order;
      const effect = { order, payment: { paymentId, orderId, capturedMinor: paidMinor, currency } };
      const answer = { status: 201, body: order };
      await ledger.append({ type: 'order_created', key: orderId, requestHash, effect, answer });
      return answer;
    },

    async find(orderId: string, merchantId: string): Promise<Answer> {
      await ledger.durable();
      const order = orders.get(orderId)?.order;
      if (!order || order.merchantId !== merchantId) throw new SimulatorRefusal(404, 'order_not_found', 'No such order');
      return { status: 200, body: order };
    },
  };
}

export function ordersRouter({ book, faults }: { book: OrderBook; faults: Faults }): Router {
  const router = Router();
  const { plain } = answering('orders', faults);

  router.post('/', async (req, res) => {
    const { status, body } = await book.create(parse(orderSchema, req.body));
    res.status(status).json(body);
  });

  router.get('/:orderId', async (req, res) => {
    const { orderId } = req.params;
    const { merchantId } = parse(findQuerySchema, req.query);
    const facts = { orderId, paymentId: book.order(orderId)?.paymentId };
    await plain('find_order', facts, res, () => book.find(orderId, merchantId));
  });

  return router;
}

const findQuerySchema = z.object({ merchantId: z.string().min(1) });
