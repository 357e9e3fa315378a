/**
 * 退货 return: what its events do to the request, the proposals, the pickup and the parcels.
 * What they mean for goods and money is return.ts.
 */
import { undecided, unitsWhere, untouched } from './goods.ts';
import { type Adjustment } from './refunds.ts';
import {
  straysKept,
  type DeductionItem,
  type Handover,
  type Leg,
  type RequestedLine,
  type ReturnEvent,
  type ReturnRequest,
  type ReturnState,
  type Stray,
} from './return-state.ts';

/** What an event does to the request, the proposal, the pickup and the parcels. */
export function applyRequest(state: ReturnState, event: ReturnEvent): ReturnState {
  switch (event.type) {
    case 'request_edited':
      return edited(state, event);
    case 'referred':
      // Our own clock ended the assessment: no unit is claimed yet. Before anybody decides it is done after all.
      return event.verdict === undefined && event.by.role === 'system' ? toBeAssessed(state) : state;
    case 'reopened':
      // Its units were let go of at the end: they are claimed anew before anybody decides.
      return event.result === 'under_review' ? toBeAssessed(state) : state;
    case 'reassessed':
      return reassessed(state, event);
    case 'edit_undone':
      return undone(state);
    case 'evidence_requested':
      return { ...state, asked: event.asked };
    case 'evidence_submitted':
    case 'evidence_added':
      return withEvidence({ ...state, asked: undefined }, event);
    case 'proposed':
    case 'proposal_replaced':
      return { ...state, proposal: event.proposal };
    case 'proposal_accepted':
      return state.stage === 'negotiating' ? agreed(state) : state;
    case 'proposal_declined':
      return declined(state);
    case 'deduction_proposed':
      return {
        ...state,
        deduction: {
          items: event.deductions ?? ofWhatIsNotCleared(state),
          ruleIds: event.ruleIds ?? [],
          declined: state.deduction?.declined ?? 0,
        },
      };
    case 'manager_asked':
      return { ...state, managerAsked: true };
    case 'agreed_by_silence':
      return { ...state, silentlyAgreed: true };
    case 'accepted':
    case 'refused':
      return event.by.role === 'agent' || event.by.role === 'manager' ? { ...state, decidedBy: event.by.id } : state;
    case 'send_back_marked':
      return { ...state, sendBack: true };
    default:
      return applyParcels(state, event);
  }
}

const toBeAssessed = (state: ReturnState): ReturnState =>
  state.request ? { ...state, request: { ...state.request, toAssess: true } } : state;

/** What was edited once more meanwhile is assessed once more. */
function reassessed(state: ReturnState, { request: assessed }: ReturnEvent): ReturnState {
  const { request } = state;
  if (!request || (assessed?.edits ?? request.edits) < request.edits) return state;
  return { ...state, request: { ...request, toAssess: undefined, before: undefined } };
}

function edited(state: ReturnState, { request: change = {} }: ReturnEvent): ReturnState {
  const { request } = state;
  if (!request) return state;
  const { reason, wantedOutcome, lines } = request;
  const before = request.before ?? { reason, wantedOutcome, lines };
  const next: ReturnRequest = { ...request, ...change, edits: request.edits + 1, toAssess: true, before };
  return change.lines ? { ...withLines(state, change.lines), request: next } : { ...state, request: next };
}

/** The request as it was: what the edit asked for is in another case. */
function undone(state: ReturnState): ReturnState {
  const { request } = state;
  if (!request?.before) return state;
  const { before, toAssess: _, ...rest } = request;
  const next = { ...state, request: { ...rest, ...before } };
  return state.lots.every(untouched) ? withLines(next, before.lines) : next;
}

/** Only before goods move: every unit is still with the customer. */
const withLines = (state: ReturnState, lines: readonly RequestedLine[]): ReturnState => ({
  ...state,
  lines: lines.map(({ lineId, quantity, unitPriceMinor }) => ({ lineId, quantity, unitPriceMinor })),
  lots: lines.map(({ lineId, quantity }) => ({ lineId, quantity, reception: 'with_customer' as const })),
});

function withEvidence(state: ReturnState, { request: added }: ReturnEvent): ReturnState {
  const { request } = state;
  if (!request || !added?.evidenceIds?.length) return state;
  return { ...state, request: { ...request, evidenceIds: [...new Set([...request.evidenceIds, ...added.evidenceIds])] } };
}

/** The price reduction is due for goods that are kept. */
function agreed(state: ReturnState): ReturnState {
  const { proposal, adjustments = [] } = state;
  if (proposal?.kind !== 'price_reduction') return state;
  const reduction: Adjustment = {
    kind: 'reduction',
    amountMinor: proposal.amountMinor ?? 0,
    ruleId: `proposal.${proposal.no}`,
  };
  return { ...state, adjustments: [...adjustments, reduction] };
}

/** Only what is in order is paid: the rest is deducted at its price. */
const ofWhatIsNotCleared = ({ lines, lots }: ReturnState): DeductionItem[] =>
  lines.flatMap((line) => {
    const quantity = unitsWhere(lots, (lot) => lot.lineId === line.lineId && undecided(lot));
    return quantity > 0 ? [{ lineId: line.lineId, quantity, amountMinor: quantity * line.unitPriceMinor }] : [];
  });

