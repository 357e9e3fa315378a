/**
 * What must happen once happens once, however often and however simultaneously it is ordered: money, and units at the dock.
 * Each of these goes wrong in systems that take an Idempotency-Key and do not use it.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDoor, type Call, type Door, type Reply } from '../support/door.ts';
import { allReceived, allWell, awaitingHandover, parked, received, until } from './journey.ts';

const statuses = (replies: readonly Reply[]): number[] => replies.map((reply) => reply.status).toSorted((a, b) => a - b);

describe('however often it is ordered', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-once-only');
  });
  afterAll(() => door.close());

  const refundsOf = (caseId: string) => door.stage.partners.refunds.filter((refund) => refund.caseId === caseId);
  const inspect = (caseId: string, more: Call = {}) => door.command(caseId, 'record-inspection', 'warehouse', allWell, more);
  const receive = (caseId: string, body: object = allReceived, more: Call = {}) =>
    door.command(caseId, 'record-reception', 'warehouse', body, more);
  const paidOnce = async (caseId: string, amountMinor: number) => {
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: amountMinor });
    expect(refundsOf(caseId)).toMatchObject([{ amountMinor, status: 'succeeded' }]);
  };

  it('the command that leads to the refund pays once: twice with one key', async () => {
    const [caseId, key] = [await received(door), randomUUID()];
    const [first, second] = [await inspect(caseId, { key }), await inspect(caseId, { key })];
    expect([first.status, second.text]).toEqual([200, first.text]);
    await paidOnce(caseId, 5_000);
  });

  it('the command that leads to the refund pays once: twice with two keys', async () => {
    const caseId = await received(door);
    expect((await inspect(caseId)).status).toBe(200);
    expect([409, 422]).toContain((await inspect(caseId)).status);
    await paidOnce(caseId, 5_000);
  });

  it('the command that leads to the refund pays once: five times at once with one key', async () => {
    const [caseId, key] = [await received(door), randomUUID()];
    const replies = await Promise.all(Array.from({ length: 5 }, () => inspect(caseId, { key })));
    for (const { status, body } of replies) if (status !== 200) expect([status, body.code]).toEqual([409, 'in_flight']);
    expect(new Set(replies.filter(({ status }) => status === 200).map(({ text }) => text)).size).toBe(1);
    await paidOnce(caseId, 5_000);
  });

  it('the command that leads to the refund pays once: five times at once with five keys', async () => {
    const caseId = await received(door);
    const replies = await Promise.all(Array.from({ length: 5 }, () => inspect(caseId)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status } of replies.filter(({ status }) => status !== 200)) expect([409, 422]).toContain(status);
    await paidOnce(caseId, 5_000);
  });

  it('a parked refund is settled by one of two managers', async () => {
    const caseId = await parked(door);
    const settle = (id: string) =>
      door.command(
        caseId,
        'resolve-attention',
        { id, role: 'manager', merchantId: 'm1' },
        { verb: 'override', result: 'refunded', reason: 'paid by transfer', proofIds: ['bank-1'] },
      );
    expect(statuses(await Promise.all([settle('manager-1'), settle('manager-2')]))).toEqual([200, 409]);
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 5_000 });
    expect(refundsOf(caseId)).toEqual([]); // the provider had refused: what was paid by hand is not paid by card as well
  });

  it('a decision and a withdrawal at once have one winner, and the loser is told what is possible now', async () => {
    const opened = (await door.opened()).body.caseId;
    const replies = await Promise.all([
      door.command(opened, 'decide-request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'], reason: 'no' }),
      door.command(opened, 'withdraw-case', 'customer', {}),
    ]);
    expect(statuses(replies)).toEqual([200, 409]);
    expect(replies.find(({ status }) => status === 409)!.body.availableMoves).toBeInstanceOf(Array);
  });

  it('the same parcel confirmed by two people at once is counted once', async () => {
    const caseId = await awaitingHandover(door);
    expect(statuses(await Promise.all([receive(caseId), receive(caseId)]))).toEqual([200, 200]);
    expect(await until(door, caseId, 'received')).toMatchObject({
      unitsReceived: 2,
      goods: [{ lineId: '1', quantity: 2, reception: 'received' }],
    });
    const { rows } = (await door.get(`/cases/${caseId}/timeline`)).body;
    expect(rows.filter((row: { event: string }) => row.event === 'repeat_noted')).toHaveLength(1);
  });

  it('the same parcel confirmed twice at once with one key is counted once', async () => {
    const [caseId, key] = [await awaitingHandover(door), randomUUID()];
    const replies = await Promise.all([receive(caseId, allReceived, { key }), receive(caseId, allReceived, { key })]);
    for (const { status, body } of replies) if (status !== 200) expect(body.code).toBe('in_flight');
    expect(await until(door, caseId, 'received')).toMatchObject({ unitsReceived: 2 });
  });

  it('the same units in two parcels at once are counted once, and the other count is refused', async () => {
    const caseId = await awaitingHandover(door);
    const replies = await Promise.all([receive(caseId), receive(caseId, { ...allReceived, parcelId: 'P2' })]);
    expect(statuses(replies)).toEqual([200, 422]);
    expect(replies.find(({ status }) => status === 422)!.body).toMatchObject({
      code: 'over_limit',
      fields: [{ pointer: '/units/0/quantity' }],
    });
    expect(await until(door, caseId, 'received')).toMatchObject({ unitsReceived: 2 });
  });

  it('units that came in two parcels are paid once each', async () => {
    const caseId = await awaitingHandover(door);
    const one = { units: [{ lineId: '1', quantity: 1 }] };
    const graded = { units: [{ lineId: '1', quantity: 1, grade: 'B', disposition: 'refurbish' }] };
    expect(
      statuses(await Promise.all([receive(caseId, { ...one, parcelId: 'P1' }), receive(caseId, { ...one, parcelId: 'P2' })])),
    ).toEqual([200, 200]);
    expect((await door.command(caseId, 'record-inspection', 'warehouse', graded)).status).toBe(200);
    expect((await door.command(caseId, 'record-inspection', 'warehouse', graded)).status).toBe(200);
    await paidOnce(caseId, 5_000);
  });
});
