/**
 * The compensation ledger at work: what was armed is taken back newest first, every result is kept on the case,
 * and one failure does not stop the rest. Which activity an entry names is data, so that it survives continue-as-new.
 */
import type { UndoAnswer, UndoInput } from '../contracts/workflow.ts';
import type { CaseEvent } from '../domain/case.ts';
import { mendline } from '../domain/permissions.ts';
import { stillToUndo, type UndoEntry } from '../domain/undo.ts';
import { inWords } from './failures.ts';

export type UndoSteps = Readonly<Record<string, (input: UndoInput) => Promise<UndoAnswer>>>;

export interface Undoable {
  readonly undo: readonly UndoEntry[];
  record(event: CaseEvent): number;
  undoInput(entry: UndoEntry): UndoInput;
  heard<T>(answer: Promise<T>): Promise<T>;
}

/** True if nothing is left to take back. */
export async function unwind(file: Undoable, steps: UndoSteps): Promise<boolean> {
  for (const entry of stillToUndo(file.undo)) {
    const step = steps[entry.undo];
    if (!step) throw new Error(`no undo step is called ${entry.undo}`);
    await file.heard(step(file.undoInput(entry))).then(
      ({ result }) => file.record({ type: 'undone', by: mendline, step: entry.step, result }),
      (err: unknown) => file.record({ type: 'undo_failed', by: mendline, step: entry.step, cause: inWords(err) }),
    );
  }
  return stillToUndo(file.undo).length === 0;
}
