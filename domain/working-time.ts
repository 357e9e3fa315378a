/**
 * Working time: how much of it lies between two instants, and when a term in it ends. Runs inside workflows, so no zones and no calendars:
 * those were made into UTC intervals beforehand (policy/work-calendar.ts), and a case carries the result.
 */

/**
 * When people work. `open`: epoch minutes [from, to, from, to, …], ascending, disjoint; what lies between or before them is closed.
 * Beyond `knownUntil` (epoch ms) nothing is known: every hour counts, and a deadline there is provisional.
 */
export interface WorkCalendar {
  readonly id: string;
  readonly version: string;
  readonly open: readonly number[];
  readonly knownUntil: number;
}

interface Span {
  readonly opens: number;
  readonly closes: number;
}
const minuteMs = 60_000;

/** What is left of the open intervals from `from` on, in ms, up to where the calendar ends. */
function spansFrom({ open, knownUntil }: WorkCalendar, from: number): Span[] {
  const spans: Span[] = [];
  for (let index = 0; index + 1 < open.length; index += 2) {
    const opens = Math.max(from, open[index]! * minuteMs);
    const closes = Math.min(knownUntil, open[index + 1]! * minuteMs);
    if (opens < closes) spans.push({ opens, closes });
  }
  return spans;
}

/** Working ms from `from` until `to`, both epoch ms; 0 if `to` is not later. */
export function workingMsBetween(calendar: WorkCalendar, from: number, to: number): number {
  const known = spansFrom(calendar, from).reduce((ms, { opens, closes }) => ms + Math.max(0, Math.min(to, closes) - opens), 0);
  return known + Math.max(0, to - Math.max(from, calendar.knownUntil));
}

/**
 * The instant at which `ms` of working time have passed since `from`. A term that is used up as people go home ends then, not the next
 * morning; an empty or negative one in a closed time ends as they come back, so that nothing ever falls due while nobody is there.
 */
export function addWorkingMs(calendar: WorkCalendar, from: number, ms: number): { at: number; provisional: boolean } {
  let left = Math.max(0, ms);
  for (const { opens, closes } of spansFrom(calendar, from)) {
    if (left <= closes - opens) return { at: opens + left, provisional: false };
    left -= closes - opens;
  }
  return { at: Math.max(from, calendar.knownUntil) + left, provisional: true };
}
