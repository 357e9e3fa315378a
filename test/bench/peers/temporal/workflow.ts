/** The same six steps on bare Temporal: messages as Updates, the two provider calls as activities, nothing else. */
import { allHandlersFinished, condition, defineQuery, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Message, MessageName, View } from '../door.ts';
import type { ReturnInput } from '../provider/client.ts';

interface Steps {
  bookPickup(caseId: string): Promise<string>;
  payRefund(caseId: string, input: ReturnInput): Promise<string>;
}
const { bookPickup, payRefund } = proxyActivities<Steps>({ startToCloseTimeout: '8s', retry: { initialInterval: '200ms' } });
const names: readonly MessageName[] = ['approve', 'received', 'inspected'];

export async function returnCase(caseId: string, input: ReturnInput): Promise<View> {
  const taken: Partial<Record<MessageName, Message>> = {};
  let stage = 'open';
  const units = () => taken.received?.units ?? 0;
  for (const name of names)
    setHandler(defineUpdate<void, [Message]>(name), (message) => {
      taken[name] ??= message;
    });
  setHandler(defineQuery<View>('look'), () => ({ stage, units: units() }));
  await condition(() => taken.approve !== undefined);
  await bookPickup(caseId);
  await condition(() => taken.received !== undefined);
  await condition(() => taken.inspected !== undefined);
  await payRefund(caseId, input);
  stage = 'closed';
  await condition(allHandlersFinished);
  return { stage, units: units() };
}
