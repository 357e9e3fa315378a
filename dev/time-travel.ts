/**
 * Moves one workflow's virtual clock on a real server (1.32.0 or newer, with the switches of stack.ts), for demo and tests.
 * Knows nothing of cases; how much time to skip and what should have happened then is for the caller.
 */
import { randomUUID } from 'node:crypto';
import { isGrpcDeadlineError, isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import { msToTs, optionalTsToDate } from '@temporalio/common/lib/time.js';

/** What the poll answers: gRPC gives the number, JSON the name. 3 would be "failed", with its reason beside it. */
const POLL_TIMED_OUT = [1, 'FAST_FORWARD_POLLING_RESULT_POLL_TIMEOUT'];
const COMPLETED = [2, 'FAST_FORWARD_POLLING_RESULT_FAST_FORWARD_COMPLETED'];
const ENDED = /execution ended before the fast-forward completed|execution already completed/i;

/**
 * Lets `seconds` of virtual time pass; timers and back-offs inside fire in order, then the clock stops. 'ended': the workflow closed
 * before that. Each timer that fires costs about 1 s of real time and leaves the virtual clock 1 s late: assert instants with 2 s of
 * tolerance a hop. It may answer while an activity still runs: send a Query or an Update as a barrier before asserting.
 */
export async function fastForward(handle: WorkflowHandle, seconds: number, patienceMs = 30_000): Promise<'arrived' | 'ended'> {
  const { client, workflowId } = handle;
  const target = { namespace: client.options.namespace, workflowExecution: { workflowId } };
  const setSkipping = (timeSkippingConfig: object) =>
    client.workflowService.updateWorkflowExecutionOptions({
      ...target,
      workflowExecutionOptions: { timeSkippingConfig },
      updateMask: { paths: ['time_skipping_config'] },
    });
  const id = randomUUID();
  const giveUpAt = Date.now() + patienceMs;
  const poll = () => client.workflowService.pollWorkflowExecutionTimeSkipping({ ...target, fastForwardId: id });
  try {
    // disablePropagation: a child workflow would inherit "enabled" without the bound, and race through all its clocks.
    await setSkipping({ enabled: true, disablePropagation: true, fastForwardConfig: { id, duration: msToTs(seconds * 1000) } });
    for (;;) {
      const { fastForwardPollingResult: result, failedReason } = await client.connection.withDeadline(giveUpAt, poll);
      if (COMPLETED.includes(result)) return 'arrived';
      if (!POLL_TIMED_OUT.includes(result)) throw new Error(failedReason || `polling result ${result}`);
    }
  } catch (err) {
    const reason = isGrpcServiceError(err) ? err.details : (err as Error).message;
    if (ENDED.test(reason)) return 'ended'; // the server calls this a failure; for us the workflow is simply done
    await setSkipping({ enabled: false }).catch(() => undefined); // leave no clock running
    const late = isGrpcDeadlineError(err) || Date.now() > giveUpAt - 200; // the cut-off may also arrive as CANCELLED
    const hint = late ? 'never idle: an open child, a running activity or a failing task' : reason;
    throw new Error(`fast-forward of ${workflowId} by ${seconds} s: ${hint}`, { cause: err });
  }
}

/** The workflow's own clock, epoch ms: expected deadlines start from this, not from Date.now(). */
export async function virtualNow(handle: WorkflowHandle): Promise<number> {
  const info = (await handle.describe()).raw.workflowExtendedInfo?.timeSkippingInfo;
  return (optionalTsToDate(info?.currentTime) ?? new Date()).getTime();
}
