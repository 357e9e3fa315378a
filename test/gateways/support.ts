/**
 * What tests of gateways share: simulators on a free port over a directory of their own, a webhook receiver, small makers of data.
 * Everything started here ends with the test that started it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, vi } from 'vitest';
import type {
  ChargeRequest,
  ClaimRequest,
  NoticeRequest,
  Order,
  PartnerEvent,
  PickupRequest,
  Refund,
  RefundRequest,
  ShipmentRequest,
  StockEntryRequest,
} from '../../contracts/partners.ts';
import { createCarrierGateway } from '../../gateways/carrier.ts';
import { createNotificationsGateway } from '../../gateways/notifications.ts';
import { createOrdersGateway } from '../../gateways/orders.ts';
import { createPaymentsGateway } from '../../gateways/payments.ts';
import { createSimulators, type SimulatorsOptions } from '../../gateways/simulators/app.ts';
import type { DeliveryOptions } from '../../gateways/simulators/outbox.ts';
import { createStockGateway } from '../../gateways/stock.ts';

export const secrets = {
  payments: `whsec_${Buffer.from('payments-secret-of-32-bytes-long').toString('base64')}`,
  carrier: `whsec_${Buffer.from('carrier-secret-of-32-bytes-long!').toString('base64')}`,
};
const quickDelivery: Partial<DeliveryOptions> = { backoffFirstMs: 5, backoffMaxMs: 20 };

export async function tempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'simulators-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Adapters and plain calls against simulators at `url`. */
export function clientsOf(url: string, timeoutMs = 2_000) {
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const rowsOf = async (partner: string) =>
    ((await send('GET', `/control/ledger/${partner}`)).body as { rows: { type: string; effect: Record<string, unknown> }[] })
      .rows;
  return {
    url,
    send,
    orders: createOrdersGateway({ baseUrl: `${url}/orders`, timeoutMs }),
    payments: createPaymentsGateway({ baseUrl: `${url}/payments`, timeoutMs }),
    carrier: createCarrierGateway({ baseUrl: `${url}/carrier`, timeoutMs }),
    notifications: createNotificationsGateway({ baseUrl: `${url}/notifications`, timeoutMs }),
    stock: createStockGateway({ baseUrl: `${url}/stock`, timeoutMs }),
    rowsOf,
    sell: async (order: Order): Promise<void> => {
      expect((await send('POST', '/orders', order)).status).toBe(201);
    },
    postRefund: (request: RefundRequest) =>
      send('POST', '/payments/refunds', request, { 'idempotency-key': request.key }) as Promise<{
        status: number;
        headers: Headers;
        body: Refund & { code?: string };
      }>,
    fault: async (request: Record<string, unknown>): Promise<string> => {
      const { status, body } = await send('POST', '/control/faults', request);
      expect(body).toMatchObject({ id: expect.stringMatching(/^fault_/) });
      expect(status).toBe(201);
      return (body as { id: string }).id;
    },
    firedOf: async () =>
      ((await send('GET', '/control/faults')).body as { faults: { fired: number }[] }).faults.map((f) => f.fired),
    scan: (scan: Record<string, unknown>) => send('POST', '/control/scans', scan),
    /** A hand on the simulators that has to succeed; gives the body. */
    control: async (path: string, body: unknown): Promise<Record<string, string>> => {
      const answer = await send('POST', `/control/${path}`, body);
      expect(answer).toMatchObject({ status: expect.toSatisfy((status: number) => status < 300) });
      return answer.body as Record<string, string>;
    },
    totals: async () => (await send('GET', '/control/totals')).body as Totals,
    refundRows: async () => (await rowsOf('payments')).filter(({ type }) => type === 'refund_created'),
  };
}

interface Totals {
  payments: {
    refundedMinor: Record<string, number>;
    refunds: number;
    byCase: Record<string, unknown>;
    charges: Record<string, unknown>;
    disputes: Record<string, unknown>;
  };
  carrier: Record<string, unknown>;
  notifications: { count: number; byTemplate: Record<string, number> };
  stock: Record<string, unknown>;
  webhooks: { delivered: number; pending: number; givenUp: number; lost: number };
}

export async function startSimulators(options: Partial<SimulatorsOptions> & { timeoutMs?: number } = {}) {
  const dataDir = options.dataDir ?? (await tempDir());
  const simulators = await createSimulators({ secrets, delivery: quickDelivery, ...options, dataDir });
  const { url } = await simulators.listen();
  let open = true;
  const close = async () => {
    if (open) {
      open = false;
      await simulators.close();
    }
  };
  onTestFinished(close);
  return { ...clientsOf(url, options.timeoutMs), dataDir, close };
}

