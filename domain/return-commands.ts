/**
 * 退货 return: the commands people give and the facts partners report, and the event that each becomes. Pure.
 * What an event then does is return.ts.
 */
import { hasSeen, rowOf, type AnyRules } from './case.ts';
import { refusalOf as sharedRefusal, sharedEvent, type Command, type Refusal, type SharedPayloads } from './commands.ts';
import { countUnits, gradeUnits, miscounted, misgraded, type Counted, type Inspected } from './goods.ts';
import { type Actor } from './permissions.ts';
import { fullyInspected, refundIntent, returnRules, type ReturnEvent, type ReturnState } from './return.ts';

export interface ReturnPayloads extends SharedPayloads {
  decide_request: { verdict: 'accept' | 'refuse'; ruleIds: readonly string[]; textRef?: string };
  submit_tracking: { carrier: string; trackingNo: string };
  record_reception: { parcelId: string; scanNo: number; units: readonly Counted[] };
  record_inspection: { units: readonly Inspected[] };
}
export type ReturnCommandName = keyof ReturnPayloads;
export type ReturnCommand = { [name in ReturnCommandName]: Command<name, ReturnPayloads[name]> }[ReturnCommandName];

const rules = returnRules as unknown as AnyRules;
const parcelKey = ({ parcelId, scanNo }: { parcelId: string; scanNo: number }): string => `${parcelId}/${scanNo}`;

/** Why the command is refused now, or undefined: for all types alike, then for what a return alone knows. */
export function returnRefusal(state: ReturnState, command: ReturnCommand): Refusal | undefined {
  const shared = sharedRefusal(rules, state, command);
  if (shared || hasSeen(state, command.messageId)) return shared;
  if (command.name === 'record_reception') {
    if (state.parcels.includes(parcelKey(command.payload))) return undefined;
    return overLimit(miscounted(state.lots, command.payload.units), 'more units than the case still expects');
  }
  if (command.name === 'record_inspection')
    return overLimit(misgraded(state.lots, command.payload.units), 'more units than were received and not yet inspected');
  return undefined;
}

const overLimit = (index: number | undefined, message: string): Refusal | undefined =>
  index === undefined ? undefined : { code: 'over_limit', message, pointer: `/units/${index}/quantity` };

export function eventOfCommand(state: ReturnState, command: ReturnCommand): ReturnEvent {
  const { actor: by, messageId } = command;
  switch (command.name) {
    case 'decide_request': {
      const { verdict, ruleIds, textRef } = command.payload;
      return { type: verdict === 'accept' ? 'accepted' : 'refused', by, messageId, ruleIds, textRef };
    }
    case 'submit_tracking':
      return { type: 'handed_over', by, messageId, shipment: { trackingNo: command.payload.trackingNo } };
    case 'record_reception': {
      const parcel = parcelKey(command.payload);
      if (state.parcels.includes(parcel)) return { type: 'repeat_noted', by, messageId };
      const counted = command.payload.units;
      // Counted units that all went wrong still end the journey: the case is at the dock either way.
      const arrives = rowOf(rules, state.stage)?.moves.received !== undefined;
      // The last count may leave nothing to inspect: what came has been graded, the rest is missing or wrong.
      const last = state.stage === 'received' && fullyInspected({ lots: countUnits(state.lots, counted) });
      return { type: arrives ? 'received' : last ? 'inspected' : 'reception_recorded', by, messageId, parcel, counted };
    }
    case 'record_inspection': {
      const inspected = command.payload.units;
      const last = state.stage === 'received' && fullyInspected({ lots: gradeUnits(state.lots, inspected) });
      return { type: last ? 'inspected' : 'inspection_recorded', by, messageId, inspected };
    }
    default:
      return sharedEvent(command)!;
  }
}

/** Facts from outside. They are never refused: where they have no legal move they are noted. */
export interface ReturnFacts {
  parcel_scanned: { eventId: string; trackingNo: string; code: string; occurredAt: number };
  refund_settled: { eventId: string; refundId: string; amountMinor: number; currency?: string; occurredAt: number };
  refund_failed: { eventId: string; refundId: string; code?: string; occurredAt: number };
  retry_now: { eventId?: string; reason?: string };
}
export type ReturnFact = { [name in keyof ReturnFacts]: { name: name } & ReturnFacts[name] }[keyof ReturnFacts];

