/** The environment: complete or refused at once, by name, and never a development secret in production. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, readApiConfig, readWorkerConfig } from '../../config/index.ts';

const secret = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;
const complete = {
  MONGODB_URI: 'mongodb://127.0.0.1:27017',
  ORDERS_URL: 'http://127.0.0.1:4100/orders',
  PAYMENTS_URL: 'http://127.0.0.1:4100/payments',
  CARRIER_URL: 'http://127.0.0.1:4100/carrier',
  NOTIFICATIONS_URL: 'http://127.0.0.1:4100/notifications',
  STOCK_URL: 'http://127.0.0.1:4100/stock',
  AUTH_ISSUER: 'https://id.example',
  AUTH_JWKS: 'https://id.example/jwks.json',
  CARRIER_WEBHOOK_SECRET: secret,
  PAYMENTS_WEBHOOK_SECRET: secret,
  CUSTOMER_REF_KEY: 'a key of sixteen or more',
};
const without = (name: keyof typeof complete) => Object.fromEntries(Object.entries(complete).filter(([key]) => key !== name));

describe('the environment of the API', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mendline-config-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  it('is production on loopback unless it says otherwise', () => {
    expect(readApiConfig(complete)).toMatchObject({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: 3000,
      AUTH_AUDIENCE: 'mendline-api',
      MONGODB_DATABASE: 'mendline',
      RATE_LIMIT_PER_MINUTE: 600,
      WEBHOOK_RATE_LIMIT_PER_MINUTE: 6_000,
      CASE_RATE_LIMIT_PER_MINUTE: 120,
      TRUSTED_PROXIES: 0,
      METRICS_HOST: '127.0.0.1',
    });
    const { METRICS_PORT, DEFAULT_MERCHANT_ID } = readApiConfig(complete);
    expect([METRICS_PORT, DEFAULT_MERCHANT_ID]).toEqual([undefined, undefined]);
  });

  it('limits nobody in development and tests, unless it says so', () => {
    for (const NODE_ENV of ['development', 'test']) {
      expect(readApiConfig({ ...complete, NODE_ENV }).RATE_LIMIT_PER_MINUTE).toBe(0);
      expect(readApiConfig({ ...complete, NODE_ENV, RATE_LIMIT_PER_MINUTE: '5' }).RATE_LIMIT_PER_MINUTE).toBe(5);
    }
    expect(readApiConfig({ ...complete, RATE_LIMIT_PER_MINUTE: '0' }).RATE_LIMIT_PER_MINUTE).toBe(0);
  });

  it('names everything that is missing at once, and where to read about it', () => {
    const read = () => readApiConfig({});
    expect(read).toThrow(ConfigError);
    for (const name of Object.keys(complete)) expect(read).toThrow(name);
    expect(read).toThrow('docs/operations.md');
    expect(() => readWorkerConfig({})).toThrow(
      /MONGODB_URI[^]*ORDERS_URL[^]*PAYMENTS_URL[^]*CARRIER_URL[^]*NOTIFICATIONS_URL[^]*STOCK_URL/,
    );
  });

  it.each(Object.keys(complete) as (keyof typeof complete)[])('is refused without %s', (name) => {
    expect(() => readApiConfig(without(name))).toThrow(name);
  });

  it.each([
    ['MONGODB_URI', 'postgres://127.0.0.1'],
    ['ORDERS_URL', 'not an address'],
    ['PORT', '70000'],
    ['PORT', 'three'],
    ['CARRIER_WEBHOOK_SECRET', 'plain'],
    ['CUSTOMER_REF_KEY', 'short'],
    ['NODE_ENV', 'prod'],
    ['LOG_LEVEL', 'loud'],
    ['TEMPORAL_UI_URL', '8233'],
    ['RATE_LIMIT_PER_MINUTE', '-1'],
    ['RATE_LIMIT_PER_MINUTE', '1.5'],
    ['CASE_RATE_LIMIT_PER_MINUTE', 'many'],
    ['METRICS_PORT', '70000'],
    ['TRUSTED_PROXIES', 'all'],
  ])('is refused with %s=%s, without repeating the value', (name, value) => {
    const read = () => readApiConfig({ ...complete, [name]: value });
    expect(read).toThrow(name);
    expect(read).not.toThrow(new RegExp(`: ${value}`));
  });

  it('refuses the development issuer and the development key in production, and takes them elsewhere', () => {
    const dev = { ...complete, AUTH_ISSUER: 'mendline-dev' };
    expect(() => readApiConfig(dev)).toThrow(/mendline-dev.*production/);
    expect(() => readApiConfig({ ...dev, NODE_ENV: 'production' })).toThrow(ConfigError);
    expect(readApiConfig({ ...dev, NODE_ENV: 'development' }).AUTH_ISSUER).toBe('mendline-dev');
    const key = { ...complete, CUSTOMER_REF_KEY: 'development-only-customer-ref-key' };
    expect(() => readApiConfig(key)).toThrow('CUSTOMER_REF_KEY');
    expect(readApiConfig({ ...key, NODE_ENV: 'test' }).CUSTOMER_REF_KEY).toBe(key.CUSTOMER_REF_KEY);
  });

  it('refuses in production what others could use: short webhook secrets, keys over plain http', () => {
    const short = `whsec_${Buffer.alloc(23, 'k').toString('base64')}`;
    for (const name of ['CARRIER_WEBHOOK_SECRET', 'PAYMENTS_WEBHOOK_SECRET']) {
      expect(() => readApiConfig({ ...complete, [name]: short })).toThrow(new RegExp(`${name}.*24 bytes`));
      expect(() => readApiConfig({ ...complete, [name]: 'whsec_' })).toThrow(name);
      expect(readApiConfig({ ...complete, NODE_ENV: 'test', [name]: short })).toMatchObject({ [name]: short });
      expect(() => readApiConfig({ ...complete, [name]: `whsec_${Buffer.alloc(24).toString('base64')}` })).not.toThrow();
    }
    for (const AUTH_JWKS of ['http://id.example/jwks.json', 'HTTP://id.example', ' http://127.0.0.1/jwks.json'])
      expect(() => readApiConfig({ ...complete, AUTH_JWKS })).toThrow(/AUTH_JWKS.*plain http/);
    for (const AUTH_JWKS of ['https://id.example/jwks.json', '{"keys":[]}'])
      expect(readApiConfig({ ...complete, AUTH_JWKS }).AUTH_JWKS).toBe(AUTH_JWKS);
    expect(() => readApiConfig({ ...complete, NODE_ENV: 'test', AUTH_JWKS: 'http://id.example' })).not.toThrow();
  });

  it.each(['MONGODB_URI', 'CARRIER_WEBHOOK_SECRET', 'PAYMENTS_WEBHOOK_SECRET', 'CUSTOMER_REF_KEY'] as const)(
    'takes %s from the file that %s_FILE names, rather than from the variable',
    (name) => {
      const file = join(dir, name);
      writeFileSync(file, `${complete[name]}\n`);
      expect(readApiConfig({ ...without(name), [`${name}_FILE`]: file })[name]).toBe(complete[name]);
      expect(readApiConfig({ ...complete, [name]: 'overruled', [`${name}_FILE`]: file })[name]).toBe(complete[name]);
      expect(() => readApiConfig({ ...complete, [`${name}_FILE`]: join(dir, 'missing') })).toThrow(
        /_FILE: .*missing cannot be read \(ENOENT\)/,
      );
      expect(() => readApiConfig({ ...complete, [`${name}_FILE`]: dir })).toThrow(ConfigError);
      writeFileSync(file, '');
      expect(() => readApiConfig({ ...without(name), [`${name}_FILE`]: file })).toThrow(name);
    },
  );
});
