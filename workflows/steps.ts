/**
 * How a partner's step is asked for: tried again until its limit in the pinned policy. A short startToClose brings it back soon when its worker
 * died. A step that is called off is waited for: what it may still do must be done before it is taken back.
 */
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import type { SlaPolicy } from '../domain/case.ts';

/** `limitMs`: where the policy knows no limit for this step. */
export const stepOptions = ({ steps }: SlaPolicy, step: string, limitMs: number, summary: string): ActivityOptions => ({
  startToCloseTimeout: 8_000,
  scheduleToCloseTimeout: steps.limitMs[step] ?? limitMs,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: steps.firstRetryMs, maximumInterval: steps.maxRetryMs },
  summary,
});
