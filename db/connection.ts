/** The one connection of a process to MongoDB. Fails fast, so that a save of 2 s can fail and the case can go on without it. */
import mongoose from 'mongoose';

export type Connection = mongoose.Connection;

/** Opens a connection; rejects if no primary answers in time. Majority writes and reads are written out, not left to defaults. */
export const connectMongo = (uri: string, dbName = 'mendline'): Promise<Connection> =>
  mongoose
    .createConnection(uri, {
      dbName,
      bufferCommands: false,
      autoIndex: false,
      autoCreate: false,
      serverSelectionTimeoutMS: 1_500,
      connectTimeoutMS: 1_500,
      socketTimeoutMS: 5_000,
      writeConcern: { w: 'majority', journal: true },
      readConcern: { level: 'majority' },
      maxPoolSize: 50,
    })
    .asPromise();

export const isDuplicateKey = (err: unknown): boolean => (err as { code?: number } | undefined)?.code === 11_000;

/** Not primary, shutting down, interrupted, out of time: codes of a server that will be back. Source: MongoDB error codes. */
const passingCodes = [50, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];

/** True if MongoDB is away or overloaded at the moment, and the same call may work later. */
export function isAway(err: unknown): boolean {
  const { name = '', code } = (err ?? {}) as { name?: string; code?: unknown };
  if (typeof code === 'number' && passingCodes.includes(code)) return true;
  // The driver passes on what Node says of a socket that the server has just closed.
  if (code === 'EPIPE' || code === 'ECONNRESET') return true;
  return /^(Mongo(ose)?ServerSelection|MongoNetwork|MongoNotConnected|MongoTopologyClosed|MongoPoolCleared|PoolCleared|MongoWaitQueueTimeout|MongoOperationTimeout|MongooseError)/.test(
    name,
  );
}

/** Every query ends by then, even if the server stalls. */
export const maxTimeMS = 2_000;

/** Of many who insert at once one succeeds; for the others it is there already, which is as good. */
export async function insertOnce(
  { collection }: Pick<mongoose.Model<unknown>, 'collection'>,
  _id: string,
  fields: object,
): Promise<void> {
  await collection.updateOne({ _id: _id as never }, { $setOnInsert: fields }, { upsert: true }).catch((err: unknown) => {
    if (!isDuplicateKey(err)) throw err;
  });
}

/** Changes the document that fits, or makes one; true if one of both was done. Of many who make it at once the others change what the first has made. */
export async function changeOrMake(
  { collection }: Pick<mongoose.Model<unknown>, 'collection'>,
  filter: { readonly _id: string },
  change: object,
  fields: object,
): Promise<boolean> {
  const fitting = filter as never;
  const { modifiedCount, upsertedCount } = await collection
    .updateOne(fitting, { ...change, $setOnInsert: fields }, { upsert: true })
    .catch((err: unknown) => {
      if (!isDuplicateKey(err)) throw err;
      return collection.updateOne(fitting, change);
    });
  return modifiedCount + upsertedCount === 1;
}

/** The document under this id, made of `fields` if there was none. */
export async function foundOrMade<T extends object>(
  { collection }: Pick<mongoose.Model<unknown>, 'collection'>,
  _id: string,
  fields: T,
): Promise<T | null> {
  const found = await collection
    .findOneAndUpdate({ _id: _id as never }, { $setOnInsert: fields }, { upsert: true, returnDocument: 'after' })
    .catch((err: unknown) => {
      if (!isDuplicateKey(err)) throw err;
      return collection.findOne({ _id: _id as never });
    });
  return found as T | null;
}
