/** What people send: the body of each command, and what opens a case. One row a command: the API makes its route and its documentation from it. */
import { z } from 'zod';
import { attentionVerbs } from '../domain/case.ts';
import { escalationReasons, holdReasons, linkKinds } from '../domain/commands.ts';
import { conditions, dispositions, grades } from '../domain/goods.ts';
import type { CommandName } from '../domain/permissions.ts';
import { reasons } from '../domain/policy/verdict.ts';
import { consents, handoverChannels, proposalKinds, wantedOutcomes } from '../domain/return-state.ts';
import { returnMoves } from '../domain/return-table.ts';
import { freeText, id, instant, quantity } from './fields.ts';

const reason = freeText(2_000)
  .meta({ example: 'As agreed on the phone.' })
  .describe('In words, for people; kept apart and erasable.');
const units = <Fields extends z.ZodRawShape>(fields: Fields, least = 1) =>
  z
    .array(z.strictObject({ lineId: id, quantity, ...fields }))
    .min(least)
    .max(200);

const evidenceIds = z.array(id).max(50);
const lines = z
  .array(z.strictObject({ lineId: id, quantity }))
  .min(1)
  .max(200)
  .refine((all) => new Set(all.map((line) => line.lineId)).size === all.length, 'each line once');

const atTheDoor = (body: { handoverChannel: string }) => body.handoverChannel === 'door_pickup';
const atAPoint = (body: { handoverChannel: string }) => ['drop_off', 'locker'].includes(body.handoverChannel);

export const openCaseBody = z
  .strictObject({
    type: z.literal('return').default('return'),
    orderId: id,
    lines,
    reason: z.enum(reasons),
    wantedOutcome: z.enum(wantedOutcomes).default('refund'),
    evidenceIds: evidenceIds.default([]),
    consents: z
      .array(z.enum(consents))
      .max(5)
      .default([])
      .describe('`claw_back`: an advance on the refund may be taken back if the goods give no right to it.'),
    handoverChannel: z.enum(handoverChannels).default('door_pickup'),
    pointId: id.optional().describe('With drop_off or locker: which one.'),
    slotId: id.optional().describe('With door_pickup: which slot; without it the first free one.'),
    addressId: id.optional().describe('With door_pickup: where, as a reference of the shop.'),
    language: z.enum(['zh-CN', 'en']).optional().describe("Of what the customer is told; else the order's."),
    noticeSentAt: instant
      .optional()
      .describe('Staff and services only: when the customer sent the notice, if not now. Counts for every window.'),
  })
  .refine((body) => body.pointId === undefined || atAPoint(body), { path: ['pointId'], message: 'only with drop_off or locker' })
  .refine((body) => body.slotId === undefined || atTheDoor(body), { path: ['slotId'], message: 'only with door_pickup' })
  .refine((body) => body.addressId === undefined || atTheDoor(body), { path: ['addressId'], message: 'only with door_pickup' });
export type OpenCaseBody = z.infer<typeof openCaseBody>;

const toldWhy = (body: { verb: string; reason?: string }) => body.verb === 'retry' || body.reason !== undefined;
/** What can be asked of a customer: stored words, so that the request can be put into the customer's language. */
const evidenceItems = [
  'photo_of_fault',
  'photo_of_package',
  'video',
  'serial_no',
  'proof_of_dispatch',
  'description',
  'other',
] as const;
const citesRules = (body: { verdict: string; ruleIds: string[]; reason?: string }) =>
  body.verdict !== 'refuse' || (body.ruleIds.length > 0 && body.reason !== undefined);

const amountMinor = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const noSlotElsewhere = (body: { channel: string; pointId?: string }) =>
  body.pointId === undefined || body.channel === 'drop_off' || body.channel === 'locker';

