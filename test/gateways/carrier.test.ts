/** What a return needs of the carrier beyond a label: fakes and adapters against the simulator keep the same promises. */
import { describe, expect, it } from 'vitest';
import type { ClaimOutcome, ScanCode } from '../../contracts/partners.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { claimOf, pickupOf, shipmentOf, startSimulators } from './support.ts';

const implementations = [
  {
    name: 'fakes',
    open: async () => {
      const fakes = createFakePartners();
      return {
        carrier: fakes.carrier,
        scan: async (key: string, code: ScanCode, more: { occurredAt?: string; cause?: string } = {}) =>
          fakes.scan(key, { code, ...more }),
        takeSlot: async (slotId: string) => fakes.takeSlot(slotId),
        sendDriver: async (key: string) => fakes.sendDriver(key),
        answerClaim: async (key: string, outcome: ClaimOutcome, paidMinor?: number) => fakes.answerClaim(key, outcome, paidMinor),
      };
    },
  },
  {
    name: 'adapters and simulators',
    open: async () => {
      const { carrier, control } = await startSimulators();
      return {
        carrier,
        scan: async (key: string, code: ScanCode, more: { occurredAt?: string; cause?: string } = {}) => {
          const trackingNo = (await carrier.findShipment({ key }))?.trackingNo;
          await control('scans', { trackingNo, code, ...more });
        },
        takeSlot: async (slotId: string) => void (await control('slots', { slotId, taken: true })),
        sendDriver: async (key: string) => void (await control('drivers', { key })),
        answerClaim: async (key: string, outcome: ClaimOutcome, paidMinor?: number) =>
          void (await control('claims', { key, outcome, paidMinor })),
      };
    },
  },
];
const key = 'C-1/label';
const slotId = 'slot_20300302T0900Z';

