/**
 * The hand behind the simulated partners: what they do of themselves, faults, lies, and a look into the ledgers. For loopback callers
 * alone. No production code calls it; demo, tests and chaos runs do.
 */
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { CarrierBook } from './carrier-book.ts';
import { carrierControl } from './carrier-control.ts';
import { faultRequestSchema, partners } from './fault-words.ts';
import type { Faults } from './faults.ts';
import { liesSchema } from './lies.ts';
import type { NoticeBook } from './notifications.ts';
import type { OrderBook } from './orders.ts';
import type { PaymentBook } from './payment-book.ts';
import { paymentsControl } from './payments-control.ts';
import type { StockBook } from './stock.ts';
import { parse, SimulatorRefusal } from './wire.ts';

const ledgerParamsSchema = z.object({ partner: z.enum(partners) });

export interface ControlDeps {
  books: { orders: OrderBook; payments: PaymentBook; carrier: CarrierBook; notifications: NoticeBook; stock: StockBook };
  faults: Faults;
  /** False refuses everything with 403 `control_disabled`. */
  allowed: boolean;
}

export function controlRouter({ books, faults, allowed }: ControlDeps): Router {
  const router = Router();
  router.use(guard(allowed));

  router.use(carrierControl(books.carrier), paymentsControl(books.payments));
  router.use('/faults', faultsRouter(faults));
  router.use('/lies', liesRouter(faults));

  router.post('/webhooks/resend', (_req, res) => {
    res.json({ resent: books.payments.resend() + books.carrier.resend() });
  });

  router.get('/ledger/:partner', async (req, res) => {
    const { partner } = parse(ledgerParamsSchema, req.params);
    res.json({ partner, rows: await books[partner].rows() });
  });

  router.get('/totals', async (_req, res) => {
    await Promise.all(Object.values(books).map((book) => book.durable()));
    const [ofPayments, ofCarrier] = [books.payments.webhooks(), books.carrier.webhooks()];
    const webhooks = {
      delivered: ofPayments.delivered + ofCarrier.delivered,
      pending: ofPayments.pending + ofCarrier.pending,
      givenUp: ofPayments.givenUp + ofCarrier.givenUp,
      lost: ofPayments.lost + ofCarrier.lost,
    };
    const { payments, carrier, notifications, stock } = books;
    res.json({
      payments: payments.totals(),
      carrier: carrier.totals(),
      notifications: notifications.totals(),
      stock: stock.totals(),
      webhooks,
    });
  });

  return router;
}

function faultsRouter(faults: Faults): Router {
  const router = Router();
  router.post('/', (req, res) => {
    res.status(201).json({ id: faults.add(parse(faultRequestSchema, req.body)).id });
  });
  router.get('/', (_req, res) => {
    res.json({ faults: faults.list() });
  });
  router.delete('/', (_req, res) => {
    faults.clear();
    res.status(204).end();
  });
  router.delete('/:id', (req, res) => {
    if (!faults.remove(req.params.id)) throw new SimulatorRefusal(404, 'fault_not_found', `No fault ${req.params.id}`);
    res.status(204).end();
  });
  return router;
}

function liesRouter({ lies }: Faults): Router {
  const router = Router();
  router.post('/', (req, res) => {
    lies.set(parse(liesSchema, req.body));
    res.status(201).json(lies.list());
  });
  router.get('/', (_req, res) => {
    res.json(lies.list());
  });
  router.delete('/', (_req, res) => {
    lies.set(undefined);
    res.status(204).end();
  });
  return router;
}

/** The peer's address decides, never a forwarding header, which anybody can write. */
function guard(allowed: boolean): RequestHandler {
  return (req, _res, next) => {
    if (!allowed) throw new SimulatorRefusal(403, 'control_disabled', 'Control is off in production unless ALLOW_CONTROL=1');
    const peer = (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    if (peer !== '::1' && !peer.startsWith('127.')) {
      throw new SimulatorRefusal(403, 'loopback_only', 'Control answers callers on this machine alone');
    }
    next();
  };
}
