/**
 * Development tokens: a key made at start, its public half for the API, and tokens of an issuer that production refuses.
 * They are verified on the same path as any other; no route hands them out.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { developmentIssuer } from '../config/index.ts';
import type { Role } from '../domain/permissions.ts';

export interface Person {
  readonly id: string;
  readonly role: Role;
  readonly merchantId: string;
}

export type TokenIssuer = Awaited<ReturnType<typeof createTokenIssuer>>;

export async function createTokenIssuer(audience = 'mendline-api') {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const kid = 'development';
  return {
    issuer: developmentIssuer,
    audience,
    /** For AUTH_JWKS. */
    jwks: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }] }),
    sign: ({ id, role, merchantId }: Person, expiresIn = '12h'): Promise<string> =>
      new SignJWT({ role, merchantId })
        .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' })
        .setIssuer(developmentIssuer)
        .setAudience(audience)
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(privateKey),
  };
}
