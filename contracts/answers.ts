/** What the API answers: cases, timelines and problems, as people and programs read them. Instants are ISO-8601 UTC, money is in minor units. */
import { z } from 'zod';
import { attentionVerbs } from '../domain/case.ts';
import { allStages, caseTypes } from '../domain/case-types.ts';
import { commandNames } from '../domain/permissions.ts';
import { payers, reasons } from '../domain/policy/verdict.ts';
import { owners } from '../domain/stage-table.ts';

const instant = z.string().meta({ format: 'date-time' });
const moves = z.array(z.enum(commandNames as [string, ...string[]]));
const stage = z.enum(allStages);

export const verdictView = z.object({
  verdict: z.enum(['accepted', 'accepted_without_return', 'referred', 'refused', 'outbound_missing']),
  reason: z.enum(reasons),
  ruleIds: z.array(z.string()),
  because: z.array(z.string()),
  windowEndsAt: instant.optional(),
  freight: z.enum(payers),
  fees: z.array(z.object({ ruleId: z.string(), amountMinor: z.int() })).optional(),
});

/** The answer to an accepted command. */
export const receiptView = z
  .object({
    caseId: z.string(),
    revision: z.int(),
    stage,
    availableMoves: moves,
    dueAt: instant.optional(),
    /** False: the reading side is behind, since MongoDB did not answer in time. */
    projected: z.boolean(),
  })
  .meta({ id: 'Receipt' });
export const openedView = receiptView.extend({ rmaNo: z.string(), verdict: verdictView.optional() }).meta({ id: 'Opened' });

export const pendingView = z
  .object({
    status: z.literal('pending'),
    caseId: z.string(),
    commandId: z.string(),
    detail: z.string(),
  })
  .meta({ id: 'Pending' });

export const caseSummaryView = z.object({
  caseId: z.string(),
  type: z.enum(caseTypes as [string, ...string[]]),
  rmaNo: z.string(),
  orderId: z.string(),
  customerId: z.string(),
  stage,
  owner: z.enum(owners),
  open: z.boolean(),
  needsAttention: z.boolean(),
  escalated: z.boolean(),
  escalationLevel: z.int().optional(),
  /** Counts how often the case was opened anew, from 1. */
  generation: z.int(),
  dueAt: instant.optional(),
  openedAt: instant,
  updatedAt: instant,
  revision: z.int(),
  unitsRequested: z.int(),
  unitsReceived: z.int(),
  refundedMinor: z.int(),
  currency: z.string(),
  assignee: z.string().optional().describe('Staff only: who works on it.'),
});

