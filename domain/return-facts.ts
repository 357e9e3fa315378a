/**
 * 退货 return: the facts that partners and companions report, and the event that each becomes. They are never refused: where one has no legal
 * move it is noted. A repeat says nothing, and an older word never sets back a newer one. Pure.
 */
import { hasSeen, rowOf, type AnyRules } from './case.ts';
import { expected } from './goods.ts';
import { counts, isOutgoing, type MoneyLine } from './money.ts';
import { type Actor } from './permissions.ts';
import { restMinor } from './refunds.ts';
import { currentLeg } from './return-request.ts';
import { isPaid, refundIntent } from './return-money.ts';
import { returnRules } from './return.ts';
import { pickupTriesMax } from './return-state.ts';
import { type Leg, type ReturnEvent, type ReturnState } from './return-state.ts';

export interface ReturnFacts {
  parcel_scanned: {
    eventId: string;
    trackingNo: string;
    code: string;
    occurredAt: number;
    cause?: string;
    attempt?: number;
    bookingId?: string;
  };
  refund_settled: { eventId: string; refundId: string; amountMinor: number; currency?: string; occurredAt: number };
  refund_failed: { eventId: string; refundId: string; code?: string; occurredAt: number };
  payment_settled: { eventId: string; chargeId: string; amountMinor: number; currency: string; occurredAt: number };
  payment_failed: { eventId: string; chargeId: string; code?: string; occurredAt: number };
  dispute_opened: { eventId: string; disputeId: string; amountMinor: number; occurredAt: number };
  dispute_closed: { eventId: string; disputeId: string; amountMinor: number; result: 'won' | 'lost'; occurredAt: number };
  carrier_claim_settled: { eventId: string; legId: string; outcome: string; amountMinor?: number };
  calendar_changed: { eventId: string; calendarId: string };
  retry_now: { eventId?: string; reason?: string };
}
export type ReturnFact = { [name in keyof ReturnFacts]: { name: name } & ReturnFacts[name] }[keyof ReturnFacts];

const rules = returnRules as unknown as AnyRules;
const partner = (id: string): Actor => ({ id, role: 'partner' });

/** Event ids are unique for each sender alone. */
const sender: Record<keyof ReturnFacts, string> = {
  parcel_scanned: 'carrier',
  refund_settled: 'payments',
  refund_failed: 'payments',
  payment_settled: 'payments',
  payment_failed: 'payments',
  dispute_opened: 'payments',
  dispute_closed: 'payments',
  carrier_claim_settled: 'claims',
  calendar_changed: 'operations',
  retry_now: 'operations',
};

/** The event of a fact; undefined: it has been told before, or says nothing here. */
export function eventOfFact(state: ReturnState, fact: ReturnFact): ReturnEvent | undefined {
  const messageId = fact.eventId && `${sender[fact.name]}/${fact.eventId}`;
  if (messageId && hasSeen(state, messageId)) return undefined;
  const event = meaningOfFact(state, fact);
  return event && { ...event, messageId };
}

function meaningOfFact(state: ReturnState, fact: ReturnFact): ReturnEvent | undefined {
  switch (fact.name) {
    case 'parcel_scanned':
      return eventOfScan(state, fact);
    case 'refund_settled':
      return eventOfSettlement(state, fact);
    case 'refund_failed':
      return eventOfFailure(state, fact);
    case 'payment_settled':
    case 'payment_failed':
      return eventOfRecovery(state, fact);
    case 'dispute_opened':
    case 'dispute_closed':
      return eventOfDispute(state, fact);
    case 'carrier_claim_settled':
      return { type: 'claim_noted', by: partner('claims'), cause: fact.outcome, what: fact.legId };
    case 'calendar_changed':
      return { type: 'calendar_changed', by: { id: 'operations', role: 'operator' }, cause: fact.calendarId };
    case 'retry_now':
      return state.stage === 'needs_attention'
        ? { type: 'retried', by: { id: 'operations', role: 'operator' }, cause: fact.reason }
        : undefined;
  }
}

