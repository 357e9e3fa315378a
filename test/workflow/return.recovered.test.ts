/** Money that is due again after its advance was charged back: the payment has given back all it captured, the charge has not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Order } from '../../contracts/partners.ts';
import { orderOf } from '../support/cases.ts';
import { graded, instantly, mayBeTakenBack, noticesOf, travelling } from '../support/roads.ts';
import {
  arrives,
  createStage,
  createTroubles,
  eventually,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('recovered', troubles.wrap);
});
afterAll(() => stage.close());

/** Two kettles and nothing else, so that one return is the whole payment. */
const kettles = (): Order => {
  const order = orderOf(`O-${newCaseId()}`);
  return { ...order, paidMinor: 5_000, lines: [{ ...order.lines[0]!, quantity: 2 }] };
};
/** Each sum that moved, out and back, and of what a refund was given back. */
const movesOf = ({ paymentId }: Order) => {
  const { refunds, charges } = stage.partners;
  const out = refunds.filter((one) => one.paymentId === paymentId && one.status !== 'failed');
  const back = charges.filter((one) => one.paymentId === paymentId && one.status === 'succeeded');
  const chargeIds: (string | undefined)[] = back.map((one) => one.chargeId);
  return {
    out: out.map((one) => [one.amountMinor, chargeIds.includes(one.chargeId) ? 'charge' : (one.chargeId ?? 'payment')]),
    back: back.map((one) => one.amountMinor),
  };
};
const trackingNoBack = (rma: Playing): Promise<string> =>
  eventually(async () => {
    const leg = (await rma.state()).legs?.findLast((one) => one.kind === 'send_back');
    if (!leg) throw new Error('no label to send back yet');
    return leg.trackingNo;
  });

/** An advance at the first scan; the goods are worn out and refused, and it is charged back. They are on their way to the customer. */
async function refused(order: Order): Promise<{ rma: Playing; trackingNo: string }> {
  const rma = await travelling(stage, { order, sla: instantly('first_scan'), ...mayBeTakenBack, reason: 'no_reason' });
  await eventually(() => expect(movesOf(order).out).toEqual([[5_000, 'payment']]));
  await arrives(rma);
  await graded(rma, 2, 'D');
  await untilStage(rma, 'discrepancy');
  await rma.give('settle_discrepancy', 'manager', { decision: 'refuse_goods', ruleIds: ['merchant.wear'] });
  const trackingNo = await trackingNoBack(rma);
  expect(movesOf(order)).toEqual({ out: [[5_000, 'payment']], back: [5_000] });
  await rma.scan('picked_up', 'evt-back-1', { trackingNo });
  return { rma, trackingNo };
}

describe('goods that were refused, and their advance charged back', () => {
  it.concurrent('are paid for again when they are lost on their way to the customer, once and at their price', async () => {
    const order = kettles();
    const { rma, trackingNo } = await refused(order);
    troubles.strike({ caseId: rma.caseId, activity: 'refundPayment', error: new Error('the answer is lost'), afterEffect: true });
    await rma.scan('lost', 'evt-back-2', { trackingNo });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(movesOf(order)).toEqual({
      out: [
        [5_000, 'payment'],
        [5_000, 'charge'],
      ],
      back: [5_000],
    });
    expect(noticesOf(stage, rma).at(-1)).toBe('refunded');
  });

  it.concurrent('are refunded by a later return of the same units, and a return after that is never paid above the price', async () => {
    const order = kettles();
    const { rma, trackingNo } = await refused(order);
    await rma.scan('delivered', 'evt-back-2', { trackingNo });
    expect(await rma.ended()).toEqual({ stage: 'returned_to_customer', refundedMinor: 0 });

    const later = await travelling(stage, { order });
    await arrives(later);
    await isGraded(later);
    expect(await later.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(movesOf(order)).toEqual({
      out: [
        [5_000, 'payment'],
        [5_000, 'charge'],
      ],
      back: [5_000],
    });

    // Even if the units could be claimed once more.
    await stage.database.ledgers.release({ ...order, caseId: later.caseId });
    const third = await travelling(stage, { order });
    await arrives(third);
    await isGraded(third);
    expect((await untilStage(third, 'needs_attention')).attention?.cause).toContain('exceeds_payment');
    expect(movesOf(order).out).toHaveLength(2);
  });
});
