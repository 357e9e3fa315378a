/**
 * What may be done with a case now, and where it leads: moves with their detours, verbs of a parked case, the list of buttons.
 * Pure questions to the table and the state; nothing here changes a case.
 */
import { attentionVerbs, rowOf, type AnyRules, type AttentionVerb, type CaseEvent, type CaseState } from './case.ts';
import { goodsAreHere } from './goods.ts';
import { anywhere, mayCommand, type CommandName, type Role } from './permissions.ts';
import { type StageRow } from './stage-table.ts';

/** The stage a move leads to from here, its detours resolved; undefined: no such move here, the event is only noted. */
export function targetOf(
  rules: AnyRules,
  state: CaseState,
  event: Pick<CaseEvent, 'type' | 'result'>,
  stage = state.stage,
): string | undefined {
  const target = rowOf(rules, stage)?.moves[event.type];
  const from = state.from ?? '';
  switch (target) {
    case '@from':
      return from;
    case '@step':
      return rowOf(rules, from)?.step ? from : undefined;
    case '@target':
      return state.target;
    case '@skip':
      return targetOf(rules, state, { type: rowOf(rules, from)?.onSkip ?? '' }, from);
    case '@result':
      return targetOf(rules, state, { type: event.result ?? '' }, from);
    default:
      return target;
  }
}

/** What a person's verdict on a parked case means in the words of the stage that was left: skipped and overridden stand for moves of it. */
export function meaningOf<E extends CaseEvent>(rules: AnyRules, state: CaseState, event: E): E {
  if (event.type === 'skipped') return { ...event, type: rowOf(rules, state.from ?? '')?.onSkip ?? event.type };
  return event.type === 'overridden' && event.result ? { ...event, type: event.result } : event;
}

/** Withdrawing and cancelling: not past the point of no return, and not once goods are here, for then they would be nobody's. */
const mayLetGo = (row: StageRow | undefined, { lots }: CaseState): boolean =>
  row?.moves.cancelled !== undefined && !goodsAreHere(lots);

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

/** The move that cancelling means here: the stage's own, or the verb of a parked case; undefined: too late, nothing can be taken back. */
export const cancelMove = (rules: AnyRules, state: CaseState): 'cancelled' | 'compensated' | undefined =>
  mayLetGo(rowOf(rules, state.stage), state)
    ? 'cancelled'
    : verbsOf(rules, state).includes('compensate')
      ? 'compensated'
      : undefined;

const lettingGo: readonly CommandName[] = ['withdraw_case', 'cancel_case'];

/** Commands that the stage allows; with a role, only those that this role may give. The list of buttons, and the `availableMoves` of a refusal. */
export function availableMoves(rules: AnyRules, state: CaseState, role?: Role): CommandName[] {
  const row = rowOf(rules, state.stage);
  if (!row) return [];
  const commands = goodsAreHere(state.lots) ? row.commands.filter((command) => !lettingGo.includes(command)) : row.commands;
  const here = [...commands, ...anywhere.filter((command) => command !== (state.hold ? 'hold_case' : 'resume_case'))];
  return role ? here.filter((command) => mayCommand(role, command)) : here;
}
