/** Guests: a code for an order they know, a token for that order alone, and not a word to those who guess. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CodeToSend } from '../../api/routes/guests.ts';
import type { Order } from '../../contracts/partners.ts';
import { openDoor, type Call, type Door } from '../support/door.ts';
import { anyOrder, opened, patiently } from './journey.ts';

describe('a guest', () => {
  let door: Door;
  const sent: CodeToSend[] = [];
  beforeAll(async () => {
    door = await openDoor('api-guests', { deps: { sendCode: async (message) => void sent.push(message) } });
  });
  beforeEach(() => void sent.splice(0));
  afterAll(() => door.close());

  /** An order that says where its customer can be reached. */
  function known(changes: object = {}): Order {
    const order = { ...anyOrder({ customerId: 'cust-5' }), contactRef: 'contact-5', language: 'zh-CN' as const, ...changes };
    door.stage.partners.orders.add(order);
    return order;
  }
  const ask = ({ merchantId, orderId }: Pick<Order, 'merchantId' | 'orderId'>) =>
    door.send('POST', '/guest/codes', { body: { merchantId, orderId } });
  const enter = ({ merchantId, orderId }: Pick<Order, 'merchantId' | 'orderId'>, code: string) =>
    door.send('POST', '/guest/sessions', { body: { merchantId, orderId, code } });
  async function codeFor(order: Order): Promise<string> {
    const before = sent.length;
    expect((await ask(order)).body).toEqual({ status: 'sent_if_known' });
    await vi.waitFor(() => expect(sent.length).toBe(before + 1), patiently);
    return sent.at(-1)!.code;
  }
  async function tokenFor(order: Order): Promise<string> {
    const reply = await enter(order, await codeFor(order));
    expect(reply.status, reply.text).toBe(201);
    return reply.body.token as string;
  }
  const withToken = (token: string, method: string, path: string, more: Call = {}) =>
    door.send(method, path, { ...more, headers: { authorization: `Bearer ${token}` } });
  const codes = () => door.stage.database.guests.models[0]!.collection;
  const sessions = () => door.stage.database.guests.models[1]!.collection;
  /** Long enough for what is done after an answer to have been done. */
  const inTime = () => new Promise((resolve) => setTimeout(resolve, 300));

  it('is sent six digits where the order says, in its language', async () => {
    const order = known();
    const code = await codeFor(order);
    expect(code).toMatch(/^\d{6}$/);
    const { orderId } = order;
    expect(sent).toEqual([
      { merchantId: 'm1', orderId, to: 'contact-5', language: 'zh-CN', code, key: expect.stringMatching(/^guest-code\//) },
    ]);
    expect(JSON.stringify(await codes().find().toArray())).not.toContain(code);
  });

  it('opens, reads and commands cases of that order, and of no other', async () => {
    const order = known();
    const others = await opened(door, {}, anyOrder({ customerId: 'cust-5' }), { as: 'agent' });
    const token = await tokenFor(order);
    const body = { orderId: order.orderId, lines: [{ lineId: '1', quantity: 1 }], reason: 'quality' };
    const mine = await withToken(token, 'POST', '/cases', { key: randomUUID(), body });
    expect(mine.status, mine.text).toBe(201);
    const { caseId } = mine.body;
    expect((await withToken(token, 'GET', `/cases/${caseId}`)).body).toMatchObject({
      customerId: 'cust-5',
      orderId: order.orderId,
    });
    for (const query of ['', '?orderId=' + order.orderId, '?customerId=cust-5', '?q=' + order.orderId, '?open=true']) {
      const { cases } = (await withToken(token, 'GET', `/cases${query}`)).body;
      expect([query, cases.map((one: { caseId: string }) => one.caseId)]).toEqual([query, [caseId]]);
    }
    for (const query of ['?orderId=O-1', '?customerId=cust-1', `?q=${others}`])
      expect([query, (await withToken(token, 'GET', `/cases${query}`)).body.cases]).toEqual([query, []]);
    expect((await withToken(token, 'GET', '/cases/counts')).body).toMatchObject({ open: 1, stages: { under_review: 1 } });

    for (const path of [`/cases/${others}`, `/cases/${others}/timeline`, `/cases/${others}/commands/abc`])
      expect([path, (await withToken(token, 'GET', path)).status]).toEqual([path, 404]);
    const command = (of: string, path: string, given: object) =>
      withToken(token, 'POST', `/cases/${of}/${path}`, { key: randomUUID(), body: given });
    expect((await command(others, 'withdraw-case', {})).status).toBe(404);
    expect((await command(caseId, 'add-note', { note: 'x' })).status).toBe(403);
    expect((await withToken(token, 'GET', '/exceptions')).status).toBe(403);
    const another = anyOrder({ customerId: 'cust-5' });
    door.stage.partners.orders.add(another);
    const open = { key: randomUUID(), body: { ...body, orderId: another.orderId } };
    expect((await withToken(token, 'POST', '/cases', open)).body.code).toBe('order_not_found');
    expect((await command(caseId, 'withdraw-case', {})).status).toBe(200);
  });

  it('learns nothing about orders: unknown, unreachable and known ones are answered alike, and none waits for the shop', async () => {
    const order = known();
    const mute = anyOrder();
    door.stage.partners.orders.add(mute);
    const asked = [order, mute, { merchantId: 'm1', orderId: 'O-NONE' }, { merchantId: 'm-none', orderId: order.orderId }];
    const replies = await Promise.all(asked.map(ask));
    for (const reply of replies) expect([reply.status, reply.text]).toEqual([202, '{"status":"sent_if_known"}']);
    await vi.waitFor(() => expect(sent).toHaveLength(1), patiently);
    await inTime();
    expect(sent.map((message) => message.orderId)).toEqual([order.orderId]);
    const slow = await openDoor('api-guests-slow', {
      deps: { orders: { findOrder: () => new Promise(() => undefined) } as never, sendCode: async () => undefined },
    });
    const at = performance.now();
    expect((await slow.send('POST', '/guest/codes', { body: { merchantId: 'm1', orderId: 'O-1' } })).status).toBe(202);
    expect(performance.now() - at).toBeLessThan(2_000);
    await slow.close();
  });

  it('with a wrong code is told the same as with one for no order, and after five tries even the right one is wrong', async () => {
    const order = known();
    const code = await codeFor(order);
    const wrong = code === '000000' ? '000001' : '000000';
    const none = await enter({ merchantId: 'm1', orderId: 'O-NONE' }, wrong);
    expect([none.status, none.body.code]).toEqual([401, 'invalid_code']);
    for (const given of [wrong, wrong, wrong, wrong, wrong, code]) {
      const reply = await enter(order, given);
      expect({ ...reply.body, requestId: '' }).toEqual({ ...none.body, requestId: '' });
    }
    // The right code at the fifth try is still in time.
    const again = known();
    const right = await codeFor(again);
    for (const given of ['999999', '999998', '999997', '999996'].map((one) => (one === right ? '111111' : one)))
      expect((await enter(again, given)).status).toBe(401);
    expect((await enter(again, right)).status).toBe(201);
  });

  it('uses a code once, within ten minutes, for its own order, and a newer one ends the older', async () => {
    const [order, other] = [known(), known()];
    const code = await codeFor(order);
    expect((await enter(other, code)).status).toBe(401);
    expect((await enter({ ...order, merchantId: 'm2' }, code)).status).toBe(401);
    const entries = await Promise.all([1, 2, 3].map(() => enter(order, code)));
    expect(entries.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([201, 401, 401]);
    const older = await codeFor(other);
    const newer = await codeFor(other);
    if (older !== newer) expect((await enter(other, older)).status).toBe(401);
    await codes().updateMany({}, { $set: { validUntil: Date.now() - 1 } });
    expect((await enter(other, newer)).status).toBe(401);
  });

  it('is sent three codes an hour for an order, and then no more', async () => {
    const order = known();
    for (let n = 0; n < 3; n += 1) await codeFor(order);
    for (let n = 0; n < 3; n += 1) expect((await ask(order)).status).toBe(202);
    await inTime();
    expect(sent).toHaveLength(3);
    await codes().updateMany({}, { $set: { 'issuedAt.0': Date.now() - 3_600_001 } });
    await codeFor(order);
  });

  it('of whom the sender knows nothing is answered all the same', async () => {
    const mute = await openDoor('api-guests-mute', { deps: { sendCode: () => Promise.reject(new Error('no mail today')) } });
    const order = { ...anyOrder(), contactRef: 'contact-1' };
    mute.stage.partners.orders.add(order);
    const body = { merchantId: order.merchantId, orderId: order.orderId };
    expect((await mute.send('POST', '/guest/codes', { body })).status).toBe(202);
    await inTime();
    expect((await mute.send('GET', '/healthz')).status).toBe(200);
    await mute.close();
  });

  it('has a token for two hours, of which we keep a hash alone', async () => {
    const token = await tokenFor(known());
    expect(token).toMatch(/^guest_[\w-]{43}$/);
    expect(JSON.stringify(await sessions().find().toArray())).not.toContain(token);
    expect((await withToken(token, 'GET', '/cases')).status).toBe(200);
    for (const bad of [`${token.slice(0, -1)}_`, 'guest_', `guest_${'A'.repeat(43)}`, token.slice(6), `${token}A`])
      expect([bad, (await withToken(bad, 'GET', '/cases')).status]).toEqual([bad, 401]);
    const [session] = await sessions().find().sort({ expiresAt: -1 }).limit(1).toArray();
    const left = (session!.expiresAt as Date).getTime() - Date.now();
    expect(left).toBeGreaterThan(7_100_000);
    expect(left).toBeLessThanOrEqual(7_200_000);
    await sessions().updateMany({}, { $set: { expiresAt: new Date(Date.now() - 1) } });
    expect((await withToken(token, 'GET', '/cases')).status).toBe(401);
  });

  it('leaves nothing behind for ever', async () => {
    for (const collection of [codes(), sessions()])
      expect((await collection.indexes()).flatMap(({ expireAfterSeconds }) => expireAfterSeconds ?? [])).toEqual([0]);
  });
});
