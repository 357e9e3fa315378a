/**
 * What may be done with a case now, and where it leads: moves with their detours, verbs of a parked case, the list of buttons.
 * Pure questions to the table and the state; nothing here changes a case.
 */
import {
  attentionVerbs,
  rowOf,
  type AnyRules,
  type AttentionVerb,
  type CaseEvent,
  type CaseState,
  type SlaPolicy,
} from './case.ts';
import { countable, expected, goodsAreHere, goodsMayGoBack, ungraded } from './goods.ts';
import { anywhere, mayCommand, type CommandName, type Role } from './permissions.ts';
import { type Default, type Route, type StageRow } from './stage-table.ts';

type Guarded = { readonly when: string };
const isGuarded = (one: string | Guarded): one is Guarded => typeof one !== 'string';

/** Of a guarded list the first entry whose guard holds; the last one has no guard. */
function chosen<One extends string | Guarded>(
  rules: AnyRules,
  state: CaseState,
  event: Pick<CaseEvent, 'type'>,
  sla: SlaPolicy,
  list: readonly One[],
): One | undefined {
  return list.find((one) => !isGuarded(one) || rules.guards?.[one.when]?.(state, sla, event) === true);
}

function resolved(
  rules: AnyRules,
  state: CaseState,
  event: Pick<CaseEvent, 'type'>,
  sla: SlaPolicy,
  route: Route<string, string>,
): string | undefined {
  if (typeof route === 'string') return route;
  const one = chosen<string | (Guarded & { to: string })>(rules, state, event, sla, route);
  return typeof one === 'object' ? one.to : one;
}

/** The default action of a stage as the case is now. */
export function defaultOf(
  rules: AnyRules,
  state: CaseState,
  sla: SlaPolicy,
  onTimeout: Default<string, string>,
): string | undefined {
  if (typeof onTimeout === 'string') return onTimeout;
  const one = chosen<string | (Guarded & { move: string })>(rules, state, { type: 'timeout' }, sla, onTimeout);
  return typeof one === 'object' ? one.move : one;
}

/** The stage a move leads to from here, its guards asked and its detours resolved; undefined: no such move, the event is only noted. */
export function targetOf(
  rules: AnyRules,
  state: CaseState,
  event: Pick<CaseEvent, 'type' | 'result'>,
  sla: SlaPolicy,
  stage = state.stage,
): string | undefined {
  const route = rowOf(rules, stage)?.moves[event.type];
  if (route === undefined) return undefined;
  const target = resolved(rules, state, event, sla, route);
  const from = state.from ?? '';
  switch (target) {
    case '@stay':
      return undefined;
    case '@from':
      return from;
    case '@step':
      return rowOf(rules, from)?.step ? from : undefined;
    case '@target':
      return state.target;
    case '@after':
      return state.after;
    case '@skip':
      return targetOf(rules, state, { type: rowOf(rules, from)?.onSkip ?? '' }, sla, from);
    case '@result':
      return targetOf(rules, state, { type: event.result ?? '' }, sla, from);
    default:
      return target;
  }
}

/** What a person's verdict on a parked case means in the words of the stage that was left: skipped and overridden stand for moves of it. */
export function meaningOf<E extends CaseEvent>(rules: AnyRules, state: CaseState, event: E): E {
  if (event.type === 'skipped') return { ...event, type: rowOf(rules, state.from ?? '')?.onSkip ?? event.type };
  return event.type === 'overridden' && event.result ? { ...event, type: event.result } : event;
}

/** Withdrawing and cancelling: not past the point of no return; goods that are here are sent back, where the stage has that way. */
const mayLetGo = (row: StageRow | undefined, { lots }: CaseState): boolean =>
  row?.moves.cancelled !== undefined && (!goodsAreHere(lots) || row.moves.goods_wanted_back !== undefined);

/** Verbs a person may use on a parked case. Money and statutory duties have no skip. */
export function verbsOf(rules: AnyRules, state: CaseState): AttentionVerb[] {
  const row = rowOf(rules, state.from ?? '');
  if (state.stage !== 'needs_attention' || !row) return [];
  return attentionVerbs.filter(
    (verb) =>
      verb === 'retry' ||
      (verb === 'skip' && row.onSkip !== undefined) ||
      (verb === 'override' && (row.results?.length ?? 0) > 0) ||
      (verb === 'compensate' && mayLetGo(row, state)),
  );
}

export type LettingGo = 'withdrawn' | 'cancelled' | 'goods_wanted_back' | 'goods_refused' | 'send_back_marked';

