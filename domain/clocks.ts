/**
 * SLA clocks: absolute deadlines, warnings, hold and resume. Each clock is an event log that explains itself.
 * Pure: instants come in as epoch ms. The durable timer that rings is workflows/sla-clock.ts.
 */

/** How long a stage may wait, when to warn (both in ms from its start), and the rule the figure comes from. */
export interface StageLimit {
  readonly limitMs: number;
  readonly warnMs: readonly number[];
  readonly ruleId: string;
}

export interface ClockEntry {
  readonly at: number;
  readonly what: 'started' | 'paused' | 'resumed' | 'warned' | 'breached' | 'fulfilled';
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
}

export interface Milestone {
  readonly at: number;
  readonly kind: 'warned' | 'due';
  readonly clockId: string;
}

export function startClock(id: string, stage: string, limit: StageLimit, at: number): Clock {
  const warnAt = limit.warnMs
    .filter((ms) => ms < limit.limitMs)
    .map((ms) => at + ms)
    .sort((a, b) => a - b);
  return {
    id,
    stage,
    ruleId: limit.ruleId,
    dueAt: at + limit.limitMs,
    warnAt,
    running: true,
    log: [{ at, what: 'started', why: limit.ruleId }],
  };
}

const logged = (clock: Clock, entry: ClockEntry): Clock => ({ ...clock, log: [...clock.log, entry] });

export const pauseClock = (clock: Clock, at: number, why: string): Clock =>
  clock.running && clock.pausedAt === undefined ? logged({ ...clock, pausedAt: at }, { at, what: 'paused', why }) : clock;

/** Gives back the whole pause: the deadline and the warnings to come move by its length. A clock that stopped in its pause stays stopped. */
export function resumeClock(clock: Clock, at: number): Clock {
  if (!clock.running || clock.pausedAt === undefined) return clock;
  const pauseMs = Math.max(0, at - clock.pausedAt);
  const { pausedAt: _, ...rest } = clock;
  return logged(
    { ...rest, dueAt: clock.dueAt + pauseMs, warnAt: clock.warnAt.map((due) => due + pauseMs) },
    { at, what: 'resumed' },
  );
}

/** Notes that a warning was given. Warnings that are overdue with it, after an outage say, are not given one by one. */
export const warnClock = (clock: Clock, at: number): Clock =>
  logged({ ...clock, warnAt: clock.warnAt.slice(1).filter((due) => due > at) }, { at, what: 'warned' });

export const breachClock = (clock: Clock, at: number, why: string): Clock =>
  logged({ ...clock, running: false, warnAt: [] }, { at, what: 'breached', why });

export const fulfilClock = (clock: Clock, at: number): Clock =>
  clock.running ? logged({ ...clock, running: false, warnAt: [] }, { at, what: 'fulfilled' }) : clock;

/** What a clock does next; undefined while it is paused or once it has stopped. */
export function milestoneOf(clock: Clock): Milestone | undefined {
  if (!clock.running || clock.pausedAt !== undefined) return undefined;
  const warning = clock.warnAt[0];
  return warning !== undefined && warning < clock.dueAt
    ? { at: warning, kind: 'warned', clockId: clock.id }
    : { at: clock.dueAt, kind: 'due', clockId: clock.id };
}

/** Time that counted against the owner so far, in ms: pauses are not in it. */
export function elapsedMs(clock: Clock, now: number): number {
  let counted = 0;
  let since: number | undefined;
  for (const entry of clock.log) {
    if (entry.what === 'started' || entry.what === 'resumed') since = entry.at;
    else if (since !== undefined && (entry.what === 'paused' || entry.what === 'breached' || entry.what === 'fulfilled')) {
      counted += entry.at - since;
      since = undefined;
    }
  }
  return counted + (since === undefined ? 0 : now - since);
}
