/** The carrier in memory: parcels and drivers' visits with the promises of the real adapter. Claims are in fake-claims.ts. */
import {
  type Pickup,
  type PickupRequest,
  type Shipment,
  type ShipmentRequest,
  type Slot,
  shipmentRequestSchema,
  type Tracking,
} from '../../contracts/partners.ts';
import type { CarrierGateway } from '../carrier.ts';
import type { CarrierClaims } from '../carrier-claims.ts';
import { PartnerRefusal } from '../http.ts';
import { pickupAfter, statusAfter } from '../simulators/scan-table.ts';
import { isPoint, pointsOf, slotsFrom, slotToCome, withPickup } from '../simulators/timetable.ts';
import { parse } from '../simulators/wire.ts';
import { createOnce, type Perform } from './fake-calls.ts';

type TrackedScan = Tracking['scans'][number];

export interface FakeCarrier extends Omit<CarrierGateway, keyof CarrierClaims> {
  /** Ledgers, oldest first, always up to date. */
  shipments: readonly Shipment[];
  pickups: readonly Pickup[];
  /** As if the carrier had scanned the parcel, without a scan that tracking could tell of. */
  setShipmentStatus: (key: string, status: Shipment['status']) => void;
  /** A scan of the shipment with this key, as tracking will tell it; `occurredAt` is now unless given. */
  scan: (key: string, scan: Omit<TrackedScan, 'occurredAt'> & { occurredAt?: string }) => void;
  /** From now on nobody can book this slot. */
  takeSlot: (slotId: string) => void;
  /** The visit with this key can no longer be cancelled. */
  sendDriver: (key: string) => void;
}

interface CarrierState {
  shipments: Shipment[];
  pickups: Pickup[];
  scans: Map<string, TrackedScan[]>;
  takenSlots: Set<string>;
  /** Keys of visits. */
  onTheWay: Set<string>;
}

export function createFakeCarrier(perform: Perform): FakeCarrier {
  const state: CarrierState = {
    shipments: [],
    pickups: [],
    scans: new Map(),
    takenSlots: new Set(),
    onTheWay: new Set(),
  };
  return {
    ...createShipments(state, perform),
    ...createPickups(state, perform),
    shipments: state.shipments,
    pickups: state.pickups,
    setShipmentStatus(key, status) {
      existing(state, key).status = status;
    },
    scan(key, { occurredAt = new Date().toISOString(), ...scan }) {
      const shipment = existing(state, key);
      const status = statusAfter(shipment.status, scan.code);
      if (!status) throw new Error(`A shipment that is ${shipment.status} cannot be scanned ${scan.code}`);
      state.scans.set(shipment.trackingNo, [...(state.scans.get(shipment.trackingNo) ?? []), { occurredAt, ...scan }]);
      shipment.status = status;
      const after = pickupAfter(scan.code, status);
      if (after) endVisit(state, key, after);
    },
    takeSlot: (slotId) => void state.takenSlots.add(slotId),
    sendDriver: (key) => void state.onTheWay.add(key),
  };
}

function createShipments(state: CarrierState, perform: Perform) {
  const { shipments, pickups, scans } = state;
  const once = createOnce<Shipment>();
  const find = (key: string) => shipments.find((shipment) => shipment.key === key);

  const gateway: Pick<
    CarrierGateway,
    'findShipment' | 'prepareShipment' | 'voidShipmentIfPresent' | 'interceptIfPresent' | 'trackShipment'
  > = {
    findShipment: ({ key }) => perform('find_shipment', key, () => find(key)),
    prepareShipment: (request) =>
      perform('prepare_shipment', request.key, () =>
        once(parse(shipmentRequestSchema, request), () => {
          const slot = request.slotId === undefined ? undefined : freeSlot(state, request.slotId);
          const shipment = newShipment(request, shipments.length + 1);
          shipments.push(shipment);
          if (slot) pickups.push(newPickup({ ...slot, key: request.key, shipmentKey: request.key }, pickups.length + 1));
          if (slot) showVisit(state, request.key);
          return shipment;
        }),
      ),
    voidShipmentIfPresent: ({ key }) =>
      perform('void_shipment', key, () => {
        const shipment = find(key);
        if (!shipment) return { voided: false, reason: 'absent' };
        if (shipment.status !== 'live' && shipment.status !== 'voided') return { voided: false, reason: 'already_scanned' };
        shipment.status = 'voided';
        endVisit(state, key, 'cancelled');
        return { voided: true };
      }),
    interceptIfPresent: ({ key }) =>
      perform('intercept_shipment', key, () => {
        const shipment = find(key);
        if (!shipment) return { intercepted: false, reason: 'absent' };
        if (shipment.status === 'live') return { intercepted: false, reason: 'not_scanned' };
        if (shipment.status !== 'in_transit' && shipment.status !== 'lost')
          return { intercepted: false, reason: shipment.status };
        shipment.intercepted = true;
        return { intercepted: true };
      }),
    trackShipment: ({ trackingNo }) =>
      perform('track_shipment', trackingNo, () => {
        const shipment = shipments.find((one) => one.trackingNo === trackingNo);
        return shipment && { status: shipment.status, scans: scans.get(trackingNo) ?? [] };
      }),
  };
  return gateway;
}

