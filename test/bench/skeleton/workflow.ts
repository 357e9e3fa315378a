/**
 * The bare skeleton: the messages of a return by the same means and the same activities as no-ops, and nothing else.
 * It is the reference that the product's events, transitions, bytes and actions are held against; one function a road.
 */
import { allHandlersFinished, condition, defineUpdate, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import type { ReturnActivities, ReturnInput } from '../../../contracts/workflow.ts';

const steps = proxyActivities<ReturnActivities>({ startToCloseTimeout: '8s', scheduleToCloseTimeout: '1h' });
const commands = ['decide_request', 'record_reception', 'record_inspection', 'withdraw_case'] as const;

/** Every road begins with the request, as it is assessed and heard of. */
async function opened(input: ReturnInput) {
  const { caseId, merchantId, order, lines, reason, noticeAt, policy, rmaNo } = input;
  const { orderId, currency } = order;
  let assessed = false;
  let taken = 0;
  // As the product does: a word to the customer at each visible change, beside the steps and waited for at the end.
  const told: Promise<unknown>[] = [];
  const tell = (...keys: string[]): void => {
    const errands = keys.map((key) => ({ kind: 'task' as const, key, what: key, state: 'due' as const }));
    const contact = input.contact ?? { ref: '', language: 'en' as const, timezone: 'UTC' };
    told.push(steps.runErrands({ caseId, merchantId, rmaNo, orderId, currency, contact, lines: [], errands }));
  };
  setHandler(defineUpdate<{ n: number }>('open_case'), async () => {
    await condition(() => assessed);
    return { n: 0 };
  });
  for (const name of commands) setHandler(defineUpdate<{ n: number }, [unknown]>(name), () => ({ n: ++taken }));
  await steps.assessReturn({ caseId, merchantId, order, lines, reason, noticeAt, packs: policy.packs });
  assessed = true;
  tell('request_received');
  return {
    tell,
    message: (nth: number) => condition(() => taken >= nth),
    label: () => steps.issueReturnLabel({ key: `${caseId}/issue_label`, caseId, channel: input.handoverChannel }),
    track: () => steps.trackParcel({ caseId, trackingNo: 'RT1' }),
    takeBack: async () => {
      const undo = { caseId, merchantId, orderId };
      await steps.voidReturnLabelIfPresent({ key: `${caseId}/issue_label`, ...undo });
      await steps.releaseUnitsIfPresent({ key: `${caseId}/claim_units`, ...undo });
    },
    end: async (stage: string) => {
      await Promise.all(told);
      await condition(allHandlersFinished);
      return { stage };
    },
  };
}

export async function skeleton(input: ReturnInput): Promise<{ stage: string }> {
  const { tell, message, label, end } = await opened(input);
  const { caseId, merchantId, lines, order } = input;
  await message(1);
  await label();
  tell('handover_instructions');
  await message(2);
  tell('goods_received');
  await message(3);
  const amountMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  const { paymentId, currency } = order;
  await steps.refundPayment({ key: `${caseId}/refund`, caseId, merchantId, paymentId, amountMinor, currency });
  tell('stock', 'refunded');
  return end('refunded');
}

/** Nobody acts: every warning and every limit of the two stages that wait rings, one timer each, and the label is taken back. */
export async function skeletonOverdue(input: ReturnInput): Promise<{ stage: string }> {
  const { tell, label, track, takeBack, end } = await opened(input);
  const { under_review: review, awaiting_handover: handover } = input.policy.sla.stages;
  for (const ms of waitsOf(review)) await sleep(ms);
  tell('accepted_by_silence');
  await label();
  tell('handover_instructions');
  const reminders = waitsOf(handover);
  const limit = reminders.pop()!;
  for (const ms of reminders) {
    await sleep(ms);
    tell('handover_reminder');
    await track();
  }
  await sleep(limit);
  await takeBack();
  tell('case_expired');
  return end('expired');
}

/** From one ringing to the next, ms. */
function waitsOf({ limitMs, warnMs }: { limitMs: number; warnMs: readonly number[] } = { limitMs: 1, warnMs: [] }): number[] {
  return [...warnMs, limitMs].map((at, index, all) => at - (all[index - 1] ?? 0));
}

/** Withdrawn once the label is out: what was done is taken back. */
export async function skeletonUndone(input: ReturnInput): Promise<{ stage: string }> {
  const { tell, message, label, takeBack, end } = await opened(input);
  await message(1);
  await label();
  tell('handover_instructions');
  await message(2);
  await takeBack();
  tell('case_withdrawn');
  return end('withdrawn');
}