export const caseView = caseSummaryView
  .extend({
    reason: z.enum(reasons),
    handoverChannel: z.string(),
    noticeSentAt: instant,
    defaultAction: z.string().optional().describe('What is done if nobody acts by `dueAt`.'),
    availableMoves: moves,
    verdict: verdictView.optional(),
    attention: z
      .object({
        step: z.string(),
        cause: z.string(),
        since: instant,
        attempts: z.int(),
        rung: z.string(),
        verbs: z.array(z.enum(attentionVerbs)),
        results: z.array(z.string()),
      })
      .optional()
      .describe('Staff only: why a person is needed, and what may be done.'),
    hold: z.object({ reason: z.string(), until: instant }).optional(),
    shipment: z.object({ trackingNo: z.string(), pickupAt: instant.optional() }).optional(),
    request: z
      .object({
        reason: z.string(),
        wantedOutcome: z.string(),
        evidenceIds: z.array(z.string()),
        consents: z.array(z.string()),
        edits: z.int(),
      })
      .optional(),
    handover: z
      .object({
        channel: z.string(),
        pointId: z.string().optional(),
        slotId: z.string().optional(),
        slotAt: instant.optional(),
        failedPickups: z.int(),
        arranged: z.boolean().describe('False: the carrier has not said yes to the newest wish.'),
      })
      .optional(),
    parcels: z.array(
      z.object({
        kind: z.string(),
        trackingNo: z.string(),
        carrier: z.string().optional(),
        ours: z.boolean(),
        code: z.string().optional(),
        scannedAt: instant.optional(),
        replaced: z.boolean(),
      }),
    ),
    asked: z.object({ requestId: z.string(), items: z.array(z.string()) }).optional(),
    proposal: z.object({ proposalNo: z.int(), kind: z.string(), amountMinor: z.int().optional() }).optional(),
    deduction: z
      .object({
        items: z.array(z.object({ lineId: z.string(), quantity: z.int(), amountMinor: z.int() })),
        ruleIds: z.array(z.string()),
        declined: z.int(),
      })
      .optional(),
    adjustments: z
      .array(z.object({ kind: z.string(), amountMinor: z.int(), ruleId: z.string(), lineId: z.string().optional() }))
      .describe('What changes the refund beside the price of units: fees, deductions, freight, price reductions.'),
    disputes: z.array(z.object({ disputeId: z.string(), amountMinor: z.int(), state: z.string() })),
    extras: z.array(z.object({ sku: z.string(), quantity: z.int() })),
    links: z
      .array(z.object({ otherId: z.string(), kind: z.string() }))
      .describe('Customers: only cases of their own from which this one goes on.'),
    escalation: z
      .object({
        state: z.string(),
        level: z.int(),
        reason: z.string().optional().describe('Of one that staff asked for, staff only.'),
        since: instant,
        sponsor: z.string().optional().describe('Staff only.'),
      })
      .optional(),
    approval: z
      .object({ by: z.string(), what: z.string() })
      .optional()
      .describe('Staff only: the first of two people has agreed; another one must agree as well.'),
    notices: z
      .array(z.object({ key: z.string(), name: z.string(), state: z.string() }))
      .describe('What the customer was told, newest last.'),
    claim: z
      .object({
        trackingNo: z.string(),
        amountMinor: z.int(),
        chases: z.int(),
        appealed: z.boolean(),
        paidMinor: z.int().optional(),
      })
      .optional()
      .describe('Of a claim on the carrier.'),
    silences: z.int().describe('Waits that ended because nobody answered.'),
    lines: z.array(z.object({ lineId: z.string(), sku: z.string(), quantity: z.int(), unitPriceMinor: z.int() })),
    goods: z.array(
      z.object({
        lineId: z.string(),
        quantity: z.int(),
        reception: z.string(),
        acceptance: z.string().optional(),
        grade: z.string().optional(),
        disposition: z.string().optional(),
        damaged: z.boolean().optional(),
        waived: z.boolean().optional(),
      }),
    ),
    money: z.array(
      z.object({
        intent: z.string(),
        kind: z.string(),
        state: z.string(),
        amountMinor: z.int(),
        providerId: z.string().optional(),
      }),
    ),
    undo: z
      .array(z.object({ step: z.string(), undo: z.string(), state: z.string(), result: z.string().optional() }))
      .optional()
      .describe('Staff only: what was set in motion, and how it is taken back.'),
    clocks: z.array(
      z.object({
        id: z.string().optional().describe('Staff only: by which a breach is waived.'),
        stage: z.string(),
        ruleId: z.string(),
        dueAt: instant.optional().describe('Absent while it is paused.'),
        running: z.boolean(),
        paused: z.boolean().describe('Stands still while the case is held or the customer is asked; the time is given back.'),
        unit: z.enum(['elapsed', 'working']),
        pausable: z.boolean(),
        provisional: z.boolean().describe('The calendar knows nothing of that day yet: the earliest it can be.'),
        log: z.array(z.object({ at: instant, what: z.string(), why: z.string().optional() })),
      }),
    ),
    timersFired: z.int().optional().describe('Staff only.'),
    compensationsRun: z.int().optional().describe('Staff only.'),
    policy: z.array(z.object({ id: z.string(), version: z.string(), sha256: z.string().optional().describe('Staff only.') })),
    temporalUrl: z.string().optional().describe('Staff only: the case in the Temporal UI.'),
  })
  .meta({ id: 'Case' });

export const casePageView = z
  .object({ cases: z.array(caseSummaryView), nextCursor: z.string().optional() })
  .meta({ id: 'CasePage' });

export const caseCountsView = z
  .object({
    stages: z.record(z.string(), z.int()).describe('Cases in each stage, ended ones too; a stage without cases is missing.'),
    open: z.int(),
    needsAttention: z.int(),
    escalated: z.int(),
    overdue: z.int().describe('Open cases whose deadline has passed.'),
  })
  .meta({ id: 'CaseCounts' });

export const timelineRowView = z.object({
  seq: z.int(),
  at: instant,
  event: z.string(),
  stage,
  by: z.object({ id: z.string(), role: z.string() }),
  occurredAt: instant.optional(),
  step: z.string().optional(),
  trackingNo: z.string().optional().describe('The parcel it is about.'),
  money: z.string().optional().describe('The line of money it is about, by its intent.'),
  errand: z.string().optional().describe('The notice or other errand it is about, by its key.'),
  cause: z.string().optional(),
  result: z.string().optional(),
  ruleIds: z.array(z.string()).optional(),
  text: z.string().optional(),
});
export const timelineView = z
  .object({ rows: z.array(timelineRowView), nextCursor: z.string().optional() })
  .meta({ id: 'Timeline' });

/** RFC 9457, with a stable `code`. */
export const problemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    requestId: z.string(),
    fields: z.array(z.object({ pointer: z.string(), code: z.string(), message: z.string() })).optional(),
    availableMoves: moves.optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemView>;

export const reopenedView = receiptView.extend({ generation: z.int() }).meta({ id: 'Reopened' });
export const rebuiltView = z.object({ caseId: z.string(), revision: z.int(), stage }).meta({ id: 'Rebuilt' });
export const slotsView = z
  .object({ slots: z.array(z.object({ slotId: z.string(), startsAt: instant, endsAt: instant })) })
  .meta({ id: 'Slots' });
export const pointsView = z
  .object({ points: z.array(z.object({ pointId: z.string(), name: z.string(), kind: z.string(), address: z.string() })) })
  .meta({ id: 'Points' });
