/**
 * The same happy return as people write it without an engine: a document with a stage, and an upsert that is guarded by the stage before. Seven a
 * case, through Mongoose, each on a majority's journal. No timers, no retries, no undo: a floor for what storing a case costs.
 */
import mongoose from 'mongoose';
import { connectMongo } from '../../../db/connection.ts';

const stages = ['requested', 'under_review', 'awaiting_handover', 'received', 'inspected', 'refund_due', 'refunded'] as const;

const schema = new mongoose.Schema(
  {
    _id: String,
    merchantId: String,
    orderId: String,
    stage: { type: String, enum: stages },
    revision: Number,
    lines: [{ _id: false, lineId: String, sku: String, quantity: Number, unitPriceMinor: Number }],
    log: [{ _id: false, at: Number, stage: String, by: String }],
  },
  { collection: 'cases', versionKey: false },
);

export async function openRawMongo(uri: string) {
  const connection = await connectMongo(uri, 'raw');
  const cases = connection.model('RawCase', schema);
  await cases.createCollection();
  const lines = [{ lineId: '1', sku: 'KETTLE', quantity: 2, unitPriceMinor: 2_500 }];

  /** Throws if the case is not where it should be. */
  async function move(_id: string, nth: number): Promise<void> {
    const stage = stages[nth]!;
    const first = { merchantId: 'm1', orderId: `O-${_id}`, lines };
    const { modifiedCount, upsertedCount } = await cases.updateOne(
      { _id, ...(nth === 0 ? { stage: { $exists: false } } : { stage: stages[nth - 1], revision: nth }) },
      { $set: { stage, revision: nth + 1, ...(nth === 0 ? first : {}) }, $push: { log: { at: Date.now(), stage, by: 'bench' } } },
      { upsert: true },
    );
    if (modifiedCount + upsertedCount !== 1) throw new Error(`${_id} cannot become ${stage}`);
  }
  return {
    /** One case from its opening to its end. Where a guard does not hold the upsert meets the case's own id, and fails. */
    async play(caseId: string): Promise<void> {
      for (let nth = 0; nth < stages.length; nth++) await move(caseId, nth);
    },
    close: () => connection.close(),
  };
}
