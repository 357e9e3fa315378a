/**
 * 退货 return: a customer sends goods back for a refund. Its stages and moves, and what its events do to goods and money.
 * One table is the diagram, the guard, the default on silence and the list of buttons. Limits are the pinned SLA policy's.
 * Which command means which event is return-commands.ts.
 */
import { type CaseEvent, type CaseRules, type CaseState } from './case.ts';
import {
  acceptReceived,
  countUnits,
  expected,
  gradeUnits,
  moveAll,
  ungraded,
  unitsWhere,
  type Counted,
  type Inspected,
} from './goods.ts';
import { moveMoney } from './money.ts';
import { type Verdict } from './policy/verdict.ts';
import { refundDueMinor } from './refunds.ts';
import { type StageTable } from './stage-table.ts';

export const returnEnds = ['refunded', 'rejected', 'expired', 'withdrawn', 'cancelled'] as const;
export const openReturnStages = [
  'requested',
  'under_review',
  'authorized',
  'awaiting_handover',
  'in_transit',
  'received',
  'inspected',
  'refund_due',
  'needs_attention',
  'unwinding',
] as const;
export const returnStages = [...openReturnStages, ...returnEnds] as const;
export type ReturnEnd = (typeof returnEnds)[number];
export type ReturnStage = (typeof returnStages)[number];

export const returnMoves = [
  'accepted',
  'referred',
  'refused',
  'agreed_by_silence',
  'shipment_prepared',
  'self_ship_offered',
  'handed_over',
  'received',
  'returned_to_sender',
  'no_movement',
  'lost',
  'presumed_lost',
  'inspected',
  'accepted_as_is',
  'cleared',
  'discrepancy_found',
  'refunded',
  'refund_failed',
  'settlement_overdue',
  'expired',
  'withdrawn',
  'cancelled',
  'step_failed',
  'retried',
  'skipped',
  'overridden',
  'compensated',
  'rung_climbed',
  'unwound',
] as const;
export type ReturnMove = (typeof returnMoves)[number];

const takenBack = { withdrawn: 'unwinding', cancelled: 'unwinding' } as const;
const mayTakeBack = ['withdraw_case', 'cancel_case'] as const;

export const returnTable = {
  requested: {
    owner: 'system',
    step: 'assess',
    onTimeout: 'referred',
    onSkip: 'referred',
    commands: mayTakeBack,
    moves: {
      accepted: 'authorized',
      referred: 'under_review',
      refused: 'rejected',
      step_failed: 'needs_attention',
      ...takenBack,
    },
  },
  under_review: {
    owner: 'agent',
    clockFrom: 'entry',
    onTimeout: 'agreed_by_silence',
    commands: ['decide_request', ...mayTakeBack],
    moves: { accepted: 'authorized', agreed_by_silence: 'authorized', refused: 'rejected', ...takenBack },
  },
  authorized: {
    owner: 'system',
    step: 'issue_label',
    onTimeout: 'self_ship_offered',
    onSkip: 'self_ship_offered',
    commands: mayTakeBack,
    moves: {
      shipment_prepared: 'awaiting_handover',
      self_ship_offered: 'awaiting_handover',
      step_failed: 'needs_attention',
      ...takenBack,
    },
  },
  awaiting_handover: {
    owner: 'customer',
    clockFrom: 'entry',
    onTimeout: 'expired',
    commands: ['submit_tracking', 'record_reception', ...mayTakeBack],
    moves: { handed_over: 'in_transit', received: 'received', lost: 'needs_attention', expired: 'unwinding', ...takenBack },
  },
  in_transit: {
    owner: 'carrier_desk',
    clockFrom: 'entry',
    restartsOn: 'scanned',
    onTimeout: 'no_movement',
    results: ['received', 'presumed_lost'],
    commands: ['record_reception'],
    moves: {
      received: 'received',
      returned_to_sender: 'awaiting_handover',
      no_movement: 'needs_attention',
      lost: 'needs_attention',
      presumed_lost: 'refund_due',
    },
  },
  received: {
    owner: 'warehouse',
    clockFrom: 'entry',
    onTimeout: 'accepted_as_is',
    commands: ['record_reception', 'record_inspection'],
    moves: { inspected: 'inspected', accepted_as_is: 'refund_due' },
  },
  inspected: {
    owner: 'system',
    step: 'assess_goods',
    onTimeout: 'discrepancy_found',
    results: ['cleared'],
    commands: [],
    moves: { cleared: 'refund_due', discrepancy_found: 'needs_attention' },
  },
  refund_due: {
    owner: 'finance',
    step: 'refund',
    clockFrom: 'refund_sent',
    onTimeout: 'settlement_overdue',
    results: ['refunded'],
    pointOfNoReturn: true,
    commands: [],
    moves: {
      refunded: 'refunded',
      refund_failed: 'needs_attention',
      settlement_overdue: 'needs_attention',
      step_failed: 'needs_attention',
    },
  },
  needs_attention: {
    owner: 'team_lead',
    clockFrom: 'entry',
    onTimeout: 'rung_climbed',
    commands: ['resolve_attention', 'record_reception', 'record_inspection'],
    moves: { retried: '@from', rung_climbed: '@step', skipped: '@skip', overridden: '@result', compensated: 'unwinding' },
  },
  unwinding: {
    owner: 'system',
    step: 'unwind',
    onTimeout: 'step_failed',
    onSkip: 'unwound',
    commands: [],
    moves: { unwound: '@target', step_failed: 'needs_attention' },
  },
} as const satisfies StageTable<(typeof openReturnStages)[number], ReturnStage, ReturnMove>;

