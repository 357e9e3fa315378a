/**
 * 退货 return: what its events do to money. Refunds in lines, each under an intent of its own; advances before the goods were judged, and their
 * recovery; disputes. How much is due is refunds.ts, what happens to goods return.ts.
 */
import { type Dispute, type RefundTrigger, type SlaPolicy } from './case.ts';
import { acceptReceived, type Lot } from './goods.ts';
import { committedMinor, isClosed, isOutgoing, moveAllMoney, moveMoney, nextIntent, type MoneyLine } from './money.ts';
import {
  ceilingMinor,
  chargedBackMinor,
  owedBackMinor,
  refundDueMinor,
  requestedMinor,
  restMinor,
  valueMinor,
} from './refunds.ts';
import { currentLeg } from './return-request.ts';
import { straysKept, type ReturnEvent, type ReturnState } from './return-state.ts';

/** The first refund intent of a return; with the case id it is the key at the provider. */
export const refundIntent = 'refund';

/** Stages whose entry makes the refund due; until then what is paid is an advance. */
const clears: readonly string[] = [
  'accepted_without_return',
  'accepted_as_is',
  'cleared',
  'waived',
  'deduction_applied',
  'refund_planned',
];

/** What an event does to the money of a return; its goods have been moved already. */
export function applyMoney(state: ReturnState, event: ReturnEvent, sla: SlaPolicy): ReturnState {
  const intent = event.intent ?? refundIntent;
  const { money } = state;
  switch (event.type) {
    case 'accepted':
    case 'handed_over':
      return withAdvance(state, event, sla);
    case 'received':
      return withAdvance(chargeLeft(state), event, sla);
    case 'lost':
    case 'presumed_lost':
    case 'proposal_accepted':
      return leadsToRefund(state) ? refundPlanned(state) : state;
    case 'discrepancy_found':
      // What is in order is paid at once; only the rest waits for a decision.
      return sla.stages.discrepancy ? refundPlanned(state, { early: true }) : state;
    case 'late_fact_noted':
      return event.strayRefund
        ? { ...state, strayRefunds: [...(state.strayRefunds ?? []), event.strayRefund].slice(-straysKept) }
        : state;
    case 'refund_sent':
      return { ...state, money: told(moveMoney(money, intent, 'sent', event.providerId), intent, event) };
    case 'refund_settled':
      return { ...state, money: told(moveMoney(money, intent, 'settled', event.providerId), intent, event) };
    case 'refunded':
      return { ...state, lots: acceptReceived(state.lots), money: told(refunded(state, event), intent, event) };
    case 'step_failed':
      return event.intent ? { ...state, money: told(money, intent, event) } : state;
    case 'refund_failed':
    case 'advance_refused':
      return { ...state, money: told(event.otherSum ? money : moveMoney(money, intent, 'failed'), intent, event) };
    case 'dispute_opened':
    case 'dispute_closed':
      return disputed(state, event);
    case 'dispute_lost':
      return disputed({ ...state, lots: acceptReceived(state.lots) }, event);
    case 'recovery_due':
      return { ...state, money: [...money, recoveryOf(state)] };
    case 'recovery_sent':
      return { ...state, money: moveMoney(money, intent, 'sent', event.providerId) };
    case 'recovered':
      return { ...state, money: recovered(state, event) };
    case 'early_cancelled':
      return { ...state, money: moveAllMoney(money, ['due', 'dispute_hold'], 'cancelled', (line) => line.early === true) };
    case 'recovery_refused':
      return { ...state, money: moveAllMoney(money, ['due', 'sent'], 'failed', isRecovery(event.intent)) };
    case 'written_off':
      return writtenOff(state);
    default:
      return clears.includes(event.type) ? refundPlanned(state) : state;
  }
}

/** The goods have come after all: a charge of which nobody has heard is not meant any more; should it have been made, its word will say so. */
const chargeLeft = (state: ReturnState): ReturnState =>
  state.stage === 'recovering_advance'
    ? { ...state, money: moveAllMoney(state.money, ['due'], 'cancelled', isRecovery()) }
    : state;

const isRecovery =
  (intent?: string) =>
  (line: MoneyLine): boolean =>
    line.kind === 'recovery' && (intent === undefined || line.intent === intent);

