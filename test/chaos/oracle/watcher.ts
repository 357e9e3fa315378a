/** Sees every document of a case as MongoDB stores it, and that none is of an older attempt than the one before (I11). */
import mongoose from 'mongoose';
import type { Violation } from './index.ts';

/** `stop` gives what it found. The server may go away meanwhile: the watch goes on where it was. */
export async function watchStored(mongoUri: string) {
  const violations: Violation[] = [];
  const stamps = new Map<string, number>();
  let stopped = false;
  let resumeAfter: unknown;
  const connection = await mongoose.createConnection(mongoUri, { dbName: 'mendline' }).asPromise();

  /** By what this one change wrote: the document as it is by now would hide one that was mended at once. */
  function look(change: mongoose.mongo.ChangeStreamDocument): void {
    const written =
      change.operationType === 'update'
        ? change.updateDescription.updatedFields
        : 'fullDocument' in change
          ? change.fullDocument
          : undefined;
    const stamp = (written as { stamp?: number } | undefined)?.stamp;
    if (stamp === undefined || !('documentKey' in change)) return;
    const caseId = String(change.documentKey._id);
    const before = stamps.get(caseId) ?? 0;
    if (stamp < before)
      violations.push({ invariant: 'I11', caseId, what: `what was stored with stamp ${stamp} came over ${before}` });
    stamps.set(caseId, Math.max(stamp, before));
  }
  const watching = (async () => {
    while (!stopped) {
      const stream = connection.collection('cases').watch([], resumeAfter ? { resumeAfter } : {});
      try {
        while (!stopped) {
          const change = await stream.tryNext();
          if (!change) await new Promise((resolve) => setTimeout(resolve, 50));
          else {
            resumeAfter = change._id;
            look(change);
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
    async stop(): Promise<{ violations: readonly Violation[] }> {
      stopped = true;
      await watching;
      await connection.close();
      return { violations };
    },
  };
}
