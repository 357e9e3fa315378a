/** Everything MongoDB holds, behind one factory. Indexes are made by `prepare`, which a deployment runs once and start-up repeats harmlessly. */
import { createCaseStore } from './cases.ts';
import { connectMongo, type Connection } from './connection.ts';
import { createExceptions } from './exceptions.ts';
import { createGuests } from './guests.ts';
import { createInbox } from './inbox.ts';
import { createLedgers } from './ledgers.ts';
import { createPaymentDisputes } from './payment-disputes.ts';

export type Database = ReturnType<typeof createDatabase>;

function createDatabase(connection: Connection) {
  const cases = createCaseStore(connection);
  const ledgers = createLedgers(connection);
  const inbox = createInbox(connection);
  const exceptions = createExceptions(connection);
  const guests = createGuests(connection);
  const disputes = createPaymentDisputes(connection);
  const parts = [cases, ledgers, inbox, exceptions, guests, disputes];
  return {
    cases,
    ledgers,
    inbox,
    exceptions,
    guests,
    disputes,
    async prepare(): Promise<void> {
      for (const { models } of parts) for (const model of models) await model.createIndexes();
    },
    /** Rejects if MongoDB does not answer. */
    ping: async (): Promise<void> => void (await connection.db?.command({ ping: 1 }, { timeoutMS: 1_500 })),
    close: (): Promise<void> => connection.close(),
  };
}

export const openDatabase = async (uri: string, dbName?: string): Promise<Database> =>
  createDatabase(await connectMongo(uri, dbName));