/** A late word about a line that has heard a newer one is recognised by the provider's clock. */
const told = (lines: readonly MoneyLine[], intent: string, { occurredAt }: ReturnEvent): MoneyLine[] =>
  lines.map((line) => (line.intent === intent && occurredAt !== undefined ? { ...line, toldAt: occurredAt } : line));

/** The move that is being made leads to the refund, or pays for units kept. */
function leadsToRefund(state: ReturnState): boolean {
  if (state.stage === 'negotiating') return state.proposal?.kind === 'price_reduction';
  if (state.stage === 'deduction_offered' || state.stage === 'sending_back') return true;
  return state.stage === 'lost_suspected' ? isOurs(state) : state.lots.some((lot) => lot.reception === 'lost_in_transit');
}

/** What is due and not yet meant becomes a line of its own, under an intent of its own. */
function refundPlanned(state: ReturnState, more: Pick<MoneyLine, 'early'> = {}): ReturnState {
  const amountMinor = restMinor(state);
  if (amountMinor === 0) return state;
  const next: MoneyLine = { intent: nextIntent(state.money, refundIntent), state: startOf(state), amountMinor, ...more };
  const before = state.money.find((line) => isOutgoing(line) && line.state === 'cancelled' && line.amountMinor === amountMinor);
  if (!before) return { ...state, money: [...state.money, next] };
  // Called off, it may have been made all the same, by an attempt that is late: under its own key it is made once.
  return { ...state, money: state.money.map((line) => (line === before ? { ...next, intent: line.intent } : line)) };
}

const startOf = (state: ReturnState): MoneyLine['state'] => (isDisputed(state) ? 'dispute_hold' : 'due');
export const isDisputed = ({ disputes = [] }: Pick<ReturnState, 'disputes'>): boolean =>
  disputes.some((dispute) => dispute.state === 'open');

/** What the seller keeps by the rules of the verdict, once. */
export function withFees(state: ReturnState): ReturnState {
  const { verdict, adjustments = [] } = state;
  if (!verdict?.fees?.length || adjustments.some((one) => one.kind === 'fee')) return state;
  const fees = verdict.fees.map(({ ruleId, amountMinor }) => ({ kind: 'fee' as const, ruleId, amountMinor }));
  return { ...state, adjustments: [...adjustments, ...fees] };
}

/** Which of the refund's triggers an event is, by the carrier's word alone. A parcel at a counter is a first scan as well. */
function triggersOf(event: ReturnEvent): readonly RefundTrigger[] {
  if (event.type === 'accepted') return ['approval'];
  if (event.by.role !== 'partner') return [];
  if (event.type === 'handed_over') return event.cause === 'dropped_off' ? ['drop_off', 'first_scan'] : ['first_scan'];
  return ['delivery'];
}

/** 极速退款: money before the goods were looked at, where the seller offers it and the customer agreed that it may be taken back. */
function withAdvance(state: ReturnState, event: ReturnEvent, { refund }: SlaPolicy): ReturnState {
  if (!refund || !triggersOf(event).includes(refund.trigger) || state.silentlyAgreed || isDisputed(state)) return state;
  const fees = state.verdict?.fees?.reduce((sum, fee) => sum + fee.amountMinor, 0) ?? 0;
  const promisedMinor = valueMinor(state.lines, state.lots, isPromised) - fees - chargedBackMinor(state);
  const amountMinor = Math.max(0, Math.min(promisedMinor, ceilingMinor(state)));
  const allowed = requestedMinor(state.lines) <= refund.maxMinor && state.request?.consents?.includes('claw_back') === true;
  if (!allowed || amountMinor === 0 || state.money.length > 0) return state;
  return { ...state, money: [{ intent: 'advance', kind: 'advance', state: 'due', amountMinor, early: true }] };
}
const isPromised = (lot: Lot): boolean => ['awaiting', 'in_transit', 'received'].includes(lot.reception) && !lot.acceptance;

