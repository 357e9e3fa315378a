/**
 * 退货 return: which notice the customer gets for each event. A visible change is told once; what became false is corrected.
 * What it may say is return-notice-facts.ts, the words are policies/words/.
 */
import { type ErrandWork } from './errands.ts';
import { isClosed, isOutgoing, settledMinor } from './money.ts';
import { type NoticeName } from './notices.ts';
import { restMinor } from './refunds.ts';
import { isDisputed } from './return-money.ts';
import { paramsOf, takenBack } from './return-notice-facts.ts';
import { neverBegan } from './return-request.ts';
import { type ReturnEvent, type ReturnState } from './return-state.ts';

/** What the customer reads for an event that moved the case, or for one that did not. */
const byEvent: Readonly<Record<string, NoticeName>> = {
  agreed_by_silence: 'accepted_by_silence',
  self_ship_offered: 'self_ship',
  handed_over: 'parcel_in_transit',
  returned_to_sender: 'parcel_back_to_you',
  customs_held: 'customs_held',
  parcel_found: 'parcel_found',
  received: 'goods_received',
  refund_sent: 'refund_sent',
  pickup_failed: 'pickup_failed',
  pickup_refused: 'pickup_not_booked',
  proposal_replaced: 'proposal_replaced',
  no_reply: 'evidence_lapsed',
  proposal_lapsed: 'proposal_lapsed',
  deduction_applied: 'deduction_applied',
  dispute_opened: 'refund_disputed',
  held: 'on_hold',
  resumed: 'hold_over',
  escalation_requested: 'escalation_received',
  progress_due: 'escalation_progress',
  de_escalated: 'escalation_over',
  escalation_declined: 'escalation_over',
  reopened: 'reopened',
  message_sent: 'message_from_us',
};
/** … and where an event has no word of its own, for the stage it led to. */
const byStage: Readonly<Record<string, NoticeName>> = {
  under_review: 'request_received',
  awaiting_customer: 'evidence_requested',
  negotiating: 'proposal_made',
  lost_suspected: 'parcel_lost_suspected',
  discrepancy: 'discrepancy_found',
  deduction_offered: 'deduction_offered',
  sending_back: 'sending_back',
  recovering_advance: 'recovery_due',
  rejected: 'request_refused',
  refunded: 'refunded',
  returned_to_customer: 'sent_back_arrived',
  expired: 'case_expired',
  withdrawn: 'case_withdrawn',
  cancelled: 'case_cancelled',
  converted: 'case_converted',
};
const reminders: Readonly<Record<string, NoticeName>> = {
  awaiting_customer: 'evidence_reminder',
  negotiating: 'proposal_reminder',
  awaiting_handover: 'handover_reminder',
  deduction_offered: 'deduction_reminder',
  recovering_advance: 'recovery_reminder',
};
export function noticesOf(before: ReturnState, event: ReturnEvent, after: ReturnState): ErrandWork[] {
  return [noticeFor(before, event, after), disputedBefore(before, event, after)].flatMap((name) =>
    name ? [{ kind: 'notice' as const, name, params: paramsOf(name, before, event, after) }] : [],
  );
}

const verdicts = ['accepted', 'accepted_without_return', 'referred', 'outbound_missing'];
/** Disputed before the return was opened: told with the first verdict, unless it came to be told since. */
const disputedBefore = (before: ReturnState, { type }: ReturnEvent, after: ReturnState): NoticeName | undefined =>
  before.stage === 'requested' && verdicts.includes(type) && isDisputed(after) && !hasTold(after, 'refund_disputed')
    ? 'refund_disputed'
    : undefined;
const hasTold = ({ errands = [] }: ReturnState, name: NoticeName): boolean =>
  errands.some((errand) => errand.kind === 'notice' && errand.name === name);

