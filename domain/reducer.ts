/**
 * The one way a case changes, whatever its type: an event is applied to goods and money, then to undo, hold and attention, then the stage
 * moves and its clocks with it; at the end everything must still be conserved. Pure: same state and event give the same state.
 */
import {
  isEnded,
  ladder,
  ownerOf,
  rowOf,
  seenLimit,
  type AnyRules,
  type Attention,
  type CaseEvent,
  type CaseRules,
  type CaseState,
  type SlaPolicy,
} from './case.ts';
import {
  breachClock,
  fulfilClock,
  pauseClock,
  recomputeClock,
  resumeClock,
  startClock,
  waiveClock,
  warnClock,
  type Clock,
} from './clocks.ts';
import { assertConserved } from './conservation.ts';
import { plan, settleErrand } from './errands.ts';
import { escalate, withOverlay } from './escalation.ts';
import { meaningOf, targetOf } from './moves.ts';
import { type Owner, type StageRow } from './stage-table.ts';
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
  const wanted = event.type === 'reopened' ? event.result : targetOf(shared, before, event, sla);
  const meant = meaningOf(shared, before, event);
  let state = rules.apply({ ...before, at, revision: before.revision + 1 }, meant, sla);
  state = sharedEffects(shared, state, event, sla);
  if (wanted !== undefined) state = enter(shared, state, event, wanted, sla);
  else if (event.clockId) state = restartClock(shared, state, event, sla);
  else state = clockOnFact(shared, state, event, sla);
  state = withWaitClock(shared, state, sla);
  const ended = isEnded(shared, state);
  state = escalate(state, event, { owner: ownerOf(shared, state), late: lateOwner(shared, before, event), ended }, sla);
  const errands = state.contact && rules.errandsOf?.(before, meant, state);
  if (errands?.length) state = { ...state, errands: plan(state.errands, errands) };
  assertConserved({ ...state, ended, goodsMayGoBack: sla.stages.sending_back !== undefined }, event.type);
  return state;
}

/** Whose deadline a clock's default has missed: the owner of the stage it measured; the law's date, and the like, are ours. */
function lateOwner(rules: AnyRules, before: CaseState, event: CaseEvent): Owner | undefined {
  const clock = before.clocks.find((one) => one.id === event.clockId);
  if (!clock || event.by.role !== 'clock' || event.type === 'warned') return undefined;
  return rowOf(rules, clock.stage)?.owner ?? 'manager';
}

/** What an event of any case type does, apart from moving the case. */
function sharedEffects<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, sla: SlaPolicy): S {
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
    case 'customs_held':
      return {
        ...next,
        hold: { reason: event.cause ?? '', until: Math.min(event.until ?? Number.POSITIVE_INFINITY, state.at + sla.holdMs) },
        clocks: state.clocks.map((clock) => pauseClock(clock, state.at, event.cause ?? 'hold')),
      };
    case 'resumed':
    case 'customs_released':
      return resumed(rules, next, sla);
    case 'assigned':
      return { ...next, assignee: event.assignee };
    case 'linked':
      return event.link ? { ...next, links: [...(state.links ?? []), event.link] } : next;
    case 'approval_given':
      return { ...next, approval: { by: event.by.id, what: event.what ?? '' } };
    case 'errand_done':
    case 'errand_failed': {
      const ended = event.type === 'errand_done' ? 'done' : 'failed';
      return { ...next, errands: settleErrand(state.errands, event.errand ?? '', ended, event.result ?? event.cause) };
    }
    case 'breach_waived':
      return withClock(next, event.what, (clock) => waiveClock(clock, state.at, event.by.id));
    case 'calendar_changed':
      // Somebody else's calendar is no affair of this case.
      return event.cause === sla.calendar?.id ? { ...next, calendarWanted: event.cause } : next;
    case 'calendar_failed':
      return { ...next, calendarWanted: undefined };
    case 'calendar_loaded': {
      const { calendar } = sla;
      const clocks = calendar ? state.clocks.map((clock) => recomputeClock(clock, state.at, calendar)) : state.clocks;
      return { ...next, calendarWanted: undefined, clocks };
    }
    default:
      return state.hold && endsHold(state.hold.reason, event) ? resumed(rules, next, sla) : next;
  }
}
/** Whatever the case was held for, who waits for an answer and gets it goes on at once; and a parcel that is here has left the customs. */
const endsHold = (reason: string, { type, by }: CaseEvent): boolean =>
  (by.role === 'customer' && replies.includes(type)) || (reason === 'customs' && type === 'received');
