/**
 * The read model of cases: one small document a case, and its timeline rows. Written by the case's workflow alone, read by everyone.
 * The stamp orders attempts: an older or repeated save finds a newer document and does nothing (docs/architecture.md, read model).
 */
import { Schema } from 'mongoose';
import type { SaveCaseInput, TimelineRow } from '../contracts/workflow.ts';
import type { CaseTypeName } from '../domain/case-types.ts';
import type { ReturnState } from '../domain/return-state.ts';
import { caseSchema, documentOf, type CaseDocument } from './case-document.ts';
import { counting, listing, search, type CaseQuestion, type ListedCase, type OwnCases, type StageCount } from './case-lists.ts';
import { isDuplicateKey, maxTimeMS, type Connection } from './connection.ts';

// Facts of partners that name a parcel or a payment alone.
caseSchema.index({ 'state.shipment.trackingNo': 1 });
caseSchema.index({ 'state.legs.trackingNo': 1 });
caseSchema.index({ paymentId: 1, merchantId: 1 });

const timelineSchema = new Schema(
  { _id: String, caseId: String, seq: Number, stamp: Number, at: Number, stage: String, event: Object },
  { collection: 'timeline', versionKey: false, minimize: false },
);
timelineSchema.index({ caseId: 1, seq: 1 }, { unique: true });

export interface CaseDigest {
  readonly _id: string;
  readonly stamp: number;
  readonly caseType: CaseTypeName;
  readonly stage: string;
  readonly generation: number;
  readonly open: boolean;
  readonly state: { readonly revision: number; readonly run: number };
}
const digest = { stamp: 1, caseType: 1, stage: 1, generation: 1, open: 1, 'state.revision': 1, 'state.run': 1 } as const;

/** What a fact names. `merchantId`: as a partner says. */
interface Named {
  readonly caseId?: string;
  readonly trackingNo?: string;
  readonly paymentId?: string;
  readonly merchantId?: string;
}
type Owned = Pick<CaseDocument, 'merchantId'>;

/** What a case has not, its document has not either; a sink is told of it as undefined. */
const leavingOut = { ignoreUndefined: true } as const;

const unlessDuplicate = (err: unknown): undefined => {
  if (!isDuplicateKey(err)) throw err;
};

export type CaseStore = ReturnType<typeof createCaseStore>;