const legal = (state: ReturnState, move: string): boolean => rowOf(rules, state.stage)?.moves[move] !== undefined;

const scanEvents: Readonly<Record<string, string>> = {
  picked_up: 'handed_over',
  dropped_off: 'handed_over',
  in_transit: 'scanned',
  delivered: 'received',
  found: 'parcel_found',
  pickup_failed: 'pickup_failed',
  exception: 'exception_reported',
  customs_held: 'customs_held',
  customs_released: 'customs_released',
  lost: 'lost',
  returned_to_sender: 'returned_to_sender',
};
const onlyNoted = ['scanned', 'pickup_failed', 'exception_reported', 'customs_held', 'customs_released'];

function eventOfScan(state: ReturnState, fact: ReturnFacts['parcel_scanned']): ReturnEvent {
  const { trackingNo, code, occurredAt } = fact;
  const told = { by: partner('carrier'), occurredAt, cause: code, ...(state.legs ? { trackingNo } : {}) };
  const leg = legOf(state, trackingNo);
  // A case of before parcels had records of their own takes every number that the carrier names with it.
  if (state.legs && !leg) {
    const stray = { trackingNo, code, occurredAt };
    return { type: 'late_fact_noted', ...told, cause: `${code} of a parcel that is not of this case`, stray };
  }
  // An older scan, or the newest told twice.
  const known = leg && (leg.scannedAt === occurredAt ? leg.code === code : (leg.scannedAt ?? 0) > occurredAt);
  if (known) return { type: 'late_fact_noted', ...told };
  if (leg?.kind === 'send_back') return eventOnTheWayBack(state, code, told);
  if (leg?.kind === 'outbound') return eventOnTheWayOut(state, code, told);
  // What goes back is another parcel: of the one that came nothing is asked any more.
  if (state.stage === 'sending_back') return { type: 'late_fact_noted', ...told };
  if (leg && leg !== currentLeg(state) && !movesGoods(code)) return { type: 'late_fact_noted', ...told };
  return eventOfReturnScan(state, fact, told);
}

const legOf = ({ legs = [] }: ReturnState, trackingNo: string): Leg | undefined =>
  legs.findLast((leg) => leg.trackingNo === trackingNo);
/** Of a label that was replaced only what shows that the goods travel with it all the same. */
const movesGoods = (code: string): boolean => ['picked_up', 'dropped_off', 'in_transit', 'delivered'].includes(code);

type Told = Pick<ReturnEvent, 'by' | 'occurredAt' | 'cause' | 'trackingNo'>;

function eventOfReturnScan(state: ReturnState, fact: ReturnFacts['parcel_scanned'], told: Told): ReturnEvent {
  const { trackingNo, code } = fact;
  const moving = code === 'in_transit' || code === 'found';
  if (code === 'pickup_failed') return pickupFailed(state, fact, told);
  if (state.stage === 'lost_suspected' && moving) return { type: 'parcel_found', ...told };
  const type = code === 'in_transit' && legal(state, 'handed_over') ? 'handed_over' : (scanEvents[code] ?? 'late_fact_noted');
  if (!legal(state, type) && !onlyNoted.includes(type)) return { type: 'late_fact_noted', ...told };
  // The dock was faster: what it has counted, and we may have refused, does not arrive once more.
  if (type === 'received' && !state.lots.some(expected)) return { type: 'late_fact_noted', ...told };
  const atCustoms = state.legs !== undefined && ['in_transit', 'lost_suspected'].includes(state.stage);
  if (type === 'customs_held' && (!atCustoms || state.hold?.reason === 'customs')) return { type: 'late_fact_noted', ...told };
  if (type === 'customs_held') return { type, ...told, cause: 'customs' };
  if (type === 'customs_released' && state.hold?.reason !== 'customs') return { type: 'late_fact_noted', ...told };
  const shipment = type === 'handed_over' ? { ...state.shipment, trackingNo } : undefined;
  return { type, ...told, shipment };
}

