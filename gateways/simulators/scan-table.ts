/** Which scan may follow which status of a shipment, and where it leads; what is missing here is impossible. */
import type { Pickup, ScanCode, Shipment } from '../../contracts/partners.ts';

type Status = Shipment['status'];

/** Carriers skip scans, so a live parcel may turn up anywhere; a lost one may be found; one that came back may be sent again. */
const scans: Record<Status, Partial<Record<ScanCode, Status>>> = {
  live: {
    picked_up: 'in_transit',
    dropped_off: 'in_transit',
    in_transit: 'in_transit',
    customs_held: 'in_transit',
    customs_released: 'in_transit',
    delivered: 'delivered',
    pickup_failed: 'live',
    exception: 'live',
    lost: 'lost',
    returned_to_sender: 'returned_to_sender',
  },
  in_transit: {
    in_transit: 'in_transit',
    customs_held: 'in_transit',
    customs_released: 'in_transit',
    delivered: 'delivered',
    exception: 'in_transit',
    lost: 'lost',
    returned_to_sender: 'returned_to_sender',
  },
  lost: {
    found: 'in_transit',
    in_transit: 'in_transit',
    delivered: 'delivered',
    exception: 'lost',
    returned_to_sender: 'returned_to_sender',
  },
  returned_to_sender: { picked_up: 'in_transit', dropped_off: 'in_transit', in_transit: 'in_transit' },
  delivered: {},
  voided: {},
};

export const statusAfter = (status: Status, code: ScanCode): Status | undefined => scans[status][code];

/** What the scan says about the driver's visit that was booked; undefined: nothing. */
export function pickupAfter(code: ScanCode, status: Status): Pickup['status'] | undefined {
  if (code === 'pickup_failed') return 'failed';
  if (code === 'dropped_off') return 'cancelled';
  return status === 'live' ? undefined : 'done';
}