function createPickups(state: CarrierState, perform: Perform) {
  const { pickups } = state;
  const once = createOnce<Pickup>();
  const find = (key: string) => pickups.find((pickup) => pickup.key === key);

  const gateway: Pick<CarrierGateway, 'listSlots' | 'listPoints' | 'bookPickup' | 'findPickup' | 'cancelPickupIfPresent'> = {
    listSlots: (query) =>
      perform('list_slots', query.from, () => {
        const slots = slotsFrom(query);
        if (!slots) throw new PartnerRefusal('invalid_input', `timezone: ${query.timezone} is none`);
        return slots.filter(({ slotId }) => !state.takenSlots.has(slotId));
      }),
    listPoints: ({ channel }) => perform('list_points', channel, () => pointsOf(channel)),
    bookPickup: (request) =>
      perform('book_pickup', request.key, () =>
        once(request, () => {
          ensureAwaiting(state, request.shipmentKey);
          const pickup = newPickup({ ...freeSlot(state, request.slotId), ...request }, pickups.length + 1);
          endVisit(state, request.shipmentKey, 'cancelled');
          pickups.push(pickup);
          showVisit(state, request.shipmentKey);
          return pickup;
        }),
      ),
    findPickup: ({ key }) => perform('find_pickup', key, () => find(key)),
    cancelPickupIfPresent: ({ key }) =>
      perform('cancel_pickup', key, () => {
        const pickup = find(key);
        if (!pickup) return { cancelled: false, reason: 'absent' };
        if (pickup.status === 'done' || pickup.status === 'failed') return { cancelled: false, reason: 'done' };
        if (pickup.status === 'booked' && state.onTheWay.has(key)) return { cancelled: false, reason: 'driver_on_the_way' };
        endVisit(state, pickup.shipmentKey, 'cancelled');
        return { cancelled: true };
      }),
  };
  return gateway;
}

function existing({ shipments }: CarrierState, key: string): Shipment {
  const shipment = shipments.find((candidate) => candidate.key === key);
  if (!shipment) throw new Error(`No shipment ${key}`);
  return shipment;
}

function newShipment(request: ShipmentRequest, number: number): Shipment {
  const { key, caseId, channel, carrier = 'main', direction = 'return', pointId } = request;
  if (pointId !== undefined && !isPoint(pointId)) throw new PartnerRefusal('point_unknown', `No point ${pointId}`);
  const trackingNo = `${carrier === 'main' ? 'RT' : 'BT'}${number}`;
  const label = { url: `https://carrier.example/labels/${trackingNo}.pdf`, qrText: trackingNo };
  const shipmentId = `shp_${number}`;
  const shipment: Shipment = { shipmentId, key, caseId, channel, trackingNo, carrier, direction, label, status: 'live' };
  if (pointId !== undefined) shipment.pointId = pointId;
  if (channel === 'door_pickup') shipment.pickupAt = '2030-01-01T08:00:00.000Z';
  return shipment;
}

function newPickup({ key, shipmentKey, slotId, startsAt, endsAt }: PickupRequest & Slot, number: number): Pickup {
  return { bookingId: `pk_${number}`, key, shipmentKey, slotId, startsAt, endsAt, status: 'booked' };
}

function freeSlot({ takenSlots }: CarrierState, slotId: string): Slot {
  const slot = slotToCome(slotId, Date.now());
  if (!slot) throw new PartnerRefusal('slot_unknown', `No slot ${slotId}`);
  if (takenSlots.has(slotId)) throw new PartnerRefusal('slot_taken', 'This slot is taken');
  return slot;
}

function ensureAwaiting(state: CarrierState, shipmentKey: string): void {
  const shipment = state.shipments.find(({ key }) => key === shipmentKey);
  if (!shipment) throw new PartnerRefusal('shipment_not_found', 'No such shipment');
  if (shipment.status !== 'live') throw new PartnerRefusal('not_awaiting_pickup', `This shipment is ${shipment.status}`);
  const earlier = booked(state, shipmentKey);
  if (earlier && state.onTheWay.has(earlier.key)) throw new PartnerRefusal('driver_on_the_way', 'The driver is on the way');
}

const booked = ({ pickups }: CarrierState, shipmentKey: string): Pickup | undefined =>
  pickups.find((pickup) => pickup.shipmentKey === shipmentKey && pickup.status === 'booked');

/** Of the visit that is booked for this shipment, if one is. */
function endVisit(state: CarrierState, shipmentKey: string, status: Pickup['status']): void {
  const pickup = booked(state, shipmentKey);
  if (!pickup) return;
  pickup.status = status;
  if (existing(state, shipmentKey).status === 'live') showVisit(state, shipmentKey);
}

/** The shipment keeps its identity, for it is in the ledger. */
function showVisit(state: CarrierState, shipmentKey: string): void {
  const shipment = existing(state, shipmentKey);
  const shown = withPickup(shipment, booked(state, shipmentKey));
  for (const field of ['slotId', 'pickupAt', 'pickupEndsAt'] as const) delete shipment[field];
  Object.assign(shipment, shown);
}
