import { describe, expect, it } from 'vitest';
import { countable, countUnits, goodsMayGoBack, miscounted, receptions, undecided, type Lot } from '../../domain/goods.ts';
import { count, grade, instantRefund, paperCaseIn, PaperCase } from './paper-case.ts';

const lot = (reception: Lot['reception'], more: Partial<Lot> = {}): Lot => ({ lineId: '1', quantity: 2, reception, ...more });
const lotsOf = (rma: PaperCase): object[] =>
  rma.state.lots.map((one) => Object.fromEntries(Object.entries(one).filter(([field]) => field !== 'lineId')));
const counted = (rma: PaperCase, ...units: [number, string][]) =>
  rma.give('record_reception', 'warehouse', {
    parcelId: 'P1',
    scanNo: rma.state.parcels.length + 1,
    units: units.map(([quantity, condition]) => ({ lineId: '1', quantity, condition })),
  });
const settle = (rma: PaperCase, decision: string) =>
  rma.give('settle_discrepancy', 'manager', { decision, ruleIds: ['uk.strr'] });

describe('where a unit ends', () => {
  it.each<[string, () => PaperCase, object[]]>([
    [
      'kept, and accepted, where nothing need come back',
      () => {
        const rma = new PaperCase();
        rma.work('done', { assessed: 'accepted_without_return' });
        return rma;
      },
      [{ quantity: 2, reception: 'kept', acceptance: 'accepted' }],
    ],
    [
      'kept, and not accepted, where the price was lowered instead',
      () => {
        const rma = paperCaseIn('negotiating');
        rma.give('answer_proposal', 'customer', { answer: 'accept' });
        return rma;
      },
      [{ quantity: 2, reception: 'kept' }],
    ],
    [
      'undelivered, while the first parcel is missed',
      () => {
        const rma = new PaperCase();
        rma.work('done', { assessed: 'outbound_missing' });
        return rma;
      },
      [{ quantity: 2, reception: 'undelivered' }],
    ],
    [
      'with the customer, when that parcel is found',
      () => {
        const rma = new PaperCase();
        rma.work('done', { assessed: 'outbound_missing' });
        rma.scan('delivered');
        return rma;
      },
      [{ quantity: 2, reception: 'with_customer' }],
    ],
    [
      'lost at our risk, when it is not',
      () => {
        const rma = new PaperCase();
        rma.work('done', { assessed: 'outbound_missing' });
        rma.scan('lost');
        return rma;
      },
      [{ quantity: 2, reception: 'lost_in_transit' }],
    ],
    [
      'lost at the customer’s risk with a carrier of their own',
      () => {
        const rma = paperCaseIn('awaiting_handover', undefined, { channel: 'own_carrier' });
        rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: 'X1' });
        rma.give('declare_lost', 'manager', {});
        rma.give('declare_lost', 'manager', {});
        return rma;
      },
      [{ quantity: 2, reception: 'lost_in_transit', risk: 'customer' }],
    ],
    [
      'lost at the customer’s risk, and let pass',
      () => {
        const rma = paperCaseIn('awaiting_handover', undefined, { channel: 'own_carrier' });
        rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: 'X1' });
        for (const _ of [1, 2]) rma.give('declare_lost', 'manager', {});
        settle(rma, 'waive');
        return rma;
      },
      [{ quantity: 2, reception: 'lost_in_transit', risk: 'customer', waived: true }],
    ],
    [
      'missing, and let pass; what came well is accepted',
      () => {
        const rma = paperCaseIn('in_transit');
        counted(rma, [1, 'received'], [1, 'missing']);
        rma.give('record_inspection', 'warehouse', {
          units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }],
        });
        rma.settleDown();
        settle(rma, 'waive');
        return rma;
      },
      [
        { quantity: 1, reception: 'short_shipped', waived: true },
        { quantity: 1, reception: 'received', grade: 'A', disposition: 'restock', acceptance: 'accepted' },
      ],
    ],
    [
      'sent back, and at last with the customer again, still refused',
      () => {
        const rma = paperCaseIn('sending_back');
        rma.work('done');
        rma.scan('picked_up');
        expect(lotsOf(rma)).toMatchObject([{ reception: 'sent_back', acceptance: 'rejected' }]);
        rma.now += 1;
        rma.scan('delivered');
        return rma;
      },
      [{ quantity: 2, reception: 'with_customer', acceptance: 'rejected', grade: 'D', disposition: 'restock' }],
    ],
    [
      'lost on the way back, and so paid for',
      () => {
        const rma = paperCaseIn('sending_back');
        rma.work('done');
        rma.scan('lost');
        return rma;
      },
      [{ quantity: 2, reception: 'lost_in_transit', acceptance: undefined, grade: 'D', disposition: 'restock' }],
    ],
    [
      'here, and damaged, which a person must settle',
      () => {
        const rma = paperCaseIn('in_transit', undefined, { reason: 'no_reason' });
        count(rma, 'damaged');
        grade(rma, 'A');
        rma.settleDown();
        expect(rma.stage).toBe('discrepancy');
        return rma;
      },
      [{ quantity: 2, reception: 'received', damaged: true, grade: 'A', disposition: 'restock' }],
    ],
    [
      'here, damaged as the customer had said, and accepted',
      () => {
        const rma = paperCaseIn('in_transit', undefined, { reason: 'transit_damage' });
        count(rma, 'damaged');
        grade(rma, 'C');
        rma.settleDown();
        return rma;
      },
      [{ quantity: 2, reception: 'received', damaged: true, grade: 'C', disposition: 'restock', acceptance: 'accepted' }],
    ],
  ])('%s', (_, given, lots) => {
    expect(lotsOf(given())).toEqual(lots);
  });
});

