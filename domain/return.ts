/**
 * 退货 return: a customer sends goods back for a refund. What its events do to goods, money and the case's own fields.
 * Stages and moves are return-table.ts, which command means which event return-commands.ts, who is told what return-notices.ts.
 */
import { type CaseRules, type SlaPolicy } from './case.ts';
import {
  acceptReceived,
  countUnits,
  expected,
  gradeUnits,
  mark,
  missing,
  moveAll,
  refusedHere,
  rejected,
  undecided,
  ungraded,
  unitsWhere,
  type Lot,
} from './goods.ts';
import { committedMinor, isClosed, isOutgoing, type MoneyLine } from './money.ts';
import { owedBackMinor, payable, restMinor, valueMinor } from './refunds.ts';
import { errandsOfReturn } from './return-errands.ts';
import { applyMoney, isDisputed, isPaid, nextDue, withFees } from './return-money.ts';
import { applyRequest, currentLeg } from './return-request.ts';
import { type ReturnEvent, type ReturnState } from './return-state.ts';
import { returnEnds, returnTable, type ReturnGuard } from './return-table.ts';

const dayMs = 86_400_000;
const recoveryTriesMs = 90 * dayMs;

const guards: Record<ReturnGuard, (state: ReturnState, sla: SlaPolicy) => boolean> = {
  ourCarrier: (state) => currentLeg(state)?.ours !== false,
  outboundLeg: (state) => currentLeg(state)?.kind === 'outbound',
  keepsGoods: (state) => state.proposal?.kind === 'price_reduction',
  otherType: (state) => state.proposal?.kind === 'exchange' || state.proposal?.kind === 'repair',
  withinWaiverLimit: (state, sla) => waivedMinor(state) <= (sla.limits?.waiveMinor ?? 0),
  managerAsked: (state) => state.managerAsked === true,
  withinWriteOffLimit: (state, sla) => owedBackMinor(state) <= (sla.limits?.writeOffMinor ?? 0),
  ninetyDaysOld: (state) => state.at - (state.enteredAt ?? state.at) >= recoveryTriesMs,
  editedMeanwhile: (state) => state.request?.toAssess === true,
  cancelledOnItsWay: (state) => state.sendBack === true,
  // A case of before disputes stays with the person who was asked.
  bankHoldsPayment: ({ legs, from, attention }) =>
    legs !== undefined && from === 'refund_due' && attention?.cause.startsWith('payment_disputed') === true,
  moneyOpen: (state) => restMinor(state) > 0 || state.money.some((line) => isOutgoing(line) && !isClosed(line)),
};

export const returnRules: CaseRules<ReturnState, ReturnEvent> = {
  type: 'return',
  stages: returnTable,
  ends: returnEnds,
  apply: applyReturn,
  guards,
  divert,
  isUnderWay,
  errandsOf: errandsOfReturn,
};

/**
 * Goods that came while the case was let go of, or that we refused, are sent back before it ends, and an advance on goods that give no right
 * to it is recovered before either.
 */
function divert(state: ReturnState, wanted: string, sla: SlaPolicy): string {
  const left = comesFirst('sending_back', wanted) && state.lots.some(notOurs) && sla.stages.sending_back;
  const target = left ? 'sending_back' : wanted;
  // Charged back, or to be charged, and then the advance itself failed: the customer gets what is owed. And no end before the provider's word.
  const out = (line: MoneyLine) => isOutgoing(line) && line.state === 'sent';
  const owed =
    target === 'refunded' ? state.stage === 'recovering_advance' && restMinor(state) > 0 : committedMinor(state.money) < 0;
  const unpaid = owed || (state.legs !== undefined && state.stage === 'recovering_advance' && state.money.some(out));
  if (comesFirst('refund_due', target) && unpaid) return 'refund_due';
  return comesFirst('recovering_advance', target) && owedBackMinor(state) > 0 ? 'recovering_advance' : target;
}
const notOurs = (lot: Lot): boolean => undecided(lot) || refusedHere(lot);
/** Somebody else is waited for: the bank decides, or the provider's word on what is under way is awaited. */
function isUnderWay(state: ReturnState): boolean {
  if (state.stage !== 'refund_due') return false;
  if (isDisputed(state) || state.money.some((line) => isOutgoing(line) && line.state === 'sent')) return true;
  return state.legs !== undefined && !isPaid(state) && nextDue(state) === undefined && restMinor(state) === 0;
}
const comesFirst = (stage: 'sending_back' | 'recovering_advance' | 'refund_due', target: string): boolean =>
  (returnTable[stage].comesBefore as readonly string[]).includes(target);

