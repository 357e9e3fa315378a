/**
 * Parcels at the carrier: label and pickup made, looked up, taken back; slots, points, and what became of a parcel.
 * Scans come the other way too, as webhooks, and are not read here. Claims are in carrier-claims.ts.
 */
import { z } from 'zod';
import {
  type Pickup,
  type PickupRequest,
  type Point,
  type PointKind,
  pickupSchema,
  pointSchema,
  type Shipment,
  type ShipmentRequest,
  type Slot,
  type SlotQuery,
  shipmentSchema,
  slotSchema,
  type Tracking,
  trackingSchema,
} from '../contracts/partners.ts';
import { type CarrierClaims, createCarrierClaims } from './carrier-claims.ts';
import {
  type Call,
  createPartnerClient,
  isRefusal,
  type PartnerOptions,
  PartnerRefusal,
  pathSegment,
  unlessRefused,
} from './http.ts';

interface VoidResult {
  voided: boolean;
  /** When not voided: `absent` (there was never a shipment) or `already_scanned` (the parcel is under way). */
  reason?: string;
}

interface CancelResult {
  cancelled: boolean;
  /** When not cancelled. A visit that failed is over: `done` as well. */
  reason?: 'absent' | 'driver_on_the_way' | 'done';
}

interface InterceptResult {
  intercepted: boolean;
  /** When not: `absent`, `not_scanned` (void it instead), `voided`, `delivered`, `returned_to_sender`, or the carrier's own word. */
  reason?: string;
}

export interface CarrierGateway extends CarrierClaims {
  findShipment(query: { key: string }): Promise<Shipment | undefined>;
  /** The same key gives the same shipment, in its present state. Refusals: `slot_taken`, `slot_unknown`, `point_unknown`, `address_not_served`. */
  prepareShipment(request: ShipmentRequest): Promise<Shipment>;
  /** Safe when nothing was prepared and when it is voided already: undo cannot know whether a step that timed out took effect. */
  voidShipmentIfPresent(query: { key: string }): Promise<VoidResult>;
  /** True also when asked before. The parcel itself turns round later, or not at all: scans tell. */
  interceptIfPresent(query: { key: string }): Promise<InterceptResult>;
  /** The free ones, earliest first. */
  listSlots(query: SlotQuery): Promise<Slot[]>;
  listPoints(query: { channel: PointKind }): Promise<Point[]>;
  /** The same key gives the same booking, in its present state. Refusals: `slot_taken`, `slot_unknown`, `shipment_not_found`, `not_awaiting_pickup`. */
  bookPickup(request: PickupRequest): Promise<Pickup>;
  findPickup(query: { key: string }): Promise<Pickup | undefined>;
  cancelPickupIfPresent(query: { key: string }): Promise<CancelResult>;
  /** All scans, oldest first, also those whose webhook was lost; undefined: no such number. */
  trackShipment(query: { trackingNo: string }): Promise<Tracking | undefined>;
}

/** Base URL e.g. `http://127.0.0.1:4100/carrier`. Errors: PartnerRefusal (`answer_mismatch`, or the carrier's), PartnerUnavailable. */
export function createCarrierGateway(options: PartnerOptions): CarrierGateway {
  const call = createPartnerClient('carrier', options);
  return { ...createShipments(call), ...createPickups(call), ...createCarrierClaims(call) };
}

type Shipments = Pick<
  CarrierGateway,
  'findShipment' | 'prepareShipment' | 'voidShipmentIfPresent' | 'interceptIfPresent' | 'trackShipment'
>;

