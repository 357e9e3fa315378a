/** A request as the policy sees it: one kettle, delivered long enough ago for a test to say when. */
import type { Facts } from '../../../domain/policy/decide.ts';
import type { PolicyPack, Rule } from '../../../domain/policy/packs.ts';
import type { Reason } from '../../../domain/policy/verdict.ts';

export const at = (iso: string): number => Date.parse(iso);

export interface FactChanges {
  readonly jurisdiction?: string;
  readonly platform?: string;
  readonly placedAt?: string;
  /** Null: not delivered yet. */
  readonly deliveredAt?: string | null;
  readonly noticeAt?: string | number;
  readonly reason?: Reason;
  /** Category and value in minor units of each line; all of it is asked for. */
  readonly lines?: readonly { readonly category: string; readonly minor: number }[];
}

export function factsOf({
  jurisdiction = 'GB',
  platform,
  placedAt = '2026-11-01T12:00:00Z',
  deliveredAt = '2026-11-03T10:00:00Z',
  noticeAt = '2026-11-05T10:00:00Z',
  reason = 'no_reason',
  lines = [{ category: 'home_appliance', minor: 1_500 }],
}: FactChanges = {}): Facts {
  const bought = lines.map(({ category, minor }, index) => ({
    lineId: `${index + 1}`,
    category,
    quantity: 1,
    unitPriceMinor: minor,
  }));
  const notice = typeof noticeAt === 'number' ? noticeAt : at(noticeAt);
  return {
    asOf: notice,
    jurisdiction,
    platform,
    order: { placedAt: at(placedAt), deliveredAt: deliveredAt === null ? undefined : at(deliveredAt), lines: bought },
    request: { reason, noticeAt: notice, lines: bought },
  };
}

const own = [{ law: 'a test', article: '1', checked: '2026-11-21', confidence: 'own' as const }];
/** A rule without its citation, as tests write it. */
export type BareRule = Rule extends infer R ? (R extends Rule ? Omit<R, 'cite'> : never) : never;

export const packOf = (id: string, rules: readonly BareRule[], changes: Partial<PolicyPack> = {}): PolicyPack => ({
  id,
  version: '1',
  layer: 'merchant',
  jurisdiction: '*',
  timezone: 'UTC',
  contractFrom: '2010-01-01',
  production: false,
  rules: rules.map((rule) => ({ ...rule, cite: own }) as Rule),
  ...changes,
});
