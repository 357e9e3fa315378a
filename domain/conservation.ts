/**
 * What must hold after every event, whatever order the messages came in. A breach is a bug: the event is refused with an Error,
 * the workflow task stops and waits for a mended build, and nothing is sent. Source: case flows 4.6, rules 1, 3, 4 and 5.
 */
import { unitsWhere, type Lot } from './goods.ts';
import { committedMinor, type MoneyLine } from './money.ts';
import { refundDueMinor, type PaidLine } from './refunds.ts';

export interface Conserved {
  readonly lines: readonly PaidLine[];
  readonly paidMinor: number;
  readonly lots: readonly Lot[];
  readonly money: readonly MoneyLine[];
  readonly ended: boolean;
}

export function breachesOf({ lines, paidMinor, lots, money, ended }: Conserved): string[] {
  const breaches: string[] = [];
  for (const { lineId, quantity } of lines) {
    const counted = unitsWhere(lots, (lot) => lot.lineId === lineId);
    if (counted !== quantity) breaches.push(`rule 1: line ${lineId} has ${counted} units, requested were ${quantity}`);
  }
  for (const { lineId } of lots.filter((lot) => !lines.some((line) => line.lineId === lot.lineId)))
    breaches.push(`rule 1: units of line ${lineId}, which was not requested`);
  if (lots.some((lot) => !Number.isSafeInteger(lot.quantity) || lot.quantity <= 0)) breaches.push('rule 1: a lot without units');
  if (lots.some((lot) => lot.acceptance && lot.reception !== 'received'))
    breaches.push('rule 1: a unit was accepted or rejected that never came');
  if (ended && lots.some((lot) => lot.reception === 'awaiting')) breaches.push('rule 1: the case ended with units still awaited');

  const committed = committedMinor(money);
  const due = refundDueMinor(lines, lots);
  if (!Number.isSafeInteger(committed) || money.some((line) => line.amountMinor < 0))
    breaches.push('money is not a whole number of minor units');
  if (committed > paidMinor) breaches.push(`rule 3: ${committed} committed, ${paidMinor} paid`);
  if (committed > due) breaches.push(`rules 4, 5: ${committed} committed, ${due} due for accepted or lost units`);
  return breaches;
}

export function assertConserved(state: Conserved, event: string): void {
  const breaches = breachesOf(state);
  if (breaches.length > 0) throw new Error(`conservation broken by ${event}: ${breaches.join('; ')}`);
}
