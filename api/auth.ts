/** Who calls: a JWT of the configured issuer, with subject, role and merchant. What a role may do is domain/permissions.ts. */
import type { Request, RequestHandler } from 'express';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Guest } from '../db/guests.ts';
import { roles, type Role } from '../domain/permissions.ts';
import { ApiError } from './errors.ts';

export interface Caller {
  readonly id: string;
  readonly role: Role;
  readonly merchantId: string;
  /** A guest, who has shown to know of this one order. */
  readonly orderId?: string;
}
declare global {
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Locals {
      caller?: Caller;
    }
  }
}

export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  /** An address, or the JWKS itself as JSON. */
  readonly jwks: string;
}

const tokenLengthMax = 4_096;
/** What an access token may call itself; other kinds of the same issuer are not for calling. */
const tokenType = /^(application\/)?(at\+)?jwt$/i;
const claims = z.object({ sub: z.string().min(1).max(200), role: z.enum(roles), merchantId: z.string().min(1).max(100) });

/** Tokens of our own, which a guest gets for a one-time code. */
export const guestTokenPrefix = 'guest_';
/** The guest whom a token belongs to; null: to nobody, or to nobody any more. */
export type FindGuest = (token: string) => Promise<Guest | null>;

export function authenticate(rules: TokenRules, findGuest: FindGuest): RequestHandler {
  const callerWith = keepingVerified(verifierOf(rules));
  return async (req, res, next) => {
    // Of several Authorization headers Node would show the first alone, and a proxy may have judged by another.
    const [header = '', ...more] = req.headersDistinct.authorization ?? [];
    const [, guestToken] = /^Bearer (guest_[\w-]{43})$/i.exec(header) ?? [];
    if (guestToken && more.length === 0) {
      const guest = await findGuest(guestToken);
      if (!guest) throw new ApiError('unauthenticated');
      const { customerId, merchantId, orderId } = guest;
      res.locals.caller = { id: customerId, role: 'customer', merchantId, orderId };
      next();
      return;
    }
    const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header) ?? [];
    if (!token || more.length > 0 || token.length > tokenLengthMax) throw new ApiError('unauthenticated');
    res.locals.caller = await callerWith(token);
    next();
  };
}

/** Whom a token is of, if it is signed, and says, what was agreed. Throws ApiError. */
type Verify = (token: string) => Promise<{ readonly caller: Caller; readonly expiresAt: number }>;

function verifierOf({ issuer, audience, jwks }: TokenRules): Verify {
  const keys = keysOf(jwks);
  const rules = { issuer, audience, algorithms: ['EdDSA', 'ES256', 'RS256'], requiredClaims: ['exp'] };
  return async (token) => {
    const { payload, protectedHeader } = await jwtVerify(token, keys, rules).catch((cause: unknown) => {
      throw cause instanceof ApiError ? cause : new ApiError('unauthenticated', {}, { cause });
    });
    if (protectedHeader.typ !== undefined && !tokenType.test(protectedHeader.typ)) throw new ApiError('unauthenticated');
    const parsed = claims.safeParse(payload);
    if (!parsed.success) throw new ApiError('unauthenticated', { detail: 'the token lacks role or merchantId' });
    const { sub, role, merchantId } = parsed.data;
    return { caller: { id: sub, role, merchantId }, expiresAt: (payload.exp ?? 0) * 1_000 };
  };
}

const keptMs = 60_000;
const keptMax = 5_000;

/**
 * Believes a token that was verified within the last minute, unless it has expired since: checking its signature is a good part of what
 * a read costs (docs/decisions/0017). Kept under the whole token; what was refused is never kept.
 */
export function keepingVerified(verify: Verify): (token: string) => Promise<Caller> {
  const kept = new LRUCache<string, { readonly caller: Caller; readonly until: number }>({ max: keptMax });
  return async (token) => {
    const now = Date.now();
    const known = kept.get(token);
    if (known && now < known.until) return known.caller;
    const { caller, expiresAt } = await verify(token);
    kept.set(token, { caller, until: Math.min(expiresAt, now + keptMs) });
    return caller;
  };
}

/** The issuer's keys; that they cannot be had is no fault of the token. */
function keysOf(jwks: string): JWTVerifyGetKey {
  const find: JWTVerifyGetKey = jwks.trimStart().startsWith('{')
    ? createLocalJWKSet(JSON.parse(jwks))
    : createRemoteJWKSet(new URL(jwks));
  const noSuchKey = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
  return (header, token) =>
    Promise.resolve(find(header, token)).catch((cause: unknown) => {
      if (noSuchKey.some((kind) => cause instanceof kind)) throw cause;
      throw new ApiError('try_again', { detail: 'the issuer of tokens does not answer' }, { cause });
    });
}

/** What a caller may see of their merchant's cases: customers their own, guests those of their order. */
export const ownCasesOf = ({ id, role, orderId }: Caller): { customerId?: string; orderId?: string } => ({
  ...(role === 'customer' ? { customerId: id } : {}),
  ...(orderId === undefined ? {} : { orderId }),
});

export function callerOf(req: Request): Caller {
  const { caller } = req.res?.locals ?? {};
  if (!caller) throw new ApiError('unauthenticated');
  return caller as Caller;
}
