import { describe, expect, it } from 'vitest';
import { claimEnds, claimGuardNames, claimTable, openClaimStages } from '../../domain/claim.ts';
import { openReturnStages, returnEnds, returnGuards, returnMoves, returnTable } from '../../domain/return-table.ts';
import { flawsOf, movesOf, owners, targetsOf, type StageRow } from '../../domain/stage-table.ts';

const waiting: StageRow = {
  owner: 'agent',
  clockFrom: 'entry',
  onTimeout: 'gone',
  commands: ['decide_request'],
  moves: { gone: 'closed', agreed: 'working' },
};
const working: StageRow = { owner: 'system', step: 'do', onTimeout: 'done', commands: [], moves: { done: 'closed' } };
const sound = { waiting, working };
const flaws = (stages: Record<string, StageRow>, guards: readonly string[] = []) =>
  flawsOf(stages, ['closed'], 'waiting', guards);
const tables = [
  ['return', returnTable, returnEnds, openReturnStages, 'requested', returnGuards],
  ['carrier claim', claimTable, claimEnds, openClaimStages, 'drafted', claimGuardNames],
] as const;

describe('the lint over stage tables', () => {
  it.each(tables)('finds nothing in the table of the %s', (_, table, ends, __, first, guards) => {
    expect(flawsOf(table, ends, first, guards)).toEqual([]);
  });

  it('finds nothing in a sound table', () => {
    expect(flaws(sound)).toEqual([]);
  });

  it('takes a stage that comes before others for one that is entered', () => {
    expect(flaws({ ...sound, before: { ...working, comesBefore: ['closed'] } })).toEqual([]);
  });

  it.each<[string, Record<string, StageRow>, string]>([
    ['a stage that nobody owns', { ...sound, waiting: { ...waiting, owner: '' as 'agent' } }, 'waiting has no owner'],
    [
      'a stage without a default action',
      { ...sound, waiting: { ...waiting, onTimeout: undefined as unknown as string } },
      'waiting has no default action',
    ],
    [
      'a stage whose list of defaults is empty',
      { ...sound, waiting: { ...waiting, onTimeout: [] as unknown as string } },
      'waiting has no default action',
    ],
    ['a stage whose clock nothing starts', { ...sound, waiting: { ...waiting, clockFrom: [] } }, 'no clock'],
    [
      'one of several defaults that is no move',
      { ...sound, waiting: { ...waiting, onTimeout: [{ when: 'late', move: 'vanished' }, 'gone'] } },
      'vanished is no move',
    ],
    [
      'a way of several that leads nowhere',
      { ...sound, working: { ...working, moves: { done: [{ when: 'late', to: 'nowhere' }, 'closed'] } } },
      'nowhere, which is no stage',
    ],
    [
      'a stage that comes before nothing that exists',
      { ...sound, before: { ...working, comesBefore: ['nowhere'] } },
      'before comes before nowhere',
    ],
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
    expect(flaws(stages, ['late'])).toContainEqual(expect.stringContaining(flaw));
    expect(flaws(stages, ['late']).filter((one) => !one.includes('late'))).toHaveLength(1);
  });

  it('finds a guard that nobody knows, of a move and of a default, and one that no move asks', () => {
    const guarded: Record<string, StageRow> = {
      ...sound,
      waiting: { ...waiting, onTimeout: [{ when: 'late', move: 'agreed' }, 'gone'] },
      working: { ...working, moves: { done: [{ when: 'small', to: 'waiting' }, 'closed'] } },
    };
    expect(flaws(guarded, ['late', 'small'])).toEqual([]);
    expect(flaws(guarded)).toEqual(['waiting: no guard is called late', 'working: no guard is called small']);
    expect(flaws(sound, ['late'])).toEqual(['no move asks the guard late']);
  });
});

describe.each(tables)('the table of the %s', (_, table, ends, stages) => {
  const rowOf = (stage: string): StageRow | undefined => (table as Record<string, StageRow>)[stage];
  const targets = (stage: string): string[] => Object.values(rowOf(stage)?.moves ?? {}).flatMap((route) => targetsOf(route!));

  it.each([...stages])('names for %s whom it waits for, and what happens if nobody acts', (stage) => {
    const row = rowOf(stage)!;
    expect(owners).toContain(row.owner);
    expect(row.clockFrom ?? row.step).toBeDefined();
    for (const move of movesOf(row.onTimeout)) expect([move, row.moves[move]]).toEqual([move, expect.anything()]);
  });

  it('leads from every open stage to an end', () => {
    const leads = (stage: string, passed: readonly string[] = []): boolean => {
      if ((ends as readonly string[]).includes(stage) || stage === '@target' || stage === '@after') return true;
      return !passed.includes(stage) && targets(stage).some((target) => leads(target, [...passed, stage]));
    };
    expect(stages.filter((stage) => stage !== 'needs_attention' && !leads(stage))).toEqual([]);
  });

  it('lets no clock end a case to the customer’s loss: nothing is refused by silence', () => {
    for (const stage of stages)
      for (const move of movesOf(rowOf(stage)!.onTimeout))
        expect(targetsOf(rowOf(stage)!.moves[move]!)).not.toEqual(expect.arrayContaining(['rejected']));
  });
});

describe('the table of returns', () => {
  it('uses every word of its list of moves, and no other', () => {
    const used = new Set(openReturnStages.flatMap((stage) => Object.keys(returnTable[stage].moves)));
    expect([...used].sort()).toEqual([...returnMoves].sort());
  });

  it('offers no way back once money is due', () => {
    expect(Object.values(returnTable.refund_due.moves)).not.toContain('unwinding');
    expect(returnTable.refund_due.pointOfNoReturn).toBe(true);
  });
});
