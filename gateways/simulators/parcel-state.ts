/**
 * Parcels and drivers' visits as the carrier knows them, folded from the rows of its ledger and from nothing else.
 * Rules are in shipment-book.ts and pickup-book.ts.
 */
import type { Pickup, Shipment, Tracking } from '../../contracts/partners.ts';
import type { CarrierRow, Scan } from './carrier-rows.ts';
import type { OutgoingEvent } from './outbox.ts';
import { pickupAfter } from './scan-table.ts';
import { withPickup } from './timetable.ts';
import { hashOf } from './wire.ts';

type TrackedScan = Tracking['scans'][number];
type ShipmentName = { key: string } | { shipmentId: string } | { trackingNo: string };

export type ParcelState = ReturnType<typeof createParcelState>;

export function createParcelState() {
  const shipments = new Map<string, Shipment>();
  const idByKey = new Map<string, string>();
  const idByTrackingNo = new Map<string, string>();
  const hashByKey = new Map<string, string>();
  const seenScans = new Map<string, TrackedScan>();
  const scansOf = new Map<string, TrackedScan[]>();
  const pickups = createPickupState();

  function find(by: ShipmentName): Shipment | undefined {
    if ('shipmentId' in by) return shipments.get(by.shipmentId);
    const id = 'key' in by ? idByKey.get(by.key) : idByTrackingNo.get(by.trackingNo);
    return id === undefined ? undefined : shipments.get(id);
  }

  function noteScan(shipment: Shipment, scan: Scan, event: OutgoingEvent): void {
    const hash = hashOf(scan);
    if (seenScans.has(hash)) return;
    const tracked = trackedScan(event);
    seenScans.set(hash, tracked);
    scansOf.set(shipment.shipmentId, [...(scansOf.get(shipment.shipmentId) ?? []), tracked]);
    const after = pickupAfter(scan.code, shipment.status);
    if (after && pickups.end(shipment.key, after) && shipment.status === 'live') showPickup(shipment.key);
  }

  /** The shipment shows the visit that is booked now; one that never had a slot keeps what it was told. */
  function showPickup(shipmentKey: string): void {
    const shipment = find({ key: shipmentKey });
    if (shipment) shipments.set(shipment.shipmentId, withPickup(shipment, pickups.booked(shipmentKey)));
  }

  return {
    apply(row: CarrierRow): void {
      switch (row.type) {
        case 'shipment_prepared':
          shipments.set(row.effect.shipmentId, row.effect);
          idByKey.set(row.key, row.effect.shipmentId);
          idByTrackingNo.set(row.effect.trackingNo, row.effect.shipmentId);
          hashByKey.set(row.key, row.requestHash);
          if (row.pickup) pickups.put(row.pickup);
          break;
        case 'shipment_voided':
          shipments.set(row.effect.shipmentId, row.effect);
          pickups.end(row.key, 'cancelled');
          break;
        case 'shipment_intercepted':
          shipments.set(row.effect.shipmentId, row.effect);
          break;
        case 'parcel_scanned':
          shipments.set(row.effect.shipmentId, row.effect);
          noteScan(row.effect, row.scan, row.event);
          break;
        case 'pickup_booked':
          pickups.end(row.effect.shipmentKey, 'cancelled');
          pickups.put(row.effect, row.requestHash);
          showPickup(row.effect.shipmentKey);
          break;
        case 'pickup_cancelled':
          pickups.put(row.effect);
          showPickup(row.effect.shipmentKey);
          break;
        case 'driver_left':
          pickups.sendDriver(row.effect.bookingId);
          break;
        case 'slot_set':
          pickups.setSlot(row.effect.slotId, row.effect.taken);
          break;
        default: // claims have their own state
      }
    },
    pickups,
    find,
    hashOf: (key: string) => hashByKey.get(key),
    isTaken: (trackingNo: string) => idByTrackingNo.has(trackingNo),
    /** The same scan, if it was told before. */
    seen: (scan: Scan) => seenScans.get(hashOf(scan)),
    /** Oldest first. */
    scansOf: (shipmentId: string): TrackedScan[] =>
      (scansOf.get(shipmentId) ?? []).toSorted((a, b) => Date.parse(a.occurredAt) - Date.parse(b.occurredAt)),
    /** Shipments by status. */
    totals(): Record<Shipment['status'], number> {
      const totals = { live: 0, voided: 0, in_transit: 0, delivered: 0, lost: 0, returned_to_sender: 0 };
      for (const { status } of shipments.values()) totals[status] += 1;
      return totals;
    },
  };
}

function createPickupState() {
  const pickups = new Map<string, Pickup>();
  const hashByKey = new Map<string, string>();
  const lastOf = new Map<string, string>();
  const onTheWay = new Set<string>();
  const takenSlots = new Set<string>();
  const find = (key: string) => pickups.get(key);
  const booked = (shipmentKey: string): Pickup | undefined => {
    const last = find(lastOf.get(shipmentKey) ?? '');
    return last?.status === 'booked' ? last : undefined;
  };

  return {
    put(pickup: Pickup, requestHash?: string): void {
      pickups.set(pickup.key, pickup);
      lastOf.set(pickup.shipmentKey, pickup.key);
      if (requestHash) hashByKey.set(pickup.key, requestHash);
    },
    /** False when none is booked. */
    end(shipmentKey: string, status: Pickup['status']): boolean {
      const pickup = booked(shipmentKey);
      if (pickup) pickups.set(pickup.key, { ...pickup, status });
      return pickup !== undefined;
    },
    sendDriver: (bookingId: string) => void onTheWay.add(bookingId),
    setSlot: (slotId: string, taken: boolean) => void (taken ? takenSlots.add(slotId) : takenSlots.delete(slotId)),
    find,
    findByBooking: (bookingId: string) => [...pickups.values()].find((pickup) => pickup.bookingId === bookingId),
    /** The visit that is booked for this shipment now. */
    booked,
    hashOf: (key: string) => hashByKey.get(key),
    isOnTheWay: (bookingId: string) => onTheWay.has(bookingId),
    isSlotTaken: (slotId: string) => takenSlots.has(slotId),
    totals(): Record<Pickup['status'], number> {
      const totals = { booked: 0, cancelled: 0, done: 0, failed: 0 };
      for (const { status } of pickups.values()) totals[status] += 1;
      return totals;
    },
  };
}

function trackedScan({ id, body }: OutgoingEvent): TrackedScan {
  if (body.type !== 'parcel_scanned') throw new Error('A scan has the event of a scan');
  const { code, occurredAt, place, cause, bookingId, attempt } = body.data;
  return { eventId: id, code, occurredAt, place, cause, bookingId, attempt };
}
