/** The search attributes a case sets: what managers filter by in the Temporal UI. Clear text for everyone, so nothing personal. */
import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributeUpdatePair } from '@temporalio/common';
import { dueAtOf } from '../domain/deadlines.ts';
import { ownerOf, type AnyRules, type CaseState } from '../domain/case.ts';

export const MerchantId = defineSearchAttributeKey('MerchantId', SearchAttributeType.KEYWORD);
export const CaseType = defineSearchAttributeKey('CaseType', SearchAttributeType.KEYWORD);
export const CaseStage = defineSearchAttributeKey('CaseStage', SearchAttributeType.KEYWORD);
/** A keyed hash of the customer's id: it finds a customer's cases and names nobody. */
export const CustomerRef = defineSearchAttributeKey('CustomerRef', SearchAttributeType.KEYWORD);
export const OrderId = defineSearchAttributeKey('OrderId', SearchAttributeType.KEYWORD);
/** Whom the case waits for. */
const Team = defineSearchAttributeKey('Team', SearchAttributeType.KEYWORD);
/** The step that failed. */
const AttentionReason = defineSearchAttributeKey('AttentionReason', SearchAttributeType.KEYWORD);
export const NeedsAttention = defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL);
const SlaDueAt = defineSearchAttributeKey('SlaDueAt', SearchAttributeType.DATETIME);

export interface Attributes {
  readonly CaseStage: string;
  readonly Team: string;
  readonly dueAt?: number;
  readonly NeedsAttention: boolean;
  readonly AttentionReason?: string;
  /** What to upsert; what concerns needs-attention only where that differs from what is shown. */
  pairs(needsAttentionShown: boolean): SearchAttributeUpdatePair[];
}

export function attributesOf(rules: AnyRules, state: CaseState): Attributes {
  const parked = state.stage === 'needs_attention';
  const next = {
    CaseStage: state.stage,
    Team: ownerOf(rules, state),
    dueAt: dueAtOf(state),
    NeedsAttention: parked,
    AttentionReason: parked ? state.attention?.step : undefined,
  };
  return { ...next, pairs: (needsAttentionShown) => pairs(next, needsAttentionShown) };
}

type Told = Omit<Attributes, 'pairs'>;

export const sameAttributes = (a: Told | undefined, b: Told): boolean =>
  a?.CaseStage === b.CaseStage && a.Team === b.Team && a.dueAt === b.dueAt && a.AttentionReason === b.AttentionReason;

function pairs(next: Told, needsAttentionShown: boolean): SearchAttributeUpdatePair[] {
  const all: SearchAttributeUpdatePair[] = [
    { key: CaseStage, value: next.CaseStage },
    { key: Team, value: next.Team },
    { key: SlaDueAt, value: next.dueAt === undefined ? null : new Date(next.dueAt) },
  ];
  if (needsAttentionShown === next.NeedsAttention) return all;
  return [
    ...all,
    { key: NeedsAttention, value: next.NeedsAttention },
    { key: AttentionReason, value: next.AttentionReason ?? null },
  ];
}
