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
    });
  });

  it('names everything that is missing at once, and where to read about it', () => {
    const read = () => readApiConfig({});
    expect(read).toThrow(ConfigError);
    for (const name of Object.keys(complete)) expect(read).toThrow(name);
    expect(read).toThrow('docs/operations.md');
    expect(() => readWorkerConfig({})).toThrow(/MONGODB_URI[^]*ORDERS_URL[^]*PAYMENTS_URL[^]*CARRIER_URL/);
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

  it.each(['MONGODB_URI', 'CARRIER_WEBHOOK_SECRET', 'PAYMENTS_WEBHOOK_SECRET', 'CUSTOMER_REF_KEY'] as const)(
    'takes %s from the file that %s_FILE names, rather than from the variable',
    (name) => {
      const file = join(dir, name);
      writeFileSync(file, `${complete[name]}\n`);
      expect(readApiConfig({ ...without(name), [`${name}_FILE`]: file })[name]).toBe(complete[name]);
      expect(readApiConfig({ ...complete, [name]: 'overruled', [`${name}_FILE`]: file })[name]).toBe(complete[name]);
      expect(() => readApiConfig({ ...complete, [`${name}_FILE`]: join(dir, 'missing') })).toThrow('missing');
      writeFileSync(file, '');
      expect(() => readApiConfig({ ...without(name), [`${name}_FILE`]: file })).toThrow(name);
    },
  );
});