/** What letting everything pass would cost beyond the goods that are well: missing and worn units at their price. */
export const waivedMinor = (state: ReturnState): number =>
  valueMinor(
    state.lines,
    state.lots,
    (lot) => missing(lot) || undecided(lot) || (lot.reception === 'lost_in_transit' && !payable(lot)),
  );

/** What an event of a return does to its goods, its money and its own fields. A late or repeated fact changes nothing. */
function applyReturn(before: ReturnState, event: ReturnEvent, sla: SlaPolicy): ReturnState {
  const state = { ...before, verdict: event.verdict ?? before.verdict };
  const meant = isOutdated(before, event) ? { ...event, type: 'referred' } : event;
  return applyMoney(applyGoods(applyRequest(state, meant), meant, sla), meant, sla);
}
const verdicts = ['accepted', 'accepted_without_return', 'refused', 'outbound_missing'];
const isOutdated = (state: ReturnState, { type }: ReturnEvent): boolean =>
  state.stage === 'requested' && state.request?.toAssess === true && verdicts.includes(type);

/** What was handed over all the same has travelled, and so has a parcel that never reached the customer and comes back to us. */
const travelled = (lots: readonly Lot[]): Lot[] => moveAll(lots, ['with_customer', 'undelivered'], 'in_transit');

function applyGoods(state: ReturnState, event: ReturnEvent, sla: SlaPolicy): ReturnState {
  const { lots } = state;
  switch (event.type) {
    case 'accepted':
    case 'agreed_by_silence':
      return { ...state, lots: moveAll(lots, ['with_customer'], 'awaiting') };
    case 'accepted_without_return':
      return {
        ...state,
        lots: acceptReceived(mark(moveAll(lots, ['with_customer'], 'kept'), isKept, { acceptance: 'accepted' })),
      };
    case 'proposal_accepted':
      return state.stage === 'deduction_offered' ? deducted(state) : { ...state, lots: asProposed(state) };
    case 'outbound_missing':
      return { ...state, lots: moveAll(lots, ['with_customer'], 'undelivered') };
    case 'handed_over':
      return { ...state, lots: moveAll(lots, ['awaiting'], 'in_transit') };
    case 'parcel_found':
      return { ...state, lots: moveAll(lots, ['undelivered'], 'with_customer') };
    case 'returned_to_sender':
      return { ...state, lots: moveAll(lots, ['in_transit'], 'awaiting') };
    case 'reopened':
      // The carrier has brought what nobody expected any more: it is at the dock, and not with the customer.
      return event.result === 'received' && event.by.role === 'partner' ? { ...state, lots: travelled(lots) } : state;
    case 'received':
    case 'reception_recorded': {
      const counted = countParcel({ ...state, lots: event.type === 'received' ? travelled(lots) : lots }, event);
      // Past the point of no return nobody decides about goods any more: what comes late is paid like what came.
      return pastDeciding(state) ? { ...counted, lots: acceptReceived(counted.lots) } : counted;
    }
    case 'inspected':
    case 'inspection_recorded': {
      const counted = countParcel(state, event);
      return { ...counted, lots: gradeUnits(counted.lots, event.inspected ?? []) };
    }
    case 'accepted_as_is':
      return withFees({ ...state, lots: acceptReceived(moveAll(lots, ['awaiting', 'in_transit'], 'received')) });
    case 'cleared':
      return withFees({ ...state, lots: acceptReceived(lots) });
    case 'lost':
    case 'presumed_lost':
    case 'reship_chosen':
      return lostGoods(state, event, sla);
    case 'discrepancy_found':
      return sla.stages.discrepancy
        ? withFees({ ...state, lots: mark(lots, isClean(state), { acceptance: 'accepted' }) })
        : state;
    case 'waived':
      return { ...state, lots: mark(acceptReceived(lots), unpaidYet, { waived: true }) };
    case 'deduction_applied':
      return deducted(state);
    case 'goods_refused':
    case 'goods_wanted_back': {
      const counted = countParcel(state, event);
      const here = state.sendBack ? uncountedAlso(counted.lots) : counted.lots;
      return { ...counted, lots: mark(here, undecided, { acceptance: 'rejected' }) };
    }
    case 'sent_back':
      return { ...state, lots: moveRejected(mark(lots, undecided, { acceptance: 'rejected' })) };
    case 'delivered_back':
      return {
        ...state,
        lots: moveAll(moveRejected(mark(lots, undecided, { acceptance: 'rejected' })), ['sent_back'], 'with_customer'),
      };
    case 'unwound':
      return { ...state, lots: moveAll(moveAll(lots, ['awaiting'], 'with_customer'), ['undelivered'], 'with_customer') };
    default:
      return state;
  }
}

