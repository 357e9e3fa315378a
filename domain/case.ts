/**
 * The state of a case of any type, and the one reducer that changes it. Pure: same state and event give the same state.
 * A case type brings its stage table and what its events do to goods and money (return.ts); everything else is shared here.
 */
import {
  breachClock,
  fulfilClock,
  milestoneOf,
  pauseClock,
  resumeClock,
  startClock,
  warnClock,
  type Clock,
  type Milestone,
  type StageLimit,
} from './clocks.ts';
import { assertConserved } from './conservation.ts';
import { goodsAreHere, type Lot } from './goods.ts';
import { type MoneyLine } from './money.ts';
import { anywhere, mayCommand, theClock, type Actor, type CommandName, type Role } from './permissions.ts';
import { type PaidLine } from './refunds.ts';
import { type Owner, type StageRow } from './stage-table.ts';
import { arm, disarm, letBe, settle, type UndoEntry } from './undo.ts';

/** Limits of stages and of our own steps; part of the pinned policy, so that a merchant or a test can shorten them. All in ms. */
export interface SlaPolicy {
  readonly stages: Readonly<Record<string, StageLimit>>;
  /** A business hold ends by itself after this long. */
  readonly holdMs: number;
  readonly steps: {
    readonly firstRetryMs: number;
    readonly maxRetryMs: number;
    readonly limitMs: Readonly<Record<string, number>>;
  };
}

/** Why a person is needed: the failed step or fact, its error in words, and how far the ladder has been climbed. */
export interface Attention {
  readonly step: string;
  readonly cause: string;
  readonly since: number;
  readonly attempts: number;
  readonly rung: number;
}
export const ladder = ['owner', 'team_lead', 'manager', 'operations'] as const;
export const attentionVerbs = ['retry', 'skip', 'override', 'compensate'] as const;
export type AttentionVerb = (typeof attentionVerbs)[number];

export interface CaseState {
  readonly caseId: string;
  readonly merchantId: string;
  /** Counts continue-as-new runs and reopened generations; part of the stamp that orders saves. */
  readonly run: number;
  readonly revision: number;
  readonly stage: string;
  readonly from?: string;
  readonly target?: string;
  readonly openedAt: number;
  /** Workflow time of the newest event; never runs backwards. */
  readonly at: number;
  readonly clocks: readonly Clock[];
  readonly hold?: { readonly reason: string; readonly until: number };
  readonly undo: readonly UndoEntry[];
  readonly attention?: Attention;
  readonly assignee?: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly PaidLine[];
  readonly lots: readonly Lot[];
  readonly money: readonly MoneyLine[];
  readonly timersFired: number;
  /** Keys of messages that have had their effect, newest last; bounded, and carried through continue-as-new. */
  readonly seen: readonly string[];
}

export interface CaseEvent {
  /** A past-tense word: a move of the table, or something merely noted. */
  readonly type: string;
  readonly by: Actor;
  /** Key of the message that brought it: Update id, or event id of a partner. */
  readonly messageId?: string;
  /** When it happened by the partner's clock, epoch ms. Workflow time is stamped beside it. */
  readonly occurredAt?: number;
  readonly clockId?: string;
  readonly step?: string;
  readonly cause?: string;
  readonly undo?: string;
  readonly result?: string;
  readonly until?: number;
  readonly assignee?: string;
  /** Rules that a decision or a default cites. */
  readonly ruleIds?: readonly string[];
  /** Reference of a free text that is kept in MongoDB, where it can be erased. */
  readonly textRef?: string;
}

/** What a case type adds to the shared reducer. */
export interface CaseRules<State extends CaseState, Event extends CaseEvent> {
  readonly type: string;
  readonly stages: Readonly<Record<string, StageRow>>;
  readonly ends: readonly string[];
  /** What an event does to goods, money and the type's own fields. Runs before the move; must ignore events that are not its own. */
  apply(state: State, event: Event): State;
}

export const seenLimit = 200;
const closedClocksKept = 12;
// Rules of a case type are passed about where their events do not matter; method bivariance makes that sound enough.
export type AnyRules = CaseRules<CaseState, CaseEvent>;

export const isEnded = (rules: Pick<AnyRules, 'ends'>, state: Pick<CaseState, 'stage'>): boolean =>
  rules.ends.includes(state.stage);
export const rowOf = (rules: Pick<AnyRules, 'stages'>, stage: string): StageRow | undefined => rules.stages[stage];
export const ownerOf = (rules: Pick<AnyRules, 'stages'>, state: Pick<CaseState, 'stage'>): Owner =>
  rowOf(rules, state.stage)?.owner ?? 'system';
export const hasSeen = (state: CaseState, messageId: string): boolean => state.seen.includes(messageId);

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
function meaningOf<E extends CaseEvent>(rules: AnyRules, state: CaseState, event: E): E {
  if (event.type === 'skipped') return { ...event, type: rowOf(rules, state.from ?? '')?.onSkip ?? event.type };
  return event.type === 'overridden' && event.result ? { ...event, type: event.result } : event;
}

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
