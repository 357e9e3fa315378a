/**
 * A refund from our ledger to the provider, on a real MongoDB: whatever breaks on the way, and however often it is tried again,
 * it is paid once and from one source. The provider is in memory.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPaymentActivities } from '../../activities/payments.ts';
import type { RefundInput } from '../../contracts/workflow.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { orderOf } from '../support/cases.ts';

let database: Database;
beforeAll(async () => {
  database = await openDatabase(inject('mongoUri'), `refunding-${randomUUID().slice(0, 8)}`);
  await database.prepare();
});
afterAll(async () => {
  await database.cases.models[0]!.db.dropDatabase();
  await database.close();
});

/** Calls of a gateway or ledger, one of which, counted over all, breaks before or after its effect. */
function breaking<T extends object>(target: T, atCall: (name: string) => 'before' | 'after' | undefined): T {
  return new Proxy(target, {
    get(of, name, receiver) {
      const member: unknown = Reflect.get(of, name, receiver);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return async (...args: unknown[]) => {
        const breaks = atCall(name);
        if (breaks === 'before') throw new Error(`killed before ${name}`);
        const result: unknown = await (member as (...given: unknown[]) => unknown).apply(of, args);
        if (breaks === 'after') throw new Error(`killed after ${name}`);
        return result;
      };
    },
  });
}

/** A payment of 10,000 that has been given back as an advance, and what the customer was charged for that. */
async function spent(chargedMinor?: number) {
  const partners = createFakePartners();
  const id = randomUUID().slice(0, 8);
  const order = orderOf(`O-${id}`);
  partners.orders.add(order);
  const { payments } = partners;
  const at = (atCall: Parameters<typeof breaking>[1]) =>
    createPaymentActivities({
      payments: breaking(payments, atCall),
      database: { ...database, ledgers: breaking(database.ledgers, atCall) },
    });
  const activities = at(() => undefined);
  const inputOf = (caseId: string, intent: string, amountMinor: number, more: Partial<RefundInput> = {}): RefundInput => ({
    key: `${id}-${caseId}/${intent}`,
    caseId: `${id}-${caseId}`,
    merchantId: 'm1',
    paymentId: order.paymentId,
    amountMinor,
    currency: 'GBP',
    paidMinor: order.paidMinor,
    ...more,
  });
  const advance = inputOf('C-1', 'advance', 10_000);
  await activities.refundPayment(advance);
  if (chargedMinor) await activities.recoverAdvance(inputOf('C-1', 'recovery', chargedMinor));
  const ledger = async () => {
    const doc = await database.ledgers.models[2]!.collection.findOne({ _id: `m1/${order.paymentId}` as never });
    const ofCharges = (doc!.ofCharges ?? []) as { key: string; amountMinor: number; chargeId: string }[];
    return { ofPayment: doc!.spokenForMinor as number, ofCharges };
  };
  const refunds = () => partners.refunds.filter((one) => one.key !== advance.key);
  return { ...partners, activities, at, inputOf, advance, ledger, refundsSince: refunds };
}

const typeOf = (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => 'done',
    (err: unknown) => (err as { type?: string }).type ?? (err as Error).message,
  );

