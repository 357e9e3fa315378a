/** The shape of the files under policies/: packs of rules with citations, and the seller's own limits for each stage. */
import { z } from 'zod';
import { refundTriggers, type SlaPolicy } from '../domain/case.ts';
import type { StageLimit } from '../domain/clocks.ts';
import { layers, type PolicyPack } from '../domain/policy/packs.ts';
import { hourMs } from '../domain/policy/sla.ts';
import { payers, reasons } from '../domain/policy/verdict.ts';

export const cite = z.strictObject({
  law: z.string().min(1),
  article: z.string().min(1),
  checked: z.iso.date(),
  confidence: z.enum(['primary', 'secondary', 'general', 'own']),
});
const term = z.strictObject({
  n: z.int().positive(),
  unit: z.enum(['hour', 'calendar_day']),
  from: z.enum(['delivered', 'notice_sent', 'return_agreed', 'return_shipped', 'return_received']),
});
const base = { id: z.string().regex(/^[a-z0-9]+(\.[a-z0-9_/]+)+$/i), cite: z.array(cite).min(1) };
const forReasons = { reasons: z.array(z.enum(reasons)) };

const rule = z.discriminatedUnion('kind', [
  z.strictObject({ ...base, ...forReasons, kind: z.literal('window'), within: term }),
  z.strictObject({
    ...base,
    kind: z.literal('exclusion'),
    removes: z.array(z.enum(reasons)).min(1),
    categories: z.array(z.string()).min(1),
    because: z.string().min(1),
  }),
  z.strictObject({ ...base, ...forReasons, kind: z.literal('freight'), payer: z.enum(payers) }),
  z.strictObject({ ...base, ...forReasons, kind: z.literal('refund'), due: term }),
  z.strictObject({
    ...base,
    ...forReasons,
    kind: z.literal('review'),
    fromMinor: z.int().nonnegative().optional(),
    because: z.string().min(1),
  }),
  z.strictObject({
    ...base,
    kind: z.literal('sla'),
    awaiting: z.enum(['merchant_decision', 'return_shipment', 'return_confirmation']),
    due: term,
  }),
  z.strictObject({ ...base, kind: z.literal('appeal') }),
  z.strictObject({ ...base, ...forReasons, kind: z.literal('fee'), amountMinor: z.int().positive(), because: z.string().min(1) }),
  z.strictObject({ ...base, kind: z.literal('refund_trigger'), trigger: z.enum(refundTriggers), maxMinor: z.int().positive() }),
]);

export const policyPackSchema = z.strictObject({
  id: z.string().min(1),
  version: z.string().min(1),
  layer: z.enum(layers),
  jurisdiction: z.string().min(1),
  platform: z.string().optional(),
  timezone: z.string().min(1),
  contractFrom: z.iso.date(),
  contractTo: z.iso.date().optional(),
  production: z.boolean(),
  rules: z.array(rule).min(1),
}) satisfies z.ZodType<PolicyPack>;

const hours = z.number().positive();
const minor = z.int().nonnegative();
const stageLimit = z.strictObject({
  limitHours: hours,
  warnHours: z.array(hours),
  ruleId: z.string().min(1),
  unit: z.literal('working').optional(),
  warnUnit: z.literal('working').optional(),
  pausable: z.boolean().optional(),
  capHours: hours.optional(),
  againHours: hours.optional(),
});
export const slaFileSchema = z.strictObject({
  id: z.string().min(1),
  version: z.string().min(1),
  holdHours: hours,
  stages: z.record(z.string(), stageLimit),
  steps: z.strictObject({ firstRetrySeconds: hours, maxRetrySeconds: hours, limitHours: z.record(z.string(), hours) }),
  escalation: z.strictObject({ decideHours: hours, raiseHours: z.array(hours), progressHours: hours }).optional(),
  limits: z
    .strictObject({
      agentAcceptMinor: minor,
      waiveMinor: minor,
      writeOffMinor: minor,
      fourEyesMinor: minor,
      returnlessMinor: minor,
    })
    .optional(),
});
type SlaFile = z.infer<typeof slaFileSchema>;

/** The file's hours and seconds as the milliseconds that a case pins. */
export function slaPolicyOf({ holdHours, stages, steps, escalation, limits }: SlaFile): SlaPolicy {
  return {
    holdMs: holdHours * hourMs,
    stages: Object.fromEntries(Object.entries(stages).map(([stage, limit]) => [stage, limitOf(limit)])),
    steps: {
      firstRetryMs: steps.firstRetrySeconds * 1_000,
      maxRetryMs: steps.maxRetrySeconds * 1_000,
      limitMs: Object.fromEntries(Object.entries(steps.limitHours).map(([step, limit]) => [step, limit * hourMs])),
    },
    ...(escalation
      ? {
          escalation: {
            decideMs: escalation.decideHours * hourMs,
            raiseMs: escalation.raiseHours.map((hour) => hour * hourMs),
            progressMs: escalation.progressHours * hourMs,
          },
        }
      : {}),
    ...(limits ? { limits } : {}),
  };
}

function limitOf({ limitHours, warnHours, capHours, againHours, ...rest }: SlaFile['stages'][string]): StageLimit {
  return {
    ...rest,
    limitMs: limitHours * hourMs,
    warnMs: warnHours.map((hour) => hour * hourMs),
    ...(capHours === undefined ? {} : { capMs: capHours * hourMs }),
    ...(againHours === undefined ? {} : { againMs: againHours * hourMs }),
  };
}
