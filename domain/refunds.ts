/** What is due to the customer: the paid price of the units that give a right to it, never of units merely requested. */
import { type Lot } from './goods.ts';

export interface PaidLine {
  readonly lineId: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

/** A unit is paid for once it was accepted, or lost on the way at our risk. Source: case flows 4.6, rules 4 and 5. */
export const payable = (lot: Lot): boolean => lot.acceptance === 'accepted' || lot.reception === 'lost_in_transit';

/** Refund due in minor units: price paid x payable units. */
export function refundDueMinor(lines: readonly PaidLine[], lots: readonly Lot[]): number {
  const price = new Map(lines.map((line) => [line.lineId, line.unitPriceMinor]));
  return lots.reduce((sum, lot) => sum + (payable(lot) ? lot.quantity * (price.get(lot.lineId) ?? 0) : 0), 0);
}

/** Value of the whole request in minor units, should every unit come back. */
export const requestedMinor = (lines: readonly PaidLine[]): number =>
  lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
