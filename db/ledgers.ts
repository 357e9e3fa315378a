/**
 * Small collections with one unique key each, that make an effect happen once: units claimed by a case, refunds meant by a case.
 * A case's truth is its workflow; these guard what several cases or several attempts could do twice.
 */
import { Schema } from 'mongoose';
import { isDuplicateKey, maxTimeMS, type Connection } from './connection.ts';

const claimSchema = new Schema(
  {
    _id: String,
    merchantId: String,
    orderId: String,
    lineId: String,
    claimed: Number,
    by: [{ _id: false, caseId: String, quantity: Number }],
  },
  { collection: 'unit_claims', versionKey: false },
);
claimSchema.index({ merchantId: 1, orderId: 1 });

const refundSchema = new Schema(
  {
    _id: String,
    merchantId: String,
    caseId: String,
    amountMinor: Number,
    currency: String,
    providerId: String,
    firstTriedAt: Date,
  },
  { collection: 'refund_intents', versionKey: false },
);

export interface Claim {
  readonly merchantId: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly caseId: string;
  readonly quantity: number;
  /** Units of the line that were bought: all cases together may claim no more. */
  readonly bought: number;
}
export type Ledgers = ReturnType<typeof createLedgers>;

export function createLedgers(connection: Connection) {
  const claims = connection.model('UnitClaim', claimSchema);
  const refunds = connection.model('RefundIntent', refundSchema);
  const claimId = ({ merchantId, orderId, lineId }: Pick<Claim, 'merchantId' | 'orderId' | 'lineId'>) =>
    `${merchantId}/${orderId}/${lineId}`;
  return {
    models: [claims, refunds],

    /** True if the case holds the units now, also if it held them before; false: too many are claimed by other cases. */
    async claim(claim: Claim): Promise<boolean> {
      const { merchantId, orderId, lineId, caseId, quantity, bought } = claim;
      const _id = claimId(claim);
      await claims
        .updateOne({ _id }, { $setOnInsert: { merchantId, orderId, lineId, claimed: 0, by: [] } }, { upsert: true })
        .catch((err: unknown) => {
          if (!isDuplicateKey(err)) throw err; // somebody else has just made it
        });
      const taken = await claims.updateOne(
        { _id, 'by.caseId': { $ne: caseId }, claimed: { $lte: bought - quantity } },
        { $inc: { claimed: quantity }, $push: { by: { caseId, quantity } } },
      );
      return taken.modifiedCount === 1 || (await claims.exists({ _id, 'by.caseId': caseId })) !== null;
    },

    /** Frees what the case claimed of an order; the number of lines that were freed. */
    async release({ merchantId, orderId, caseId }: Pick<Claim, 'merchantId' | 'orderId' | 'caseId'>): Promise<number> {
      const held = await claims.find({ merchantId, orderId, 'by.caseId': caseId }).maxTimeMS(maxTimeMS).lean().exec();
      let freed = 0;
      for (const { _id, by } of held) {
        const quantity = by.find((one) => one.caseId === caseId)?.quantity ?? 0;
        const result = await claims.updateOne(
          { _id, 'by.caseId': caseId },
          { $inc: { claimed: -quantity }, $pull: { by: { caseId } } },
        );
        freed += result.modifiedCount;
      }
      return freed;
    },

    /** Units of each line of an order that other cases hold or have returned. */
    async claimed(merchantId: string, orderId: string, exceptCaseId: string): Promise<Map<string, number>> {
      const held = await claims.find({ merchantId, orderId }).maxTimeMS(maxTimeMS).lean().exec();
      const byOthers = (line: (typeof held)[number]) =>
        line.by.reduce((sum, one) => sum + (one.caseId === exceptCaseId ? 0 : (one.quantity ?? 0)), 0);
      return new Map(held.map((line) => [line.lineId ?? '', byOthers(line)]));
    },

    /** Writes down what is meant before the provider is asked. False: the key stands for another amount or currency; nothing may be sent. */
    async meanRefund({
      key,
      merchantId,
      caseId,
      amountMinor,
      currency,
    }: {
      key: string;
      merchantId: string;
      caseId: string;
      amountMinor: number;
      currency: string;
    }): Promise<boolean> {
      await refunds
        .updateOne(
          { _id: key },
          { $setOnInsert: { merchantId, caseId, amountMinor, currency, firstTriedAt: new Date() } },
          { upsert: true },
        )
        .catch((err: unknown) => {
          if (!isDuplicateKey(err)) throw err;
        });
      return (await refunds.exists({ _id: key, amountMinor, currency })) !== null;
    },

    async noteRefund(key: string, providerId: string): Promise<void> {
      await refunds.updateOne({ _id: key }, { $set: { providerId } });
    },
  };
}
