/** The words of a policy decision that a case carries with it; the whole decision is decide.ts. */
export const reasons = [
  'no_reason',
  'quality',
  'not_as_described',
  'wrong_or_missing',
  'transit_damage',
  'not_received',
] as const;
export type Reason = (typeof reasons)[number];

export const payers = ['consumer', 'merchant', 'platform'] as const;
export type Payer = (typeof payers)[number];

export interface Verdict {
  readonly verdict: 'accepted' | 'accepted_without_return' | 'referred' | 'refused' | 'outbound_missing';
  readonly reason: Reason;
  /** Every rule that grants, refuses or refers; a refusal cites at least one. */
  readonly ruleIds: readonly string[];
  /** Why a person must look, or why it was refused: codes, for people and programs. */
  readonly because: readonly string[];
  /** End of the widest open window, epoch ms, exclusive. */
  readonly windowEndsAt?: number;
  readonly freight: Payer;
  /** What the seller keeps of the refund, each by its rule; minor units. */
  readonly fees?: readonly { readonly ruleId: string; readonly amountMinor: number }[];
}
