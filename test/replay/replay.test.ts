import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { storiesPath } from '../../worker/worker.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Histories of every release, by case type, written by record.ts. The code of today must come to the same decisions. */
const folder = process.env.HISTORIES_DIR ?? fileURLToPath(new URL('./histories', import.meta.url));
const files = (type: string): string[] => {
  try {
    return readdirSync(join(folder, type)).filter((name) => name.endsWith('.json'));
  } catch {
    return []; // then the first test says so
  }
};

describe('a return that an earlier release began', () => {
  const recorded = files('return');
  let workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflowCode({ workflowsPath: storiesPath, logger: new DefaultLogger('ERROR') });
  });

  it('is kept for every end and for the roads that are hard on a replay', () => {
    const scenarios = new Set(recorded.map((name) => name.split('.')[0]));
    for (const scenario of [
      'refunded',
      'rejected-by-policy',
      'rejected-by-agent',
      'expired',
      'withdrawn',
      'cancelled',
      'cancelled-from-outside',
      'needs-attention-retried',
      'continue-as-new',
      'update-and-timer',
    ])
      expect(scenarios).toContain(scenario);
  });

  it.each(recorded)('goes on in this one: %s', async (name) => {
    const { workflowId, history } = JSON.parse(readFileSync(join(folder, 'return', name), 'utf8')) as {
      workflowId: string;
      history: unknown;
    };
    await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
  });
});
