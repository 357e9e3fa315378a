/** Who calls: a JWT of the configured issuer, with subject, role and merchant. What a role may do is domain/permissions.ts. */
import type { Request, RequestHandler } from 'express';
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { roles, type Role } from '../domain/permissions.ts';
import { ApiError } from './errors.ts';

export interface Caller {
  readonly id: string;
  readonly role: Role;
  readonly merchantId: string;
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
const claims = z.object({ sub: z.string().min(1).max(200), role: z.enum(roles), merchantId: z.string().min(1).max(100) });

export function authenticate({ issuer, audience, jwks }: TokenRules): RequestHandler {
  const keys: JWTVerifyGetKey = jwks.trimStart().startsWith('{')
    ? createLocalJWKSet(JSON.parse(jwks))
    : createRemoteJWKSet(new URL(jwks));
  return async (req, res, next) => {
    const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(req.headers.authorization ?? '') ?? [];
    if (!token || token.length > tokenLengthMax) throw new ApiError('unauthenticated');
    const payload = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['EdDSA', 'ES256', 'RS256'],
      requiredClaims: ['exp'],
    }).then(
      (verified) => verified.payload,
      (cause: unknown) => {
        throw new ApiError('unauthenticated', {}, { cause });
      },
    );
    const parsed = claims.safeParse(payload);
    if (!parsed.success) throw new ApiError('unauthenticated', { detail: 'the token lacks role or merchantId' });
    const { sub, role, merchantId } = parsed.data;
    res.locals.caller = { id: sub, role, merchantId };
    next();
  };
}

export function callerOf(req: Request): Caller {
  const { caller } = req.res?.locals ?? {};
  if (!caller) throw new ApiError('unauthenticated');
  return caller as Caller;
}
