/** Partners that lie: every call can be bent, webhooks come late, in the wrong order or never, and by a seed all of it at random. */
import { describe, expect, it } from 'vitest';
import { PartnerUnavailable } from '../../gateways/http.ts';
import {
  chargeOf,
  claimOf,
  entryOf,
  noticeOf,
  orderOf,
  pickupOf,
  refundOf,
  shipmentOf,
  startReceiver,
  startSimulators,
  until,
} from './support.ts';

describe('faults on the newer calls', () => {
  it('strike each of them, and have passed the next time', async () => {
    const simulators = await startSimulators();
    const { sell, fault, control, payments, carrier, notifications, stock } = simulators;
    await sell(orderOf());
    const { refundId } = await payments.createRefund(refundOf());
    const { disputeId = '' } = await control('disputes', { paymentId: 'pay-1', amountMinor: 1 });
    const { trackingNo } = await carrier.prepareShipment(shipmentOf());
    const claim = claimOf({ trackingNo });
    const calls: [partner: string, operation: string, call: () => Promise<unknown>][] = [
      ['payments', 'create_charge', () => payments.createCharge(chargeOf())],
      ['payments', 'find_charge', () => payments.findCharge(chargeOf())],
      ['payments', 'find_charge', () => payments.chargesOf(chargeOf())],
      ['payments', 'submit_dispute_proof', () => payments.submitDisputeProof({ key: 'p', disputeId, refundId })],
      ['carrier', 'list_slots', () => carrier.listSlots({ from: '2026-03-01T00:00:00.000Z', days: 1 })],
      ['carrier', 'list_points', () => carrier.listPoints({ channel: 'locker' })],
      ['carrier', 'book_pickup', () => carrier.bookPickup(pickupOf())],
      ['carrier', 'find_pickup', () => carrier.findPickup(pickupOf())],
      ['carrier', 'cancel_pickup', () => carrier.cancelPickupIfPresent(pickupOf())],
      ['carrier', 'intercept_shipment', () => carrier.interceptIfPresent(shipmentOf())],
      ['carrier', 'track_shipment', () => carrier.trackShipment({ trackingNo })],
      ['carrier', 'file_claim', () => carrier.fileClaim(claim)],
      ['carrier', 'find_claim', () => carrier.findClaim(claim)],
      ['carrier', 'chase_claim', () => carrier.chaseClaim(claim)],
      ['carrier', 'withdraw_claim', () => carrier.withdrawClaimIfPresent(claim)],
      ['notifications', 'send_notice', () => notifications.sendNotice(noticeOf())],
      ['notifications', 'find_notice', () => notifications.findNotice(noticeOf())],
      ['stock', 'book_in', () => stock.bookIn(entryOf())],
      ['stock', 'find_entry', () => stock.findEntry(entryOf())],
    ];
    for (const [partner, operation, call] of calls) {
      for (const kind of ['unavailable', 'rate_limited', 'garbage', 'server_error']) {
        await fault({ partner, operation, fault: kind });
        await expect(call(), `${operation} ${kind}`).rejects.toBeInstanceOf(PartnerUnavailable);
      }
      await expect(call(), operation).resolves.toBeDefined();
    }
    expect((await simulators.totals()).stock).toMatchObject({ entries: 1 });
  });

  it('refuse in the words of the trade', async () => {
    const { sell, fault, payments, carrier, notifications, stock } = await startSimulators();
    await sell(orderOf());
    await carrier.prepareShipment(shipmentOf());
    await carrier.bookPickup(pickupOf({ key: 'p1' }));
    const refuse = (partner: string, operation: string) => fault({ partner, operation, fault: 'refuse' });
    await refuse('payments', 'create_charge');
    await expect(payments.createCharge(chargeOf())).rejects.toMatchObject({ code: 'card_declined' });
    await refuse('carrier', 'book_pickup');
    await expect(carrier.bookPickup(pickupOf())).rejects.toMatchObject({ code: 'slot_taken' });
    await refuse('carrier', 'cancel_pickup');
    expect(await carrier.cancelPickupIfPresent({ key: 'p1' })).toEqual({ cancelled: false, reason: 'driver_on_the_way' });
    await refuse('notifications', 'send_notice');
    await expect(notifications.sendNotice(noticeOf())).rejects.toMatchObject({ code: 'contact_unknown' });
    await refuse('stock', 'book_in');
    await expect(stock.bookIn(entryOf())).rejects.toMatchObject({ code: 'sku_unknown' });
  });

  it('server_error: 500 after the effect, or before it if told so', async () => {
    const { fault, carrier, totals } = await startSimulators();
    await fault({ partner: 'carrier', operation: 'prepare_shipment', fault: 'server_error', afterEffect: false });
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toBeInstanceOf(PartnerUnavailable);
    expect(await carrier.findShipment(shipmentOf())).toBeUndefined();
    await fault({ partner: 'carrier', operation: 'prepare_shipment', fault: 'server_error' });
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toThrow('500 server_error');
    const made = await carrier.findShipment(shipmentOf());
    expect(await carrier.prepareShipment(shipmentOf())).toEqual(made);
    expect((await totals()).carrier).toMatchObject({ live: 1 });
  });

  it('strike one carrier and leave its backup alone', async () => {
    const { fault, carrier } = await startSimulators();
    const only = { partner: 'carrier', operation: 'prepare_shipment', fault: 'refuse', times: -1, match: { carrier: 'main' } };
    await fault(only);
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toMatchObject({ code: 'address_not_served' });
    expect(await carrier.prepareShipment(shipmentOf({ key: 'k2', carrier: 'backup' }))).toMatchObject({ carrier: 'backup' });
  });

  it('pend charges that fail later, with a webhook that says so', async () => {
    const receiver = await startReceiver();
    const { sell, fault, payments } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    const kind = { fault: 'pending_then_failed', latencyMs: 30, code: 'no_funds' };
    await fault({ partner: 'payments', operation: 'create_charge', ...kind });
    expect((await payments.createCharge(chargeOf())).status).toBe('pending');
    await until(() =>
      expect(receiver.received).toMatchObject([{ event: { type: 'payment_failed', data: { code: 'no_funds' } } }]),
    );
    expect(await payments.findCharge(chargeOf())).toMatchObject({ status: 'failed', failureCode: 'no_funds' });
  });
});

