/** The shape of the files under policies/calendars/: who works when, with the source of every year's holidays. */
import { z } from 'zod';
import { weekdays, type CalendarFile } from '../domain/policy/work-calendar.ts';
import { cite } from './policy.ts';

const clockTime = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'HH:MM, at most 24:00');
const hours = z.array(z.strictObject({ from: clockTime, to: clockTime })).min(1);
const holiday = z.strictObject({ name: z.string().min(1), from: z.iso.date(), to: z.iso.date().optional() });
const year = z
  .strictObject({
    year: z.int().min(2000).max(2100),
    holidays: z.array(holiday),
    extraWorkdays: z.array(z.iso.date()),
    cite: z.array(cite).min(1),
  })
  .refine(
    ({ year: own, holidays, extraWorkdays }) =>
      [...holidays.flatMap(({ from, to = from }) => [from, to]), ...extraWorkdays].every((date) => date.startsWith(`${own}-`)),
    'every date lies in its year',
  )
  .refine(({ holidays }) => holidays.every(({ from, to = from }) => from <= to), 'a holiday ends after it begins')
  .refine(
    ({ holidays, extraWorkdays }) =>
      !extraWorkdays.some((date) => holidays.some(({ from, to = from }) => from <= date && date <= to)),
    'no day is both off and worked',
  );

export const calendarFileSchema = z.strictObject({
  id: z.string().min(1),
  version: z.string().min(1),
  note: z.string().optional(),
  serves: z.array(z.string().regex(/^([A-Z]{2}(-[A-Z0-9]{1,3})?|\*)$/, 'ISO 3166, or *')).min(1),
  timezone: z.string().refine(isTimezone, 'is no IANA time zone'),
  workdays: z.array(z.enum(weekdays)),
  hours: hours.refine(isAscending, 'hours are ascending and disjoint'),
  years: z.array(year).min(1).refine(isDistinct, 'each year stands once'),
}) satisfies z.ZodType<CalendarFile>;

function isAscending(spans: z.infer<typeof hours>): boolean {
  const times = spans.flatMap(({ from, to }) => [from, to]);
  return spans.every(({ from, to }) => from < to) && times.every((time, index) => index === 0 || times[index - 1]! <= time);
}

function isDistinct(years: readonly { readonly year: number }[]): boolean {
  return new Set(years.map((one) => one.year)).size === years.length;
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}
