/**
 * 退货 return: a customer sends goods back for a refund. Ends refunded, rejected, expired, withdrawn or cancelled.
 * The story: its chapters are the stages, in the order of the trade; which may follow which is the table in domain/return.ts.
 */
import { ActivityCancellationType, continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { CaseAbout, ReturnActivities, ReturnInput, ReturnOutcome } from '../contracts/workflow.ts';
import { formatMinor, settledMinor } from '../domain/money.ts';
import { mendline } from '../domain/permissions.ts';
import { eventOfCommand, eventOfFact, returnRefusal, type ReturnCommand, type ReturnFact } from '../domain/return-commands.ts';
import { alreadyAnswered, assessGoods, isSettled, returnRules, type ReturnEvent, type ReturnState } from '../domain/return.ts';
import { CaseFile, runCase, type CaseType } from './case-file.ts';
import { handleMessages } from './handlers.ts';
import { factNames, factSignal } from './messages.ts';

async function story(rma: CaseFile<ReturnState, ReturnEvent>, input: ReturnInput): Promise<void> {
  const { caseId } = input;
  const by = mendline;
  const { assessReturn, issueReturnLabel, refundPayment } = stepsOf(input);
  while (rma.goesOn)
    switch (rma.stage) {
      case 'requested': {
        rma.arm('claim_units', 'releaseUnitsIfPresent');
        const verdict = await rma.insist('assess', () => assessReturn(requestOf(input)));
        if (verdict) rma.record({ type: verdict.verdict, by, verdict, ruleIds: verdict.ruleIds });
        break;
      }
      case 'authorized': {
        rma.arm('issue_label', 'voidReturnLabelIfPresent'); // before the step that it undoes
        const shipment = await rma.insist('issue_label', () =>
          issueReturnLabel({ key: `${caseId}/issue_label`, caseId, channel: input.handoverChannel }),
        );
        if (shipment) rma.record({ type: 'shipment_prepared', by, shipment });
        break;
      }
      case 'inspected':
        rma.record({
          type: assessGoods(rma.state),
          by,
          step: 'assess_goods',
          cause: 'what arrived differs from what was announced',
        });
        break;
      case 'refund_due': {
        rma.disarm(); // point of no return: money moves last, and then only forward
        if (isSettled(rma.state) || refundOf(rma.state) === 0) {
          rma.record({ type: 'refunded', by });
          break;
        }
        const sent = await rma.insist('refund', () => refundPayment({ key: `${caseId}/refund`, ...paymentOf(input, rma.state) }));
        if (sent) rma.record({ type: sent.settled ? 'refunded' : 'refund_sent', by, providerId: sent.refundId });
        if (sent) await rma.left('refund_due'); // pending is not paid: the provider's word moves the case on
        break;
      }
      case 'unwinding': {
        const clean = await rma.unwind();
        rma.record({
          type: clean ? 'unwound' : 'step_failed',
          by,
          step: 'unwind',
          cause: clean ? undefined : 'something could not be taken back',
        });
        break;
      }
      default: {
        const answered = alreadyAnswered(rma.state);
        if (answered) rma.record({ type: answered, by });
        else await rma.left(); // a person, a partner or the clock moves it on
      }
    }
}

/** The Temporal workflow of one return. */
export async function returnCase(input: ReturnInput): Promise<ReturnOutcome> {
  const rma = new CaseFile(
    typeOf(input),
    input.carried ?? openedState(input),
    input.policy.sla,
    aboutOf(input),
    input.historyBudget,
  );
  handleMessages(rma);
  for (const name of factNames)
    setHandler(factSignal(name), (told) => {
      const event = eventOfFact(rma.state, { name, ...told } as ReturnFact);
      if (event) rma.record(event);
    });
  if (!input.carried) rma.record({ type: 'opened', by: input.openedBy as ReturnEvent['by'], occurredAt: input.noticeAt });
  if ((await runCase(rma, () => story(rma, input))) === 'unfinished')
    return continueAsNew<typeof returnCase>({ ...input, carried: { ...rma.state, run: rma.state.run + 1 } });
  return { stage: rma.stage, refundedMinor: settledMinor(rma.state.money) };
}

const refundOf = (state: ReturnState): number => state.money.reduce((sum, line) => sum + line.amountMinor, 0);

const paymentOf = ({ caseId, merchantId, order }: ReturnInput, state: ReturnState) => ({
  caseId,
  merchantId,
  paymentId: order.paymentId,
  amountMinor: refundOf(state),
  currency: order.currency,
});

/**
 * Steps under the limits of the pinned policy. A short startToClose brings a step back soon when its worker died. A step that is
 * called off is waited for: what it may still do must be done before it is taken back.
 */
function stepsOf({ policy: { sla }, lines, order }: ReturnInput) {
  const options = (step: string, summary: string) => ({
    startToCloseTimeout: 8_000,
    scheduleToCloseTimeout: sla.steps.limitMs[step] ?? 3_600_000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: sla.steps.firstRetryMs, maximumInterval: sla.steps.maxRetryMs },
    summary,
  });
  const units = lines.reduce((sum, line) => sum + line.quantity, 0);
  const value = formatMinor(
    lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    order.currency,
  );
  const { assessReturn } = proxyActivities<ReturnActivities>(options('assess', `Assess ${units} units, ${value}`));
  const { issueReturnLabel } = proxyActivities<ReturnActivities>(options('issue_label', 'Return label from the carrier'));
  const { refundPayment } = proxyActivities<ReturnActivities>(options('refund', `Refund, up to ${value}`));
  // Named one by one: a proxy has no keys of its own to spread.
  const { releaseUnitsIfPresent, voidReturnLabelIfPresent } = proxyActivities<ReturnActivities>(options('unwind', 'Take back'));
  return { assessReturn, issueReturnLabel, refundPayment, undoSteps: { releaseUnitsIfPresent, voidReturnLabelIfPresent } };
}

function typeOf(input: ReturnInput): CaseType<ReturnState, ReturnEvent> {
  return {
    rules: returnRules,
    refusal: (state, command) => returnRefusal(state, command as ReturnCommand),
    eventOfCommand: (state, command) => eventOfCommand(state, command as ReturnCommand),
    undoSteps: stepsOf(input).undoSteps,
  };
}

function requestOf({ caseId, merchantId, order, lines, reason, noticeAt, policy }: ReturnInput) {
  return { caseId, merchantId, order, lines, reason, noticeAt, packs: policy.packs };
}

function openedState({ caseId, merchantId, order, lines, openedAt }: ReturnInput): ReturnState {
  const lots = lines.map(({ lineId, quantity }) => ({ lineId, quantity, reception: 'with_customer' as const }));
  const asked = lines.map(({ lineId, quantity, unitPriceMinor }) => ({ lineId, quantity, unitPriceMinor }));
  const { currency, paidMinor } = order;
  const empty = { clocks: [], undo: [], money: [], parcels: [], seen: [], timersFired: 0 };
  return {
    caseId,
    merchantId,
    run: 1,
    revision: 0,
    stage: 'requested',
    openedAt,
    at: openedAt,
    currency,
    paidMinor,
    lines: asked,
    lots,
    ...empty,
  };
}

function aboutOf(input: ReturnInput): CaseAbout {
  const { rmaNo, customerId, order, reason, handoverChannel, lines, noticeAt, policy } = input;
  const skus = lines.map(({ lineId, sku }) => ({ lineId, sku }));
  return {
    caseType: 'return',
    rmaNo,
    customerId,
    orderId: order.orderId,
    reason,
    handoverChannel,
    packs: policy.packs,
    lines: skus,
    noticeAt,
  };
}
