/** Who calls: tokens that are none, of somebody else, out of date or forged. What a role may do is commands.test.ts. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../api/app.ts';
import { keepingVerified } from '../../api/auth.ts';
import { freePort } from '../../dev/processes.ts';
import { openDoor, type Door } from '../support/door.ts';
import { patiently } from './journey.ts';

const issuer = 'https://id.example';
const audience = 'mendline-api';
const kid = 'key-1';
const [rsa, ec, stranger] = [
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
];
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);
const good = { sub: 'agent-1', iss: issuer, aud: audience, exp: now + 3_600, role: 'agent', merchantId: 'm1' };

interface Changes {
  readonly header?: Record<string, unknown>;
  readonly payload?: Record<string, unknown>;
  readonly key?: KeyObject;
}
/** A good token of the agent, but for the changes. */
const token = ({ header, payload, key = rsa.privateKey }: Changes = {}): Promise<string> =>
  new SignJWT({ ...good, ...payload }).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT', ...header }).sign(key);
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
/** HS256 over the public key: good for whoever checks with "the key", whatever the algorithm. */
function confused(secret: string | Buffer, header: object = { alg: 'HS256', kid, typ: 'JWT' }): string {
  const signing = `${base64url(header)}.${base64url(good)}`;
  return `${signing}.${createHmac('sha256', secret).update(signing).digest('base64url')}`;
}

