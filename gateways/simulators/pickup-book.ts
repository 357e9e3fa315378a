/**
 * The rules of drivers' visits: one booking a key, at most one booked for a shipment, and none cancelled once the driver has left.
 * When drivers come is in timetable.ts; scans end a visit in parcel-state.ts.
 */
import type { Pickup, PickupRequest, Slot, SlotQuery } from '../../contracts/partners.ts';
import type { CarrierLog } from './carrier-rows.ts';
import { type Fault, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import type { ParcelState } from './parcel-state.ts';
import { slotOf, slotsFrom, slotToCome } from './timetable.ts';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

type PickupName = { key: string } | { bookingId: string };

export type PickupBook = ReturnType<typeof createPickupBook>;

export function createPickupBook(state: ParcelState, log: CarrierLog) {
  const { pickups } = state;
  const present = (pickup: Pickup): Answer => ({ status: 200, body: pickup });
  const once = createOncePerKey((key) => {
    const [earlier, requestHash] = [pickups.find(key), pickups.hashOf(key)];
    return earlier && requestHash !== undefined ? { requestHash, answer: present(earlier) } : undefined;
  }, log.durable);

  return {
    pickupOf: pickups.find,

    async slots(query: SlotQuery): Promise<Answer> {
      await log.durable();
      const slots = slotsFrom(query);
      if (!slots) throw new SimulatorRefusal(400, 'invalid_input', `timezone: ${query.timezone} is none`);
      return { status: 200, body: { slots: slots.filter(({ slotId }) => !pickups.isSlotTaken(slotId)) } };
    },

    /** Refuses 404 `shipment_not_found`, 409 `slot_taken`, `not_awaiting_pickup`, `driver_on_the_way`, 422 `slot_unknown`. */
    book: (request: PickupRequest, fault?: Fault): Promise<Answer> =>
      once(request, async (requestHash) => {
        await pause(fault);
        ensureAwaiting(state, request.shipmentKey);
        const effect = newPickup(request, freeSlot(state, request.slotId));
        const answer = { status: 201, body: effect };
        await log.append({ type: 'pickup_booked', key: request.key, requestHash, effect, answer });
        return answer;
      }),

    async find(key: string): Promise<Answer> {
      await log.durable();
      return present(known(pickups.find(key)));
    },

    /** 200 also when cancelled before. Refuses 404 `pickup_not_found`, 409 `pickup_done`, `driver_on_the_way`. */
    async cancel(key: string): Promise<Answer> {
      const pickup = known(pickups.find(key));
      if (pickup.status === 'cancelled') {
        await log.durable();
        return present(pickup);
      }
      if (pickup.status !== 'booked') throw new SimulatorRefusal(409, 'pickup_done', 'The driver was there already');
      if (pickups.isOnTheWay(pickup.bookingId)) throw driverOnTheWay();
      const effect: Pickup = { ...pickup, status: 'cancelled' };
      const answer = present(effect);
      await log.append({ type: 'pickup_cancelled', key, effect, answer });
      return answer;
    },

    /** From now on the visit cannot be cancelled. Refuses 404 `pickup_not_found`, 409 `not_booked`. */
    async sendDriver(by: PickupName): Promise<Pickup> {
      const pickup = known('key' in by ? pickups.find(by.key) : pickups.findByBooking(by.bookingId));
      if (pickup.status !== 'booked') throw new SimulatorRefusal(409, 'not_booked', `This visit is ${pickup.status}`);
      await log.append({ type: 'driver_left', key: pickup.key, effect: pickup });
      return pickup;
    },

    /** Refuses 422 `slot_unknown`. */
    async setSlot(slotId: string, taken: boolean): Promise<void> {
      if (!slotOf(slotId)) throw unknownSlot(slotId);
      await log.append({ type: 'slot_set', effect: { slotId, taken } });
    },
  };
}

/** Refuses 422 `slot_unknown`, 409 `slot_taken`. */
export function freeSlot(state: ParcelState, slotId: string): Slot {
  const slot = slotToCome(slotId, Date.now());
  if (!slot) throw unknownSlot(slotId);
  if (state.pickups.isSlotTaken(slotId)) throw new SimulatorRefusal(409, 'slot_taken', 'This slot is taken');
  return slot;
}

export function newPickup({ key, shipmentKey, slotId }: PickupRequest, { startsAt, endsAt }: Slot): Pickup {
  return { bookingId: readableId('pk_'), key, shipmentKey, slotId, startsAt, endsAt, status: 'booked' };
}

function ensureAwaiting(state: ParcelState, shipmentKey: string): void {
  const shipment = state.find({ key: shipmentKey });
  if (!shipment) throw new SimulatorRefusal(404, 'shipment_not_found', 'No such shipment');
  if (shipment.status !== 'live') {
    throw new SimulatorRefusal(409, 'not_awaiting_pickup', `A shipment that is ${shipment.status} awaits no driver`);
  }
  const earlier = state.pickups.booked(shipmentKey);
  if (earlier && state.pickups.isOnTheWay(earlier.bookingId)) throw driverOnTheWay();
}

function known(pickup: Pickup | undefined): Pickup {
  if (!pickup) throw new SimulatorRefusal(404, 'pickup_not_found', 'No such pickup');
  return pickup;
}

function driverOnTheWay(): SimulatorRefusal {
  return new SimulatorRefusal(409, 'driver_on_the_way', 'The driver is on the way');
}

function unknownSlot(slotId: string): SimulatorRefusal {
  return new SimulatorRefusal(422, 'slot_unknown', `No slot ${slotId}`);
}
