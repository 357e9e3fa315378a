/** Guests: one-time codes for an order and the sessions they open. Of codes and tokens only hashes are kept; both expire by themselves. */
import { createHash } from 'node:crypto';
import { Schema } from 'mongoose';
import { isDuplicateKey, maxTimeMS, type Connection } from './connection.ts';

const minuteMs = 60_000;
const codeMs = 10 * minuteMs;
const hourMs = 60 * minuteMs;
const sessionMs = 2 * hourMs;
const triesMax = 5;
const codesAnHour = 3;

// One document an order: how many codes it was sent within the hour, and the newest of them.
const codeSchema = new Schema(
  { _id: String, issuedAt: [Number], hash: String, customerId: String, tries: Number, validUntil: Number, expiresAt: Date },
  { collection: 'guest_codes', versionKey: false },
);
codeSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

const sessionSchema = new Schema(
  { _id: String, merchantId: String, orderId: String, customerId: String, expiresAt: Date },
  { collection: 'guest_sessions', versionKey: false },
);
sessionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export interface OrderRef {
  readonly merchantId: string;
  readonly orderId: string;
}
export interface Guest extends OrderRef {
  readonly customerId: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const codeId = ({ merchantId, orderId }: OrderRef): string => sha256(JSON.stringify([merchantId, orderId]));

export function createGuests(connection: Connection) {
  const codes = connection.model('GuestCode', codeSchema);
  const sessions = connection.model('GuestSession', sessionSchema);
  return {
    models: [codes, sessions],

    /** Keeps a new code in the place of the last one; false: this order has had its three within the hour. */
    async issue({ customerId, ...order }: Guest, hash: string, now = Date.now()): Promise<boolean> {
      const _id = codeId(order);
      const room = [{ [`issuedAt.${codesAnHour - 1}`]: { $exists: false } }, { 'issuedAt.0': { $lt: now - hourMs } }];
      try {
        await codes.updateOne(
          { _id, $or: room },
          {
            $push: { issuedAt: { $each: [now], $slice: -codesAnHour } },
            $set: { hash, customerId, tries: 0, validUntil: now + codeMs, expiresAt: new Date(now + hourMs) },
          },
          { upsert: true },
        );
        return true;
      } catch (err) {
        if (isDuplicateKey(err)) return false;
        throw err;
      }
    },

    /** Uses a try, and the code itself if the hash is the right one. Returns whom it lets in. */
    async redeem(order: OrderRef, hash: string, now = Date.now()): Promise<Guest | undefined> {
      const _id = codeId(order);
      const tried = await codes
        .findOneAndUpdate({ _id, tries: { $lt: triesMax }, validUntil: { $gt: now } }, { $inc: { tries: 1 } })
        .maxTimeMS(maxTimeMS)
        .lean()
        .exec();
      // Hashes under a key of ours: how far two of them agree tells nobody anything.
      if (!tried?.customerId || tried.hash !== hash) return undefined;
      const used = await codes.updateOne({ _id, hash }, { $unset: { hash: 1 } });
      return used.modifiedCount === 1 ? { ...order, customerId: tried.customerId } : undefined;
    },

    /** Opens a session for a token; when it ends, epoch ms. */
    async open(token: string, guest: Guest, now = Date.now()): Promise<number> {
      const expiresAt = now + sessionMs;
      await sessions.create({ _id: sha256(token), ...guest, expiresAt: new Date(expiresAt) });
      return expiresAt;
    },
    async find(token: string, now = Date.now()): Promise<Guest | null> {
      return sessions
        .findOne({ _id: sha256(token), expiresAt: { $gt: new Date(now) } }, { _id: 0, expiresAt: 0 })
        .maxTimeMS(maxTimeMS)
        .lean<Guest>()
        .exec();
    },
  };
}
