/** A payment that its customer's bank disputes before a return of it is opened: nobody gives the same money back twice. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Order } from '../../contracts/partners.ts';
import { openDoor, type Door } from '../support/door.ts';
import { anyOrder, opened, over, patiently, until } from './journey.ts';

/** Two kettles, 25 pounds each, are all that was paid. */
const twoKettles = () => {
  const { lines } = anyOrder();
  return anyOrder({ paidMinor: 5_000, lines: [{ ...lines[0]!, quantity: 2 }] });
};

describe('a payment that was disputed before a return of it is opened', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-disputes');
  });
  afterAll(() => door.close());

  /** As the bank decides, at the provider and, by webhook, here. */
  function bank(order: Order, amountMinor = 2_500) {
    const { paymentId } = order;
    const disputeId = door.stage.partners.openDispute({ paymentId, amountMinor });
    const data = { merchantId: 'm1', paymentId, disputeId, amountMinor, currency: 'GBP' };
    const tell = (type: string, more: object = {}) =>
      door.webhook('payments', { type, data: { ...data, occurredAt: new Date().toISOString(), ...more } });
    return {
      disputeId,
      tellOpened: () => tell('dispute_opened'),
      decide: (result: 'won' | 'lost') => door.stage.partners.closeDispute(disputeId, result),
      tellClosed: (result: 'won' | 'lost') => tell('dispute_closed', { result }),
    };
  }
  async function lostBefore(order: Order, amountMinor = 2_500): Promise<string> {
    const { disputeId, tellOpened, decide, tellClosed } = bank(order, amountMinor);
    expect((await tellOpened()).body).toEqual({ status: 'noted' });
    decide('lost');
    expect((await tellClosed('lost')).body).toEqual({ status: 'noted' });
    return disputeId;
  }
  const read = async (caseId: string) => (await door.get(`/cases/${caseId}`)).body;
  const kettle = (order: Order, quantity = 1) => opened(door, { lines: [{ lineId: '1', quantity }] }, order);
  /** After an appeal the request is looked at again first: until then nobody may agree. */
  const accept = (caseId: string) =>
    vi.waitFor(async () => {
      const { status, text } = await door.command(caseId, 'decide-request', 'manager', { verdict: 'accept_without_return' });
      expect(status, text).toBe(200);
    }, patiently);
  const held = (caseId: string) =>
    vi.waitFor(async () => expect((await read(caseId)).money).toMatchObject([{ state: 'dispute_hold' }]), patiently);
  const paidFor = (...caseIds: string[]) =>
    door.stage.partners.refunds.filter((one) => caseIds.includes(one.caseId)).map((one) => one.amountMinor);
  const notices = async (caseId: string) =>
    (await door.stage.database.cases.findAny(caseId))!.state.errands!.flatMap((errand) =>
      errand.kind === 'notice' ? [errand.name] : [],
    );

  it('and lost counts as paid: the return ends without a refund', async () => {
    const order = twoKettles();
    const disputeId = await lostBefore(order);
    const caseId = await kettle(order);
    expect((await read(caseId)).disputes).toEqual([{ disputeId, amountMinor: 2_500, state: 'lost' }]);
    await accept(caseId);
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 0, money: [] });
    expect(paidFor(caseId)).toEqual([]);
  });

  it('and lost in part is refunded for the rest', async () => {
    const order = twoKettles();
    await lostBefore(order, 1_000);
    const caseId = await kettle(order);
    await accept(caseId);
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 1_500 });
    expect(paidFor(caseId)).toEqual([1_500]);
  });

  it('and lost counts once among its returns, one after another', async () => {
    const order = twoKettles();
    await lostBefore(order);
    const first = await kettle(order);
    const second = await kettle(order);
    for (const caseId of [first, second]) {
      await accept(caseId);
      await until(door, caseId, 'refunded');
    }
    expect((await read(second)).disputes).toEqual([]);
    expect(paidFor(first, second)).toEqual([2_500]);
  });

  it('and lost counts in the return that comes after one that was withdrawn', async () => {
    const order = twoKettles();
    await lostBefore(order);
    const first = await kettle(order);
    await door.command(first, 'withdraw-case', 'customer', {});
    await over(door, first);
    const second = await kettle(order);
    await accept(second);
    expect(await until(door, second, 'refunded')).toMatchObject({ refundedMinor: 0 });
  });

  it('and won is refunded as if there had been none', async () => {
    const order = twoKettles();
    const { tellOpened, decide, tellClosed } = bank(order);
    await tellOpened();
    decide('won');
    await tellClosed('won');
    const caseId = await kettle(order);
    expect((await read(caseId)).disputes).toEqual([]);
    await accept(caseId);
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 2_500 });
  });

  it.each([
    ['won', 2_500],
    ['lost', 0],
  ] as const)(
    'and is still: the refund waits for the bank, its customer hears of that once; %s, it goes on',
    async (result, refundedMinor) => {
      const order = twoKettles();
      const { disputeId, tellOpened, decide, tellClosed } = bank(order);
      await tellOpened();
      const caseId = await kettle(order);
      expect((await read(caseId)).disputes).toEqual([{ disputeId, amountMinor: 2_500, state: 'open' }]);
      await accept(caseId);
      await held(caseId);
      expect((await notices(caseId)).filter((name) => name === 'refund_disputed')).toHaveLength(1);
      decide(result);
      expect((await tellClosed(result)).body).toEqual({ status: 'told' });
      expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor, disputes: [{ disputeId, state: result }] });
    },
  );

  it('is remembered whatever order the words come in: what is closed stays closed', async () => {
    const order = twoKettles();
    const { tellOpened, decide, tellClosed } = bank(order);
    decide('lost');
    await Promise.all([tellClosed('lost'), tellClosed('lost'), tellOpened()]);
    await tellOpened();
    await tellClosed('won');
    expect(await door.stage.database.disputes.ofPayment(order)).toMatchObject([{ amountMinor: 2_500, state: 'lost' }]);
    expect(await door.stage.database.disputes.ofPayment({ ...order, merchantId: 'm2' })).toEqual([]);
    const caseId = await kettle(order);
    await accept(caseId);
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 0 });
  });

  it.each([
    ['of which it never heard', 'lost', false, 0],
    ['opened before', 'lost', true, 0],
    ['opened before', 'won', true, 2_500],
  ] as const)('after its end, %s and %s then, counts when the return goes on', async (_, result, heard, refundedMinor) => {
    const order = twoKettles();
    const { tellOpened, decide, tellClosed } = bank(order);
    const caseId = await kettle(order);
    if (heard) expect((await tellOpened()).body).toEqual({ status: 'told' });
    await door.command(caseId, 'withdraw-case', 'customer', {});
    await over(door, caseId);
    if (!heard) await tellOpened();
    decide(result);
    expect((await tellClosed(result)).body).toEqual({ status: 'noted' });
    expect((await door.command(caseId, 'appeal', 'customer', { reason: 'it does leak' })).status).toBe(200);
    await accept(caseId);
    expect(await until(door, caseId, 'refunded')).toMatchObject({
      refundedMinor,
      disputes: result === 'lost' ? [{ state: 'lost' }] : [],
    });
  });

  it('and of which we hear only after the provider has refused: the parked case goes on by itself', async () => {
    const order = twoKettles();
    const { tellOpened, decide, tellClosed } = bank(order);
    const caseId = await kettle(order);
    await accept(caseId);
    expect((await until(door, caseId, 'needs_attention')).attention.cause).toMatch(/^payment_disputed/);
    expect((await tellOpened()).body).toEqual({ status: 'told' });
    await until(door, caseId, 'refund_due');
    await held(caseId);
    decide('lost');
    await tellClosed('lost');
    expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 0 });
  });
});
