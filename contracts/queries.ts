/** What lists may be asked: filters by exact value, page size, and where to go on. Anything else is refused. */
import { z } from 'zod';
import { returnStages } from '../domain/return.ts';
import { owners } from '../domain/stage-table.ts';
import { id } from './fields.ts';

const limit = z
  .string()
  .regex(/^\d{1,3}$/)
  .transform(Number)
  .pipe(z.number().min(1).max(200))
  .optional();
const cursor = z.string().min(1).max(300).optional();

export const listQuery = z.strictObject({
  stage: z.enum(returnStages).optional(),
  owner: z.enum(owners).optional(),
  customerId: id.optional(),
  orderId: id.optional(),
  needsAttention: z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .optional(),
  limit,
  cursor,
});
export const timelineQuery = z.strictObject({
  limit,
  cursor: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
});