/** The payload of each command. A field `reason` or `note` is free text. */
export const commandBodies = {
  edit_request: z
    .strictObject({
      lines: lines.optional(),
      reason: z.enum(reasons).optional(),
      wantedOutcome: z.enum(wantedOutcomes).optional(),
    })
    .refine((body) => Object.values(body).some((value) => value !== undefined), 'say what changes'),
  decide_request: z
    .strictObject({
      verdict: z.enum(['accept', 'accept_without_return', 'refuse']),
      ruleIds: z.array(id).max(20).default([]),
      reason: reason.optional(),
    })
    .refine(citesRules, { path: ['ruleIds'], message: 'a refusal cites at least one rule and says why' }),
  request_evidence: z.strictObject({ items: z.array(z.enum(evidenceItems)).min(1).max(10), reason: reason.optional() }),
  submit_evidence: z
    .strictObject({ evidenceIds: evidenceIds.default([]), reason: reason.optional() })
    .refine(({ evidenceIds: ids, reason: words }) => ids.length > 0 || words !== undefined, 'send evidence or an answer'),
  propose: z
    .strictObject({
      kind: z.enum(proposalKinds),
      amountMinor: amountMinor.optional().describe('price_reduction: what the customer gets for keeping the goods.'),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/)
        .optional(),
      reason: reason.optional(),
    })
    .refine(({ kind, amountMinor: amount }) => (kind === 'price_reduction') === (amount !== undefined), {
      path: ['amountMinor'],
      message: 'a price reduction names its amount, nothing else does',
    }),
  answer_proposal: z.strictObject({
    answer: z.enum(['accept', 'decline']),
    proposalNo: z.int().min(1).max(1_000).optional(),
    reason: reason.optional(),
  }),
  choose_channel: z
    .strictObject({ channel: z.enum(handoverChannels), pointId: id.optional() })
    .refine(noSlotElsewhere, { path: ['pointId'], message: 'only with drop_off or locker' }),
  book_pickup: z.strictObject({ slotId: id.optional(), addressId: id.optional() }),
  reschedule_pickup: z.strictObject({ slotId: id }),
  cancel_pickup: z.strictObject({}),
  withdraw_case: z.strictObject({ reason: reason.optional() }),
  cancel_case: z.strictObject({ reason }),
  submit_tracking: z.strictObject({ carrier: id, trackingNo: id }),
  record_reception: z
    .strictObject({
      parcelId: id.describe('As the dock names the parcel: its tracking number, or a label of its own.'),
      scanNo: z
        .int()
        .min(1)
        .max(1_000)
        .default(1)
        .describe('Counts the scans of one parcel. The same scan with the same units is a repeat; with others it is refused.'),
      units: units({ condition: z.enum(conditions).default('received') }, 0).default([]),
      extras: z
        .array(z.strictObject({ sku: id, quantity }))
        .min(1)
        .max(50)
        .optional()
        .describe('Goods that nobody announced; outside the counts, with a task for a person. Alone they move no case.'),
    })
    .refine(({ units: counted, extras }) => counted.length > 0 || extras !== undefined, {
      path: ['units'],
      message: 'say what was in the parcel',
    }),
  record_inspection: z.strictObject({ units: units({ grade: z.enum(grades), disposition: z.enum(dispositions) }) }),
  settle_discrepancy: z
    .strictObject({
      decision: z.enum(['waive', 'deduct', 'refuse_goods']),
      deductions: z
        .array(z.strictObject({ lineId: id, quantity, amountMinor }))
        .min(1)
        .max(200)
        .optional()
        .describe(
          'With deduct: what is kept, by line. Absent: all that is not in order, at its price. What is neither in order nor kept is let pass, and agents let pass no more than the waiver limit.',
        ),
      ruleIds: z.array(id).max(20).default([]),
      reason: reason.optional(),
    })
    .refine(({ decision, reason: words }) => decision === 'waive' || words !== undefined, {
      path: ['reason'],
      message: 'say why not everything is paid',
    })
    .refine(({ decision, ruleIds }) => decision === 'waive' || ruleIds.length > 0, {
      path: ['ruleIds'],
      message: 'cite at least one rule by which not everything is paid',
    })
    .refine(({ decision, deductions }) => decision === 'deduct' || deductions === undefined, {
      path: ['deductions'],
      message: 'only with deduct',
    }),
  declare_lost: z.strictObject({ reason: reason.optional(), proofIds: z.array(id).max(20).optional() }),
  choose_remedy: z.strictObject({ remedy: z.enum(['reship', 'refund']) }),
  pay_balance: z.strictObject({ proofIds: z.array(id).min(1).max(20), reason: reason.optional() }),
  write_off: z.strictObject({ reason }),
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
  link_case: z.strictObject({ otherId: id, kind: z.enum(linkKinds) }),
  add_note: z.strictObject({ note: reason }),
  send_message: z.strictObject({ note: reason }),
  request_escalation: z.strictObject({ cause: z.enum(escalationReasons), reason: reason.optional() }),
  decide_escalation: z.strictObject({ verdict: z.enum(['grant', 'decline']), sponsor: id.optional(), reason: reason.optional() }),
  de_escalate: z.strictObject({ reason: reason.optional() }),
  waive_breach: z.strictObject({ clockId: z.string().regex(/^[a-z_]+#\d{1,9}$/), reason }),
} as const satisfies Record<CommandName, z.ZodType>;

/** `record_reception` in a path: `record-reception`. */
export const pathOf = (name: CommandName): string => name.replaceAll('_', '-');

/** Going on with a case that has ended. */
export const appealBody = z.strictObject({ reason });
export const reopenBody = z.strictObject({
  cause: z.enum(['same_fault', 'wrong_decision', 'money_missing', 'parcel_found', 'other']),
  entry: z.enum(['decision', 'money', 'goods']).default('decision').describe('Where the case goes on: review, refund or dock.'),
  reason: reason.optional(),
});
