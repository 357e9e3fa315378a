/**
 * 退货 return: what the notices of its events say: dates, sums, parcels, and the circumstance for which there are words of their own.
 * Which notice it is is return-notices.ts, the words are policies/words/.
 */
import { dueAtOf } from './deadlines.ts';
import { type NoticeParams } from './errands.ts';
import { acceptReceived, missing, moveAll, refusedHere, rejected, undecided, type Lot } from './goods.ts';
import { isOutgoing, settledMinor, writtenOffMinor, type MoneyLine } from './money.ts';
import { type NoticeName } from './notices.ts';
import { chargedBackMinor, owedBackMinor, payable, refundDueMinor, valueMinor } from './refunds.ts';
import { withFees } from './return-money.ts';
import { type ReturnEvent, type ReturnState } from './return-state.ts';
import { returnEnds } from './return-table.ts';

const payments: readonly NoticeName[] = ['refund_sent', 'refunded', 'instant_refund_paid', 'part_refunded'];
/** What each correction takes back. */
const corrects: Readonly<Partial<Record<NoticeName, readonly NoticeName[]>>> = {
  refund_delayed: payments,
  correction: payments,
  parcel_found: ['parcel_lost_suspected', 'parcel_lost'],
  parcel_back_to_you: ['parcel_in_transit'],
  refund_disputed: ['refund_sent'],
  reopened: [
    'request_refused',
    'case_expired',
    'refunded',
    'nothing_to_pay',
    'sent_back_arrived',
    'case_withdrawn',
    'case_cancelled',
  ],
};

/** The newest of the notices that this one makes false. */
export const takenBack = (name: NoticeName, { errands = [] }: ReturnState): NoticeName | undefined =>
  errands.flatMap((errand) => (errand.kind === 'notice' && corrects[name]?.includes(errand.name) ? [errand.name] : [])).at(-1);

export function paramsOf(name: NoticeName, before: ReturnState, event: ReturnEvent, after: ReturnState): NoticeParams {
  return {
    dueAt: dueAtFor(name, after),
    deductionMinor: keptMinor(after),
    trackingNo: after.shipment?.trackingNo,
    slotAt: after.shipment?.pickupAt ?? after.handover?.slotAt,
    point: after.handover?.pointId,
    // What was kept is kept by the rule of the offer, whichever clock has made it count.
    ruleIds: name === 'deduction_applied' ? keptBy(after) : event.ruleIds,
    cause: event.cause ?? (name === 'request_refused' ? event.verdict?.because[0] : undefined),
    units: after.lots.reduce((sum, lot) => sum + lot.quantity, 0),
    firstNotice: takenBack(name, after),
    textRef: event.textRef,
    ...sumsFor(name, before, event, after),
  };
}

/** The date that the notice is about: of the hold, of the escalation, else of the stage. */
function dueAtFor(name: NoticeName, after: ReturnState): number | undefined {
  const overlay = name === 'escalation_received' ? 'escalation' : name === 'escalation_progress' ? 'progress' : undefined;
  if (name === 'on_hold') return after.hold?.until;
  return overlay
    ? after.clocks.findLast((clock) => clock.stage === overlay && clock.running)?.dueAt
    : (dueAtOf(after) ?? dueAfterHold(after));
}

/** While the stage's clock stands still: its date should the hold take as long as it may. */
function dueAfterHold({ clocks, stage, hold }: ReturnState): number | undefined {
  const clock = clocks.find((one) => one.stage === stage && one.running);
  return clock?.pausedAt !== undefined && hold ? clock.dueAt + hold.until - clock.pausedAt : undefined;
}

const deductionMinor = ({ deduction }: ReturnState): number | undefined =>
  deduction?.items.reduce((sum, item) => sum + item.amountMinor, 0);

/** All that an offer keeps: what is deducted, and the price of units that did not come or not as agreed. */
const keptMinor = (state: ReturnState): number | undefined => {
  const deducted = deductionMinor(state);
  return deducted === undefined
    ? undefined
    : deducted + valueMinor(state.lines, state.lots, (lot) => missing(lot) && !payable(lot));
};
/** A stage's clock is no reason that a customer can read: then it is by the rules of the verdict. Where none were asked, the clock is all there is. */
function keptBy({ deduction, verdict }: ReturnState): readonly string[] | undefined {
  const readable = deduction?.ruleIds.filter((ruleId) => !ruleId.startsWith('sla.')) ?? [];
  return [readable, verdict?.ruleIds, deduction?.ruleIds].find((ruleIds) => ruleIds && ruleIds.length > 0);
}

type Sums = Pick<NoticeParams, 'amountMinor' | 'paidMinor' | 'totalMinor' | 'variant'>;

