/**
 * What is done outside beside the story: notices, goods into stock, tasks. One batch at a time, when the story rests; each errand has its
 * own key, so that a batch that is done again does nothing twice. One that cannot be done is noted: the case goes on without it.
 */
import type { CaseAbout, ErrandsAnswer, ErrandsInput } from '../contracts/workflow.ts';
import type { CaseEvent, CaseState } from '../domain/case.ts';
import { pendingErrands, type Errand } from '../domain/errands.ts';
import { mendline } from '../domain/permissions.ts';
import type { CaseFile } from './case-file.ts';

/** Goods are booked in along with the next word to the customer; nobody waits for that. */
const mayWait = ({ kind }: Errand): boolean => kind === 'stock';

export async function keepErrands<S extends CaseState, E extends CaseEvent>(
  file: CaseFile<S, E>,
  runErrands: (input: ErrandsInput) => Promise<ErrandsAnswer>,
): Promise<void> {
  const due = () => pendingErrands(file.state.errands);
  for (;;) {
    await file.quiet('errands', () => !file.closing && file.atRest && due().some((errand) => file.ended || !mayWait(errand)));
    const batch = due();
    const tried = await file.beside('errands', () => runErrands(inputOf(file, batch)));
    if (!tried) continue;
    if ('result' in tried) noteResults(file, tried.result);
    else await giveUp(file, runErrands, batch, tried.cause);
  }
}

function noteResults<S extends CaseState, E extends CaseEvent>(file: CaseFile<S, E>, { results }: ErrandsAnswer): void {
  for (const { key, failed, result } of results)
    file.record(
      failed === undefined
        ? { type: 'errand_done', by: mendline, errand: key, result }
        : { type: 'errand_failed', by: mendline, errand: key, cause: failed },
    );
}

/** After the limit: what was not done stands in the list of exceptions, for a person. */
async function giveUp<S extends CaseState, E extends CaseEvent>(
  file: CaseFile<S, E>,
  runErrands: (input: ErrandsInput) => Promise<ErrandsAnswer>,
  batch: readonly Errand[],
  cause: string,
): Promise<void> {
  const tasks = batch.map(({ key, kind }): Errand => ({ kind: 'task', what: `${kind}_failed`, cause, key, state: 'due' }));
  const listed = await file.beside('errands', () => runErrands(inputOf(file, tasks)));
  if (!listed) return;
  for (const { key } of batch) file.record({ type: 'errand_failed', by: mendline, errand: key, cause });
}

function inputOf<S extends CaseState, E extends CaseEvent>({ state, about }: CaseFile<S, E>, errands: Errand[]): ErrandsInput {
  const { caseId, merchantId, currency, contact } = state;
  const { rmaNo, orderId } = about;
  // An edit may have brought in lines that the case was not opened with.
  const { lines = about.lines } = (state as { request?: { lines?: CaseAbout['lines'] } }).request ?? {};
  return { caseId, merchantId, rmaNo, orderId, currency, contact: contact!, lines, errands };
}
