/** The compensation ledger as data: what was set in motion, how it is taken back, and what became of that. Survives continue-as-new. */
export interface UndoEntry {
  /** The step that is undone, e.g. `issue_label`. */
  readonly step: string;
  /** Name of the activity that takes it back, always `…IfPresent`: a step that timed out may have happened. */
  readonly undo: string;
  readonly state: 'armed' | 'done' | 'undone' | 'undo_failed' | 'skipped';
  /** What the undo answered, or why it failed, in words. */
  readonly result?: string;
}

export const stillToUndo = (entries: readonly UndoEntry[]): UndoEntry[] =>
  entries.filter((entry) => entry.state === 'armed' || entry.state === 'undo_failed').reverse();

export const arm = (entries: readonly UndoEntry[], step: string, undo: string): UndoEntry[] => [
  ...entries,
  { step, undo, state: 'armed' },
];

export const settle = (entries: readonly UndoEntry[], step: string, state: UndoEntry['state'], result?: string): UndoEntry[] =>
  entries.map((entry) =>
    entry.step === step && (entry.state === 'armed' || entry.state === 'undo_failed')
      ? { ...entry, state, ...(result ? { result } : {}) }
      : entry,
  );

/** Past the point of no return: what is armed has been put to use and is not taken back. */
export const disarm = (entries: readonly UndoEntry[]): UndoEntry[] =>
  entries.map((entry) => (entry.state === 'armed' ? { ...entry, state: 'done' } : entry));

/** A person goes on without what could not be taken back: it stays listed, and is not tried again. */
export const letBe = (entries: readonly UndoEntry[]): UndoEntry[] =>
  entries.map((entry) => (entry.state === 'undo_failed' ? { ...entry, state: 'skipped' } : entry));
