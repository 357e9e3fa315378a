import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarFileSchema } from '../../../contracts/calendar.ts';
import { workCalendarOf, type CalendarFile } from '../../../domain/policy/work-calendar.ts';
import { addWorkingMs, workingMsBetween } from '../../../domain/working-time.ts';
import { policies } from '../../support/cases.ts';
import { at } from './facts.ts';

const hour = 3_600_000;
const fileOf = (id: string): CalendarFile => policies.calendars.find((one) => one.id === id)!;
const ends = (id: string, from: string, hours: number) => {
  const { at: end, provisional } = addWorkingMs(workCalendarOf(fileOf(id), at(from)), at(from), hours * hour);
  return [new Date(end).toISOString(), provisional];
};
/** A desk that works around the clock, or in the hours given, on every day of 2026. */
const deskIn = (timezone: string, from = '00:00', to = '24:00'): CalendarFile => ({
  ...fileOf('default-service'),
  timezone,
  workdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  hours: [{ from, to }],
});
const hoursOn = (file: CalendarFile, date: string): number => {
  const calendar = workCalendarOf(file, at(`${date}T12:00:00Z`), 0);
  return workingMsBetween(calendar, 0, calendar.knownUntil) / hour;
};

describe('a term in working time', () => {
  it.each<[string, string, string, number, string]>([
    ['passes over National Day in China', 'cn-service', '2026-09-30T17:00:00+08:00', 2, '2026-10-08T10:00:00+08:00'],
    ['counts the Saturday that makes up for it', 'cn-service', '2026-10-09T17:00:00+08:00', 2, '2026-10-10T10:00:00+08:00'],
    ['counts the Sunday that makes up for New Year', 'cn-service', '2026-01-03T12:00:00+08:00', 3, '2026-01-04T12:00:00+08:00'],
    ['passes over an ordinary weekend in China', 'cn-service', '2026-11-20T17:00:00+08:00', 2, '2026-11-23T10:00:00+08:00'],
    ['passes over the nine days of Spring Festival', 'cn-service', '2026-02-14T17:30:00+08:00', 1, '2026-02-24T09:30:00+08:00'],
    ['passes over Easter in Britain', 'gb-service', '2026-04-02T16:00:00+01:00', 2, '2026-04-07T10:00:00+01:00'],
    ['passes over the substitute for Boxing Day', 'gb-service', '2026-12-24T16:00:00Z', 2, '2026-12-29T10:00:00Z'],
    [
      'opens an hour earlier in UTC after the spring change in London',
      'gb-service',
      '2026-03-27T16:30:00Z',
      1,
      '2026-03-30T09:30:00+01:00',
    ],
    [
      'opens an hour later in UTC after the autumn change in Berlin',
      'eu-service',
      '2026-10-23T16:30:00+02:00',
      1,
      '2026-10-26T09:30:00+01:00',
    ],
    [
      'passes over the Friday on which the Fourth of July is observed',
      'us-service',
      '2026-07-02T16:00:00-04:00',
      2,
      '2026-07-06T10:00:00-04:00',
    ],
    ['passes over a weekend anywhere else', 'default-service', '2026-11-20T16:00:00Z', 2, '2026-11-23T10:00:00Z'],
  ])('%s', (_, id, from, hours, end) => {
    expect(ends(id, from, hours)).toEqual([new Date(end).toISOString(), false]);
  });

  it('is provisional beyond the last year whose holidays are published, counting every hour there', () => {
    expect(ends('cn-service', '2026-12-31T17:00:00+08:00', 1)).toEqual(['2026-12-31T10:00:00.000Z', false]);
    expect(ends('cn-service', '2026-12-31T17:00:00+08:00', 3)).toEqual(['2026-12-31T18:00:00.000Z', true]);
    expect(ends('cn-service', '2027-03-01T20:00:00+08:00', 3)).toEqual(['2027-03-01T15:00:00.000Z', true]);
    expect(ends('gb-service', '2026-12-31T16:00:00Z', 2)).toEqual(['2027-01-04T10:00:00.000Z', false]);
  });

  it('is provisional beyond the horizon', () => {
    const calendar = workCalendarOf(fileOf('default-service'), at('2026-11-23T12:00:00Z'), 1);
    expect(new Date(calendar.knownUntil).toISOString()).toBe('2026-11-25T00:00:00.000Z');
    expect(addWorkingMs(calendar, at('2026-11-23T12:00:00Z'), 13 * hour).provisional).toBe(false);
    expect(addWorkingMs(calendar, at('2026-11-23T12:00:00Z'), 14 * hour).provisional).toBe(true);
  });
});

describe('a change of clocks', () => {
  it.each<[string, CalendarFile, string, number]>([
    ['makes the day shorter in London', deskIn('Europe/London'), '2026-03-29', 23],
    ['makes the day longer in London', deskIn('Europe/London'), '2026-10-25', 25],
    ['takes the skipped hour from a night shift in Berlin', deskIn('Europe/Berlin', '00:00', '06:00'), '2026-03-29', 5],
    ['gives the repeated hour to a night shift in Berlin', deskIn('Europe/Berlin', '00:00', '06:00'), '2026-10-25', 7],
    ['leaves nothing of a shift within the skipped hour', deskIn('Europe/Berlin', '02:00', '03:00'), '2026-03-29', 0],
    ['halves a shift that ends within the skipped hour', deskIn('Europe/London', '00:30', '01:30'), '2026-03-29', 0.5],
    ['halves a shift that begins within the skipped hour', deskIn('Europe/London', '01:30', '02:30'), '2026-03-29', 0.5],
    ['doubles a shift within the repeated hour', deskIn('Europe/London', '01:00', '02:00'), '2026-10-25', 2],
    ['does not concern China', deskIn('Asia/Shanghai'), '2026-03-29', 24],
  ])('%s', (_, file, date, hours) => {
    expect(hoursOn(file, date)).toBe(hours);
  });

  it('leaves a desk that never closes one single interval', () => {
    const { open, knownUntil } = workCalendarOf(deskIn('Europe/London'), at('2026-03-20T12:00:00Z'), 30);
    expect(open).toEqual([at('2026-03-20T00:00:00Z') / 60_000, knownUntil / 60_000]);
  });
});