/** Settled by the provider's word; or, by a person's word, paid another way: then what is still owed is a line of its own. */
function refunded(state: ReturnState, event: ReturnEvent): MoneyLine[] {
  const byHand = event.by.role === 'agent' || event.by.role === 'manager';
  if (!byHand)
    return event.intent || event.providerId
      ? moveMoney(state.money, event.intent ?? refundIntent, 'settled', event.providerId)
      : [...state.money];
  const owing = { ...state, lots: acceptReceived(state.lots) };
  const meant = moveAllMoney(moveAllMoney(state.money, ['due', 'dispute_hold'], 'manual'), ['manual', 'sent'], 'settled');
  const paid = failedPaid(owing, meant);
  const amountMinor = restMinor({ ...owing, money: paid });
  return amountMinor === 0 ? paid : [...paid, { intent: nextIntent(paid, refundIntent), state: 'settled', amountMinor }];
}

/** Of the lines that failed, the newest that are still owed: their money went another way. */
const failedPaid = (owing: ReturnState, money: readonly MoneyLine[]): MoneyLine[] =>
  [...money].reverse().reduce<MoneyLine[]>(
    (now, { intent, kind, state, amountMinor }) => {
      const isIt = state === 'failed' && kind === undefined && amountMinor <= restMinor({ ...owing, money: now });
      return isIt ? now.map((line) => (line.intent === intent ? { ...line, state: 'settled', byHand: true } : line)) : now;
    },
    [...money],
  );

function disputed(state: ReturnState, event: ReturnEvent): ReturnState {
  const { disputeId = '', amountMinor = 0 } = event.dispute ?? {};
  const now =
    event.type === 'dispute_opened' ? 'open' : event.type === 'dispute_lost' || event.result === 'lost' ? 'lost' : 'won';
  const others = (state.disputes ?? []).filter((one) => one.disputeId !== disputeId);
  const next = { ...state, disputes: [...others, { disputeId, amountMinor, state: now as 'open' | 'won' | 'lost' }] };
  if (now === 'open') return { ...next, money: moveAllMoney(state.money, ['due'], 'dispute_hold') };
  // The bank has paid: what was not sent yet is not sent as well; what is left of it is planned anew.
  if (now === 'lost') return { ...next, money: moveAllMoney(state.money, ['due', 'dispute_hold'], 'cancelled') };
  return isDisputed(next) ? next : { ...next, money: moveAllMoney(state.money, ['dispute_hold'], 'due') };
}

/**
 * What the bank took of a payment, in minor units, by the payment's returns: first from what open ones have not paid out yet, for that would be
 * paid twice; the rest stands on the books of one that has paid. All of it counts, and none of it twice.
 */
export function chargebackShares(
  amountMinor: number,
  cases: readonly { readonly open: boolean; readonly state: Pick<ReturnState, 'lines' | 'money'> }[],
): number[] {
  let left = amountMinor;
  const paidOut = cases.map(({ state: { money } }) =>
    committedMinor(money.filter((line) => isClosed(line) || line.state === 'sent')),
  );
  const shares = cases.map(({ open, state }, index) => {
    const share = open ? Math.min(left, Math.max(0, requestedMinor(state.lines) - paidOut[index]!)) : 0;
    left -= share;
    return share;
  });
  const bearer = Math.max(
    0,
    paidOut.findIndex((paid) => paid > 0),
  );
  return shares.map((share, index) => (index === bearer ? share + left : share));
}

type Sharing = Pick<ReturnState, 'lines' | 'lots' | 'money' | 'adjustments' | 'disputes'>;

/** What a return that is opened now has to know of the disputes of its payment: open ones, and of lost ones what no earlier return bears. */
export function disputesAtOpening(
  known: readonly Dispute[],
  earlier: readonly { readonly open: boolean; readonly state: Sharing }[],
): Dispute[] {
  return known.flatMap((dispute) => {
    if (dispute.state !== 'lost') return dispute.state === 'open' ? [dispute] : [];
    const borne = earlier.reduce((sum, one) => sum + borneMinor(one, dispute.disputeId), 0);
    return borne < dispute.amountMinor ? [{ ...dispute, amountMinor: dispute.amountMinor - borne }] : [];
  });
}

