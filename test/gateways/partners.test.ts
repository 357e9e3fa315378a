/** The promises every implementation keeps: the fakes of unit tests and the adapters against the simulators answer alike. */
import { describe, expect, it } from 'vitest';
import type { Order } from '../../contracts/partners.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { PartnerRefusal, PartnerUnavailable } from '../../gateways/http.ts';
import { orderOf, refundOf, shipmentOf, startSimulators } from './support.ts';

const implementations = [
  {
    name: 'fakes',
    open: async () => {
      const fakes = createFakePartners();
      const settle = async (refundId: string) => fakes.settle(refundId, 'failed', 'account_closed');
      const scanPickup = async (key: string) => fakes.setShipmentStatus(key, 'in_transit');
      return {
        ...fakes,
        sell: async (order: Order) => fakes.orders.add(order),
        pend: async () => fakes.pendNextRefund(),
        settle,
        scanPickup,
      };
    },
  },
  {
    name: 'adapters and simulators',
    open: async () => {
      const simulators = await startSimulators();
      const pend = async () =>
        void (await simulators.fault({ partner: 'payments', operation: 'create_refund', fault: 'pending' }));
      const settle = async (refundId: string) => {
        const body = { refundId, outcome: 'failed', code: 'account_closed' };
        expect((await simulators.send('POST', '/control/settle', body)).status).toBe(200);
      };
      const scanPickup = async (key: string) => {
        const trackingNo = (await simulators.carrier.findShipment({ key }))?.trackingNo;
        expect((await simulators.scan({ trackingNo, code: 'picked_up' })).status).toBe(202);
      };
      return { ...simulators, pend, settle, scanPickup };
    },
  },
];

describe.each(implementations)('$name', ({ open }) => {
  it('finds an order of its merchant and nobody else’s', async () => {
    const { orders, sell } = await open();
    await sell(orderOf());
    expect(await orders.findOrder({ merchantId: 'm-1', orderId: 'O-1' })).toEqual(orderOf());
    expect(await orders.findOrder({ merchantId: 'm-2', orderId: 'O-1' })).toBeUndefined();
    for (const orderId of ['O-2', '..', '.', '', '../O-1', '%2e%2e', 'O-1\u0000', '\ud800', 'x'.repeat(300)]) {
      expect(await orders.findOrder({ merchantId: 'm-1', orderId })).toBeUndefined();
    }
  });

  it('pays the same refund command once, however often it comes', async () => {
    const { payments, sell } = await open();
    await sell(orderOf());
    expect(await payments.findRefund(refundOf())).toBeUndefined();
    const first = await payments.createRefund(refundOf());
    expect(first).toEqual({ ...refundOf(), refundId: first.refundId, status: 'succeeded' });
    expect(await payments.createRefund(refundOf())).toEqual(first);
    expect(await payments.findRefund(refundOf())).toEqual(first);
    expect(await payments.findRefund(refundOf({ key: 'C-1/other' }))).toBeUndefined();
    expect(await payments.findRefund(refundOf({ caseId: 'C-2' }))).toBeUndefined();
  });

  it.each([
    ['idempotency_key_reused', refundOf({ amountMinor: 2_501 })],
    ['payment_not_found', refundOf({ key: 'k2', paymentId: 'pay-9' })],
    ['currency_mismatch', refundOf({ key: 'k2', currency: 'EUR' })],
    ['amount_not_positive', refundOf({ key: 'k2', amountMinor: 0 })],
    ['refund_exceeds_payment', refundOf({ key: 'k2', amountMinor: 7_501 })],
  ])('refuses with %s and pays nothing', async (code, request) => {
    const { payments, sell } = await open();
    await sell(orderOf());
    await payments.createRefund(refundOf());
    const refused = payments.createRefund(request);
    await expect(refused).rejects.toBeInstanceOf(PartnerRefusal);
    await expect(refused).rejects.toMatchObject({ code });
    await payments.createRefund(refundOf({ key: 'rest', amountMinor: 7_500 }));
  });

  it('gives back to the ceiling what a pending refund fails to pay, and finds it as failed', async () => {
    const { payments, sell, pend, settle } = await open();
    await sell(orderOf());
    await pend();
    const pending = await payments.createRefund(refundOf({ amountMinor: 10_000 }));
    expect(pending.status).toBe('pending');
    await expect(payments.createRefund(refundOf({ key: 'k2' }))).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
    await settle(pending.refundId);
    expect(await payments.findRefund(refundOf())).toEqual({ ...pending, status: 'failed', failureCode: 'account_closed' });
    expect((await payments.createRefund(refundOf({ key: 'k2' }))).status).toBe('succeeded');
  });

  it('prepares one shipment a key, with a driver’s visit for a door pickup alone', async () => {
    const { carrier } = await open();
    expect(await carrier.findShipment(shipmentOf())).toBeUndefined();
    const first = await carrier.prepareShipment(shipmentOf());
    expect(first).toMatchObject({ status: 'live', pickupAt: expect.any(String), trackingNo: expect.stringMatching(/^RT/) });
    expect(await carrier.prepareShipment(shipmentOf())).toEqual(first);
    expect(await carrier.findShipment(shipmentOf())).toEqual(first);
    const second = await carrier.prepareShipment(shipmentOf({ key: 'C-2/label', channel: 'locker' }));
    expect(second.pickupAt).toBeUndefined();
    expect(second.trackingNo).not.toBe(first.trackingNo);
  });

  it('voids what is there, twice if asked, and says why it did not', async () => {
    const { carrier, scanPickup } = await open();
    expect(await carrier.voidShipmentIfPresent(shipmentOf())).toEqual({ voided: false, reason: 'absent' });
    await carrier.prepareShipment(shipmentOf());
    expect(await carrier.voidShipmentIfPresent(shipmentOf())).toEqual({ voided: true });
    expect(await carrier.voidShipmentIfPresent(shipmentOf())).toEqual({ voided: true });
    expect(await carrier.findShipment(shipmentOf())).toMatchObject({ status: 'voided' });
    await carrier.prepareShipment(shipmentOf({ key: 'k2' }));
    await scanPickup('k2');
    expect(await carrier.voidShipmentIfPresent({ key: 'k2' })).toEqual({ voided: false, reason: 'already_scanned' });
  });
});

describe('fakes on order', () => {
  it('fail as often as told, before or after the effect, and remember every call', async () => {
    const { payments, orders, refunds, calls, failNext } = createFakePartners();
    orders.add(orderOf());
    failNext('create_refund', new PartnerUnavailable('away'));
    failNext('create_refund', new PartnerUnavailable('answer lost'), { afterEffect: true });
    await expect(payments.createRefund(refundOf())).rejects.toThrow('away');
    expect(refunds).toEqual([]);
    await expect(payments.createRefund(refundOf())).rejects.toThrow('answer lost');
    expect(refunds).toHaveLength(1);
    expect(await payments.createRefund(refundOf())).toEqual(refunds[0]);
    expect(calls.map(({ operation }) => operation)).toEqual(['create_refund', 'create_refund', 'create_refund']);
  });
});