it('whatever the day, intervals are ascending and disjoint, and no working day has other hours than the file says', () => {
  const files = fc.constantFrom(...policies.calendars);
  fc.assert(
    fc.property(files, fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2028-12-31T00:00:00Z') }), (file, from) => {
      const { open, knownUntil } = workCalendarOf(file, from, 30);
      expect(open.length % 2).toBe(0);
      expect(open.every((minute, index) => index === 0 || open[index - 1]! < minute)).toBe(true);
      expect(open.length === 0 || open.at(-1)! * 60_000 <= knownUntil).toBe(true);
      const local = new Intl.DateTimeFormat('en-GB', { timeZone: file.timezone, hour: '2-digit', minute: '2-digit' });
      const times = [file.hours[0]!.from, file.hours[0]!.to];
      for (const [index, minute] of open.entries()) expect(local.format(minute * 60_000)).toBe(times[index % 2]);
    }),
    { numRuns: 200 },
  );
});

describe('the calendars that are shipped', () => {
  const easters = { 2026: '2026-04-05', 2027: '2027-03-28' } as const;
  const after = (date: string, days: number) => new Date(Date.parse(date) + days * 24 * hour).toISOString().slice(0, 10);
  const offIn = (id: string, year: number) =>
    fileOf(id)
      .years.find((one) => one.year === year)!
      .holidays.map((day) => day.from);
  /** The nth Monday, say, of a month (1 to 12); from the end if n is negative. */
  const nth = (year: number, month: number, weekday: number, n: number): string => {
    const days = Array.from({ length: 31 }, (_, index) => new Date(Date.UTC(year, month - 1, index + 1)));
    const fitting = days.filter((day) => day.getUTCMonth() === month - 1 && day.getUTCDay() === weekday);
    return fitting
      .at(n > 0 ? n - 1 : n)!
      .toISOString()
      .slice(0, 10);
  };

  it.each([2026, 2027] as const)('follow the movable feasts and the nth Mondays of %i', (year) => {
    const easter = easters[year];
    expect(offIn('gb-service', year)).toEqual(
      expect.arrayContaining([after(easter, -2), after(easter, 1), nth(year, 5, 1, 1), nth(year, 5, 1, -1), nth(year, 8, 1, -1)]),
    );
    expect(offIn('eu-service', year)).toEqual(
      expect.arrayContaining([after(easter, -2), after(easter, 1), after(easter, 39), after(easter, 50)]),
    );
    const mondays = [nth(year, 1, 1, 3), nth(year, 2, 1, 3), nth(year, 5, 1, -1), nth(year, 9, 1, 1), nth(year, 10, 1, 2)];
    expect(offIn('us-service', year)).toEqual(expect.arrayContaining([...mondays, nth(year, 11, 4, 4)]));
  });

  it.each([
    ['CN', 'cn-service'],
    ['GB', 'gb-service'],
    ['GB-SCT', 'gb-service'],
    ['US', 'us-service'],
    ['US-CA', 'us-service'],
    ['DE', 'eu-service'],
    ['FR', 'eu-service'],
    ['CH', 'default-service'],
    ['', 'default-service'],
  ])('serve %s by %s', (jurisdiction, id) => {
    expect(policies.calendarFor({ jurisdiction }).id).toBe(id);
  });

  it('fit into a case: ninety days of a desk are less than two kilobytes', () => {
    const bytes = JSON.stringify(workCalendarOf(fileOf('gb-service'), at('2026-11-25T00:00:00Z'))).length;
    expect(bytes).toBeLessThan(2_000);
  });
});

describe('a calendar file', () => {
  const sound = fileOf('cn-service');
  const year = sound.years[0]!;
  it.each<[string, object, string]>([
    ['with a date of another year', { years: [{ ...year, extraWorkdays: ['2027-01-03'] }] }, 'in its year'],
    ['with a day both off and worked', { years: [{ ...year, extraWorkdays: ['2026-10-01'] }] }, 'both off and worked'],
    [
      'with a holiday that ends before it begins',
      { years: [{ ...year, holidays: [{ name: 'x', from: '2026-05-02', to: '2026-05-01' }] }] },
      'ends after',
    ],
    ['with a year twice', { years: [year, year] }, 'each year'],
    ['with a year that cites nothing', { years: [{ ...year, cite: [] }] }, 'cite'],
    [
      'with hours that overlap',
      {
        hours: [
          { from: '09:00', to: '13:00' },
          { from: '12:00', to: '18:00' },
        ],
      },
      'ascending',
    ],
    ['with hours over midnight', { hours: [{ from: '22:00', to: '06:00' }] }, 'ascending'],
    ['in no time zone', { timezone: 'Asia/Atlantis' }, 'time zone'],
  ])('%s is refused', (_, changes, why) => {
    expect(calendarFileSchema.safeParse({ ...sound, ...changes }).error?.message).toContain(why);
  });
});
