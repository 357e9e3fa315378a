/**
 * 退货 return: the commands people give, which are refused and why, and the event that each becomes. Pure.
 * What an event then does is return.ts; what partners report is return-facts.ts.
 */
import { hasSeen, type AnyRules, type SlaPolicy } from './case.ts';
import {
  awaitsSecondPerson,
  refusalOf as sharedRefusal,
  samePerson,
  sharedEvent,
  type Command,
  type Refusal,
  type SharedPayloads,
} from './commands.ts';
import { undecided, unitsWhere } from './goods.ts';
import { committedMinor } from './money.ts';
import { requestedMinor, valueMinor } from './refunds.ts';
import { returnRules, waivedMinor } from './return.ts';
import { dockRefusal, eventOfDock, type DockPayloads } from './return-dock.ts';
import { isCharging, isDisputed } from './return-money.ts';
import {
  editsMax,
  proposalsMax,
  type DeductionItem,
  type HandoverChannel,
  type ProposalKind,
  type RequestedLine,
  type ReturnEvent,
  type ReturnState,
  type WantedOutcome,
} from './return-state.ts';
import { type Reason } from './policy/verdict.ts';

export interface ReturnPayloads extends SharedPayloads, DockPayloads {
  edit_request: { lines?: readonly RequestedLine[]; reason?: Reason; wantedOutcome?: WantedOutcome };
  decide_request: { verdict: 'accept' | 'accept_without_return' | 'refuse'; ruleIds: readonly string[]; textRef?: string };
  request_evidence: { items: readonly string[]; textRef?: string };
  submit_evidence: { evidenceIds: readonly string[]; textRef?: string };
  propose: { kind: ProposalKind; amountMinor?: number; currency?: string; textRef?: string };
  answer_proposal: { answer: 'accept' | 'decline'; proposalNo?: number; textRef?: string };
  choose_channel: { channel: HandoverChannel; pointId?: string };
  book_pickup: { slotId?: string; addressId?: string };
  reschedule_pickup: { slotId: string };
  cancel_pickup: object;
  submit_tracking: { carrier: string; trackingNo: string };
  settle_discrepancy: {
    decision: 'waive' | 'deduct' | 'refuse_goods';
    deductions?: readonly DeductionItem[];
    ruleIds: readonly string[];
    textRef?: string;
  };
  declare_lost: { textRef?: string; proofIds?: readonly string[] };
  choose_remedy: { remedy: 'reship' | 'refund' };
  pay_balance: { proofIds: readonly string[]; textRef?: string };
  write_off: { textRef?: string };
}
export type ReturnCommandName = keyof ReturnPayloads;
export type ReturnCommand = { [name in ReturnCommandName]: Command<name, ReturnPayloads[name]> }[ReturnCommandName];

const rules = returnRules as unknown as AnyRules;

