/**
 * What is due to the customer: the paid price of the units that give a right to it, never of units merely requested; freight we owe is added,
 * fees and deductions are taken off, each as a line of its own. What has been paid already, and what must come back, follows from that.
 */
import { type Lot } from './goods.ts';
import { committedMinor, writtenOffMinor, type MoneyLine } from './money.ts';

export interface PaidLine {
  readonly lineId: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

/** `freight`: return freight we owe; `fee`, `deduction`: kept by us; `reduction`: paid for goods that are kept. All amounts positive, minor units. */
export interface Adjustment {
  readonly kind: 'freight' | 'fee' | 'deduction' | 'reduction';
  readonly amountMinor: number;
  /** The rule or the agreement it rests on. */
  readonly ruleId: string;
  readonly lineId?: string;
  readonly quantity?: number;
}

/** A unit is paid for once it was accepted, let pass, or lost on the way at our risk. Source: case flows 4.6, rules 4 and 5. */
export const payable = (lot: Lot): boolean =>
  lot.acceptance === 'accepted' || lot.waived === true || (lot.reception === 'lost_in_transit' && lot.risk !== 'customer');

/** Paid price of the units that pass the test, in minor units. */
export function valueMinor(lines: readonly PaidLine[], lots: readonly Lot[], test: (lot: Lot) => boolean): number {
  const price = new Map(lines.map((line) => [line.lineId, line.unitPriceMinor]));
  return lots.reduce((sum, lot) => sum + (test(lot) ? lot.quantity * (price.get(lot.lineId) ?? 0) : 0), 0);
}

/** Refund due in minor units: price paid x payable units, and the adjustments; never below nothing. */
export function refundDueMinor(
  lines: readonly PaidLine[],
  lots: readonly Lot[],
  adjustments: readonly Adjustment[] = [],
): number {
  const adjusted = adjustments.reduce(
    (sum, { kind, amountMinor }) => sum + (kind === 'freight' || kind === 'reduction' ? amountMinor : -amountMinor),
    0,
  );
  return Math.max(0, valueMinor(lines, lots, payable) + adjusted);
}

export interface Owing {
  readonly lines: readonly PaidLine[];
  readonly lots: readonly Lot[];
  readonly money: readonly MoneyLine[];
  readonly paidMinor: number;
  readonly adjustments?: readonly Adjustment[];
  readonly disputes?: readonly { readonly amountMinor: number; readonly state: string }[];
}

/** What the bank has taken back for the customer by disputes that we lost. */
export const chargedBackMinor = ({ disputes = [] }: Pick<Owing, 'disputes'>): number =>
  disputes.reduce((sum, dispute) => sum + (dispute.state === 'lost' ? dispute.amountMinor : 0), 0);

/** What may still be given back of the payment: never above what was paid and not yet given back. */
export const ceilingMinor = (owing: Owing): number =>
  Math.max(0, owing.paidMinor - chargedBackMinor(owing) - committedMinor(owing.money));

/** Due and neither paid, under way nor meant yet. What the bank paid counts as paid. */
export function restMinor(owing: Owing): number {
  const due = refundDueMinor(owing.lines, owing.lots, owing.adjustments);
  return Math.max(0, Math.min(due - chargedBackMinor(owing) - committedMinor(owing.money), ceilingMinor(owing)));
}

/** Paid out beyond what is due: an advance on goods that gave no right to it. What was written off is owed no more. */
export const owedBackMinor = ({ lines, lots, money, adjustments }: Owing): number =>
  Math.max(0, committedMinor(money) - refundDueMinor(lines, lots, adjustments) - writtenOffMinor(money));

/** Value of the whole request in minor units, should every unit come back. */
export const requestedMinor = (lines: readonly PaidLine[]): number =>
  lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
