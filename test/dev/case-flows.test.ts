/** Guards the picture of the tables (dev/case-flows.ts) on a small table with everything that a table may have. */
import { expect, it } from 'vitest';
import { caseFlows, flows, type Flow } from '../../dev/case-flows.ts';
import type { SlaPolicy } from '../../domain/case.ts';

const hour = 3_600_000;
const sla: SlaPolicy = {
  holdMs: 0,
  stages: {
    waiting: {
      limitMs: 120 * hour,
      warnMs: [24 * hour, 96 * hour],
      warnUnit: 'working',
      ruleId: 'sla.wait',
      capMs: 240 * hour,
      pausable: false,
    },
    paying: { limitMs: 48 * hour, warnMs: [24 * hour], unit: 'working', againMs: 24 * hour, ruleId: 'sla.pay' },
    asked: { limitMs: hour, warnMs: [], ruleId: 'sla.ask' },
  },
  steps: { firstRetryMs: 1, maxRetryMs: 1, limitMs: { pay: hour / 4 } },
};
const flow: Flow = {
  title: 'Loan 借用',
  first: 'waiting',
  stages: {
    waiting: {
      owner: 'customer',
      clockFrom: 'entry',
      restartsOn: 'scanned',
      pausesLeft: true,
      onTimeout: [{ when: 'ourCarrier', move: 'lost' }, 'chased'],
      commands: ['give_back', 'ask'],
      moves: { lost: [{ when: 'ourCarrier', to: 'paying' }, 'asked'], gave_back: '@from', chased: '@stay' },
      undo: 'label | locker',
    },
    paying: {
      owner: 'system',
      step: 'pay',
      clockFrom: ['refund_sent', 'dispute_opened'],
      onTimeout: 'paid',
      commands: [],
      moves: { paid: 'done' },
      pointOfNoReturn: true,
      comesBefore: ['done'],
    },
    asked: { owner: 'agent', onTimeout: 'paid', commands: [], moves: { paid: 'done' } },
  },
  ends: ['done'],
  tests: [{ from: 'waiting', move: 'lost', to: 'paying', title: 'our carrier loses it' }],
};
const lines = caseFlows([flow], sla).split('\n');

it('a stage is a row with owner, clock, defaults and moves with their guards, commands and undo', () => {
  expect(lines).toContain('| stage | owner | clock | default | commands | moves | undo |');
  expect(lines).toContain(
    '| `waiting` | customer | 5 d from entry<br>warns at 24 h, 4 d working time<br>10 d in all at most<br>never paused' +
      '<br>anew with each `scanned`<br>the clock of the stage that was left waits ' +
      '| `lost` [ourCarrier]<br>`chased` | `give_back`<br>`ask` ' +
      '| `lost` → paying [ourCarrier]<br>`lost` → asked<br>`gave_back` → @from<br>`chased` → @stay | label \\| locker |',
  );
});

it('a stage says what its step may take, which events start its clock, in whose time it counts, and what it comes before', () => {
  expect(lines).toContain(
    '| `paying`<br>point of no return<br>comes before done | system | step `pay`: 0.25 h<br>48 h working time from ' +
      '`refund_sent` or `dispute_opened`<br>warns at 24 h<br>each further term 24 h working time | `paid` |  | `paid` → done |  |',
  );
});

it('a stage that nothing is awaited in has no clock, whatever limit the policy has for it', () => {
  expect(lines).toContain('| `asked` | agent | instant | `paid` |  | `paid` → done |  |');
});

it('the diagram has a way in, an arrow for every pair of stages, guards in words, detours by name, and a way out', () => {
  const diagram = lines.slice(lines.indexOf('```mermaid') + 1, lines.lastIndexOf('```'));
  expect(diagram.map((line) => line.trim())).toEqual([
    'stateDiagram-v2',
    'state "@from" as at_from',
    '[*] --> waiting',
    'waiting --> paying : lost [ourCarrier]',
    'waiting --> asked : lost',
    'waiting --> at_from : gave_back',
    'waiting --> waiting : chased',
    'paying --> done : paid',
    'asked --> done : paid',
    'note right of paying : comes before done',
    'done --> [*]',
  ]);
});

it('every edge has the title of its test, or says that it has none', () => {
  expect(lines).toContain('| `waiting` | `lost` | `paying` [ourCarrier] | our carrier loses it |');
  expect(lines).toContain('| `waiting` | `lost` | `asked` | **no test** |');
});

it('every detour that a table uses is explained', () => {
  const [preface = ''] = caseFlows([], sla).split('## ');
  const used = flows.flatMap(({ stages }) =>
    Object.values(stages).flatMap(({ moves }) => JSON.stringify(moves).match(/@\w+/g) ?? []),
  );
  for (const detour of new Set(used)) expect(preface).toContain(`\`${detour}\``);
});

it('the tables that are shipped are drawn with words that Mermaid takes, and with a test for every edge', () => {
  const drawn = caseFlows(flows, sla);
  expect(drawn).not.toContain('**no test**');
  for (const [, diagram = ''] of drawn.matchAll(/```mermaid\n([\s\S]*?)```/g))
    for (const line of diagram.trim().split('\n').slice(1))
      expect(line.trim()).toMatch(
        /^(state "@\w+" as \w+|note right of \w+ : [\w, ]+|(\w+|\[\*\]) --> (\w+|\[\*\])( : \w+( \[\w+\])?(, \w+( \[\w+\])?)*)?)$/,
      );
});
