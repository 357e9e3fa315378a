/** How often somebody may call (B63), and that nobody pays for another who calls too often. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openApiDocument } from '../../api/openapi.ts';
import { openDoor, signed, type Door, type Reply } from '../support/door.ts';
import { opened, patiently } from './journey.ts';

const limits = { perCaller: 8, perPartner: 5, perCase: 6 };

describe('a rate limit', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-rate-limits', { deps: { limits, trustedProxies: 1 } });
  });
  afterAll(() => door.close());

  const someone = (role: 'agent' | 'customer' | 'manager' = 'agent') => ({ id: randomUUID(), role, merchantId: 'm1' }) as const;
  const limited = (reply: Reply) => {
    expect([reply.status, reply.body.code]).toEqual([429, 'rate_limited']);
    const wait = Number(reply.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
  };
  const from = (address: string) => ({ 'x-forwarded-for': address });

  it('counts for each caller by themselves, and tells them what is left', async () => {
    const [one, other] = [someone(), someone()];
    const replies: Reply[] = [];
    for (let call = 0; call < limits.perCaller; call += 1) replies.push(await door.get('/cases', one));
    expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => 200));
    expect(replies[0]!.headers.get('ratelimit-policy')).toMatch(/^"caller"; q=8; w=60; pk=:[^:]+:$/);
    expect(replies.map((reply) => /r=(\d+)/.exec(reply.headers.get('ratelimit') ?? '')?.[1])).toEqual(
      replies.map((_, index) => String(limits.perCaller - 1 - index)),
    );
    limited(await door.get('/cases', one));
    limited(await door.get('/cases/C-1', one));
    limited(await door.get('/exceptions', one));
    expect((await door.get('/cases', other)).status).toBe(200);
    expect((await door.get('/cases', { ...one, merchantId: 'm2' })).status).toBe(200);
  });

  it('refuses before it reads what was sent', async () => {
    const one = someone();
    for (let call = 0; call < limits.perCaller; call += 1) await door.get('/cases', one);
    const headers = { authorization: `Bearer ${await door.tokenOf(one)}`, 'content-type': 'application/json' };
    limited(await door.raw('POST', '/cases', Object.entries({ ...headers, 'content-length': '2' }), '{"'));
  });

  it('stops whoever tries tokens from one address, and nobody else there or elsewhere who has one', async () => {
    const [here, there] = ['203.0.113.7', '203.0.113.8'];
    const guess = (address: string) =>
      door.send('GET', '/cases', { headers: { ...from(address), authorization: 'Bearer a.b.c' } });
    for (let call = 0; call < limits.perCaller; call += 1) expect((await guess(here)).status).toBe(401);
    limited(await guess(here));
    expect((await guess(there)).status).toBe(401);
    for (let call = 0; call < limits.perCaller; call += 1)
      expect((await door.send('GET', '/cases', { as: someone(), headers: from('203.0.113.9') })).status).toBe(200);
    expect((await guess('203.0.113.9')).status).toBe(401);
  });

  it('counts guests by address, each network of IPv6 as one', async () => {
    const body = { merchantId: 'm1', orderId: 'O-NONE', code: '000000' };
    const knock = (address: string) => door.send('POST', '/guest/sessions', { body, headers: from(address) });
    for (let call = 0; call < limits.perCaller; call += 1) expect((await knock(`2001:db8::${call + 1}`)).status).toBe(401);
    limited(await knock('2001:db8::99'));
    expect((await knock('2001:db9::1')).status).toBe(401);
  });

  it('counts webhooks for each partner by address, before their signature is looked at', async () => {
    const body = JSON.stringify({ type: 'parcel_weighed' });
    const tell = (partner: string, address: string, headers: object = signed(body)) =>
      door.send('POST', `/webhooks/${partner}`, { body, headers: { ...headers, ...from(address) } });
    for (let call = 0; call < limits.perPartner; call += 1)
      expect((await tell('carrier', '198.51.100.1', { 'webhook-id': 'forged' })).status).toBe(401);
    limited(await tell('carrier', '198.51.100.1'));
    expect((await tell('carrier', '198.51.100.2')).status).toBe(200); // the partner itself is not shut out by a forger
    expect((await tell('payments', '198.51.100.1')).status).toBe(200);
  });

  it('counts the commands of one case by everybody together, also in bulk, and keeps none of those answers', async () => {
    const caseId = await opened(door, {}, undefined, { as: someone('manager') });
    const note = (as = someone(), key: string = randomUUID()) => door.command(caseId, 'add-note', as, { note: 'x' }, { key });
    for (let call = 0; call < limits.perCase; call += 1) expect((await note()).status).toBe(200);
    const [who, key] = [someone(), randomUUID()];
    limited(await note(who, key));
    const bulk = await door.send('POST', '/cases/bulk', {
      as: someone(),
      key: randomUUID(),
      body: { command: 'add_note', caseIds: [caseId], payload: { note: 'x' } },
    });
    expect(bulk.body.results).toMatchObject([{ status: 429, code: 'rate_limited' }]);
    // Others may read it, and command other cases; a stranger's knocking does not count.
    expect((await door.get(`/cases/${caseId}`, someone())).status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    await vi.waitFor(async () => expect((await note(who, key)).status).toBe(200), patiently).finally(() => vi.useRealTimers());
  });
  afterEach(() => void vi.useRealTimers());

  it('leaves health, the document and its page alone', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs'])
      for (let call = 0; call < 12; call += 1) {
        const reply = await door.send('GET', path);
        expect([path, reply.status, reply.headers.get('ratelimit')]).toEqual([path, 200, null]);
      }
  });

  it('is documented on every route that has one', () => {
    for (const [path, item] of Object.entries(openApiDocument().paths ?? {}))
      for (const operation of Object.values(item as Record<string, { responses: object }>))
        expect([path, '429' in operation.responses]).toEqual([path, !/^\/(healthz|readyz)/.test(path)]);
  });

  it('of 0 is none', async () => {
    const open = await openDoor('api-no-limits', { deps: { limits: { perCaller: 0, perPartner: 0, perCase: 0 } } });
    const replies = await Promise.all(Array.from({ length: 30 }, () => open.get('/cases')));
    expect(replies.map((reply) => [reply.status, reply.headers.get('ratelimit')])).toEqual(replies.map(() => [200, null]));
    await open.close();
  });
});