/** What withdrawing or cancelling means here: the end of that name, or the way back of goods that are on their way or here already. */
export function lettingGoMove(rules: AnyRules, state: CaseState, end: 'withdrawn' | 'cancelled'): LettingGo | undefined {
  const moves = rowOf(rules, state.stage)?.moves ?? {};
  if (goodsMayGoBack(state.lots) && moves.goods_wanted_back) return 'goods_wanted_back';
  if (moves[end]) return goodsAreHere(state.lots) ? undefined : end;
  if (end === 'withdrawn') return undefined;
  // What is still on its way goes back as it comes: it is counted first.
  if (moves.goods_refused && goodsMayGoBack(state.lots) && !state.lots.some(expected)) return 'goods_refused';
  return moves.goods_refused || moves.no_movement ? 'send_back_marked' : undefined;
}

/** The move that cancelling from outside means here: the stage's own, or the verb of a parked case; undefined: nothing can be taken back. */
export function cancelMove(rules: AnyRules, state: CaseState, sla: SlaPolicy): LettingGo | 'compensated' | undefined {
  const mayCancel = rowOf(rules, state.stage)?.commands.includes('cancel_case') === true;
  const move = mayCancel ? lettingGoMove(rules, state, 'cancelled') : undefined;
  // A case of before goods could be sent back: its policy has no time for that.
  if (move && (move === 'cancelled' || sla.stages.sending_back)) return move;
  return verbsOf(rules, state).includes('compensate') ? 'compensated' : undefined;
}

/** Commands that the stage allows; with a role, only those that this role may give. The list of buttons, and the `availableMoves` of a refusal. */
export const availableMoves = (rules: AnyRules, state: CaseState, role?: Role): CommandName[] =>
  allowed(rules, state).filter((command) => !hasNothingToSay(state, command) && (!role || mayCommand(role, command)));

/** Commands that the stage allows, also those that could only be refused for what they say, or be repeats. */
export function allowed(rules: AnyRules, state: CaseState): CommandName[] {
  const row = rowOf(rules, state.stage);
  return row ? [...row.commands, ...anywhere].filter((command) => fits(rules, state, command)) : [];
}

/** All goods have been counted, or graded, or the case is cancelled already: a button for that would lead nowhere. */
const hasNothingToSay = ({ lots, sendBack }: CaseState & { readonly sendBack?: true }, command: CommandName): boolean =>
  (command === 'cancel_case' && sendBack === true) ||
  (command === 'record_reception' && !lots.some(countable('received'))) ||
  (command === 'record_inspection' && !lots.some(ungraded));

const fits = (rules: AnyRules, state: CaseState, command: CommandName): boolean => hindrance(rules, state, command) === undefined;

/** Why the command is not among the allowed ones: the stage has none such, or something else stands in its way. */
export function whyNot(rules: AnyRules, state: CaseState, command: CommandName): string {
  const commands: readonly string[] = [...(rowOf(rules, state.stage)?.commands ?? []), ...anywhere];
  const other = rowOf(rules, state.stage) && commands.includes(command) ? hindrance(rules, state, command) : undefined;
  return other ?? notHere(state, command);
}
const notHere = ({ stage }: CaseState, command: CommandName): string => `${command} is not possible in stage ${stage}`;

/** What the stage does not say: letting go needs a way for the goods, and overlays have states of their own. */
function hindrance(rules: AnyRules, state: CaseState, command: CommandName): string | undefined {
  const { hold, escalation, clocks } = state;
  switch (command) {
    case 'withdraw_case':
      return lettingGoMove(rules, state, 'withdrawn') ? undefined : notHere(state, command);
    case 'cancel_case':
      return lettingGoMove(rules, state, 'cancelled') ? undefined : notHere(state, command);
    case 'hold_case':
      return hold ? 'the case is held already' : undefined;
    case 'resume_case':
      return hold ? undefined : 'the case is not held';
    case 'request_escalation':
      if (escalation?.state === 'requested') return 'an escalation is asked for already: a manager decides';
      return escalation?.state === 'active' ? 'the case is escalated already' : undefined;
    case 'decide_escalation':
      return escalation?.state === 'requested' ? undefined : 'no escalation waits for a decision';
    case 'de_escalate':
      return escalation?.state === 'active' ? undefined : 'the case is not escalated';
    case 'waive_breach':
      return clocks.some(({ log }) => log.some(({ what }) => what === 'breached')) ? undefined : 'no deadline was missed';
    default:
      return undefined;
  }
}
