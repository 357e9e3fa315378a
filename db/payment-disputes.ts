/** What the bank has said of a payment, whether or not there is a return of it yet: one that is opened later has to know. */
import { Schema } from 'mongoose';
import type { Dispute } from '../domain/case.ts';
import { insertOnce, maxTimeMS, type Connection } from './connection.ts';

const disputeSchema = new Schema(
  { _id: String, merchantId: String, paymentId: String, disputeId: String, amountMinor: Number, state: String },
  { collection: 'payment_disputes', versionKey: false },
);
disputeSchema.index({ paymentId: 1, merchantId: 1 });

interface DisputedPayment {
  readonly merchantId: string;
  readonly paymentId: string;
}

export function createPaymentDisputes(connection: Connection) {
  const disputes = connection.model('PaymentDispute', disputeSchema);
  return {
    models: [disputes],

    /** What is closed stays closed, whatever is told late or once more. */
    async remember({ merchantId, paymentId }: DisputedPayment, { disputeId, amountMinor, state }: Dispute): Promise<void> {
      const _id = `${merchantId}/${paymentId}/${disputeId}`;
      await insertOnce(disputes, _id, { merchantId, paymentId, disputeId, amountMinor, state });
      if (state !== 'open') await disputes.updateOne({ _id, state: 'open' }, { $set: { amountMinor, state } });
    },

    ofPayment: ({ merchantId, paymentId }: DisputedPayment): Promise<Dispute[]> =>
      disputes
        .find({ merchantId, paymentId }, { _id: 0, disputeId: 1, amountMinor: 1, state: 1 })
        .sort({ _id: 1 })
        .limit(100)
        .maxTimeMS(maxTimeMS)
        .lean<Dispute[]>()
        .exec(),
  };
}
