/**
 * The clocks of a case: the seller's own limits, tightened by whatever a pack demands. The result is pinned in the workflow input.
 */
import { type SlaPolicy } from '../case.ts';
import { type StageLimit } from '../clocks.ts';
import { type PolicyPack, type SlaRule, type Term } from './packs.ts';
import { type Reason } from './verdict.ts';

export const hourMs = 3_600_000;
/** A day as elapsed time is never later than the same day by the calendar: the conservative reading where we are the one who owes. */
const lengthMs = ({ n, unit }: Term): number => (unit === 'hour' ? n * hourMs : n * 24 * hourMs);

const boundStage: Record<SlaRule['awaiting'], string> = {
  merchant_decision: 'under_review',
  return_shipment: 'awaiting_handover',
  return_confirmation: 'received',
};

/** Tightens the seller's limits by platform timers and by the statutory refund clock, which runs from the receipt of the goods. */
export function slaFor(base: SlaPolicy, packs: readonly PolicyPack[], reason: Reason): SlaPolicy {
  const demands = packs.flatMap((pack) =>
    pack.rules.flatMap((rule) => {
      if (rule.kind === 'sla') return [{ stage: boundStage[rule.awaiting], ruleId: rule.id, limitMs: lengthMs(rule.due) }];
      if (rule.kind === 'refund' && rule.reasons.includes(reason) && rule.due.from === 'return_received')
        return [{ stage: 'received', ruleId: rule.id, limitMs: lengthMs(rule.due) }];
      return [];
    }),
  );
  const stages: Record<string, StageLimit> = { ...base.stages };
  for (const { stage, ruleId, limitMs } of demands) {
    const now = stages[stage];
    if (now && limitMs <= now.limitMs) stages[stage] = { ...now, limitMs, ruleId };
  }
  const [statutory] = demands
    .filter(({ stage, ruleId }) => stage === 'received' && isRefundRule(packs, ruleId))
    .sort((a, b) => a.limitMs - b.limitMs);
  const trigger = packs.flatMap((pack) => pack.rules).findLast((rule) => rule.kind === 'refund_trigger');
  return {
    ...base,
    stages,
    ...(statutory ? { statutory: { limitMs: statutory.limitMs, ruleId: statutory.ruleId } } : {}),
    ...(trigger ? { refund: { trigger: trigger.trigger, maxMinor: trigger.maxMinor, ruleId: trigger.id } } : {}),
  };
}

const isRefundRule = (packs: readonly PolicyPack[], ruleId: string): boolean =>
  packs.some((pack) => pack.rules.some((rule) => rule.id === ruleId && rule.kind === 'refund'));
