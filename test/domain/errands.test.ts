import { describe, expect, it } from 'vitest';
import { pendingErrands, plan, settleErrand, type Errand } from '../../domain/errands.ts';

const task = (key: string, more: Partial<Errand> = {}): Errand =>
  ({ kind: 'task', what: 'repay_freight', key, state: 'due', ...more }) as Errand;
const keysOf = (errands: readonly Errand[]): string[] => errands.map((errand) => errand.key);

describe('errands', () => {
  it.each<[string, Errand | undefined]>([
    ['due', task('task/1')],
    ['done', task('task/1', { state: 'done' })],
    ['failed', task('task/1', { state: 'failed', result: 'refused' })],
  ])('that are planned again keep their turn: one that is %s stays as it is', (_, known) => {
    const errands = known ? [known] : [];
    expect(plan(errands, [task('task/1')])).toBe(errands);
    expect(plan(errands, [task('task/1'), task('task/2')])).toEqual([...errands, task('task/2')]);
  });

  it('are planned in the order in which they were called for', () => {
    expect(keysOf(plan(plan(undefined, [task('a'), task('b')]), [task('c')])!)).toEqual(['a', 'b', 'c']);
    expect(plan(undefined, [])).toBeUndefined();
  });

  it('are pending until they were done, or failed for good', () => {
    const errands = [task('a'), task('b', { state: 'done' }), task('c', { state: 'failed' })];
    expect(keysOf(pendingErrands(errands))).toEqual(['a']);
    expect(pendingErrands(undefined)).toEqual([]);
  });

  it('keep how they went, and the first word counts', () => {
    const done = settleErrand([task('a')], 'a', 'done', 'sent');
    expect(done).toEqual([task('a', { state: 'done', result: 'sent' })]);
    expect(settleErrand(done, 'a', 'failed', 'late word')).toEqual(done);
    expect(settleErrand(done, 'unheard_of', 'failed')).toEqual(done);
  });

  it('that have ended are forgotten, the oldest first, however many there are; those that are due never', () => {
    let errands: readonly Errand[] = [task('first'), task('second')];
    for (let number = 0; number < 100; number += 1) {
      errands = plan(errands, [task(`task/${number}`)])!;
      errands = settleErrand(errands, `task/${number}`, 'done');
      expect(errands.length).toBeLessThanOrEqual(26);
    }
    expect(keysOf(pendingErrands(errands))).toEqual(['first', 'second']);
    expect(keysOf(errands).slice(2)).toEqual(Array.from({ length: 24 }, (_, index) => `task/${index + 76}`));
  });
});
