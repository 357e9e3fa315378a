/** The clocks of a case taken together: which rings next, what its ringing means, and the deadline the stage runs under. Pure. */
import { rowOf, type AnyRules, type CaseEvent, type CaseState, type SlaPolicy } from './case.ts';
import { milestoneOf, type Clock, type Milestone } from './clocks.ts';
import { defaultOf } from './moves.ts';
import { theClock } from './permissions.ts';

/** The next thing a clock of the case does by itself; undefined while our own step runs, on hold, or at an end. */
export function nextMilestone(state: CaseState): Milestone | undefined {
  const hold: Milestone[] = state.hold ? [{ at: state.hold.until, kind: 'due', clockId: 'hold' }] : [];
  return [...hold, ...state.clocks.flatMap((clock) => milestoneOf(clock) ?? [])].sort((a, b) => a.at - b.at)[0];
}

/** What the clock's ringing means: a warning, the end of a hold, a default action, or a breach of a clock that runs on elsewhere. */
export function eventOf(rules: AnyRules, state: CaseState, milestone: Milestone, sla: SlaPolicy): CaseEvent {
  const { clockId } = milestone;
  if (clockId === 'hold') return { type: 'resumed', by: theClock };
  const clock = state.clocks.find((one) => one.id === clockId);
  // The guards of a default are asked at the instant of its ringing: the case may have been silent since long before.
  const then = { ...state, at: Math.max(state.at, milestone.at) };
  const ruleIds = clock ? [clock.ruleId] : [];
  const type = milestone.kind === 'warned' ? 'warned' : clock ? ringOf(rules, then, clock, sla) : 'breached';
  return { type, by: theClock, clockId, ruleIds };
}

function ringOf(rules: AnyRules, state: CaseState, clock: Clock, sla: SlaPolicy): string {
  const row = rowOf(rules, state.stage);
  const ofTheStage = () => (row && defaultOf(rules, state, sla, row.onTimeout)) ?? 'breached';
  switch (clock.stage) {
    case state.stage:
      return ofTheStage();
    case 'escalation':
      return state.escalation?.state === 'requested' ? 'escalation_granted' : 'escalation_raised';
    case 'progress':
      return 'progress_due';
    // The law's date does not wait for an inspection: the goods count as they are.
    case 'statutory':
      return state.stage === 'received' ? ofTheStage() : 'breached';
    default:
      return 'breached';
  }
}

/** The deadline that the stage itself runs under, epoch ms; undefined: nothing is awaited, or the clock is paused. */
export function dueAtOf(state: CaseState): number | undefined {
  const clock = state.clocks.find((one) => one.stage === state.stage && one.running && one.pausedAt === undefined);
  return clock?.dueAt;
}
