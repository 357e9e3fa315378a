/**
 * The rules of the simulated carrier: one shipment a key for ever, which scans can happen, and when a label can still be voided.
 * Routes are in carrier.ts and control.ts, webhooks leave through outbox.ts.
 */
import { join } from 'node:path';
import type { z } from 'zod';
import type { CarrierEvent, ScanCode, Shipment, shipmentRequestSchema } from '../../contracts/partners.ts';
import { type Fault, pause } from './faults.ts';
import { createInFlight, ensureSameRequest } from './keys.ts';
import { openLedger } from './ledger.ts';
import { createOutbox, isEnd, type OutboxDeps, type OutgoingEvent, type WebhookEndRow } from './outbox.ts';
import { type Answer, hashOf, readableId, SimulatorRefusal } from './wire.ts';

type Status = Shipment['status'];
type PreparedRequest = z.output<typeof shipmentRequestSchema>;

/** One scan as control posts it; `occurredAt` is ISO-8601. */
export interface Scan {
  trackingNo: string;
  code: ScanCode;
  place?: string;
  occurredAt: string;
}

export type ShipmentRow =
  | {
      type: 'shipment_prepared';
      key: string;
      requestHash: string;
      request: PreparedRequest;
      effect: Shipment;
      answer: Answer;
    }
  | { type: 'shipment_voided'; key: string; effect: Shipment; answer: Answer }
  | { type: 'parcel_scanned'; key: string; scan: Scan; effect: Shipment; answer: Answer; event: OutgoingEvent }
  | WebhookEndRow;

const pickupAfterMs = 4 * 3_600_000;

/**
 * Which scan may follow which status, and where it leads. Carriers skip scans, so a live parcel may turn up anywhere; a lost one may be
 * found; one that came back may be sent again. What is missing here is impossible.
 */
const scans: Record<Status, Partial<Record<ScanCode, Status>>> = {
  live: {
    picked_up: 'in_transit',
    in_transit: 'in_transit',
    delivered: 'delivered',
    pickup_failed: 'live',
    exception: 'live',
    lost: 'lost',
    returned_to_sender: 'returned_to_sender',
  },
  in_transit: {
    in_transit: 'in_transit',
    delivered: 'delivered',
    exception: 'in_transit',
    lost: 'lost',
    returned_to_sender: 'returned_to_sender',
  },
  lost: { in_transit: 'in_transit', delivered: 'delivered', exception: 'lost', returned_to_sender: 'returned_to_sender' },
  returned_to_sender: { picked_up: 'in_transit', in_transit: 'in_transit' },
  delivered: {},
  voided: {},
};

export type ShipmentBook = Awaited<ReturnType<typeof openShipmentBook>>;

