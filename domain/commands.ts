/**
 * Commands on a case of any type: which are refused and why, and the event that each becomes.
 * Pure, so that the Update validator, the API and a test ask the same question and get the same answer.
 */
import { availableMoves, verbsOf } from './moves.ts';
import { hasSeen, rowOf, type AnyRules, type AttentionVerb, type CaseEvent, type CaseState } from './case.ts';
import { type Actor, type CommandName } from './permissions.ts';

export const holdReasons = [
  'customer_request',
  'authority_or_court',
  'customs',
  'recall_check',
  'linked_case',
  'data_request',
] as const;
export type HoldReason = (typeof holdReasons)[number];

/** Payloads of the commands that every case type has. Free text travels as a reference; it stays in MongoDB. */
export interface SharedPayloads {
  withdraw_case: { textRef?: string };
  cancel_case: { textRef?: string };
  hold_case: { reason: HoldReason; until?: number };
  resume_case: object;
  assign_case: { assignee: string };
  add_note: { textRef: string };
  resolve_attention: { verb: AttentionVerb; result?: string; textRef?: string; proofIds?: readonly string[] };
}

export interface Command<Name extends CommandName = CommandName, Payload = unknown> {
  readonly name: Name;
  readonly actor: Actor;
  /** The Idempotency-Key in our own form; the Update's id. */
  readonly messageId: string;
  /** The revision the sender looked at; absent: whatever it is. */
  readonly expectedRevision?: number;
  readonly payload: Payload;
}

/** A no that changes nothing. `not_allowed_now` 409, `stale_revision` 412, all others 422. */
export interface Refusal {
  readonly code:
    | 'not_allowed_now'
    | 'stale_revision'
    | 'over_limit'
    | 'verb_not_allowed'
    | 'result_not_allowed'
    | 'manager_required'
    | 'proof_required';
  readonly message: string;
  readonly pointer?: string;
  readonly availableMoves?: readonly string[];
}

/** Why this command is refused in this state, or undefined. A command that has had its effect is never refused: it answers again. */
export function refusalOf(rules: AnyRules, state: CaseState, command: Command): Refusal | undefined {
  if (hasSeen(state, command.messageId)) return undefined;
  if (!availableMoves(rules, state).includes(command.name)) {
    const role = command.actor.role;
    const moves = availableMoves(
      rules,
      state,
      role === 'customer' || role === 'warehouse' || role === 'agent' || role === 'manager' ? role : undefined,
    );
    return { code: 'not_allowed_now', message: `${command.name} is not possible in stage ${state.stage}`, availableMoves: moves };
  }
  if (command.expectedRevision !== undefined && command.expectedRevision !== state.revision)
    return { code: 'stale_revision', message: `the case is at revision ${state.revision}` };
  return command.name === 'resolve_attention'
    ? attentionRefusal(rules, state, command as Command<'resolve_attention', SharedPayloads['resolve_attention']>)
    : undefined;
}

/** Results that move money need a manager and proof. Source: case flows, section 7 rule 9. */
const moneyStages = ['refund_due', 'refunded'];

function attentionRefusal(
  rules: AnyRules,
  state: CaseState,
  { actor, payload }: Command<CommandName, SharedPayloads['resolve_attention']>,
): Refusal | undefined {
  const verbs = verbsOf(rules, state);
  if (!verbs.includes(payload.verb))
    return { code: 'verb_not_allowed', message: `possible here: ${verbs.join(', ')}`, pointer: '/verb' };
  if (payload.verb !== 'override') return undefined;
  const row = rowOf(rules, state.from ?? '');
  const results = row?.results ?? [];
  if (payload.result === undefined || !results.includes(payload.result))
    return { code: 'result_not_allowed', message: `possible results here: ${results.join(', ')}`, pointer: '/result' };
  if (!moneyStages.includes(row?.moves[payload.result] ?? '')) return undefined;
  if (actor.role !== 'manager')
    return { code: 'manager_required', message: 'a result that moves money needs a manager', pointer: '/result' };
  return payload.proofIds?.length
    ? undefined
    : { code: 'proof_required', message: 'a result that moves money needs proof', pointer: '/proofIds' };
}

const attentionEvents = { retry: 'retried', skip: 'skipped', override: 'overridden', compensate: 'compensated' } as const;

/** The event of a command that every case type has; undefined: the type's own file knows it. */
export function sharedEvent(command: Command): CaseEvent | undefined {
  const { name, actor: by, messageId } = command;
  const payload = command.payload as never;
  switch (name) {
    case 'withdraw_case':
      return { type: 'withdrawn', by, messageId, ...(payload as SharedPayloads['withdraw_case']) };
    case 'cancel_case':
      return { type: 'cancelled', by, messageId, ...(payload as SharedPayloads['cancel_case']) };
    case 'hold_case': {
      const { reason, until } = payload as SharedPayloads['hold_case'];
      return { type: 'held', by, messageId, cause: reason, until };
    }
    case 'resume_case':
      return { type: 'resumed', by, messageId };
    case 'assign_case':
      return { type: 'assigned', by, messageId, ...(payload as SharedPayloads['assign_case']) };
    case 'add_note':
      return { type: 'noted', by, messageId, ...(payload as SharedPayloads['add_note']) };
    case 'resolve_attention': {
      const { verb, result, textRef, proofIds } = payload as SharedPayloads['resolve_attention'];
      return {
        type: attentionEvents[verb],
        by,
        messageId,
        result,
        textRef,
        ...(proofIds?.length ? { cause: `proof ${proofIds.join(', ')}` } : {}),
      };
    }
    default:
      return undefined;
  }
}
