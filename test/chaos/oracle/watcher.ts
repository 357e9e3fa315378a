/** Sees every document of a case as MongoDB stores it, and that none is of an older attempt than the one before (I11). */
import mongoose from 'mongoose';
import type { Violation } from './index.ts';

interface Stored {
  readonly _id: string;
  readonly stamp: number;
  readonly stage: string;
}

/** `stop` gives what it saw. The server may go away meanwhile: the watch goes on where it was. */
export async function watchStored(mongoUri: string) {
  const violations: Violation[] = [];
  const stamps = new Map<string, number>();
  let seen = 0;
  let stopped = false;
  let resumeAfter: unknown;
  const connection = await mongoose.createConnection(mongoUri, { dbName: 'mendline' }).asPromise();

  function look({ _id, stamp, stage }: Stored): void {
    const before = stamps.get(_id) ?? 0;
    if (stamp < before)
      violations.push({ invariant: 'I11', caseId: _id, what: `${stage} with stamp ${stamp} was stored over ${before}` });
    stamps.set(_id, Math.max(stamp, before));
    seen += 1;
  }
  const watching = (async () => {
    while (!stopped) {
      const stream = connection
        .collection('cases')
        .watch([], { fullDocument: 'updateLookup', ...(resumeAfter ? { resumeAfter } : {}) });
      try {
        while (!stopped) {
          const change = await stream.tryNext();
          if (!change) await new Promise((resolve) => setTimeout(resolve, 50));
          else {
            resumeAfter = change._id;
            if ('fullDocument' in change && change.fullDocument) look(change.fullDocument as never);
          }
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 500)); // it was killed, or stands still
      } finally {
        await stream.close().catch(() => undefined);
      }
    }
  })();
  return {
    async stop(): Promise<{ violations: readonly Violation[]; seen: number }> {
      stopped = true;
      await watching;
      await connection.close();
      return { violations, seen };
    },
  };
}
