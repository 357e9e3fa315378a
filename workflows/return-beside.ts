/**
 * 退货 return: what goes on beside the story: words to the customer, money that is due before the goods were judged, calendars that change.
 * Each is one thing at a time, and none of them moves the case.
 */
import type { ReturnInput } from '../contracts/workflow.ts';
import { mendline } from '../domain/permissions.ts';
import { isDisputed, nextEarly } from '../domain/return-money.ts';
import { keepErrands } from './errands.ts';
import { noteStanding, whatStands } from './return-moves.ts';
import { paymentOf, stepsOf, type Rma, type Steps } from './return-steps.ts';
import type { Loop } from './run-case.ts';

const by = mendline;

export function besideReturn(rma: Rma, input: ReturnInput): readonly Loop[] {
  const steps = stepsOf(input);
  return [() => keepErrands(rma, steps.runErrands), () => keepPaying(rma, input, steps), () => keepCalendar(rma, steps)];
}

/** 极速退款, and the part of a refund that nobody contests: paid while the goods or the rest go on their way. */
async function keepPaying(rma: Rma, input: ReturnInput, { refundPayment, lookUpRefund }: Steps): Promise<void> {
  const mayPay = () => !rma.closing && !rma.ended && !['unwinding', 'recovering_advance'].includes(rma.stage);
  for (;;) {
    await rma.quiet('early', () => mayPay() && nextEarly(rma.state) !== undefined);
    const { intent, amountMinor } = nextEarly(rma.state)!;
    const key = `${rma.state.caseId}/${intent}`;
    const sent = await rma.beside('early', () => refundPayment({ key, ...paymentOf(input, amountMinor) }));
    if (!sent) {
      // A dispute has stopped the trying: what the provider knows of by now stands, and the rest waits for the bank.
      const found = isDisputed(rma.state) && (await rma.beside('early', () => lookUpRefund({ caseId: rma.state.caseId, key })));
      if (found && 'result' in found) noteStanding(rma, intent, found.result);
      continue;
    }
    if ('result' in sent)
      rma.record({ type: sent.result.settled ? 'refund_settled' : 'refund_sent', by, intent, providerId: sent.result.refundId });
    // Refused for good it is not owed early; after its limit nobody knows, and it is asked for again under the same key.
    else rma.record({ type: sent.forGood ? 'advance_refused' : 'noted', by, intent, step: 'refund', cause: sent.cause });
  }
}

/** True once no early payment is under way or meant any more: what the provider does not know of is called off. */
export async function withoutEarly(rma: Rma, steps: Steps): Promise<boolean> {
  await rma.callOff('early');
  for (const { intent, state, early } of rma.state.money)
    if (early && state === 'due' && !(await whatStands(rma, steps, intent))) return false;
  if (rma.state.money.some((line) => line.early && (line.state === 'due' || line.state === 'dispute_hold')))
    rma.record({ type: 'early_cancelled', by });
  return true;
}

/** Running clocks are counted anew when their calendar has changed. */
async function keepCalendar(rma: Rma, { loadCalendar }: Steps): Promise<void> {
  for (;;) {
    await rma.quiet('calendar', () => !rma.closing && rma.state.calendarWanted !== undefined);
    const calendarId = rma.state.calendarWanted!;
    if (rma.sla.calendar?.id !== calendarId) {
      rma.record({ type: 'calendar_failed', by, cause: `${calendarId} is not the calendar of this case` });
      continue;
    }
    const loaded = await rma.beside('calendar', () => loadCalendar({ calendarId, since: oldestStart(rma), at: Date.now() }));
    if (!loaded) continue;
    const wanted = rma.state.calendarWanted;
    if ('result' in loaded) {
      const { result: calendar } = loaded;
      rma.sla = { ...rma.sla, calendar };
      rma.record({ type: 'calendar_loaded', by, cause: `${calendar.id} ${calendar.version}` });
    } else rma.record({ type: 'calendar_failed', by, cause: loaded.cause });
    if (wanted !== calendarId) rma.record({ type: 'calendar_changed', by, cause: wanted });
  }
}

/** What has counted so far is counted anew too: the calendar has to reach back to the oldest running clock. */
const oldestStart = ({ state }: Rma): number =>
  Math.min(Date.now(), ...state.clocks.flatMap((clock) => (clock.running && clock.log[0] ? [clock.log[0].at] : [])));
