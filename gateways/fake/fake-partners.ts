/**
 * The three partners in memory, for unit tests of stories: same promises as the real adapters, no network, no delay.
 * Anything about HTTP, signatures or durability is tested against the simulators instead.
 */
import { type Order, type Refund, type RefundRequest, type Shipment, shipmentRequestSchema } from '../../contracts/partners.ts';
import type { CarrierGateway } from '../carrier.ts';
import { PartnerRefusal } from '../http.ts';
import type { OrdersGateway } from '../orders.ts';
import { type PaymentsGateway, pickRefund } from '../payments.ts';

type FakeOperation = 'find_order' | 'create_refund' | 'find_refund' | 'prepare_shipment' | 'find_shipment' | 'void_shipment';

interface FakeCall {
  operation: FakeOperation;
  /** Key, case id or order id: whatever the call named first. */
  subject: string;
}

interface FailureOptions {
  /** Default 1; Infinity for good. */
  times?: number;
  /** The effect happens and the caller hears of the error alone, as when an answer is lost. */
  afterEffect?: boolean;
}

export interface FakePartners {
  orders: OrdersGateway & { add(order: Order): void };
  payments: PaymentsGateway;
  carrier: CarrierGateway;
  /** Ledgers, oldest first, always up to date. */
  refunds: readonly Refund[];
  shipments: readonly Shipment[];
  /** Every call in order, failed ones too. */
  calls: readonly FakeCall[];
  /** Queued behind earlier failures of the same operation. */
  failNext: (operation: FakeOperation, error: Error, options?: FailureOptions) => void;
  /** The next refund stays pending until `settle`. */
  pendNextRefund: () => void;
  settle: (refundId: string, outcome: 'succeeded' | 'failed', code?: string) => void;
  /** As if the carrier had scanned the parcel. */
  setShipmentStatus: (key: string, status: Shipment['status']) => void;
}

export function createFakePartners(): FakePartners {
  const known = new Map<string, Order>();
  const refunds: Refund[] = [];
  const shipments: Shipment[] = [];
  const { calls, failNext, perform } = createFailures();
  let nextPends = false;

  const orders: FakePartners['orders'] = {
    add: (order) => void known.set(order.orderId, order),
    findOrder: ({ merchantId, orderId }) =>
      perform('find_order', orderId, () => {
        const order = known.get(orderId);
        return order?.merchantId === merchantId ? structuredClone(order) : undefined;
      }),
  };

  const payments: PaymentsGateway = {
    findRefund: (query) => perform('find_refund', query.key, () => structuredClone(pickRefund(refunds, query))),
    createRefund: (request) =>
      perform('create_refund', request.key, () => {
        const earlier = refunds.find(({ key }) => key === request.key);
        if (earlier) return structuredClone(ensureSameRefund(earlier, request));
        ensureCovered(request, [...known.values()], refunds);
        const { key, caseId, paymentId, amountMinor, currency } = request;
        const status = nextPends ? 'pending' : 'succeeded';
        const refund: Refund = { refundId: `re_${refunds.length + 1}`, key, caseId, paymentId, amountMinor, currency, status };
        nextPends = false;
        refunds.push(refund);
        return structuredClone(refund);
      }),
  };

  return {
    orders,
    payments,
    carrier: createFakeCarrier(shipments, perform),
    refunds,
    shipments,
    calls,
    failNext,
    pendNextRefund: () => {
      nextPends = true;
    },
    settle(refundId, outcome, code = 'account_closed') {
      const refund = refunds.find((candidate) => candidate.refundId === refundId && candidate.status === 'pending');
      if (!refund) throw new Error(`No pending refund ${refundId}`);
      Object.assign(refund, outcome === 'failed' ? { status: outcome, failureCode: code } : { status: outcome });
    },
    setShipmentStatus(key, status) {
      const shipment = shipments.find((candidate) => candidate.key === key);
      if (!shipment) throw new Error(`No shipment ${key}`);
      shipment.status = status;
    },
  };
}

type Perform = <T>(operation: FakeOperation, subject: string, effect: () => T) => Promise<T>;

function createFailures() {
  const calls: FakeCall[] = [];
  const failures: { operation: FakeOperation; error: Error; left: number; afterEffect: boolean }[] = [];

  const perform: Perform = async (operation, subject, effect) => {
    calls.push({ operation, subject });
    const failure = failures.find((candidate) => candidate.operation === operation && candidate.left > 0);
    if (!failure) return effect();
    failure.left -= 1;
    if (failure.afterEffect) effect();
    throw failure.error;
  };

  const failNext: FakePartners['failNext'] = (operation, error, { times = 1, afterEffect = false } = {}) =>
    void failures.push({ operation, error, left: times, afterEffect });

  return { calls, perform, failNext };
}

function createFakeCarrier(shipments: Shipment[], perform: Perform): CarrierGateway {
  return {
    findShipment: ({ key }) => perform('find_shipment', key, () => structuredClone(shipments.find((one) => one.key === key))),
    prepareShipment: (request) =>
      perform('prepare_shipment', request.key, () => {
        const earlier = shipments.find(({ key }) => key === request.key);
        if (earlier) return structuredClone(earlier);
        const { key, caseId, channel } = shipmentRequestSchema.parse(request);
        const number = shipments.length + 1;
        const shipment: Shipment = {
          shipmentId: `shp_${number}`,
          key,
          caseId,
          channel,
          trackingNo: `RT${number}`,
          status: 'live',
        };
        if (channel === 'door_pickup') shipment.pickupAt = '2030-01-01T08:00:00.000Z';
        shipments.push(shipment);
        return structuredClone(shipment);
      }),
    voidShipmentIfPresent: ({ key }) =>
      perform('void_shipment', key, () => {
        const shipment = shipments.find((candidate) => candidate.key === key);
        if (!shipment) return { voided: false, reason: 'absent' };
        if (shipment.status !== 'live' && shipment.status !== 'voided') return { voided: false, reason: 'already_scanned' };
        shipment.status = 'voided';
        return { voided: true };
      }),
  };
}

function ensureSameRefund(earlier: Refund, request: RefundRequest): Refund {
  const same =
    earlier.caseId === request.caseId &&
    earlier.paymentId === request.paymentId &&
    earlier.amountMinor === request.amountMinor &&
    earlier.currency === request.currency;
  if (!same) throw new PartnerRefusal('idempotency_key_reused', 'This key was used for a request with other content');
  return earlier;
}

function ensureCovered(request: RefundRequest, orders: readonly Order[], refunds: readonly Refund[]): void {
  const order = orders.find(({ paymentId }) => paymentId === request.paymentId);
  if (!order) throw new PartnerRefusal('payment_not_found', `No payment ${request.paymentId}`);
  if (order.currency !== request.currency) {
    throw new PartnerRefusal('currency_mismatch', `Payment ${request.paymentId} is in ${order.currency}`);
  }
  if (request.amountMinor === 0) throw new PartnerRefusal('amount_not_positive', 'A refund of nothing is no refund');
  const spokenForMinor = refunds
    .filter(({ paymentId, status }) => paymentId === request.paymentId && status !== 'failed')
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (request.amountMinor > order.paidMinor - spokenForMinor) {
    throw new PartnerRefusal('refund_exceeds_payment', `Payment ${request.paymentId} does not cover this refund`);
  }
}
