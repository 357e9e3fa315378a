/** The clocks of a case taken together: which rings next, what its ringing means, and the deadline the stage runs under. Pure. */
import { rowOf, type AnyRules, type CaseEvent, type CaseState } from './case.ts';
import { milestoneOf, type Milestone } from './clocks.ts';
import { theClock } from './permissions.ts';

/** The next thing a clock of the case does by itself; undefined while our own step runs, on hold, or at an end. */
export function nextMilestone(state: CaseState): Milestone | undefined {
  const hold: Milestone[] = state.hold ? [{ at: state.hold.until, kind: 'due', clockId: 'hold' }] : [];
  return [...hold, ...state.clocks.flatMap((clock) => milestoneOf(clock) ?? [])].sort((a, b) => a.at - b.at)[0];
}

/** What the clock's ringing means: a warning, the end of a hold, the stage's default action, or a breach of a clock that runs on elsewhere. */
export function eventOf(rules: AnyRules, state: CaseState, milestone: Milestone): CaseEvent {
  const { clockId } = milestone;
  if (clockId === 'hold') return { type: 'resumed', by: theClock };
  const clock = state.clocks.find((one) => one.id === clockId);
  const ruleIds = clock ? [clock.ruleId] : [];
  if (milestone.kind === 'warned') return { type: 'warned', by: theClock, clockId, ruleIds };
  const type = clock?.stage === state.stage ? (rowOf(rules, state.stage)?.onTimeout ?? 'breached') : 'breached';
  return { type, by: theClock, clockId, ruleIds };
}

/** The deadline that the stage itself runs under, epoch ms; undefined: nothing is awaited, or the clock is paused. */
export function dueAtOf(state: CaseState): number | undefined {
  const clock = state.clocks.find((one) => one.stage === state.stage && one.running && one.pausedAt === undefined);
  return clock?.dueAt;
}
