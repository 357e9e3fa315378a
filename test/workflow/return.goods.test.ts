import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { counted, exceptionsOf, graded, handedOut, labelsOf, noticesOf, refundsOf, travelling } from '../support/roads.ts';
import {
  arrives,
  createStage,
  createTroubles,
  eventually,
  gate,
  hours,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('goods', troubles.wrap);
});
afterAll(() => stage.close());

const settle = (rma: Playing, decision: string, more: object = {}, role: 'agent' | 'manager' = 'manager') =>
  rma.give('settle_discrepancy', role, { decision, ruleIds: ['merchant.wear'], ...more });
/** One unit in order, one worn by a customer who changed their mind. */
async function worn(changes: Parameters<Stage['open']>[0] = {}): Promise<Playing> {
  const rma = await handedOut(stage, { reason: 'no_reason', ...changes });
  await arrives(rma);
  await graded(rma, 1, 'A');
  await graded(rma, 1, 'D');
  await untilStage(rma, 'discrepancy');
  return rma;
}
async function offered(): Promise<Playing> {
  const rma = await worn();
  await settle(rma, 'deduct', { deductions: [{ lineId: '1', quantity: 1, amountMinor: 1_000 }] });
  await untilStage(rma, 'deduction_offered');
  return rma;
}
const answer = (rma: Playing, word: string) => rma.give('answer_proposal', 'customer', { answer: word });
const sentBack = async (rma: Playing): Promise<string> =>
  eventually(async () => {
    const leg = (await rma.state()).legs?.findLast((one) => one.kind === 'send_back');
    if (!leg) throw new Error('no label to send back yet');
    return leg.trackingNo;
  });

