/** What people send: the body of each command, and what opens a case. One row a command: the API makes its route and its documentation from it. */
import { z } from 'zod';
import { attentionVerbs } from '../domain/case.ts';
import { holdReasons } from '../domain/commands.ts';
import { conditions, dispositions, grades } from '../domain/goods.ts';
import type { CommandName } from '../domain/permissions.ts';
import { reasons } from '../domain/policy/verdict.ts';
import { handoverChannels, returnMoves } from '../domain/return.ts';
import { freeText, id, instant, quantity } from './fields.ts';

const reason = freeText(2_000).describe('In words, for people; kept apart and erasable.');
const units = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z
    .array(z.strictObject({ lineId: id, quantity, ...fields }))
    .min(1)
    .max(200);

export const openCaseBody = z.strictObject({
  type: z.literal('return').default('return'),
  orderId: id,
  lines: z
    .array(z.strictObject({ lineId: id, quantity }))
    .min(1)
    .max(200)
    .refine((lines) => new Set(lines.map((line) => line.lineId)).size === lines.length, 'each line once'),
  reason: z.enum(reasons),
  handoverChannel: z.enum(handoverChannels).default('door_pickup'),
  noticeSentAt: instant
    .optional()
    .describe('Staff and services only: when the customer sent the notice, if not now. Counts for every window.'),
});
export type OpenCaseBody = z.infer<typeof openCaseBody>;

const toldWhy = (body: { verb: string; reason?: string }) => body.verb === 'retry' || body.reason !== undefined;
const citesRules = (body: { verdict: string; ruleIds: string[]; reason?: string }) =>
  body.verdict === 'accept' || (body.ruleIds.length > 0 && body.reason !== undefined);

/** The payload of each command. A field `reason` or `note` is free text. */
export const commandBodies = {
  decide_request: z
    .strictObject({ verdict: z.enum(['accept', 'refuse']), ruleIds: z.array(id).max(20).default([]), reason: reason.optional() })
    .refine(citesRules, { path: ['ruleIds'], message: 'a refusal cites at least one rule and says why' }),
  withdraw_case: z.strictObject({ reason: reason.optional() }),
  cancel_case: z.strictObject({ reason }),
  submit_tracking: z.strictObject({ carrier: id, trackingNo: id }),
  record_reception: z.strictObject({
    parcelId: id,
    scanNo: z.int().min(1).max(1_000).default(1),
    units: units({ condition: z.enum(conditions).default('received') }),
  }),
  record_inspection: z.strictObject({ units: units({ grade: z.enum(grades), disposition: z.enum(dispositions) }) }),
  resolve_attention: z
    .strictObject({
      verb: z.enum(attentionVerbs),
      result: z.enum(returnMoves).optional().describe('With override: the move put in the place of the failed step.'),
      reason: reason.optional(),
      proofIds: z.array(id).max(20).optional().describe('Needed where the result moves money.'),
    })
    .refine(toldWhy, { path: ['reason'], message: 'every verb but retry needs a reason' })
    .refine(({ verb, result }) => result === undefined || verb === 'override', {
      path: ['result'],
      message: 'only with override',
    }),
  hold_case: z.strictObject({ reason: z.enum(holdReasons), until: instant.optional() }),
  resume_case: z.strictObject({}),
  assign_case: z.strictObject({ assignee: id }),
  add_note: z.strictObject({ note: reason }),
} as const satisfies Record<CommandName, z.ZodType>;

/** `record_reception` in a path: `record-reception`. */
export const pathOf = (name: CommandName): string => name.replaceAll('_', '-');
