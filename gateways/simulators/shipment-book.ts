/**
 * The rules of the simulated carrier's parcels: one shipment a key for ever, which scans can happen, when a label can still be voided
 * and a parcel turned round. State is folded in parcel-state.ts, routes are in carrier.ts and carrier-control.ts.
 */
import type { CarrierEvent, Pickup, Shipment } from '../../contracts/partners.ts';
import type { CarrierLog, PreparedRequest, Scan } from './carrier-rows.ts';
import { type Fault, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { ParcelState } from './parcel-state.ts';
import { freeSlot, newPickup } from './pickup-book.ts';
import { statusAfter } from './scan-table.ts';
import { isPoint, withPickup } from './timetable.ts';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

const pickupAfterMs = 4 * 3_600_000;

export type ShipmentBook = ReturnType<typeof createShipmentBook>;

export function createShipmentBook(state: ParcelState, log: CarrierLog) {
  const present = (shipment: Shipment): Answer => ({ status: 200, body: shipment });
  const once = createOncePerKey((key) => {
    const [known, requestHash] = [state.find({ key }), state.hashOf(key)];
    return known && requestHash !== undefined ? { requestHash, answer: present(known) } : undefined;
  }, log.durable);

  const change = async (type: 'shipment_voided' | 'shipment_intercepted', effect: Shipment): Promise<Answer> => {
    const answer = present(effect);
    await log.append({ type, key: effect.key, effect, answer });
    return answer;
  };

  return {
    shipmentOf: state.find,

    /** 201, or 200 with the shipment's present state for a known key. Refuses 409 `in_flight`, `slot_taken`, 422 `slot_unknown`, `point_unknown`, `idempotency_key_reused`. */
    prepare: (request: PreparedRequest, fault?: Fault): Promise<Answer> =>
      once(request, async (requestHash) => {
        await pause(fault);
        const { key, slotId, pointId } = request;
        if (pointId !== undefined && !isPoint(pointId)) {
          throw new SimulatorRefusal(422, 'point_unknown', `No point ${pointId}`);
        }
        const slot = slotId === undefined ? undefined : freeSlot(state, slotId);
        const pickup = slot && newPickup({ key, shipmentKey: key, slotId: slot.slotId }, slot);
        const effect = newShipment(request, pickup, state.isTaken);
        const answer = { status: 201, body: effect };
        await log.append({ type: 'shipment_prepared', key, requestHash, request, effect, pickup, answer });
        return answer;
      }),

    async find(key: string): Promise<Answer> {
      await log.durable();
      return present(known(state.find({ key })));
    },

    /** 200 also when voided before. Refuses 404 `shipment_not_found`, 409 `already_scanned`. */
    async void(shipmentId: string): Promise<Answer> {
      const shipment = known(state.find({ shipmentId }));
      if (shipment.status === 'voided') {
        await log.durable();
        return present(shipment);
      }
      if (shipment.status !== 'live') throw new SimulatorRefusal(409, 'already_scanned', 'The parcel is under way already');
      return change('shipment_voided', { ...shipment, status: 'voided' });
    },

    /** 200 also when asked before. Refuses 404 `shipment_not_found`, 409 `not_scanned`, `voided`, `delivered`, `returned_to_sender`. */
    async intercept(key: string): Promise<Answer> {
      const shipment = known(state.find({ key }));
      if (shipment.status !== 'in_transit' && shipment.status !== 'lost') {
        const code = shipment.status === 'live' ? 'not_scanned' : shipment.status;
        throw new SimulatorRefusal(409, code, `A shipment that is ${shipment.status} cannot be intercepted`);
      }
      if (!shipment.intercepted) return change('shipment_intercepted', { ...shipment, intercepted: true });
      await log.durable();
      return present(shipment);
    },

    async track(trackingNo: string): Promise<Answer> {
      await log.durable();
      const { shipmentId, status } = known(state.find({ trackingNo }));
      return { status: 200, body: { status, scans: state.scansOf(shipmentId) } };
    },

    /** 202 with the event id. Refuses 404 `shipment_not_found`, 409 `impossible_scan`. The very same scan again is a repeat with a new event id. */
    async scan(scan: Scan): Promise<Answer> {
      const shipment = state.find(scan);
      if (!shipment) throw new SimulatorRefusal(404, 'shipment_not_found', `No shipment with tracking number ${scan.trackingNo}`);
      const status = state.seen(scan) ? shipment.status : statusAfter(shipment.status, scan.code);
      if (!status) {
        throw new SimulatorRefusal(
          409,
          'impossible_scan',
          `A shipment that is ${shipment.status} cannot be scanned ${scan.code}`,
        );
      }
      const event = eventOf(shipment, scan, visitOf(scan, shipment, state));
      const effect: Shipment = { ...shipment, status };
      const answer = { status: 202, body: { eventId: event.id, status } };
      await log.append({ type: 'parcel_scanned', key: shipment.key, scan, effect, answer, event });
      return answer;
    },
  };
}

function known(shipment: Shipment | undefined): Shipment {
  if (!shipment) throw new SimulatorRefusal(404, 'shipment_not_found', 'No such shipment');
  return shipment;
}

function newShipment(request: PreparedRequest, pickup: Pickup | undefined, isTaken: (trackingNo: string) => boolean): Shipment {
  const { key, caseId, channel, carrier = 'main', direction = 'return', pointId } = request;
  const prefix = carrier === 'main' ? 'RT' : 'BT';
  let trackingNo = readableId(prefix);
  while (isTaken(trackingNo)) trackingNo = readableId(prefix);
  const label = { url: `https://carrier.example/labels/${trackingNo}.pdf`, qrText: trackingNo };
  const shipmentId = readableId('shp_');
  const shipment: Shipment = { shipmentId, key, caseId, channel, trackingNo, carrier, direction, label, status: 'live' };
  if (pointId !== undefined) shipment.pointId = pointId;
  if (pickup) return withPickup(shipment, pickup);
  if (channel === 'door_pickup') shipment.pickupAt = new Date(Date.now() + pickupAfterMs).toISOString();
  return shipment;
}

/** The driver's visit that this scan ends, the first of a shipment being attempt 1. A repeat tells of the same visit. */
function visitOf(scan: Scan, { key, shipmentId }: Shipment, state: ParcelState): { bookingId?: string; attempt?: number } {
  if (scan.code !== 'picked_up' && scan.code !== 'pickup_failed') return {};
  const seen = state.seen(scan);
  if (seen) return { bookingId: seen.bookingId, attempt: seen.attempt };
  const failed = state.scansOf(shipmentId).filter(({ code }) => code === 'pickup_failed').length;
  return { bookingId: state.pickups.booked(key)?.bookingId, attempt: failed + 1 };
}

function eventOf(shipment: Shipment, scan: Scan, visit: { bookingId?: string; attempt?: number }): OutgoingEvent {
  const { shipmentId, key, caseId, trackingNo, carrier } = shipment;
  const { code, occurredAt, place, cause } = scan;
  const body: CarrierEvent = {
    type: 'parcel_scanned',
    data: { caseId, trackingNo, legKey: key, code, occurredAt, place, cause, ...visit },
  };
  return { id: readableId('evt_', 16), subject: shipmentId, facts: { caseId, key, carrier }, body };
}
