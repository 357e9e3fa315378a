import { describe, expect, it } from 'vitest';
import { claimTable } from '../../domain/claim.ts';
import { edgesOf } from '../../domain/edges.ts';
import { returnTable } from '../../domain/return-table.ts';
import type { StageRow } from '../../domain/stage-table.ts';
import { astray, defaultsOf, travelled, uncovered, untaken, type EdgeTest } from '../support/edge-coverage.ts';
import { paperCaseIn } from './paper-case.ts';
import { paperClaimIn } from './paper-claim.ts';
import { claimEdges, returnEdges } from './return-edges.ts';

type Listed = Pick<EdgeTest<never>, 'from' | 'move' | 'to' | 'when' | 'byClock'>;
const tables: readonly [string, Readonly<Record<string, StageRow>>, readonly Listed[]][] = [
  ['return', returnTable, returnEdges],
  ['carrier claim', claimTable, claimEdges],
];

describe.each(tables)('the table of the %s', (_, table, tests) => {
  it('has a test for every edge', () => {
    expect(uncovered(table, tests)).toEqual([]);
  });
  it('has every edge that is tested', () => {
    expect(astray(table, tests)).toEqual([]);
  });
  it('has for every default a test in which nobody acts', () => {
    expect(untaken(table, tests)).toEqual([]);
  });
});

/** Takes the edge; a default is taken by the clock where the stage has one, else by the limit of the step. */
function take<Case extends { readonly stage: string }>(
  table: Readonly<Record<string, StageRow>>,
  test: EdgeTest<Case>,
  rma: Case,
): void {
  const { from, move, to, arrivesAt = to, byClock, run } = test;
  expect(rma.stage).toBe(from);
  const ways = travelled(rma as never, run as never);
  const clock = byClock && table[from]?.clockFrom ? { role: 'clock' } : {};
  expect(ways).toContainEqual(expect.objectContaining({ from, move, to: arrivesAt, ...clock }));
}

describe('a return from', () => {
  it.each(returnEdges)('$from, $move: $title', (test) => {
    take(returnTable, test, (test.given ?? (() => paperCaseIn(test.from)))());
  });
});

describe('a claim from', () => {
  it.each(claimEdges)('$from, $move: $title', (test) => {
    take(claimTable, test, (test.given ?? (() => paperClaimIn(test.from)))());
  });
});

it('edges of a table are all its ways, with guards by name and detours as symbols', () => {
  const table = {
    waiting: { moves: { gone: '@from', lost: [{ when: 'ours', to: 'paid' }, { when: 'small', to: 'paid' }, 'asked'] } },
    working: { moves: { done: ['paid'], dropped: undefined } },
  } as const;
  expect(edgesOf(table)).toEqual([
    { from: 'waiting', move: 'gone', to: '@from' },
    { from: 'waiting', move: 'lost', to: 'paid', when: 'ours' },
    { from: 'waiting', move: 'lost', to: 'paid', when: 'small' },
    { from: 'waiting', move: 'lost', to: 'asked' },
    { from: 'working', move: 'done', to: 'paid' },
  ]);
  const one = { from: 'waiting', move: 'lost', to: 'paid' };
  expect(uncovered(table, [one]).map((edge) => edge.to)).toEqual(['@from', 'asked', 'paid']);
  expect(uncovered(table, [{ ...one, when: 'ours' }]).map((edge) => edge.when)).toEqual([
    undefined,
    'small',
    undefined,
    undefined,
  ]);
  expect(astray(table, [one, { ...one, to: 'nowhere' }, { ...one, when: 'late' }])).toHaveLength(2);
});

it('defaults of a table are all its moves by silence, and one that no clock takes is found', () => {
  const table = {
    waiting: { onTimeout: [{ when: 'small', move: 'waived' }, { when: 'old', move: 'waived' }, 'chased'] },
    working: { onTimeout: 'failed' },
  } as const;
  expect(defaultsOf(table)).toEqual([
    { from: 'waiting', move: 'waived', when: 'small' },
    { from: 'waiting', move: 'waived', when: 'old' },
    { from: 'waiting', move: 'chased' },
    { from: 'working', move: 'failed' },
  ]);
  const taken = [
    { from: 'waiting', move: 'waived', byClock: 'small' },
    { from: 'waiting', move: 'chased', byClock: true },
    { from: 'working', move: 'failed' },
  ] as const;
  expect(untaken(table, taken).map(({ move, when }) => [move, when])).toEqual([
    ['waived', 'old'],
    ['failed', undefined],
  ]);
});