/** Why the command is refused now, or undefined: for all types alike, then for what a return alone knows. */
export function returnRefusal(state: ReturnState, command: ReturnCommand, sla: SlaPolicy): Refusal | undefined {
  const shared = sharedRefusal(rules, state, command, sla);
  if (shared || hasSeen(state, command.messageId)) return shared;
  switch (command.name) {
    case 'edit_request':
      return editRefusal(state, command);
    case 'decide_request':
      return decisionRefusal(state, command, sla);
    case 'request_evidence':
      return sla.stages.awaiting_customer ? undefined : notOffered('the policy of this case has no time for that');
    case 'propose':
      return proposalRefusal(state, command, sla);
    case 'answer_proposal':
      return command.payload.proposalNo !== undefined &&
        state.stage === 'negotiating' &&
        command.payload.proposalNo !== state.proposal?.no
        ? { code: 'stale_revision', message: `the proposal on the table is number ${state.proposal?.no}`, pointer: '/proposalNo' }
        : undefined;
    case 'record_reception':
    case 'record_inspection':
      return dockRefusal(state, command);
    case 'settle_discrepancy':
      return settlementRefusal(state, command, sla);
    case 'choose_channel':
    case 'book_pickup':
    case 'reschedule_pickup':
    case 'cancel_pickup':
      return state.handover ? undefined : notOffered('the handover of this case cannot be changed');
    case 'choose_remedy':
      return command.payload.remedy === 'reship' && committedMinor(state.money) > 0
        ? notOffered('the money is on its way already')
        : undefined;
    case 'pay_balance':
      return isCharging(state) ? notOffered('a charge is under way: its answer comes first') : undefined;
    case 'declare_lost':
      return lossRefusal(state, command, sla);
    case 'resolve_attention':
      return command.payload.result === 'refunded' && isDisputed(state)
        ? notOffered('the bank decides about this payment first')
        : undefined;
    case 'cancel_case':
      return state.legs === undefined && eventOfCommand(state, command, sla).type === 'send_back_marked'
        ? notOffered('the policy of this case has no way back for goods')
        : undefined;
    case 'write_off':
      if (isCharging(state)) return notOffered('a charge is under way: its answer comes first');
      return awaitsSecondPerson(state, command, 'write_off', sla) ? samePerson(state, command, 'write_off') : undefined;
    default:
      return undefined;
  }
}

const notOffered = (message: string): Refusal => ({ code: 'not_offered', message });
const managerNeeded = (what: string, pointer?: string): Refusal => ({
  code: 'manager_required',
  message: `${what} is above what an agent may decide`,
  ...(pointer ? { pointer } : {}),
});

function editRefusal({ request, lots, money }: ReturnState, { payload }: Extract<ReturnCommand, { name: 'edit_request' }>) {
  if (!request) return notOffered('this case cannot be edited');
  if (request.edits >= editsMax) return notOffered(`a request is edited at most ${editsMax} times`);
  const moved = money.length > 0 || lots.some((lot) => lot.reception !== 'with_customer');
  return payload.lines && moved ? notOffered('goods or money of this case have moved already') : undefined;
}

/** A parcel may be slow: until the clock of its way has warned, a manager alone gives it up. And what is lost is paid: above their limit agents ask one. */
function lossRefusal(state: ReturnState, { actor }: ReturnCommand, { limits }: SlaPolicy): Refusal | undefined {
  if (!limits || actor.role === 'manager') return undefined;
  const clock = state.clocks.find(({ stage, running }) => running && stage === state.stage);
  const isTravelling = state.stage === 'in_transit' || state.stage === 'sending_back';
  if (isTravelling && clock?.warnAt[0] !== undefined && !clock.log.some(({ what }) => what === 'warned')) {
    const from = new Date(clock.warnAt[0]).toISOString();
    return { code: 'manager_required', message: `the parcel may still be on its way: an agent may declare it lost from ${from}` };
  }
  if (state.stage === 'in_transit') return undefined;
  return requestedMinor(state.lines) > limits.agentAcceptMinor ? managerNeeded('this value') : undefined;
}

function decisionRefusal(
  state: ReturnState,
  { actor, payload }: Command<'decide_request', ReturnPayloads['decide_request']>,
  { limits }: SlaPolicy,
): Refusal | undefined {
  // 另一人复核: who refused does not judge the appeal.
  if (state.generation !== undefined && state.decidedBy === actor.id)
    return { code: 'second_person_required', message: 'an appeal is decided by somebody else', pointer: '/verdict' };
  if (payload.verdict === 'refuse') return undefined;
  if (state.request?.toAssess) return notOffered('the edited request is being looked at again');
  if (!limits || actor.role === 'manager') return undefined;
  const value = requestedMinor(state.lines);
  const most = payload.verdict === 'accept' ? limits.agentAcceptMinor : Math.min(limits.agentAcceptMinor, limits.returnlessMinor);
  return value > most ? managerNeeded('this value', '/verdict') : undefined;
}