const declined = (state: ReturnState): ReturnState =>
  state.stage === 'deduction_offered' && state.deduction
    ? { ...state, deduction: { ...state.deduction, declined: state.deduction.declined + 1 } }
    : state;

function applyParcels(state: ReturnState, event: ReturnEvent): ReturnState {
  const { handover } = state;
  switch (event.type) {
    case 'pickup_wished':
    case 'pickup_failed':
      return handover ? { ...state, handover: wished(handover, event) } : state;
    case 'pickup_arranged':
    case 'pickup_refused':
    case 'shipment_prepared':
    case 'self_ship_offered':
      return withLeg({ ...state, ...arranged(state, event), shipment: event.shipment ?? state.shipment }, event);
    case 'handed_over':
      return scanned(withLeg({ ...state, ...ownWay(state, event), shipment: event.shipment ?? state.shipment }, event), event);
    case 'outbound_missing':
      return withLeg(state, event);
    case 'send_back_prepared':
      return withLeg({ ...state, attention: undefined }, event); // whatever kept it, it is on its way
    case 'late_fact_noted':
      return event.stray
        ? { ...state, strays: [...(state.strays ?? []), event.stray].slice(-straysKept) }
        : scanned(state, event);
    default:
      return event.trackingNo ? scanned(state, event) : state;
  }
}

/** What the carrier has said of a parcel before the case knew of it, in the order in which it happened. */
export const straysOf = ({ strays = [] }: ReturnState, trackingNo: string): Stray[] =>
  strays.filter((one) => one.trackingNo === trackingNo).sort((a, b) => a.occurredAt - b.occurredAt);

/** A visit that has failed, or that is not wished any more, is none to wait for. */
function wished(handover: Handover, { type, handover: change }: ReturnEvent): Handover {
  const failed = handover.failed + (type === 'pickup_failed' ? 1 : 0);
  const next = { ...handover, ...change, failed, wish: handover.wish + (change ? 1 : 0) };
  return next.channel === 'door_pickup' && type !== 'pickup_failed' ? next : { ...next, ...noVisit };
}
const noVisit = { slotId: undefined, slotAt: undefined, bookingId: undefined };

/** The customer has sent it with a carrier of their own, whatever was arranged. */
const ownWay = ({ handover }: ReturnState, { leg }: ReturnEvent): Partial<ReturnState> =>
  handover && leg && !leg.ours
    ? { handover: { ...handover, channel: 'own_carrier', pointId: undefined, ...noVisit, arranged: handover.wish } }
    : {};

const arranged = ({ handover }: ReturnState, event: ReturnEvent): Partial<ReturnState> =>
  handover ? { handover: { ...handover, arranged: handover.wish, ...event.handover } } : {};

/** A new return leg takes the place of the one before, whose label is not used any more. */
function withLeg(state: ReturnState, { leg }: ReturnEvent): ReturnState {
  if (!leg || state.legs?.some((one) => one.legId === leg.legId)) return state;
  const others = (state.legs ?? []).map((one) =>
    one.kind === leg.kind && leg.kind === 'return' ? { ...one, voided: true as const } : one,
  );
  return { ...state, legs: [...others, leg] };
}

/** The newest word about a parcel, by the carrier's clock. */
function scanned(state: ReturnState, event: ReturnEvent): ReturnState {
  const { trackingNo, occurredAt, cause } = event;
  if (!trackingNo || !state.legs) return state;
  const legs = travellingWith(state.legs, event);
  return {
    ...state,
    legs: legs.map((leg) =>
      occurredAt !== undefined && leg.trackingNo === trackingNo && (leg.scannedAt ?? 0) <= occurredAt
        ? { ...leg, scannedAt: occurredAt, ...(cause ? { code: cause } : {}) }
        : leg,
    ),
  };
}

/** The goods travel with a label that had been replaced: then it is that one which counts. */
function travellingWith(legs: readonly Leg[], { type, trackingNo }: ReturnEvent): readonly Leg[] {
  const leg = legs.findLast((one) => one.trackingNo === trackingNo);
  if (leg?.kind !== 'return' || !['handed_over', 'scanned', 'received'].includes(type)) return legs;
  const replaced = legs.slice(legs.indexOf(leg) + 1).some((one) => one.kind === 'return');
  if (!replaced) return legs;
  const { voided: _, ...live } = leg;
  return [...legs.filter((one) => one !== leg), live];
}

/** The parcel that the case waits for: the newest leg that is not on its way to the customer. */
export const currentLeg = ({ legs = [] }: Pick<ReturnState, 'legs'>): Leg | undefined =>
  legs.findLast((leg) => leg.kind !== 'send_back');

/** Two asked at once for the same units: who got none was told so at once, and has no case but in its own records. */
export const neverBegan = ({ stage, from, verdict }: Pick<ReturnState, 'stage' | 'from' | 'verdict'>): boolean =>
  stage === 'rejected' && from === 'requested' && verdict?.because.includes('units_in_another_case') === true;
