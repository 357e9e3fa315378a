/** A release with a flaw: its tasks throw, again and again. The case is not lost, others go on, and the release that mends it takes up where it was. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { storiesPath } from '../../worker/worker.ts';
import { accept, createStage, happily, untilStage, type Playing, type Stage } from '../support/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'mendline-flawed-'));
const flawedStories = join(folder, 'bundle.js');
const flaw = fileURLToPath(new URL('../support/flawed-story.ts', import.meta.url));

let stage: Stage;
beforeAll(async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: storiesPath,
    workflowInterceptorModules: [flaw],
    logger: new DefaultLogger('WARN'),
  });
  writeFileSync(flawedStories, code);
  stage = await createStage('flawed-release');
}, 60_000);
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const failedTasks = async ({ handle }: Playing): Promise<number> => {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter(({ workflowTaskFailedEventAttributes: one }) => one).length;
};

it('a task that throws is tried until a release without the flaw takes it: the command is done once, and other cases went on meanwhile', async () => {
  const [hit, other] = [await stage.open(), await stage.open()];
  await accept(hit);
  await untilStage(hit, 'awaiting_handover');
  await stage.stopWorkers();
  await stage.startWorker(flawedStories);

  const assigned = hit.give('assign_case', 'agent', { assignee: 'agent-7' }, { updateId: randomUUID() });
  await vi.waitFor(async () => expect(await failedTasks(hit)).toBeGreaterThan(0), { timeout: 20_000, interval: 100 });
  await happily(other);
  await untilStage(other, 'refunded');

  await stage.stopWorkers();
  await stage.startWorker();
  const { revision } = await assigned;
  expect(await hit.state()).toMatchObject({ stage: 'awaiting_handover', assignee: 'agent-7', revision });
}, 60_000);
