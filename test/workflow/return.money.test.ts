import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unwarned } from '../support/cases.ts';
import {
  codeOf,
  counted,
  graded,
  handedOut,
  instantly,
  mayBeTakenBack,
  noticesOf,
  refundsOf,
  travelling,
} from '../support/roads.ts';
import {
  arrives,
  createStage,
  createTroubles,
  eventually,
  gate,
  hours,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('money', troubles.wrap);
});
afterAll(() => stage.close());

const no = (caseId: string, activity: 'refundPayment' | 'recoverAdvance', code: string) =>
  troubles.strike({ caseId, activity, error: ApplicationFailure.nonRetryable('no', code) });
/** The provider does it, and its answer never comes: that is known once it is opened. */
function answerIsLost(caseId: string, activity: 'refundPayment' | 'recoverAdvance') {
  const { shut, open } = gate();
  troubles.strike({ caseId, activity, error: new Error('the answer is lost'), afterEffect: true, until: shut });
  return { open };
}
const advance = (trigger: Parameters<typeof instantly>[0]) => ({ sla: instantly(trigger), ...mayBeTakenBack });
const moneyOf = async (rma: Playing) => (await rma.state()).money.map(({ intent, state }) => `${intent} ${state}`);
const dispute = (rma: Playing, name: 'dispute_opened' | 'dispute_closed', more: object = {}) =>
  rma.tell(name, { eventId: `${name}-1`, disputeId: 'dp-1', amountMinor: 5_000, occurredAt: Date.now(), ...more } as never);
/** An advance that was paid, and goods that give no right to it. */
async function owingBack(caseId = newCaseId()): Promise<Playing> {
  const rma = await handedOut(stage, { caseId, ...advance('approval'), reason: 'no_reason', quantities: { 2: 1 } });
  await eventually(async () => expect(await moneyOf(rma)).toEqual(['advance settled']));
  return rma;
}

describe('money before the goods', () => {
  it.concurrent.each(['approval', 'first_scan', 'delivery'] as const)(
    'is paid on %s, and confirmed by the inspection',
    async (trigger) => {
      const rma = await travelling(stage, advance(trigger));
      await rma.scan('delivered');
      await untilStage(rma, 'received');
      await eventually(async () => expect(await moneyOf(rma)).toEqual(['advance settled']));
      await arrives(rma);
      await isGraded(rma);
      expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
      expect(refundsOf(stage, rma)).toEqual([['advance', 5_000]]);
      // Once the goods are on their way nobody is asked to hand them over.
      expect(noticesOf(stage, rma)).toContain(trigger === 'approval' ? 'instant_refund_paid' : 'refund_sent');
    },
  );

  it.concurrent('is not paid without the customer’s word that it may be taken back', async () => {
    const rma = await travelling(stage, { sla: instantly('first_scan') });
    expect((await rma.state()).money).toEqual([]);
  });

  it.concurrent('on goods that never come is charged back before the case ends', async () => {
    const rma = await owingBack();
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(stage.partners.charges.filter((one) => one.caseId === rma.caseId)).toMatchObject([{ amountMinor: 500 }]);
  });

  it.concurrent('that cannot be charged back is paid by the customer another way', async () => {
    const caseId = newCaseId();
    no(caseId, 'recoverAdvance', 'card_declined');
    const rma = await owingBack(caseId);
    await rma.give('withdraw_case', 'customer', {});
    await untilStage(rma, 'recovering_advance');
    await eventually(async () => expect(await moneyOf(rma)).toContain('recovery failed'));
    await rma.give('pay_balance', 'agent', { proofIds: ['bank-1'] });
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
  });

  it.concurrent('that cannot be charged back is given up by two managers, not by one', async () => {
    const caseId = newCaseId();
    no(caseId, 'recoverAdvance', 'card_declined');
    const rma = await handedOut(stage, {
      caseId,
      ...advance('approval'),
      sla: (sla) => ({ ...instantly('approval')(sla), limits: { ...sla.limits!, fourEyesMinor: 100 } }),
    });
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['advance settled']));
    await rma.give('withdraw_case', 'customer', {});
    await eventually(async () => expect(await moneyOf(rma)).toContain('recovery failed'));
    await rma.give('write_off', 'manager', {});
    expect(await codeOf(rma.give('write_off', 'manager', {}))).toBe('second_person_required');
    expect((await rma.state()).stage).toBe('recovering_advance');
    await rma.handle.executeUpdate('write_off', { args: [{ actor: { id: 'manager-2', role: 'manager' }, payload: {} }] });
    expect(await rma.ended()).toMatchObject({ stage: 'withdrawn' });
    expect((await rma.read())!.state.money.map((line) => line.state)).toContain('written_off');
  });

  it.concurrent('that is under way holds up nobody who withdraws, and is not lost sight of', async () => {
    const caseId = newCaseId();
    const { shut, open } = gate();
    troubles.strike({ caseId, activity: 'refundPayment', until: shut });
    const rma = await handedOut(stage, { caseId, ...advance('approval') });
    await eventually(() => expect(refundsOf(stage, rma)).toHaveLength(1));
    expect(await rma.give('withdraw_case', 'customer', {})).toMatchObject({ stage: 'unwinding', projected: true });
    open();
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(stage.partners.charges.filter((one) => one.caseId === caseId)).toHaveLength(1);
  });

  it.concurrent('that has not gone out yet is called off by a withdrawal', async () => {
    const caseId = newCaseId();
    troubles.strike({ caseId, activity: 'refundPayment', error: new Error('away'), times: Number.POSITIVE_INFINITY });
    const rma = await handedOut(stage, { caseId, ...advance('approval') });
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(refundsOf(stage, rma)).toEqual([]);
  });
});