/** A server that answers as told; for the things a simulator never says. */
export async function startServer(listener: RequestListener, port = 0) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${bound}`, port: bound, close };
}

export interface Received {
  partner: 'payments' | 'carrier';
  id: string;
  verified: boolean;
  event: PartnerEvent | undefined;
}

/** Collects webhooks and checks each signature with the public package; `answer` gives the status, 204 unless told otherwise. */
export async function startReceiver({
  answer = () => 204,
  port = 0,
}: {
  answer?: (delivery: Received, nth: number) => number;
  port?: number;
} = {}) {
  const received: Received[] = [];
  const server = await startServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const partner = req.url === '/payments' ? 'payments' : 'carrier';
      const event = verify(partner, Buffer.concat(chunks).toString(), req.headers);
      const delivery = { partner, id: String(req.headers['webhook-id']), verified: event !== undefined, event } as const;
      received.push(delivery);
      res.writeHead(event === undefined ? 401 : answer(delivery, received.length)).end();
    });
  }, port);
  return {
    ...server,
    received,
    targets: { payments: `${server.url}/payments`, carrier: `${server.url}/carrier` },
    codes: () => received.map(({ event }) => (event?.type === 'parcel_scanned' ? event.data.code : event?.type)),
  };
}

function verify(partner: 'payments' | 'carrier', content: string, headers: IncomingHttpHeaders) {
  try {
    return new Webhook(secrets[partner]).verify(content, headers as Record<string, string>) as PartnerEvent;
  } catch {
    return undefined;
  }
}

/** Waits until the check stops throwing. */
export const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

export const orderOf = (part: Partial<Order> = {}): Order => ({
  orderId: 'O-1',
  merchantId: 'm-1',
  customerId: 'cu-1',
  placedAt: '2026-01-05T10:00:00.000Z',
  jurisdiction: 'GB',
  currency: 'GBP',
  paymentId: 'pay-1',
  paidMinor: 10_000,
  lines: [{ lineId: 'l-1', sku: 'KETTLE', title: 'Kettle', category: 'kitchen', quantity: 1, unitPriceMinor: 10_000 }],
  ...part,
});

export const refundOf = (part: Partial<RefundRequest> = {}): RefundRequest => ({
  key: 'C-1/refund',
  caseId: 'C-1',
  paymentId: 'pay-1',
  amountMinor: 2_500,
  currency: 'GBP',
  ...part,
});

export const chargeOf = (part: Partial<ChargeRequest> = {}): ChargeRequest => refundOf({ key: 'C-1/charge', ...part });

export const pickupOf = (part: Partial<PickupRequest> = {}): PickupRequest => ({
  key: 'C-1/pickup/1',
  shipmentKey: 'C-1/label',
  slotId: 'slot_20300302T0900Z',
  ...part,
});

export const claimOf = (part: Partial<ClaimRequest> & { trackingNo: string }): ClaimRequest => ({
  key: 'C-1/claim',
  caseId: 'C-1',
  amountMinor: 2_500,
  currency: 'GBP',
  ...part,
});

export const noticeOf = (part: Partial<NoticeRequest> = {}): NoticeRequest => ({
  key: 'C-1/notice/accepted',
  caseId: 'C-1',
  to: 'contact-7',
  channel: 'app',
  language: 'en',
  template: 'return_accepted',
  subject: 'Your return',
  text: 'Send it back by Friday.',
  ...part,
});

export const entryOf = (part: Partial<StockEntryRequest> = {}): StockEntryRequest => ({
  key: 'C-1/stock/1',
  caseId: 'C-1',
  merchantId: 'm-1',
  sku: 'KETTLE',
  quantity: 2,
  grade: 'A',
  disposition: 'restock',
  ...part,
});

/** The case that an event speaks of; a dispute speaks of none. */
export const caseOf = (event: PartnerEvent | undefined): string | undefined =>
  event && 'caseId' in event.data ? event.data.caseId : undefined;

export const shipmentOf = (part: Partial<ShipmentRequest> = {}): ShipmentRequest => ({
  key: 'C-1/label',
  caseId: 'C-1',
  channel: 'door_pickup',
  ...part,
});
