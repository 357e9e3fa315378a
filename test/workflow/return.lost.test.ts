import { PartnerRefusal } from '../../gateways/http.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handedOut, noticesOf, refundsOf, travelling } from '../support/roads.ts';
import { arrives, createStage, eventually, hours, isGraded, untilStage, type Playing, type Stage } from '../support/stage.ts';
import type { ClaimState } from '../../domain/claim.ts';
import { fastForward } from '../../dev/time-travel.ts';
import { claimFactSignal } from '../../workflows/messages.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await createStage('lost');
});
afterAll(() => stage.close());

/** The parcel is missed: by the carrier's word, or by its silence. */
async function missed(how: 'told' | 'silence' = 'told'): Promise<Playing> {
  const rma = await travelling(stage);
  if (how === 'told') await rma.scan('lost');
  else await rma.pass(120.1 * hours);
  await untilStage(rma, 'lost_suspected');
  return rma;
}
const claimOf = (rma: Playing) => {
  const handle = stage.client.workflow.getHandle(`carrier_claim:${rma.caseId}.claim1`);
  return {
    handle,
    key: `${rma.caseId}.claim1`,
    state: () => eventually(() => handle.query<ClaimState>('get_case')),
    /** Until the claim has come to this stage. */
    until: (...stages: string[]) =>
      eventually(async () => {
        const state = await handle.query<ClaimState>('get_case');
        expect(stages).toContain(state.stage);
        return state;
      }),
    tell: (outcome: 'accepted' | 'declined' | 'paid', eventId: string, amountMinor?: number) =>
      handle.signal(claimFactSignal('claim_answered'), { eventId, outcome, amountMinor, occurredAt: Date.now() }),
    pass: (seconds: number) => fastForward(handle, seconds),
  };
};

describe('a parcel that is missed', () => {
  it.concurrent('and found goes on, and the claim on the carrier is withdrawn', async () => {
    const rma = await missed('silence');
    const claim = claimOf(rma);
    await claim.until('awaiting_carrier');
    expect(stage.partners.claims.find((one) => one.key === claim.key)).toMatchObject({ status: 'filed', amountMinor: 5_000 });
    await rma.scan('found');
    await untilStage(rma, 'in_transit');
    expect(await claim.handle.result()).toMatchObject({ stage: 'claim_withdrawn' });
    expect(stage.partners.claims.find((one) => one.key === claim.key)).toMatchObject({ status: 'withdrawn' });
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(noticesOf(stage, rma)).toEqual(expect.arrayContaining(['parcel_lost_suspected', 'parcel_found']));
  });

  it.concurrent('and never found is paid for by us, and the claim outlives the return', async () => {
    const rma = await missed();
    await rma.pass(168.1 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect((await rma.read())!.state.lots).toMatchObject([{ reception: 'lost_in_transit', quantity: 2 }]);
    expect(refundsOf(stage, rma)).toEqual([['refund', 5_000]]);
    const claim = claimOf(rma);
    expect((await claim.state()).stage).toBe('awaiting_carrier');
    await claim.tell('accepted', 'evt-1');
    await claim.until('awaiting_payment');
    await claim.tell('paid', 'evt-2', 4_000);
    expect(await claim.handle.result()).toEqual({ stage: 'paid', paidMinor: 4_000 });
  });

  it.concurrent('on the customer’s own way is no loss of ours: a person decides', async () => {
    const rma = await handedOut(stage, { input: { handoverChannel: 'own_carrier' } });
    await rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: `OWN-${rma.caseId}` });
    await untilStage(rma, 'in_transit');
    await rma.pass(120.1 * hours);
    await untilStage(rma, 'lost_suspected');
    await rma.pass(168.1 * hours);
    expect(await untilStage(rma, 'discrepancy')).toMatchObject({
      money: [],
      lots: [{ reception: 'lost_in_transit', risk: 'customer' }],
    });
    expect((await rma.state()).links ?? []).toEqual([]);
  });
});

describe('a claim on the carrier', () => {
  it.concurrent('that is declined is appealed once, and the carrier hears of it; declined again it is given up', async () => {
    const rma = await missed();
    const claim = claimOf(rma);
    await claim.until('awaiting_carrier');
    stage.partners.answerClaim(claim.key, 'declined');
    await claim.tell('declined', 'evt-1');
    await claim.until('claim_declined');
    for (let days = 0; days < 6 && (await claim.state()).stage === 'claim_declined'; days += 1) await claim.pass(24 * hours);
    await claim.until('awaiting_carrier');
    await eventually(() =>
      expect(stage.partners.claims.find((one) => one.key === claim.key)).toMatchObject({ status: 'filed', appealed: true }),
    );
    await claim.tell('declined', 'evt-2');
    expect(await claim.handle.result()).toEqual({ stage: 'written_off', paidMinor: 0 });
  });

  it.concurrent('that is not answered is chased three times, and then a buyer takes over', async () => {
    const rma = await missed();
    const claim = claimOf(rma);
    await claim.until('awaiting_carrier');
    for (let weeks = 0; weeks < 16 && (await claim.state()).stage === 'awaiting_carrier'; weeks += 1)
      await claim.pass(240 * hours);
    expect(await claim.until('needs_attention')).toMatchObject({ claim: { chases: 3 } });
    expect(stage.partners.claims.find((one) => one.key === claim.key)?.reminders).toBe(3);
  });

  it('that turns out to be settled already cannot be withdrawn, and still comes to its end', async () => {
    const rma = await missed();
    const claim = claimOf(rma);
    await claim.until('awaiting_carrier');
    stage.partners.failNext('withdraw_claim', new PartnerRefusal('claim_paid', 'paid'));
    await rma.scan('found');
    expect(await claim.handle.result()).toMatchObject({ stage: 'claim_withdrawn' });
  });
});
