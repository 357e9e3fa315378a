/** Webhooks of the simulators: signed, repeated until 2xx, in order, and not lost with the process. */
import { describe, expect, it } from 'vitest';
import {
  carrierEventSchema,
  chargeEventSchema,
  claimEventSchema,
  disputeEventSchema,
  paymentEventSchema,
} from '../../contracts/partners.ts';
import {
  caseOf,
  chargeOf,
  claimOf,
  orderOf,
  pickupOf,
  refundOf,
  shipmentOf,
  startReceiver,
  startSimulators,
  tempDir,
  until,
} from './support.ts';

describe('webhooks', () => {
  it('are signed, fit the contract and carry the event id', async () => {
    const receiver = await startReceiver();
    const { sell, payments, carrier, scan, totals } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    const { refundId } = await payments.createRefund(refundOf());
    const { trackingNo } = await carrier.prepareShipment(shipmentOf());
    const occurredAt = '2026-02-01T08:00:00.000Z';
    const { body } = await scan({ trackingNo, code: 'picked_up', place: 'Leeds', occurredAt });
    await until(async () => expect((await totals()).webhooks).toEqual({ delivered: 2, pending: 0, givenUp: 0, lost: 0 }));

    const paid = receiver.received.find(({ partner }) => partner === 'payments');
    expect(paymentEventSchema.parse(paid?.event)).toMatchObject({
      type: 'refund_settled',
      data: { caseId: 'C-1', refundId, amountMinor: 2_500, currency: 'GBP' },
    });
    const scanned = receiver.received.find(({ partner }) => partner === 'carrier');
    expect(carrierEventSchema.parse(scanned?.event)).toEqual({
      type: 'parcel_scanned',
      data: { caseId: 'C-1', trackingNo, legKey: 'C-1/label', code: 'picked_up', occurredAt, place: 'Leeds', attempt: 1 },
    });
    expect(scanned?.id).toBe((body as { eventId: string }).eventId);
    expect(receiver.received.every(({ verified }) => verified)).toBe(true);
  });

  it('tell of visits, claims, charges and disputes in the shapes of the contract', async () => {
    const receiver = await startReceiver();
    const { sell, payments, carrier, scan, control, totals } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    const { trackingNo } = await carrier.prepareShipment(shipmentOf());
    const { bookingId } = await carrier.bookPickup(pickupOf());
    await scan({ trackingNo, code: 'pickup_failed', cause: 'nobody_home' });
    const { claimId } = await carrier.fileClaim(claimOf({ trackingNo }));
    await control('claims', { claimId, outcome: 'accepted' });
    await control('claims', { key: 'C-1/claim', outcome: 'paid', paidMinor: 2_000 });
    const { chargeId } = await payments.createCharge(chargeOf());
    const { disputeId } = await control('disputes', { paymentId: 'pay-1', amountMinor: 900 });
    await control(`disputes/${disputeId}`, { result: 'lost' });
    await until(async () => expect((await totals()).webhooks).toMatchObject({ delivered: 6, pending: 0 }));

    const eventsOf = (type: string) => receiver.received.flatMap(({ event }) => (event?.type === type ? [event] : []));
    const [failed] = eventsOf('parcel_scanned').map((event) => carrierEventSchema.parse(event));
    expect(failed?.data).toMatchObject({ legKey: 'C-1/label', bookingId, attempt: 1, cause: 'nobody_home' });
    const answers = eventsOf('claim_answered').map((event) => claimEventSchema.parse(event).data);
    const claim = { caseId: 'C-1', claimId, key: 'C-1/claim', currency: 'GBP' };
    expect(answers).toMatchObject([
      { ...claim, outcome: 'accepted', amountMinor: 2_500 },
      { ...claim, outcome: 'paid', amountMinor: 2_000 },
    ]);
    const [charged] = eventsOf('payment_settled').map((event) => chargeEventSchema.parse(event));
    expect(charged?.data).toMatchObject({ caseId: 'C-1', chargeId, amountMinor: 2_500, currency: 'GBP' });
    const dispute = { merchantId: 'm-1', paymentId: 'pay-1', disputeId, amountMinor: 900, currency: 'GBP' };
    expect(
      [...eventsOf('dispute_opened'), ...eventsOf('dispute_closed')].map((event) => disputeEventSchema.parse(event)),
    ).toMatchObject([
      { type: 'dispute_opened', data: dispute },
      { type: 'dispute_closed', data: { ...dispute, result: 'lost' } },
    ]);
  });

  it('tell of a refund that failed after it was paid', async () => {
    const receiver = await startReceiver();
    const { sell, payments, control } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    const { refundId } = await payments.createRefund(refundOf());
    await control('settle', { refundId, outcome: 'failed', code: 'account_closed' });
    await until(() => expect(receiver.codes()).toEqual(['refund_settled', 'refund_failed']));
    expect(receiver.received[1]?.event?.data).toMatchObject({ refundId, amountMinor: 2_500, code: 'account_closed' });
  });

  it('come again under the same id until the receiver says 2xx', async () => {
    const receiver = await startReceiver({ answer: (_delivery, nth) => [500, 404, 302, 200][nth - 1] ?? 200 });
    const { sell, payments, totals } = await startSimulators({ webhookTargets: receiver.targets });
    await sell(orderOf());
    await payments.createRefund(refundOf());
    await until(async () => expect((await totals()).webhooks.delivered).toBe(1));
    expect(receiver.received).toHaveLength(4);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
  });

  it('are given up after the last try', async () => {
    const receiver = await startReceiver({ answer: () => 500 });
    const delivery = { backoffFirstMs: 1, triesMax: 3 };
    const { sell, payments, totals } = await startSimulators({ webhookTargets: receiver.targets, delivery });
    await sell(orderOf());
    await payments.createRefund(refundOf());
    await until(async () => expect((await totals()).webhooks).toEqual({ delivered: 0, pending: 0, givenUp: 1, lost: 0 }));
    expect(receiver.received).toHaveLength(3);
  });

  it('of one shipment keep their order through failures, while another shipment’s go ahead', async () => {
    let away = true;
    const receiver = await startReceiver({ answer: ({ event }) => (away && caseOf(event) === 'C-1' ? 503 : 204) });
    const { carrier, scan } = await startSimulators({ webhookTargets: receiver.targets });
    const first = await carrier.prepareShipment(shipmentOf());
    const second = await carrier.prepareShipment(shipmentOf({ key: 'k2', caseId: 'C-2' }));
    const codes = ['picked_up', 'in_transit', 'exception', 'delivered'];
    for (const code of codes) await scan({ trackingNo: first.trackingNo, code });
    await scan({ trackingNo: second.trackingNo, code: 'delivered' });
    await until(() => expect(receiver.received.some(({ event }) => caseOf(event) === 'C-2')).toBe(true));
    const tried = receiver.received.filter(({ event }) => caseOf(event) === 'C-1');
    expect(new Set(tried.map(({ id }) => id)).size).toBe(1);
    away = false;
    const seen = () =>
      receiver.received.flatMap(({ event }) =>
        event?.type === 'parcel_scanned' && event.data.caseId === 'C-1' ? [event.data.code] : [],
      );
    await until(() => expect(seen().at(-1)).toBe('delivered'));
    expect([...new Set(seen())]).toEqual(codes);
  });

  it('survive a restart, in order, under their first ids', async () => {
    const dataDir = await tempDir();
    const receiver = await startReceiver();
    const targets = receiver.targets;
    await receiver.close();
    const before = await startSimulators({ dataDir, webhookTargets: targets });
    const { trackingNo } = await before.carrier.prepareShipment(shipmentOf());
    const ids: string[] = [];
    for (const code of ['picked_up', 'delivered'])
      ids.push(((await before.scan({ trackingNo, code })).body as { eventId: string }).eventId);
    expect((await before.totals()).webhooks.pending).toBe(2);
    await before.close();

    const again = await startReceiver({ port: receiver.port });
    const after = await startSimulators({ dataDir, webhookTargets: targets });
    await until(async () => expect((await after.totals()).webhooks).toEqual({ delivered: 2, pending: 0, givenUp: 0, lost: 0 }));
    expect(again.received.map(({ id }) => id)).toEqual(ids);
    await after.close();

    const third = await startSimulators({ dataDir, webhookTargets: targets });
    expect((await third.totals()).webhooks).toEqual({ delivered: 2, pending: 0, givenUp: 0, lost: 0 });
    expect(again.received).toHaveLength(2);
  });

  it('wait in the ledger while there is no target', async () => {
    const { sell, payments, totals } = await startSimulators();
    await sell(orderOf());
    await payments.createRefund(refundOf());
    expect((await totals()).webhooks).toEqual({ delivered: 0, pending: 1, givenUp: 0, lost: 0 });
  });
});

