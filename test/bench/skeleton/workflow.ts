/**
 * The bare skeleton: the happy return's messages by the same means and the same activities as no-ops, and nothing else.
 * It is the reference that the product's events, transitions, bytes and actions are held against.
 */
import { allHandlersFinished, condition, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ReturnActivities, ReturnInput } from '../../../contracts/workflow.ts';

const steps = proxyActivities<ReturnActivities>({ startToCloseTimeout: '8s', scheduleToCloseTimeout: '1h' });
const commands = ['decide_request', 'record_reception', 'record_inspection'] as const;

export async function skeleton(input: ReturnInput): Promise<{ stage: string }> {
  const { caseId, merchantId, order, lines, reason, noticeAt, policy } = input;
  let taken = 0;
  let assessed = false;
  const { rmaNo } = input;
  const { orderId, currency } = order;
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
  await condition(() => taken >= 1);
  await steps.issueReturnLabel({ key: `${caseId}/issue_label`, caseId, channel: input.handoverChannel });
  tell('handover_instructions');
  await condition(() => taken >= 2);
  tell('goods_received');
  await condition(() => taken >= 3);
  const amountMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  const { paymentId } = order;
  await steps.refundPayment({ key: `${caseId}/refund`, caseId, merchantId, paymentId, amountMinor, currency });
  tell('stock', 'refunded');
  await Promise.all(told);
  await condition(allHandlersFinished);
  return { stage: 'refunded' };
}
