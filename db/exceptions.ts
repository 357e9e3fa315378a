/** Facts from partners that match no open case, kept for three months as they were sent, until a person has looked at them. */
import { Schema } from 'mongoose';
import { insertOnce, maxTimeMS, type Connection } from './connection.ts';

const exceptionSchema = new Schema(
  {
    _id: String,
    merchantId: String,
    partner: String,
    why: String,
    caseId: String,
    body: String,
    at: Date,
    open: Boolean,
    resolvedAt: Date,
    resolvedBy: String,
    note: String,
  },
  { collection: 'exceptions', versionKey: false },
);
exceptionSchema.index({ at: -1 }, { expireAfterSeconds: 90 * 86_400 });
exceptionSchema.index({ merchantId: 1, at: -1, _id: -1, partner: 1, open: 1 }, { name: 'list' });

/** `merchantId` '': nobody could tell whose it is. */
export interface NewException {
  readonly partner: string;
  readonly eventId: string;
  readonly merchantId: string;
  readonly why: string;
  readonly caseId?: string;
  /** As it was sent: as a document it could be none that MongoDB takes. */
  readonly body: string;
}
export interface ExceptionDocument extends Omit<NewException, 'eventId'> {
  readonly _id: string;
  readonly at: Date;
  readonly open: boolean;
  readonly resolvedAt?: Date;
  readonly resolvedBy?: string;
  readonly note?: string;
}
export interface ExceptionQuestion {
  /** Whose exceptions are shown: the merchant, and '' where unknown ones are theirs too. */
  readonly merchantIds: readonly string[];
  readonly partner?: string;
  readonly open?: boolean;
  readonly limit: number;
  /** Newest first, behind this one. */
  readonly after?: { readonly at: number; readonly id: string };
}

export function createExceptions(connection: Connection) {
  const exceptions = connection.model('PartnerException', exceptionSchema);
  const idOf = (partner: string, eventId: string) => `${partner}/${eventId}`;
  return {
    models: [exceptions],

    async add({ eventId, caseId, ...fact }: NewException): Promise<void> {
      const named = caseId === undefined ? {} : { caseId };
      await insertOnce(exceptions, idOf(fact.partner, eventId), { ...fact, ...named, at: new Date(), open: true });
    },

    list({ merchantIds, partner, open, limit, after }: ExceptionQuestion): Promise<ExceptionDocument[]> {
      const at = after && new Date(after.at);
      const onward = after ? { at: { $lte: at }, $nor: [{ at, _id: { $gte: after.id } }] } : {};
      const equal = { ...(partner === undefined ? {} : { partner }), ...(open === undefined ? {} : { open }) };
      return exceptions
        .find({ merchantId: { $in: merchantIds }, ...equal, ...onward })
        .sort({ at: -1, _id: -1 })
        .hint('list')
        .limit(limit)
        .maxTimeMS(maxTimeMS)
        .lean<ExceptionDocument[]>()
        .exec();
    },

    /** The exception as it now is, whoever resolved it first; null: none of theirs has this id. */
    async resolve(
      _id: string,
      merchantIds: readonly string[],
      { by, note }: { by: string; note: string },
    ): Promise<ExceptionDocument | null> {
      const mine = { _id, merchantId: { $in: merchantIds } };
      await exceptions.updateOne(
        { ...mine, open: true },
        { $set: { open: false, resolvedAt: new Date(), resolvedBy: by, note } },
      );
      return exceptions.findOne(mine).maxTimeMS(maxTimeMS).lean<ExceptionDocument>().exec();
    },
  };
}