describe('a token', () => {
  let door: Door;
  let jwks: string;
  beforeAll(async () => {
    jwks = JSON.stringify({
      keys: [
        { ...(await exportJWK(rsa.publicKey)), kid, alg: 'RS256', use: 'sig' },
        { ...(await exportJWK(ec.publicKey)), kid: 'key-2', alg: 'ES256', use: 'sig' },
      ],
    });
    door = await openDoor('api-tokens', { deps: { tokens: { issuer, audience, jwks } } });
  });
  afterAll(() => door.close());

  const withHeaders = (headers: [string, string][]) => door.raw('GET', '/cases', headers);
  const call = (bearer: string) => withHeaders([['authorization', `Bearer ${bearer}`]]);

  it('of the issuer opens the door, with any of its keys', async () => {
    expect((await call(await token())).status).toBe(200);
    expect((await call(await token({ header: { alg: 'ES256', kid: 'key-2' }, key: ec.privateKey }))).status).toBe(200);
    expect((await call(await token({ header: { typ: 'at+jwt' } }))).status).toBe(200);
    expect((await call(await token({ payload: { aud: ['other', audience] } }))).status).toBe(200);
    expect((await withHeaders([['authorization', `bearer ${await token()}`]])).status).toBe(200);
  });

  const bad: [string, () => string | Promise<string>][] = [
    ['that is empty', () => ''],
    ['that is no token', () => 'abc'],
    ['of four parts', async () => `${await token()}.x`],
    ['without a signature', async () => `${(await token()).split('.').slice(0, 2).join('.')}.`],
    ['with another signature', async () => `${(await token()).slice(0, -20)}${'A'.repeat(20)}`],
    [
      'whose claims were changed',
      async () => {
        const [header, , signature] = (await token()).split('.');
        return `${header}.${base64url({ ...good, role: 'manager' })}.${signature}`;
      },
    ],
    ['of a stranger’s key', () => token({ key: stranger.privateKey })],
    ['with alg none', () => new UnsecuredJWT(good).encode()],
    [
      'with alg None and a signature',
      async () => `${base64url({ alg: 'None', kid })}.${(await token()).split('.').slice(1).join('.')}`,
    ],
    ['with HS256 over the public key as PEM', () => confused(publicPem)],
    ['with HS256 over the public key as PEM, trimmed', () => confused(publicPem.trim())],
    ['with HS256 over the public key as DER', () => confused(rsa.publicKey.export({ type: 'spki', format: 'der' }))],
    ['with HS256 over the JWKS', () => confused(jwks)],
    ['with HS256 over the modulus', () => confused(String(rsa.publicKey.export({ format: 'jwk' }).n))],
    ['with HS256 and an empty secret', () => confused('')],
    ['with RS384, which is not agreed', () => token({ header: { alg: 'RS384' } })],
    ['with PS256, which is not agreed', () => token({ header: { alg: 'PS256' } })],
    ['with the key of another kid', () => token({ header: { kid: 'key-2' } })],
    ['of an unknown kid', () => token({ header: { kid: 'key-9' } })],
    ['with a path for a kid', () => token({ header: { kid: '../../../../dev/null' } })],
    ['with a query for a kid', () => token({ header: { kid: "' OR 1=1 --" } })],
    [
      'that brings its own key along',
      async () => token({ header: { jwk: await exportJWK(stranger.publicKey), kid: undefined }, key: stranger.privateKey }),
    ],
    ['that says where its key is', () => token({ header: { jku: 'https://evil.example/jwks.json' }, key: stranger.privateKey })],
    [
      'with an extension that must be understood',
      () => {
        const signing = `${base64url({ alg: 'RS256', kid, crit: ['scope'], scope: 'x' })}.${base64url(good)}`;
        return `${signing}.${sign('sha256', Buffer.from(signing), rsa.privateKey).toString('base64url')}`;
      },
    ],
    ['for signing out, not for calling', () => token({ header: { typ: 'logout+jwt' } })],
    ['that has expired', () => token({ payload: { exp: now - 5 } })],
    ['that never expires', () => token({ payload: { exp: undefined } })],
    ['that is not valid yet', () => token({ payload: { nbf: now + 600 } })],
    ['of another issuer', () => token({ payload: { iss: 'https://id.example.evil' } })],
    ['of the development issuer', () => token({ payload: { iss: 'mendline-dev' } })],
    ['without an issuer', () => token({ payload: { iss: undefined } })],
    ['for another audience', () => token({ payload: { aud: 'mendline-partners' } })],
    ['without an audience', () => token({ payload: { aud: undefined } })],
    ['without a subject', () => token({ payload: { sub: undefined } })],
    ['with an empty subject', () => token({ payload: { sub: '' } })],
    ['without a role', () => token({ payload: { role: undefined } })],
    ['with an unknown role', () => token({ payload: { role: 'admin' } })],
    ['with two roles', () => token({ payload: { role: ['agent', 'manager'] } })],
    ['with a role of the machine', () => token({ payload: { role: 'operator' } })],
    ['without a merchant', () => token({ payload: { merchantId: undefined } })],
    ['with an empty merchant', () => token({ payload: { merchantId: '' } })],
    ['with a merchant that is an operator', () => token({ payload: { merchantId: { $ne: '' } } })],
    ['of 5,000 characters', () => token({ payload: { padding: 'x'.repeat(5_000) } })],
    ['with a line break', async () => encodeURIComponent(`${await token()}\n`)],
  ];
  it.each(bad)('%s does not', async (_, make) => {
    const reply = await call(await make());
    expect([reply.status, reply.body?.code]).toEqual([401, 'unauthenticated']);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('must be there once, as a Bearer in the Authorization header', async () => {
    const bearer = await token();
    const calls: [string, string][][] = [
      [],
      [['authorization', bearer]],
      [['authorization', `Basic ${bearer}`]],
      [['authorization', `Bearer  ${bearer}`]],
      [['authorization', `Bearer ${bearer}, Bearer ${bearer}`]],
      [
        ['authorization', `Bearer ${bearer}`],
        ['authorization', `Bearer ${bearer}`],
      ],
      [
        ['authorization', `Bearer ${bearer}`],
        ['Authorization', 'Basic abc'],
      ],
      [['x-authorization', `Bearer ${bearer}`]],
      [['cookie', `access_token=${bearer}`]],
    ];
    for (const headers of calls) expect([headers, (await withHeaders(headers)).status]).toEqual([headers, 401]);
    expect((await door.raw('GET', `/cases?access_token=${bearer}`, [])).status).toBe(401);
  });

  it('is asked for on every route of cases, also on those that are not there', async () => {
    for (const [method, path] of [
      ['POST', '/cases'],
      ['GET', '/cases'],
      ['DELETE', '/cases'],
      ['GET', '/cases/C-1'],
      ['GET', '/cases/C-1/timeline'],
      ['GET', '/cases/C-1/commands/x'],
      ['POST', '/cases/C-1/decide-request'],
      ['POST', '/cases/C-1/fly'],
      ['GET', '/CASES/C-1/'],
    ] as const)
      expect([method, path, (await door.send(method, path)).status]).toEqual([method, path, 401]);
  });

  it('that was good a moment ago is refused from the instant at which it expires', async () => {
    const exp = Math.ceil(Date.now() / 1_000) + 20;
    const short = await token({ payload: { exp } });
    try {
      expect((await call(short)).status).toBe(200);
      vi.useFakeTimers({ toFake: ['Date'], now: exp * 1_000 - 1 });
      expect((await call(short)).status).toBe(200);
      vi.setSystemTime(exp * 1_000);
      expect((await call(short)).status).toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of one merchant never reads a byte of another, nor does a customer of another customer', async () => {
    const mine = await door.raw('GET', '/cases', [
      ['authorization', `Bearer ${await token({ payload: { merchantId: 'm-nobody', role: 'auditor' } })}`],
    ]);
    expect(mine.body).toEqual({ cases: [] });
  });

  it('is not taken for a bad one while the issuer cannot be asked for its keys', async () => {
    const port = await freePort();
    const remote = await openDoor('api-tokens-remote', {
      deps: { tokens: { issuer, audience, jwks: `http://127.0.0.1:${port}/jwks.json` } },
    });
    const authorization: [string, string] = ['authorization', `Bearer ${await token()}`];
    const away = await remote.raw('GET', '/cases', [authorization]);
    expect([away.status, away.body.code]).toEqual([503, 'try_again']);
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    const provider = createServer((_req, res) => res.setHeader('content-type', 'application/json').end(jwks)).listen(
      port,
      '127.0.0.1',
    );
    await once(provider, 'listening');
    await vi.waitFor(async () => expect((await remote.raw('GET', '/cases', [authorization])).status).toBe(200), patiently);
    const unknown = await token({ header: { kid: 'key-9' } });
    expect((await remote.raw('GET', '/cases', [['authorization', `Bearer ${unknown}`]])).status).toBe(401);
    provider.close();
    await remote.close();
  });

  it('is verified with keys that can be read, or the application does not start', () => {
    const deps = {
      ...({} as Parameters<typeof createApp>[0]),
      webhookSecrets: { carrier: 'whsec_AAAA', payments: 'whsec_AAAA' },
    };
    for (const broken of ['{"keys":', '{}', '{"keys":[{}]}x', 'not an address'])
      expect(() => createApp({ ...deps, tokens: { issuer, audience, jwks: broken } })).toThrow();
  });
});

describe('a verified token', () => {
  const at = Date.UTC(2026, 10, 22, 9);
  const caller = { id: 'agent-1', role: 'agent', merchantId: 'm1' } as const;
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: at }));
  afterEach(() => void vi.useRealTimers());

  it('is believed for a minute, then verified anew: a key that was withdrawn is noticed', async () => {
    const verify = vi.fn().mockResolvedValueOnce({ caller, expiresAt: at + 3_600_000 });
    verify.mockRejectedValue(new Error('no such key'));
    const callerWith = keepingVerified(verify);
    expect(await callerWith('a.b.c')).toBe(caller);
    vi.setSystemTime(at + 59_999);
    expect(await callerWith('a.b.c')).toBe(caller);
    expect(verify).toHaveBeenCalledTimes(1);
    vi.setSystemTime(at + 60_000);
    await expect(callerWith('a.b.c')).rejects.toThrow('no such key');
  });

  it('is verified anew once it has expired', async () => {
    const verify = vi.fn().mockResolvedValue({ caller, expiresAt: at + 5_000 });
    const callerWith = keepingVerified(verify);
    await callerWith('a.b.c');
    vi.setSystemTime(at + 4_999);
    await callerWith('a.b.c');
    expect(verify).toHaveBeenCalledTimes(1);
    vi.setSystemTime(at + 5_000);
    await callerWith('a.b.c');
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('speaks for itself alone: another one, be it another by one letter, is verified for itself', async () => {
    const verify = vi.fn((token: string) => Promise.resolve({ caller: { ...caller, id: token }, expiresAt: at + 3_600_000 }));
    const callerWith = keepingVerified(verify);
    expect(await callerWith('a.b.c')).toMatchObject({ id: 'a.b.c' });
    expect(await callerWith('a.b.C')).toMatchObject({ id: 'a.b.C' });
    expect(await callerWith('a.b.c')).toMatchObject({ id: 'a.b.c' });
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('is kept only if it was good: a refused one is asked about each time', async () => {
    const verify = vi.fn().mockRejectedValueOnce(new Error('the issuer does not answer'));
    verify.mockResolvedValue({ caller, expiresAt: at + 3_600_000 });
    const callerWith = keepingVerified(verify);
    await expect(callerWith('a.b.c')).rejects.toThrow();
    expect(await callerWith('a.b.c')).toBe(caller);
  });
});
