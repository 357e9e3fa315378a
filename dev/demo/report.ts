/** What came of the demo: the report as JSON, the tables on the screen, and whether everything is as it should be. */
import { formatMinor } from '../../domain/money.ts';
import { returnEnds } from '../../domain/return.ts';
import type { Driven } from './drive.ts';
import type { Planned } from './plan.ts';

export interface Failed {
  readonly plan: Planned;
  readonly error: string;
}
type Sums = Record<string, number>;

export interface DemoReport {
  readonly cases: readonly {
    readonly returnNo: string;
    readonly caseId: string;
    /** Name of the end stage; of a case that has not ended, the stage it is in; `failed` if it could not be driven. */
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
  };
  readonly ledgers: { readonly paymentsRefundedMinor: Sums; readonly agree: boolean };
  readonly durationMs: number;
}

/** The payment simulator's own count: the oracle. */
export interface PaymentTotals {
  readonly refundedMinor: Sums;
  readonly byCase: Readonly<
    Record<string, { readonly amountMinor: number; readonly currency: string; readonly refunds: number }>
  >;
}

/** Price times units of everything asked for: what a refunded return of the demo must have paid, to the minor unit. */
const valueOf = ({ what }: Planned): number => what.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);

export function reportOf(driven: readonly Driven[], failed: readonly Failed[], payments: PaymentTotals, durationMs: number) {
  const refundedMinor: Sums = {};
  for (const { view } of driven)
    if (view.refundedMinor > 0) refundedMinor[view.currency] = (refundedMinor[view.currency] ?? 0) + view.refundedMinor;
  const problems = [
    ...failed.map(({ plan, error }) => `${plan.what.returnNo}: ${error}`),
    ...driven.flatMap((one) => problemsOf(one, payments)),
    ...(sameSums(refundedMinor, payments.refundedMinor) ? [] : ['the payment ledger and the cases differ in their totals']),
  ];
  const report: DemoReport = {
    cases: [...driven.map(caseRow), ...failed.map(failedRow)],
    totals: {
      cases: driven.length + failed.length,
      refundedMinor,
      timersFired: sum(driven, (one) => one.view.timersFired),
      compensationsRun: sum(driven, (one) => one.view.compensationsRun),
      needsAttention: sum(driven, (one) => (one.view.needsAttention ? 1 : 0)),
    },
    ledgers: {
      paymentsRefundedMinor: payments.refundedMinor,
      agree: sameSums(refundedMinor, payments.refundedMinor) && driven.every((one) => ledgerAgrees(one, payments)),
    },
    durationMs,
  };
  return { report, problems };
}

function problemsOf(one: Driven, payments: PaymentTotals): string[] {
  const { plan, view } = one;
  const problems: string[] = [];
  const name = `${plan.what.returnNo} (${view.caseId})`;
  if (!(returnEnds as readonly string[]).includes(view.stage) && !plan.leftParked)
    problems.push(`${name} has not ended: ${view.stage}`);
  const due = view.stage === 'refunded' ? valueOf(plan) : 0;
  if (view.refundedMinor !== due) problems.push(`${name} refunded ${view.refundedMinor}, due were ${due}`);
  if (!ledgerAgrees(one, payments)) problems.push(`${name}: the payment ledger says otherwise`);
  return problems;
}

/** One refund of exactly that amount at the provider, or none at all. */
function ledgerAgrees({ view }: Driven, { byCase }: PaymentTotals): boolean {
  const told = byCase[view.caseId];
  return view.refundedMinor === 0
    ? (told?.amountMinor ?? 0) === 0
    : told?.amountMinor === view.refundedMinor && told.refunds === 1;
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
    `  deadlines that fired       ${totals.timersFired}`,
    `  undo that ran              ${totals.compensationsRun}`,
    `  waiting for a person       ${totals.needsAttention}`,
    `  took                       ${(durationMs / 1000).toFixed(1)} s`,
  ].join('\n');
}