/** The stage that an event is about: a parked case is still in the one that it was parked from. */
const stageMeant = ({ stage, from }: ReturnState): string | undefined => (stage === 'needs_attention' ? from : stage);
const pastDeciding = (state: ReturnState): boolean => stageMeant(state) === 'refund_due';
const isKept = (lot: Lot): boolean => lot.reception === 'kept';
const unpaidYet = (lot: Lot): boolean => missing(lot) || (lot.reception === 'lost_in_transit' && !payable(lot));

function asProposed({ lots, proposal }: ReturnState): Lot[] {
  if (proposal?.kind === 'price_reduction') return moveAll(lots, ['with_customer'], 'kept');
  return proposal?.kind === 'return' ? moveAll(lots, ['with_customer'], 'awaiting') : [...lots];
}

/** Cancelled on its way, and nobody counts on: what was counted has come and no more; where nothing was, it has come as announced. */
function uncountedAlso(lots: readonly Lot[]): Lot[] {
  const came = lots.some((lot) => lot.reception === 'received') ? 'short_shipped' : 'received';
  return moveAll(lots, ['awaiting', 'in_transit'], came);
}

/** Rejected units travel to the customer; what was accepted stays with us. */
const moveRejected = (lots: readonly Lot[]): Lot[] => mark(lots, refusedHere, { reception: 'sent_back' });

/** A fault that was claimed needs no further proof by wear; a change of mind needs goods in order. */
const isClean =
  (state: Pick<ReturnState, 'verdict'>) =>
  (lot: Lot): boolean =>
    undecided(lot) && !ungraded(lot) && (faultClaimed(state) || (!lot.damaged && lot.grade !== 'C' && lot.grade !== 'D'));

const faultClaimed = ({ verdict }: Pick<ReturnState, 'verdict'>): boolean =>
  verdict?.reason !== undefined && verdict.reason !== 'no_reason';

/** Lost on our way: paid like accepted ones. On the customer's own way: not, unless a person lets it pass. A parcel sent back is ours again. */
function lostGoods(state: ReturnState, event: ReturnEvent, sla: SlaPolicy): ReturnState {
  if (stageMeant(state) === 'sending_back') {
    const onTheWay = mark(state.lots, (lot) => rejected(lot) || undecided(lot), {
      reception: 'lost_in_transit',
      acceptance: undefined,
    });
    return { ...state, lots: onTheWay };
  }
  // The carrier's first word of a loss only raises the question.
  if (event.type === 'lost' && state.stage !== 'lost_suspected') return state;
  const risk = guards.ourCarrier(state, sla) ? {} : { risk: 'customer' as const };
  const travelling = (lot: Lot) => ['awaiting', 'in_transit', 'undelivered'].includes(lot.reception);
  return { ...state, lots: mark(acceptReceived(state.lots), travelling, { reception: 'lost_in_transit', ...risk }) };
}

