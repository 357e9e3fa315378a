/** The ledgers on a real MongoDB: whatever happens at once, a unit is in one case, and a payment gives back no more than it captured. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDatabase, type Database } from '../../db/database.ts';

describe('the ledgers', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase(inject('mongoUri'), `ledgers-${randomUUID().slice(0, 8)}`);
    await database.prepare();
  });
  afterAll(async () => {
    await database.cases.models[0]!.db.dropDatabase();
    await database.close();
  });

  describe('of units', () => {
    const bought = { 1: 3, 2: 5, 3: 1 } as Record<string, number>;
    type Quantities = Record<string, number>;
    const order = () => `O-${randomUUID().slice(0, 8)}`;
    const linesOf = (quantities: Quantities) =>
      Object.entries(quantities).map(([lineId, quantity]) => ({ lineId, quantity, bought: bought[lineId]! }));
    const claim = (orderId: string, caseId: string, quantities: Quantities) =>
      database.ledgers.claimExactly({ merchantId: 'm1', orderId, caseId, lines: linesOf(quantities) });
    const heldBy = async (orderId: string, caseId: string): Promise<Quantities> =>
      Object.fromEntries([...(await database.ledgers.heldBy('m1', orderId, caseId))].filter(([, quantity]) => quantity > 0));
    /** The sum of each line beside what each case says: both must tell the same. */
    async function sums(orderId: string): Promise<Quantities> {
      const docs = await database.ledgers.models[0]!.collection.find({ orderId }).toArray();
      for (const { claimed, by } of docs)
        expect(claimed).toBe(by.reduce((sum: number, one: { quantity: number }) => sum + one.quantity, 0));
      return Object.fromEntries(docs.filter(({ claimed }) => claimed > 0).map(({ lineId, claimed }) => [lineId, claimed]));
    }

    it('hold exactly what a case asks for as it grows, shrinks, changes lines and asks again', async () => {
      const orderId = order();
      for (const quantities of [
        { 1: 2 },
        { 1: 2 },
        { 1: 3, 2: 1 },
        { 1: 1, 2: 5 },
        { 2: 5 },
        { 2: 1, 3: 1 },
        { 3: 1 },
        {},
        { 1: 1 },
      ] as Quantities[]) {
        expect([quantities, await claim(orderId, 'C-1', quantities)]).toEqual([quantities, true]);
        expect(await heldBy(orderId, 'C-1')).toEqual(quantities);
        expect(await sums(orderId)).toEqual(quantities);
      }
    });

    it('leave everything as it was for a case that asks for more than is left, whatever else it asked for', async () => {
      const orderId = order();
      expect(await claim(orderId, 'C-1', { 1: 1, 2: 3 })).toBe(true);
      expect(await claim(orderId, 'C-2', { 1: 2, 3: 1 })).toBe(true);
      for (const wanted of [
        { 1: 2, 2: 3 }, // one more of a line that is gone
        { 1: 1, 2: 5, 3: 1 }, // grows one line before it fails at another
        { 2: 1, 3: 1 }, // shrinks, drops and fails
        { 1: 9 },
      ] as Quantities[]) {
        expect([wanted, await claim(orderId, 'C-1', wanted)]).toEqual([wanted, false]);
        expect(await heldBy(orderId, 'C-1')).toEqual({ 1: 1, 2: 3 });
        expect(await heldBy(orderId, 'C-2')).toEqual({ 1: 2, 3: 1 });
        expect(await sums(orderId)).toEqual({ 1: 3, 2: 3, 3: 1 });
      }
      expect(await claim(orderId, 'C-3', { 2: 3 })).toBe(false);
      expect(await heldBy(orderId, 'C-3')).toEqual({});
    });

    it('give a line to as many of forty at once as there are units, and no unit twice', async () => {
      const orderId = order();
      const cases = Array.from({ length: 40 }, (_, index) => `C-${index}`);
      const won = await Promise.all(cases.map((caseId) => claim(orderId, caseId, { 2: 1 })));
      expect(won.filter(Boolean)).toHaveLength(5);
      expect(await sums(orderId)).toEqual({ 2: 5 });
      for (const [index, caseId] of cases.entries()) expect(await heldBy(orderId, caseId)).toEqual(won[index] ? { 2: 1 } : {});
    });

    it('give two lines together or not at all: of twenty that want both at once, in either order, one gets both and nobody one', async () => {
      const orderId = order();
      const wishes: Quantities[] = Array.from({ length: 20 }, (_, index) => (index % 2 ? { 1: 1, 3: 1 } : { 3: 1, 1: 1 }));
      const won = await Promise.all(wishes.map((wish, index) => claim(orderId, `C-${index}`, wish)));
      for (const [index, got] of won.entries()) expect(await heldBy(orderId, `C-${index}`)).toEqual(got ? { 1: 1, 3: 1 } : {});
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await sums(orderId)).toEqual({ 1: 1, 3: 1 });
    });

    it('count one claim of the same case once, however often it is made at once', async () => {
      const orderId = order();
      expect(await Promise.all(Array.from({ length: 20 }, () => claim(orderId, 'C-1', { 1: 2, 2: 2 })))).not.toContain(false);
      expect(await Promise.all(Array.from({ length: 20 }, () => claim(orderId, 'C-1', { 1: 3, 2: 1 })))).not.toContain(false);
      expect(await heldBy(orderId, 'C-1')).toEqual({ 1: 3, 2: 1 });
      expect(await sums(orderId)).toEqual({ 1: 3, 2: 1 });
    });

    it('are let go once, whoever lets go how often, and only of this case, this order and this merchant', async () => {
      const orderId = order();
      await claim(orderId, 'C-1', { 1: 1, 2: 2 });
      await claim(orderId, 'C-2', { 1: 1 });
      for (const other of [
        { merchantId: 'm2', orderId, caseId: 'C-1' },
        { merchantId: 'm1', orderId: 'O-other', caseId: 'C-1' },
        { merchantId: 'm1', orderId, caseId: 'C-9' },
      ])
        expect(await database.ledgers.release(other)).toBe(0);
      const freed = await Promise.all(
        Array.from({ length: 10 }, () => database.ledgers.release({ merchantId: 'm1', orderId, caseId: 'C-1' })),
      );
      expect(freed.reduce((sum, lines) => sum + lines, 0)).toBe(2);
      expect(await sums(orderId)).toEqual({ 1: 1 });
      expect(await claim(orderId, 'C-3', { 1: 2, 2: 5 })).toBe(true);
    });
  });

  describe('of money', () => {
    const payment = () => `pay-${randomUUID().slice(0, 8)}`;
    type Charges = Parameters<typeof database.ledgers.meanRefund>[1];
    const mean = (paymentId: string, key: string, amountMinor: number, more: object = {}, charges?: Charges) =>
      database.ledgers.meanRefund(
        {
          key: `${paymentId}/${key}`,
          merchantId: 'm1',
          caseId: 'C-1',
          amountMinor,
          currency: 'GBP',
          paymentId,
          paidMinor: 10_000,
          ...more,
        },
        charges,
      );
    const free = (paymentId: string, key: string, amountMinor: number) =>
      database.ledgers.freeRefund({
        key: `${paymentId}/${key}`,
        merchantId: 'm1',
        caseId: 'C-1',
        amountMinor,
        currency: 'GBP',
        paymentId,
      });
    const spokenFor = async (paymentId: string): Promise<number> => {
      const doc = await database.ledgers.models[2]!.collection.findOne({ _id: `m1/${paymentId}` as never });
      const by = doc!.by as { amountMinor: number }[];
      expect(doc!.spokenForMinor).toBe(by.reduce((sum, one) => sum + one.amountMinor, 0));
      return doc!.spokenForMinor as number;
    };

    it('mean of a payment, over all its cases, up to what it captured and not a penny more', async () => {
      const paymentId = payment();
      expect(await mean(paymentId, 'C-1/refund', 6_000)).toBe('meant');
      expect(await mean(paymentId, 'C-2/refund', 4_001)).toBe('exceeds_payment');
      expect(await mean(paymentId, 'C-3/refund', 4_000)).toBe('meant');
      expect(await mean(paymentId, 'C-4/refund', 1)).toBe('exceeds_payment');
      expect(await spokenFor(paymentId)).toBe(10_000);
      expect(await mean(payment(), 'C-5/refund', 10_001)).toBe('exceeds_payment');
    });

    it('mean the same key once, for one amount and one currency', async () => {
      const paymentId = payment();
      for (const _ of [1, 2, 3]) expect(await mean(paymentId, 'C-1/refund', 6_000)).toBe('meant');
      expect(await spokenFor(paymentId)).toBe(6_000);
      expect(await mean(paymentId, 'C-1/refund', 5_999)).toBe('other_amount');
      expect(await mean(paymentId, 'C-1/refund', 6_000, { currency: 'EUR' })).toBe('other_amount');
      expect(await spokenFor(paymentId)).toBe(6_000);
    });

    it('free what failed, once, so that it may be given back another way, and then once again', async () => {
      const paymentId = payment();
      await mean(paymentId, 'C-1/refund', 9_000);
      await Promise.all(Array.from({ length: 5 }, () => free(paymentId, 'C-1/refund', 9_000)));
      await free(paymentId, 'C-9/refund', 9_000); // never meant: nothing to free
      expect(await spokenFor(paymentId)).toBe(0);
      expect(await mean(paymentId, 'C-1/refund/2', 9_000)).toBe('meant');
      expect(await mean(paymentId, 'C-1/refund', 9_000)).toBe('exceeds_payment');
      expect(await spokenFor(paymentId)).toBe(9_000);
    });

    it('keep the ceiling when thirty cases mean their refunds at once', async () => {
      const paymentId = payment();
      const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => mean(paymentId, `C-${index}/refund`, 3_000)));
      expect(answers.filter((answer) => answer === 'meant')).toHaveLength(3);
      expect(await spokenFor(paymentId)).toBe(9_000);
      const again = await Promise.all(Array.from({ length: 30 }, (_, index) => mean(paymentId, `C-${index}/refund`, 3_000)));
      expect(again).toEqual(answers);
    });

    it('count one key once when it is meant twenty times at once', async () => {
      const paymentId = payment();
      const answers = await Promise.all(Array.from({ length: 20 }, () => mean(paymentId, 'C-1/refund', 6_000)));
      expect(new Set(answers)).toEqual(new Set(['meant']));
      expect(await spokenFor(paymentId)).toBe(6_000);
    });

    it('keep payments of one name apart by merchant', async () => {
      const paymentId = payment();
      expect(await mean(paymentId, 'C-1/refund', 10_000)).toBe('meant');
      expect(await mean(paymentId, 'C-2/refund', 10_000, { merchantId: 'm2' })).toBe('meant');
      expect(await mean(paymentId, 'C-3/refund', 1)).toBe('exceeds_payment');
    });

    describe('that a customer was charged again', () => {
      const charge = (chargeId: string, amountMinor: number) => ({ chargeId, amountMinor });
      const sourceOf = async (paymentId: string, key: string) =>
        (await database.ledgers.sourceOf({ key: `${paymentId}/${key}`, merchantId: 'm1', paymentId })).chargeId ?? 'payment';
      /** What is spoken for of each charge. */
      const spokenForOf = async (paymentId: string): Promise<Record<string, number>> => {
        const doc = await database.ledgers.models[2]!.collection.findOne({ _id: `m1/${paymentId}` as never });
        const sums: Record<string, number> = {};
        for (const { chargeId, amountMinor } of doc!.ofCharges as { chargeId: string; amountMinor: number }[])
          sums[chargeId] = (sums[chargeId] ?? 0) + amountMinor;
        return sums;
      };
      const spent = async () => {
        const paymentId = payment();
        expect(await mean(paymentId, 'C-1/advance', 10_000)).toBe('meant');
        return paymentId;
      };

      it('mean of the payment as long as that covers it, then of the charge, up to what it took', async () => {
        const paymentId = payment();
        const charges = [charge('ch_1', 5_000)];
        expect(await mean(paymentId, 'C-1/refund', 7_000, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-2/refund', 4_000, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-3/refund', 2_001, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-4/refund', 1_500, {}, charges)).toBe('exceeds_payment');
        expect(await mean(paymentId, 'C-5/refund', 1_000, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-6/refund', 1, {}, charges)).toBe('meant');
        expect(await spokenFor(paymentId)).toBe(9_002);
        expect(await spokenForOf(paymentId)).toEqual({ ch_1: 5_000 });
        expect(await Promise.all(['C-1', 'C-2', 'C-3', 'C-5'].map((one) => sourceOf(paymentId, `${one}/refund`)))).toEqual([
          'payment',
          'ch_1',
          'payment',
          'ch_1',
        ]);
      });

      it('take the first charge that covers it alone, and none where only several together would', async () => {
        const paymentId = await spent();
        const charges = [charge('ch_1', 3_000), charge('$ch_2', 6_000)];
        expect(await mean(paymentId, 'C-2/refund', 7_000, {}, charges)).toBe('exceeds_payment');
        expect(await mean(paymentId, 'C-3/refund', 4_000, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-4/refund', 2_500, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-5/refund', 2_000, {}, charges)).toBe('meant');
        expect(await mean(paymentId, 'C-6/refund', 501, {}, charges)).toBe('exceeds_payment');
        expect(await spokenForOf(paymentId)).toEqual({ ch_1: 2_500, $ch_2: 6_000 });
      });

      it('keep a key’s source, whatever becomes free or is offered meanwhile, and count it once', async () => {
        const paymentId = await spent();
        expect(await mean(paymentId, 'C-2/refund', 3_000, {}, [charge('ch_1', 3_000)])).toBe('meant');
        await free(paymentId, 'C-1/advance', 10_000);
        for (const charges of [undefined, [charge('ch_1', 3_000)], [charge('ch_2', 9_000)]])
          expect(await mean(paymentId, 'C-2/refund', 3_000, {}, charges)).toBe('meant');
        expect(await sourceOf(paymentId, 'C-2/refund')).toBe('ch_1');
        expect([await spokenFor(paymentId), await spokenForOf(paymentId)]).toEqual([0, { ch_1: 3_000 }]);

        expect(await mean(paymentId, 'C-3/refund', 8_000)).toBe('meant');
        expect(await mean(paymentId, 'C-3/refund', 8_000, {}, [charge('ch_3', 8_000)])).toBe('meant');
        expect(await sourceOf(paymentId, 'C-3/refund')).toBe('payment');
        expect([await spokenFor(paymentId), await spokenForOf(paymentId)]).toEqual([8_000, { ch_1: 3_000 }]);
      });

      it('free what failed where it was taken from, once', async () => {
        const paymentId = await spent();
        const charges = [charge('ch_1', 4_000)];
        expect(await mean(paymentId, 'C-2/refund', 4_000, {}, charges)).toBe('meant');
        await Promise.all(Array.from({ length: 5 }, () => free(paymentId, 'C-2/refund', 4_000)));
        expect([await spokenFor(paymentId), await spokenForOf(paymentId)]).toEqual([10_000, {}]);
        expect(await mean(paymentId, 'C-2/refund/2', 4_000, {}, charges)).toBe('meant');
        await free(paymentId, 'C-1/advance', 10_000);
        expect([await spokenFor(paymentId), await spokenForOf(paymentId)]).toEqual([0, { ch_1: 4_000 }]);
      });

      it('keep both ceilings when thirty cases mean their refunds at once', async () => {
        const paymentId = payment();
        const meanAll = () =>
          Promise.all(
            Array.from({ length: 30 }, (_, index) =>
              mean(paymentId, `C-${index}/refund`, 3_000, {}, [charge('ch_1', 5_000), charge('ch_2', 6_500)]),
            ),
          );
        const answers = await meanAll();
        expect(answers.filter((answer) => answer === 'meant')).toHaveLength(6);
        expect(await meanAll()).toEqual(answers);
        expect([await spokenFor(paymentId), await spokenForOf(paymentId)]).toEqual([9_000, { ch_1: 3_000, ch_2: 6_000 }]);
      });

      it('give a key one source when it is meant twenty times at once and the payment becomes free', async () => {
        const paymentId = await spent();
        const answers = await Promise.all([
          ...Array.from({ length: 20 }, () => mean(paymentId, 'C-2/refund', 6_000, {}, [charge('ch_1', 9_000)])),
          free(paymentId, 'C-1/advance', 10_000),
          ...Array.from({ length: 20 }, () => mean(paymentId, 'C-2/refund', 6_000, {}, [charge('ch_2', 9_000)])),
        ]);
        expect(new Set(answers)).toEqual(new Set(['meant', undefined]));
        const ofCharges = Object.values(await spokenForOf(paymentId)).reduce((sum, one) => sum + one, 0);
        expect((await spokenFor(paymentId)) + ofCharges).toBe(6_000);
      });

      it('mean of a payment whose document is of before there were charges', async () => {
        const paymentId = payment();
        await database.ledgers.models[2]!.collection.insertOne({
          _id: `m1/${paymentId}` as never,
          spokenForMinor: 9_000,
          by: [{ key: `${paymentId}/C-1/refund`, amountMinor: 9_000 }],
        });
        expect(await mean(paymentId, 'C-1/refund', 9_000)).toBe('meant');
        expect(await sourceOf(paymentId, 'C-1/refund')).toBe('payment');
        expect(await mean(paymentId, 'C-2/refund', 1_001, {}, [charge('ch_1', 2_000)])).toBe('meant');
        expect(await sourceOf(paymentId, 'C-2/refund')).toBe('ch_1');
        await free(paymentId, 'C-1/refund', 9_000);
        expect([await spokenFor(paymentId), await spokenForOf(paymentId)]).toEqual([0, { ch_1: 1_001 }]);
      });

      it('know no source of a key that is meant of no payment', async () => {
        expect(await sourceOf(payment(), 'C-1/refund')).toBe('payment');
      });
    });

    it('ask for no ceiling where the case was opened before there was one', async () => {
      expect(await mean(payment(), 'C-1/refund', 99_999, { paidMinor: undefined })).toBe('meant');
    });
  });
});