function noticeFor(before: ReturnState, event: ReturnEvent, after: ReturnState): NoticeName | undefined {
  const moved = before.stage !== after.stage;
  if (neverBegan(after)) return undefined;
  // What the clock warns of concerns the customer only where the customer is waited for.
  if (event.type === 'warned') return event.clockId?.startsWith(`${after.stage}#`) ? reminders[after.stage] : undefined;
  if (event.type === 'message_sent' && event.by.role === 'customer') return undefined;
  if (event.type === 'outbound_missing') return 'outbound_missing';
  if (event.type === 'accepted_without_return') return 'kept_without_return';
  if (event.type === 'refund_settled' || event.type === 'advance_paid') return earlyWord(before, event, after);
  if (event.type === 'pickup_failed' && after.handover?.channel === 'drop_off') return 'drop_off_instead';
  if (event.type === 'pickup_arranged') return pickupWord(before, after);
  if (event.type === 'shipment_prepared' && moved) return pickupWord(before, after);
  if (event.type === 'send_back_marked') return before.sendBack ? undefined : 'cancelled_on_its_way';
  if (event.type === 'refund_failed') return failedWord(after);
  if (event.type === 'recovered' || event.type === 'written_off') return recoveryWord(before, event, after);
  // Cancelled meanwhile: it is not to be handed over once more.
  if (event.type === 'returned_to_sender' && after.stage === 'unwinding') return undefined;
  if (isLoss(event) && moved && after.stage !== 'lost_suspected') return 'parcel_lost';
  // A parked case, a step on the way, a repeat: nothing has changed for the customer.
  const parked = after.stage === 'needs_attention';
  if (parked || before.stage === 'needs_attention') return moved && !parked ? decidedWord(event, after) : undefined;
  if (event.type === 'resumed' || event.type === 'held') return before.hold === after.hold ? undefined : byEvent[event.type];
  const own = byEvent[event.type];
  if (own && (moved || tellsWithoutMove(event.type))) return own;
  return moved && answeredFrom(before) !== after.stage ? stageWord(after) : undefined;
}
/** All was kept, or the bank has paid: then no refund of ours is told of. */
const stageWord = ({ stage, money }: ReturnState): NoticeName | undefined =>
  stage === 'refunded' && settledMinor(money) === 0 ? 'nothing_to_pay' : byStage[stage];

/** What a person decided in the place of a step; a step that is merely tried again is no news. */
const decidedWord = ({ type }: ReturnEvent, after: ReturnState): NoticeName | undefined =>
  type === 'retried' || type === 'rung_climbed' ? undefined : (byEvent[type] ?? stageWord(after));

const isLoss = (event: ReturnEvent): boolean => event.type === 'lost' || event.type === 'presumed_lost';
/** Back from the customer's answer: the customer knows. */
const answeredFrom = (before: ReturnState): string | undefined =>
  before.stage === 'awaiting_customer' || before.stage === 'negotiating' ? before.from : undefined;

const staying = [
  'pickup_failed',
  'pickup_refused',
  'proposal_replaced',
  'customs_held',
  'refund_sent',
  'dispute_opened',
  'escalation_requested',
  'progress_due',
  'de_escalated',
  'escalation_declined',
  'reopened',
  'message_sent',
];
const tellsWithoutMove = (type: string): boolean => staying.includes(type);

/** Late is what is owed. Where nothing is, for the goods are still on their way, or the bank has paid, only a payment we told of is taken back. */
function failedWord(after: ReturnState): NoticeName | undefined {
  const isOwed = restMinor(after) > 0 || after.money.some((line) => isOutgoing(line) && !isClosed(line));
  if (isOwed) return 'refund_delayed';
  return takenBack('correction', after) && 'correction';
}

/** A driver comes, or comes at another time; or the goods are brought somewhere after all. */
function pickupWord({ shipment: earlier }: ReturnState, { shipment, handover }: ReturnState): NoticeName {
  if (handover?.channel !== 'door_pickup' || shipment?.pickupAt === undefined) return 'handover_instructions';
  return earlier?.pickupAt === undefined ? 'pickup_booked' : 'pickup_moved';
}

/** That nothing is owed back any more is no news of money; then only what became of the case is told. */
function recoveryWord(before: ReturnState, { type }: ReturnEvent, after: ReturnState): NoticeName | undefined {
  const closed = type === 'recovered' ? 'settled' : 'written_off';
  const newly = after.money.some(
    (line) =>
      line.kind === 'recovery' &&
      line.state === closed &&
      !before.money.some((one) => one.intent === line.intent && one.state === closed),
  );
  if (newly) return type === 'recovered' ? 'recovered' : 'recovery_written_off';
  return before.stage === after.stage ? undefined : stageWord(after);
}

/** An advance asks for the goods, as long as the customer still has them. The provider's word and its answer to us may both tell of it. */
const earlyWord = (before: ReturnState, { intent }: ReturnEvent, { money, stage }: ReturnState): NoticeName | undefined => {
  const line = money.find((one) => one.intent === intent);
  if (before.money.some((one) => one.intent === intent && one.state === 'settled')) return undefined;
  if (line?.kind === 'advance') return stage === 'awaiting_handover' ? 'instant_refund_paid' : 'refund_sent';
  return line?.early ? 'part_refunded' : undefined;
};
