/**
 * The one way a case changes, whatever its type: an event is applied to goods and money, then to undo, hold and attention, then the stage
 * moves and its clocks with it; at the end everything must still be conserved. Pure: same state and event give the same state.
 */
import {
  isEnded,
  ladder,
  rowOf,
  seenLimit,
  type AnyRules,
  type Attention,
  type CaseEvent,
  type CaseRules,
  type CaseState,
  type SlaPolicy,
} from './case.ts';
import { breachClock, fulfilClock, pauseClock, resumeClock, startClock, warnClock, type Clock } from './clocks.ts';
import { assertConserved } from './conservation.ts';
import { meaningOf, targetOf } from './moves.ts';
import { arm, disarm, letBe, settle } from './undo.ts';

const closedClocksKept = 12;

export function applyEvent<S extends CaseState, E extends CaseEvent>(
  rules: CaseRules<S, E>,
  before: S,
  event: E,
  now: number,
  sla: SlaPolicy,
): S {
  const shared = rules as unknown as AnyRules;
  const at = Math.max(now, before.at);
  const target = targetOf(shared, before, event);
  let state = rules.apply({ ...before, at, revision: before.revision + 1 }, meaningOf(shared, before, event));
  state = sharedEffects(state, event, sla);
  if (target !== undefined) state = enter(shared, state, event, target, sla);
  else if (event.clockId) state = restartClock(shared, state, event, sla);
  else state = clockOnFact(shared, state, event, sla);
  assertConserved({ ...state, ended: isEnded(shared, state) }, event.type);
  return state;
}

/** What an event of any case type does, apart from moving the case. */
function sharedEffects<S extends CaseState>(state: S, event: CaseEvent, sla: SlaPolicy): S {
  const seen = event.messageId ? [...state.seen, event.messageId].slice(-seenLimit) : state.seen;
  const timersFired = state.timersFired + (event.by.role === 'clock' ? 1 : 0);
  const next = { ...state, seen, timersFired };
  switch (event.type) {
    case 'warned':
      return withClock(next, event.clockId, (clock) => warnClock(clock, state.at));
    case 'armed':
      return { ...next, undo: arm(state.undo, event.step ?? '', event.undo ?? '') };
    case 'disarmed':
      return { ...next, undo: disarm(state.undo) };
    case 'undone':
    case 'undo_failed':
      return { ...next, undo: settle(state.undo, event.step ?? '', event.type, event.result ?? event.cause) };
    case 'skipped':
      return { ...next, undo: letBe(state.undo) };
    case 'held':
      return {
        ...next,
        hold: { reason: event.cause ?? '', until: Math.min(event.until ?? Number.POSITIVE_INFINITY, state.at + sla.holdMs) },
        clocks: state.clocks.map((clock) => pauseClock(clock, state.at, event.cause ?? 'hold')),
      };
    case 'resumed':
      return { ...next, hold: undefined, clocks: state.clocks.map((clock) => resumeClock(clock, state.at)) };
    case 'assigned':
      return { ...next, assignee: event.assignee };
    default:
      return next;
  }
}

const withClock = <S extends CaseState>(state: S, id: string | undefined, change: (clock: Clock) => Clock): S => ({
  ...state,
  clocks: state.clocks.map((clock) => (clock.id === id ? change(clock) : clock)),
});

const isParked = (stage: string): boolean => stage === 'needs_attention';

/** Enters a stage: the clock of the one that was left stops (needs_attention pauses no promise), the new one's starts. */
function enter<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, stage: string, sla: SlaPolicy): S {
  const left = state.stage;
  const ended = rules.ends.includes(stage);
  const clocks = state.clocks.map((clock) => {
    if (event.clockId === clock.id) return breachClock(clock, state.at, event.type);
    const runsOn = isParked(stage) ? clock.stage === left : isParked(left) && clock.stage === stage;
    return runsOn && !ended ? clock : fulfilClock(clock, state.at);
  });
  const next: S = {
    ...state,
    clocks,
    stage,
    from: isParked(left) ? state.from : left,
    attention: attentionOn(state, event, stage),
  };
  if (ended) return { ...next, hold: undefined };
  return withEntryClock(
    rules,
    stage === 'unwinding' && left !== stage ? { ...next, target: unwindingTarget(rules, state, event) } : next,
    sla,
  );
}

/** Unwinding entered by a move is for the end of that name; a compensated case ends cancelled; a resumed one keeps its target. */
function unwindingTarget(rules: AnyRules, state: CaseState, event: CaseEvent): string | undefined {
  if (event.type === 'compensated') return 'cancelled';
  return rules.ends.includes(event.type) ? event.type : state.target;
}

/** The attempts and the rung of one trouble outlive its retries; another stage's success ends it. */
function attentionOn(state: CaseState, event: CaseEvent, stage: string): Attention | undefined {
  if (!isParked(stage))
    return event.type === 'rung_climbed' && state.attention
      ? climbed(state.attention)
      : event.type === 'retried'
        ? state.attention
        : undefined;
  const step = event.step ?? event.type;
  const again = state.attention?.step === step ? state.attention : undefined;
  return {
    step,
    cause: event.cause ?? event.type,
    since: again?.since ?? state.at,
    attempts: (again?.attempts ?? 0) + 1,
    rung: again?.rung ?? 0,
  };
}

function withEntryClock<S extends CaseState>(rules: AnyRules, state: S, sla: SlaPolicy): S {
  const starts = rowOf(rules, state.stage)?.clockFrom === 'entry' && !isRunning(state, state.stage);
  return starts ? started(state, sla) : state;
}

const isRunning = (state: CaseState, stage: string): boolean =>
  state.clocks.some((clock) => clock.stage === stage && clock.running);

function started<S extends CaseState>(state: S, sla: SlaPolicy): S {
  const limit = sla.stages[state.stage];
  if (!limit) throw new Error(`the policy has no limit for ${state.stage}`);
  const clock = startClock(`${state.stage}#${state.revision}`, state.stage, limit, state.at);
  const kept = state.clocks.filter((one, index) => one.running || index >= state.clocks.length - closedClocksKept);
  return { ...state, clocks: [...kept, state.hold ? pauseClock(clock, state.at, state.hold.reason) : clock] };
}

/** A default that leaves the stage as it is (a rung climbed) or a breach elsewhere: the clock is breached; in its own stage a new term begins. */
function restartClock<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, sla: SlaPolicy): S {
  if (event.type === 'warned') return state;
  const breached = withClock(state, event.clockId, (clock) => breachClock(clock, state.at, event.type));
  const next = event.type === 'rung_climbed' && state.attention ? { ...breached, attention: climbed(state.attention) } : breached;
  return withEntryClock(rules, next, sla);
}

const climbed = (attention: Attention): Attention => ({ ...attention, rung: Math.min(attention.rung + 1, ladder.length - 1) });

/** A fact that starts the stage's clock late (a refund is under way; told again, the clock runs on), or anew (the parcel still moves). */
function clockOnFact<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, sla: SlaPolicy): S {
  const row = rowOf(rules, state.stage);
  if (row?.clockFrom === event.type) return isRunning(state, state.stage) ? state : started(state, sla);
  if (row?.restartsOn !== event.type) return state;
  return started(
    { ...state, clocks: state.clocks.map((clock) => (clock.stage === state.stage ? fulfilClock(clock, state.at) : clock)) },
    sla,
  );
}
