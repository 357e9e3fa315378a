/**
 * 退货 return: what is done outside for each event: words to the customer, and the rest: stock, proof for the bank, tasks for people.
 * Which words is return-notices.ts.
 */
import { type Errand, type ErrandWork } from './errands.ts';
import { formatMinor, isOutgoing } from './money.ts';
import { paidByBankTooMinor } from './return-money.ts';
import { noticesOf } from './return-notices.ts';
import { type ReturnEvent, type ReturnState } from './return-state.ts';

export function errandsOfReturn(before: ReturnState, event: ReturnEvent, after: ReturnState): readonly Errand[] {
  const works = [...noticesOf(before, event, after), ...otherWork(before, event, after)];
  return works.map((work, index) => ({
    ...work,
    key: `${work.kind}/${after.revision}${index ? `.${index}` : ''}`,
    state: 'due',
  }));
}

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
    case 'reopened':
      return before.stage === 'converted' && after.stage === 'received'
        ? [task('successor_in_doubt', 'the parcel that was to be replaced has turned up: it is judged and paid here')]
        : [];
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
