/** Requests and answers beside cases: facts that match no case, and guests who have an order number and no account. */
import { z } from 'zod';
import { freeText, id } from './fields.ts';
import { cursor, limit, yesOrNo } from './queries.ts';

const instant = z.string().meta({ format: 'date-time' });

export const partners = ['carrier', 'payments'] as const;

/** Who wrote an exception down: a partner whose fact matches no case, or Mendline with a task that only a person can do. */
const senders = [...partners, 'mendline'] as const;

export const exceptionQuery = z.strictObject({ partner: z.enum(senders).optional(), open: yesOrNo, limit, cursor });
export const resolveBody = z.strictObject({
  note: freeText(2_000).meta({ example: 'Paid twice, and given back.' }).describe('What was found out, and done.'),
});
export const exceptionView = z
  .object({
    id: z.string(),
    partner: z.enum(senders),
    why: z.string(),
    at: instant,
    caseId: z.string().optional().describe('The case it was meant for, as the partner wrote it.'),
    open: z.boolean(),
    resolvedAt: instant.optional(),
    resolvedBy: z.string().optional(),
    note: z.string().optional(),
    body: z.string().optional().describe('Managers and auditors only: what was sent, at most its first 10,000 characters.'),
  })
  .meta({ id: 'Exception' });
export const exceptionPageView = z
  .object({ exceptions: z.array(exceptionView), nextCursor: z.string().optional() })
  .meta({ id: 'ExceptionPage' });

export const guestCodeBody = z.strictObject({ merchantId: id, orderId: id });
export const guestCodeView = z.object({ status: z.literal('sent_if_known') }).meta({ id: 'GuestCode' });
export const guestSessionBody = guestCodeBody.extend({ code: z.string().regex(/^\d{6}$/, 'six digits') });
export const guestSessionView = z
  .object({ token: z.string().describe('Opaque; sent as `Authorization: Bearer`.'), expiresAt: instant })
  .meta({ id: 'GuestSession' });
