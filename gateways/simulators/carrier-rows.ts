/** The rows of the carrier's ledger: every change to a parcel, a driver's visit or a claim. Folded by parcel-state.ts and claim-book.ts. */
import type { z } from 'zod';
import type { Claim, Pickup, ScanCode, Shipment, shipmentRequestSchema } from '../../contracts/partners.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { PartnerLog } from './partner-log.ts';
import type { Answer } from './wire.ts';

export type PreparedRequest = z.output<typeof shipmentRequestSchema>;

/** One scan as control posts it; `occurredAt` is ISO-8601 UTC. */
export interface Scan {
  trackingNo: string;
  code: ScanCode;
  place?: string;
  cause?: string;
  occurredAt: string;
}

type ShipmentRow =
  | {
      type: 'shipment_prepared';
      key: string;
      requestHash: string;
      request: PreparedRequest;
      effect: Shipment;
      /** Booked with it. */
      pickup?: Pickup;
      answer: Answer;
    }
  | { type: 'shipment_voided' | 'shipment_intercepted'; key: string; effect: Shipment; answer: Answer }
  | { type: 'parcel_scanned'; key: string; scan: Scan; effect: Shipment; answer: Answer; event: OutgoingEvent };

type PickupRow =
  | { type: 'pickup_booked'; key: string; requestHash: string; effect: Pickup; answer: Answer }
  | { type: 'pickup_cancelled'; key: string; effect: Pickup; answer: Answer }
  | { type: 'driver_left'; key: string; effect: Pickup }
  | { type: 'slot_set'; effect: { slotId: string; taken: boolean } };

export type ClaimRow =
  | { type: 'claim_filed'; key: string; requestHash: string; effect: Claim; answer: Answer }
  | { type: 'claim_appealed' | 'claim_chased' | 'claim_withdrawn'; key: string; effect: Claim; answer: Answer }
  | { type: 'claim_answered'; key: string; effect: Claim; event: OutgoingEvent };

export type CarrierRow = ShipmentRow | PickupRow | ClaimRow;
export type CarrierLog = PartnerLog<CarrierRow>;