const replies = ['evidence_submitted', 'proposal_accepted', 'proposal_declined', 'message_sent'];

/** The hold is over. A clock that waits for the customer's answer all the same stands still until that comes. */
function resumed<S extends CaseState>(rules: AnyRules, state: S, sla: SlaPolicy): S {
  const asks = rowOf(rules, state.stage)?.pausesLeft === true;
  const waits = (clock: Clock): boolean => asks && clock.stage !== state.stage && !clock.overlay;
  const clocks = state.clocks.map((clock) => (waits(clock) ? clock : resumeClock(clock, state.at, sla.calendar)));
  return { ...state, hold: undefined, clocks };
}

const withClock = <S extends CaseState>(state: S, id: string | undefined, change: (clock: Clock) => Clock): S => ({
  ...state,
  clocks: state.clocks.map((clock) => (clock.id === id ? change(clock) : clock)),
});

const isParked = (stage: string): boolean => stage === 'needs_attention';

/**
 * Where a move really leads: what must be gone first comes first, and a stage for which the pinned policy has no limit is not entered at all.
 * A case keeps the policy it was opened under; where that knows less than the table of today, a person is asked.
 */
function passable<S extends CaseState>(rules: AnyRules, state: S, wanted: string, sla: SlaPolicy): string {
  const stage = rules.divert?.(state, wanted, sla) ?? wanted;
  const waits = rowOf(rules, stage)?.clockFrom === 'entry';
  return waits && !sla.stages[stage] ? 'needs_attention' : stage;
}

/** Enters a stage: the clock of the one that was left stops (needs_attention pauses no promise), the new one's starts. */
function enter<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, wanted: string, sla: SlaPolicy): S {
  const left = state.stage;
  const stage = passable(rules, state, wanted, sla);
  const ended = rules.ends.includes(stage);
  const clocks = state.clocks.map((clock) =>
    event.clockId === clock.id
      ? breachClock(clock, state.at, event.type)
      : ended
        ? fulfilClock(clock, state.at)
        : clockOnLeaving(rules, state, clock, stage, sla),
  );
  const silent = event.by.role === 'clock' && event.clockId !== undefined;
  const next: S = {
    ...state,
    clocks,
    stage,
    from: isParked(left) ? state.from : left,
    attention: attentionOn(state, event, stage),
    enteredAt: state.at,
    ...(stage === wanted ? {} : { after: wanted }),
    ...(silent ? { silences: (state.silences ?? 0) + 1 } : {}),
    ...(state.approval && stage !== left ? { approval: undefined } : {}),
  };
  if (ended) return { ...next, hold: undefined };
  return withEntryClock(
    rules,
    withStatutoryClock(
      stage === 'unwinding' && left !== stage ? { ...next, target: unwindingTarget(rules, state, event) } : next,
      sla,
    ),
    sla,
  );
}

/** What becomes of a clock when the case goes from its stage to another: it stops, or waits for somebody's answer, or runs on. */
function clockOnLeaving(rules: AnyRules, state: CaseState, clock: Clock, stage: string, sla: SlaPolicy): Clock {
  const left = state.stage;
  if (clock.overlay) return clock;
  const asks = (one: string): boolean => rowOf(rules, one)?.pausesLeft === true;
  if (asks(left) && clock.stage === stage && clock.running)
    return state.hold ? clock : resumeClock(clock, state.at, sla.calendar);
  if (asks(stage) && clock.stage === left && clock.pausable !== false) return pauseClock(clock, state.at, stage);
  const runsOn = isParked(stage) ? clock.stage === left : isParked(left) && clock.stage === stage;
  return runsOn ? clock : fulfilClock(clock, state.at);
}