describe('faults on webhooks', () => {
  const scanned = async (fault: Record<string, unknown>) => {
    const receiver = await startReceiver();
    const simulators = await startSimulators({ webhookTargets: receiver.targets });
    await simulators.fault({ partner: 'carrier', operation: 'webhook', ...fault });
    const { trackingNo } = await simulators.carrier.prepareShipment(shipmentOf());
    for (const code of ['picked_up', 'in_transit', 'delivered']) await simulators.scan({ trackingNo, code });
    await until(async () => expect((await simulators.totals()).webhooks.pending).toBe(0));
    return { ...simulators, receiver, trackingNo };
  };

  it('lost_webhook: never delivered, and tracking still tells, under the same event id', async () => {
    const { receiver, totals, carrier, trackingNo, send } = await scanned({ fault: 'lost_webhook' });
    expect(receiver.codes()).toEqual(['in_transit', 'delivered']);
    expect((await totals()).webhooks).toEqual({ delivered: 2, pending: 0, givenUp: 0, lost: 1 });
    const tracked = await carrier.trackShipment({ trackingNo });
    expect(tracked?.scans.map(({ code }) => code)).toEqual(['picked_up', 'in_transit', 'delivered']);
    expect(tracked?.scans[1]?.eventId).toBe(receiver.received[0]?.id);
    for (const resent of [1, 0]) expect((await send('POST', '/control/webhooks/resend', {})).body).toEqual({ resent });
    await until(() => expect(receiver.codes()).toEqual(['in_transit', 'delivered', 'picked_up']));
  });

  it('late_webhook: after its time, overtaken by the others', async () => {
    const { receiver } = await scanned({ fault: 'late_webhook', latencyMs: 150 });
    expect(receiver.codes()).toEqual(['in_transit', 'delivered', 'picked_up']);
  });

  it('reorder_webhook: right after the next of its subject', async () => {
    const { receiver } = await scanned({ fault: 'reorder_webhook', latencyMs: 60_000 });
    expect(receiver.codes().indexOf('picked_up')).toBeGreaterThan(0);
    expect(receiver.codes()).toHaveLength(3);
  });

  it('reorder_webhook: or when no next one comes in time', async () => {
    const receiver = await startReceiver();
    const { sell, fault, payments } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'webhook', fault: 'reorder_webhook', latencyMs: 30 });
    await payments.createRefund(refundOf());
    await until(() => expect(receiver.codes()).toEqual(['refund_settled']));
  });
});

