/**
 * Turns a calendar file (weekly hours, holidays, make-up days, in a time zone) into the UTC intervals that a workflow counts with.
 * It runs in the API and in activities, never inside a workflow: zone data may change between replays. Counting is working-time.ts.
 */
import { Temporal } from 'temporal-polyfill';
import { type WorkCalendar } from '../working-time.ts';
import { type Cite } from './packs.ts';

/** In the order of ISO 8601: Monday is day 1. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** Local times `HH:MM`, the end exclusive; `24:00` is midnight at the end of the day. */
export interface Hours {
  readonly from: string;
  readonly to: string;
}
/** Days off, `YYYY-MM-DD`, both inclusive; without `to` a single day. */
export interface Holiday {
  readonly name: string;
  readonly from: string;
  readonly to?: string;
}
export interface CalendarYear {
  readonly year: number;
  readonly holidays: readonly Holiday[];
  /** Days worked although the week says they are free: 调休. They have the hours of any working day. */
  readonly extraWorkdays: readonly string[];
  readonly cite: readonly Cite[];
}
/** Who works when. A year without a row is not known: nothing is guessed about its holidays. */
export interface CalendarFile {
  readonly id: string;
  readonly version: string;
  readonly note?: string;
  /** Jurisdictions, ISO 3166; `*`: whoever has no calendar of their own. */
  readonly serves: readonly string[];
  readonly timezone: string;
  readonly workdays: readonly Weekday[];
  /** Ascending, disjoint. */
  readonly hours: readonly Hours[];
  readonly years: readonly CalendarYear[];
}

const defaultHorizonDays = 90;

/**
 * The calendar from the local day of `fromMs` on, for that day and the `days` after it. It is known until then, or until the first day
 * of a year that the file does not cover, whichever comes first.
 */
export function workCalendarOf(file: CalendarFile, fromMs: number, days = defaultHorizonDays): WorkCalendar {
  const years = new Map(file.years.map((year) => [year.year, year]));
  const first = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(file.timezone).toPlainDate();
  const end = first.add({ days: days + 1 });
  const open: number[] = [];
  let day = first;
  for (let year = years.get(day.year); year && Temporal.PlainDate.compare(day, end) < 0; year = years.get(day.year)) {
    if (isWorked(file, year, day)) for (const hours of file.hours) addInterval(open, day, hours, file.timezone);
    day = day.add({ days: 1 });
  }
  return { id: file.id, version: file.version, open, knownUntil: day.toZonedDateTime(file.timezone).epochMilliseconds };
}

function isWorked({ workdays }: CalendarFile, { holidays, extraWorkdays }: CalendarYear, day: Temporal.PlainDate): boolean {
  const date = day.toString();
  if (extraWorkdays.includes(date)) return true;
  if (holidays.some(({ from, to = from }) => from <= date && date <= to)) return false;
  return workdays.includes(weekdays[day.dayOfWeek - 1]!);
}

/** Hours that a change of clocks skips are not there; hours that it repeats are worked twice. What touches is joined. */
function addInterval(open: number[], day: Temporal.PlainDate, { from, to }: Hours, timezone: string): void {
  const opens = minuteOf(day, from, timezone, 'earlier');
  const closes = minuteOf(day, to, timezone, 'later');
  if (opens >= closes) return;
  if (open.at(-1) === opens) open[open.length - 1] = closes;
  else open.push(opens, closes);
}

function minuteOf(day: Temporal.PlainDate, time: string, timezone: string, repeated: 'earlier' | 'later'): number {
  const local = time === '24:00' ? day.add({ days: 1 }).toPlainDateTime() : day.toPlainDateTime(time);
  const zoned = local.toZonedDateTime(timezone, { disambiguation: repeated });
  // A skipped time stands for the moment of the change, from whichever side it is read.
  const skipped = !zoned.toPlainDateTime().equals(local);
  const at = skipped ? changeOf(zoned, repeated) : zoned.epochMilliseconds;
  return Math.floor(at / 60_000);
}

const changeOf = (zoned: Temporal.ZonedDateTime, read: 'earlier' | 'later'): number =>
  (read === 'earlier' ? zoned.getTimeZoneTransition('next') : zoned.getTimeZoneTransition('previous'))!.epochMilliseconds;
