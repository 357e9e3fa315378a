/**
 * SLA clocks: absolute deadlines, warnings, hold and resume, in elapsed or in working time. Each clock is an event log that explains itself.
 * Pure: instants come in as epoch ms. The durable timer that rings is workflows/sla-clock.ts.
 */
import { addWorkingMs, workingMsBetween, type WorkCalendar } from './working-time.ts';

/** How long a stage may wait, when to warn (both in ms from its start), and the rule the figure comes from. */
export interface StageLimit {
  readonly limitMs: number;
  readonly warnMs: readonly number[];
  readonly ruleId: string;
  /** Limit and warnings count the owner's working time; absent: every hour counts. */
  readonly unit?: 'working';
  /** The warnings alone count working time. */
  readonly warnUnit?: 'working';
  /** False: nothing stops this clock but the end of its wait. */
  readonly pausable?: boolean;
  /** However often the term starts anew, it ends this long after its first start. */
  readonly capMs?: number;
  /** The limit of every further term in the same stage. */
  readonly againMs?: number;
}

export interface ClockEntry {
  readonly at: number;
  readonly what: 'started' | 'paused' | 'resumed' | 'warned' | 'breached' | 'fulfilled' | 'waived' | 'recomputed' | 'hastened';
  readonly why?: string;
}

export interface Clock {
  /** `<stage>#<revision at which it started>`. */
  readonly id: string;
  readonly stage: string;
  readonly ruleId: string;
  readonly dueAt: number;
  /** Warnings still to come, earliest first. */
  readonly warnAt: readonly number[];
  readonly pausedAt?: number;
  readonly running: boolean;
  readonly log: readonly ClockEntry[];
  readonly limitMs?: number;
  readonly unit?: 'working';
  readonly pausable?: boolean;
  /** Lies over all stages: a change of stage does not stop it. */
  readonly overlay?: true;
  /** The calendar knows nothing of that day yet: the earliest it can be. */
  readonly provisional?: true;
}

export interface Milestone {
  readonly at: number;
  readonly kind: 'warned' | 'due';
  readonly clockId: string;
}

const after = (ms: number, at: number, unit: 'working' | undefined, calendar: WorkCalendar | undefined) =>
  unit === 'working' && calendar ? addWorkingMs(calendar, at, ms) : { at: at + ms, provisional: false };

export interface ClockStart {
  readonly id: string;
  readonly stage: string;
  readonly at: number;
  readonly calendar?: WorkCalendar;
  readonly overlay?: true;
  /** The term ends here at the latest, epoch ms. */
  readonly capAt?: number;
}

export function startClock({ id, stage, at, calendar, overlay, capAt }: ClockStart, limit: StageLimit): Clock {
  const { limitMs, unit, warnUnit = unit, pausable } = limit;
  const due = after(limitMs, at, unit, calendar);
  const dueAt = Math.min(due.at, capAt ?? Number.POSITIVE_INFINITY);
  const warnAt = limit.warnMs
    .map((ms) => after(ms, at, warnUnit, calendar).at)
    .filter((one) => one < dueAt)
    .sort((a, b) => a - b);
  return {
    id,
    stage,
    ruleId: limit.ruleId,
    dueAt,
    warnAt,
    running: true,
    log: [{ at, what: 'started', why: limit.ruleId }],
    limitMs,
    ...(unit ? { unit } : {}),
    ...(pausable === false ? { pausable } : {}),
    ...(overlay ? { overlay } : {}),
    ...(due.provisional ? { provisional: true as const } : {}),
  };
}

const logged = (clock: Clock, entry: ClockEntry): Clock => ({ ...clock, log: [...clock.log, entry] });

export const pauseClock = (clock: Clock, at: number, why: string): Clock =>
  clock.running && clock.pausedAt === undefined && clock.pausable !== false
    ? logged({ ...clock, pausedAt: at }, { at, what: 'paused', why })
    : clock;

/** Gives back the whole pause: the deadline and the warnings to come move by its length. A clock that stopped in its pause stays stopped. */
export function resumeClock(clock: Clock, at: number, calendar?: WorkCalendar): Clock {
  if (!clock.running || clock.pausedAt === undefined) return clock;
  const { pausedAt, ...rest } = clock;
  const moved = (due: number): number =>
    clock.unit === 'working' && calendar
      ? addWorkingMs(calendar, at, workingMsBetween(calendar, pausedAt, due)).at
      : due + Math.max(0, at - pausedAt);
  return logged({ ...rest, dueAt: moved(clock.dueAt), warnAt: clock.warnAt.map(moved) }, { at, what: 'resumed' });
}

