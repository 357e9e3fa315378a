/** Wires activities to a Temporal worker. Stories come by path or as a prebuilt bundle; starting is main.ts. */
import type { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { ReconcileActivities, ReturnActivities } from '../contracts/workflow.ts';

import { heartbeating } from './heartbeats.ts';
import { savingSinks } from './saving.ts';

export const storiesPath = fileURLToPath(
  new URL(`../workflows/index${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

export interface CaseWorkerOptions
  extends Pick<
    WorkerOptions,
    'workflowBundle' | 'identity' | 'shutdownGraceTime' | 'maxCachedWorkflows' | 'workerDeploymentOptions'
  > {
  readonly connection: NativeConnection;
  /** By which a case is told that its save failed. */
  readonly client: Client;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: ReturnActivities & Partial<ReconcileActivities>;
  readonly stickyTimeoutMs?: number;
  /** Frames of stack traces in stories; the more, the slower (docs/decisions/0016). */
  readonly stackFrames?: number;
}

export const createCaseWorker = ({
  client,
  activities,
  workflowBundle,
  stickyTimeoutMs = 3_000,
  stackFrames = 2,
  ...options
}: CaseWorkerOptions): Promise<Worker> => {
  // The SDK takes a stack trace of every promise of a story. Holds for contexts that are made from now on: the stories', and not ours.
  setFlagsFromString(`--stack-trace-limit=${stackFrames}`);
  return Worker.create({
    ...options,
    ...(workflowBundle ? { workflowBundle } : { workflowsPath: storiesPath }),
    activities: { ...activities },
    sinks: savingSinks(client, activities),
    interceptors: { activity: [heartbeating] },
    stickyQueueScheduleToStartTimeout: stickyTimeoutMs,
  });
};