describe('lies by a seed', () => {
  const liars = { duplicate: 0.3, reorder: 0.2, lost: 0.2, late: 0.2, latencyMs: 20 };

  /** What became of forty parcels and their calls, told without ids. */
  const run = async (lies: Record<string, unknown>) => {
    const receiver = await startReceiver();
    const { send, carrier, scan, totals } = await startSimulators({ webhookTargets: receiver.targets, timeoutMs: 1_000 });
    expect((await send('POST', '/control/lies', lies)).status).toBe(201);
    const calls: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      for (let tries = 1; ; tries += 1) {
        const shipment = await carrier.prepareShipment(shipmentOf({ key: `k${n}`, caseId: `C-${n}` })).catch(() => undefined);
        if (!shipment) continue;
        calls.push(`k${n} ${tries}`);
        await scan({ trackingNo: shipment.trackingNo, code: 'picked_up' });
        break;
      }
    }
    await until(async () => expect((await totals()).webhooks.pending).toBe(0));
    const { fired } = (await send('GET', '/control/lies')).body as { fired: Record<string, number> };
    const heard = receiver.received
      .flatMap(({ event }) => (event?.type === 'parcel_scanned' && event.data.legKey ? [event.data.legKey] : []))
      .toSorted();
    return { calls, fired, heard };
  };

  it('are the same for the same seed, and others for another', async () => {
    const lies = { seed: 7, ...liars, unavailable: 0.2, rateLimited: 0.2 };
    const [first, second, other] = [await run(lies), await run(lies), await run({ ...lies, seed: 8 })];
    expect([first.calls, first.fired, first.heard]).toEqual([second.calls, second.fired, second.heard]);
    expect(other.calls).not.toEqual(first.calls);
    for (const kind of ['duplicate', 'reorder', 'lost', 'late', 'unavailable', 'rateLimited'])
      expect(first.fired[kind]).toBeGreaterThan(0);
    expect(new Set(first.heard).size).toBe(40 - (first.fired.lost ?? 0));
  });

  it('hide effects that happened, until they are taken back', async () => {
    const { send, carrier, notifications } = await startSimulators({ timeoutMs: 100 });
    await send('POST', '/control/lies', { seed: 'always', timeoutAfterEffect: 1 });
    await expect(notifications.sendNotice(noticeOf())).rejects.toThrow('did not answer');
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toBeInstanceOf(PartnerUnavailable);
    expect((await send('DELETE', '/control/lies')).status).toBe(204);
    expect(await notifications.findNotice(noticeOf())).toBeDefined();
    expect(await carrier.findShipment(shipmentOf())).toBeDefined();
    expect((await send('GET', '/control/lies')).body).toEqual({ plan: null, fired: {} });
  });

  it('give way to a fault on order, and must be likely between never and always', async () => {
    const { send, fault, stock } = await startSimulators();
    await send('POST', '/control/lies', { seed: 1, unavailable: 1 });
    await fault({ partner: 'stock', operation: 'book_in', fault: 'refuse' });
    await expect(stock.bookIn(entryOf())).rejects.toMatchObject({ code: 'sku_unknown' });
    expect((await send('POST', '/control/lies', { seed: 1, lost: 2 })).status).toBe(400);
  });
});
