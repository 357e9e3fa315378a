/**
 * The read model of cases: one small document a case, and its timeline rows. Written by the case's workflow alone, read by everyone.
 * The stamp orders attempts: an older or repeated save finds a newer document and does nothing (docs/architecture.md, read model).
 */
import { Schema, type InferSchemaType } from 'mongoose';
import type { SaveCaseInput, TimelineRow } from '../contracts/workflow.ts';
import { dueAtOf } from '../domain/deadlines.ts';
import { ownerOf, type AnyRules } from '../domain/case.ts';
import { verbsOf } from '../domain/moves.ts';
import { unitsWhere } from '../domain/goods.ts';
import { settledMinor } from '../domain/money.ts';
import { returnRules, type ReturnState } from '../domain/return.ts';
import { isDuplicateKey, maxTimeMS, type Connection } from './connection.ts';

/** Fields that lists filter and sort by; the state itself rides along as it is. */
const caseSchema = new Schema(
  {
    _id: { type: String, required: true },
    stamp: { type: Number, required: true },
    merchantId: { type: String, required: true },
    caseType: { type: String, required: true },
    rmaNo: { type: String, required: true },
    customerId: { type: String, required: true },
    orderId: { type: String, required: true },
    stage: { type: String, required: true },
    owner: { type: String, required: true },
    needsAttention: { type: Boolean, required: true },
    dueAt: Number,
    openedAt: { type: Number, required: true },
    updatedAt: { type: Number, required: true },
    unitsRequested: { type: Number, required: true },
    unitsReceived: { type: Number, required: true },
    refundedMinor: { type: Number, required: true },
    compensationsRun: { type: Number, required: true },
    verbs: [String],
    about: { type: Object, required: true },
    state: { type: Object, required: true },
  },
  { collection: 'cases', versionKey: false, minimize: false },
);
// Every list is asked for one merchant, newest first; the second key of each index is what it filters by.
for (const field of ['stage', 'owner', 'customerId', 'orderId', 'needsAttention'])
  caseSchema.index({ merchantId: 1, [field]: 1, updatedAt: -1, _id: -1 });
caseSchema.index({ merchantId: 1, updatedAt: -1, _id: -1 });
caseSchema.index({ 'state.shipment.trackingNo': 1 });

export type CaseDocument = Omit<InferSchemaType<typeof caseSchema>, '_id' | 'about' | 'state'> & {
  _id: string;
  about: SaveCaseInput['about'];
  state: ReturnState;
};

/** A case in a list: without its clocks, goods, money and messages, which may be many. */
export type ListedCase = Omit<CaseDocument, 'about' | 'state' | 'verbs'> & {
  state: Pick<ReturnState, 'revision' | 'currency' | 'assignee'>;
};
const fields = Object.keys(caseSchema.paths).filter((path) => !['about', 'state', 'verbs'].includes(path));
const listed = Object.fromEntries(
  [...fields, 'state.revision', 'state.currency', 'state.assignee'].map((path) => [path, 1 as const]),
);

const timelineSchema = new Schema(
  { _id: String, caseId: String, seq: Number, stamp: Number, at: Number, stage: String, event: Object },
  { collection: 'timeline', versionKey: false, minimize: false },
);
timelineSchema.index({ caseId: 1, seq: 1 }, { unique: true });

export interface CaseFilter {
  readonly stage?: string;
  readonly owner?: string;
  readonly customerId?: string;
  readonly orderId?: string;
  readonly needsAttention?: boolean;
}
/** Where a page goes on: after this document in the order of `(updatedAt, _id)`, newest first. */
export interface Position {
  readonly updatedAt: number;
  readonly id: string;
}

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
        await timeline.collection.bulkWrite(writes as never, { ordered: false }).catch((err: unknown) => {
          if (!isDuplicateKey(err)) throw err; // a newer attempt's row is there
        });
      }
      const document = documentOf(stamp, state as ReturnState, about);
      await cases.collection
        .replaceOne({ _id: state.caseId as never, stamp: { $lte: stamp } }, document as never, { upsert: true })
        .catch(async (err: unknown) => {
          if (!isDuplicateKey(err)) throw err;
          // Two first saves may meet; without upsert "0 matched" says that a newer one is there.
          await cases.collection.replaceOne({ _id: state.caseId as never, stamp: { $lte: stamp } }, document as never);
        });
    },

    find: (merchantId: string, caseId: string): Promise<CaseDocument | null> =>
      cases.findOne({ _id: caseId, merchantId }).maxTimeMS(maxTimeMS).lean<CaseDocument>().exec(),

    findByTracking: (trackingNo: string): Promise<{ _id: string } | null> =>
      cases.findOne({ 'state.shipment.trackingNo': trackingNo }, { _id: 1 }).maxTimeMS(maxTimeMS).lean<{ _id: string }>().exec(),

    /** Newest change first; of the state only what a list shows. */
    list(merchantId: string, filter: CaseFilter, limit: number, after?: Position): Promise<ListedCase[]> {
      const equal = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
      // The first condition says the same less exactly; it alone bounds the index, so that a deep page costs no more than the first.
      const older = after
        ? {
            updatedAt: { $lte: after.updatedAt },
            $or: [{ updatedAt: { $lt: after.updatedAt } }, { updatedAt: after.updatedAt, _id: { $lt: after.id } }],
          }
        : {};
      return cases
        .find({ merchantId, ...equal, ...older }, listed)
        .sort({ updatedAt: -1, _id: -1 })
        .limit(limit)
        .maxTimeMS(maxTimeMS)
        .lean<ListedCase[]>()
        .exec();
    },

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

const rules = returnRules as unknown as AnyRules;

function documentOf(stamp: number, state: ReturnState, about: SaveCaseInput['about']) {
  return {
    stamp,
    merchantId: state.merchantId,
    caseType: about.caseType,
    rmaNo: about.rmaNo,
    customerId: about.customerId,
    orderId: about.orderId,
    stage: state.stage,
    owner: ownerOf(rules, state),
    needsAttention: state.stage === 'needs_attention',
    dueAt: dueAtOf(state) ?? null,
    openedAt: state.openedAt,
    updatedAt: state.at,
    unitsRequested: unitsWhere(state.lots, () => true),
    unitsReceived: unitsWhere(state.lots, (lot) => lot.reception === 'received'),
    refundedMinor: settledMinor(state.money),
    compensationsRun: state.undo.filter((entry) => entry.state === 'undone').length,
    verbs: verbsOf(rules, state),
    about,
    state,
  };
}