/** Notes that a warning was given. Warnings that are overdue with it, after an outage say, are not given one by one. */
export const warnClock = (clock: Clock, at: number): Clock =>
  logged({ ...clock, warnAt: clock.warnAt.slice(1).filter((due) => due > at) }, { at, what: 'warned' });

export const breachClock = (clock: Clock, at: number, why: string): Clock =>
  logged({ ...clock, running: false, warnAt: [] }, { at, what: 'breached', why });

export const fulfilClock = (clock: Clock, at: number): Clock =>
  clock.running ? logged({ ...clock, running: false, warnAt: [] }, { at, what: 'fulfilled' }) : clock;

/** A manager answers for the breach: it stays in the log, and counts against nobody. */
export const waiveClock = (clock: Clock, at: number, why: string): Clock =>
  clock.log.some((entry) => entry.what === 'breached') ? logged(clock, { at, what: 'waived', why }) : clock;

/** An active escalation halves what is left of a clock that may be paused: of one in working time, the working time. */
export function hastenClock(clock: Clock, at: number, calendar?: WorkCalendar): Clock {
  const { running, pausedAt, pausable, overlay, dueAt, unit, limitMs } = clock;
  if (!running || pausedAt !== undefined || pausable === false || dueAt <= at || overlay) return clock;
  const left = unit === 'working' && calendar ? workingMsBetween(calendar, at, dueAt) : dueAt - at;
  const half = Math.ceil(left / 2);
  const due = Math.min(dueAt, after(half, at, unit, calendar).at);
  const shorter = limitMs === undefined ? {} : { limitMs: elapsedMs(clock, at, calendar) + half };
  return logged({ ...clock, dueAt: due, warnAt: [], ...shorter }, { at, what: 'hastened' });
}

/** The same term by another calendar: what has counted so far stays counted, pauses stay pauses. */
export function recomputeClock(clock: Clock, at: number, calendar: WorkCalendar): Clock {
  if (!clock.running || clock.unit !== 'working' || clock.limitMs === undefined) return clock;
  const left = Math.max(0, clock.limitMs - elapsedMs(clock, at, calendar));
  const due = addWorkingMs(calendar, clock.pausedAt ?? at, left);
  const { provisional: _, ...rest } = clock;
  return logged(
    {
      ...rest,
      dueAt: due.at,
      warnAt: clock.warnAt.filter((one) => one < due.at),
      ...(due.provisional ? { provisional: true as const } : {}),
    },
    { at, what: 'recomputed', why: `${calendar.id} ${calendar.version}` },
  );
}

/** What a clock does next; undefined while it is paused or once it has stopped. */
export function milestoneOf(clock: Clock): Milestone | undefined {
  if (!clock.running || clock.pausedAt !== undefined) return undefined;
  const warning = clock.warnAt[0];
  return warning !== undefined && warning < clock.dueAt
    ? { at: warning, kind: 'warned', clockId: clock.id }
    : { at: clock.dueAt, kind: 'due', clockId: clock.id };
}

/** Time that counted against the owner so far, in ms: pauses are not in it; of a working clock, neither are nights and holidays. */
export function elapsedMs(clock: Clock, now: number, calendar?: WorkCalendar): number {
  const length = (from: number, to: number): number =>
    clock.unit === 'working' && calendar ? workingMsBetween(calendar, from, to) : to - from;
  let counted = 0;
  let since: number | undefined;
  for (const entry of clock.log) {
    if (entry.what === 'started' || entry.what === 'resumed') since = entry.at;
    else if (since !== undefined && (entry.what === 'paused' || entry.what === 'breached' || entry.what === 'fulfilled')) {
      counted += length(since, entry.at);
      since = undefined;
    }
  }
  return counted + (since === undefined ? 0 : length(since, now));
}

/** A clock that explains itself: what it measures, by which rule, how much has counted, what stopped it when. Times in ms. */
export interface ClockExplained extends Clock {
  readonly elapsedMs: number;
  readonly remainingMs: number;
  readonly inWords: string;
}

export function explainClock(clock: Clock, now: number, calendar?: WorkCalendar): ClockExplained {
  const { running, pausedAt, unit, ruleId, dueAt, log } = clock;
  const counted = elapsedMs(clock, now, calendar);
  const time = unit === 'working' ? `working time (${calendar?.id ?? 'every hour'})` : 'elapsed time';
  const state = running ? (pausedAt === undefined ? 'runs' : 'is paused') : `has stopped: ${log.at(-1)?.what ?? ''}`;
  const due = new Date(dueAt).toISOString();
  return {
    ...clock,
    elapsedMs: counted,
    remainingMs: running && pausedAt === undefined ? Math.max(0, dueAt - now) : 0,
    inWords: `${clock.stage} by rule ${ruleId}, counted in ${time}, ${state}; due ${due}${clock.provisional ? ' (provisional)' : ''}`,
  };
}
