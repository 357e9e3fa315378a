/**
 * Small collections with one unique key each, that make an effect happen once: units claimed by a case, refunds meant by a case.
 * A case's truth is its workflow; these guard what several cases or several attempts could do twice.
 */
import { Schema } from 'mongoose';
import { changeOrMake, foundOrMade, insertOnce, maxTimeMS, type Connection } from './connection.ts';

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

// What is given back of charges lies apart: it does not count against what the payment captured.
const paymentSchema = new Schema(
  {
    _id: String,
    spokenForMinor: Number,
    by: [{ _id: false, key: String, amountMinor: Number }],
    ofCharges: [{ _id: false, key: String, amountMinor: Number, chargeId: String }],
  },
  { collection: 'payment_ceilings', versionKey: false },
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
/** What a case asks of an order: each line once. */
export interface ClaimedLines extends Pick<Claim, 'merchantId' | 'orderId' | 'caseId'> {
  readonly lines: readonly Pick<Claim, 'lineId' | 'quantity' | 'bought'>[];
}

export interface MeantRefund {
  readonly key: string;
  readonly merchantId: string;
  readonly caseId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly paymentId: string;
  /** What the payment captured; absent: the ceiling is not asked. */
  readonly paidMinor?: number;
}
/** What the customer was charged after the payment, and has paid. */
export interface PaidCharge {
  readonly chargeId: string;
  readonly amountMinor: number;
}
export type Ledgers = ReturnType<typeof createLedgers>;

export function createLedgers(connection: Connection) {
  const claims = connection.model('UnitClaim', claimSchema);
  const refunds = connection.model('RefundIntent', refundSchema);
  const payments = connection.model('PaymentCeiling', paymentSchema);
  const claimId = ({ merchantId, orderId, lineId }: Pick<Claim, 'merchantId' | 'orderId' | 'lineId'>) =>
    `${merchantId}/${orderId}/${lineId}`;
  const paymentOf = ({ merchantId, paymentId }: Pick<MeantRefund, 'merchantId' | 'paymentId'>) => `${merchantId}/${paymentId}`;

  /**
   * True if the key holds its amount now, of the payment or of the first charge that covers it, also if it held it before; false: none
   * covers it any more. One document a payment: a key has one source, whoever tries it again, and nothing is reserved twice.
   */
  async function reserve(refund: MeantRefund, paidMinor: number, charges: readonly PaidCharge[]): Promise<boolean> {
    const { key, amountMinor } = refund;
    const _id = paymentOf(refund);
    const unheld = { _id, 'by.key': { $ne: key }, 'ofCharges.key': { $ne: key } };
    const leftCovers = { ...unheld, spokenForMinor: { $lte: paidMinor - amountMinor } };
    const taking = { $inc: { spokenForMinor: amountMinor }, $push: { by: { key, amountMinor } } };
    if (amountMinor <= paidMinor && (await changeOrMake(payments, leftCovers, taking, { ofCharges: [] }))) return true;
    if (charges.length > 0) await insertOnce(payments, _id, { spokenForMinor: 0, by: [], ofCharges: [] });
    for (const { chargeId, amountMinor: tookMinor } of charges) {
      const chargeCovers = { $expr: { $lte: [spokenForOf(chargeId), tookMinor - amountMinor] } };
      const ofCharge = await payments.updateOne(
        { ...unheld, ...chargeCovers },
        { $push: { ofCharges: { key, amountMinor, chargeId } } },
      );
      if (ofCharge.modifiedCount === 1) return true;
    }
    return (await payments.exists({ _id, $or: [{ 'by.key': key }, { 'ofCharges.key': key }] })) !== null;
  }

  return {
    models: [claims, refunds, payments],

    /** True if the case holds the units now, also if it held them before; false: too many are claimed by other cases. */
    async claim(claim: Claim): Promise<boolean> {
      const { merchantId, orderId, lineId, caseId, quantity, bought } = claim;
      const _id = claimId(claim);
      const left = { _id, 'by.caseId': { $ne: caseId }, claimed: { $lte: bought - quantity } };
      const taking = { $inc: { claimed: quantity }, $push: { by: { caseId, quantity } } };
      const taken = quantity <= bought && (await changeOrMake(claims, left, taking, { merchantId, orderId, lineId }));
      return taken || (await claims.exists({ _id, 'by.caseId': caseId })) !== null;
    },

    /**
     * Claims exactly these units for the case: more than before where they are free, fewer where it asks for fewer. False: another case
     * has some of them; then everything is as it was. In one order for all cases, so that of two that want the same lines one gets them.
     */
    async claimExactly({ merchantId, orderId, caseId, lines }: ClaimedLines): Promise<boolean> {
      const held = await this.heldBy(merchantId, orderId, caseId);
      const wanted = [...lines].sort((a, b) => (a.lineId < b.lineId ? -1 : 1));
      const grown: { lineId: string; quantity: number }[] = [];
      for (const { lineId, quantity, bought } of wanted) {
        const before = held.get(lineId) ?? 0;
        if (quantity <= before) continue;
        const won =
          before === 0
            ? await this.claim({ merchantId, orderId, lineId, caseId, quantity, bought })
            : await this.resize({ merchantId, orderId, lineId, caseId, quantity, bought }, before);
        if (won) grown.push({ lineId, quantity: before });
        else {
          for (const one of grown) await this.shrink({ merchantId, orderId, caseId, ...one });
          return false;
        }
      }
      for (const [lineId, before] of held) {
        const quantity = wanted.find((line) => line.lineId === lineId)?.quantity ?? 0;
        if (quantity < before) await this.shrink({ merchantId, orderId, caseId, lineId, quantity });
      }
      return true;
    },

    /** Units of each line that the case holds. */
    async heldBy(merchantId: string, orderId: string, caseId: string): Promise<Map<string, number>> {
      const held = await claims.find({ merchantId, orderId, 'by.caseId': caseId }).maxTimeMS(maxTimeMS).lean().exec();
      return new Map(held.map((line) => [line.lineId ?? '', line.by.find((one) => one.caseId === caseId)?.quantity ?? 0]));
    },

    /** Grows a claim from `before` to its new quantity; true also if it has that already. */
    async resize(claim: Claim, before: number): Promise<boolean> {
      const { caseId, quantity, bought } = claim;
      const more = quantity - before;
      const grown = await claims.updateOne(
        { _id: claimId(claim), claimed: { $lte: bought - more }, by: { $elemMatch: { caseId, quantity: before } } },
        { $inc: { claimed: more, 'by.$.quantity': more } },
      );
      if (grown.modifiedCount === 1) return true;
      return (await claims.exists({ _id: claimId(claim), by: { $elemMatch: { caseId, quantity } } })) !== null;
    },

    /** Lets go of units above `quantity`; of all, where that is 0. */
    async shrink(claim: Omit<Claim, 'bought'>): Promise<void> {
      const { caseId, quantity } = claim;
      const _id = claimId(claim);
      const line = await claims.findById(_id).maxTimeMS(maxTimeMS).lean().exec();
      const before = line?.by.find((one) => one.caseId === caseId)?.quantity ?? 0;
      if (before <= quantity) return;
      const held = { _id, by: { $elemMatch: { caseId, quantity: before } } };
      await (quantity === 0
        ? claims.updateOne(held, { $inc: { claimed: -before }, $pull: { by: { caseId } } })
        : claims.updateOne(held, { $inc: { claimed: quantity - before }, $set: { 'by.$.quantity': quantity } }));
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

    /**
     * Writes down what is meant before the provider is asked, and of what it is given back: of the payment, or of one of these charges of it.
     * `other_amount`: the key stands for another amount or currency; `exceeds_payment`: all cases together would give back more than the
     * payment captured, and no charge covers it. Then nothing may be sent.
     */
    async meanRefund(
      refund: MeantRefund,
      charges: readonly PaidCharge[] = [],
    ): Promise<'meant' | 'other_amount' | 'exceeds_payment'> {
      const { key, merchantId, caseId, amountMinor, currency, paidMinor } = refund;
      const meant = { merchantId, caseId, amountMinor, currency, firstTriedAt: new Date() };
      const kept = await foundOrMade(refunds, key, meant);
      if (kept?.amountMinor !== amountMinor || kept.currency !== currency) return 'other_amount';
      return paidMinor === undefined || (await reserve(refund, paidMinor, charges)) ? 'meant' : 'exceeds_payment';
    },

    /** Of what a refund that is meant is given back; empty: of the payment. */
    async sourceOf(refund: Pick<MeantRefund, 'key' | 'merchantId' | 'paymentId'>): Promise<{ chargeId?: string }> {
      const held = { _id: paymentOf(refund), 'ofCharges.key': refund.key };
      const payment = await payments.findOne(held).maxTimeMS(maxTimeMS).lean().exec();
      const chargeId = payment?.ofCharges.find((one) => one.key === refund.key)?.chargeId;
      return chargeId ? { chargeId } : {};
    },

    /** The provider says that it failed: its amount may be given back another way. */
    async freeRefund(refund: MeantRefund): Promise<void> {
      const { key, amountMinor } = refund;
      await payments.updateOne(
        { _id: paymentOf(refund), 'by.key': key },
        { $inc: { spokenForMinor: -amountMinor }, $pull: { by: { key } } },
      );
      await payments.updateOne({ _id: paymentOf(refund) }, { $pull: { ofCharges: { key } } });
    },

    async noteRefund(key: string, providerId: string): Promise<void> {
      await refunds.updateOne({ _id: key }, { $set: { providerId } });
    },
  };
}

/** As an expression over a payment's document: what is spoken for of one charge. Documents of before there were charges have no list. */
const spokenForOf = (chargeId: string) => ({
  $sum: {
    $map: {
      input: {
        $filter: { input: { $ifNull: ['$ofCharges', []] }, cond: { $eq: ['$$this.chargeId', { $literal: chargeId }] } },
      },
      in: '$$this.amountMinor',
    },
  },
});