function createShipments(call: Call): Shipments {
  const findShipment: CarrierGateway['findShipment'] = ({ key }) =>
    unlessRefused('shipment_not_found', async () => {
      const shipment = await call({ method: 'GET', path: '/shipments', query: { key }, answer: shipmentSchema });
      ensureSame(shipment.key === key);
      return shipment;
    });

  return {
    findShipment,

    async prepareShipment(request) {
      const headers = { 'idempotency-key': request.key };
      const shipment = await call({ method: 'POST', path: '/shipments', headers, body: request, answer: shipmentSchema });
      ensureSame(shipment.key === request.key && shipment.caseId === request.caseId && shipment.channel === request.channel);
      return shipment;
    },

    async voidShipmentIfPresent(query) {
      const shipment = await findShipment(query);
      if (!shipment) return { voided: false, reason: 'absent' };
      try {
        const path = `/shipments/${pathSegment(shipment.shipmentId) ?? ''}/void`;
        const after = await call({ method: 'POST', path, answer: shipmentSchema });
        return after.status === 'voided' ? { voided: true } : { voided: false, reason: after.status };
      } catch (error) {
        if (isRefusal(error, 'shipment_not_found')) return { voided: false, reason: 'absent' };
        if (isRefusal(error, 'already_scanned')) return { voided: false, reason: 'already_scanned' };
        throw error;
      }
    },

    async interceptIfPresent({ key }) {
      try {
        await call({ method: 'POST', path: '/shipments/intercept', body: { key }, answer: shipmentSchema });
        return { intercepted: true };
      } catch (error) {
        if (isRefusal(error, 'shipment_not_found')) return { intercepted: false, reason: 'absent' };
        if (error instanceof PartnerRefusal) return { intercepted: false, reason: error.code };
        throw error;
      }
    },

    async trackShipment({ trackingNo }) {
      const segment = pathSegment(trackingNo);
      if (segment === undefined) return undefined;
      return unlessRefused('shipment_not_found', () =>
        call({ method: 'GET', path: `/tracking/${segment}`, answer: trackingSchema }),
      );
    },
  };
}

type Pickups = Pick<CarrierGateway, 'listSlots' | 'listPoints' | 'bookPickup' | 'findPickup' | 'cancelPickupIfPresent'>;

function createPickups(call: Call): Pickups {
  return {
    async listSlots({ from, days, timezone }) {
      const query = { from, days: String(days), ...(timezone === undefined ? {} : { timezone }) };
      return (await call({ method: 'GET', path: '/slots', query, answer: slotListSchema })).slots;
    },

    async listPoints(query) {
      return (await call({ method: 'GET', path: '/points', query, answer: pointListSchema })).points;
    },

    async bookPickup(request) {
      const headers = { 'idempotency-key': request.key };
      const pickup = await call({ method: 'POST', path: '/pickups', headers, body: request, answer: pickupSchema });
      const { key, shipmentKey, slotId } = request;
      ensureSame(pickup.key === key && pickup.shipmentKey === shipmentKey && pickup.slotId === slotId);
      return pickup;
    },

    findPickup: ({ key }) =>
      unlessRefused('pickup_not_found', async () => {
        const pickup = await call({ method: 'GET', path: '/pickups', query: { key }, answer: pickupSchema });
        ensureSame(pickup.key === key);
        return pickup;
      }),

    async cancelPickupIfPresent({ key }) {
      try {
        await call({ method: 'POST', path: '/pickups/cancel', body: { key }, answer: pickupSchema });
        return { cancelled: true };
      } catch (error) {
        if (isRefusal(error, 'pickup_not_found')) return { cancelled: false, reason: 'absent' };
        if (isRefusal(error, 'driver_on_the_way')) return { cancelled: false, reason: 'driver_on_the_way' };
        if (isRefusal(error, 'pickup_done')) return { cancelled: false, reason: 'done' };
        throw error;
      }
    },
  };
}

function ensureSame(same: boolean): void {
  if (!same) throw new PartnerRefusal('answer_mismatch', 'The carrier answered with something else than what was asked for');
}

const slotListSchema = z.object({ slots: z.array(slotSchema) });
const pointListSchema = z.object({ points: z.array(pointSchema) });
