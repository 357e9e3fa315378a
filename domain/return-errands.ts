/**
 * 退货 return: who is told what, and what else is done outside, for each event. A visible change is told once; what became false is corrected.
 * Pure: it names the notice and what it may say, the words are policies/words/.
 */
import { dueAtOf } from './deadlines.ts';
import { type Errand, type ErrandWork, type NoticeParams } from './errands.ts';
import { type NoticeName } from './notices.ts';
import { acceptReceived } from './goods.ts';
import { formatMinor, isOutgoing, settledMinor } from './money.ts';
import { owedBackMinor, refundDueMinor } from './refunds.ts';
import { paidByBankTooMinor } from './return-money.ts';
import { neverBegan } from './return-request.ts';
import { type ReturnEvent, type ReturnState } from './return-state.ts';

export function errandsOfReturn(before: ReturnState, event: ReturnEvent, after: ReturnState): readonly Errand[] {
  const works = [...noticesOf(before, event, after), ...otherWork(before, event, after)];
  return works.map((work, index) => ({
    ...work,
    key: `${work.kind}/${after.revision}${index ? `.${index}` : ''}`,
    state: 'due',
  }));
}

/** What the customer reads for an event that moved the case, or for one that did not. */
const byEvent: Readonly<Record<string, NoticeName>> = {
  agreed_by_silence: 'accepted_by_silence',
  shipment_prepared: 'handover_instructions',
  self_ship_offered: 'self_ship',
  handed_over: 'parcel_in_transit',
  returned_to_sender: 'parcel_back_to_you',
  customs_held: 'customs_held',
  parcel_found: 'parcel_found',
  received: 'goods_received',
  refund_sent: 'refund_sent',
  refund_failed: 'refund_delayed',
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
/** What each correction takes back. */
const corrects: Readonly<Partial<Record<NoticeName, readonly NoticeName[]>>> = {
  refund_delayed: ['refund_sent', 'refunded', 'instant_refund_paid', 'part_refunded'],
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

function noticesOf(before: ReturnState, event: ReturnEvent, after: ReturnState): ErrandWork[] {
  const name = noticeFor(before, event, after);
  if (!name) return [];
  return [{ kind: 'notice', name, params: paramsOf(name, event, after) }];
}

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
  if (event.type === 'recovered' || event.type === 'written_off') return recoveryWord(before, event, after);
  // Cancelled meanwhile: it is not to be handed over once more.
  if (event.type === 'returned_to_sender' && after.stage === 'unwinding') return undefined;
  if (isLoss(event) && moved && after.stage !== 'lost_suspected') return 'parcel_lost';
  // A parked case, a step on the way, a repeat: nothing has changed for the customer.
  const parked = after.stage === 'needs_attention';
  if (parked || before.stage === 'needs_attention')
    return event.type === 'refund_failed' ? 'refund_delayed' : moved && !parked ? decidedWord(event, after) : undefined;
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
  'refund_failed',
  'dispute_opened',
  'escalation_requested',
  'progress_due',
  'de_escalated',
  'escalation_declined',
  'reopened',
  'message_sent',
];
const tellsWithoutMove = (type: string): boolean => staying.includes(type);

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

function paramsOf(name: NoticeName, event: ReturnEvent, after: ReturnState): NoticeParams {
  return {
    dueAt: dueAtFor(name, after),
    amountMinor: amountFor(name, event, after),
    deductionMinor: deductionMinor(after),
    trackingNo: after.shipment?.trackingNo,
    slotAt: after.shipment?.pickupAt ?? after.handover?.slotAt,
    point: after.handover?.pointId,
    // What was kept is kept by the rule of the offer, whichever clock has made it count.
    ruleIds: name === 'deduction_applied' ? after.deduction?.ruleIds : event.ruleIds,
    cause: event.cause ?? (name === 'request_refused' ? event.verdict?.because[0] : undefined),
    units: after.lots.reduce((sum, lot) => sum + lot.quantity, 0),
    firstNotice: corrects[name] && lastOf(after, corrects[name]),
    textRef: event.textRef,
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

function amountFor(name: NoticeName, event: ReturnEvent, after: ReturnState): number | undefined {
  const { lines, lots, adjustments, money, proposal } = after;
  const newest = money.findLast((one) => one.kind === 'recovery')?.amountMinor;
  switch (name) {
    case 'recovery_due':
    case 'recovery_reminder':
      return owedBackMinor(after);
    case 'recovered':
    case 'recovery_written_off':
      return newest;
    case 'proposal_made':
    case 'proposal_replaced':
    case 'proposal_reminder':
      return proposal?.amountMinor;
    case 'deduction_offered':
    case 'deduction_reminder':
      return Math.max(0, refundDueMinor(lines, acceptReceived(lots), adjustments) - (deductionMinor(after) ?? 0));
    case 'deduction_applied':
      return refundDueMinor(lines, lots, adjustments);
    case 'refunded':
      return settledMinor(money);
    case 'parcel_lost':
      return money.findLast((one) => one.kind === undefined && (one.state === 'due' || one.state === 'dispute_hold'))
        ?.amountMinor;
    default:
      return money.find((one) => one.intent === (event.intent ?? 'refund'))?.amountMinor ?? sumOf(after);
  }
}

const sumOf = ({ money }: ReturnState): number =>
  money.reduce((sum, one) => sum + (one.kind === 'recovery' ? 0 : one.amountMinor), 0);

/** The newest notice of these names, that was not true for good. */
const lastOf = ({ errands = [] }: ReturnState, names: readonly NoticeName[]): NoticeName | undefined =>
  errands.flatMap((errand) => (errand.kind === 'notice' && names.includes(errand.name) ? [errand.name] : [])).at(-1);

/** What is done outside beside words: goods booked into stock, proof for the bank, tasks that only a person can do. */
function otherWork(before: ReturnState, event: ReturnEvent, after: ReturnState): ErrandWork[] {
  const task = (what: string, cause?: string): ErrandWork => ({ kind: 'task', what, cause });
  switch (event.type) {
    case 'inspected':
    case 'inspection_recorded':
      return (event.inspected ?? []).map((unit) => ({ kind: 'stock', ...unit }));
    case 'self_ship_offered':
      return after.verdict?.freight === 'consumer' ? [] : [task('repay_freight', 'the customer sends by a carrier of their own')];
    case 'dispute_opened':
      return after.money
        .filter((line) => isOutgoing(line) && line.providerId && (line.state === 'sent' || line.state === 'settled'))
        .map((line) => ({ kind: 'dispute_proof', disputeId: event.dispute?.disputeId ?? '', refundId: line.providerId! }));
    case 'dispute_closed':
    case 'dispute_lost':
      return paidByBankTooMinor(after) > paidByBankTooMinor(before)
        ? [
            task(
              'bank_paid_too',
              `${formatMinor(paidByBankTooMinor(after), after.currency)} by dispute ${event.dispute?.disputeId ?? ''}`,
            ),
          ]
        : [];
    case 'paid_twice_noted':
      return [task('refund_paid_twice', event.cause)];
    case 'charge_unknown':
      return [task('check_charge', event.cause ?? 'nobody knows whether the customer was charged')];
    case 'payment_told':
      return [task('check_payment', event.cause)];
    case 'received':
    case 'reception_recorded':
    case 'parcel_found':
    case 'lost':
    case 'scanned':
    case 'late_fact_noted':
      return [
        ...(event.extras?.length
          ? [task('extra_goods', event.extras.map((one) => `${one.quantity} x ${one.sku}`).join(', '))]
          : []),
        ...(turnedUp(before, event) ? claimOf(before) : []),
      ];
    case 'goods_after_end':
      return [task('goods_after_end', 'a parcel arrived when the case had just ended')];
    case 'proposal_declined':
      return after.deduction && after.deduction.declined >= 2 && before.stage === 'deduction_offered'
        ? [task('open_complaint', 'the customer declined the deduction twice')]
        : [];
    default:
      return after.stage === 'converted' && before.stage !== 'converted'
        ? [task('open_successor', after.proposal?.kind ?? 'exchange')]
        : [];
  }
}

/** A parcel that was missed or given up shows itself: the dock counts of it, or the carrier has it. */
function turnedUp(before: ReturnState, event: ReturnEvent): boolean {
  const { type, counted = [], cause = '' } = event;
  if (type === 'parcel_found' || (type === 'received' && before.stage === 'lost_suspected')) return true;
  if (type === 'lost') return cause === 'returned_to_sender';
  const wasLost = before.lots.some((lot) => lot.reception === 'lost_in_transit');
  const shows = ['scanned', 'late_fact_noted'].includes(type)
    ? isSeen(before, event)
    : counted.some((unit) => unit.condition !== 'missing');
  return wasLost && shows;
}
const showing = ['picked_up', 'dropped_off', 'in_transit', 'delivered', 'found'];
const isSeen = ({ legs = [] }: ReturnState, { trackingNo, occurredAt = 0, cause = '' }: ReturnEvent): boolean =>
  showing.includes(cause) &&
  legs.some((leg) => leg.kind !== 'send_back' && leg.trackingNo === trackingNo && (leg.scannedAt ?? 0) < occurredAt);

/** The claim on the carrier no longer stands; once. */
const claimOf = ({ links = [], errands = [] }: ReturnState): ErrandWork[] => {
  const claim = links.findLast((link) => link.kind === 'claim_for');
  const isWithdrawn = errands.some((errand) => errand.kind === 'claim_withdrawn' && errand.claimCaseId === claim?.otherId);
  return claim && !isWithdrawn ? [{ kind: 'claim_withdrawn', claimCaseId: claim.otherId }] : [];
};
