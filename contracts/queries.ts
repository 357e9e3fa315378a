/** What lists may be asked: filters by exact value, page size, and where to go on. Anything else is refused. */
import { z } from 'zod';
import { allStages, caseTypes } from '../domain/case-types.ts';
import { owners } from '../domain/stage-table.ts';
import { id, instant } from './fields.ts';

export const limit = z
  .string()
  .regex(/^([1-9]\d?|1\d\d|200)$/, 'a whole number from 1 to 200')
  .transform(Number)
  .optional();
export const cursor = z.string().min(1).max(300).optional();

export const yesOrNo = z
  .enum(['true', 'false'])
  .transform((word) => word === 'true')
  .optional();

const filters = {
  type: z.enum(caseTypes as [string, ...string[]]).optional(),
  stage: z.enum(allStages).optional(),
  owner: z.enum(owners).optional(),
  customerId: id.optional(),
  orderId: id.optional(),
  assignee: id.optional(),
  needsAttention: yesOrNo,
  escalated: yesOrNo,
  open: yesOrNo.describe('`true`: not ended; `false`: ended.'),
  dueBefore: instant.optional().describe('Only cases whose deadline lies before this instant.'),
};
/** What finds a case on the phone: the beginning of its id, its order number or its RMA number. */
const searchWords = z.string().regex(/^[\p{L}\p{N}._:#-]{3,100}$/u, 'letters, digits and . _ : # - only, 3 to 100 of them');

export const listQuery = z
  .strictObject({
    ...filters,
    q: searchWords
      .optional()
      .describe('The beginning of a case id, an order number or an RMA number, in any case of letters. Alone.'),
    sort: z
      .enum(['-updated', 'due'])
      .optional()
      .describe('`-updated`: newest change first. `due`: earliest deadline first, cases without one last; not with `orderId`.'),
    limit,
    cursor,
  })
  .meta({ description: 'All filters may be combined; `q` stands alone.' });
export type ListQuestion = z.infer<typeof listQuery>;
export const slotsQuery = z.strictObject({
  from: instant.optional().describe('Absent: now.'),
  days: z
    .string()
    .regex(/^([1-9]|1[0-4])$/, 'a whole number from 1 to 14')
    .transform(Number)
    .optional(),
});
export const pointsQuery = z.strictObject({ channel: z.enum(['drop_off', 'locker']) });
/** Nothing may be asked. */
export const noQuery = z.strictObject({});
export const timelineQuery = z.strictObject({
  limit,
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
});