export function createCaseStore(connection: Connection) {
  const cases = connection.model('Case', caseSchema);
  const timeline = connection.model('TimelineRow', timelineSchema);
  return {
    models: [cases, timeline],

    /** Stores a snapshot and its timeline rows; without effect where a newer attempt has been stored. Rows go first: readers see them only up to the snapshot. */
    async save({ stamp, state, about, rows }: SaveCaseInput): Promise<void> {
      if (rows.length > 0) {
        const writes = rows.map((row) => {
          const _id = `${state.caseId}#${row.seq}`;
          const replacement = { ...row, _id, caseId: state.caseId, stamp };
          return { replaceOne: { filter: { _id, stamp: { $lte: stamp } }, replacement, upsert: true } };
        });
        await timeline.collection.bulkWrite(writes as never, { ordered: false, ...leavingOut }).catch(unlessDuplicate); // a newer attempt's row is there
      }
      const document = documentOf(stamp, state as ReturnState, about);
      // A task that is tried again stands at the same place of the history; what its first try left in flight may come last.
      const unlessNewer = {
        _id: state.caseId as never,
        $or: [{ stamp: { $lt: stamp } }, { stamp, updatedAt: { $lte: state.at } }],
      };
      await cases.collection
        .replaceOne(unlessNewer, document as never, { upsert: true, ...leavingOut })
        .catch(async (err: unknown) => {
          if (!isDuplicateKey(err)) throw err;
          // Two first saves may meet; without upsert "0 matched" says that a newer one is there.
          await cases.collection.replaceOne(unlessNewer, document as never, leavingOut);
        });
    },

    /**
     * What the workflow said, in the place of what was shown before it was asked, newer or older: after a reset, or when MongoDB came back
     * from a backup. `shownStamp` absent: nothing was shown. False: something has been saved since, which is as new or newer.
     */
    async rebuild({ stamp, state, about, rows }: SaveCaseInput, shownStamp: number | undefined): Promise<boolean> {
      const { caseId, revision } = state;
      if (shownStamp !== undefined) await timeline.deleteMany({ caseId, seq: { $gt: revision }, stamp: { $lte: shownStamp } });
      const writes = rows.map((row) => {
        const _id = `${caseId}#${row.seq}`;
        return { replaceOne: { filter: { _id }, replacement: { ...row, _id, caseId, stamp }, upsert: true } };
      });
      if (writes.length > 0) await timeline.collection.bulkWrite(writes as never, { ordered: false }).catch(unlessDuplicate);
      const document = documentOf(stamp, state as ReturnState, about);
      if (shownStamp !== undefined) {
        const replaced = await cases.collection.replaceOne({ _id: caseId as never, stamp: shownStamp }, document as never);
        return replaced.matchedCount === 1;
      }
      const added = await cases.collection.insertOne({ _id: caseId as never, ...document }).catch(unlessDuplicate);
      return added !== undefined;
    },

    /** As much of a case as tells whether it shows what its workflow knows; null: it is not here. */
    digestOf: (caseId: string): Promise<CaseDigest | null> =>
      cases.findOne({ _id: caseId }, digest).maxTimeMS(maxTimeMS).lean<CaseDigest>().exec(),

    /** Whether a reader finds this revision of a case, or a later one; false too if MongoDB does not answer. */
    shows: (caseId: string, revision: number): Promise<boolean> =>
      cases
        .exists({ _id: caseId, 'state.revision': { $gte: revision } })
        .maxTimeMS(maxTimeMS)
        .exec()
        .then(
          (found) => found !== null,
          () => false,
        ),

    /** Which generation of a case is the newest; the first, if it is not here. */
    async generationOf(caseId: string): Promise<number> {
      return (await this.digestOf(caseId))?.generation ?? 1;
    },

    /** The returns that a payment paid for, ended ones too. */
    ofPayment: (merchantId: string, paymentId: string): Promise<CaseDocument[]> =>
      cases.find({ merchantId, paymentId }).limit(100).maxTimeMS(maxTimeMS).lean<CaseDocument[]>().exec(),

    findAny: (caseId: string): Promise<CaseDocument | null> =>
      cases.findOne({ _id: caseId }).maxTimeMS(maxTimeMS).lean<CaseDocument>().exec(),

    /** Past Mongoose, which has nothing to add to a document that is read as it is: nearly every call of the API begins with this. */
    find: (merchantId: string, caseId: string): Promise<CaseDocument | null> =>
      cases.collection.findOne<CaseDocument>({ _id: caseId as never, 'state.merchantId': merchantId }, { maxTimeMS }),

    /**
     * Whose case, parcel or payment this is, by the first of them that we know; undefined: nobody's, or of several merchants. A number that
     * a customer has told us names no parcel of ours: it could be anybody's.
     */
    async merchantOf({ caseId, trackingNo, paymentId, merchantId }: Named): Promise<string | undefined> {
      const known = [
        caseId && { _id: caseId },
        trackingNo && { 'state.legs': { $elemMatch: { trackingNo, ours: true } } },
        trackingNo && { 'state.shipment.trackingNo': trackingNo, 'state.legs': { $exists: false } },
        paymentId && { paymentId },
        merchantId && { merchantId },
      ].filter((one) => typeof one === 'object');
      const said = merchantId === undefined ? {} : { merchantId };
      for (const one of known) {
        const first = await cases
          .findOne({ ...said, ...one }, { merchantId: 1 })
          .maxTimeMS(maxTimeMS)
          .lean<Owned>()
          .exec();
        if (!first) continue;
        const other = { ...said, ...one, $nor: [{ merchantId: first.merchantId }] };
        return (await cases.exists(other).maxTimeMS(maxTimeMS).exec()) ? undefined : first.merchantId;
      }
      return undefined;
    },

    list: (question: CaseQuestion): Promise<ListedCase[]> =>
      listing(cases as never, question)
        .lean<ListedCase[]>()
        .exec(),

    search: (merchantId: string, words: string, limit: number, own: OwnCases): Promise<ListedCase[]> =>
      search(cases as never, merchantId, words, limit, own)
        .lean<ListedCase[]>()
        .exec(),

    counts: (merchantId: string, own: OwnCases, now = Date.now()): Promise<StageCount[]> =>
      counting(cases as never, merchantId, own, now).exec(),

    /** Rows up to the revision the snapshot shows, oldest first. */
    timeline: (caseId: string, upTo: number, after: number, limit: number): Promise<TimelineRow[]> =>
      timeline
        .find({ caseId, seq: { $gt: after, $lte: upTo } }, { _id: 0, caseId: 0, stamp: 0 })
        .sort({ seq: 1 })
        .limit(limit)
        .maxTimeMS(maxTimeMS)
        .lean<TimelineRow[]>()
        .exec(),
  };
}
