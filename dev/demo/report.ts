/** What came of the demo: the report as JSON, the tables on the screen, and whether everything is as it should be. */
import { formatMinor } from '../../domain/money.ts';
import type { Driven } from './drive.ts';
import type { Planned } from './plan.ts';

/** A return for which no case was opened, or none that can be read. */
export interface Failed {
  readonly plan: Planned;
  readonly error: string;
}
type Sums = Record<string, number>;

export interface DemoReport {
  readonly cases: readonly {
    readonly returnNo: string;
    readonly caseId: string;
    /** Name of the end stage; of a case that has not ended, the stage it is in; `failed` if there is no case. */
    readonly outcome: string;
    readonly refundMinor: number;
    readonly currency: string;
    readonly unitsRequested: number;
    readonly unitsReceived: number;
    readonly customerId: string;
    readonly needsAttention: boolean;
  }[];
  readonly totals: {
    readonly cases: number;
    readonly refundedMinor: Sums;
    readonly timersFired: number;
    readonly compensationsRun: number;
    readonly needsAttention: number;
    /** Waits that ended because nobody answered. */
    readonly silences: number;
  };
  /** Refunds less advances that were charged back, as the payment provider has them. */
  readonly ledgers: { readonly paymentsRefundedMinor: Sums; readonly agree: boolean; readonly noticesSent: number };
  readonly durationMs: number;
}

type ByCase = Readonly<Record<string, { readonly amountMinor: number; readonly currency: string }>>;
/** The simulators' own counts: the oracle. */
export interface Oracle {
  readonly payments: {
    readonly refundedMinor: Sums;
    readonly byCase: ByCase;
    readonly charges: { readonly chargedMinor: Sums; readonly byCase: ByCase };
  };
  readonly notifications: { readonly count: number };
  readonly webhooks: { readonly delivered: number; readonly lost: number };
}

export function reportOf(driven: readonly Driven[], failed: readonly Failed[], oracle: Oracle, durationMs: number) {
  const paymentsRefundedMinor = netOf(oracle);
  const refundedMinor: Sums = {};
  for (const { view } of driven)
    if (view.refundedMinor > 0) refundedMinor[view.currency] = (refundedMinor[view.currency] ?? 0) + view.refundedMinor;
  const problems = [
    ...failed.map(({ plan, error }) => `${plan.what.returnNo} (${plan.road}): ${error}`),
    ...driven.flatMap((one) => problemsOf(one, oracle)),
    ...(sameSums(refundedMinor, paymentsRefundedMinor) ? [] : ['the payment ledger and the cases differ in their totals']),
  ];
  const report: DemoReport = {
    cases: [...driven.map(caseRow), ...failed.map(failedRow)],
    totals: {
      cases: driven.length + failed.length,
      refundedMinor,
      timersFired: sum(driven, (one) => one.view.timersFired),
      compensationsRun: sum(driven, (one) => one.view.compensationsRun),
      needsAttention: sum(driven, (one) => (one.view.needsAttention ? 1 : 0)),
      silences: sum(driven, (one) => one.view.silences),
    },
    ledgers: {
      paymentsRefundedMinor,
      agree: sameSums(refundedMinor, paymentsRefundedMinor) && driven.every((one) => ledgerAgrees(one, oracle)),
      noticesSent: oracle.notifications.count,
    },
    durationMs,
  };
  return { report, problems };
}

function problemsOf(one: Driven, oracle: Oracle): string[] {
  const { plan, view, ending, error } = one;
  const name = `${plan.what.returnNo} (${view.caseId}, ${plan.road})`;
  const problems = error === undefined ? [] : [`${name}: ${error}`];
  if (ending && view.stage !== ending.stage) problems.push(`${name} ended ${view.stage}, not ${ending.stage}`);
  if (ending && view.refundedMinor !== ending.paidMinor)
    problems.push(`${name} paid ${view.refundedMinor}, due were ${ending.paidMinor}`);
  if (!ledgerAgrees(one, oracle)) problems.push(`${name}: the payment ledger says otherwise`);
  return problems;
}

/** Exactly that amount at the provider, whatever was sent, failed and charged back on the way. */
function ledgerAgrees({ view }: Driven, { payments }: Oracle): boolean {
  const paid = payments.byCase[view.caseId]?.amountMinor ?? 0;
  const back = payments.charges.byCase[view.caseId]?.amountMinor ?? 0;
  return paid - back === view.refundedMinor;
}

function netOf({ payments }: Oracle): Sums {
  const back = payments.charges.chargedMinor;
  return Object.fromEntries(
    Object.entries(payments.refundedMinor).map(([currency, paid]) => [currency, paid - (back[currency] ?? 0)]),
  );
}

const sameSums = (a: Sums, b: Sums): boolean =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => (a[key] ?? 0) === (b[key] ?? 0));
const sum = (driven: readonly Driven[], of: (one: Driven) => number): number => driven.reduce((total, one) => total + of(one), 0);

const caseRow = ({ plan, view }: Driven): DemoReport['cases'][number] => ({
  returnNo: plan.what.returnNo,
  caseId: view.caseId,
  outcome: view.stage,
  refundMinor: view.refundedMinor,
  currency: view.currency,
  unitsRequested: view.unitsRequested,
  unitsReceived: view.unitsReceived,
  customerId: view.customerId,
  needsAttention: view.needsAttention,
});

const failedRow = ({ plan: { what } }: Failed): DemoReport['cases'][number] => ({
  returnNo: what.returnNo,
  caseId: '',
  outcome: 'failed',
  refundMinor: 0,
  currency: what.currency,
  unitsRequested: what.lines.reduce((units, line) => units + line.quantity, 0),
  unitsReceived: 0,
  customerId: what.customerId,
  needsAttention: false,
});

/** The closing tables, for a person. */
export function screenOf({ totals, ledgers, cases, durationMs }: DemoReport): string {
  const outcomes = new Map<string, { cases: number; units: number; refunds: Sums }>();
  for (const one of cases) {
    const row = outcomes.get(one.outcome) ?? { cases: 0, units: 0, refunds: {} };
    row.refunds[one.currency] = (row.refunds[one.currency] ?? 0) + one.refundMinor;
    outcomes.set(one.outcome, { ...row, cases: row.cases + 1, units: row.units + one.unitsRequested });
  }
  const money = (sums: Sums) =>
    Object.entries(sums)
      .filter(([, amountMinor]) => amountMinor > 0)
      .map(([currency, amountMinor]) => formatMinor(amountMinor, currency))
      .join(', ') || '-';
  const rows = [...outcomes]
    .sort((a, b) => b[1].cases - a[1].cases)
    .map(([outcome, row]) => [outcome, String(row.cases), String(row.units), money(row.refunds)]);
  const table = [['outcome', 'cases', 'units', 'refunded'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map(
    (row) =>
      `  ${row
        .map((cell, column) => (column === 1 || column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('   ')
        .trimEnd()}`,
  );
  return [
    ...lines,
    '',
    `  refunded by the cases      ${money(totals.refundedMinor)}`,
    `  in the payment ledger      ${money(ledgers.paymentsRefundedMinor)} (${ledgers.agree ? 'agrees' : 'DIFFERS'})`,
    `  notices to customers       ${ledgers.noticesSent}`,
    `  deadlines that fired       ${totals.timersFired}`,
    `  settled by silence         ${totals.silences}`,
    `  undo that ran              ${totals.compensationsRun}`,
    `  waiting for a person       ${totals.needsAttention}`,
    `  took                       ${(durationMs / 1000).toFixed(1)} s`,
  ].join('\n');
}