/** The deduction becomes part of the account, line by line; the rest of what came is accepted. */
function deducted(state: ReturnState): ReturnState {
  const { deduction, lots, adjustments = [] } = state;
  const ruleId = deduction?.ruleIds[0] ?? 'agreement';
  const kept = (deduction?.items ?? []).map((item) => ({ kind: 'deduction' as const, ruleId, ...item }));
  return { ...state, lots: acceptReceived(lots), adjustments: [...adjustments, ...kept] };
}

/** A count in short: the same whatever order the units are named in. */
export const countText = ({ counted = [], extras = [] }: Pick<ReturnEvent, 'counted' | 'extras'>): string =>
  [
    ...counted.map(({ lineId, quantity, condition }) => `${quantity} ${condition} ${lineId}`),
    ...extras.map(({ sku, quantity }) => `${quantity} extra ${sku}`),
  ]
    .sort()
    .join(', ');

/** Also a parcel with nothing in it that was announced. Cases of before have no record of what was counted. */
export const isCounted = ({ parcels, counts = {} }: Pick<ReturnState, 'parcels' | 'counts'>, parcel: string): boolean =>
  parcels.includes(parcel) || Object.hasOwn(counts, parcel);

function countParcel(state: ReturnState, event: ReturnEvent): ReturnState {
  if (!event.counted || !event.parcel || isCounted(state, event.parcel)) return state;
  const extras = event.extras?.length ? { extras: [...(state.extras ?? []), ...event.extras] } : {};
  return {
    ...state,
    ...extras,
    // One with goods alone that nobody announced is none that the case waits for.
    parcels: event.counted.length > 0 ? [...state.parcels, event.parcel] : state.parcels,
    counts: { ...state.counts, [event.parcel]: countText(event) },
    lots: countUnits(state.lots, event.counted),
  };
}
/** Every unit has been counted, and each that came has been graded. */
export const fullyInspected = (state: Pick<ReturnState, 'lots'>): boolean =>
  !state.lots.some((lot) => expected(lot) || ungraded(lot));
/** Every unit has been counted. */
const fullyCounted = (state: Pick<ReturnState, 'lots'>): boolean => !state.lots.some(expected);

/** Cancelled on its way, and now all of it is counted: what came goes back unopened. */
export const goesBack = ({ sendBack, lots }: Pick<ReturnState, 'sendBack' | 'lots'>): boolean =>
  sendBack === true && fullyCounted({ lots }) && lots.some(undecided);

/** What a verdict on a request that is looked at again means: its units may be in another case by now. */
export const reassessment = (
  { request }: Pick<ReturnState, 'request'>,
  { because }: { readonly because: readonly string[] },
): 'reassessed' | 'edit_undone' | 'refused' =>
  because.includes('units_in_another_case') ? (request?.before ? 'edit_undone' : 'refused') : 'reassessed';

/** The verdict on what came: all of it, looked at, in a condition that gives the right; or a person must settle it. */
export function assessGoods(state: ReturnState): 'cleared' | 'discrepancy_found' {
  const lacking = unitsWhere(state.lots, missing);
  const worn = unitsWhere(
    state.lots,
    (lot) => undecided(lot) && (lot.damaged === true || lot.grade === 'C' || lot.grade === 'D'),
  );
  return fullyInspected(state) && lacking === 0 && (worn === 0 || faultClaimed(state)) ? 'cleared' : 'discrepancy_found';
}

/** A stage whose question the goods already answer is passed at once: a parcel that came while a person was asked, say. */
export function alreadyAnswered(state: ReturnState): 'received' | 'inspected' | 'goods_refused' | undefined {
  const travelling = ['awaiting_handover', 'in_transit', 'lost_suspected'].includes(state.stage);
  if (travelling && state.parcels.length > 0) return 'received';
  if (state.stage !== 'received' || state.parcels.length === 0) return undefined;
  if (goesBack(state)) return 'goods_refused';
  return fullyInspected(state) ? 'inspected' : undefined;
}