/** Two rebookings, then a drop-off. Source: case flows 4.2. */
function pickupFailed(state: ReturnState, { cause, code, attempt }: ReturnFacts['parcel_scanned'], told: Told): ReturnEvent {
  const { handover } = state;
  const type = 'pickup_failed';
  if (!handover) return { type, ...told, cause: cause ?? code };
  if (state.stage !== 'awaiting_handover') return { type: 'late_fact_noted', ...told };
  // The same attempt told twice is one failure.
  if (attempt !== undefined && attempt <= handover.failed) return { type: 'late_fact_noted', ...told };
  const again = handover.failed + 1 < pickupTriesMax;
  const next = again ? { slotId: undefined } : { channel: 'drop_off' as const, slotId: undefined };
  return { type, ...told, cause: cause ?? code, handover: next };
}

/** The first parcel, to the customer: it matters only while it is missed. Brought back to us it has never reached them. */
function eventOnTheWayOut(state: ReturnState, code: string, told: Told): ReturnEvent {
  const missed = state.stage === 'lost_suspected' && currentLeg(state)?.kind === 'outbound';
  const found = movesGoods(code) || code === 'found';
  const lost = code === 'lost' || code === 'returned_to_sender';
  return { type: missed && found ? 'parcel_found' : missed && lost ? 'lost' : 'late_fact_noted', ...told };
}

function eventOnTheWayBack(state: ReturnState, code: string, told: Told): ReturnEvent {
  const type =
    code === 'delivered'
      ? 'delivered_back'
      : code === 'lost'
        ? 'lost'
        : movesGoods(code) || code === 'found'
          ? 'sent_back'
          : code === 'returned_to_sender'
            ? code
            : 'exception_reported';
  const here = state.stage === 'sending_back';
  return {
    type: here && (legal(state, type) || type === 'sent_back' || type === 'exception_reported') ? type : 'late_fact_noted',
    ...told,
  };
}

/** Only what the provider told us itself counts. Before that our own step is under way; what is said meanwhile is remembered, and looked up then. */
const lineOf = (state: ReturnState, providerId: string): MoneyLine | undefined =>
  state.money.find((line) => line.providerId === providerId);
const isStale = (line: MoneyLine | undefined, occurredAt: number): boolean => (line?.toldAt ?? 0) > occurredAt;

function eventOfFailure(state: ReturnState, { refundId, code, occurredAt }: ReturnFacts['refund_failed']): ReturnEvent {
  const told = { by: partner('payments'), occurredAt };
  const line = lineOf(state, refundId);
  if (!line) return { type: 'late_fact_noted', ...told, cause: `refund ${refundId} is not of this case`, strayRefund: refundId };
  if (isStale(line, occurredAt) || line.state === 'failed' || line.byHand) return { type: 'late_fact_noted', ...told };
  const its = { ...told, cause: code ?? 'refund_failed', intent: line.intent };
  // A parked case stays parked, and goods go on their way, but the money hears of it.
  return { type: 'refund_failed', ...its, step: 'refund' };
}

