/** Parcels at the carrier: label, tracking number, pickup; taking them back; and where a parcel is when nobody tells. */
import { ApplicationFailure } from '@temporalio/common';
import type {
  LabelAnswer,
  LabelInput,
  PickupAnswer,
  PickupInput,
  TrackAnswer,
  UndoAnswer,
  UndoInput,
} from '../contracts/workflow.ts';
import { PartnerRefusal } from '../gateways/http.ts';
import { asking } from './failures.ts';
import type { ActivityDeps } from './index.ts';

const slotDays = 7;

export const createCarrierActivities = ({ carrier }: Pick<ActivityDeps, 'carrier'>) => ({
  /** One shipment for one key, however often it is tried: an earlier attempt may have made it without our knowing. */
  async issueReturnLabel({ key, caseId, channel, sendBack, ...place }: LabelInput): Promise<LabelAnswer> {
    const request = { key, caseId, channel, ...place, ...(sendBack ? { direction: 'send_back' as const } : {}) };
    const shipment = await asking(async () => (await carrier.findShipment({ key })) ?? carrier.prepareShipment(request));
    const pickupAt = shipment.pickupAt ? Date.parse(shipment.pickupAt) : undefined;
    return { trackingNo: shipment.trackingNo, pickupAt, carrier: shipment.carrier };
  },

  async voidReturnLabelIfPresent({ key, replaced }: UndoInput): Promise<UndoAnswer> {
    const { voided, reason } = await asking(() => carrier.voidShipmentIfPresent({ key }));
    if (voided) return { result: 'label voided' };
    if (reason !== 'already_scanned' || replaced) return { result: reason ?? 'there was no label' };
    const { intercepted, reason: why } = await asking(() => carrier.interceptIfPresent({ key }));
    // Neither void nor under way, says the carrier: a label that may still be used is not taken back.
    if (why === 'not_scanned') throw ApplicationFailure.create({ message: 'the label is still live', type: 'label_still_live' });
    return { result: intercepted ? 'parcel intercepted' : `already under way (${why})` };
  },

  /** One booking for one key. Without a slot the first free one of the next days. Error: `no_slot_free`. */
  async arrangePickup({ key, shipmentKey, slotId }: PickupInput): Promise<PickupAnswer> {
    const pickup = await asking(async () => {
      const found = await carrier.findPickup({ key });
      if (found) return found;
      const slot = slotId ?? (await carrier.listSlots({ from: new Date().toISOString(), days: slotDays }))[0]?.slotId;
      if (!slot) throw new PartnerRefusal('no_slot_free', `no slot is free within ${slotDays} days`);
      return carrier.bookPickup({ key, shipmentKey, slotId: slot });
    });
    return { bookingId: pickup.bookingId, slotAt: Date.parse(pickup.startsAt) };
  },

  async cancelPickupIfPresent({ key }: UndoInput): Promise<UndoAnswer> {
    const { cancelled, reason } = await asking(() => carrier.cancelPickupIfPresent({ key }));
    return { result: cancelled ? 'pickup cancelled' : (reason ?? 'there was no pickup') };
  },

  async trackParcel({ trackingNo }: { caseId: string; trackingNo: string }): Promise<TrackAnswer> {
    const tracking = await asking(() => carrier.trackShipment({ trackingNo }));
    const scans = (tracking?.scans ?? []).map(({ eventId, code, occurredAt }) => ({
      eventId: eventId ?? `${trackingNo}/${code}/${occurredAt}`,
      code,
      occurredAt: Date.parse(occurredAt),
    }));
    return { scans };
  },
});
