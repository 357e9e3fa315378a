import { describe, expect, it } from 'vitest';
import type { Errand } from '../../domain/errands.ts';
import { count, grade, paperCaseIn, PaperCase, type PaperOptions } from './paper-case.ts';

/** What is done outside beside words, as one line each. */
const worksOf = (rma: PaperCase): string[] => (rma.state.errands ?? []).flatMap(inShort);
function inShort(errand: Errand): string[] {
  switch (errand.kind) {
    case 'stock':
      return [`${errand.quantity} of ${errand.lineId}: ${errand.grade}, ${errand.disposition}`];
    case 'task':
      return [`task ${errand.what}`];
    case 'dispute_proof':
      return [`proof of ${errand.refundId} for ${errand.disputeId}`];
    case 'claim_withdrawn':
      return [`no claim ${errand.claimCaseId}`];
    default:
      return [];
  }
}
const disputed = (rma: PaperCase) =>
  rma.hear({ name: 'dispute_opened', eventId: 'e1', disputeId: 'dp_1', amountMinor: 5_000, occurredAt: rma.now });
const claimed = () => {
  const rma = paperCaseIn('lost_suspected');
  rma.work('done');
  rma.now += 1;
  return rma;
};
const withoutLabel = (freight: 'merchant' | 'consumer', options: PaperOptions = {}) => {
  const rma = new PaperCase(undefined, options);
  rma.work('done', { verdict: { freight } });
  rma.work('timed_out');
  return rma;
};

describe('outside is done', () => {
  it.each<[string, () => PaperCase, string[]]>([
    [
      'goods that were looked at go into stock, as they were found',
      () => {
        const rma = paperCaseIn('received');
        const units = [
          { lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' },
          { lineId: '1', quantity: 1, grade: 'D', disposition: 'scrap' },
        ];
        rma.give('record_inspection', 'warehouse', { units });
        return rma;
      },
      ['1 of 1: A, restock', '1 of 1: D, scrap'],
    ],
    ['a person repays the freight of a customer who sends by themselves', () => withoutLabel('merchant'), ['task repay_freight']],
    ['nobody repays freight that is the customer’s own', () => withoutLabel('consumer'), []],
    [
      'a refund that was paid is proven to the bank',
      () => {
        const rma = paperCaseIn('refund_due');
        rma.work('done', { pending: true });
        disputed(rma);
        return rma;
      },
      ['2 of 1: A, restock', 'proof of re_1 for dp_1'],
    ],
    [
      'a refund that was not sent has no proof',
      () => {
        const rma = paperCaseIn('refund_due');
        disputed(rma);
        return rma;
      },
      ['2 of 1: A, restock'],
    ],
    [
      'goods that nobody announced are a task',
      () => {
        const rma = paperCaseIn('in_transit');
        const units = [{ lineId: '1', quantity: 2, condition: 'received' }];
        rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units, extras: [{ sku: 'mug', quantity: 3 }] });
        return rma;
      },
      ['task extra_goods'],
    ],
    [
      'a claim is withdrawn when its parcel is found',
      () => {
        const rma = claimed();
        rma.scan('found');
        return rma;
      },
      ['no claim claim:C-1/issue_label'],
    ],
    [
      'a claim is withdrawn when its parcel is counted at the dock',
      () => {
        const rma = claimed();
        count(rma);
        return rma;
      },
      ['no claim claim:C-1/issue_label'],
    ],
    [
      'a claim stands while the parcel is lost',
      () => {
        const rma = claimed();
        rma.scan('lost');
        return rma;
      },
      [],
    ],
    [
      'a deduction that is declined twice becomes a complaint, and not before',
      () => {
        const rma = paperCaseIn('deduction_offered');
        rma.give('answer_proposal', 'customer', { answer: 'decline' });
        expect(worksOf(rma)).toEqual(['2 of 1: D, restock']);
        const deductions = [{ lineId: '1', quantity: 1, amountMinor: 100 }];
        rma.give('settle_discrepancy', 'manager', { decision: 'deduct', deductions, ruleIds: ['uk.strr'] });
        rma.give('answer_proposal', 'customer', { answer: 'decline' });
        return rma;
      },
      ['2 of 1: D, restock', 'task open_complaint'],
    ],
    [
      'what the customer agreed to instead is opened',
      () => {
        const rma = paperCaseIn('under_review');
        rma.give('propose', 'agent', { kind: 'exchange' });
        rma.give('answer_proposal', 'customer', { answer: 'accept' });
        rma.work('done');
        return rma;
      },
      ['task open_successor'],
    ],
  ])('%s', (_, given, works) => {
    expect(worksOf(given())).toEqual(works);
  });

  it('each once, whatever is told twice', () => {
    const rma = paperCaseIn('received');
    const units = [{ lineId: '1', quantity: 2, grade: 'A', disposition: 'restock' }];
    for (const _ of [1, 2]) rma.give('record_inspection', 'warehouse', { units }, { messageId: 'same' });
    expect(worksOf(rma)).toEqual(['2 of 1: A, restock']);
    grade(rma);
    expect(worksOf(rma)).toEqual(['2 of 1: A, restock']);
  });
});
