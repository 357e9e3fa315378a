/**
 * What must hold after every event, whatever order the messages came in. A breach is a bug: the event is refused with an Error,
 * the workflow task stops and waits for a mended build, and nothing is sent. Source: case flows 4.6, rules 1, 3, 4, 5 and 7;
 * rule 2 is one guarded document an order line (db/ledgers.ts), rule 6 is of exchanges.
 */
import { refusedHere, rejected, undecided, unitsWhere, type Lot } from './goods.ts';
import { advancedMinor, committedMinor, isClosed, isOutgoing, writtenOffMinor, type MoneyLine } from './money.ts';
import { chargedBackMinor, refundDueMinor, requestedMinor, type Adjustment, type Owing, type PaidLine } from './refunds.ts';

export interface Conserved extends Owing {
  readonly lines: readonly PaidLine[];
  readonly paidMinor: number;
  readonly lots: readonly Lot[];
  readonly money: readonly MoneyLine[];
  readonly adjustments?: readonly Adjustment[];
  readonly ended: boolean;
  /** False: a case of before goods could be sent back; what came while it was let go of stays undecided. */
  readonly goodsMayGoBack?: boolean;
}

export function breachesOf(state: Conserved): string[] {
  return [...breachesOfGoods(state), ...breachesOfMoney(state), ...(state.ended ? breachesAtTheEnd(state) : [])];
}

function breachesOfGoods({ lines, lots }: Conserved): string[] {
  const breaches: string[] = [];
  for (const { lineId, quantity } of lines) {
    const counted = unitsWhere(lots, (lot) => lot.lineId === lineId);
    if (counted !== quantity) breaches.push(`rule 1: line ${lineId} has ${counted} units, requested were ${quantity}`);
  }
  for (const { lineId } of lots.filter((lot) => !lines.some((line) => line.lineId === lot.lineId)))
    breaches.push(`rule 1: units of line ${lineId}, which was not requested`);
  if (lots.some((lot) => !Number.isSafeInteger(lot.quantity) || lot.quantity <= 0)) breaches.push('rule 1: a lot without units');
  if (lots.some((lot) => lot.acceptance === 'accepted' && !['received', 'kept'].includes(lot.reception)))
    breaches.push('rule 1: a unit was accepted or rejected that never came');
  if (lots.some((lot) => rejected(lot) && !cameOnce.includes(lot.reception)))
    breaches.push('rule 1: a unit was accepted or rejected that never came');
  return breaches;
}
const cameOnce = ['received', 'sent_back', 'with_customer', 'lost_in_transit'];

function breachesOfMoney(state: Conserved): string[] {
  const { lines, lots, money, paidMinor, adjustments = [] } = state;
  const breaches: string[] = [];
  const committed = committedMinor(money);
  const advanced = advancedMinor(money);
  const due = refundDueMinor(lines, lots, adjustments);
  const amounts = [...money, ...adjustments].map((one) => one.amountMinor);
  if (!Number.isSafeInteger(committed) || amounts.some((amount) => amount < 0 || !Number.isSafeInteger(amount)))
    breaches.push('money is not a whole number of minor units');
  const returned = committed + chargedBackMinor(state);
  if (committed > paidMinor) breaches.push(`rule 3: ${committed} committed, ${paidMinor} paid`);
  else if (returned > paidMinor && committed > 0 && !paidBeforeTheBank(state))
    breaches.push(`rule 3: ${returned} committed or taken back by the bank, ${paidMinor} paid`);
  if (committed > due && committed - due > advanced)
    breaches.push(`rules 4, 5: ${committed} committed, ${due} due for accepted or lost units`);
  if (advanced > requestedMinor(lines)) breaches.push(`rule 5: ${advanced} advanced for goods worth less`);
  return breaches;
}

/** The bank may take back what we had refunded already: its word is a fact, and no refund of ours follows it. */
const paidBeforeTheBank = ({ money }: Conserved): boolean =>
  money.every((line) => !isOutgoing(line) || line.state === 'sent' || isClosed(line) || line.state === 'manual');

/** Rules 1, 5 and 7: nothing of the case is open any more. */
function breachesAtTheEnd({ lots, money, lines, adjustments, goodsMayGoBack = true }: Conserved): string[] {
  const breaches: string[] = [];
  if (lots.some((lot) => lot.reception === 'awaiting')) breaches.push('rule 1: the case ended with units still awaited');
  if (goodsMayGoBack && lots.some(undecided)) breaches.push('rule 1: the case ended with units that nobody decided about');
  if (goodsMayGoBack && lots.some(refusedHere)) breaches.push('rule 1: the case ended with units here that we refused');
  const open = money.filter((line) => !isClosed(line) && line.state !== 'sent' && line.state !== 'manual');
  if (open.length > 0) breaches.push(`rule 7: the case ended with money not sent: ${open.map((line) => line.intent).join(', ')}`);
  const owed = committedMinor(money) - refundDueMinor(lines, lots, adjustments) - writtenOffMinor(money);
  if (owed > 0) breaches.push(`rule 5: the case ended with ${owed} advanced and neither confirmed, recovered nor written off`);
  return breaches;
}

export function assertConserved(state: Conserved, event: string): void {
  const breaches = breachesOf(state);
  if (breaches.length > 0) throw new Error(`conservation broken by ${event}: ${breaches.join('; ')}`);
}
