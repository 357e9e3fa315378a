/** Saving the read model. The workflow calls `saveCase` as a local activity in the usual case, and `flushCase` when MongoDB was away. */
import type { SaveCaseInput } from '../contracts/workflow.ts';
import type { ActivityDeps } from './index.ts';

const failuresMax = 3;
const openMs = 5_000;

export function createCaseActivities({ database: { cases } }: ActivityDeps) {
  // A breaker for this worker: while MongoDB is away, a save that cannot succeed must not hold a task slot until its time limit.
  let failures = 0;
  let openUntil = 0;
  return {
    async saveCase(input: SaveCaseInput): Promise<void> {
      if (Date.now() < openUntil) throw new Error('MongoDB was away a moment ago');
      try {
        await cases.save(input);
        failures = 0;
      } catch (err) {
        failures += 1;
        if (failures >= failuresMax) openUntil = Date.now() + openMs;
        throw err;
      }
    },
    async flushCase(input: SaveCaseInput): Promise<void> {
      await cases.save(input);
      failures = 0;
      openUntil = 0;
    },
  };
}
