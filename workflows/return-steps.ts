/**
 * 退货 return: the partners' steps under the limits of the pinned policy, and what the case hands them.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { AssessInput, CaseAbout, ReturnActivities, ReturnInput } from '../contracts/workflow.ts';
import { untold } from '../domain/case.ts';
import { formatMinor } from '../domain/money.ts';
import { eventOfCommand, returnRefusal, type ReturnCommand } from '../domain/return-commands.ts';
import { returnRules } from '../domain/return.ts';
import type { ReturnEvent, ReturnState } from '../domain/return-state.ts';
import type { CaseFile, CaseType } from './case-file.ts';
import { stepOptions } from './steps.ts';

export type Rma = CaseFile<ReturnState, ReturnEvent>;
export type Steps = ReturnType<typeof stepsOf>;

export function stepsOf({ policy: { sla }, lines, order }: ReturnInput) {
  const units = lines.reduce((sum, line) => sum + line.quantity, 0);
  const value = formatMinor(
    lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    order.currency,
  );
  const step = (name: string, summary: string) => proxyActivities<ReturnActivities>(stepOptions(sla, name, 3_600_000, summary));
  const undo = step('unwind', 'Take back');
  // Named one by one: a proxy has no keys of its own to spread.
  return {
    assessReturn: step('assess', `Assess ${units} units, ${value}`).assessReturn,
    issueReturnLabel: step('issue_label', 'Return label from the carrier').issueReturnLabel,
    sendBackLabel: step('send_back', 'Label to send goods back to the customer').issueReturnLabel,
    arrangePickup: step('arrange_pickup', 'Pickup at the door').arrangePickup,
    trackParcel: step('track', 'Ask the carrier where the parcel is').trackParcel,
    refundPayment: step('refund', `Refund, up to ${value}`).refundPayment,
    lookUpRefund: step('look_up', 'Ask the provider what became of a refund').lookUpRefund,
    lookUpCharge: step('look_up', 'Ask the provider what became of a charge').lookUpCharge,
    recoverAdvance: step('recover', 'Recover an advance').recoverAdvance,
    openCarrierClaim: step('claim', 'Open a claim on the carrier').openCarrierClaim,
    runErrands: step('errands', 'Notices and other errands').runErrands,
    loadCalendar: step('calendar', 'Load a calendar that has changed').loadCalendar,
    undoSteps: {
      releaseUnitsIfPresent: undo.releaseUnitsIfPresent,
      voidReturnLabelIfPresent: undo.voidReturnLabelIfPresent,
      cancelPickupIfPresent: undo.cancelPickupIfPresent,
    },
  };
}

export function typeOf(input: ReturnInput): CaseType<ReturnState, ReturnEvent> {
  return {
    rules: returnRules,
    refusal: (state, command, sla) => returnRefusal(state, command as ReturnCommand, sla),
    eventOfCommand: (state, command, sla) => eventOfCommand(state, command as ReturnCommand, sla),
    undoSteps: stepsOf(input).undoSteps,
    firstEdition: input.edition === undefined,
  };
}

/** What the packs are asked: the request as it was last edited. */
export function requestOf(input: ReturnInput, state: ReturnState): AssessInput {
  const { caseId, merchantId, order, noticeAt, policy, edition } = input;
  const { reason = input.reason, lines = input.lines, wantedOutcome } = state.request ?? {};
  const asked = { caseId, merchantId, order, lines, reason, noticeAt, packs: policy.packs };
  return edition ? { ...asked, edition, wantedOutcome, returnlessMinor: policy.sla.limits?.returnlessMinor } : asked;
}

export const paymentOf = ({ caseId, merchantId, order, edition }: ReturnInput, amountMinor: number) => ({
  caseId,
  merchantId,
  paymentId: order.paymentId,
  amountMinor,
  currency: order.currency,
  ...(edition ? { paidMinor: order.paidMinor } : {}),
});

export function openedState(input: ReturnInput): ReturnState {
  const { caseId, merchantId, order, lines, openedAt } = input;
  const lots = lines.map(({ lineId, quantity }) => ({ lineId, quantity, reception: 'with_customer' as const }));
  const asked = lines.map(({ lineId, quantity, unitPriceMinor }) => ({ lineId, quantity, unitPriceMinor }));
  const { currency, paidMinor } = order;
  return {
    ...untold,
    caseId,
    merchantId,
    stage: 'requested',
    openedAt,
    at: openedAt,
    currency,
    paidMinor,
    lines: asked,
    lots,
    parcels: [],
    ...(input.edition ? openedBy(input) : {}),
  };
}

/** What cases have had since the second edition: a request that can be edited, a wish how to hand over, parcels, words to the customer. */
function openedBy({
  lines,
  reason,
  wantedOutcome = 'refund',
  evidenceIds = [],
  consents,
  ...input
}: ReturnInput): Partial<ReturnState> {
  return {
    request: { reason, wantedOutcome, evidenceIds, edits: 0, lines, ...(consents?.length ? { consents } : {}) },
    handover: { channel: input.handoverChannel, ...input.handover, wish: 0, arranged: 0, failed: 0 },
    legs: [],
    ...(input.contact ? { contact: input.contact } : {}),
    ...(input.disputes?.length ? { disputes: input.disputes } : {}),
  };
}

export function aboutOf(input: ReturnInput): CaseAbout {
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
    paymentId: order.paymentId,
  };
}