describe('a refund of a payment that has given back all it captured', () => {
  it('is given back of what the customer was charged since, and never above', async () => {
    const { activities, inputOf, refundsSince, ledger } = await spent(6_000);
    const { refundId, settled } = await activities.refundPayment(inputOf('C-2', 'refund', 4_000));
    expect(refundsSince()).toMatchObject([{ refundId, amountMinor: 4_000, chargeId: 'ch_1', status: 'succeeded' }]);
    expect(settled).toBe(true);
    expect(await activities.refundPayment(inputOf('C-2', 'refund', 4_000))).toEqual({ refundId, settled });
    expect(await typeOf(activities.refundPayment(inputOf('C-3', 'refund', 2_001)))).toBe('exceeds_payment');
    await activities.refundPayment(inputOf('C-4', 'refund', 2_000));
    expect(refundsSince().map((one) => one.amountMinor)).toEqual([4_000, 2_000]);
    expect(await ledger()).toMatchObject({ ofPayment: 10_000, ofCharges: [{ amountMinor: 4_000 }, { amountMinor: 2_000 }] });
  });

  it('is given back of the smallest charge that covers it, which leaves the greater one to another', async () => {
    const { activities, inputOf, refundsSince } = await spent(6_000);
    await activities.recoverAdvance(inputOf('C-1', 'recovery/2', 3_000));
    await activities.refundPayment(inputOf('C-2', 'refund', 3_000));
    await activities.refundPayment(inputOf('C-3', 'refund', 6_000));
    expect(refundsSince().map((one) => one.chargeId)).toEqual(['ch_2', 'ch_1']);
  });

  it('exceeds it where nothing was charged, or the charge is pending or has failed', async () => {
    const { activities, inputOf, pendNextCharge, settleCharge, charges, refundsSince } = await spent();
    const refund = inputOf('C-2', 'refund', 4_000);
    expect(await typeOf(activities.refundPayment(refund))).toBe('exceeds_payment');
    pendNextCharge();
    await activities.recoverAdvance(inputOf('C-1', 'recovery', 5_000));
    expect(await typeOf(activities.refundPayment(refund))).toBe('exceeds_payment');
    settleCharge(charges[0]!.chargeId, 'succeeded');
    await activities.refundPayment(refund);
    settleCharge(charges[0]!.chargeId, 'failed');
    expect(await typeOf(activities.refundPayment(inputOf('C-3', 'refund', 1)))).toBe('exceeds_payment');
    expect(refundsSince()).toHaveLength(1);
  });

  it('asks nobody for charges where the payment covers it, or the case was opened before there was a ceiling', async () => {
    const { activities, inputOf, advance, calls } = await spent(6_000);
    const asked = () => calls.filter(({ operation, subject }) => operation === 'find_charge' && subject === advance.paymentId);
    await activities.refundPayment(advance);
    const refused = activities.refundPayment(inputOf('C-2', 'refund', 1, { paidMinor: undefined }));
    expect(await typeOf(refused)).toBe('refund_exceeds_payment');
    expect(asked()).toEqual([]);
    await activities.refundPayment(inputOf('C-3', 'refund', 1));
    expect(asked()).toHaveLength(1);
  });

  it('that failed at the provider frees the charge for the next intent', async () => {
    const { activities, inputOf, settle, pendNextRefund, refundsSince, ledger } = await spent(6_000);
    pendNextRefund();
    const { refundId } = await activities.refundPayment(inputOf('C-2', 'refund', 6_000));
    settle(refundId, 'failed');
    expect(await typeOf(activities.refundPayment(inputOf('C-2', 'refund', 6_000)))).toBe('refund_failed');
    const failed = [{ key: inputOf('C-2', 'refund', 0).key, amountMinor: 6_000 }];
    await activities.refundPayment(inputOf('C-2', 'refund/2', 6_000, { failed }));
    expect(refundsSince().map((one) => [one.status, one.chargeId])).toEqual([
      ['failed', 'ch_1'],
      ['succeeded', 'ch_1'],
    ]);
    expect(await ledger()).toMatchObject({ ofPayment: 10_000, ofCharges: [{ chargeId: 'ch_1', amountMinor: 6_000 }] });
  });

  it('that failed is told so again by whoever tries it again, though its sum is free', async () => {
    const { activities, at, inputOf, advance, settle, pendNextRefund, ledger, refunds } = await spent(6_000);
    pendNextRefund();
    const refund = inputOf('C-2', 'refund', 6_000);
    const { refundId } = await activities.refundPayment(refund);
    settle(refundId, 'failed');
    const killed = at((name) => (name === 'freeRefund' ? 'after' : undefined));
    expect(await typeOf(killed.refundPayment(refund))).toBe('killed after freeRefund');
    settle(refunds[0]!.refundId, 'failed');
    await database.ledgers.freeRefund(advance);
    expect(await typeOf(activities.refundPayment(refund))).toBe('refund_failed');
    expect(await ledger()).toEqual({ ofPayment: 0, ofCharges: [] });
  });

  it('that the provider took from elsewhere than was meant is no refund of ours', async () => {
    const { activities, inputOf, payments, charges } = await spent(6_000);
    await activities.recoverAdvance(inputOf('C-1', 'recovery/2', 6_000));
    const { key, caseId, paymentId, amountMinor, currency } = inputOf('C-2', 'refund', 4_000);
    await payments.createRefund({ key, caseId, paymentId, amountMinor, currency, chargeId: charges[1]!.chargeId });
    expect(await typeOf(activities.refundPayment(inputOf('C-2', 'refund', 4_000)))).toBe('answer_mismatch');
  });

  it('and of charges, tried by forty cases at once and charged back meanwhile, never leaves more out than was captured', async () => {
    const { activities, inputOf, charges, refunds, settle, ledger } = await spent(6_000);
    const netMinor = () => {
      const sum = (moves: readonly { amountMinor: number; status: string }[]) =>
        moves.reduce((total, one) => total + (one.status === 'succeeded' ? one.amountMinor : 0), 0);
      return sum(refunds) - sum(charges);
    };
    const tries = Array.from({ length: 40 }, (_, index) => async () => {
      if (index % 10 === 9) await activities.recoverAdvance(inputOf(`R-${index}`, 'recovery', 1_000 + index * 50));
      const one = await typeOf(activities.refundPayment(inputOf(`C-${index}`, 'refund', 300 + index * 37)));
      expect(netMinor()).toBeLessThanOrEqual(10_000);
      return one;
    });
    const ends = await Promise.all(tries.map((one) => one()));
    expect(new Set(ends)).toEqual(new Set(['done', 'exceeds_payment']));
    settle(refunds[0]!.refundId, 'failed');
    await database.ledgers.freeRefund(inputOf('C-1', 'advance', 10_000));
    await Promise.all(tries.map((one) => one()));
    expect(netMinor()).toBeGreaterThan(0);
    const { ofPayment, ofCharges } = await ledger();
    const given = (chargeId?: string) =>
      refunds.reduce((sum, one) => sum + (one.status === 'succeeded' && one.chargeId === chargeId ? one.amountMinor : 0), 0);
    expect(ofPayment).toBe(given());
    for (const { chargeId, amountMinor } of charges) {
      const spoken = ofCharges.reduce((sum, one) => sum + (one.chargeId === chargeId ? one.amountMinor : 0), 0);
      expect(spoken).toBe(given(chargeId));
      expect(spoken).toBeLessThanOrEqual(amountMinor);
    }
  });

  it('is paid once and from one source when many try it at once', async () => {
    const { activities, inputOf, refundsSince, ledger } = await spent(6_000);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => activities.refundPayment(inputOf('C-2', 'refund', 2_500))),
    );
    expect(new Set(answers.map(({ refundId }) => refundId)).size).toBe(1);
    expect(refundsSince()).toHaveLength(1);
    expect((await ledger()).ofCharges).toHaveLength(1);
  });
});

