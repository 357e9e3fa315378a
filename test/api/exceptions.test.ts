/** Facts that match no case: whose they are, who may read and resolve them, and in which order they come. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles, type Role } from '../../domain/permissions.ts';
import { openDoor, type Door } from '../support/door.ts';
import { ended } from './journey.ts';

interface Shown {
  readonly id: string;
  readonly partner: string;
  readonly open: boolean;
  readonly at: string;
}

describe('exceptions', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-exceptions', { deps: { defaultMerchantId: 'm-only' } });
  });
  afterAll(() => door.close());

  const manager = (merchantId: string) => ({ id: 'manager-1', role: 'manager', merchantId }) as const;
  const scan = (caseId: string, more: object = {}) => ({
    type: 'parcel_scanned',
    data: { caseId, trackingNo: 'RT-NONE', code: 'delivered', occurredAt: new Date().toISOString(), ...more },
  });
  const change = (caseId: string, fields: object) =>
    door.stage.database.cases.models[0]!.collection.updateOne({ _id: caseId as never }, { $set: fields });
  const leg = (trackingNo: string, ours: boolean) => ({ legId: trackingNo, kind: 'return', trackingNo, ours });
  async function told(body: object, partner = 'carrier'): Promise<string> {
    const id = randomUUID();
    expect((await door.webhook(partner, body, { id })).body).toEqual({ status: 'noted' });
    return `${partner}:${id}`;
  }
  const list = async (query: string, as: Parameters<Door['get']>[1]) => {
    const reply = await door.get(`/exceptions${query}`, as);
    expect(reply.status, reply.text).toBe(200);
    return reply.body as { exceptions: Shown[]; nextCursor?: string };
  };
  const idsFor = async (as: Parameters<Door['get']>[1]) => (await list('?limit=200', as)).exceptions.map((one) => one.id);
  const resolve = (id: string, as: Parameters<Door['get']>[1], body: object = { note: 'told the carrier' }) =>
    door.send('POST', `/exceptions/${id}/resolve`, { as, body });

  it('are shown to the merchant whose case, parcel or payment they name', async () => {
    const caseId = await ended(door);
    await change(caseId, { paymentId: 'pay-known', 'state.legs': [leg('RT-KNOWN', true)] });
    const ids = [
      await told(scan(caseId)),
      await told(scan('C-NOBODY', { trackingNo: 'RT-KNOWN' })),
      await told({ type: 'payout_made', data: { paymentId: 'pay-known' } }, 'payments'),
    ];
    const mine = await idsFor('manager');
    expect(ids.filter((id) => !mine.includes(id))).toEqual([]);
    for (const other of ['m2', 'm-only']) expect((await idsFor(manager(other))).filter((id) => ids.includes(id))).toEqual([]);
    expect((await list('', 'manager')).exceptions.at(-1)).toMatchObject({
      id: ids[0],
      caseId,
      why: 'no open case',
      open: true,
    });
  });

  it('are shown to nobody for a number that a customer told us, or that two merchants have', async () => {
    const [one, two] = [await ended(door), await ended(door)];
    await change(one, { 'state.legs': [leg('SF-TOLD', false)], 'state.shipment.trackingNo': 'SF-TOLD', paymentId: 'pay-both' });
    await change(two, { merchantId: 'm2', paymentId: 'pay-both' });
    const payout = { type: 'payout_made', data: { paymentId: 'pay-both' } };
    const ids = [await told(scan('C-NOBODY', { trackingNo: 'SF-TOLD' })), await told(payout, 'payments')];
    for (const merchantId of ['m1', 'm2'])
      expect((await idsFor(manager(merchantId))).filter((id) => ids.includes(id))).toEqual([]);
    expect((await idsFor(manager('m-only'))).filter((id) => ids.includes(id))).toHaveLength(2);
    // Who says whose it is, is believed, if there is such a merchant.
    const theirs = await told({ ...payout, data: { ...payout.data, merchantId: 'm2' } }, 'payments');
    expect([(await idsFor(manager('m2'))).includes(theirs), (await idsFor(manager('m1'))).includes(theirs)]).toEqual([
      true,
      false,
    ]);
  });

  it('are tasks of ours as well, which only a person can do: listed and resolved by the case they are about', async () => {
    const task = { partner: 'mendline', eventId: 'C-1042.claim1/task/12.1', merchantId: 'm1', caseId: 'C-1042.claim1' };
    await door.stage.database.exceptions.add({ ...task, why: 'extra_goods', body: '{"what":"extra_goods"}' });
    const id = 'mendline:C-1042.claim1:task:12.1';
    expect((await list('?partner=mendline', 'agent')).exceptions).toMatchObject([{ id, open: true }]);
    expect((await resolve(id, manager('m2'))).status).toBe(404);
    expect(await resolve(id, 'agent')).toMatchObject({ status: 200, body: { id, open: false, resolvedBy: 'agent-1' } });
    expect((await list('?partner=mendline&open=true', 'agent')).exceptions).toEqual([]);
  });

  it('that name nobody are shown to the one merchant of this installation, and to no other', async () => {
    const ids = [
      await told(scan('C-NOBODY')),
      await told({ type: 'x' }),
      await told({ type: 'x', data: { caseId: { $gt: '' } } }),
    ];
    expect((await idsFor(manager('m-only'))).filter((id) => ids.includes(id))).toHaveLength(3);
    for (const other of ['m1', 'm2']) expect((await idsFor(manager(other))).filter((id) => ids.includes(id))).toEqual([]);
    const many = await openDoor('api-exceptions-many');
    await many.webhook('carrier', scan('C-NOBODY'));
    for (const merchantId of ['m1', 'm-only', ''].filter(Boolean))
      expect((await many.get('/exceptions', manager(merchantId))).body).toEqual({ exceptions: [] });
    await many.close();
  });

  it('are for agents, managers and auditors; what was sent for the last two, and not all of a long one', async () => {
    const long = { type: 'x', data: { words: 'y'.repeat(20_000) } };
    const id = await told(long);
    for (const role of roles) {
      const reply = await door.get('/exceptions', { id: `${role}-1`, role, merchantId: 'm-only' });
      const shown = ['agent', 'manager', 'auditor'].includes(role);
      expect([role, reply.status]).toEqual([role, shown ? 200 : 403]);
      if (!shown) continue;
      const body = reply.body.exceptions.find((one: Shown) => one.id === id).body as string | undefined;
      expect([role, body]).toEqual([role, role === 'agent' ? undefined : JSON.stringify(long).slice(0, 10_000)]);
    }
    expect((await door.send('GET', '/exceptions')).status).toBe(401);
  });

  it('are resolved once, with a note, by agents and managers', async () => {
    const id = await told(scan('C-NOBODY'));
    const as = (role: Role, who = `${role}-1`) => ({ id: who, role, merchantId: 'm-only' }) as const;
    for (const role of roles.filter((one) => one !== 'agent' && one !== 'manager'))
      expect([role, (await resolve(id, as(role))).status]).toEqual([role, 403]);
    expect((await resolve(id, as('agent'), {})).body.code).toBe('invalid_input');
    expect((await list('?open=true&limit=200', as('agent'))).exceptions.map((one) => one.id)).toContain(id);
    const first = await resolve(id, as('agent'));
    expect(first).toMatchObject({
      status: 200,
      body: { id, open: false, resolvedBy: 'agent-1', note: 'told the carrier', resolvedAt: expect.any(String) },
    });
    expect((await resolve(id, as('agent'))).body).toEqual(first.body);
    for (const [who, note] of [
      [as('manager'), 'told the carrier'],
      [as('agent', 'agent-2'), 'told the carrier'],
      [as('agent'), 'something else'],
    ] as const)
      expect(await resolve(id, who, { note })).toMatchObject({ status: 409, body: { code: 'already_resolved' } });
    expect((await list('?open=true&limit=200', as('agent'))).exceptions.map((one) => one.id)).not.toContain(id);
    expect((await list('?open=false&limit=200', as('agent'))).exceptions.map((one) => one.id)).toEqual([id]);
  });

  it('by twenty at once are resolved by one', async () => {
    const id = await told(scan('C-NOBODY'));
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => resolve(id, { id: `agent-${index}`, role: 'agent', merchantId: 'm-only' })),
    );
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
    expect(replies.filter((reply) => reply.status === 409)).toHaveLength(19);
  });

  it('of another merchant look like none', async () => {
    const id = await told(scan('C-NOBODY'));
    const none = await resolve('carrier:none', manager('m1'));
    for (const path of [id, 'none', 'carrier:', 'carrier%2Fx', '%00', 'carrier:$ne', '__proto__', `carrier:${'x'.repeat(101)}`]) {
      const reply = await resolve(path, manager('m1'));
      expect([path, reply.status, { ...reply.body, requestId: '' }]).toEqual([path, 404, { ...none.body, requestId: '' }]);
    }
  });

  it('are paged newest first, without a gap or a double, also among equal instants, by partner and by whether they are open', async () => {
    const merchantId = `m-${randomUUID().slice(0, 8)}`;
    const { exceptions } = door.stage.database;
    await Promise.all(
      Array.from({ length: 23 }, (_, index) =>
        exceptions.add({
          partner: index % 2 ? 'payments' : 'carrier',
          eventId: `${merchantId}-${index}`,
          merchantId,
          why: 'x',
          body: '{}',
        }),
      ),
    );
    await exceptions.models[0]!.collection.updateMany(
      { merchantId, partner: 'carrier' },
      { $set: { at: new Date(1_790_000_000_000) } },
    );
    for (const [filter, count] of [
      ['', 23],
      ['partner=carrier', 12],
      ['partner=payments&open=true', 11],
      ['open=false', 0],
    ] as const) {
      const whole = (await list(`?limit=200&${filter}`, manager(merchantId))).exceptions;
      expect([filter, whole.length]).toEqual([filter, count]);
      const seen: string[] = [];
      for (let cursor = ''; ; ) {
        const page = await list(`?limit=5&${filter}${cursor}`, manager(merchantId));
        seen.push(...page.exceptions.map((one) => one.id));
        if (!page.nextCursor) break;
        cursor = `&cursor=${page.nextCursor}`;
      }
      expect(seen).toEqual(whole.map((one) => one.id));
      const ats = whole.map((one) => one.at);
      expect(ats).toEqual(ats.toSorted().reverse());
    }
  });

  it('are not asked for what they do not know', async () => {
    for (const query of ['partner=warehouse', 'open=yes', 'limit=0', 'cursor=x', 'sort=due', 'partner[$ne]=x', 'merchantId=m2'])
      expect([query, (await door.get(`/exceptions?${query}`)).status]).toEqual([query, 400]);
  });
});
