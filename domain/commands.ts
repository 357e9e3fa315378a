/**
 * Commands on a case of any type: which are refused and why, and the event that each becomes.
 * Pure, so that the Update validator, the API and a test ask the same question and get the same answer.
 */
import { hasSeen, rowOf, type AnyRules, type AttentionVerb, type CaseEvent, type CaseState, type SlaPolicy } from './case.ts';
import { allowed, availableMoves, lettingGoMove, verbsOf, whyNot } from './moves.ts';
import { roles, type Actor, type CommandName, type Role } from './permissions.ts';
import { requestedMinor } from './refunds.ts';

export const holdReasons = [
  'customer_request',
  'authority_or_court',
  'customs',
  'recall_check',
  'linked_case',
  'data_request',
] as const;
export type HoldReason = (typeof holdReasons)[number];
export const escalationReasons = ['no_progress', 'no_answer', 'own_deadline', 'severity', 'media'] as const;
export const linkKinds = [
  'converted_from',
  'replacement_of',
  'complains_about',
  'claim_for',
  'same_fault_as',
  'part_of_recall',
  'duplicate_of',
  'split_from',
] as const;
export type LinkKind = (typeof linkKinds)[number];

/** Payloads of the commands that every case type has. Free text travels as a reference; it stays in MongoDB. */
export interface SharedPayloads {
  withdraw_case: { textRef?: string };
  cancel_case: { textRef?: string };
  hold_case: { reason: HoldReason; until?: number };
  resume_case: object;
  assign_case: { assignee: string };
  add_note: { textRef: string };
  send_message: { textRef: string };
  link_case: { otherId: string; kind: LinkKind };
  request_escalation: { cause: (typeof escalationReasons)[number]; textRef?: string };
  decide_escalation: { verdict: 'grant' | 'decline'; sponsor?: string; textRef?: string };
  de_escalate: { textRef?: string };
  waive_breach: { clockId: string; textRef?: string };
  resolve_attention: { verb: AttentionVerb; result?: string; textRef?: string; proofIds?: readonly string[] };
}

export interface Command<Name extends CommandName = CommandName, Payload = unknown> {
  readonly name: Name;
  readonly actor: Actor;
  /** The Idempotency-Key in our own form; the Update's id. */
  readonly messageId: string;
  /** When it is given, epoch ms; absent: nobody asks. */
  readonly at?: number;
  /** The revision the sender looked at; absent: whatever it is. */
  readonly expectedRevision?: number;
  readonly payload: Payload;
}

/** A no that changes nothing. `not_allowed_now` and `already_counted` 409, `stale_revision` 412, all others 422. */
export interface Refusal {
  readonly code:
    | 'not_allowed_now'
    | 'already_counted'
    | 'stale_revision'
    | 'over_limit'
    | 'unknown_line'
    | 'wrong_currency'
    | 'impossible_date'
    | 'verb_not_allowed'
    | 'result_not_allowed'
    | 'manager_required'
    | 'proof_required'
    | 'second_person_required'
    | 'unknown_clock'
    | 'not_offered';
  readonly message: string;
  readonly pointer?: string;
  readonly availableMoves?: readonly string[];
}

/** Why this command is refused in this state, or undefined. A command that has had its effect is never refused: it answers again. */
export function refusalOf(rules: AnyRules, state: CaseState, command: Command, sla: SlaPolicy): Refusal | undefined {
  if (hasSeen(state, command.messageId)) return undefined;
  if (!allowed(rules, state).includes(command.name)) {
    const role = roles.find((one: Role) => one === command.actor.role);
    const moves = availableMoves(rules, state, role);
    return { code: 'not_allowed_now', message: whyNot(rules, state, command.name), availableMoves: moves };
  }
  if (command.expectedRevision !== undefined && command.expectedRevision !== state.revision)
    return { code: 'stale_revision', message: `the case is at revision ${state.revision}` };
  if (command.name === 'resolve_attention')
    return attentionRefusal(rules, state, command as Command<'resolve_attention', SharedPayloads['resolve_attention']>, sla);
  if (command.name === 'hold_case') return holdRefusal(command as Command<'hold_case', SharedPayloads['hold_case']>, sla);
  if (command.name === 'link_case') return linkRefusal(state, command.payload as SharedPayloads['link_case']);
  return command.name === 'waive_breach'
    ? unknownClock(state, (command.payload as SharedPayloads['waive_breach']).clockId)
    : undefined;
}

/** Who asks for a longer hold learns that there is none, and is not given a shorter one. In cases of before there were limits it is cut. */
function holdRefusal(
  { at, payload: { until } }: Command<'hold_case', SharedPayloads['hold_case']>,
  { holdMs, limits }: SlaPolicy,
): Refusal | undefined {
  if (!limits || at === undefined || until === undefined || until <= at + holdMs) return undefined;
  const message = `a hold ends by itself: at the latest ${new Date(at + holdMs).toISOString()}`;
  return { code: 'impossible_date', message, pointer: '/until' };
}

/** A case may be linked to one that another system keeps: whether it exists is not asked. */
const linksMax = 50;
function linkRefusal({ caseId, links = [] }: CaseState, { otherId, kind }: SharedPayloads['link_case']): Refusal | undefined {
  const pointer = '/otherId';
  if (otherId === caseId) return { code: 'not_offered', message: 'this is the case itself', pointer };
  if (links.some((link) => link.otherId === otherId && link.kind === kind))
    return { code: 'not_offered', message: 'the two are linked like this already', pointer };
  return links.length >= linksMax ? { code: 'over_limit', message: `at most ${linksMax} links`, pointer } : undefined;
}

