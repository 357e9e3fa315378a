/** Each fault does what it says, as often as it says, to whom it says. */
import { describe, expect, it } from 'vitest';
import { PartnerRefusal, PartnerUnavailable } from '../../gateways/http.ts';
import { orderOf, refundOf, shipmentOf, startReceiver, startSimulators, until } from './support.ts';

describe('faults on calls', () => {
  it('refuse: the card is closed, the address is not served, in words of one’s own if given', async () => {
    const { sell, fault, payments, carrier, orders, refundRows } = await startSimulators();
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'refuse' });
    const refused = payments.createRefund(refundOf());
    await expect(refused).rejects.toBeInstanceOf(PartnerRefusal);
    await expect(refused).rejects.toMatchObject({ code: 'card_closed', message: 'The card account is closed' });
    expect(await refundRows()).toEqual([]);
    expect((await payments.createRefund(refundOf())).status).toBe('succeeded');

    await fault({ partner: 'carrier', operation: 'prepare_shipment', fault: 'refuse' });
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toMatchObject({ code: 'address_not_served' });
    await fault({ partner: 'carrier', operation: 'prepare_shipment', fault: 'refuse', code: 'too_big', message: 'Too big' });
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toMatchObject({ code: 'too_big', message: 'Too big' });
    await carrier.prepareShipment(shipmentOf());
    await fault({ partner: 'carrier', operation: 'void_shipment', fault: 'refuse' });
    expect(await carrier.voidShipmentIfPresent(shipmentOf())).toEqual({ voided: false, reason: 'already_scanned' });
    await fault({ partner: 'orders', operation: 'find_order', fault: 'refuse' });
    await expect(orders.findOrder(orderOf())).rejects.toMatchObject({ code: 'not_permitted' });
  });

  it('unavailable and rate_limited pass, have no effect, and the latter says when to come back', async () => {
    const { sell, fault, payments, carrier, refundRows } = await startSimulators();
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'unavailable' });
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'rate_limited' });
    await expect(payments.createRefund(refundOf())).rejects.toBeInstanceOf(PartnerUnavailable);
    await expect(payments.createRefund(refundOf())).rejects.toMatchObject({ name: 'PartnerUnavailable', retryAfterMs: 1_000 });
    expect(await refundRows()).toEqual([]);
    await fault({ partner: 'carrier', operation: 'find_shipment', fault: 'unavailable' });
    await expect(carrier.findShipment(shipmentOf())).rejects.toBeInstanceOf(PartnerUnavailable);
  });

  it('timeout_after_effect: the money moved, the caller does not know, a look-up tells', async () => {
    const { sell, fault, payments, carrier, refundRows } = await startSimulators({ timeoutMs: 150 });
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'timeout_after_effect' });
    await expect(payments.createRefund(refundOf())).rejects.toThrow('did not answer within 150 ms');
    const found = await payments.findRefund(refundOf());
    expect(found).toMatchObject({ status: 'succeeded', amountMinor: 2_500 });
    expect(await payments.createRefund(refundOf())).toEqual(found);
    expect(await refundRows()).toHaveLength(1);

    await fault({ partner: 'carrier', operation: 'prepare_shipment', fault: 'timeout_after_effect', latencyMs: 1 });
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toThrow('could not be reached');
    expect(await carrier.findShipment(shipmentOf())).toMatchObject({ status: 'live' });
  });

  it('garbage: an HTML page with 200 is a passing failure, though the effect happened', async () => {
    const { sell, fault, payments, refundRows } = await startSimulators();
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'garbage' });
    await expect(payments.createRefund(refundOf())).rejects.toBeInstanceOf(PartnerUnavailable);
    await fault({ partner: 'payments', operation: 'find_refund', fault: 'garbage' });
    await expect(payments.findRefund(refundOf())).rejects.toBeInstanceOf(PartnerUnavailable);
    expect(await payments.findRefund(refundOf())).toBeDefined();
    expect(await refundRows()).toHaveLength(1);
  });

  it('pending_then_failed: pending first, failed later, with a webhook that says so', async () => {
    const receiver = await startReceiver();
    const { sell, fault, payments } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    const request = {
      partner: 'payments',
      operation: 'create_refund',
      fault: 'pending_then_failed',
      latencyMs: 50,
      code: 'card_lost',
    };
    await fault(request);
    expect((await payments.createRefund(refundOf())).status).toBe('pending');
    await until(async () =>
      expect(await payments.findRefund(refundOf())).toMatchObject({ status: 'failed', failureCode: 'card_lost' }),
    );
    await until(() =>
      expect(receiver.received).toMatchObject([{ event: { type: 'refund_failed', data: { code: 'card_lost' } } }]),
    );
  });

  it('strike whom they match, as often as told, until removed', async () => {
    const { sell, fault, send, firedOf, postRefund } = await startSimulators();
    await sell(orderOf());
    await sell(orderOf({ orderId: 'O-2', paymentId: 'pay-2' }));
    const base = { partner: 'payments', operation: 'create_refund', fault: 'unavailable', match: { orderId: 'O-2' } };
    const forGood = await fault({ ...base, times: -1 });
    const statusOf = async (paymentId: string, key: string) => (await postRefund(refundOf({ paymentId, key }))).status;
    expect(await statusOf('pay-1', 'a')).toBe(201);
    expect([await statusOf('pay-2', 'b'), await statusOf('pay-2', 'b'), await statusOf('pay-2', 'c')]).toEqual([503, 503, 503]);
    expect(await firedOf()).toEqual([3]);
    expect((await send('DELETE', `/control/faults/${forGood}`)).status).toBe(204);
    expect((await send('DELETE', `/control/faults/${forGood}`)).status).toBe(404);
    expect(await statusOf('pay-2', 'b')).toBe(201);
    await fault({ ...base, match: { caseId: 'C-1', key: 'd' }, times: 2 });
    expect([await statusOf('pay-1', 'd'), await statusOf('pay-1', 'd'), await statusOf('pay-1', 'd')]).toEqual([503, 503, 201]);
    await fault({ ...base, times: -1 });
    expect((await send('DELETE', '/control/faults')).status).toBe(204);
    expect(await statusOf('pay-2', 'e')).toBe(201);
  });

  it.each([
    ['a call of another partner', { partner: 'orders', operation: 'create_refund', fault: 'refuse' }],
    ['a fault that does not suit', { partner: 'carrier', operation: 'find_shipment', fault: 'pending' }],
    ['a match it never knows', { partner: 'payments', operation: 'find_refund', fault: 'refuse', match: { key: 'k' } }],
    ['a delay without latency', { partner: 'payments', operation: 'find_refund', fault: 'delay' }],
    ['a made-up fault', { partner: 'payments', operation: 'find_refund', fault: 'explode' }],
    ['zero times', { partner: 'payments', operation: 'find_refund', fault: 'refuse', times: 0 }],
  ])('cannot be ordered for %s', async (_what, request) => {
    const { send } = await startSimulators();
    const answer = await send('POST', '/control/faults', request);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
  });
});

