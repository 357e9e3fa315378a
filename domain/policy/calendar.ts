/**
 * Calendar arithmetic with time zones. It runs in the API and in activities, never inside a workflow: zone data may change between replays.
 * Instants are epoch ms, dates `YYYY-MM-DD`.
 */
import { Temporal } from 'temporal-polyfill';
import { type Term } from './packs.ts';

export const localDate = (at: number, timezone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).toPlainDate().toString();

/** The exclusive end of a term that starts at `at`: for days the local midnight after the last day, the day of the event not counted. */
export function endOf({ n, unit }: Term, at: number, timezone: string): number {
  const start = Temporal.Instant.fromEpochMilliseconds(at);
  if (unit === 'hour') return start.add({ hours: n }).epochMilliseconds;
  const last = start.toZonedDateTimeISO(timezone).toPlainDate().add({ days: n });
  return last.add({ days: 1 }).toZonedDateTime(timezone).epochMilliseconds;
}
