/** The return shipment at the carrier: label, tracking number, pickup; and taking it back. */
import type { LabelInput, UndoAnswer, UndoInput } from '../contracts/workflow.ts';
import { asking } from './failures.ts';
import type { ActivityDeps } from './index.ts';

export const createCarrierActivities = ({ carrier }: ActivityDeps) => ({
  /** One shipment for one key, however often it is tried: an earlier attempt may have made it without our knowing. */
  async issueReturnLabel({ key, caseId, channel }: LabelInput): Promise<{ trackingNo: string; pickupAt?: number }> {
    const shipment = await asking(
      async () => (await carrier.findShipment({ key })) ?? carrier.prepareShipment({ key, caseId, channel }),
    );
    return { trackingNo: shipment.trackingNo, pickupAt: shipment.pickupAt ? Date.parse(shipment.pickupAt) : undefined };
  },

  async voidReturnLabelIfPresent({ key }: UndoInput): Promise<UndoAnswer> {
    const { voided, reason } = await asking(() => carrier.voidShipmentIfPresent({ key }));
    return { result: voided ? 'label voided' : (reason ?? 'there was no label') };
  },
});
