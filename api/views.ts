/** How a case is shown: an allow-list from the stored document, instants as ISO-8601, buttons by the caller's role. */
import type { z } from 'zod';
import type { caseSummaryView, caseView, receiptView, timelineRowView, verdictView } from '../contracts/answers.ts';
import type { Receipt, TimelineRow } from '../contracts/workflow.ts';
import type { CaseDocument, ListedCase } from '../db/cases.ts';
import { availableMoves } from '../domain/moves.ts';
import { ladder, rowOf, type AnyRules } from '../domain/case.ts';
import { mayCommand } from '../domain/permissions.ts';
import type { Verdict } from '../domain/policy/verdict.ts';
import { returnRules } from '../domain/return.ts';
import { workflowIdOf } from '../workflows/messages.ts';
import type { Caller } from './auth.ts';

const rules = returnRules as unknown as AnyRules;
const iso = (at: number): string => new Date(at).toISOString();
const isoIf = (at: number | null | undefined): string | undefined => (at === undefined || at === null ? undefined : iso(at));

export const verdictOf = ({
  verdict,
  reason,
  ruleIds,
  because,
  windowEndsAt,
  freight,
}: Verdict): z.infer<typeof verdictView> => ({
  verdict,
  reason,
  ruleIds: [...ruleIds],
  because: [...because],
  windowEndsAt: isoIf(windowEndsAt),
  freight,
});

export const receiptOf = (
  caseId: string,
  { revision, stage, availableMoves: moves, dueAt, projected }: Receipt,
  { role }: Caller,
): z.infer<typeof receiptView> => ({
  caseId,
  revision,
  stage: stage as z.infer<typeof receiptView>['stage'],
  availableMoves: moves.filter((move) => mayCommand(role, move)),
  dueAt: isoIf(dueAt),
  projected,
});

/** What the receipt would say of a case as it is stored. */
export const receiptFrom = ({ state, dueAt }: CaseDocument): Receipt => ({
  revision: state.revision,
  stage: state.stage,
  availableMoves: availableMoves(rules, state),
  projected: true,
  verdict: state.verdict,
  dueAt: dueAt ?? undefined,
});

export function summaryOf(doc: ListedCase): z.infer<typeof caseSummaryView> {
  const { rmaNo, orderId, customerId, needsAttention, unitsRequested, unitsReceived, refundedMinor, state } = doc;
  return {
    caseId: doc._id,
    type: 'return',
    rmaNo,
    orderId,
    customerId,
    stage: doc.stage as never,
    owner: doc.owner as never,
    needsAttention,
    dueAt: isoIf(doc.dueAt),
    openedAt: iso(doc.openedAt),
    updatedAt: iso(doc.updatedAt),
    revision: state.revision,
    unitsRequested,
    unitsReceived,
    refundedMinor,
    currency: state.currency,
    assignee: state.assignee,
  };
}

export function viewOf(doc: CaseDocument, caller: Caller, workflowsUrl?: string): z.infer<typeof caseView> {
  const { state, about } = doc;
  const sku = new Map(about.lines.map((line) => [line.lineId, line.sku]));
  const { attention, hold, shipment } = state;
  const row = rowOf(rules, doc.stage);
  return {
    ...summaryOf(doc),
    reason: about.reason,
    handoverChannel: about.handoverChannel,
    noticeSentAt: iso(about.noticeAt),
    defaultAction: doc.dueAt ? row?.onTimeout : undefined,
    availableMoves: availableMoves(rules, state, caller.role),
    verdict: state.verdict ? verdictOf(state.verdict) : undefined,
    attention:
      doc.needsAttention && attention
        ? {
            step: attention.step,
            cause: attention.cause,
            since: iso(attention.since),
            attempts: attention.attempts,
            rung: ladder[attention.rung] ?? 'operations',
            verbs: doc.verbs as never,
            results: [...(rowOf(rules, state.from ?? '')?.results ?? [])],
          }
        : undefined,
    hold: hold ? { reason: hold.reason, until: iso(hold.until) } : undefined,
    shipment: shipment ? { trackingNo: shipment.trackingNo, pickupAt: isoIf(shipment.pickupAt) } : undefined,
    lines: state.lines.map(({ lineId, quantity, unitPriceMinor }) => ({
      lineId,
      sku: sku.get(lineId) ?? '',
      quantity,
      unitPriceMinor,
    })),
    goods: state.lots.map(({ lineId, quantity, reception, acceptance, grade, disposition }) => ({
      lineId,
      quantity,
      reception,
      acceptance,
      grade,
      disposition,
    })),
    money: state.money.map(({ intent, state: moneyState, amountMinor, providerId }) => ({
      intent,
      state: moneyState,
      amountMinor,
      providerId,
    })),
    undo: state.undo.map(({ step, undo, state: undoState, result }) => ({ step, undo, state: undoState, result })),
    clocks: state.clocks.map(({ id, stage, ruleId, dueAt, running, log }) => ({
      id,
      stage,
      ruleId,
      dueAt: iso(dueAt),
      running,
      log: log.map(({ at, what, why }) => ({ at: iso(at), what, why })),
    })),
    timersFired: state.timersFired,
    compensationsRun: doc.compensationsRun,
    policy: about.packs.map(({ id, version, sha256 }) => ({ id, version, sha256 })),
    temporalUrl:
      workflowsUrl && caller.role !== 'customer'
        ? `${workflowsUrl}/${encodeURIComponent(workflowIdOf('return', doc._id))}`
        : undefined,
  };
}

/** What staff tell each other about a case: notes, and how a parked case was settled. */
const staffOnly = ['noted', 'step_failed', 'retried', 'skipped', 'overridden', 'compensated'];

export function rowView(
  { seq, at, stage, event }: TimelineRow,
  texts: ReadonlyMap<string, string>,
  caller: Caller,
): z.infer<typeof timelineRowView> {
  const { type, by, occurredAt, step, cause, result, ruleIds, textRef } = event;
  const amongStaff = caller.role === 'customer' && staffOnly.includes(type);
  return {
    seq,
    at: iso(at),
    event: type,
    stage: stage as never,
    by: { id: by.id, role: by.role },
    occurredAt: isoIf(occurredAt),
    step,
    cause: amongStaff ? undefined : cause,
    result,
    ruleIds: ruleIds ? [...ruleIds] : undefined,
    text: textRef && !amongStaff ? texts.get(textRef) : undefined,
  };
}