describe('control', () => {
  it('is shut when not allowed, while partners go on', async () => {
    const { send } = await startSimulators({ allowControl: false });
    for (const path of ['/control/totals', '/control/faults', '/control/ledger/payments']) {
      expect(await send('GET', path)).toMatchObject({ status: 403, body: { code: 'control_disabled' } });
    }
    expect((await send('POST', '/control/scans', {})).status).toBe(403);
    expect((await send('POST', '/orders', orderOf())).status).toBe(201);
  });

  it('refuses scans that cannot be, and names unknown parcels', async () => {
    const { carrier, scan, send } = await startSimulators();
    const { trackingNo } = await carrier.prepareShipment(shipmentOf());
    expect((await scan({ trackingNo: 'RT?', code: 'picked_up' })).status).toBe(404);
    expect((await scan({ trackingNo, code: 'teleported' })).status).toBe(400);
    const occurredAt = '2026-02-01T09:00:00+01:00';
    expect(await scan({ trackingNo, code: 'picked_up', occurredAt })).toMatchObject({
      status: 202,
      body: { status: 'in_transit' },
    });
    expect(await scan({ trackingNo, code: 'picked_up' })).toMatchObject({ status: 409, body: { code: 'impossible_scan' } });
    expect(await scan({ trackingNo, code: 'picked_up', occurredAt })).toMatchObject({
      status: 202,
      body: { status: 'in_transit' },
    });
    for (const [code, status] of [
      ['lost', 'lost'],
      ['in_transit', 'in_transit'],
      ['delivered', 'delivered'],
    ]) {
      expect(await scan({ trackingNo, code })).toMatchObject({ status: 202, body: { status } });
    }
    expect((await scan({ trackingNo, code: 'in_transit' })).status).toBe(409);

    const other = await carrier.prepareShipment(shipmentOf({ key: 'k2' }));
    await carrier.voidShipmentIfPresent({ key: 'k2' });
    expect((await scan({ trackingNo: other.trackingNo, code: 'picked_up' })).status).toBe(409);
    expect((await send('POST', '/carrier/shipments/shp_x/void')).status).toBe(404);
  });
});
