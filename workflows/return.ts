/**
 * 退货 return: a customer sends goods back for a refund. Ends refunded, rejected, returned to the customer, expired, withdrawn, cancelled
 * or converted. The story: its chapters are the stages, in the order of the trade; which may follow which is domain/return-table.ts.
 * How each step is asked for is return-steps.ts, what goes on beside the story return-beside.ts.
 */
import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { ReturnInput, ReturnOutcome } from '../contracts/workflow.ts';
import { settledMinor } from '../domain/money.ts';
import { mendline } from '../domain/permissions.ts';
import type { Verdict } from '../domain/policy/verdict.ts';
import { owedBackMinor, restMinor } from '../domain/refunds.ts';
import { alreadyAnswered, assessGoods, reassessment } from '../domain/return.ts';
import { isCharging, isDisputed, isPaid, nextDue } from '../domain/return-money.ts';
import { eventOfFact, type ReturnFact } from '../domain/return-facts.ts';
import { entries, reopenedBy } from '../domain/reopening.ts';
import type { ReturnEvent, ReturnState } from '../domain/return-state.ts';
import { returnEnds } from '../domain/return-table.ts';
import { besideReturn, withoutEarly } from './return-beside.ts';
import { CaseFile } from './case-file.ts';
import { handleMessages } from './handlers.ts';
import { factNames, factSignal, getCarry } from './messages.ts';
import {
  askCarrier,
  askProvider,
  claimOn,
  handOut,
  rearrange,
  recover,
  refundLine,
  replacedVoided,
  sendBack,
  stopPaying,
} from './return-moves.ts';
import { aboutOf, openedState, requestOf, stepsOf, typeOf, type Rma, type Steps } from './return-steps.ts';
import { runCase } from './run-case.ts';

async function story(rma: Rma, input: ReturnInput): Promise<void> {
  const by = mendline;
  const steps = stepsOf(input);
  while (rma.goesOn) {
    const answered = answeredIn(rma);
    if (answered) {
      rma.record({ type: answered, by });
      continue;
    }
    switch (rma.stage) {
      case 'requested': {
        const verdict = await assessed(rma, input, steps);
        if (verdict && rma.state.request?.toAssess) rma.record({ type: 'reassessed', by, verdict });
        if (verdict) rma.record({ type: verdict.verdict, by, verdict, ruleIds: verdict.ruleIds, leg: outboundOf(input) });
        break;
      }
      case 'under_review': {
        if (!rma.state.request?.toAssess) {
          await rma.left('under_review', () => rma.state.request?.toAssess === true); // an agent decides, or our silence does
          break;
        }
        const verdict = await assessed(rma, input, steps); // the customer has edited the request, or appeals
        if (verdict) rma.record({ type: reassessment(rma.state, verdict), by, verdict, ruleIds: verdict.ruleIds });
        break;
      }
      case 'authorized':
        await handOut(rma, input, steps); // a label, of the backup carrier if need be
        break;
      case 'awaiting_handover':
        await rearrange(rma, steps); // what the customer wishes otherwise, what the carrier has not told
        break;
      case 'in_transit':
        if (!(await replacedVoided(rma, steps))) await askCarrier(rma, steps); // a label may lie ready that was not used
        break;
      case 'lost_suspected':
        await claimOn(rma, input, steps); // the carrier answers for it, with a clock of its own
        await askCarrier(rma, steps);
        break;
      case 'inspected': {
        const type = assessGoods(rma.state);
        const cause = type === 'cleared' ? undefined : 'what arrived differs from what was announced';
        rma.record({ type, by, step: 'assess_goods', cause });
        break;
      }
      case 'sending_back':
        await sendBack(rma, input, steps);
        break;
      case 'recovering_advance':
        if (!(await withoutEarly(rma, steps))) break;
        if (owedBackMinor(rma.state) === 0 && !isCharging(rma.state)) rma.record({ type: 'recovered', by });
        else await recover(rma, input, steps);
        break;
      case 'refund_due': {
        rma.disarm(); // point of no return: money moves last, and then only forward
        if (restMinor(rma.state) > 0) rma.record({ type: 'refund_planned', by });
        if (isPaid(rma.state)) {
          rma.record({ type: 'refunded', by });
          break;
        }
        const line = isDisputed(rma.state) ? undefined : nextDue(rma.state);
        if (line) await refundLine(rma, input, steps, line);
        else await askProvider(rma, steps); // pending is not paid: the provider's word moves the case on
        break;
      }
      case 'unwinding': {
        if (!(await withoutEarly(rma, steps))) break;
        const clean = await rma.unwind();
        rma.record({
          type: clean ? 'unwound' : 'step_failed',
          by,
          step: 'unwind',
          cause: clean ? undefined : 'something could not be taken back',
        });
        break;
      }
      default:
        await rma.left(rma.stage, () => answeredIn(rma) !== undefined); // a person, a partner or the clock moves it on
    }
  }
}