describe('what arrives', () => {
  it.concurrent('in several parcels, part by part, with things nobody announced, is counted once each and paid in full', async () => {
    const rma = await handedOut(stage, { quantities: { 1: 2, 2: 2 } });
    await counted(rma, [{ lineId: '1', quantity: 2, condition: 'received' }], 'P1', { extras: [{ sku: 'SPOON', quantity: 1 }] });
    await graded(rma, 2, 'A');
    await counted(rma, [{ lineId: '2', quantity: 1, condition: 'received' }], 'P2');
    await counted(rma, [{ lineId: '2', quantity: 1, condition: 'received' }], 'P3');
    await graded(rma, 2, 'B', '2');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 6_000 });
    expect(await exceptionsOf(stage, rma)).toEqual(['extra_goods']);
    const booked = stage.partners.stockEntries.filter((entry) => entry.caseId === rma.caseId);
    expect(booked.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['KETTLE', 2],
      ['TEA', 2],
    ]);
  });

  it.concurrent('and waits too long is accepted as it is by the law’s date', async () => {
    const rma = await handedOut(stage);
    await arrives(rma);
    await rma.pass(241 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

describe('a discrepancy', () => {
  it.concurrent('pays at once for what is in order, and a manager may let the rest pass', async () => {
    const rma = await worn();
    await eventually(() => expect(refundsOf(stage, rma)).toEqual([['refund', 2_500]]));
    await settle(rma, 'waive');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundsOf(stage, rma)).toEqual([
      ['refund', 2_500],
      ['refund/2', 2_500],
    ]);
    expect(noticesOf(stage, rma)).toContain('part_refunded');
  });

  it.concurrent('of little worth is let pass by the clock', async () => {
    const rma = await handedOut(stage, { reason: 'no_reason', quantities: { 2: 2 } });
    await counted(rma, [
      { lineId: '2', quantity: 1, condition: 'received' },
      { lineId: '2', quantity: 1, condition: 'missing' },
    ]);
    await graded(rma, 1, 'A', '2');
    await untilStage(rma, 'discrepancy');
    await rma.pass(300 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 1_000 });
  });

  it.concurrent('above the limit asks a manager, then offers the deduction, and by silence applies it', async () => {
    const rma = await worn();
    await rma.pass(720 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 2_500 });
    expect((await rma.read())!.state).toMatchObject({ managerAsked: true, silences: 2 });
  });

  it.concurrent('of units that come late after all is graded and cleared', async () => {
    const rma = await handedOut(stage);
    await counted(rma, [
      { lineId: '1', quantity: 1, condition: 'received' },
      { lineId: '1', quantity: 1, condition: 'missing' },
    ]);
    await graded(rma, 1, 'A');
    await untilStage(rma, 'discrepancy');
    await counted(rma, [{ lineId: '1', quantity: 1, condition: 'received' }], 'P2');
    await graded(rma, 1, 'A');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

describe('a deduction', () => {
  it.concurrent('that the customer accepts is kept, and the rest is paid', async () => {
    const rma = await offered();
    await answer(rma, 'accept');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 4_000 });
  });

  it.concurrent('that the customer declines twice becomes a complaint for a person to open', async () => {
    const rma = await offered();
    await answer(rma, 'decline');
    await untilStage(rma, 'discrepancy');
    await settle(rma, 'deduct', { deductions: [{ lineId: '1', quantity: 1, amountMinor: 500 }] });
    await answer(rma, 'decline');
    await untilStage(rma, 'discrepancy');
    await eventually(async () => expect(await exceptionsOf(stage, rma)).toEqual(['open_complaint']));
  });

  it.concurrent('that nobody answers is applied', async () => {
    const rma = await offered();
    await rma.pass(120.1 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 4_000 });
  });
});

describe('goods that go back', () => {
  it.concurrent('because we refuse them are delivered, and what was in order stays paid', async () => {
    const rma = await worn();
    await settle(rma, 'refuse_goods');
    const trackingNo = await sentBack(rma);
    await rma.scan('picked_up', 'evt-1', { trackingNo });
    await rma.scan('delivered', 'evt-2', { trackingNo });
    expect(await rma.ended()).toMatchObject({ refundedMinor: 2_500 });
    expect(labelsOf(stage, rma).filter((label) => label.direction === 'send_back')).toHaveLength(1);
  });

  it.concurrent('have arrived, though the carrier said so before we heard that their label is made', async () => {
    const rma = await worn();
    const held = gate();
    troubles.strike({ caseId: rma.caseId, activity: 'issueReturnLabel', until: held.shut });
    await settle(rma, 'refuse_goods');
    const made = () => labelsOf(stage, rma).find((label) => label.direction === 'send_back')!.trackingNo;
    const trackingNo = await eventually(made);
    await rma.scan('picked_up', 'evt-1', { trackingNo });
    await rma.scan('delivered', 'evt-2', { trackingNo });
    await eventually(async () => expect((await rma.state()).strays).toHaveLength(2));
    held.open();
    expect(await rma.ended()).toMatchObject({ refundedMinor: 2_500 });
  });

  it.concurrent('and are lost on the way are paid for', async () => {
    const rma = await worn();
    await settle(rma, 'refuse_goods');
    const trackingNo = await sentBack(rma);
    await rma.scan('picked_up', 'evt-1', { trackingNo });
    await rma.scan('lost', 'evt-2', { trackingNo });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('once a refused label is retried, with one label and not one after another', async () => {
    const rma = await worn();
    const error = ApplicationFailure.nonRetryable('no', 'address_unknown');
    troubles.strike({ caseId: rma.caseId, activity: 'issueReturnLabel', error });
    await settle(rma, 'refuse_goods');
    await untilStage(rma, 'needs_attention');
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    await sentBack(rma);
    await rma.give('add_note', 'agent', { textRef: 'text-1' });
    expect(labelsOf(stage, rma).filter((label) => label.direction === 'send_back')).toHaveLength(1);
  });

  it.concurrent('because the case was cancelled on their way turn round at the dock, however many parcels they are', async () => {
    const rma = await travelling(stage);
    await rma.give('cancel_case', 'manager', {});
    await counted(rma, [{ lineId: '1', quantity: 1, condition: 'received' }]);
    expect((await rma.state()).stage).toBe('received');
    await counted(rma, [{ lineId: '1', quantity: 1, condition: 'received' }], 'P2');
    const trackingNo = await sentBack(rma);
    await rma.scan('delivered', 'evt-9', { trackingNo });
    expect(await rma.ended()).toEqual({ stage: 'returned_to_customer', refundedMinor: 0 });
  });

  it.concurrent('because the customer wants them back instead of a deduction', async () => {
    const rma = await offered();
    await rma.give('withdraw_case', 'customer', {});
    const trackingNo = await sentBack(rma);
    await rma.scan('delivered', 'evt-9', { trackingNo });
    expect(await rma.ended()).toMatchObject({ refundedMinor: 2_500 });
  });
});
