/** How one case is shown whole: an allow-list from the stored document, instants as ISO-8601, buttons by the caller's role. Lists are views.ts. */
import type { z } from 'zod';
import type { caseView } from '../contracts/answers.ts';
import type { CaseDocument } from '../db/case-document.ts';
import { ladder, rowOf } from '../domain/case.ts';
import { rulesOf } from '../domain/case-types.ts';
import type { ClaimState } from '../domain/claim.ts';
import { availableMoves } from '../domain/moves.ts';
import { movesOf } from '../domain/stage-table.ts';
import { workflowIdOf } from '../workflows/messages.ts';
import type { Caller } from './auth.ts';
import { iso, isoIf, summaryOf, verdictOf } from './views.ts';

type CaseView = z.infer<typeof caseView>;

/** `links`: those that the caller may know of. */
export function viewOf(doc: CaseDocument, caller: Caller, links: CaseView['links'], workflowsUrl?: string): CaseView {
  const { state, about, generation } = doc;
  const rules = rulesOf(about.caseType);
  const row = rowOf(rules, doc.stage);
  const isStaff = caller.role !== 'customer';
  const workflowId = workflowIdOf(about.caseType, doc._id, generation);
  const facts = {
    reason: state.request?.reason ?? about.reason,
    handoverChannel: state.handover?.channel ?? about.handoverChannel,
    noticeSentAt: iso(about.noticeAt),
    defaultAction: doc.dueAt && row ? movesOf(row.onTimeout).join(' or ') : undefined,
    availableMoves: availableMoves(rules, state, caller.role),
    verdict: state.verdict ? verdictOf(state.verdict) : undefined,
    attention: isStaff ? attentionOf(doc) : undefined,
    hold: state.hold ? { reason: state.hold.reason, until: iso(state.hold.until) } : undefined,
    undo: isStaff
      ? state.undo.map(({ step, undo, state: undoState, result }) => ({ step, undo, state: undoState, result }))
      : undefined,
    approval: isStaff ? state.approval : undefined,
    links,
    claim: claimOf(state as unknown as ClaimState),
    compensationsRun: isStaff ? doc.compensationsRun : undefined,
    policy: about.packs.map(({ id, version, sha256 }) => ({ id, version, sha256: isStaff ? sha256 : undefined })),
    temporalUrl: workflowsUrl && isStaff ? `${workflowsUrl}/${encodeURIComponent(workflowId)}` : undefined,
  } satisfies Partial<CaseView>;
  // Assigned: to spread so many fields into one literal takes V8 six times as long.
  const parts = Object.assign(requestOf(doc), goodsOf(doc), moneyOf(doc), clocksOf(doc, isStaff));
  return Object.assign(summaryOf(doc, caller), facts, parts);
}

function attentionOf({ needsAttention, state, about, verbs }: CaseDocument): CaseView['attention'] {
  const { attention, from = '' } = state;
  if (!needsAttention || !attention) return undefined;
  return {
    step: attention.step,
    cause: attention.cause,
    since: iso(attention.since),
    attempts: attention.attempts,
    rung: ladder[attention.rung] ?? 'operations',
    verbs: verbs as never,
    results: [...(rowOf(rulesOf(about.caseType), from)?.results ?? [])],
  };
}

