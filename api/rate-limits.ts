/**
 * How often somebody may call: callers by merchant and subject, those without a token by address, partners by name and address, and
 * one case by all of them together. Counted in this process alone, before any body is read. 0 switches a limit off.
 */
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, MemoryStore, rateLimit, type Options } from 'express-rate-limit';
import { callerOf } from './auth.ts';
import { ApiError } from './errors.ts';

/** Calls a minute. */
export interface Limits {
  readonly perCaller: number;
  readonly perPartner: number;
  readonly perCase: number;
}
export const noLimits: Limits = { perCaller: 0, perPartner: 0, perCase: 0 };

const windowMs = 60_000;
const addressOf = (req: Request): string => ipKeyGenerator(req.ip ?? 'unknown');

function limitOf(limit: number, options: Partial<Options>): RequestHandler {
  if (limit === 0) return (_req, _res, next) => next();
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false, // it would write to the console about proxies that operations.md speaks of
    handler: (req, _res, next) => next(tooMany((req as { rateLimit?: { resetTime?: Date } }).rateLimit?.resetTime)),
    ...options,
  });
}

function tooMany(resetTime: Date | undefined): ApiError {
  const waitMs = resetTime ? resetTime.getTime() - Date.now() : windowMs;
  return new ApiError('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) });
}

/** Behind `authenticate`: each caller has a count of their own. */
export const callerLimit = (limit: number): RequestHandler =>
  limitOf(limit, {
    identifier: 'caller',
    keyGenerator: (req) => {
      const { merchantId, role, id } = callerOf(req);
      return JSON.stringify([merchantId, role, id]);
    },
  });

/** Before `authenticate`: counts what was answered with 401, so that nobody can try tokens without end. */
export const failureLimit = (limit: number): RequestHandler =>
  limitOf(limit, {
    keyGenerator: addressOf,
    standardHeaders: false, // the caller's own count is what the headers tell
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_req, res) => res.statusCode !== 401,
  });

/** For routes without a token: every call counts. */
export const addressLimit = (limit: number, identifier: string): RequestHandler =>
  limitOf(limit, { identifier, keyGenerator: addressOf });

/** How often one case may be commanded, by whomever. Throws `rate_limited`. */
export function caseLimit(limit: number): (caseId: string) => Promise<void> {
  if (limit === 0) return () => Promise.resolve();
  const store = new MemoryStore();
  store.init({ windowMs } as Options);
  return async (caseId) => {
    const { totalHits, resetTime } = await store.increment(caseId);
    if (totalHits > limit) throw tooMany(resetTime);
  };
}