const unknownClock = (state: CaseState, clockId: string): Refusal | undefined =>
  state.clocks.some((clock) => clock.id === clockId && clock.log.some((entry) => entry.what === 'breached'))
    ? undefined
    : { code: 'unknown_clock', message: 'no clock of this id has been breached', pointer: '/clockId' };

/** Results that move money need a manager and proof. Source: case flows, section 7 rule 9. */
const moneyStages = ['refund_due', 'refunded'];

/** 双人复核: from this value on, money moves by hand only if two people say the same. */
export function awaitsSecondPerson(state: CaseState, command: Command, what: string, sla: SlaPolicy): boolean {
  if (!sla.limits || requestedMinor(state.lines) < sla.limits.fourEyesMinor) return false;
  return state.approval?.what !== what || state.approval.by === command.actor.id;
}
/** The first of two cannot be the second as well. */
export const samePerson = (state: CaseState, command: Command, what: string): Refusal | undefined =>
  state.approval?.what === what && state.approval.by === command.actor.id
    ? { code: 'second_person_required', message: 'you have agreed already: another person must agree as well' }
    : undefined;

function attentionRefusal(
  rules: AnyRules,
  state: CaseState,
  command: Command<CommandName, SharedPayloads['resolve_attention']>,
  sla: SlaPolicy,
): Refusal | undefined {
  const { actor, payload } = command;
  const verbs = verbsOf(rules, state);
  if (!verbs.includes(payload.verb))
    return { code: 'verb_not_allowed', message: `possible here: ${verbs.join(', ')}`, pointer: '/verb' };
  if (payload.verb !== 'override') return undefined;
  const row = rowOf(rules, state.from ?? '');
  const results = row?.results ?? [];
  if (payload.result === undefined || !results.includes(payload.result))
    return { code: 'result_not_allowed', message: `possible results here: ${results.join(', ')}`, pointer: '/result' };
  if (!movesMoney(rules, state, payload)) return undefined;
  if (actor.role !== 'manager')
    return { code: 'manager_required', message: 'a result that moves money needs a manager', pointer: '/result' };
  if (!payload.proofIds?.length)
    return { code: 'proof_required', message: 'a result that moves money needs proof', pointer: '/proofIds' };
  const what = `override ${payload.result}`;
  return awaitsSecondPerson(state, command, what, sla) ? samePerson(state, command, what) : undefined;
}

function movesMoney(rules: AnyRules, state: CaseState, { verb, result }: SharedPayloads['resolve_attention']): boolean {
  const target = rowOf(rules, state.from ?? '')?.moves[result ?? ''];
  return verb === 'override' && typeof target === 'string' && moneyStages.includes(target);
}

const attentionEvents = { retry: 'retried', skip: 'skipped', override: 'overridden', compensate: 'compensated' } as const;

/** The event of a command that every case type has; undefined: the type's own file knows it. */
export function sharedEvent(rules: AnyRules, state: CaseState, command: Command, sla: SlaPolicy): CaseEvent | undefined {
  const { name, actor: by, messageId } = command;
  const payload = command.payload as never;
  const told = { by, messageId };
  switch (name) {
    case 'withdraw_case':
    case 'cancel_case': {
      const end = name === 'withdraw_case' ? 'withdrawn' : 'cancelled';
      const { textRef } = payload as SharedPayloads['cancel_case'];
      return { type: lettingGoMove(rules, state, end) ?? end, ...told, textRef };
    }
    case 'hold_case': {
      const { reason, until } = payload as SharedPayloads['hold_case'];
      return { type: 'held', ...told, cause: reason, until };
    }
    case 'resume_case':
      return { type: 'resumed', ...told };
    case 'assign_case':
      return { type: 'assigned', ...told, ...(payload as SharedPayloads['assign_case']) };
    case 'add_note':
      return { type: 'noted', ...told, ...(payload as SharedPayloads['add_note']) };
    case 'send_message':
      return { type: 'message_sent', ...told, ...(payload as SharedPayloads['send_message']) };
    case 'link_case':
      return { type: 'linked', ...told, link: payload as SharedPayloads['link_case'] };
    case 'request_escalation':
      return { type: 'escalation_requested', ...told, ...(payload as SharedPayloads['request_escalation']) };
    case 'decide_escalation': {
      const { verdict, sponsor, textRef } = payload as SharedPayloads['decide_escalation'];
      return { type: verdict === 'grant' ? 'escalation_granted' : 'escalation_declined', ...told, sponsor, textRef };
    }
    case 'de_escalate':
      return { type: 'de_escalated', ...told, ...(payload as SharedPayloads['de_escalate']) };
    case 'waive_breach': {
      const { clockId, textRef } = payload as SharedPayloads['waive_breach'];
      return { type: 'breach_waived', ...told, what: clockId, textRef };
    }
    case 'resolve_attention':
      return resolution(rules, state, command as Command<'resolve_attention', SharedPayloads['resolve_attention']>, sla);
    default:
      return undefined;
  }
}

function resolution(
  rules: AnyRules,
  state: CaseState,
  command: Command<CommandName, SharedPayloads['resolve_attention']>,
  sla: SlaPolicy,
): CaseEvent {
  const { verb, result, textRef, proofIds } = command.payload;
  const { actor: by, messageId } = command;
  const told = { by, messageId, textRef, ...(proofIds?.length ? { cause: `proof ${proofIds.join(', ')}` } : {}) };
  const what = `override ${result}`;
  if (movesMoney(rules, state, command.payload) && awaitsSecondPerson(state, command, what, sla))
    return { type: 'approval_given', ...told, what };
  return { type: attentionEvents[verb], ...told, result };
}
