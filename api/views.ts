/** How a case is shown: an allow-list from the stored document, instants as ISO-8601, buttons by the caller's role. */
import type { z } from 'zod';
import type { caseCountsView, caseSummaryView, receiptView, timelineRowView, verdictView } from '../contracts/answers.ts';
import type { Receipt, TimelineRow } from '../contracts/workflow.ts';
import type { CaseDocument } from '../db/case-document.ts';
import type { ListedCase, StageCount } from '../db/case-lists.ts';
import { availableMoves } from '../domain/moves.ts';
import { rulesOf } from '../domain/case-types.ts';
import { mayCommand } from '../domain/permissions.ts';
import type { Verdict } from '../domain/policy/verdict.ts';
import type { ReturnEvent } from '../domain/return-state.ts';
import type { Caller } from './auth.ts';

export const iso = (at: number): string => new Date(at).toISOString();
export const isoIf = (at: number | null | undefined): string | undefined =>
  at === undefined || at === null ? undefined : iso(at);

export const verdictOf = ({
  verdict,
  reason,
  ruleIds,
  because,
  windowEndsAt,
  freight,
  fees,
}: Verdict): z.infer<typeof verdictView> => ({
  verdict,
  reason,
  ruleIds: [...ruleIds],
  because: [...because],
  windowEndsAt: isoIf(windowEndsAt),
  freight,
  fees: fees?.map(({ ruleId, amountMinor }) => ({ ruleId, amountMinor })),
});

export const receiptOf = (
  caseId: string,
  { revision, stage, availableMoves: moves, dueAt }: Receipt,
  { role }: Caller,
  projected: boolean,
): z.infer<typeof receiptView> => ({
  caseId,
  revision,
  stage: stage as z.infer<typeof receiptView>['stage'],
  availableMoves: moves.filter((move) => mayCommand(role, move)),
  dueAt: isoIf(dueAt),
  projected,
});

/** What the receipt would say of a case as it is stored. */
export const receiptFrom = ({ state, dueAt, about }: CaseDocument): Receipt => ({
  revision: state.revision,
  stage: state.stage,
  availableMoves: availableMoves(rulesOf(about.caseType), state),
  verdict: state.verdict,
  dueAt: dueAt ?? undefined,
});

/** Who of ours is at work on it is no affair of customers. */
export function summaryOf(doc: ListedCase, { role }: Caller): z.infer<typeof caseSummaryView> {
  const {
    rmaNo,
    orderId,
    customerId,
    open,
    needsAttention,
    escalated,
    generation,
    unitsRequested,
    unitsReceived,
    refundedMinor,
    state,
  } = doc;
  return {
    caseId: doc._id,
    type: doc.caseType,
    rmaNo,
    orderId,
    customerId,
    stage: doc.stage as never,
    owner: doc.owner as never,
    open,
    needsAttention,
    escalated,
    escalationLevel: doc.escalationLevel ?? undefined,
    generation,
    dueAt: isoIf(doc.dueAt),
    openedAt: iso(doc.openedAt),
    updatedAt: iso(doc.updatedAt),
    revision: state.revision,
    unitsRequested,
    unitsReceived,
    refundedMinor,
    currency: state.currency,
    assignee: role === 'customer' ? undefined : (doc.assignee ?? undefined),
  };
}

export function countsOf(stages: readonly StageCount[]): z.infer<typeof caseCountsView> {
  const sum = (of: (stage: StageCount) => number) => stages.reduce((total, stage) => total + of(stage), 0);
  return {
    stages: Object.fromEntries(stages.map((stage) => [stage._id, stage.cases])),
    open: sum((stage) => stage.open),
    needsAttention: sum((stage) => stage.needsAttention),
    escalated: sum((stage) => stage.escalated),
    overdue: sum((stage) => stage.overdue),
  };
}

/** What is among staff: notes, claims on carriers, who has agreed to what. Customers are not shown that it is there. */
const staffOnly = [
  'noted',
  'approval_given',
  'linked',
  'assigned',
  'claim_noted',
  'breach_waived',
  'manager_asked',
  'late_fact_noted',
  'repeat_noted',
];
/** How the work is done: undo made ready and used, errands run, calendars read. No news to customers either. */
const machinery = [
  'armed',
  'disarmed',
  'undone',
  'undo_failed',
  'errand_done',
  'errand_failed',
  'calendar_changed',
  'calendar_loaded',
  'calendar_failed',
];
const unseen = [...staffOnly, ...machinery];
/** How a case was parked and settled, and what staff decided among themselves: customers see that it went on, not why. */
const reasonsAmongStaff = [
  'step_failed',
  'retried',
  'skipped',
  'overridden',
  'compensated',
  'rung_climbed',
  'waived',
  'recovered',
  'written_off',
  'escalation_granted',
  'escalation_declined',
  'de_escalated',
];
/** Said by customers, partners or staff. What staff say of these is among themselves, unless it cites the rule of a decision. */
const eitherReasons = [
  'escalation_requested',
  'cancelled',
  'send_back_marked',
  'goods_wanted_back',
  'goods_refused',
  'no_movement',
  'lost',
  'reopened',
];
/** To customers a person of ours is a role, not a name. */
const named: readonly string[] = ['customer', 'partner', 'clock', 'system'];

export const isShown = ({ event }: TimelineRow, { role }: Caller): boolean => role !== 'customer' || !unseen.includes(event.type);

export function rowView(
  { seq, at, stage, event }: TimelineRow,
  texts: ReadonlyMap<string, string>,
  caller: Caller,
): z.infer<typeof timelineRowView> {
  const { type, by, occurredAt, step, cause, result, ruleIds, textRef } = event;
  const { trackingNo, intent } = event as ReturnEvent;
  const isForCustomers = named.includes(by.role) || (ruleIds?.length ?? 0) > 0;
  const amongStaff =
    caller.role === 'customer' && (reasonsAmongStaff.includes(type) || (eitherReasons.includes(type) && !isForCustomers));
  return {
    seq,
    at: iso(at),
    event: type,
    stage: stage as never,
    by: { id: caller.role === 'customer' && !named.includes(by.role) ? 'staff' : by.id, role: by.role },
    occurredAt: isoIf(occurredAt),
    step: amongStaff ? undefined : step,
    trackingNo,
    money: intent,
    errand: event.errand,
    cause: amongStaff ? undefined : cause,
    result: amongStaff ? undefined : result,
    ruleIds: ruleIds ? [...ruleIds] : undefined,
    text: textRef && !amongStaff ? texts.get(textRef) : undefined,
  };
}