/** The same for a return that goes on after its end: what it knows to be closed stays, for the rest it may not have heard the last word. */
export function disputesSince(
  own: readonly Dispute[],
  known: readonly Dispute[],
  others: Parameters<typeof disputesAtOpening>[1],
): Dispute[] {
  const has = (list: readonly Dispute[], { disputeId }: Dispute) => list.some((one) => one.disputeId === disputeId);
  const closed = own.filter(({ state }) => state !== 'open');
  const news = known.filter((one) => !has(closed, one));
  return [...own.filter((one) => !has(news, one)), ...disputesAtOpening(news, others)];
}

/** A return bears as much as its goods are worth; one that has paid bears its whole share: what is too much of that a person settles. */
function borneMinor({ open, state }: { readonly open: boolean; readonly state: Sharing }, disputeId: string): number {
  const { lines, lots, money, adjustments, disputes = [] } = state;
  const worthMinor = open ? requestedMinor(lines) : refundDueMinor(lines, lots, adjustments);
  let left = committedMinor(money) > 0 ? Number.POSITIVE_INFINITY : worthMinor;
  for (const { disputeId: id, amountMinor, state: now } of disputes) {
    const part = now === 'lost' ? Math.min(left, amountMinor) : 0;
    if (id === disputeId) return part;
    left -= part;
  }
  return 0;
}

function recoveryOf(state: ReturnState): MoneyLine {
  return {
    intent: nextIntent(state.money, 'recovery'),
    kind: 'recovery',
    state: 'due',
    amountMinor: owedBackMinor(state),
  };
}

/** Paid back to us: by the line that was charged, whatever we thought had become of it; or, by a person's word, another way. */
function recovered(state: ReturnState, { intent, providerId, by }: ReturnEvent): MoneyLine[] {
  if (intent) return moveMoney(state.money, intent, 'settled', providerId);
  const money = moveAllMoney(state.money, ['due'], 'cancelled', isRecovery());
  const amountMinor = by.role === 'system' ? 0 : owedBackMinor({ ...state, money });
  return amountMinor === 0
    ? money
    : [...money, { intent: nextIntent(money, 'recovery'), kind: 'recovery', state: 'settled', amountMinor }];
}

function writtenOff(state: ReturnState): ReturnState {
  const open = moveAllMoney(state.money, ['due', 'sent'], 'written_off', isRecovery());
  const amountMinor = owedBackMinor({ ...state, money: open });
  if (amountMinor === 0) return { ...state, money: open };
  const line: MoneyLine = { intent: nextIntent(open, 'recovery'), kind: 'recovery', state: 'written_off', amountMinor };
  return { ...state, money: [...open, line] };
}

/** What the bank took and we have paid as well, in minor units: beyond what is due or may still be, once goods on their way are here. */
export const paidByBankTooMinor = (state: ReturnState): number => {
  const atMost = refundDueMinor(state.lines, state.lots, state.adjustments) + valueMinor(state.lines, state.lots, isPromised);
  return Math.max(0, Math.min(chargedBackMinor(state), chargedBackMinor(state) + committedMinor(state.money) - atMost));
};

/** Everything owed has reached the customer, or went another way; nothing is under way, and no bank decides about it. */
export const isPaid = (state: ReturnState): boolean =>
  restMinor(state) === 0 &&
  !isCharging(state) &&
  !isDisputed(state) &&
  state.money.every((line) => !isOutgoing(line) || isClosed(line));
/** What is owed back can be charged now: nothing of it is under way in either direction. */
export const mayCharge = ({ money }: Pick<ReturnState, 'money'>): boolean =>
  !money.some((line) => line.state === 'sent' || (!isOutgoing(line) && line.state === 'failed'));
/** What was advanced is being charged back, and the provider has not said yet what became of that. */
export const isCharging = ({ money }: Pick<ReturnState, 'money'>): boolean =>
  money.some((line) => !isOutgoing(line) && line.state === 'sent');

/** The next line that the refund's chapter sends. Early ones are on their way beside it. */
export const nextDue = ({ money }: Pick<ReturnState, 'money'>): MoneyLine | undefined =>
  money.find((line) => isOutgoing(line) && line.state === 'due' && !line.early);
export const nextEarly = ({ money }: Pick<ReturnState, 'money'>): MoneyLine | undefined =>
  money.find((line) => isOutgoing(line) && line.state === 'due' && line.early === true);

const isOurs = (state: Pick<ReturnState, 'legs'>): boolean => currentLeg(state)?.ours !== false;
