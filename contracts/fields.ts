/** The small words of which requests are made: ids, texts, instants. What does not fit is refused, never dropped or mended. */
import { z } from 'zod';

/** An id of ours or of the shop: letters, digits and a few marks, no path or query signs. */
export const id = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._:#-]{0,99}$/u, 'letters, digits and . _ : # - only, at most 100');

// Controls (but tab and line breaks), lone surrogates, bidirectional overrides, zero-width marks: they hide or forge what people
// read. Joiners stay: emoji and several scripts need them. Written out, so that the OpenAPI document says it to every kind of program.
const readable =
  // oxlint-disable-next-line no-control-regex
  /^(?!\s*$)[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]*$/u;
const towerOfAccents = /\p{M}{9}/u;

/** Free text by a person, at most `max` characters; kept apart from the case, so that it can be erased. */
export const freeText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(readable, 'must not be blank, nor have characters that cannot be read')
    .refine((text) => !towerOfAccents.test(text), 'has characters that cannot be read');

export const instant = z.iso.datetime({ offset: true }).meta({ format: 'date-time' });
export const quantity = z.int().min(1).max(100_000);