/** The sum that the notice is about, what was paid before, and which words tell of both. */
function sumsFor(name: NoticeName, before: ReturnState, event: ReturnEvent, after: ReturnState): Sums {
  const { lines, lots, adjustments, money, proposal } = after;
  switch (name) {
    case 'recovery_due':
    case 'recovery_reminder':
      return { amountMinor: owedBackMinor(after), variant: askedFor(after) };
    case 'recovered':
    case 'recovery_written_off':
      return { amountMinor: closedMinor(after) - closedMinor(before), variant: whatFollows(after) };
    case 'proposal_made':
    case 'proposal_replaced':
    case 'proposal_reminder':
      return { amountMinor: proposal?.amountMinor };
    case 'deduction_offered':
    case 'deduction_reminder': {
      const dueMinor = refundDueMinor(lines, acceptReceived(lots), adjustments) - (deductionMinor(after) ?? 0);
      return besidePaid(after, Math.max(0, dueMinor));
    }
    case 'deduction_applied':
      return besidePaid(after, refundDueMinor(lines, lots, adjustments));
    case 'goods_received':
      return after.sendBack ? { variant: 'goods_go_back' } : besidePaid(after, dueIfAccepted(after), 'all_paid');
    case 'escalation_received':
      return { variant: event.by.role === 'customer' ? undefined : 'by_us' };
    case 'sending_back':
      return { variant: before.stage === 'received' && !before.sendBack ? 'cancelled' : undefined };
    case 'cancelled_on_its_way':
      return { variant: after.stage === 'received' ? 'arrived' : undefined };
    case 'on_hold':
      return { variant: standsStill(after) ? undefined : 'clock_runs' };
    case 'hold_over':
      return { variant: standsStill(before) ? undefined : 'clock_runs' };
    case 'refunded':
      return paidNow(before, event, after);
    case 'parcel_lost':
      return {
        amountMinor: money.findLast((one) => one.kind === undefined && (one.state === 'due' || one.state === 'dispute_hold'))
          ?.amountMinor,
      };
    default:
      return { amountMinor: money.find((one) => one.intent === (event.intent ?? 'refund'))?.amountMinor ?? sumOf(after) };
  }
}

const sumOf = ({ money }: ReturnState): number =>
  money.reduce((sum, one) => sum + (one.kind === 'recovery' ? 0 : one.amountMinor), 0);
const minorOf = ({ money }: ReturnState, test: (line: MoneyLine) => boolean): number =>
  money.reduce((sum, line) => sum + (test(line) ? line.amountMinor : 0), 0);

/** A hold stops the clock of some stages alone. */
const standsStill = ({ clocks, stage }: ReturnState): boolean =>
  clocks.some((clock) => clock.stage === stage && clock.running && clock.pausedAt !== undefined);

/** Goods that are here are not asked for: those that we do not take go back once the money is settled. */
function askedFor({ lots }: ReturnState): Sums['variant'] {
  if (lots.some((lot) => refusedHere(lot) || undecided(lot))) return 'goods_go_back';
  const mayCome = (lot: Lot) => !rejected(lot) && (missing(lot) || ['with_customer', 'awaiting'].includes(lot.reception));
  return lots.some(mayCome) ? undefined : 'money_only';
}

/** Recoveries that are settled or given up. */
const closedMinor = (state: ReturnState): number =>
  minorOf(state, (line) => !isOutgoing(line) && (line.state === 'settled' || line.state === 'written_off'));

/** What becomes of the return and its goods once nothing is owed back any more. */
function whatFollows({ stage, lots }: ReturnState): Sums['variant'] {
  if (stage === 'sending_back') return 'goods_go_back';
  if (!(returnEnds as readonly string[]).includes(stage)) return undefined;
  return lots.some((lot) => lot.reception === 'with_customer') ? 'goods_stay' : 'closed';
}

/** Of what is due: what was paid already, by us or by the bank, and what is left to be paid or to be paid back. */
function besidePaid(state: ReturnState, dueMinor: number, tooMuch: Sums['variant'] = 'owes_back'): Sums {
  const back = minorOf(state, (line) => !isOutgoing(line) && line.state === 'settled');
  const out = minorOf(state, (line) => isOutgoing(line) && (line.state === 'settled' || line.state === 'sent')) - back;
  const paidMinor = out + chargedBackMinor(state);
  if (paidMinor <= 0) return { amountMinor: dueMinor };
  if (dueMinor > paidMinor) return { variant: 'part_paid', amountMinor: dueMinor - paidMinor, paidMinor };
  const owedMinor = Math.max(0, out - dueMinor - writtenOffMinor(state.money));
  return { variant: owedMinor > 0 ? tooMuch : 'all_paid', amountMinor: owedMinor, paidMinor };
}

/** What our silence at the dock would make due. */
const dueIfAccepted = (state: ReturnState): number =>
  refundDueMinor(
    state.lines,
    acceptReceived(moveAll(state.lots, ['awaiting', 'in_transit'], 'received')),
    withFees(state).adjustments,
  );

/** The payment that completes the return, and all payments together where there were others. */
function paidNow(before: ReturnState, { by }: ReturnEvent, after: ReturnState): Sums {
  const paid = (state: ReturnState) => minorOf(state, (line) => isOutgoing(line) && line.state === 'settled');
  const amountMinor = paid(after) - paid(before);
  const totalMinor = settledMinor(after.money);
  if (amountMinor <= 0) return { variant: 'paid_before', amountMinor: totalMinor };
  if (by.role === 'agent' || by.role === 'manager') return { variant: 'by_hand', amountMinor };
  return amountMinor === totalMinor ? { amountMinor } : { variant: 'total', amountMinor, totalMinor };
}
