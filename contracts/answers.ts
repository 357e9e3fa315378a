/** What the API answers: cases, timelines and problems, as people and programs read them. Instants are ISO-8601 UTC, money is in minor units. */
import { z } from 'zod';
import { attentionVerbs } from '../domain/case.ts';
import { commandNames } from '../domain/permissions.ts';
import { payers, reasons } from '../domain/policy/verdict.ts';
import { returnStages } from '../domain/return.ts';
import { owners } from '../domain/stage-table.ts';

const instant = z.string().meta({ format: 'date-time' });
const moves = z.array(z.enum(commandNames as [string, ...string[]]));
const stage = z.enum(returnStages);

export const verdictView = z.object({
  verdict: z.enum(['accepted', 'referred', 'refused']),
  reason: z.enum(reasons),
  ruleIds: z.array(z.string()),
  because: z.array(z.string()),
  windowEndsAt: instant.optional(),
  freight: z.enum(payers),
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
  type: z.literal('return'),
  rmaNo: z.string(),
  orderId: z.string(),
  customerId: z.string(),
  stage,
  owner: z.enum(owners),
  needsAttention: z.boolean(),
  dueAt: instant.optional(),
  openedAt: instant,
  updatedAt: instant,
  revision: z.int(),
  unitsRequested: z.int(),
  unitsReceived: z.int(),
  refundedMinor: z.int(),
  currency: z.string(),
  assignee: z.string().optional(),
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
      .optional(),
    hold: z.object({ reason: z.string(), until: instant }).optional(),
    shipment: z.object({ trackingNo: z.string(), pickupAt: instant.optional() }).optional(),
    lines: z.array(z.object({ lineId: z.string(), sku: z.string(), quantity: z.int(), unitPriceMinor: z.int() })),
    goods: z.array(
      z.object({
        lineId: z.string(),
        quantity: z.int(),
        reception: z.string(),
        acceptance: z.string().optional(),
        grade: z.string().optional(),
        disposition: z.string().optional(),
      }),
    ),
    money: z.array(z.object({ intent: z.string(), state: z.string(), amountMinor: z.int(), providerId: z.string().optional() })),
    undo: z.array(z.object({ step: z.string(), undo: z.string(), state: z.string(), result: z.string().optional() })),
    clocks: z.array(
      z.object({
        id: z.string(),
        stage: z.string(),
        ruleId: z.string(),
        dueAt: instant,
        running: z.boolean(),
        log: z.array(z.object({ at: instant, what: z.string(), why: z.string().optional() })),
      }),
    ),
    timersFired: z.int(),
    compensationsRun: z.int(),
    policy: z.array(z.object({ id: z.string(), version: z.string(), sha256: z.string() })),
    temporalUrl: z.string().optional().describe('Staff only: the case in the Temporal UI.'),
  })
  .meta({ id: 'Case' });

export const casePageView = z
  .object({ cases: z.array(caseSummaryView), nextCursor: z.string().optional() })
  .meta({ id: 'CasePage' });

export const timelineRowView = z.object({
  seq: z.int(),
  at: instant,
  event: z.string(),
  stage,
  by: z.object({ id: z.string(), role: z.string() }),
  occurredAt: instant.optional(),
  step: z.string().optional(),
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
