/**
 * Return shipments at the carrier: label and pickup made, looked up, taken back.
 * Scans come the other way, as webhooks, and are not read here.
 */
import { type Shipment, type ShipmentRequest, shipmentSchema } from '../contracts/partners.ts';
import { createPartnerClient, type PartnerOptions, PartnerRefusal, pathSegment } from './http.ts';

interface VoidResult {
  voided: boolean;
  /** When not voided: `absent` (there was never a shipment) or `already_scanned` (the parcel is under way). */
  reason?: string;
}

export interface CarrierGateway {
  findShipment(query: { key: string }): Promise<Shipment | undefined>;
  /** The same key gives the same shipment, in its present state. */
  prepareShipment(request: ShipmentRequest): Promise<Shipment>;
  /** Safe when nothing was prepared and when it is voided already: undo cannot know whether a step that timed out took effect. */
  voidShipmentIfPresent(query: { key: string }): Promise<VoidResult>;
}

/** Base URL e.g. `http://127.0.0.1:4100/carrier`. Errors: PartnerRefusal (`answer_mismatch`, or the carrier's), PartnerUnavailable. */
export function createCarrierGateway(options: PartnerOptions): CarrierGateway {
  const call = createPartnerClient('carrier', options);

  const findShipment: CarrierGateway['findShipment'] = async ({ key }) => {
    try {
      const shipment = await call({ method: 'GET', path: '/shipments', query: { key }, answer: shipmentSchema });
      ensureSame(shipment.key === key);
      return shipment;
    } catch (error) {
      if (isRefusal(error, 'shipment_not_found')) return undefined;
      throw error;
    }
  };

  return {
    findShipment,

    async prepareShipment(request) {
      const shipment = await call({
        method: 'POST',
        path: '/shipments',
        headers: { 'idempotency-key': request.key },
        body: request,
        answer: shipmentSchema,
      });
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
  };
}

function isRefusal(error: unknown, code: string): boolean {
  return error instanceof PartnerRefusal && error.code === code;
}

function ensureSame(same: boolean): void {
  if (!same) throw new PartnerRefusal('answer_mismatch', 'The carrier answered with another shipment than the one asked for');
}
