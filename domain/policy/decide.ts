/**
 * Eligibility: which packs bind an order, and what they say of a request. Pure: the only "now" is `facts.asOf`.
 * A timer, a score or missing proof never refuses; a refusal always cites a rule.
 */
import { requestedMinor, type PaidLine } from '../refunds.ts';
import { endOf, localDate } from './calendar.ts';
import { layers, type PolicyPack, type Rule } from './packs.ts';
import { type Payer, type Reason, type Verdict } from './verdict.ts';

/** What a decision is made from. Instants are epoch ms. */
export interface Facts {
  readonly asOf: number;
  readonly jurisdiction: string;
  readonly platform?: string;
  readonly order: {
    readonly placedAt: number;
    readonly deliveredAt?: number;
    readonly lines: readonly (PaidLine & { readonly category: string })[];
  };
  /** `noticeAt`: when the customer's notice was sent; it counts for every consumer window. */
  readonly request: { readonly reason: Reason; readonly noticeAt: number; readonly lines: readonly PaidLine[] };
}

export interface Window {
  readonly ruleId: string;
  readonly endsAt: number;
  readonly open: boolean;
}

export interface Decision extends Verdict {
  readonly windows: readonly Window[];
  /** One line each, `[rule id] reason`, in the order of evaluation. */
  readonly explain: readonly string[];
}

const binds = (pack: PolicyPack, facts: Facts): boolean => {
  const contract = localDate(facts.order.placedAt, pack.timezone);
  return (
    (pack.jurisdiction === '*' ||
      pack.jurisdiction === facts.jurisdiction ||
      facts.jurisdiction.startsWith(`${pack.jurisdiction}-`)) &&
    (pack.platform === undefined || pack.platform === facts.platform) &&
    pack.contractFrom <= contract &&
    (pack.contractTo === undefined || contract <= pack.contractTo)
  );
};

/** The packs that bind this order by contract date, jurisdiction and platform, statute first. */
export const choosePacks = (facts: Facts, all: readonly PolicyPack[]): PolicyPack[] =>
  all
    .filter((pack) => binds(pack, facts))
    .sort((a, b) => layers.indexOf(a.layer) - layers.indexOf(b.layer) || (a.id < b.id ? -1 : 1));

type Kind = Rule['kind'];
const rulesOf = <K extends Kind>(packs: readonly PolicyPack[], kind: K): (Extract<Rule, { kind: K }> & { pack: PolicyPack })[] =>
  packs.flatMap((pack) =>
    pack.rules.flatMap((rule) => (rule.kind === kind ? [{ ...(rule as Extract<Rule, { kind: K }>), pack }] : [])),
  );

export function decide(facts: Facts, packs: readonly PolicyPack[]): Decision {
  const { reason, noticeAt, lines } = facts.request;
  const explain: string[] = [];
  const cited = new Set<string>();
  const cite = (ruleId: string, why: string): void => {
    cited.add(ruleId);
    explain.push(`[${ruleId}] ${why}`);
  };

  const windows: Window[] = [];
  for (const rule of rulesOf(packs, 'window').filter((one) => one.reasons.includes(reason))) {
    const excluded = rulesOf([rule.pack], 'exclusion').find(
      (one) => one.removes.includes(reason) && lines.some((line) => one.categories.includes(categoryOf(facts, line.lineId))),
    );
    if (excluded) {
      cite(excluded.id, excluded.because);
      continue;
    }
    // Goods that have not arrived yet: the window has not begun, so it is open.
    const endsAt =
      facts.order.deliveredAt === undefined
        ? Number.MAX_SAFE_INTEGER
        : endOf(rule.within, facts.order.deliveredAt, rule.pack.timezone);
    const open = noticeAt < endsAt;
    windows.push({ ruleId: rule.id, endsAt, open });
    cite(rule.id, open ? 'the window is open' : `the window ended on ${localDate(endsAt - 1, rule.pack.timezone)}`);
  }

  const open = windows.filter((window) => window.open);
  const isJudged = cited.size > 0; // by a window or an exclusion: rules of freight and appeal refuse nothing
  const freight = freightOf(reason, packs, cite);
  if (open.length === 0) {
    if (!isJudged) return { ...shape('referred', ['no_rule']), windows, explain };
    for (const rule of rulesOf(packs, 'appeal')) cite(rule.id, 'a person reviews the refusal on request');
    return { ...shape('refused', ['window_closed_or_excluded']), windows, explain };
  }
  for (const rule of rulesOf(packs, 'refund').filter((one) => one.reasons.includes(reason))) cite(rule.id, 'refund clock');

  const reviews = rulesOf(packs, 'review').filter(
    (one) => one.reasons.includes(reason) || (one.fromMinor !== undefined && requestedMinor(lines) >= one.fromMinor),
  );
  for (const rule of reviews) cite(rule.id, rule.because);
  const verdict = reviews.length > 0 ? 'referred' : 'accepted';
  const fees = rulesOf(packs, 'fee').filter((one) => one.reasons.includes(reason));
  for (const rule of fees) cite(rule.id, rule.because);
  return {
    ...shape(
      verdict,
      reviews.map((rule) => rule.because),
    ),
    ...(fees.length > 0 ? { fees: fees.map(({ id: ruleId, amountMinor }) => ({ ruleId, amountMinor })) } : {}),
    windows,
    explain,
  };

  function shape(verdict: Verdict['verdict'], because: readonly string[]): Verdict {
    const finite = open.map((window) => window.endsAt).filter((endsAt) => endsAt < Number.MAX_SAFE_INTEGER);
    const windowEndsAt = finite.length > 0 ? Math.max(...finite) : undefined;
    return { verdict, reason, ruleIds: [...cited].sort(), because, windowEndsAt, freight };
  }
}

const categoryOf = (facts: Facts, lineId: string): string =>
  facts.order.lines.find((line) => line.lineId === lineId)?.category ?? 'other';

/** Least for the consumer among all layers; without a rule the consumer pays. */
function freightOf(reason: Reason, packs: readonly PolicyPack[], cite: (ruleId: string, why: string) => void): Payer {
  const rules = rulesOf(packs, 'freight').filter((rule) => rule.reasons.includes(reason));
  const best = rules.find((rule) => rule.payer !== 'consumer') ?? rules[0];
  if (best) cite(best.id, `return freight is paid by the ${best.payer}`);
  return best?.payer ?? 'consumer';
}
