/** What MongoDB was asked and what it wrote, by its own counters: commands that reached it, and documents that changed. */
import mongoose from 'mongoose';

const counted = ['find', 'getMore', 'aggregate', 'count', 'distinct', 'insert', 'update', 'delete', 'findAndModify'] as const;

export interface MongoCost {
  /** By name; those that were not sent are left out. */
  readonly commands: Readonly<Record<string, number>>;
  readonly commandsTotal: number;
  readonly documentsWritten: number;
}
type Totals = Record<string, number>;

/** Asks over a connection of its own: what is asked here is no such command. */
export async function watchMongo(uri: string) {
  const connection = await mongoose.createConnection(uri, { autoIndex: false }).asPromise();
  const totals = async (): Promise<Totals> => {
    const { metrics } = (await connection.db!.command({ serverStatus: 1 })) as { metrics: Metrics };
    return Object.fromEntries(counted.map((name) => [name, Number(metrics.commands[name]?.total ?? 0)]));
  };
  // Each document that is written is an entry of the replica set's log; the counters of serverStatus leave out what is upserted.
  const log = connection.getClient().db('local').collection<LogEntry>('oplog.rs');
  const lastWrite = async () => (await log.find().sort({ $natural: -1 }).limit(1).toArray())[0]!.ts;
  return {
    /** What `work` costs, whoever asks on its behalf; nothing else may be going on. */
    async costOf<T>(work: () => Promise<T>): Promise<{ result: T; cost: MongoCost }> {
      const [since, before] = [await lastWrite(), await totals()];
      const result = await work();
      const after = await totals();
      const ours = { ts: { $gt: since }, op: { $in: ['i', 'u', 'd'] }, ns: /^mendline\./ };
      const commands = Object.fromEntries(Object.entries(between(before, after)).filter(([, count]) => count > 0));
      const commandsTotal = Object.values(commands).reduce((sum, count) => sum + count, 0);
      return { result, cost: { commands, commandsTotal, documentsWritten: await log.countDocuments(ours) } };
    },
    close: () => connection.close(),
  };
}
interface Metrics {
  readonly commands: Record<string, { readonly total: number } | undefined>;
}
interface LogEntry {
  readonly ts: mongoose.mongo.Timestamp;
  readonly op: string;
  readonly ns: string;
}

/** The share of one of several cases that went the same way. */
export function perCase({ commands, commandsTotal, documentsWritten }: MongoCost, cases: number): MongoCost {
  const share = (count: number): number => Math.round(count / cases);
  return {
    commands: Object.fromEntries(Object.entries(commands).map(([name, count]) => [name, share(count)])),
    commandsTotal: share(commandsTotal),
    documentsWritten: share(documentsWritten),
  };
}

const between = (before: Totals, after: Totals): Totals =>
  Object.fromEntries(counted.map((name) => [name, after[name]! - before[name]!]));
