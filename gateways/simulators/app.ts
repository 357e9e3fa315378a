/**
 * The simulated partners in one Express app: shop, payment provider, carrier, notices, stock, and the control over them.
 * It reads no environment and starts nothing until `listen`; main.ts does both.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { type Logger, pino } from 'pino';
import { openCarrierBook } from './carrier-book.ts';
import { carrierRouter } from './carrier.ts';
import { controlRouter } from './control.ts';
import { createFaults } from './faults.ts';
import { notificationsRouter, openNoticeBook } from './notifications.ts';
import { openOrderBook, ordersRouter } from './orders.ts';
import type { DeliveryOptions, OutboxDeps } from './outbox.ts';
import { openPaymentBook } from './payment-book.ts';
import { paymentsRouter } from './payments.ts';
import { openStockBook, stockRouter } from './stock.ts';
import { errorHandler, unknownRoute } from './wire.ts';

const graceMs = 2_000;

export interface SimulatorsOptions {
  /** Holds a ledger for each partner, `<partner>.jsonl`. One process per directory. */
  dataDir: string;
  /** Full URLs; without one that partner's events wait in its ledger. */
  webhookTargets?: { payments?: string; carrier?: string };
  /** Standard Webhooks secrets, `whsec_…`; needed for each target. */
  secrets?: { payments?: string; carrier?: string };
  delivery?: Partial<DeliveryOptions>;
  /** Default true. */
  allowControl?: boolean;
  log?: Logger;
}

export interface Simulators {
  app: Express;
  /** Port 0 takes a free one; host defaults to 127.0.0.1. Webhooks left over from an earlier process go out from now on. */
  listen(options?: { port?: number; host?: string }): Promise<{ port: number; url: string }>;
  close(): Promise<void>;
}

/** Replays the ledgers. Throws when a target has no secret or a ledger cannot be read. */
export async function createSimulators(options: SimulatorsOptions): Promise<Simulators> {
  const log = options.log ?? pino({ level: 'silent' });
  const faults = createFaults();
  const outboxOf = (partner: 'payments' | 'carrier'): OutboxDeps => {
    const target = options.webhookTargets?.[partner];
    const secret = options.secrets?.[partner];
    if (target && !secret) throw new Error(`Webhooks to ${partner} need a secret`);
    return { partner, target, secret, faults, delivery: options.delivery, log };
  };
  const orders = await openOrderBook(options.dataDir);
  const payments = await openPaymentBook(options.dataDir, orders, outboxOf('payments'));
  const carrier = await openCarrierBook(options.dataDir, outboxOf('carrier'));
  const notifications = await openNoticeBook(options.dataDir);
  const stock = await openStockBook(options.dataDir);

  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '1mb' }));
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.use('/orders', ordersRouter({ book: orders, faults }));
  app.use('/payments', paymentsRouter({ book: payments, orders, faults }));
  app.use('/carrier', carrierRouter({ book: carrier, faults }));
  app.use('/notifications', notificationsRouter({ book: notifications, faults }));
  app.use('/stock', stockRouter({ book: stock, faults }));
  const books = { orders, payments, carrier, notifications, stock };
  app.use('/control', controlRouter({ books, faults, allowed: options.allowControl ?? true }));
  app.use(unknownRoute, errorHandler(log));

  const server = createServer(app);
  server.keepAliveTimeout = 65_000; // longer than clients keep an idle connection, so that they do not meet it closing
  return {
    app,
    async listen({ port = 0, host = '127.0.0.1' } = {}) {
      await listening(server, port, host);
      payments.start();
      carrier.start();
      const bound = (server.address() as AddressInfo).port;
      return { port: bound, url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}` };
    },
    async close() {
      await closed(server);
      await Promise.all([payments.stop(), carrier.stop()]);
      await Promise.all([orders.close(), notifications.close(), stock.close()]);
    },
  };
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Lets calls under way finish for a moment; answers withheld by a fault are cut. */
async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  const timer = setTimeout(() => server.closeAllConnections(), graceMs).unref();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(timer);
}
