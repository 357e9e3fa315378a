/** Opening a case: what cannot be leaves nothing behind, one unit is in one case, and a repeated opening meets itself. */
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { caseIdOf } from '../../api/opening.ts';
import { mayRoute, roles, type Role } from '../../domain/permissions.ts';
import { PartnerRefusal, PartnerUnavailable } from '../../gateways/http.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { orderOf } from '../support/cases.ts';
import { idOfCall, openDoor, type Call, type Door } from '../support/door.ts';
import { anyOrder, opened, patiently, until } from './journey.ts';

const dayMs = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * dayMs).toISOString();

/** What a customer may do while an agent decides. */
const movesOfCustomer = ['submit_evidence', 'edit_request', 'withdraw_case', 'send_message', 'request_escalation'];

describe('opening a case', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-opening');
  });
  afterAll(() => door.close());

  const describeCase = (as: Role, key: string) =>
    door.stage.client.workflow.getHandle(workflowIdOf('return', caseIdOf(idOfCall(as, key)))).describe();
  const open = (order: ReturnType<typeof orderOf>, body: object = {}, more: Call = {}) => door.opened(body, order, more);

  it('answers with the case, its number, the verdict with the rules it rests on, and the moves of the caller', async () => {
    const [key, order] = [randomUUID(), anyOrder()];
    const reply = await open(order, {}, { key });
    expect(reply.status).toBe(201);
    const { caseId } = reply.body;
    expect(reply.headers.get('location')).toBe(`/cases/${caseId}`);
    expect(reply.body).toMatchObject({
      caseId: caseIdOf(idOfCall('customer', key)),
      rmaNo: expect.stringMatching(/^RMA-\d{4}-[0-9A-Z]{6}$/),
      stage: 'under_review',
      availableMoves: movesOfCustomer,
      verdict: { verdict: 'referred', reason: 'quality', because: ['claim_needs_a_person', 'value_needs_a_person'] },
    });
    expect(reply.body.verdict.ruleIds).toContain('uk.strr');
    expect((await describeCase('customer', key)).status.name).toBe('RUNNING');
    expect((await door.get(reply.headers.get('location')!, 'customer')).body).toMatchObject({
      customerId: 'cust-1',
      orderId: order.orderId,
      rmaNo: reply.body.rmaNo,
      lines: [{ lineId: '1', sku: 'KETTLE', quantity: 2, unitPriceMinor: 2_500 }],
      availableMoves: movesOfCustomer,
    });
  });

  it.each(roles)('is for those whose work it is: %s', async (role) => {
    const reply = await open(anyOrder(), {}, { as: role });
    expect([reply.status, reply.body.code]).toEqual(mayRoute(role, 'open_case') ? [201, undefined] : [403, 'forbidden']);
  });

  describe('leaves no case behind', () => {
    const order = orderOf('O-nothing-left', { customerId: 'cust-9' });
    const kettles = (quantity: number) => ({ lines: [{ lineId: '1', quantity }] });
    const refusals: [string, Role, object, [number, string, string?]][] = [
      ['for an order of somebody else', 'customer', {}, [404, 'order_not_found']],
      ['for an unknown order', 'agent', { orderId: 'O-unknown' }, [404, 'order_not_found']],
      [
        'for a line the order has not',
        'agent',
        { lines: [{ lineId: '9', quantity: 1 }] },
        [422, 'unknown_line', '/lines/0/lineId'],
      ],
      ['for more units than were bought', 'agent', kettles(4), [422, 'over_limit', '/lines/0/quantity']],
      ['for a notice of tomorrow', 'agent', { noticeSentAt: ago(-1) }, [422, 'impossible_date', '/noticeSentAt']],
      ['for a notice from before the order', 'agent', { noticeSentAt: ago(7) }, [422, 'impossible_date', '/noticeSentAt']],
      ['for a body that does not fit', 'agent', kettles(0), [400, 'invalid_input', '/lines/0/quantity']],
    ];
    it.each(refusals)('%s', async (_, as, body, [status, code, pointer]) => {
      const key = randomUUID();
      const reply = await open(order, body, { as, key });
      expect([reply.status, reply.body.code, reply.body.fields?.[0].pointer]).toEqual([status, code, pointer]);
      await expect(describeCase(as, key)).rejects.toThrow(WorkflowNotFoundError);
      expect(await door.stage.database.ledgers.claimed('m1', 'O-nothing-left', '')).toEqual(new Map());
    });

    it('for an order of another merchant, which looks like none', async () => {
      const stranger = { id: 'agent-1', role: 'agent' as const, merchantId: 'm2' };
      const [theirs, none] = [
        await open(order, {}, { as: stranger }),
        await open(order, { orderId: 'O-none' }, { as: stranger }),
      ];
      expect(theirs.status).toBe(404);
      expect({ ...theirs.body, requestId: '' }).toEqual({ ...none.body, requestId: '' });
    });
  });

  it('sets the day of the notice for staff and services, and for nobody else', async () => {
    const backdated = { noticeSentAt: ago(2) };
    expect(await open(anyOrder(), backdated)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    for (const as of ['agent', 'manager', 'service'] as const) {
      const reply = await open(anyOrder(), backdated, { as });
      expect(reply.status).toBe(201);
      expect((await door.get(`/cases/${reply.body.caseId}`)).body.noticeSentAt).toBe(backdated.noticeSentAt);
    }
  });

  it('counts the notice up to the last millisecond of the window, and not after it', async () => {
    const order = anyOrder({ placedAt: ago(50), deliveredAt: ago(40) });
    const probe = await open(order, { noticeSentAt: ago(30), reason: 'no_reason' }, { as: 'agent' });
    const endsAt = Date.parse(probe.body.verdict.windowEndsAt);
    const at = async (noticeAt: number) => {
      const body = { noticeSentAt: new Date(noticeAt).toISOString(), reason: 'no_reason', lines: [{ lineId: '2', quantity: 1 }] };
      return (await open(order, body, { as: 'agent' })).body;
    };
    expect((await at(endsAt - 1)).stage).not.toBe('rejected');
    expect((await at(endsAt)).stage).toBe('rejected');
  });

  it('refuses an order that was delivered 900 days ago as a result, with the rules that say so', async () => {
    const reply = await open(anyOrder({ placedAt: ago(903), deliveredAt: ago(900) }));
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ stage: 'rejected', availableMoves: [], verdict: { verdict: 'refused' } });
    expect(reply.body.verdict.ruleIds).toEqual(expect.arrayContaining(['uk.strr', 'merchant.window']));
    expect((await door.get(`/cases/${reply.body.caseId}`, 'customer')).body.stage).toBe('rejected');
  });

  it('gives units that another case has claimed to nobody else, until that case lets go of them', async () => {
    const order = anyOrder();
    const first = await opened(door, {}, order);
    const second = await open(order);
    expect(second).toMatchObject({ status: 422, body: { code: 'over_limit', fields: [{ pointer: '/lines/0/quantity' }] } });
    expect((await open(order, { lines: [{ lineId: '1', quantity: 1 }] })).status).toBe(201);
    await door.command(first, 'withdraw-case', 'customer', {});
    await until(door, first, 'withdrawn');
    expect((await open(order)).status).toBe(201);
  });

  it('lets exactly one of two openings at once have the same units; the other says why, and is in no list', async () => {
    // Nobody works yet, so both pass every check of the API: the race is decided by the claim alone.
    await door.stage.stopWorkers();
    const order = anyOrder();
    const both = [open(order), open(order)];
    await vi.waitFor(async () => {
      const { count } = await door.stage.client.workflow.count(`OrderId = '${order.orderId}'`);
      expect(count).toBe(2);
    }, patiently);
    await door.stage.startWorker();
    const replies = await Promise.all(both);
    expect(replies.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([201, 422]);
    const loser = replies.find((reply) => reply.status === 422)!;
    expect(loser.body.code).toBe('over_limit');
    const [, lost] = /closed as (C-\w+)/.exec(loser.body.detail)!;
    await vi.waitFor(async () => expect((await door.get(`/cases/${lost}`)).body.stage).toBe('rejected'), patiently);
    const { cases } = (await door.get(`/cases?orderId=${order.orderId}`)).body;
    expect(cases.map((one: { stage: string }) => one.stage)).toEqual(['under_review']);
    expect((await door.get(`/cases?q=${lost}`)).body.cases).toEqual([]);
    expect(door.stage.partners.notices.filter((notice) => notice.caseId === lost)).toEqual([]);
    const other = { id: 'agent-1', role: 'agent', merchantId: 'm2' } as const;
    expect((await door.get(`/cases/${lost}`, other)).status).toBe(404);
    expect(await door.stage.database.ledgers.claimed('m1', order.orderId, '')).toEqual(new Map([['1', 2]]));
  });

  it('makes one case of the same opening sent ten times at once', async () => {
    const [order, key] = [anyOrder(), randomUUID()];
    const replies = await Promise.all(Array.from({ length: 10 }, () => open(order, {}, { key })));
    for (const reply of replies) expect([201, 409]).toContain(reply.status);
    for (const reply of replies.filter(({ status }) => status === 409)) {
      expect(reply.body.code).toBe('in_flight');
      expect(reply.headers.get('retry-after')).toBe('1');
    }
    const later = await open(order, {}, { key });
    expect(later.status).toBe(201);
    for (const reply of replies.filter(({ status }) => status === 201)) expect(reply.text).toBe(later.text);
    expect((await door.get(`/cases?orderId=${order.orderId}`)).body.cases).toHaveLength(1);
  });

  it('meets its own case again when the key has been forgotten, open or ended', async () => {
    const [order, key] = [anyOrder(), randomUUID()];
    const forget = () => door.stage.database.inbox.models[0]!.collection.deleteOne({ _id: idOfCall('customer', key) as never });
    const first = await open(order, {}, { key });
    await forget();
    const again = await open(order, {}, { key });
    expect([again.status, again.body.caseId, again.body.rmaNo]).toEqual([201, first.body.caseId, first.body.rmaNo]);
    await door.command(first.body.caseId, 'withdraw-case', 'customer', {});
    await until(door, first.body.caseId, 'withdrawn');
    await forget();
    const late = await open(order, {}, { key });
    expect([late.status, late.body.caseId]).toEqual([201, first.body.caseId]);
    expect((await door.get(`/cases?orderId=${order.orderId}`)).body.cases).toHaveLength(1);
  });

  it('says what is known of a case that has ended and whose opening is forgotten everywhere', async () => {
    const [order, key] = [anyOrder({ placedAt: ago(903), deliveredAt: ago(900) }), randomUUID()];
    const caseId = caseIdOf(idOfCall('customer', key));
    // Started without the Update, as it looks when a later run of the case has ended.
    const { partners, client, taskQueue } = door.stage;
    partners.orders.add(order);
    const twin = await open(order, {}, { key: randomUUID() });
    const { events } = await client.workflow.getHandle(workflowIdOf('return', twin.body.caseId)).fetchHistory();
    const payload = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads![0]!;
    const input = JSON.parse(Buffer.from(payload.data!).toString('utf8'));
    const workflowId = workflowIdOf('return', caseId);
    const handle = await client.workflow.start('returnCase', { workflowId, taskQueue, args: [{ ...input, caseId }] });
    await handle.result();
    const reply = await open(order, {}, { key });
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ caseId, stage: 'rejected', verdict: { verdict: 'refused' } });
  });

  it('says try again while the shop is away, and works with the same key once it is back', async () => {
    const [order, key] = [anyOrder(), randomUUID()];
    door.stage.partners.failNext('find_order', new PartnerUnavailable('connect ECONNREFUSED 10.0.0.7:443'));
    const away = await open(order, {}, { key });
    expect(away).toMatchObject({ status: 503, body: { code: 'try_again', detail: 'the shop does not answer' } });
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(away.text).not.toContain('10.0.0.7');
    expect((await open(order, {}, { key })).status).toBe(201);
  });

  it('passes on that the shop refused, and not its words', async () => {
    door.stage.partners.failNext('find_order', new PartnerRefusal('blocked', 'Account 4711 of Jane is blocked'));
    const reply = await open(anyOrder());
    expect(reply).toMatchObject({ status: 422, body: { code: 'partner_refused' } });
    expect(reply.text).not.toContain('Jane');
  });
});

describe('opening a case while nobody works', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-opening-pending', { patienceMs: 700 });
    await door.stage.stopWorkers();
  });
  afterAll(() => door.close());

  it('is pending, and done under the same key as soon as a worker is there', async () => {
    const [order, key] = [anyOrder(), randomUUID()];
    const caseId = caseIdOf(idOfCall('customer', key));
    const pending = await vi.waitFor(async () => {
      const reply = await door.opened({}, order, { key });
      expect(reply.status).toBe(202);
      return reply;
    }, patiently);
    expect(pending.body).toMatchObject({ status: 'pending', caseId });
    expect(Number(pending.headers.get('retry-after'))).toBeGreaterThan(0);
    await door.stage.startWorker();
    const reply = await vi.waitFor(async () => {
      const again = await door.opened({}, order, { key });
      expect(again.status).toBe(201);
      return again;
    }, patiently);
    expect(reply.body).toMatchObject({ caseId, stage: 'under_review' });
    expect((await door.get(`/cases?orderId=${order.orderId}`)).body.cases).toHaveLength(1);
  });
});