describe('a refund', () => {
  it.concurrent('that the provider took on and failed is retried under an intent of its own', async () => {
    const caseId = newCaseId();
    no(caseId, 'refundPayment', 'refund_failed');
    const rma = await handedOut(stage, { caseId });
    await arrives(rma);
    await isGraded(rma);
    await untilStage(rma, 'needs_attention');
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundsOf(stage, rma)).toEqual([['refund/2', 5_000]]);
  });

  it('whose webhook was lost is looked up at the warning', async () => {
    const rma = await handedOut(stage, { sla: (sla) => sla });
    stage.partners.pendNextRefund();
    await arrives(rma);
    await isGraded(rma);
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund sent']));
    const { refundId } = stage.partners.refunds.find((one) => one.caseId === rma.caseId)!;
    stage.partners.settle(refundId, 'succeeded');
    await rma.pass(1.1 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it('that is said to have failed before its answer comes, which says pending, is looked up at once', async () => {
    const rma = await handedOut(stage);
    const { shut, open } = gate();
    troubles.strike({ caseId: rma.caseId, activity: 'refundPayment', until: shut });
    stage.partners.pendNextRefund();
    await arrives(rma);
    await isGraded(rma);
    const refundId = await eventually(() => stage.partners.refunds.find((one) => one.caseId === rma.caseId)!.refundId);
    stage.partners.settle(refundId, 'failed', 'account_closed');
    await rma.tell('refund_failed', { eventId: 'evt-1', refundId, code: 'account_closed', occurredAt: Date.now() });
    await eventually(async () => expect((await rma.state()).strayRefunds).toEqual([refundId]));
    open();
    expect((await untilStage(rma, 'needs_attention')).attention?.cause).toBe('account_closed');
  });

  it('that has stuck is asked about at once when a person retries it', async () => {
    const rma = await handedOut(stage);
    stage.partners.pendNextRefund();
    await arrives(rma);
    await isGraded(rma);
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund sent']));
    await rma.pass(337 * hours);
    await untilStage(rma, 'needs_attention');
    stage.partners.settle(stage.partners.refunds.find((one) => one.caseId === rma.caseId)!.refundId, 'succeeded');
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it('of which the provider pays half is never taken for paid', async () => {
    const rma = await handedOut(stage);
    stage.partners.halveNextRefund();
    await arrives(rma);
    await isGraded(rma);
    expect((await untilStage(rma, 'needs_attention')).attention?.cause).toContain('amount_mismatch');
  });
});

describe('goods that come while their advance is being charged back', () => {
  it.concurrent('are paid for again, when the charge turns out to have been made', async () => {
    const caseId = newCaseId();
    const { open } = answerIsLost(caseId, 'recoverAdvance');
    const rma = await owingBack(caseId);
    await rma.give('withdraw_case', 'customer', {});
    await eventually(() => expect(stage.partners.charges.filter((charge) => charge.caseId === caseId)).toHaveLength(1));
    const unit = { lineId: '2', quantity: 1 };
    await counted(rma, [{ ...unit, condition: 'received' }]);
    open();
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['advance settled', 'recovery settled']));
    await graded(rma, 1, 'A', '2');
    expect((await rma.ended()).stage).toBe('refunded');
    expect(refundsOf(stage, rma)).toHaveLength(2);
    expect(stage.partners.charges.filter((charge) => charge.caseId === caseId)).toHaveLength(1);
  });
});

describe('a disputed payment', () => {
  it.concurrent('holds the refund back, which goes out once the dispute is won', async () => {
    const rma = await handedOut(stage);
    await dispute(rma, 'dispute_opened');
    await arrives(rma);
    await isGraded(rma);
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund dispute_hold']));
    expect(await rma.state()).toMatchObject({ stage: 'refund_due' });
    expect((await rma.state()).clocks.some((clock) => clock.stage === 'refund_due' && clock.running)).toBe(true);
    expect(refundsOf(stage, rma)).toEqual([]);
    await dispute(rma, 'dispute_closed', { result: 'won' });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('while the refund is being tried stops the trying: what the bank then pays is not sent as well', async () => {
    const caseId = newCaseId();
    let away = true;
    troubles.strike({ caseId, activity: 'refundPayment', error: new Error('away'), times: Infinity, when: () => away });
    const rma = await handedOut(stage, { caseId });
    await arrives(rma);
    await isGraded(rma);
    await untilStage(rma, 'refund_due');
    await dispute(rma, 'dispute_opened');
    await eventually(async () => expect((await rma.handle.describe()).raw.pendingActivities).toEqual([]));
    expect(await moneyOf(rma)).toEqual(['refund dispute_hold']);
    away = false;
    await dispute(rma, 'dispute_closed', { result: 'lost' });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 0 });
    expect(refundsOf(stage, rma)).toEqual([]);
  });

  it.concurrent('while the refund’s answer is on its way lets the refund stand that the provider knows of', async () => {
    const caseId = newCaseId();
    const { open } = answerIsLost(caseId, 'refundPayment');
    const rma = await handedOut(stage, { caseId });
    await arrives(rma);
    await isGraded(rma);
    await eventually(() => expect(refundsOf(stage, rma)).toEqual([['refund', 5_000]]));
    await dispute(rma, 'dispute_opened');
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund dispute_hold']));
    open();
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund settled']));
    expect((await rma.state()).stage).toBe('refund_due'); // the bank may take it as well
    await dispute(rma, 'dispute_closed', { result: 'won' });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundsOf(stage, rma)).toEqual([['refund', 5_000]]);
  });

  it.concurrent('while the answer about an early part is on its way lets that part stand too', async () => {
    const caseId = newCaseId();
    const { open } = answerIsLost(caseId, 'refundPayment');
    const rma = await handedOut(stage, { caseId, reason: 'no_reason' });
    await arrives(rma);
    await graded(rma, 1, 'A');
    await graded(rma, 1, 'D');
    await eventually(() => expect(refundsOf(stage, rma)).toEqual([['refund', 2_500]]));
    await dispute(rma, 'dispute_opened');
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund dispute_hold']));
    open();
    await eventually(async () => expect(await moneyOf(rma)).toEqual(['refund settled']));
    await rma.handle.terminate();
  });

  it.concurrent('that is lost has been paid by the bank: nothing is sent as well', async () => {
    const rma = await travelling(stage);
    await dispute(rma, 'dispute_opened');
    await arrives(rma);
    await isGraded(rma);
    await untilStage(rma, 'refund_due');
    await dispute(rma, 'dispute_closed', { result: 'lost' });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 0 });
    expect(refundsOf(stage, rma)).toEqual([]);
  });
});

it('a result that moves much money by hand needs two people', async () => {
  const caseId = newCaseId();
  no(caseId, 'refundPayment', 'partner_refused');
  const rma = await handedOut(stage, {
    caseId,
    sla: (sla) => ({ ...unwarned(sla), limits: { ...sla.limits!, fourEyesMinor: 100 } }),
  });
  await arrives(rma);
  await graded(rma, 2, 'A');
  await untilStage(rma, 'needs_attention');
  const payload = { verb: 'override', result: 'refunded', proofIds: ['bank-1'] };
  await rma.give('resolve_attention', 'manager', payload);
  expect(await codeOf(rma.give('resolve_attention', 'manager', payload))).toBe('second_person_required');
  await rma.handle.executeUpdate('resolve_attention', { args: [{ actor: { id: 'manager-2', role: 'manager' }, payload }] });
  expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
});