function proposalRefusal(
  state: ReturnState,
  { actor, payload }: Command<'propose', ReturnPayloads['propose']>,
  sla: SlaPolicy,
): Refusal | undefined {
  if (!sla.stages.negotiating) return notOffered('the policy of this case has no time for that');
  if ((state.proposal?.no ?? 0) >= proposalsMax) return notOffered(`at most ${proposalsMax} proposals are made`);
  const { kind, amountMinor = 0, currency = state.currency } = payload;
  const mayAlone = actor.role === 'agent' && sla.limits ? sla.limits.agentAcceptMinor : Number.POSITIVE_INFINITY;
  if (kind === 'return') return requestedMinor(state.lines) > mayAlone ? managerNeeded('this value', '/kind') : undefined;
  if (kind !== 'price_reduction') return undefined;
  if (currency !== state.currency)
    return { code: 'wrong_currency', message: `the order was paid in ${state.currency}`, pointer: '/currency' };
  const worth = Math.min(requestedMinor(state.lines), state.paidMinor);
  if (amountMinor < 1 || amountMinor > worth)
    return { code: 'over_limit', message: `between 1 and ${worth} minor units`, pointer: '/amountMinor' };
  return amountMinor > mayAlone ? managerNeeded('this amount', '/amountMinor') : undefined;
}

function settlementRefusal(
  state: ReturnState,
  { actor, payload }: Command<'settle_discrepancy', ReturnPayloads['settle_discrepancy']>,
  { limits }: SlaPolicy,
): Refusal | undefined {
  const { decision, deductions } = payload;
  const mayLetPass = actor.role === 'agent' && limits ? limits.waiveMinor : Number.POSITIVE_INFINITY;
  if (decision === 'waive')
    return waivedMinor(state) > mayLetPass ? managerNeeded('what would be let pass', '/decision') : undefined;
  if (decision === 'refuse_goods')
    return unitsWhere(state.lots, undecided) === 0 ? notOffered('nothing is here that could be sent back') : undefined;
  if (!deductions) return undefined; // all that is not in order is kept
  for (const [index, { lineId, quantity, amountMinor }] of deductions.entries()) {
    const left = unitsWhere(state.lots, (lot) => lot.lineId === lineId && undecided(lot));
    const named = deductions.slice(0, index + 1).reduce((sum, one) => sum + (one.lineId === lineId ? one.quantity : 0), 0);
    const pointer = `/deductions/${index}`;
    if (named > left)
      return { code: 'over_limit', message: `${left} units of this line are undecided`, pointer: `${pointer}/quantity` };
    const worth = quantity * (state.lines.find((line) => line.lineId === lineId)?.unitPriceMinor ?? 0);
    if (amountMinor > worth)
      return { code: 'over_limit', message: `at most ${worth} minor units`, pointer: `${pointer}/amountMinor` };
  }
  const total = deductions.reduce((sum, item) => sum + item.amountMinor, 0);
  const open = valueMinor(state.lines, state.lots, undecided);
  if (total > open)
    return { code: 'over_limit', message: `only ${open} minor units are still undecided`, pointer: '/deductions' };
  return open - total > mayLetPass ? managerNeeded('what would be let pass', '/deductions') : undefined;
}

