/**
 * The carrier's timetable: when drivers come, and where parcels can be left. Computed from the request alone, so that every run sees
 * the same. Which slots are taken is known elsewhere.
 */
import { Temporal } from 'temporal-polyfill';
import type { Pickup, Point, PointKind, Shipment, Slot, SlotQuery } from '../../contracts/partners.ts';

const slotHours = [9, 11, 13, 15];
const slotMs = 2 * 3_600_000;

const points: readonly Point[] = [
  { pointId: 'pt_station', name: 'Station kiosk', kind: 'drop_off', address: '1 Station Road' },
  { pointId: 'pt_market', name: 'Market post office', kind: 'drop_off', address: '12 Market Street' },
  { pointId: 'pt_harbour', name: 'Harbour newsagent', kind: 'drop_off', address: '3 Harbour Lane' },
  { pointId: 'lk_park', name: 'Locker at the park', kind: 'locker', address: '8 Park Avenue' },
  { pointId: 'lk_mall', name: 'Locker at the mall', kind: 'locker', address: '20 Mill Lane' },
];

export const pointsOf = (kind: PointKind): Point[] => points.filter((point) => point.kind === kind);
export const isPoint = (pointId: string): boolean => points.some((point) => point.pointId === pointId);

/** Two hours each, 09:00 to 17:00 in the zone, from the day after `from`. Undefined: no such zone. */
export function slotsFrom({ from, days, timezone = 'UTC' }: SlotQuery): Slot[] | undefined {
  try {
    const today = Temporal.Instant.from(from).toZonedDateTimeISO(timezone).toPlainDate();
    return Array.from({ length: days }, (_, n) => today.add({ days: n + 1 })).flatMap((day) =>
      slotHours.map((hour) => slotAt(day.toZonedDateTime({ timeZone: timezone, plainTime: { hour } }).epochMilliseconds)),
    );
  } catch {
    return undefined;
  }
}

/** The id alone says when: `slot_20260302T0900Z`, in UTC. Undefined: no slot has such a name. */
export function slotOf(slotId: string): Slot | undefined {
  const [, date, month, day, hour, minute] = /^slot_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z$/.exec(slotId) ?? [];
  const at = Date.parse(`${date}-${month}-${day}T${hour}:${minute}:00.000Z`);
  const slot = Number.isNaN(at) ? undefined : slotAt(at);
  return slot?.slotId === slotId && at % 900_000 === 0 ? slot : undefined;
}

/** … and for which a driver can still come. */
export function slotToCome(slotId: string, now: number): Slot | undefined {
  const slot = slotOf(slotId);
  return slot && Date.parse(slot.startsAt) > now ? slot : undefined;
}

/** The shipment as it reads while this visit is booked, or none is. */
export function withPickup(shipment: Shipment, pickup: Pickup | undefined): Shipment {
  const { slotId: _slotId, pickupAt: _pickupAt, pickupEndsAt: _pickupEndsAt, ...rest } = shipment;
  return pickup ? { ...rest, slotId: pickup.slotId, pickupAt: pickup.startsAt, pickupEndsAt: pickup.endsAt } : rest;
}

function slotAt(at: number): Slot {
  const startsAt = new Date(at).toISOString();
  const slotId = `slot_${startsAt.slice(0, 16).replace(/[-:]/g, '')}Z`;
  return { slotId, startsAt, endsAt: new Date(at + slotMs).toISOString() };
}
