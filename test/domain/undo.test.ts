import { describe, expect, it } from 'vitest';
import { arm, disarm, settle, stillToUndo, type UndoEntry } from '../../domain/undo.ts';

const two = arm(arm([], 'claim_units', 'releaseUnitsIfPresent'), 'issue_label', 'voidReturnLabelIfPresent');

describe('the compensation ledger', () => {
  it('takes back the newest first', () => {
    expect(stillToUndo(two).map((entry) => entry.step)).toEqual(['issue_label', 'claim_units']);
  });

  it('keeps a failed undo on the list, until it is done or a person lets it be', () => {
    const failed = settle(two, 'issue_label', 'undo_failed', 'carrier down');
    expect(failed[1]).toEqual({ ...two[1], state: 'undo_failed', result: 'carrier down' });
    expect(stillToUndo(failed).map((entry) => entry.step)).toEqual(['issue_label', 'claim_units']);
    expect(stillToUndo(settle(failed, 'issue_label', 'undone', 'label voided')).map((entry) => entry.step)).toEqual([
      'claim_units',
    ]);
    expect(stillToUndo(settle(failed, 'issue_label', 'skipped')).map((entry) => entry.step)).toEqual(['claim_units']);
  });

  it('leaves nothing to take back past the point of no return, and forgets no line of it', () => {
    const done = disarm(two);
    expect(stillToUndo(done)).toEqual([]);
    expect(done.map((entry) => [entry.step, entry.state])).toEqual([
      ['claim_units', 'done'],
      ['issue_label', 'done'],
    ]);
  });

  it('never changes an entry that has been settled', () => {
    const states: UndoEntry['state'][] = ['done', 'undone', 'skipped'];
    for (const state of states) {
      const entries: UndoEntry[] = [{ step: 'issue_label', undo: 'voidReturnLabelIfPresent', state }];
      expect(settle(entries, 'issue_label', 'undo_failed', 'late')).toEqual(entries);
      expect(disarm(entries)).toEqual(entries);
      expect(stillToUndo(entries)).toEqual([]);
    }
  });

  it('arms a step anew after it was taken back: the second attempt has an entry of its own', () => {
    const again = arm(settle(two, 'issue_label', 'undone', 'voided'), 'issue_label', 'voidReturnLabelIfPresent');
    expect(stillToUndo(again).map((entry) => entry.state)).toEqual(['armed', 'armed']);
    expect(settle(again, 'issue_label', 'undone', 'voided again').filter((entry) => entry.step === 'issue_label')).toMatchObject([
      { state: 'undone', result: 'voided' },
      { state: 'undone', result: 'voided again' },
    ]);
  });
});