describe.each(implementations)('$name: parcels', ({ open }) => {
  it('go by the carrier, the way and the slot that were asked for', async () => {
    const { carrier } = await open();
    expect(await carrier.prepareShipment(shipmentOf())).toMatchObject({ carrier: 'main', direction: 'return' });
    const back = shipmentOf({ key: 'k2', carrier: 'backup', direction: 'send_back', channel: 'locker', pointId: 'lk_park' });
    const sent = await carrier.prepareShipment(back);
    expect(sent).toMatchObject({
      carrier: 'backup',
      direction: 'send_back',
      pointId: 'lk_park',
      trackingNo: expect.stringMatching(/^BT/),
    });
    expect(sent.label).toEqual({ url: expect.stringContaining(sent.trackingNo), qrText: sent.trackingNo });
    const times = { pickupAt: '2030-03-02T09:00:00.000Z', pickupEndsAt: '2030-03-02T11:00:00.000Z' };
    expect(await carrier.prepareShipment(shipmentOf({ key: 'k3', slotId }))).toMatchObject({ slotId, ...times });
    expect(await carrier.findPickup({ key: 'k3' })).toMatchObject({ shipmentKey: 'k3', slotId, status: 'booked' });
    await carrier.voidShipmentIfPresent({ key: 'k3' });
    expect(await carrier.findPickup({ key: 'k3' })).toMatchObject({ status: 'cancelled' });
  });

  it.each([
    ['slot_unknown', { slotId: 'tomorrow' }],
    ['slot_unknown', { slotId: 'slot_20309902T0900Z' }],
    ['slot_unknown', { slotId: 'slot_20200101T0900Z' }],
    ['slot_taken', { slotId: 'slot_20300302T1100Z' }],
    ['point_unknown', { pointId: 'pt_moon' }],
  ])('are refused with %s, and nothing is made', async (code, part) => {
    const { carrier, takeSlot } = await open();
    await takeSlot('slot_20300302T1100Z');
    await expect(carrier.prepareShipment(shipmentOf(part))).rejects.toMatchObject({ name: 'PartnerRefusal', code });
    expect(await carrier.findShipment({ key })).toBeUndefined();
    expect(await carrier.findPickup({ key })).toBeUndefined();
  });

  it('are refused under a key that was used for another', async () => {
    const { carrier } = await open();
    await carrier.prepareShipment(shipmentOf());
    const other = carrier.prepareShipment(shipmentOf({ channel: 'locker' }));
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('are turned round only under way, and it is said why not', async () => {
    const { carrier, scan } = await open();
    expect(await carrier.interceptIfPresent({ key })).toEqual({ intercepted: false, reason: 'absent' });
    await carrier.prepareShipment(shipmentOf());
    expect(await carrier.interceptIfPresent({ key })).toEqual({ intercepted: false, reason: 'not_scanned' });
    await scan(key, 'dropped_off');
    expect(await carrier.interceptIfPresent({ key })).toEqual({ intercepted: true });
    expect(await carrier.interceptIfPresent({ key })).toEqual({ intercepted: true });
    expect(await carrier.findShipment({ key })).toMatchObject({ status: 'in_transit', intercepted: true });
    await scan(key, 'returned_to_sender');
    expect(await carrier.interceptIfPresent({ key })).toEqual({ intercepted: false, reason: 'returned_to_sender' });
    await carrier.prepareShipment(shipmentOf({ key: 'k2' }));
    await scan('k2', 'delivered');
    expect(await carrier.interceptIfPresent({ key: 'k2' })).toEqual({ intercepted: false, reason: 'delivered' });
  });

  it('can be tracked through all their scans, oldest first', async () => {
    const { carrier, scan } = await open();
    for (const trackingNo of ['RT?', '..', '']) expect(await carrier.trackShipment({ trackingNo })).toBeUndefined();
    const { trackingNo } = await carrier.prepareShipment(shipmentOf());
    expect(await carrier.trackShipment({ trackingNo })).toEqual({ status: 'live', scans: [] });
    const codes: ScanCode[] = ['dropped_off', 'customs_held', 'customs_released', 'lost', 'found', 'delivered'];
    for (const [nth, code] of codes.entries()) await scan(key, code, { occurredAt: `2026-02-01T0${nth}:00:00.000Z` });
    const tracked = await carrier.trackShipment({ trackingNo });
    expect(tracked?.status).toBe('delivered');
    expect(tracked?.scans.map(({ code }) => code)).toEqual(codes);
    expect(tracked?.scans[0]).toMatchObject({ occurredAt: '2026-02-01T00:00:00.000Z' });
  });
});

describe.each(implementations)('$name: drivers’ visits', ({ open }) => {
  it('are offered from tomorrow, 09:00 to 17:00 of the zone, the same every time', async () => {
    const { carrier, takeSlot } = await open();
    const query = { from: '2026-03-28T23:30:00.000Z', days: 2, timezone: 'Europe/London' };
    const slots = await carrier.listSlots(query);
    expect(slots.map(({ startsAt }) => startsAt.slice(5, 16))).toEqual(
      ['08', '10', '12', '14']
        .flatMap((hour) => [`03-29T${hour}:00`])
        .concat(['30T08', '30T10', '30T12', '30T14'].map((at) => `03-${at}:00`)),
    );
    expect(await carrier.listSlots(query)).toEqual(slots);
    await takeSlot(slots[0]?.slotId ?? '');
    expect(await carrier.listSlots(query)).toEqual(slots.slice(1));
    const inUtc = await carrier.listSlots({ from: '2026-03-28T23:30:00.000Z', days: 1 });
    expect(inUtc[0]).toEqual({
      slotId: 'slot_20260329T0900Z',
      startsAt: '2026-03-29T09:00:00.000Z',
      endsAt: '2026-03-29T11:00:00.000Z',
    });
    await expect(carrier.listSlots({ ...query, timezone: 'Mars/North' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('have points beside them, by kind', async () => {
    const { carrier } = await open();
    for (const channel of ['drop_off', 'locker'] as const) {
      const points = await carrier.listPoints({ channel });
      expect(points.length).toBeGreaterThan(1);
      expect(points.every(({ kind }) => kind === channel)).toBe(true);
    }
  });

  it('are booked once a key; a new one replaces the earlier', async () => {
    const { carrier } = await open();
    await expect(carrier.bookPickup(pickupOf())).rejects.toMatchObject({ code: 'shipment_not_found' });
    await carrier.prepareShipment(shipmentOf());
    const first = await carrier.bookPickup(pickupOf());
    expect(first).toMatchObject({ ...pickupOf(), startsAt: '2030-03-02T09:00:00.000Z', status: 'booked' });
    expect(await carrier.bookPickup(pickupOf())).toEqual(first);
    await expect(carrier.bookPickup(pickupOf({ slotId: 'slot_20300302T1100Z' }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    const second = await carrier.bookPickup(pickupOf({ key: 'p2', slotId: 'slot_20300302T1100Z' }));
    expect(await carrier.findPickup(pickupOf())).toEqual({ ...first, status: 'cancelled' });
    expect(await carrier.findPickup({ key: 'p2' })).toEqual(second);
    expect(await carrier.findShipment({ key })).toMatchObject({ slotId: second.slotId, pickupAt: second.startsAt });
    expect(await carrier.findPickup({ key: 'p3' })).toBeUndefined();
  });

  it('are refused for a slot that is taken, past or none, and for a parcel under way', async () => {
    const { carrier, takeSlot, scan } = await open();
    await carrier.prepareShipment(shipmentOf());
    await takeSlot(slotId);
    await expect(carrier.bookPickup(pickupOf())).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'slot_taken' });
    for (const none of ['x', 'slot_20200101T0900Z'])
      await expect(carrier.bookPickup(pickupOf({ slotId: none }))).rejects.toMatchObject({ code: 'slot_unknown' });
    await scan(key, 'in_transit');
    const late = carrier.bookPickup(pickupOf({ slotId: 'slot_20300302T1100Z' }));
    await expect(late).rejects.toMatchObject({ code: 'not_awaiting_pickup' });
  });

  it('are cancelled, twice if asked, until the driver has left', async () => {
    const { carrier, sendDriver } = await open();
    expect(await carrier.cancelPickupIfPresent(pickupOf())).toEqual({ cancelled: false, reason: 'absent' });
    await carrier.prepareShipment(shipmentOf());
    await carrier.bookPickup(pickupOf());
    expect(await carrier.cancelPickupIfPresent(pickupOf())).toEqual({ cancelled: true });
    expect(await carrier.cancelPickupIfPresent(pickupOf())).toEqual({ cancelled: true });
    expect((await carrier.findShipment({ key }))?.slotId).toBeUndefined();
    await carrier.bookPickup(pickupOf({ key: 'p2' }));
    await sendDriver('p2');
    expect(await carrier.cancelPickupIfPresent({ key: 'p2' })).toEqual({ cancelled: false, reason: 'driver_on_the_way' });
    await expect(carrier.bookPickup(pickupOf({ key: 'p3' }))).rejects.toMatchObject({ code: 'driver_on_the_way' });
  });

  it('fail or succeed by what the driver scans', async () => {
    const { carrier, scan } = await open();
    await carrier.prepareShipment(shipmentOf());
    await carrier.bookPickup(pickupOf());
    await scan(key, 'pickup_failed', { cause: 'nobody_home' });
    expect(await carrier.findPickup(pickupOf())).toMatchObject({ status: 'failed' });
    const shipment = await carrier.findShipment({ key });
    expect(shipment).toMatchObject({ status: 'live' });
    expect(shipment?.slotId).toBeUndefined();
    const tracked = await carrier.trackShipment({ trackingNo: shipment?.trackingNo ?? '' });
    expect(tracked?.scans).toMatchObject([{ code: 'pickup_failed', cause: 'nobody_home' }]);
    await carrier.bookPickup(pickupOf({ key: 'p2' }));
    await scan(key, 'picked_up');
    expect(await carrier.findPickup({ key: 'p2' })).toMatchObject({ status: 'done' });
    expect(await carrier.cancelPickupIfPresent({ key: 'p2' })).toEqual({ cancelled: false, reason: 'done' });
  });
});

describe.each(implementations)('$name: claims', ({ open }) => {
  const file = async () => {
    const opened = await open();
    const { trackingNo } = await opened.carrier.prepareShipment(shipmentOf());
    const request = claimOf({ trackingNo });
    return { ...opened, request, filed: await opened.carrier.fileClaim(request) };
  };

  it('are filed once a key, for parcels there are', async () => {
    const { carrier, request, filed } = await file();
    expect(filed).toEqual({ ...request, claimId: filed.claimId, status: 'filed' });
    expect(await carrier.fileClaim(request)).toEqual(filed);
    expect(await carrier.findClaim(request)).toEqual(filed);
    expect(await carrier.findClaim({ key: 'k2' })).toBeUndefined();
    for (const [code, part] of [
      ['idempotency_key_reused', { amountMinor: 1 }],
      ['shipment_not_found', { key: 'k2', trackingNo: 'RT?' }],
      ['amount_not_positive', { key: 'k2', amountMinor: 0 }],
    ] as const) {
      await expect(carrier.fileClaim({ ...request, ...part })).rejects.toMatchObject({ name: 'PartnerRefusal', code });
    }
  });

  it('are chased while unanswered, and appealed once when declined', async () => {
    const { carrier, request, answerClaim } = await file();
    await expect(carrier.appealClaim(request)).rejects.toMatchObject({ code: 'not_declined' });
    await carrier.chaseClaim(request);
    expect(await carrier.chaseClaim(request)).toMatchObject({ status: 'filed', reminders: 2 });
    await answerClaim(request.key, 'declined');
    expect(await carrier.appealClaim(request)).toMatchObject({ status: 'filed', appealed: true });
    expect(await carrier.appealClaim(request)).toMatchObject({ status: 'filed', appealed: true });
    await answerClaim(request.key, 'declined');
    await expect(carrier.appealClaim(request)).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'no_appeal_left' });
    expect(await carrier.findClaim(request)).toMatchObject({ status: 'declined' });
    await expect(carrier.appealClaim({ key: 'k2' })).rejects.toMatchObject({ code: 'claim_not_found' });
  });

  it('are paid after they are accepted, and can be withdrawn until then', async () => {
    const { carrier, request, answerClaim } = await file();
    expect(await carrier.withdrawClaimIfPresent({ key: 'k2' })).toEqual({ withdrawn: false, reason: 'absent' });
    await answerClaim(request.key, 'accepted');
    await answerClaim(request.key, 'paid', 2_000);
    expect(await carrier.findClaim(request)).toMatchObject({ status: 'paid', paidMinor: 2_000 });
    expect(await carrier.withdrawClaimIfPresent(request)).toEqual({ withdrawn: false, reason: 'paid' });
    await carrier.fileClaim({ ...request, key: 'k2' });
    expect(await carrier.withdrawClaimIfPresent({ key: 'k2' })).toEqual({ withdrawn: true });
    expect(await carrier.withdrawClaimIfPresent({ key: 'k2' })).toEqual({ withdrawn: true });
    await expect(answerClaim('k2', 'paid')).rejects.toThrow();
  });
});
