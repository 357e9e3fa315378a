/**
 * A case must come to the same on another worker, whatever has become of its tasks: here saves outlive the time that the server gives a task, so
 * that tasks are lost after they were saved and done again, while questions, answers and commands come in between.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReturnActivities } from '../../contracts/workflow.ts';
import { randomFrom } from '../../dev/random.ts';
import type { ReturnState } from '../../domain/return-state.ts';
import { scenarios, troubles } from '../replay/scenarios.ts';
import { createStage, ofThisRun, type Stage } from '../support/stage.ts';

/** So short that a save of a second outlives it; the worker gives up none before. */
const workflowTaskTimeout = 1_000;
const next = randomFrom(Number(process.env.SEED ?? 1));
const takesItsTime = (name: string): number =>
  next() < (name === 'saveCase' ? 0.5 : 0.7) ? 50 * next() : workflowTaskTimeout * (0.3 + next());
const slowly = (activities: ReturnActivities): ReturnActivities =>
  Object.fromEntries(
    Object.entries(activities).map(([name, work]) => [
      name,
      async (input: never) => {
        const result = await (work as (input: never) => Promise<unknown>)(input);
        await pause(takesItsTime(name));
        return result;
      },
    ]),
  ) as unknown as ReturnActivities;

let stage: Stage;
beforeAll(async () => {
  const slow = await createStage('slow', (activities) => slowly(troubles.wrap(activities)));
  stage = { ...slow, open: (changes) => slow.open({ workflowTaskTimeout, ...changes }) };
});
afterAll(() => stage.close());

// These change the stage for all others that are on it.
const { 'update-and-timer': _, 'refunded-by-scans-pending': __, ...together } = scenarios;
/** When something was heard differs by as much as the save took; nothing else may. */
const timeless = (state: ReturnState): unknown =>
  JSON.parse(JSON.stringify(state, (_key, value: unknown) => (Number(value) > 1e12 ? 'an instant' : value)));

it('every road comes to the same when it is played again, though saves outlive their tasks and questions are asked in between', async () => {
  const played = await Promise.all(
    Object.entries(together).map(async ([name, play]) => {
      try {
        return [name, await play(stage)] as const;
      } catch (err) {
        throw new Error(`${name}: ${String(err)}`, { cause: err });
      }
    }),
  );
  await stage.stopWorkers();
  expect(await stage.replayAll()).toBeGreaterThanOrEqual(played.length);
  await stage.startWorker();
  for (const [name, rma] of played.filter(([name]) => name !== 'reopened')) // there the document is the next generation's
    expect(timeless(await rma.state()), name).toEqual(timeless((await rma.read())!.state));
}, 120_000);

it('every road comes to the same when it is played again, though its case is forgotten after each task', async () => {
  const forgetful = await createStage('forgetful', troubles.wrap, { ...ofThisRun(), maxCachedWorkflows: 0 });
  try {
    await Promise.all(Object.values(together).map((play) => play(forgetful)));
  } finally {
    await forgetful.close(); // plays all of them again
  }
}, 120_000);
