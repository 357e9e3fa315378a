/** One Temporal server and one mongod for a whole test run, and the stories bundled once. Files share them, each with names of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { startMongo, startTemporal } from '../../dev/stack.ts';
import { storiesPath } from '../../worker/worker.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    temporalAddress: string;
    mongoUri: string;
    workflowBundle: string;
  }
}

export default async function setup(project: TestProject) {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-test-'));
  const [temporal, mongo, { code }] = await Promise.all([
    startTemporal({ dataDir, ui: false }),
    startMongo({ dataDir }),
    bundleWorkflowCode({ workflowsPath: storiesPath, logger: new DefaultLogger('WARN') }),
  ]);
  const workflowBundle = join(dataDir, 'workflow-bundle.js');
  writeFileSync(workflowBundle, code);
  project.provide('temporalAddress', temporal.address);
  project.provide('mongoUri', mongo.uri);
  project.provide('workflowBundle', workflowBundle);
  return async () => {
    await Promise.all([temporal.stop(), mongo.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  };
}