export async function openShipmentBook(dataDir: string, outboxDeps: OutboxDeps) {
  const state = createShipmentState();
  const outbox = createOutbox(outboxDeps, (row) => ledger.append(row));
  const ledger = await openLedger<ShipmentRow>(join(dataDir, 'carrier.jsonl'), (row) => {
    state.apply(row);
    outbox.note(row);
  });
  const inFlight = createInFlight();

  return {
    rows: () => ledger.rows(),
    durable: () => ledger.durable(),
    totals: () => state.totals(),
    webhooks: () => outbox.totals(),
    start: () => outbox.start(),
    async stop(): Promise<void> {
      await outbox.stop();
      await ledger.close();
    },
    shipmentOf: (by: { key: string } | { shipmentId: string }) => state.find(by),

    /** 201, or 200 with the shipment's present state for a known key. Refuses 409 `in_flight`, 422 `idempotency_key_reused`. */
    async prepare(request: PreparedRequest, fault?: Fault): Promise<Answer> {
      const requestHash = hashOf(request);
      inFlight.ensureFree(request.key, requestHash);
      const known = state.find(request);
      if (known) {
        ensureSameRequest(state.hashOf(request.key) === requestHash);
        await ledger.durable();
        return { status: 200, body: known };
      }
      return inFlight.hold(request.key, requestHash, async () => {
        await pause(fault);
        const effect = newShipment(request, state.isTaken);
        const answer = { status: 201, body: effect };
        await ledger.append({ type: 'shipment_prepared', key: request.key, requestHash, request, effect, answer });
        return answer;
      });
    },

    async find(key: string): Promise<Answer> {
      await ledger.durable();
      const shipment = state.find({ key });
      if (!shipment) throw new SimulatorRefusal(404, 'shipment_not_found', 'No such shipment');
      return { status: 200, body: shipment };
    },

    /** 200 also when voided before. Refuses 404 `shipment_not_found`, 409 `already_scanned`. */
    async void(shipmentId: string): Promise<Answer> {
      const shipment = state.find({ shipmentId });
      if (!shipment) throw new SimulatorRefusal(404, 'shipment_not_found', 'No such shipment');
      if (shipment.status === 'voided') {
        await ledger.durable();
        return { status: 200, body: shipment };
      }
      if (shipment.status !== 'live') throw new SimulatorRefusal(409, 'already_scanned', 'The parcel is under way already');
      const effect: Shipment = { ...shipment, status: 'voided' };
      const answer = { status: 200, body: effect };
      await ledger.append({ type: 'shipment_voided', key: shipment.key, effect, answer });
      return answer;
    },

    /** 202 with the event id. Refuses 404 `shipment_not_found`, 409 `impossible_scan`. The very same scan again is a repeat with a new event id. */
    async scan(scan: Scan): Promise<Answer> {
      const shipment = state.find(scan);
      if (!shipment) throw new SimulatorRefusal(404, 'shipment_not_found', `No shipment with tracking number ${scan.trackingNo}`);
      const status = state.isRepeat(scan) ? shipment.status : scans[shipment.status][scan.code];
      if (!status) {
        throw new SimulatorRefusal(
          409,
          'impossible_scan',
          `A shipment that is ${shipment.status} cannot be scanned ${scan.code}`,
        );
      }
      const event = eventOf(shipment, scan);
      const effect: Shipment = { ...shipment, status };
      const answer = { status: 202, body: { eventId: event.id, status } };
      await ledger.append({ type: 'parcel_scanned', key: shipment.key, scan, effect, answer, event });
      outbox.send(event);
      return answer;
    },
  };
}

function createShipmentState() {
  const shipments = new Map<string, Shipment>();
  const idByKey = new Map<string, string>();
  const idByTrackingNo = new Map<string, string>();
  const hashByKey = new Map<string, string>();
  const seenScans = new Set<string>();

  return {
    apply(row: ShipmentRow): void {
      if (isEnd(row)) return;
      const { shipmentId, key, trackingNo } = row.effect;
      shipments.set(shipmentId, row.effect);
      idByKey.set(key, shipmentId);
      idByTrackingNo.set(trackingNo, shipmentId);
      if (row.type === 'shipment_prepared') hashByKey.set(key, row.requestHash);
      if (row.type === 'parcel_scanned') seenScans.add(hashOf(row.scan));
    },
    find(by: { key: string } | { shipmentId: string } | { trackingNo: string }): Shipment | undefined {
      if ('shipmentId' in by) return shipments.get(by.shipmentId);
      const id = 'key' in by ? idByKey.get(by.key) : idByTrackingNo.get(by.trackingNo);
      return id === undefined ? undefined : shipments.get(id);
    },
    hashOf: (key: string) => hashByKey.get(key),
    isTaken: (trackingNo: string) => idByTrackingNo.has(trackingNo),
    isRepeat: (scan: Scan) => seenScans.has(hashOf(scan)),
    /** Shipments by status. */
    totals(): Record<Status, number> {
      const totals = { live: 0, voided: 0, in_transit: 0, delivered: 0, lost: 0, returned_to_sender: 0 };
      for (const { status } of shipments.values()) totals[status] += 1;
      return totals;
    },
  };
}

function newShipment(request: PreparedRequest, isTaken: (trackingNo: string) => boolean): Shipment {
  let trackingNo = readableId('RT');
  while (isTaken(trackingNo)) trackingNo = readableId('RT');
  const { key, caseId, channel } = request;
  const shipment: Shipment = { shipmentId: readableId('shp_'), key, caseId, channel, trackingNo, status: 'live' };
  if (channel === 'door_pickup') shipment.pickupAt = new Date(Date.now() + pickupAfterMs).toISOString();
  return shipment;
}

function eventOf({ shipmentId, key, caseId, trackingNo }: Shipment, { code, occurredAt, place }: Scan): OutgoingEvent {
  const body: CarrierEvent = { type: 'parcel_scanned', data: { caseId, trackingNo, code, occurredAt, place } };
  return { id: readableId('evt_', 16), subject: shipmentId, facts: { caseId, key }, body };
}