const scanEvents: Readonly<Record<string, string>> = {
  picked_up: 'handed_over',
  in_transit: 'scanned',
  delivered: 'received',
  pickup_failed: 'pickup_failed',
  exception: 'exception_reported',
  lost: 'lost',
  returned_to_sender: 'returned_to_sender',
};
const onlyNoted = ['scanned', 'pickup_failed', 'exception_reported'];
const partner = (id: string): Actor => ({ id, role: 'partner' });

/** The event of a fact; undefined: it has been told before, or says nothing here. */
export function eventOfFact(state: ReturnState, fact: ReturnFact): ReturnEvent | undefined {
  const messageId = fact.eventId && `${sender[fact.name]}/${fact.eventId}`;
  if (messageId && hasSeen(state, messageId)) return undefined;
  const event = meaningOfFact(state, fact);
  return event && { ...event, messageId };
}

/** Event ids are unique for each sender alone. */
const sender: Record<keyof ReturnFacts, string> = {
  parcel_scanned: 'carrier',
  refund_settled: 'payments',
  refund_failed: 'payments',
  retry_now: 'operations',
};

function meaningOfFact(state: ReturnState, fact: ReturnFact): ReturnEvent | undefined {
  switch (fact.name) {
    case 'parcel_scanned':
      return eventOfScan(state, fact);
    case 'refund_settled':
      return eventOfSettlement(state, fact);
    case 'refund_failed': {
      const told = { by: partner('payments'), occurredAt: fact.occurredAt };
      if (!isOurRefund(state, fact.refundId))
        return { type: 'late_fact_noted', ...told, cause: `refund ${fact.refundId} is not of this case` };
      // A parked case stays parked, but its money hears of it.
      const counts = legal(state, 'refund_failed') || state.money.some((line) => line.state === 'sent');
      return { type: counts ? 'refund_failed' : 'late_fact_noted', ...told, step: 'refund', cause: fact.code ?? 'refund_failed' };
    }
    case 'retry_now':
      return state.stage === 'needs_attention'
        ? { type: 'retried', by: { id: 'operations', role: 'operator' }, cause: fact.reason }
        : undefined;
  }
}

/** Only what the provider told us itself counts. Before that our own step is under way, and finds what has become of it. */
const isOurRefund = (state: ReturnState, refundId: string): boolean => state.money.some((line) => line.providerId === refundId);

const legal = (state: ReturnState, move: string): boolean => rowOf(rules, state.stage)?.moves[move] !== undefined;

function eventOfScan(state: ReturnState, { trackingNo, code, occurredAt }: ReturnFacts['parcel_scanned']): ReturnEvent {
  const told = { by: partner('carrier'), occurredAt, cause: code };
  const type = code === 'in_transit' && legal(state, 'handed_over') ? 'handed_over' : (scanEvents[code] ?? 'late_fact_noted');
  if (!legal(state, type) && !onlyNoted.includes(type)) return { type: 'late_fact_noted', ...told };
  const shipment = type === 'handed_over' ? { ...state.shipment, trackingNo } : undefined;
  return { type, ...told, shipment };
}

function eventOfSettlement(
  state: ReturnState,
  { refundId, amountMinor, currency = state.currency, occurredAt }: ReturnFacts['refund_settled'],
): ReturnEvent {
  const told = { by: partner('payments'), occurredAt, providerId: refundId };
  const line = state.money.find((one) => one.intent === refundIntent);
  // The provider's word may overtake its answer to our own step: then amount and currency must tell that it is ours.
  const early = line?.state === 'due' && !line.providerId && line.amountMinor === amountMinor && state.currency === currency;
  if (!early && !isOurRefund(state, refundId))
    return { type: 'late_fact_noted', ...told, cause: `refund ${refundId} is not of this case` };
  if (!line || line.state === 'settled') return { type: 'late_fact_noted', ...told };
  if (line.amountMinor !== amountMinor || state.currency !== currency) {
    const step = 'refund';
    return {
      type: legal(state, 'refund_failed') ? 'refund_failed' : 'late_fact_noted',
      ...told,
      step,
      cause: `amount_mismatch: ${amountMinor} ${currency} settled, ${line.amountMinor} ${state.currency} due`,
    };
  }
  return { type: legal(state, 'refunded') ? 'refunded' : 'refund_settled', ...told };
}
