/**
 * The hand behind the simulated partners: scans, faults, settlements, and a look into the ledgers. For loopback callers alone.
 * No production code calls it; demo, tests and chaos runs do.
 */
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { scanCodes } from '../../contracts/partners.ts';
import { faultRequestSchema, type Faults, partners } from './faults.ts';
import type { OrderBook } from './orders.ts';
import type { RefundBook } from './refund-book.ts';
import type { ShipmentBook } from './shipment-book.ts';
import { parse, SimulatorRefusal } from './wire.ts';

const scanSchema = z.strictObject({
  trackingNo: z.string().min(1),
  code: z.enum(scanCodes),
  place: z.string().optional(),
  occurredAt: z.iso.datetime({ offset: true }).optional(),
});
const settleSchema = z.strictObject({
  refundId: z.string().min(1),
  outcome: z.enum(['succeeded', 'failed']),
  code: z.string().min(1).optional(),
});
const keyExpirySchema = z.strictObject({ ms: z.int().nonnegative().nullable() });
const ledgerParamsSchema = z.object({ partner: z.enum(partners) });

export interface ControlDeps {
  books: { orders: OrderBook; payments: RefundBook; carrier: ShipmentBook };
  faults: Faults;
  /** False refuses everything with 403 `control_disabled`. */
  allowed: boolean;
}

export function controlRouter({ books, faults, allowed }: ControlDeps): Router {
  const router = Router();
  router.use(guard(allowed));

  router.post('/scans', async (req, res) => {
    const scan = parse(scanSchema, req.body);
    const occurredAt = scan.occurredAt ? new Date(scan.occurredAt) : new Date();
    const { status, body } = await books.carrier.scan({ ...scan, occurredAt: occurredAt.toISOString() });
    res.status(status).json(body);
  });

  router.post('/settle', async (req, res) => {
    const { refundId, outcome, code } = parse(settleSchema, req.body);
    res.json(await books.payments.settle(refundId, outcome, code));
  });

  router.post('/key-expiry', async (req, res) => {
    const { ms } = parse(keyExpirySchema, req.body);
    await books.payments.setKeyExpiry(ms);
    res.json({ ms });
  });

  router.use('/faults', faultsRouter(faults));

  router.get('/ledger/:partner', async (req, res) => {
    const { partner } = parse(ledgerParamsSchema, req.params);
    res.json({ partner, rows: await books[partner].rows() });
  });

  router.get('/totals', async (_req, res) => {
    await Promise.all([books.payments.durable(), books.carrier.durable()]);
    const [ofPayments, ofCarrier] = [books.payments.webhooks(), books.carrier.webhooks()];
    const webhooks = {
      delivered: ofPayments.delivered + ofCarrier.delivered,
      pending: ofPayments.pending + ofCarrier.pending,
      givenUp: ofPayments.givenUp + ofCarrier.givenUp,
    };
    res.json({ payments: books.payments.totals(), carrier: books.carrier.totals(), webhooks });
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
