/**
 * The shop's orders: what was bought, by whom, and what was paid. Read only.
 * Whether a caller may see an order, and what may be returned of it, is decided elsewhere.
 */
import { type Order, orderSchema } from '../contracts/partners.ts';
import { createPartnerClient, type PartnerOptions, PartnerRefusal, pathSegment } from './http.ts';

export interface OrdersGateway {
  /** Undefined when the shop has no such order for this merchant. */
  findOrder(query: { merchantId: string; orderId: string }): Promise<Order | undefined>;
}

/** Base URL e.g. `http://127.0.0.1:4100/orders`. Errors: PartnerRefusal (`answer_mismatch` if told of another order), PartnerUnavailable. */
export function createOrdersGateway(options: PartnerOptions): OrdersGateway {
  const call = createPartnerClient('orders', options);

  return {
    async findOrder({ merchantId, orderId }) {
      const segment = pathSegment(orderId);
      if (segment === undefined) return undefined;
      try {
        const order = await call({ method: 'GET', path: `/${segment}`, query: { merchantId }, answer: orderSchema });
        if (order.orderId !== orderId || order.merchantId !== merchantId) {
          throw new PartnerRefusal('answer_mismatch', 'The shop answered with another order than the one asked for');
        }
        return order;
      } catch (error) {
        if (error instanceof PartnerRefusal && error.code === 'order_not_found') return undefined;
        throw error;
      }
    },
  };
}
