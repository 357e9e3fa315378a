/** After the end: appeals, reopenings by people and by facts. A case has one newest generation, and whatever comes then goes to it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mayRoute, roles, type Role } from '../../domain/permissions.ts';
import { idOfCall, openDoor, type Call, type Door } from '../support/door.ts';
import {
  allWell,
  anyOrder,
  awaitingHandover,
  ended,
  fitting,
  handleOf,
  lost,
  opened,
  over,
  patiently,
  received,
  until,
} from './journey.ts';

type Row = { event: string; by: { id: string; role: string }; cause?: string; text?: string; result?: string; seq: number };
const please = { reason: 'it does leak, look again' };
const wrong = { cause: 'wrong_decision', entry: 'decision', reason: 'we were wrong' };
const person = (id: string, role: Role = 'agent') => ({ id, role, merchantId: 'm1' });

describe('a case that has ended', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-reopening');
  });
  afterAll(() => door.close());

  const appeal = (caseId: string, as: Parameters<Door['command']>[2] = 'customer', more: Call = {}) =>
    door.command(caseId, 'appeal', as, please, more);
  const reopen = (caseId: string, body: object = wrong, as: Parameters<Door['command']>[2] = 'manager', more: Call = {}) =>
    door.command(caseId, 'reopen', as, body, more);
  const read = async (caseId: string) => (await door.get(`/cases/${caseId}`)).body;
  const rows = async (caseId: string) => (await door.get(`/cases/${caseId}/timeline?limit=200`)).body.rows as Row[];
  const documents = () => door.stage.database.cases.models[0]!.collection;
  const stored = (caseId: string) => documents().findOne({ _id: caseId as never });
  const forget = (as: Role, key: string) =>
    door.stage.database.inbox.models[0]!.collection.deleteOne({ _id: idOfCall(as, key) as never });
  const generations = async (caseId: string): Promise<number> => {
    const started = async (generation: number): Promise<boolean> =>
      handleOf(door, caseId, generation)
        .describe()
        .then(
          () => true,
          () => false,
        );
    let newest = 1;
    while (await started(newest + 1)) newest += 1;
    return newest;
  };
  /** Refused by agent-1, and closed. */
  async function rejected(more: Call = {}): Promise<string> {
    const caseId = await opened(door);
    const body = { verdict: 'refuse', ruleIds: ['uk.strr'], reason: 'worn' };
    expect((await door.command(caseId, 'decide-request', 'agent', body, more)).status).toBe(200);
    await over(door, caseId);
    return caseId;
  }
  async function refunded(): Promise<string> {
    const caseId = await received(door);
    expect((await door.command(caseId, 'record-inspection', 'warehouse', allWell)).status).toBe(200);
    await over(door, caseId);
    return caseId;
  }
  const refundOf = (caseId: string) => door.stage.partners.refunds.find((one) => one.caseId === caseId)!;
  const refundFailed = (caseId: string, refundId = refundOf(caseId).refundId) => ({
    type: 'refund_failed',
    data: {
      caseId,
      refundId,
      amountMinor: 5_000,
      currency: 'GBP',
      code: 'account_closed',
      occurredAt: new Date(Date.now() + 1_000).toISOString(),
    },
  });

  it('goes on when its customer appeals: under the same id, its revision counting on, and another person decides', async () => {
    const decided = randomUUID();
    const caseId = await rejected({ key: decided });
    const before = await door.get(`/cases/${caseId}`);
    const reply = await appeal(caseId);
    expect(reply.status, reply.text).toBe(200);
    expect(reply.body).toMatchObject({ caseId, stage: 'under_review', generation: 2, projected: true });
    expect(reply.body.availableMoves).toContain('withdraw_case');
    expect(reply.body.availableMoves).not.toContain('decide_request');
    const now = await door.get(`/cases/${caseId}`);
    expect(now.body).toMatchObject({ stage: 'under_review', open: true, generation: 2 });
    expect(now.body.revision).toBeGreaterThan(before.body.revision);
    expect(now.headers.get('etag')).toBe(`"${now.body.revision}"`);
    expect(now.body.temporalUrl).toContain(encodeURIComponent(`return:${caseId}:2`));
    const all = await rows(caseId);
    expect(all.map((row) => row.seq)).toEqual(all.map((_, index) => index + 1));
    expect(all.find((row) => row.event === 'reopened')).toMatchObject({
      by: { id: 'cust-1', role: 'customer' },
      cause: 'appeal',
      result: 'under_review',
      text: please.reason,
    });
    const { cases } = (await door.get(`/cases?orderId=${before.body.orderId}`)).body;
    expect(cases).toMatchObject([{ caseId, open: true, generation: 2 }]);
    expect((await door.get(`/cases?q=${before.body.rmaNo}`)).body.cases).toMatchObject([{ caseId, generation: 2 }]);

    const accept = (as: Parameters<Door['command']>[2]) => door.command(caseId, 'decide-request', as, { verdict: 'accept' });
    expect(await accept('agent')).toMatchObject({ status: 422, body: { code: 'second_person_required' } });
    // The request is looked at again first: until then nobody may agree.
    await vi.waitFor(async () => expect((await accept(person('agent-2'))).status).toBe(200), patiently);
    expect((await until(door, caseId, 'awaiting_handover')).generation).toBe(2);
    // A link from before still leads to what became of that command.
    const link = await door.get(`/cases/${caseId}/commands/${idOfCall('agent', decided)}`);
    expect(link).toMatchObject({ status: 200, body: { caseId, stage: 'rejected' } });
  });

  it('goes on once for one key: the same bytes again, also when the answer was lost and when the case has ended anew', async () => {
    const [caseId, key] = [await rejected(), randomUUID()];
    const first = await appeal(caseId, 'customer', { key });
    const again = await appeal(caseId, 'customer', { key });
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
    await forget('customer', key);
    expect(await appeal(caseId, 'customer', { key })).toMatchObject({ status: 200, body: { generation: 2 } });
    expect((await door.command(caseId, 'withdraw-case', 'customer', {})).status).toBe(200);
    await over(door, caseId, 2);
    await forget('customer', key);
    expect(await appeal(caseId, 'customer', { key })).toMatchObject({ status: 200, body: { generation: 2, stage: 'withdrawn' } });
    expect(await generations(caseId)).toBe(2);
    expect((await rows(caseId)).filter((row) => row.event === 'reopened')).toHaveLength(1);
  });

  it('reopened by many at once goes on as one generation; the others hear that it is open', async () => {
    const caseId = await rejected();
    const replies = await Promise.all([
      ...[1, 2, 3].map(() => appeal(caseId)),
      ...['manager-1', 'manager-2'].map((id) => reopen(caseId, wrong, person(id, 'manager'))),
    ]);
    expect(replies.map((reply) => reply.status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
    for (const reply of replies.filter(({ status }) => status === 409)) expect(reply.body.code).toBe('not_allowed_now');
    expect(await generations(caseId)).toBe(2);
    expect((await rows(caseId)).filter((row) => row.event === 'reopened')).toHaveLength(1);
  });

  it('does not go on a second time for one who saw it before it was reopened and ended again', async () => {
    const caseId = await rejected();
    const seen = await stored(caseId);
    expect((await appeal(caseId)).status).toBe(200);
    expect((await door.command(caseId, 'withdraw-case', 'customer', {})).status).toBe(200);
    await over(door, caseId, 2);
    await documents().replaceOne({ _id: caseId as never }, seen!);
    const { runId } = await handleOf(door, caseId, 2).describe();
    expect(await reopen(caseId)).toMatchObject({ status: 409, body: { code: 'not_allowed_now' } });
    expect((await handleOf(door, caseId, 2).describe()).runId).toBe(runId);
  });

  it('goes on for its customer within seven days, for a manager always', async () => {
    const old = await openDoor('api-reopening-late', {
      deps: async (stage) => {
        const { createCaseClient } = await import('../../api/case-client.ts');
        const cases = createCaseClient(stage.client, { taskQueue: stage.taskQueue, patienceMs: 14_000 });
        const carryOf: typeof cases.carryOf = async (at) => {
          const carry = await cases.carryOf(at);
          return carry?.carried && { ...carry, carried: { ...carry.carried, at: carry.carried.at - 7 * 86_400_000 - 60_000 } };
        };
        return { cases: { ...cases, carryOf } };
      },
    });
    const caseId = await ended(old);
    for (const reply of [
      await old.command(caseId, 'appeal', 'customer', please),
      await old.command(caseId, 'reopen', 'customer', wrong),
    ])
      expect(reply).toMatchObject({ status: 409, body: { code: 'not_allowed_now', availableMoves: [] } });
    expect((await old.get(`/cases/${caseId}`)).body).toMatchObject({ open: false, generation: 1 });
    expect((await old.command(caseId, 'reopen', 'manager', wrong)).body).toMatchObject({ generation: 2, stage: 'under_review' });
    await old.close();
  });

  it('does not go on where there is nothing to go on with, and says where that lies', async () => {
    const [open, paid, refused] = [await opened(door), await refunded(), await rejected()];
    const entry = (of: string) => ({ cause: 'other', entry: of });
    expect(await appeal(open)).toMatchObject({ status: 409, body: { code: 'not_allowed_now' } });
    for (const [caseId, body, as] of [
      [paid, entry('decision'), 'manager'],
      [paid, entry('money'), 'customer'],
      [paid, entry('goods'), 'manager'],
      [refused, entry('money'), 'customer'],
      // The customer's goods never left: at the dock the decision would be passed by.
      [refused, entry('goods'), 'customer'],
    ] as const) {
      const reply = await reopen(caseId, body, as);
      expect([body.entry, as, reply.status, reply.body.code]).toEqual([body.entry, as, 422, 'not_offered']);
      expect(reply.body.fields).toMatchObject([{ pointer: '/entry', code: 'not_offered' }]);
    }
    expect(await appeal(paid)).toMatchObject({ status: 422, body: { code: 'not_offered' } });
    for (const caseId of [paid, refused]) expect(await read(caseId)).toMatchObject({ open: false, generation: 1 });
  });

  it('does not go on when its units are in another case by now', async () => {
    const order = anyOrder();
    const caseId = await opened(door, {}, order);
    await door.command(caseId, 'withdraw-case', 'customer', {});
    await over(door, caseId);
    const other = await opened(door, {}, order);
    expect(await appeal(caseId)).toMatchObject({ status: 422, body: { code: 'over_limit' } });
    expect(await generations(caseId)).toBe(1);
    expect(await door.stage.database.ledgers.heldBy('m1', order.orderId, other)).toEqual(new Map([['1', 2]]));
    expect(await door.stage.database.ledgers.heldBy('m1', order.orderId, caseId)).toEqual(new Map());
  });

  it('does not go on for one who looked at it before it moved', async () => {
    const caseId = await rejected();
    const { revision } = await read(caseId);
    const stale = { headers: { 'if-match': `"${revision - 1}"` } };
    expect(await appeal(caseId, 'customer', stale)).toMatchObject({ status: 412, body: { code: 'stale_revision' } });
    expect((await appeal(caseId, 'customer', { headers: { 'if-match': `"${revision}"` } })).status).toBe(200);
  });

  it('is reopened by those who may, and looks like none to everybody else', async () => {
    const caseId = await rejected();
    for (const role of roles) {
      const mine = await door.command(caseId, 'appeal', role, { nonsense: true });
      expect([role, mine.body.code]).toEqual([role, mayRoute(role, 'appeal') ? 'invalid_input' : 'forbidden']);
      const reply = await door.command(caseId, 'reopen', role, { nonsense: true });
      expect([role, reply.body.code]).toEqual([role, mayRoute(role, 'reopen_case') ? 'invalid_input' : 'forbidden']);
    }
    const none = await appeal('C-NONE');
    const strangers = [
      { id: 'cust-2', role: 'customer', merchantId: 'm1' },
      { id: 'cust-1', role: 'customer', merchantId: 'm2' },
    ] as const;
    for (const stranger of strangers) {
      const reply = await appeal(caseId, stranger);
      expect([reply.status, { ...reply.body, requestId: '' }]).toEqual([404, { ...none.body, requestId: '' }]);
    }
    expect((await reopen(caseId, wrong, { id: 'manager-1', role: 'manager', merchantId: 'm2' })).status).toBe(404);
    expect((await door.send('POST', `/cases/${caseId}/appeal`, { as: 'customer', body: please })).body.code).toBe(
      'idempotency_key_required',
    );
    expect((await read(caseId)).generation).toBe(1);
  });

  describe('hears a fact', () => {
    it('that its refund failed late: a person is asked in its next generation, and nothing is paid anew meanwhile', async () => {
      const caseId = await refunded();
      expect((await door.webhook('payments', refundFailed(caseId))).body).toEqual({ status: 'told' });
      expect(await until(door, caseId, 'needs_attention')).toMatchObject({
        generation: 2,
        open: true,
        refundedMinor: 0,
        attention: { step: 'refund', cause: 'account_closed' },
        money: [{ state: 'failed' }],
      });
      expect(door.stage.partners.refunds.filter((one) => one.caseId === caseId)).toHaveLength(1);
    });

    it('told twice under one id or two, it goes on once', async () => {
      const caseId = await refunded();
      const id = randomUUID();
      await Promise.all([1, 2, 3, 4].map(() => door.webhook('payments', refundFailed(caseId), { id })));
      await door.webhook('payments', refundFailed(caseId));
      await until(door, caseId, 'needs_attention');
      expect(await generations(caseId)).toBe(2);
      expect((await rows(caseId)).filter((row) => row.event === 'refund_failed')).toHaveLength(1);
    });

    it('that a parcel given up for lost has been delivered: it goes on at the dock', async () => {
      const caseId = await lost(door);
      await vi.waitFor(async () => expect((await read(caseId)).links).toHaveLength(1), patiently); // the carrier answers for it
      expect((await door.command(caseId, 'declare-lost', 'agent', fitting.declare_lost.body)).status).toBe(200);
      await until(door, caseId, 'refunded');
      await over(door, caseId);
      const { trackingNo } = (await read(caseId)).shipment;
      const delivered = { caseId, trackingNo, code: 'delivered', occurredAt: new Date(Date.now() + 60_000).toISOString() };
      expect((await door.webhook('carrier', { type: 'parcel_scanned', data: delivered })).body).toEqual({ status: 'told' });
      expect(await until(door, caseId, 'received')).toMatchObject({ generation: 2, owner: 'warehouse', refundedMinor: 5_000 });
    });

    it('of a dispute together with every other return of that payment, and neither is lost on the ended one', async () => {
      const order = anyOrder();
      const [waiting, gone] = [
        await opened(door, { lines: [{ lineId: '2', quantity: 1 }] }, order),
        await opened(door, { lines: [{ lineId: '1', quantity: 1 }] }, order),
      ];
      expect((await door.command(gone, 'decide-request', 'manager', { verdict: 'accept_without_return' })).status).toBe(200);
      await over(door, gone);
      const unpaid = await opened(door, { lines: [{ lineId: '1', quantity: 1 }] }, order);
      await door.command(unpaid, 'withdraw-case', 'customer', {});
      await over(door, unpaid);
      const data = {
        merchantId: 'm1',
        paymentId: order.paymentId,
        disputeId: 'dp_1',
        amountMinor: 2_500,
        currency: 'GBP',
        occurredAt: new Date().toISOString(),
      };
      door.stage.partners.openDispute({ paymentId: order.paymentId, amountMinor: 2_500 });
      expect((await door.webhook('payments', { type: 'dispute_opened', data })).body).toEqual({ status: 'told' });
      for (const caseId of [waiting, gone])
        await vi.waitFor(async () => {
          expect((await read(caseId)).disputes).toEqual([{ disputeId: 'dp_1', amountMinor: 2_500, state: 'open' }]);
        }, patiently);
      // It waits for the bank, and ends when that has decided.
      expect(await read(gone)).toMatchObject({ generation: 2, stage: 'refund_due' });
      expect((await rows(gone)).filter((row) => row.event === 'reopened')).toHaveLength(1);
      expect(await read(unpaid)).toMatchObject({ generation: 1, disputes: [] });
      const foreign = { ...data, merchantId: 'm2', disputeId: 'dp_2' };
      expect((await door.webhook('payments', { type: 'dispute_opened', data: foreign })).body).toEqual({ status: 'noted' });
      expect((await read(waiting)).disputes).toHaveLength(1);
      await door.webhook('payments', { type: 'dispute_closed', data: { ...data, result: 'won' } });
      expect(await until(door, gone, 'refunded')).toMatchObject({ generation: 2, refundedMinor: 2_500 });
    });

    it('of a dispute that was lost counts once among the returns of the payment', async () => {
      const order = anyOrder();
      const both = [
        await opened(door, { lines: [{ lineId: '1', quantity: 1 }] }, order),
        await opened(door, { lines: [{ lineId: '1', quantity: 1 }] }, order),
      ];
      const { paymentId } = order;
      const disputeId = door.stage.partners.openDispute({ paymentId, amountMinor: 2_500 });
      const data = { merchantId: 'm1', paymentId, disputeId, amountMinor: 2_500, currency: 'GBP' };
      const tell = (type: string, more: object = {}) =>
        door.webhook('payments', { type, data: { ...data, occurredAt: new Date().toISOString(), ...more } });
      expect((await tell('dispute_opened')).body).toEqual({ status: 'told' });
      for (const caseId of both) {
        await door.command(caseId, 'decide-request', 'manager', { verdict: 'accept_without_return' });
        await vi.waitFor(async () => expect((await read(caseId)).money).toMatchObject([{ state: 'dispute_hold' }]), patiently);
      }
      door.stage.partners.closeDispute(disputeId, 'lost');
      expect((await tell('dispute_closed', { result: 'lost' })).body).toEqual({ status: 'told' });
      const ended = await Promise.all(both.map((caseId) => until(door, caseId, 'refunded')));
      expect(new Set(ended.map(({ refundedMinor }) => refundedMinor))).toEqual(new Set([0, 2_500]));
    });

    it('that changes nothing: it stays ended, and the fact stands among the exceptions of its merchant', async () => {
      const caseId = await refunded();
      const { refundId } = refundOf(caseId);
      const { trackingNo } = (await read(caseId)).shipment;
      const at = new Date(Date.now() + 1_000).toISOString();
      const facts: [string, object][] = [
        ['carrier', { type: 'parcel_scanned', data: { caseId, trackingNo, code: 'delivered', occurredAt: at } }],
        ['payments', refundFailed(caseId, 're_of_somebody_else')],
        ['payments', { type: 'refund_settled', data: { caseId, refundId, amountMinor: 5_000, currency: 'GBP', occurredAt: at } }],
      ];
      for (const [partner, body] of facts) {
        const id = randomUUID();
        expect((await door.webhook(partner, body, { id })).body).toEqual({ status: 'noted' });
        const { exceptions } = (await door.get('/exceptions?limit=200')).body;
        expect(exceptions).toContainEqual(expect.objectContaining({ id: `${partner}:${id}`, caseId, why: 'no open case' }));
      }
      expect(await read(caseId)).toMatchObject({ stage: 'refunded', generation: 1 });
    });

    it('that would send it to the dock, though its units are in another case by now: written down, not answered with an error', async () => {
      const order = anyOrder();
      const caseId = await opened(door, {}, order);
      await door.command(caseId, 'decide-request', 'agent', { verdict: 'accept' });
      const { shipment } = await until(door, caseId, 'awaiting_handover');
      await door.command(caseId, 'withdraw-case', 'customer', {});
      await over(door, caseId);
      await opened(door, {}, order);
      const data = { caseId, trackingNo: shipment.trackingNo, code: 'delivered', occurredAt: new Date().toISOString() };
      expect(await door.webhook('carrier', { type: 'parcel_scanned', data })).toMatchObject({
        status: 200,
        body: { status: 'noted' },
      });
      expect(await generations(caseId)).toBe(1);
    });

    it('while it is being reopened: the next generation is told, though the lists do not show it yet', async () => {
      const caseId = await refunded();
      const seen = await stored(caseId);
      await door.webhook('payments', refundFailed(caseId));
      await until(door, caseId, 'needs_attention');
      const shown = await stored(caseId);
      await documents().replaceOne({ _id: caseId as never }, seen!);
      const id = randomUUID();
      expect((await door.webhook('payments', refundFailed(caseId, 're_unknown'), { id })).body).toEqual({ status: 'told' });
      await documents().replaceOne({ _id: caseId as never, stamp: { $lte: seen!.stamp } }, shown!);
      await vi.waitFor(async () => {
        expect((await rows(caseId)).filter((row) => row.event === 'late_fact_noted')).toHaveLength(1);
      }, patiently);
      expect(await generations(caseId)).toBe(2);
    });
  });

  it('keeps what it knew: commands, undo and money of both generations stand in one case', async () => {
    const caseId = await awaitingHandover(door);
    await door.command(caseId, 'cancel-case', 'manager', { reason: 'opened by mistake' });
    await until(door, caseId, 'cancelled');
    await over(door, caseId);
    expect((await reopen(caseId)).body).toMatchObject({ generation: 2, stage: 'under_review' });
    await vi.waitFor(async () => {
      expect((await door.command(caseId, 'decide-request', person('agent-2'), { verdict: 'accept' })).status).toBe(200);
    }, patiently);
    await until(door, caseId, 'awaiting_handover');
    expect(
      (await door.command(caseId, 'record-reception', 'warehouse', { parcelId: 'P1', units: [{ lineId: '1', quantity: 2 }] }))
        .status,
    ).toBe(200);
    expect((await door.command(caseId, 'record-inspection', 'warehouse', allWell)).status).toBe(200);
    expect(await until(door, caseId, 'refunded')).toMatchObject({ generation: 2, refundedMinor: 5_000 });
    expect(door.stage.partners.refunds.filter((one) => one.caseId === caseId)).toHaveLength(1);
  });
});