describe('a late word', () => {
  it.each(['picked_up', 'in_transit', 'lost', 'returned_to_sender', 'pickup_failed'])(
    '%s sets no unit back that has come',
    (code) => {
      const rma = paperCaseIn('received');
      const { lots } = rma.state;
      rma.scan(code, { occurredAt: rma.now - 1 });
      rma.scan(code);
      expect(rma.state.lots).toEqual(lots);
      expect(rma.stage).toBe('received');
    },
  );

  it('of the way out says nothing about goods that were found', () => {
    const rma = new PaperCase();
    rma.work('done', { assessed: 'outbound_missing' });
    rma.scan('delivered');
    const { lots } = rma.state;
    rma.now += 1;
    rma.scan('lost', { trackingNo: 'OUT1' });
    expect([rma.stage, rma.state.lots]).toEqual(['under_review', lots]);
  });
});

describe('counting', () => {
  it.each(receptions)('of a unit that is %s: what may be said of it', (reception) => {
    const here = !['received', 'kept', 'sent_back'].includes(reception);
    const missed = ['with_customer', 'awaiting', 'in_transit'].includes(reception);
    expect([countable('received')(lot(reception)), countable('damaged')(lot(reception))]).toEqual([here, here]);
    expect([countable('missing')(lot(reception)), countable('wrong_item')(lot(reception))]).toEqual([missed, missed]);
    expect(miscounted([lot(reception)], [{ lineId: '1', quantity: 1, condition: 'received' }])).toBe(here ? undefined : 0);
  });

  it('accepts what was lost at our risk and paid for, and nothing that was lost at the customer’s', () => {
    const unit = [{ lineId: '1', quantity: 2, condition: 'received' as const }];
    expect(countUnits([lot('lost_in_transit')], unit)).toEqual([lot('received', { acceptance: 'accepted' })]);
    expect(countUnits([lot('lost_in_transit', { risk: 'customer' })], unit).every(undecided)).toBe(true);
  });

  it('keeps in mind that a unit came damaged', () => {
    expect(countUnits([lot('in_transit')], [{ lineId: '1', quantity: 1, condition: 'damaged' }])).toContainEqual({
      ...lot('received', { damaged: true }),
      quantity: 1,
    });
  });
});

it('only what nobody has decided about can go back', () => {
  expect(
    [lot('received'), lot('received', { acceptance: 'accepted' }), lot('in_transit')].map((one) => goodsMayGoBack([one])),
  ).toEqual([true, false, false]);
});

it('an advance moves no goods', () => {
  const rma = paperCaseIn('in_transit', undefined, instantRefund('first_scan'));
  expect(lotsOf(rma)).toEqual([{ quantity: 2, reception: 'in_transit' }]);
});