describe('faults on webhooks', () => {
  const scanTwice = async (fault: Record<string, unknown>) => {
    const receiver = await startReceiver();
    const simulators = await startSimulators({ webhookTargets: receiver.targets });
    await simulators.fault({ partner: 'carrier', operation: 'webhook', match: { caseId: 'C-1' }, ...fault });
    const { trackingNo } = await simulators.carrier.prepareShipment(shipmentOf());
    for (const code of ['picked_up', 'delivered']) await simulators.scan({ trackingNo, code });
    await until(async () => expect((await simulators.totals()).webhooks.delivered).toBe(2));
    return receiver;
  };

  it('duplicate_webhook sends the event twice under one id', async () => {
    const receiver = await scanTwice({ fault: 'duplicate_webhook' });
    expect(receiver.codes()).toEqual(['picked_up', 'picked_up', 'delivered']);
    expect(receiver.received[0]?.id).toBe(receiver.received[1]?.id);
  });

  it('delay lets later events overtake', async () => {
    const receiver = await scanTwice({ fault: 'delay', latencyMs: 100 });
    expect(receiver.codes()).toEqual(['delivered', 'picked_up']);
  });

  it('a delay for good makes all late and loses none', async () => {
    const receiver = await scanTwice({ fault: 'delay', latencyMs: 20, times: -1 });
    expect(receiver.codes()).toHaveLength(2);
  });

  it('unavailable loses a delivery on the way; it is repeated', async () => {
    const receiver = await scanTwice({ fault: 'unavailable', times: 2 });
    expect(receiver.codes()).toEqual(['picked_up', 'delivered']);
  });

  it('timeout_after_effect delivers, then delivers again', async () => {
    const receiver = await scanTwice({ fault: 'timeout_after_effect' });
    expect(receiver.codes()).toEqual(['picked_up', 'picked_up', 'delivered']);
  });

  it('garbage arrives with a signature that does not fit, and whole afterwards', async () => {
    const receiver = await scanTwice({ fault: 'garbage' });
    expect(receiver.received.map(({ verified }) => verified)).toEqual([false, true, true]);
  });
});
