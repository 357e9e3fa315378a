/** Reading what callers send: parsed by the schema or refused with pointers, never dropped, mended or passed on as it came. */
import type { Request } from 'express';
import { z } from 'zod';
import { id } from '../contracts/fields.ts';
import type { CaseSort, Position } from '../db/case-lists.ts';
import { ApiError, fieldsOf } from './errors.ts';

export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ApiError('invalid_input', { fields: fieldsOf(result.error.issues) });
}

/** The JSON body. */
export function bodyOf<T>(schema: z.ZodType<T>, req: Request): T {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody) throw new ApiError('invalid_json', { detail: 'a JSON body is needed' });
  if (!req.is('application/json')) throw new ApiError('unsupported_media_type');
  return parsed(schema, req.body);
}

/** An id in the path; what cannot be one is simply not there. */
export function pathId(req: Request, name: string): string {
  const result = id.safeParse(req.params[name]);
  if (!result.success) throw new ApiError('not_found');
  return result.data;
}

/** `If-Match: "7"` asks that the case be at revision 7. */
export function expectedRevision(req: Request): number | undefined {
  const header = req.get('if-match');
  if (header === undefined || header === '*') return undefined;
  const [, revision] = /^"(\d{1,9})"$/.exec(header) ?? [];
  if (revision === undefined)
    throw new ApiError('invalid_input', {
      fields: [{ pointer: '', code: 'if_match', message: 'If-Match must be "<revision>" or *' }],
    });
  return Number(revision);
}

const positionIn = (sort: CaseSort) => z.strictObject({ sort: z.literal(sort), at: z.number(), id });
const positions = { '-updated': positionIn('-updated'), due: positionIn('due') };
export const cursorOf = (position: object): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** Where a page of cases goes on; a cursor of the other order is as foreign as one that was made up. */
export const positionOf = (cursor: string | undefined, sort: CaseSort): Position | undefined => cursorIn(positions[sort], cursor);

/** A cursor of ours, read by its schema. */
export function cursorIn<T>(schema: z.ZodType<T>, cursor: string | undefined): T | undefined {
  if (cursor === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ApiError(
      'invalid_input',
      { fields: [{ pointer: '/cursor', code: 'cursor', message: 'not a cursor of this list' }] },
      { cause },
    );
  }
}
