import { describe, expect, it } from 'vitest';
import { openReturnStages, returnEnds, returnMoves, returnTable } from '../../domain/return.ts';
import { flawsOf, owners, type StageRow } from '../../domain/stage-table.ts';

const waiting: StageRow = {
  owner: 'agent',
  clockFrom: 'entry',
  onTimeout: 'gone',
  commands: ['decide_request'],
  moves: { gone: 'closed', agreed: 'working' },
};
const working: StageRow = { owner: 'system', step: 'do', onTimeout: 'done', commands: [], moves: { done: 'closed' } };
const sound = { waiting, working };
const flaws = (stages: Record<string, StageRow>) => flawsOf(stages, ['closed'], 'waiting');

describe('the lint over stage tables', () => {
  it('finds nothing in the table of returns', () => {
    expect(flawsOf(returnTable, returnEnds, 'requested')).toEqual([]);
  });

  it('finds nothing in a sound table', () => {
    expect(flaws(sound)).toEqual([]);
  });

  it.each<[string, Record<string, StageRow>, string]>([
    ['a stage that waits for a command without a clock', { ...sound, waiting: { ...waiting, clockFrom: undefined } }, 'no clock'],
    [
      'a stage that waits for a fact alone without a clock',
      { ...sound, waiting: { ...waiting, clockFrom: undefined, commands: [] } },
      'no clock',
    ],
    ['a default that is no move', { ...sound, waiting: { ...waiting, onTimeout: 'vanished' } }, 'vanished is no move'],
    ['a skip that is no move', { ...sound, working: { ...working, onSkip: 'passed_over' } }, 'passed_over is no move'],
    ['a result that is no move', { ...sound, working: { ...working, results: ['made_up'] } }, 'made_up is no move'],
    [
      'a move to an unknown stage',
      { ...sound, working: { ...working, moves: { done: 'nowhere' } } },
      'nowhere, which is no stage',
    ],
    [
      'a move to an unknown detour',
      { ...sound, working: { ...working, moves: { done: '@elsewhere' as '@from' } } },
      '@elsewhere',
    ],
    ['a stage that no move enters', { ...sound, forgotten: working }, 'nothing leads to forgotten'],
  ])('finds %s', (_, stages, flaw) => {
    expect(flaws(stages)).toEqual([expect.stringContaining(flaw)]);
  });
});

describe('the table of returns', () => {
  it.each(openReturnStages)('names for %s whom it waits for, and what happens if nobody acts', (stage) => {
    const row: StageRow = returnTable[stage];
    expect(owners).toContain(row.owner);
    expect(row.clockFrom ?? row.step).toBeDefined();
    expect(row.moves[row.onTimeout]).toBeDefined();
  });

  it('leads from every open stage to an end', () => {
    const leads = (stage: string, passed: readonly string[] = []): boolean => {
      if ((returnEnds as readonly string[]).includes(stage)) return true;
      if (passed.includes(stage)) return false;
      const row: StageRow | undefined = (returnTable as Record<string, StageRow>)[stage];
      const targets = Object.values(row?.moves ?? {}).map((target) => (target === '@target' ? 'cancelled' : target!));
      return targets.filter((target) => !target.startsWith('@')).some((target) => leads(target, [...passed, stage]));
    };
    expect(openReturnStages.filter((stage) => stage !== 'needs_attention' && !leads(stage))).toEqual([]);
  });

  it('never refuses a request because time ran out', () => {
    for (const stage of openReturnStages) {
      const row: StageRow = returnTable[stage];
      expect(row.moves[row.onTimeout]).not.toBe('rejected');
    }
  });

  it('uses every word of its list of moves, and no other', () => {
    const used = new Set(openReturnStages.flatMap((stage) => Object.keys(returnTable[stage].moves)));
    expect([...used].sort()).toEqual([...returnMoves].sort());
  });

  it('offers no way back once money is due', () => {
    expect(Object.values(returnTable.refund_due.moves)).not.toContain('unwinding');
    expect(returnTable.refund_due.pointOfNoReturn).toBe(true);
  });
});