describe('a refund whose worker is killed', () => {
  const calls = ['meanRefund', 'chargesOf', 'meanRefund/2', 'sourceOf', 'findRefund', 'createRefund', 'noteRefund'];
  const points = calls.flatMap((call) => [[call, 'before'] as const, [call, 'after'] as const]);

  it.each(points)(
    'at %s, %s its effect, is paid once from the charge, though the payment is free by then',
    async (call, when) => {
      const { activities, at, inputOf, advance, refundsSince, settle, ledger, refunds } = await spent(6_000);
      const refund = inputOf('C-2', 'refund', 4_000);
      const seen: string[] = [];
      const killed = at((name) => {
        const nth = seen.filter((one) => one.split('/')[0] === name).length + 1;
        seen.push(nth === 1 ? name : `${name}/${nth}`);
        return seen.at(-1) === call ? when : undefined;
      });
      expect(await typeOf(killed.refundPayment(refund))).toBe(`killed ${when} ${call.split('/')[0]}`);

      // What was meant for the charge stays there: nothing else tells where the first try took it from.
      const given = (await ledger()).ofCharges.length > 0;
      settle(refunds[0]!.refundId, 'failed');
      await database.ledgers.freeRefund(advance);
      await activities.refundPayment(refund);
      expect(refundsSince()).toMatchObject([{ amountMinor: 4_000, status: 'succeeded' }]);
      expect(refundsSince()[0]!.chargeId).toBe(given ? 'ch_1' : undefined);
      const { ofPayment, ofCharges } = await ledger();
      expect([ofPayment, ofCharges.map((one) => one.amountMinor)]).toEqual(given ? [0, [4_000]] : [4_000, []]);
      const late = calls.indexOf(call) > 2 || (call === 'meanRefund/2' && when === 'after');
      expect(given).toBe(late);
    },
  );
});
