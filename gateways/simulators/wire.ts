/**
 * What all simulated partners share on the wire: their error body `{ code, message }`, parsing of bodies, ids, request hashes.
 * It knows nothing of orders, refunds or shipments.
 */
import { createHash, randomInt } from 'node:crypto';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { ZodType } from 'zod';

/** An HTTP answer before it is sent; rows of a ledger keep it. */
export interface Answer {
  status: number;
  body: unknown;
}

/** A partner's no. It becomes `{ code, message }` with this status; nothing is kept of it. */
export class SimulatorRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Throws a 400 `invalid_input` that names each bad field. */
export function parse<T>(schema: ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new SimulatorRefusal(400, 'invalid_input', faults.join('; '));
}

/** The Idempotency-Key header has to be the body's key: two keys for one command would be a bug of the caller. */
export function ensureKeyHeader(header: string | undefined, key: string): void {
  if (!header) throw new SimulatorRefusal(400, 'idempotency_key_missing', 'The Idempotency-Key header is missing');
  if (header.length > 255) throw new SimulatorRefusal(400, 'idempotency_key_too_long', 'Idempotency-Key: at most 255 characters');
  if (header !== key)
    throw new SimulatorRefusal(400, 'idempotency_key_mismatch', 'Idempotency-Key and the key in the body differ');
}

/** The same content gives the same hash, whatever the order of its fields. */
export function hashOf(content: unknown): string {
  const canonical = JSON.stringify(content, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(canonical).digest('hex');
}

/** Random and readable over the phone: no 0, 1, I, L, O or U. Ten characters are 49 bits. */
export function readableId(prefix: string, length = 10): string {
  const letters = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
  return prefix + Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}

export const unknownRoute: RequestHandler = (req) => {
  throw new SimulatorRefusal(404, 'not_found', `No route ${req.method} ${req.path}`);
};

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent || res.destroyed) return next(error);
    if (error instanceof SimulatorRefusal) {
      return void res.status(error.status).set(error.headers).json({ code: error.code, message: error.message });
    }
    const status = clientErrorStatus(error);
    if (status) return void res.status(status).json({ code: 'invalid_input', message: (error as Error).message });
    log.error({ err: error }, 'simulator failed');
    res.status(500).json({ code: 'internal', message: 'The simulator failed; see its log' });
  };
}

/** Errors of Express's own parsers (cut JSON, too large, bad escape in a path) carry a 4xx status. */
function clientErrorStatus(error: unknown): number | undefined {
  const status = error instanceof Error ? (error as { status?: unknown }).status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
