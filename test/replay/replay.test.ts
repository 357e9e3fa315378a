import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { storiesPath } from '../../worker/worker.ts';
import { idleSinks } from '../support/replaying.ts';

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

type CaseType = 'return' | 'carrier_claim';
/** Every end, and the roads that are hard on a replay. */
const kept: Record<CaseType, readonly string[]> = {
  return: [
    'refunded',
    'rejected-by-policy',
    'rejected-by-agent',
    'expired',
    'withdrawn',
    'cancelled',
    'cancelled-from-outside',
    'cancelled-on-its-way',
    'converted',
    'sent-back',
    'deduction-applied',
    'negotiated-price',
    'evidence-and-edits',
    'own-carrier',
    'pickup-changed',
    'lost-and-claimed',
    'lost-and-found',
    'refunded-with-advance',
    'advance-recovered',
    'advance-written-off',
    'disputed',
    'escalated',
    'reopened',
    'needs-attention-retried',
    'continue-as-new',
    'update-and-timer',
  ],
  carrier_claim: ['lost-and-claimed', 'lost-and-found', 'claim-declined-and-appealed'],
};

let workflowBundle: Awaited<ReturnType<typeof bundleWorkflowCode>>;
beforeAll(async () => {
  workflowBundle = await bundleWorkflowCode({ workflowsPath: storiesPath, logger: new DefaultLogger('ERROR') });
});

describe.each(['return', 'carrier_claim'] as const)('a case of type %s that an earlier release began', (type) => {
  const recorded = files(type);

  it('is kept for every end and for the roads that are hard on a replay', () => {
    const scenarios = new Set(recorded.map((name) => name.split('.')[0]));
    for (const scenario of kept[type]) expect(scenarios).toContain(scenario);
  });

  it.each(recorded)('goes on in this one: %s', async (name) => {
    const { workflowId, history } = JSON.parse(readFileSync(join(folder, type, name), 'utf8')) as {
      workflowId: string;
      history: unknown;
    };
    await Worker.runReplayHistory({ workflowBundle, sinks: idleSinks }, history, workflowId);
  });
});