export function eventOfCommand(state: ReturnState, command: ReturnCommand, sla: SlaPolicy): ReturnEvent {
  const { actor: by, messageId } = command;
  const told = { by, messageId };
  switch (command.name) {
    case 'edit_request': {
      const { lines, reason, wantedOutcome } = command.payload;
      const change = { ...(reason ? { reason } : {}), ...(wantedOutcome ? { wantedOutcome } : {}), ...(lines ? { lines } : {}) };
      return { type: 'request_edited', ...told, request: change };
    }
    case 'decide_request': {
      const { verdict, ruleIds, textRef } = command.payload;
      return { type: decisions[verdict], ...told, ruleIds, textRef };
    }
    case 'request_evidence': {
      const { items, textRef } = command.payload;
      return { type: 'evidence_requested', ...told, textRef, asked: { requestId: `e${state.revision + 1}`, items } };
    }
    case 'submit_evidence': {
      const { evidenceIds, textRef } = command.payload;
      const asked = state.stage === 'awaiting_customer';
      return { type: asked ? 'evidence_submitted' : 'evidence_added', ...told, textRef, request: { evidenceIds } };
    }
    case 'propose': {
      const { kind, amountMinor, textRef } = command.payload;
      const proposal = { no: (state.proposal?.no ?? 0) + 1, kind, amountMinor, by: by.id };
      return { type: state.stage === 'negotiating' ? 'proposal_replaced' : 'proposed', ...told, textRef, proposal };
    }
    case 'answer_proposal':
      return {
        type: command.payload.answer === 'accept' ? 'proposal_accepted' : 'proposal_declined',
        ...told,
        textRef: command.payload.textRef,
      };
    case 'settle_discrepancy': {
      const { decision, deductions, ruleIds, textRef } = command.payload;
      return { type: settlements[decision], ...told, ruleIds, textRef, deductions };
    }
    case 'declare_lost':
      return {
        type: state.stage === 'lost_suspected' || state.stage === 'sending_back' ? 'lost' : 'no_movement',
        ...told,
        cause: 'declared_lost',
      };
    case 'choose_remedy':
      return { type: command.payload.remedy === 'reship' ? 'reship_chosen' : 'remedy_noted', ...told };
    case 'pay_balance':
      return {
        // What customers say that they have paid is looked at first.
        type: by.role === 'customer' ? 'payment_told' : 'recovered',
        ...told,
        cause: `proof ${command.payload.proofIds.join(', ')}`,
        textRef: command.payload.textRef,
      };
    case 'write_off':
      return awaitsSecondPerson(state, command, 'write_off', sla)
        ? { type: 'approval_given', ...told, what: 'write_off', textRef: command.payload.textRef }
        : { type: 'written_off', ...told, textRef: command.payload.textRef };
    case 'record_reception':
    case 'record_inspection':
      return eventOfDock(state, command);
    default:
      return eventOfHandover(state, command) ?? sharedEvent(rules, state, command, sla)!;
  }
}

const decisions = { accept: 'accepted', accept_without_return: 'accepted_without_return', refuse: 'refused' } as const;
const settlements = { waive: 'waived', deduct: 'deduction_proposed', refuse_goods: 'goods_refused' } as const;

/** How the goods are to be handed over is a wish until the carrier has said yes. */
function eventOfHandover(state: ReturnState, command: ReturnCommand): ReturnEvent | undefined {
  const told = { by: command.actor, messageId: command.messageId };
  switch (command.name) {
    case 'choose_channel':
      return { type: 'pickup_wished', ...told, handover: { slotId: undefined, ...command.payload } };
    case 'book_pickup':
      return { type: 'pickup_wished', ...told, handover: { channel: 'door_pickup', pointId: undefined, ...command.payload } };
    case 'reschedule_pickup':
      return { type: 'pickup_wished', ...told, handover: { channel: 'door_pickup', ...command.payload } };
    case 'cancel_pickup':
      return { type: 'pickup_wished', ...told, handover: { channel: 'drop_off', slotId: undefined } };
    case 'submit_tracking': {
      const { carrier, trackingNo } = command.payload;
      const shipment = { trackingNo };
      const leg = { legId: `own/${trackingNo}`, kind: 'return' as const, trackingNo, carrier, ours: false };
      // With the number of our own label the customer only tells that the parcel is on its way.
      const ours = state.legs?.some((one) => one.trackingNo === trackingNo);
      return { type: 'handed_over', ...told, shipment, trackingNo, ...(state.legs && !ours ? { leg } : {}) };
    }
    default:
      return undefined;
  }
}
