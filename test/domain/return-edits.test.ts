import { describe, expect, it } from 'vitest';
import { mendline } from '../../domain/permissions.ts';
import { asked, day, instantRefund, kettles, paperCaseIn, PaperCase } from './paper-case.ts';

const edit = (rma: PaperCase, change: object = { reason: 'no_reason' }) => rma.give('edit_request', 'customer', change);
const accept = (rma: PaperCase) => rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
const oneKettle = { lines: asked([{ lineId: '1', quantity: 1, unitPriceMinor: 2_500 }]) };

describe('a request that is edited while it is being assessed', () => {
  it.each(['accepted', 'accepted_without_return', 'refused', 'outbound_missing'] as const)(
    'is not %s by the verdict on what it was: goods and money stay, and it is assessed anew',
    (assessed) => {
      const rma = new PaperCase(kettles, instantRefund('approval'));
      edit(rma, oneKettle);
      rma.work('done', { assessed });
      expect([rma.stage, rma.state.money, rma.state.request?.toAssess]).toEqual(['under_review', [], true]);
      expect(rma.state.lots).toEqual([{ lineId: '1', quantity: 1, reception: 'with_customer' }]);
      rma.work('done');
      expect(rma.state.request?.toAssess).toBeUndefined();
      accept(rma);
      expect(rma.stage).toBe('authorized');
    },
  );

  it('and once more while that is assessed, is assessed once more', () => {
    const rma = paperCaseIn('under_review');
    edit(rma);
    const { edits } = rma.state.request!;
    edit(rma, { reason: 'quality' });
    rma.record({ type: 'reassessed', by: mendline, request: { edits } });
    expect(rma.state.request?.toAssess).toBe(true);
    rma.record({ type: 'reassessed', by: mendline, request: { edits: edits + 1 } });
    expect(rma.state.request?.toAssess).toBeUndefined();
  });

  it('is not accepted meanwhile, for its units are not claimed yet; it may be refused', () => {
    const rma = paperCaseIn('under_review');
    edit(rma);
    expect(accept(rma)).toMatchObject({ code: 'not_offered' });
    rma.work('done');
    expect(accept(rma)).toBeUndefined();
    const other = paperCaseIn('under_review');
    edit(other);
    expect(other.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] })).toBeUndefined();
  });

  it('and cannot be assessed anew, needs a person; the review’s clock runs on', () => {
    const rma = paperCaseIn('under_review');
    edit(rma);
    rma.work('refused');
    expect([rma.stage, rma.state.attention?.step]).toEqual(['needs_attention', 'assess']);
    rma.give('resolve_attention', 'agent', { verb: 'retry' });
    rma.work('done');
    expect([rma.stage, rma.state.request?.toAssess]).toEqual(['under_review', undefined]);
    rma.wait(2 * day);
    expect(rma.stage).toBe('authorized');
  });

  it('to units that are in another case is as it was before, all its edits taken back', () => {
    const rma = paperCaseIn('under_review');
    edit(rma, { lines: asked([{ lineId: '1', quantity: 1, unitPriceMinor: 2_500 }]) });
    edit(rma, { lines: asked([{ lineId: '9', quantity: 4, unitPriceMinor: 100 }]), reason: 'no_reason' });
    rma.work('done', { verdict: { because: ['units_in_another_case'] } });
    expect(rma.told.at(-1)?.type).toBe('edit_undone');
    expect(rma.state.lots).toEqual([{ lineId: '1', quantity: 2, reception: 'with_customer' }]);
    expect(rma.state.request).toMatchObject({ reason: 'quality', edits: 2 });
  });
});

describe('editing', () => {
  it('is possible five times', () => {
    const rma = paperCaseIn('under_review');
    for (let times = 0; times < 5; times += 1) expect(edit(rma)).toBeUndefined();
    expect(edit(rma)).toMatchObject({ code: 'not_offered' });
  });

  it('changes no lines once goods have moved: they would be forgotten', () => {
    const rma = paperCaseIn('received');
    rma.record({ type: 'reopened', by: mendline, result: 'under_review', cause: 'appeal' });
    const { lots } = rma.state;
    expect(edit(rma, oneKettle)).toMatchObject({ code: 'not_offered' });
    expect(rma.state.lots).toBe(lots);
  });

  it('is not possible in a case of before requests could be edited', () => {
    expect(edit(paperCaseIn('under_review', kettles, { edition: 1 }))).toMatchObject({ code: 'not_offered' });
  });
});

describe('a proposal', () => {
  it('to send the goods back needs a manager where accepting the request does', () => {
    const dear = [{ lineId: '1', quantity: 1, unitPriceMinor: 100_001 }];
    const rma = paperCaseIn('under_review', dear);
    expect(rma.give('propose', 'agent', { kind: 'return' })).toMatchObject({ code: 'manager_required' });
    expect(rma.give('propose', 'manager', { kind: 'return' })).toBeUndefined();
  });

  it('is made five times at most, declined ones counted', () => {
    const rma = paperCaseIn('under_review');
    for (let no = 1; no <= 5; no += 1) {
      expect(rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: no * 100 })).toBeUndefined();
      if (no % 2 === 0) rma.give('answer_proposal', 'customer', { answer: 'decline' });
    }
    expect(rma.stage).toBe('negotiating');
    expect(rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 900 })).toMatchObject({ code: 'not_offered' });
  });

  it('is answered by its number: an answer to an older one is stale', () => {
    const rma = paperCaseIn('negotiating');
    rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 2_000 });
    expect(rma.give('answer_proposal', 'customer', { answer: 'accept', proposalNo: 1 })).toMatchObject({
      code: 'stale_revision',
      pointer: '/proposalNo',
    });
    rma.give('answer_proposal', 'customer', { answer: 'accept', proposalNo: 2 });
    expect([rma.stage, rma.state.money[0]?.amountMinor, rma.state.lots[0]?.reception]).toEqual(['refund_due', 2_000, 'kept']);
  });
});

it('an appeal is decided by somebody else than who refused', () => {
  const rma = paperCaseIn('under_review', kettles, { changes: { generation: 2, decidedBy: 'agent-1' } });
  expect(accept(rma)).toMatchObject({ code: 'second_person_required' });
  expect(rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] })).toMatchObject({
    code: 'second_person_required',
  });
  expect(rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] }, { id: 'agent-2' })).toBeUndefined();
});