/** How the customer hands the goods over: 上门取件, 指定网点, 快递柜, or a carrier of their own. */
export const handoverChannels = ['door_pickup', 'drop_off', 'locker', 'own_carrier'] as const;
export type HandoverChannel = (typeof handoverChannels)[number];

export interface ReturnState extends CaseState {
  readonly verdict?: Verdict;
  readonly shipment?: { readonly trackingNo: string; readonly pickupAt?: number };
  /** Keys of counted parcels, `parcelId/scanNo`: a parcel is counted once, whoever scans it twice. */
  readonly parcels: readonly string[];
}

export interface ReturnEvent extends CaseEvent {
  readonly verdict?: Verdict;
  readonly shipment?: ReturnState['shipment'];
  readonly parcel?: string;
  readonly counted?: readonly Counted[];
  readonly inspected?: readonly Inspected[];
  readonly providerId?: string;
}

/** The one refund intent of a return; with the case id it is the key at the provider. */
export const refundIntent = 'refund';

export const returnRules: CaseRules<ReturnState, ReturnEvent> = {
  type: 'return',
  stages: returnTable,
  ends: returnEnds,
  apply: applyReturn,
};

/** What an event of a return does to its goods, its money and its own fields. A late or repeated fact changes nothing. */
function applyReturn(state: ReturnState, event: ReturnEvent): ReturnState {
  const verdict = event.verdict ?? state.verdict;
  const next = { ...state, verdict };
  switch (event.type) {
    case 'accepted':
    case 'agreed_by_silence':
      return { ...next, lots: moveAll(state.lots, ['with_customer'], 'awaiting') };
    case 'shipment_prepared':
      return { ...next, shipment: event.shipment };
    case 'handed_over':
      return { ...next, lots: moveAll(state.lots, ['awaiting'], 'in_transit'), shipment: event.shipment ?? state.shipment };
    case 'returned_to_sender':
      return { ...next, lots: moveAll(state.lots, ['in_transit'], 'awaiting') };
    case 'received':
    case 'reception_recorded':
      return countParcel(next, event);
    case 'inspected':
    case 'inspection_recorded': {
      const counted = countParcel(next, event);
      return { ...counted, lots: gradeUnits(counted.lots, event.inspected ?? []) };
    }
    case 'accepted_as_is':
      return refundPlanned({ ...next, lots: acceptReceived(moveAll(state.lots, ['awaiting', 'in_transit'], 'received')) });
    case 'cleared':
      return refundPlanned({ ...next, lots: acceptReceived(state.lots) });
    case 'presumed_lost':
      return refundPlanned({ ...next, lots: moveAll(acceptReceived(state.lots), ['awaiting', 'in_transit'], 'lost_in_transit') });
    case 'refund_sent':
      return { ...next, money: moveMoney(state.money, refundIntent, 'sent', event.providerId) };
    case 'refund_settled':
    case 'refunded':
      return { ...next, money: settled(state, event) };
    case 'refund_failed':
      return { ...next, money: moveMoney(state.money, refundIntent, 'failed') };
    case 'unwound':
      return { ...next, lots: moveAll(state.lots, ['awaiting'], 'with_customer') };
    default:
      return next;
  }
}

function countParcel(state: ReturnState, event: ReturnEvent): ReturnState {
  if (!event.counted || !event.parcel || state.parcels.includes(event.parcel)) return state;
  return { ...state, parcels: [...state.parcels, event.parcel], lots: countUnits(state.lots, event.counted) };
}

/** The refund line as it becomes due: paid price of accepted and lost units. A line that failed before becomes due again. */
function refundPlanned(state: ReturnState): ReturnState {
  const amountMinor = refundDueMinor(state.lines, state.lots);
  return { ...state, money: [{ intent: refundIntent, state: 'due', amountMinor }] };
}

/** A person's word that the money went another way passes through `manual`; the provider's word settles as it is. */
function settled(state: ReturnState, event: ReturnEvent): ReturnState['money'] {
  const byHand = event.by.role === 'agent' || event.by.role === 'manager';
  const lines = byHand ? moveMoney(state.money, refundIntent, 'manual') : state.money;
  return moveMoney(lines, refundIntent, 'settled', event.providerId);
}

export const isSettled = (state: Pick<ReturnState, 'money'>): boolean =>
  state.money.length > 0 && state.money.every((line) => line.state === 'settled');

/** Every unit has been counted, and each that came has been graded. */
export const fullyInspected = (state: Pick<ReturnState, 'lots'>): boolean =>
  !state.lots.some((lot) => expected(lot) || ungraded(lot));

/** The verdict on what came: all of it, looked at, in a condition that gives the right; or a person must settle it. */
export function assessGoods(state: ReturnState): 'cleared' | 'discrepancy_found' {
  const missing = unitsWhere(state.lots, (lot) => lot.reception === 'short_shipped' || lot.reception === 'shipped_wrong_item');
  const worn = unitsWhere(state.lots, (lot) => lot.grade === 'C' || lot.grade === 'D');
  const faultClaimed = state.verdict?.reason !== undefined && state.verdict.reason !== 'no_reason';
  return fullyInspected(state) && missing === 0 && (worn === 0 || faultClaimed) ? 'cleared' : 'discrepancy_found';
}

/** A stage whose question the goods already answer is passed at once: a parcel that came while a person was asked, say. */
export function alreadyAnswered(state: ReturnState): 'received' | 'inspected' | undefined {
  const travelling = state.stage === 'awaiting_handover' || state.stage === 'in_transit';
  if (travelling && state.parcels.length > 0) return 'received';
  return state.stage === 'received' && state.parcels.length > 0 && fullyInspected(state) ? 'inspected' : undefined;
}
