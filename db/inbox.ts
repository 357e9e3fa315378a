/**
 * What the API keeps of the messages it has taken: answers by Idempotency-Key, webhooks by event id, free texts.
 * Each expires by itself, texts excepted: they are erased with their subject.
 */
import { Schema } from 'mongoose';
import { insertOnce, isDuplicateKey, maxTimeMS, type Connection } from './connection.ts';

const dayMs = 86_400_000;
/** How long a call may hold its key; after that a twin may take over, since the first has died. */
const leaseMs = 15_000;

/** Not waited for until it is on disk: what MongoDB loses when it dies is carried out anew, and a case knows its commands by their own ids. */
const quickly = { writeConcern: { w: 1, journal: false } } as const;

const answerSchema = new Schema(
  { _id: String, bodyHash: String, leaseUntil: Number, status: Number, body: String, headers: Object, expiresAt: Date },
  { collection: 'idempotency_keys', versionKey: false },
);
answerSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

const webhookSchema = new Schema(
  { _id: String, partner: String, type: String, state: String, receivedAt: Date, expiresAt: Date },
  { collection: 'webhook_events', versionKey: false },
);
webhookSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

const textSchema = new Schema(
  { _id: String, merchantId: String, caseId: String, author: String, text: String, at: Date },
  { collection: 'texts', versionKey: false },
);
textSchema.index({ caseId: 1 });

export interface Answer {
  readonly status: number;
  /** The body's bytes as they were sent, so that a repeat is answered byte by byte. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}
export type Begun =
  | { readonly kind: 'mine'; readonly leaseUntil: number }
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'other_body' }
  | { readonly kind: 'in_flight' };
export type Inbox = ReturnType<typeof createInbox>;

export function createInbox(connection: Connection) {
  const answers = connection.model('Answer', answerSchema);
  const webhooks = connection.model('WebhookEvent', webhookSchema);
  const texts = connection.model('Text', textSchema);
  const { collection } = answers;
  const held = (key: string) => ({ _id: key as never, status: null as never });
  // What has just been written, though no majority has it yet.
  const keptUnder = (key: string) => answers.findById(key).readConcern('local').maxTimeMS(maxTimeMS).lean().exec();
  return {
    models: [answers, webhooks, texts],

    /** Takes a key for one call. `mine`: go on and finish; else what to answer at once. */
    async begin(key: string, bodyHash: string, now = Date.now()): Promise<Begun> {
      const lease = { leaseUntil: now + leaseMs, expiresAt: new Date(now + 7 * dayMs) };
      try {
        await collection.insertOne({ _id: key as never, bodyHash, ...lease }, quickly);
        return { kind: 'mine', leaseUntil: lease.leaseUntil };
      } catch (err) {
        if (!isDuplicateKey(err)) throw err;
      }
      const kept = await keptUnder(key);
      if (!kept) return { kind: 'in_flight' }; // it has just been given up: the caller tries again
      if (kept.bodyHash !== bodyHash) return { kind: 'other_body' };
      const answer = answerOf(kept);
      if (answer) return { kind: 'answered', answer };
      const taken = await collection.updateOne({ ...held(key), leaseUntil: { $lt: now } }, { $set: lease }, quickly);
      return taken.modifiedCount === 1 ? { kind: 'mine', leaseUntil: lease.leaseUntil } : { kind: 'in_flight' };
    },
    /** Keeps the answer, unless whoever took the key over was first: returns the one that counts, for both. */
    async finish(key: string, answer: Answer): Promise<Answer> {
      const { status, body, headers } = answer;
      const kept = await collection.updateOne(held(key), { $set: { status, body, headers } }, quickly);
      if (kept.modifiedCount === 1) return answer;
      return answerOf(await keptUnder(key)) ?? answer;
    },
    /** The call may succeed later: the key stays bound to its body, and the next try takes it at once. Without effect if the lease has passed on. */
    async giveUp(key: string, leaseUntil: number): Promise<void> {
      await collection.updateOne({ ...held(key), leaseUntil }, { $set: { leaseUntil: 0 } }, quickly);
    },

    /** True if this event has been handled before; else it is written down as received. */
    async wasHandled(partner: string, eventId: string, type: string): Promise<boolean> {
      const _id = `${partner}/${eventId}`;
      const expiresAt = new Date(Date.now() + 30 * dayMs);
      await insertOnce(webhooks, _id, { partner, type, state: 'received', receivedAt: new Date(), expiresAt });
      return (await webhooks.exists({ _id, state: 'handled' })) !== null;
    },
    async markHandled(partner: string, eventId: string): Promise<void> {
      await webhooks.updateOne({ _id: `${partner}/${eventId}` }, { $set: { state: 'handled' } });
    },

    /** Keeps a free text under a reference that a repeat of the same command finds again. */
    async keepText(text: { ref: string; merchantId: string; caseId: string; author: string; text: string }): Promise<string> {
      const { ref, ...rest } = text;
      await insertOnce(texts, ref, { ...rest, at: new Date() });
      return ref;
    },
    /** The texts of a case under these references; an erased one is missing. */
    async textsOf(caseId: string, refs: readonly string[]): Promise<Map<string, string>> {
      if (refs.length === 0) return new Map();
      const kept = await texts
        .find({ _id: { $in: refs }, caseId })
        .maxTimeMS(maxTimeMS)
        .lean()
        .exec();
      return new Map(kept.map((one) => [one._id ?? '', one.text ?? '']));
    },
  };
}

const answerOf = (kept: { status?: number | null; body?: string | null; headers?: unknown } | null): Answer | undefined =>
  kept?.status
    ? { status: kept.status, body: kept.body ?? '', headers: (kept.headers ?? {}) as Record<string, string> }
    : undefined;
