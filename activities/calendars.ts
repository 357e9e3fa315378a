/** Work calendars as UTC intervals: worked out here, so that the workflow never asks for a time zone. */
import { workCalendarOf } from '../domain/policy/work-calendar.ts';
import type { WorkCalendar } from '../domain/working-time.ts';
import type { ActivityDeps } from './index.ts';

const horizonDays = 90;
const dayMs = 86_400_000;

export const createCalendarActivities = ({ policies }: Pick<ActivityDeps, 'policies'>) => ({
  /** The newest version of a calendar from `since` on, when the oldest running clock started, and 90 days beyond `at`. Rejects until a worker has its file. */
  async loadCalendar({ calendarId, since, at }: { calendarId: string; since: number; at: number }): Promise<WorkCalendar> {
    const file = policies.calendars.find((one) => one.id === calendarId);
    if (!file) throw new Error(`calendar ${calendarId} is not here`);
    return workCalendarOf(file, since, horizonDays + Math.ceil((at - since) / dayMs));
  },
});