/** What was asked for and offered, and how the goods travel. */
function requestOf({ state }: CaseDocument) {
  const { shipment, request, handover, legs = [], proposal, asked, deduction } = state;
  const current = legs.findLast((leg) => leg.kind === 'return');
  return {
    shipment: shipment ? { trackingNo: shipment.trackingNo, pickupAt: isoIf(shipment.pickupAt) } : undefined,
    request: request && {
      reason: request.reason,
      wantedOutcome: request.wantedOutcome,
      evidenceIds: [...request.evidenceIds],
      consents: [...(request.consents ?? [])],
      edits: request.edits,
    },
    handover: handover && {
      channel: handover.channel,
      pointId: handover.pointId,
      slotId: handover.slotId,
      slotAt: handover.channel === 'door_pickup' ? isoIf(handover.slotAt ?? shipment?.pickupAt) : undefined,
      failedPickups: handover.failed,
      arranged: handover.wish === handover.arranged,
    },
    parcels: legs.map(({ kind, trackingNo, carrier, ours, code, scannedAt, legId }) => ({
      kind,
      trackingNo,
      carrier,
      ours,
      code,
      scannedAt: isoIf(scannedAt),
      replaced: kind === 'return' && legId !== current?.legId,
    })),
    asked: asked && { requestId: asked.requestId, items: [...asked.items] },
    proposal: proposal && { proposalNo: proposal.no, kind: proposal.kind, amountMinor: proposal.amountMinor },
    deduction: deduction && {
      items: deduction.items.map(({ lineId, quantity, amountMinor }) => ({ lineId, quantity, amountMinor })),
      ruleIds: [...deduction.ruleIds],
      declined: deduction.declined,
    },
  };
}

function goodsOf({ state, about }: CaseDocument) {
  // An edited request may name lines that the first one did not.
  const sku = new Map([...about.lines, ...(state.request?.lines ?? [])].map((line) => [line.lineId, line.sku]));
  return {
    lines: state.lines.map(({ lineId, quantity, unitPriceMinor }) => ({
      lineId,
      sku: sku.get(lineId) ?? '',
      quantity,
      unitPriceMinor,
    })),
    goods: state.lots.map(({ lineId, quantity, reception, acceptance, grade, disposition, damaged, waived }) => ({
      lineId,
      quantity,
      reception,
      acceptance,
      grade,
      disposition,
      damaged,
      waived,
    })),
    extras: (state.extras ?? []).map(({ sku: extra, quantity }) => ({ sku: extra, quantity })),
  };
}

function moneyOf({ state }: CaseDocument) {
  return {
    money: state.money.map(({ intent, kind = 'refund', state: moneyState, amountMinor, providerId }) => ({
      intent,
      kind,
      state: moneyState,
      amountMinor,
      providerId,
    })),
    adjustments: (state.adjustments ?? []).map(({ kind, amountMinor, ruleId, lineId }) => ({
      kind,
      amountMinor,
      ruleId,
      lineId,
    })),
    disputes: (state.disputes ?? []).map(({ disputeId, amountMinor, state: disputeState }) => ({
      disputeId,
      amountMinor,
      state: disputeState,
    })),
  };
}

/** Customers read every deadline and why it is as it is; by which name staff waive it, and who did, they do not. */
function clocksOf({ state }: CaseDocument, isStaff: boolean) {
  const { escalation, errands = [] } = state;
  return {
    clocks: state.clocks.map(({ id, stage, ruleId, dueAt, running, pausedAt, unit, pausable, provisional, log }) => ({
      id: isStaff ? id : undefined,
      stage,
      ruleId,
      // The pause will be given back: until it ends there is no date.
      dueAt: running && pausedAt !== undefined ? undefined : iso(dueAt),
      running: running && pausedAt === undefined,
      paused: running && pausedAt !== undefined,
      unit: unit ?? ('elapsed' as const),
      pausable: pausable !== false,
      provisional: provisional === true,
      log: log.map(({ at, what, why }) => ({ at: iso(at), what, why: isStaff || what !== 'waived' ? why : undefined })),
    })),
    timersFired: isStaff ? state.timersFired : undefined,
    silences: state.silences ?? 0,
    escalation: escalation && {
      state: escalation.state,
      level: escalation.level,
      reason: isStaff || !escalation.ours ? escalation.reason : undefined,
      since: iso(escalation.since),
      sponsor: isStaff ? escalation.sponsor : undefined,
    },
    notices: errands.flatMap((errand) =>
      errand.kind === 'notice' ? [{ key: errand.key, name: errand.name, state: errand.state }] : [],
    ),
  };
}

const claimOf = ({ claim }: Partial<ClaimState>): CaseView['claim'] =>
  claim && {
    trackingNo: claim.trackingNo,
    amountMinor: claim.amountMinor,
    chases: claim.chases,
    appealed: claim.appealed,
    paidMinor: claim.paidMinor,
  };
