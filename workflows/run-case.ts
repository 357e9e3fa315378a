/**
 * How a run begins and ends, for every case type: the loops that run beside the story, the Cancel button, and leaving in good order.
 * The story itself is the case type's.
 */
import { allHandlersFinished, CancellationScope, CancelledFailure } from '@temporalio/workflow';
import { pendingErrands } from '../domain/errands.ts';
import type { CaseEvent, CaseState } from '../domain/case.ts';
import { mendline } from '../domain/permissions.ts';
import type { CaseFile } from './case-file.ts';
import { keepTime } from './sla-clock.ts';

/** Something that goes on beside the story for as long as the case does. */
export type Loop = () => Promise<void>;

/** Runs a story to its end, or until it has outgrown its history ('unfinished'). The Cancel button is a manager's cancel_case. */
export async function runCase<S extends CaseState, E extends CaseEvent>(
  file: CaseFile<S, E>,
  story: () => Promise<void>,
  beside: readonly Loop[] = [],
): Promise<'ended' | 'unfinished'> {
  const root = CancellationScope.current();
  let endedBefore = false;
  const reopenedSince = (): boolean => endedBefore && !file.ended;
  root.cancelRequested.catch(() => file.inTurn(() => file.cancelFromOutside()));
  await CancellationScope.nonCancellable(async () => {
    void file.keepHearing();
    void file.readModel.keepLevel();
    void keepTime(file);
    for (const loop of beside) void loop();
    for (let over = false; !over || reopenedSince(); ) {
      file.closing = false;
      // What came with the start, or at the end, has its effect before the story looks at the case.
      if (!file.hasHeardAll) await file.until(() => file.hasHeardAll);
      await story();
      over = true;
      if (file.ended && !(await file.unwind()))
        file.record({ type: 'noted', by: mendline, cause: 'something is left to be undone by hand' });
      // A case does not end with words unsaid; and a fact that comes meanwhile may open it again.
      endedBefore = file.ended;
      if (endedBefore) await file.until(() => reopenedSince() || pendingErrands(file.state.errands).length === 0);
      if (reopenedSince()) continue;
      file.closing = true;
      await file.callOff();
      // All at once: whatever is told while one of them is waited for has to be saved as well, or its line would be missing.
      await file.until(() => file.readModel.isLevel && file.hasHeardAll && allHandlersFinished());
    }
  });
  if (!file.ended) return 'unfinished';
  if (root.consideredCancelled && file.stage === 'cancelled') throw new CancelledFailure('cancelled from outside');
  return 'ended';
}