function eventOfSettlement(
  state: ReturnState,
  { refundId, amountMinor, currency = state.currency, occurredAt }: ReturnFacts['refund_settled'],
): ReturnEvent {
  const told = { by: partner('payments'), occurredAt, providerId: refundId };
  // The provider's word may overtake its answer to our own step: then amount and currency must tell that it is ours.
  const unheard = (...states: readonly string[]) =>
    state.money.find(
      (one) =>
        isOutgoing(one) &&
        states.includes(one.state) &&
        !one.providerId &&
        one.amountMinor === amountMinor &&
        state.currency === currency,
    );
  // Held or called off, it may have been made all the same: an attempt that was given up came through late.
  const line = lineOf(state, refundId) ?? unheard('due') ?? unheard('dispute_hold', 'cancelled');
  if (!line) return { type: 'late_fact_noted', ...told, cause: `refund ${refundId} is not of this case` };
  const intent = line.intent;
  if (line.byHand && !isStale(line, occurredAt))
    return { type: 'paid_twice_noted', ...told, intent, cause: `refund ${refundId} was paid after all` };
  if (line.state === 'settled' || isStale(line, occurredAt)) return { type: 'late_fact_noted', ...told };
  // Failed or called off, and since then paid another way: a person sorts out what the customer has in hand.
  if (!counts(line) && line.amountMinor > restMinor(state))
    return { type: 'paid_twice_noted', ...told, intent, cause: `refund ${refundId} was paid after all` };
  if (line.amountMinor !== amountMinor || state.currency !== currency) {
    // A person looks at it. Nobody says that nothing was paid, so nothing is paid anew; cases of before knew one word for both.
    const parks = state.legs ? 'step_failed' : 'refund_failed';
    // Told once more, it says nothing new.
    if (line.toldAt !== undefined && line.toldAt >= occurredAt) return { type: 'late_fact_noted', ...told };
    return {
      type: legal(state, parks) ? parks : 'late_fact_noted',
      ...told,
      step: 'refund',
      intent,
      otherSum: true,
      cause: `amount_mismatch: ${amountMinor} ${currency} settled, ${line.amountMinor} ${state.currency} due`,
    };
  }
  return { type: legal(state, 'refunded') && settlesAll(state, intent) ? 'refunded' : 'refund_settled', ...told, intent };
}

/** With this line nothing is owed any more. */
export const settlesAll = (state: ReturnState, intent: string = refundIntent): boolean =>
  isPaid({ ...state, money: state.money.map((line) => (line.intent === intent ? { ...line, state: 'settled' } : line)) });

function eventOfRecovery(
  state: ReturnState,
  fact: Extract<ReturnFact, { name: 'payment_settled' | 'payment_failed' }>,
): ReturnEvent {
  const told = { by: partner('payments'), occurredAt: fact.occurredAt };
  const noted: ReturnEvent = { type: 'late_fact_noted', ...told, cause: `charge ${fact.chargeId}` };
  const line = lineOf(state, fact.chargeId) ?? chargeUnheard(state, fact);
  if (!line || line.state === 'settled') return noted;
  if (fact.name === 'payment_settled') return { type: 'recovered', ...told, intent: line.intent, providerId: fact.chargeId };
  return line.state === 'sent' ? { type: 'recovery_refused', ...told, intent: line.intent, cause: fact.code } : noted;
}

/** A charge whose answer we never heard: amount and currency must tell that it is ours. */
const chargeUnheard = (
  { money, currency }: ReturnState,
  fact: Extract<ReturnFact, { name: 'payment_settled' | 'payment_failed' }>,
): MoneyLine | undefined =>
  fact.name === 'payment_settled' && fact.currency === currency
    ? money.find((line) => line.kind === 'recovery' && !line.providerId && line.amountMinor === fact.amountMinor)
    : undefined;

function eventOfDispute(
  state: ReturnState,
  fact: Extract<ReturnFact, { name: 'dispute_opened' | 'dispute_closed' }>,
): ReturnEvent {
  const { disputeId, amountMinor, occurredAt } = fact;
  const told = { by: partner('payments'), occurredAt, dispute: { disputeId, amountMinor } };
  const known = state.disputes?.find((dispute) => dispute.disputeId === disputeId);
  if (fact.name === 'dispute_opened') return { type: known ? 'late_fact_noted' : 'dispute_opened', ...told };
  if (known && known.state !== 'open') return { type: 'late_fact_noted', ...told };
  const closed = { type: 'dispute_closed', ...told, result: fact.result };
  if (fact.result === 'won' || !legal(state, 'dispute_lost')) return closed;
  const after = [...(state.disputes ?? []).filter((one) => one !== known), { disputeId, amountMinor, state: 'lost' as const }];
  const money = state.money.filter((line) => line.state !== 'dispute_hold');
  const paid = restMinor({ ...state, disputes: after, money }) === 0 && isPaid({ ...state, disputes: after, money });
  return paid ? { ...closed, type: 'dispute_lost' } : closed;
}
