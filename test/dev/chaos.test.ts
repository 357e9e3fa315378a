import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faults, invariants } from '../chaos/catalogue.ts';
import { returnsOf, troublesOf } from '../chaos/plan.ts';
import { troubles } from '../chaos/troubles.ts';

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}${String(index + 1).padStart(letter === 'F' ? 2 : 1, '0')}`);

describe('the catalogue of faults and invariants', () => {
  it('has every one, each with what looks after it or why nothing does', () => {
    expect(faults.map((one) => one.id)).toEqual(numbered('F', 44));
    expect(invariants.map((one) => one.id)).toEqual(numbered('I', 24));
    for (const { id, chaos, tests, not } of [...faults, ...invariants])
      expect((chaos ?? []).length + (tests ?? []).length > 0 ? 'looked after' : (not ?? ''), id).not.toBe('');
  });

  it.each([...faults, ...invariants].flatMap(({ id, tests = [] }) => tests.map(([file, title]) => ({ id, file, title }))))(
    '$id names a test that is there: $file',
    ({ file, title }) => expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).toContain(title),
  );

  it('knows every trouble of a run', () => {
    const named = faults.flatMap((one) => one.chaos ?? []);
    expect(troubles.map((one) => one.name).filter((name) => !named.includes(name))).toEqual([]);
  });
});

describe('the plan of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    const names = (seed: number) => troublesOf(seed, 30).map(({ trouble, at }) => `${trouble.name} ${at}`);
    expect(names(7)).toEqual(names(7));
    expect(names(7)).not.toEqual(names(8));
  });

  it('has as many kills as asked for, each kind of trouble at least once, and all before the returns are through', () => {
    const plan = troublesOf(3, 30);
    expect(plan.filter(({ trouble }) => trouble.kills)).toHaveLength(30);
    expect(new Set(plan.map(({ trouble }) => trouble.name)).size).toBe(troubles.length);
    expect(Math.max(...plan.map(({ at }) => at))).toBeLessThan(1);
  });

  it('sends every return once, however many there are, and waits for nobody where time cannot be skipped', () => {
    const plans = returnsOf(3, 600, false);
    expect(new Set(plans.map(({ what }) => what.orderId)).size).toBe(600);
    expect(plans.some(({ road }) => ['unanswered', 'never_sent', 'lost'].includes(road))).toBe(false);
  });
});
