/** The read model of one case written anew from its workflow: after a reset, or where MongoDB lacks it or is behind, as after a backup or a save that failed. */
import type { SaveCaseInput } from '../contracts/workflow.ts';
import type { CaseDigest } from '../db/cases.ts';
import type { AppDeps } from './app.ts';
import type { CaseAddress } from './case-client.ts';
import { ApiError } from './errors.ts';

export type RebuildingDeps = Pick<AppDeps, 'database' | 'cases'>;

/** What was written. A case of another merchant is a 404 like one that no workflow knows. */
export async function rebuild(deps: RebuildingDeps, merchantId: string, caseId: string): Promise<SaveCaseInput['state']> {
  const { cases } = deps.database;
  for (let tries = 3; tries > 0; tries -= 1) {
    // Before the workflow is asked: what is stored meanwhile is newer than its answer.
    const shown = await cases.digestOf(caseId);
    const snapshot = await newestOf(deps, caseId, shown);
    if (snapshot?.state.merchantId !== merchantId) throw new ApiError('not_found');
    if (await cases.rebuild(snapshot, shown?.stamp)) return snapshot.state;
  }
  throw new ApiError('try_again', { detail: 'the case is being saved all the time' });
}

/** What the workflow knows is saved where no worker could save it; without effect where something newer is there. */
export async function catchUp(deps: RebuildingDeps, merchantId: string, caseId: string): Promise<void> {
  const { cases } = deps.database;
  const snapshot = await newestOf(deps, caseId, await cases.digestOf(caseId));
  if (snapshot?.state.merchantId === merchantId) await cases.save(snapshot);
}

/** Of the newest generation, which MongoDB need not know of. */
async function newestOf({ cases }: RebuildingDeps, caseId: string, shown: CaseDigest | null): Promise<SaveCaseInput | undefined> {
  const at: CaseAddress = { caseId, type: shown?.caseType, generation: shown?.generation };
  let newest = await cases.snapshotOf(at);
  for (let generation = (at.generation ?? 1) + 1; newest && at.type !== 'carrier_claim'; generation += 1) {
    const next = await cases.snapshotOf({ ...at, generation });
    if (!next) break;
    newest = next;
  }
  return newest;
}