/** The date of the law runs from the receipt of the goods, through all that follows. */
function withStatutoryClock<S extends CaseState>(state: S, { statutory, ...sla }: SlaPolicy): S {
  const starts = statutory && state.stage === 'received' && !state.clocks.some((clock) => clock.stage === 'statutory');
  return starts ? withOverlay(state, 'statutory', statutory.limitMs, sla, statutory.ruleId) : state;
}

/** Unwinding entered by a move is for the end of that name; a compensated case ends cancelled; a resumed one keeps its target. */
function unwindingTarget(rules: AnyRules, state: CaseState, event: CaseEvent): string | undefined {
  if (cancelling.includes(event.type)) return 'cancelled';
  if (converting.includes(event.type)) return 'converted';
  return rules.ends.includes(event.type) ? event.type : state.target;
}

/** What the customer agreed to is another kind of case. */
const converting = ['proposal_accepted', 'reship_chosen'];
/** Everything is taken back, for nobody wants the goods any more. */
const cancelling = ['compensated', 'returned_to_sender'];

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
  const waits = rowOf(rules, state.stage)?.clockFrom === 'entry' || rules.isUnderWay?.(state) === true;
  const starts = waits && !isRunning(state, state.stage);
  return starts ? started(state, sla) : state;
}

/** No wait is silent: a stage whose clock begins with a later fact may have nothing of ours to do at once. */
function withWaitClock<S extends CaseState>(rules: AnyRules, state: S, sla: SlaPolicy): S {
  const waits = sla.stages[state.stage] !== undefined && rules.isUnderWay?.(state) === true;
  return waits && !isRunning(state, state.stage) ? started(state, sla) : state;
}

const startsOn = (row: StageRow | undefined, event: string): boolean =>
  typeof row?.clockFrom === 'string' ? row.clockFrom === event : (row?.clockFrom?.includes(event) ?? false);

const isRunning = (state: CaseState, stage: string): boolean =>
  state.clocks.some((clock) => clock.stage === stage && clock.running);

function started<S extends CaseState>(state: S, sla: SlaPolicy, again = false): S {
  const limit = sla.stages[state.stage];
  if (!limit) throw new Error(`the policy has no limit for ${state.stage}`);
  const { stage, at, revision, enteredAt } = state;
  const capAt = limit.capMs === undefined || enteredAt === undefined ? undefined : enteredAt + limit.capMs;
  const term = again && limit.againMs !== undefined ? { ...limit, limitMs: limit.againMs } : limit;
  const clock = startClock({ id: `${stage}#${revision}`, stage, at, calendar: sla.calendar, capAt }, term);
  const kept = state.clocks.filter((one, index) => one.running || index >= state.clocks.length - closedClocksKept);
  return { ...state, clocks: [...kept, state.hold ? pauseClock(clock, state.at, state.hold.reason) : clock] };
}

/** A default that leaves the stage as it is (a rung climbed) or a breach elsewhere: the clock is breached; in its own stage a new term begins. */
function restartClock<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, sla: SlaPolicy): S {
  if (event.type === 'warned') return state;
  const breached = withClock(state, event.clockId, (clock) => breachClock(clock, state.at, event.type));
  const next = event.type === 'rung_climbed' && state.attention ? { ...breached, attention: climbed(state.attention) } : breached;
  if (rowOf(rules, state.stage)?.clockFrom === undefined || isRunning(next, state.stage)) return next;
  const ofTheStage = state.clocks.some((clock) => clock.id === event.clockId && clock.stage === state.stage);
  return ofTheStage ? started(next, sla, true) : withEntryClock(rules, next, sla);
}

const climbed = (attention: Attention): Attention => ({ ...attention, rung: Math.min(attention.rung + 1, ladder.length - 1) });

/** A fact that starts the stage's clock late (a refund is under way; told again, the clock runs on), or anew (the parcel still moves). */
function clockOnFact<S extends CaseState>(rules: AnyRules, state: S, event: CaseEvent, sla: SlaPolicy): S {
  const row = rowOf(rules, state.stage);
  if (startsOn(row, event.type)) return isRunning(state, state.stage) ? state : started(state, sla);
  if (row?.restartsOn !== event.type) return state;
  return started(
    { ...state, clocks: state.clocks.map((clock) => (clock.stage === state.stage ? fulfilClock(clock, state.at) : clock)) },
    sla,
  );
}
