/**
 * The five partners in memory, for unit tests of stories: same promises as the real adapters, no network, no delay.
 * Anything about HTTP, signatures or durability is tested against the simulators instead.
 */
import type { Order } from '../../contracts/partners.ts';
import type { CarrierGateway } from '../carrier.ts';
import type { NotificationsGateway } from '../notifications.ts';
import type { OrdersGateway } from '../orders.ts';
import type { PaymentsGateway } from '../payments.ts';
import type { StockGateway } from '../stock.ts';
import { createFailures, type FailureOptions, type FakeCall, type FakeOperation } from './fake-calls.ts';
import { createFakeCarrier, type FakeCarrier } from './fake-carrier.ts';
import { createFakeClaims, type FakeClaims } from './fake-claims.ts';
import { type BookedEntry, createFakeNotifications, createFakeStock, type SentNotice } from './fake-notices.ts';
import { createFakePayments, type FakePayments } from './fake-payments.ts';

/** Ledgers and hands of each partner lie on top, its gateway under its name. */
export interface FakePartners
  extends Omit<FakePayments, keyof PaymentsGateway>,
    Omit<FakeCarrier & FakeClaims, keyof CarrierGateway> {
  orders: OrdersGateway & { add(order: Order): void };
  payments: PaymentsGateway;
  carrier: CarrierGateway;
  notifications: NotificationsGateway;
  stock: StockGateway;
  /** Oldest first. */
  notices: readonly SentNotice[];
  stockEntries: readonly BookedEntry[];
  /** Every call in order, failed ones too. */
  calls: readonly FakeCall[];
  /** Queued behind earlier failures of the same operation. */
  failNext: (operation: FakeOperation, error: Error, options?: FailureOptions) => void;
}

export function createFakePartners(): FakePartners {
  const known = new Map<string, Order>();
  const notices: SentNotice[] = [];
  const stockEntries: BookedEntry[] = [];
  const { calls, failNext, perform } = createFailures();

  const orders: FakePartners['orders'] = {
    add: (order) => void known.set(order.orderId, order),
    findOrder: ({ merchantId, orderId }) =>
      perform('find_order', orderId, () => {
        const order = known.get(orderId);
        return order?.merchantId === merchantId ? order : undefined;
      }),
  };
  const orderOf = (paymentId: string) => [...known.values()].find((order) => order.paymentId === paymentId);
  const payments = createFakePayments(orderOf, perform);
  const carrier = createFakeCarrier(perform);
  const claims = createFakeClaims(carrier.shipments, perform);

  return {
    ...payments,
    ...carrier,
    ...claims,
    orders,
    payments,
    carrier: { ...carrier, ...claims },
    notifications: createFakeNotifications(notices, perform),
    stock: createFakeStock(stockEntries, perform),
    notices,
    stockEntries,
    calls,
    failNext,
  };
}
