/**
 * How a partner's step is asked for: tried again until its limit in the pinned policy. One whose worker is silent is soon another's (the worker
 * speaks for steps that take long: worker/heartbeats.ts). A step that is called off is waited for: what it may still do must be done before it is
 * taken back.
 */
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import type { SlaPolicy } from '../domain/case.ts';

/** `limitMs`: where the policy knows no limit for this step. */
export const stepOptions = ({ steps }: SlaPolicy, step: string, limitMs: number, summary: string): ActivityOptions => ({
  heartbeatTimeout: 5_000,
  startToCloseTimeout: 20_000,
  scheduleToCloseTimeout: steps.limitMs[step] ?? limitMs,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: steps.firstRetryMs, maximumInterval: steps.maxRetryMs },
  summary,
});