/** Reopened at the dock, the case waits for what has turned up: what was counted before has been answered before. */
const answeredIn = (rma: Rma): ReturnType<typeof alreadyAnswered> =>
  rma.stage === 'received' && isEnd(rma.state.from) ? undefined : alreadyAnswered(rma.state);
const isEnd = (stage = ''): boolean => (returnEnds as readonly string[]).includes(stage);

/**
 * The verdict on the request as it stands; undefined: the stage was left. An edit that comes meanwhile is looked at as well, and one that asks
 * for units of another case is undone: the request is the one before it.
 */
async function assessed(rma: Rma, input: ReturnInput, { assessReturn }: Steps): Promise<Verdict | undefined> {
  rma.arm('claim_units', 'releaseUnitsIfPresent');
  for (;;) {
    const edits = rma.state.request?.edits;
    const verdict = await rma.insist('assess', () => assessReturn(requestOf(input, rma.state)));
    if (!verdict) return undefined;
    if (rma.state.request?.edits !== edits) continue;
    if (reassessment(rma.state, verdict) !== 'edit_undone') return verdict;
    rma.record({ type: 'edit_undone', by: mendline, ruleIds: verdict.ruleIds, cause: 'units_in_another_case' });
  }
}

/** The parcel that never came, if the request is about that. */
const outboundOf = ({ order }: ReturnInput): ReturnEvent['leg'] =>
  order.outboundTrackingNo
    ? { legId: 'outbound', kind: 'outbound', trackingNo: order.outboundTrackingNo, ours: true }
    : undefined;

/** The Temporal workflow of one return. */
export async function returnCase(input: ReturnInput): Promise<ReturnOutcome> {
  const rma: Rma = new CaseFile<ReturnState, ReturnEvent>(
    typeOf(input),
    input.carried ?? openedState(input),
    input.policy.sla,
    aboutOf(input),
    input.historyBudget,
  );
  const carry = (): ReturnInput => ({
    ...input,
    policy: { ...input.policy, sla: rma.sla },
    reopened: undefined,
    carried: { ...rma.state, run: rma.state.run + 1 },
  });
  const hear = (fact: ReturnFact): void | Promise<void> =>
    rma.inTurn(() => {
      if (input.edition && rma.ended) goOn(rma, fact);
      const event = eventOfFact(rma.state, fact);
      if (event) rma.record(event);
      if (event?.type === 'dispute_opened') stopPaying(rma);
    });
  handleMessages(rma);
  setHandler(getCarry, carry);
  if (!input.carried) rma.record({ type: 'opened', by: input.openedBy as ReturnEvent['by'], occurredAt: input.noticeAt });
  else if (input.reopened) rma.record(reopening(input.reopened));
  // Facts that came with the start are heard from here on: the one that reopens a case has its effect where the case goes on.
  for (const name of factNames) setHandler(factSignal(name), (told) => hear({ name, ...told } as ReturnFact));
  if ((await runCase(rma, () => story(rma, input), besideReturn(rma, input))) === 'unfinished')
    return continueAsNew<typeof returnCase>(carry());
  return { stage: rma.stage, refundedMinor: settledMinor(rma.state.money) };
}

/** The case has come to its end and its run has not: money that comes back opens it again here; of goods a person is told. */
function goOn(rma: Rma, fact: ReturnFact): void {
  const entry = reopenedBy(rma.state, fact);
  if (entry === 'money') rma.record({ type: 'reopened', by: mendline, cause: fact.name, result: entries.money });
  if (entry === 'goods') rma.record({ type: 'goods_after_end', by: mendline, cause: fact.name });
}

const reopening = ({ stage, by, cause, textRef, messageId }: NonNullable<ReturnInput['reopened']>): ReturnEvent => ({
  type: 'reopened',
  by,
  cause,
  result: stage,
  textRef,
  messageId,
});
