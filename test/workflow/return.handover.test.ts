import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unwarned } from '../support/cases.ts';
import { handedOut, labelsOf, noticesOf, travelling, typesOf } from '../support/roads.ts';
import {
  accept,
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
  stage = await createStage('handover', troubles.wrap);
});
afterAll(() => stage.close());

const refuse = (caseId: string, times: number) =>
  troubles.strike({
    caseId,
    activity: 'issueReturnLabel',
    times,
    error: ApplicationFailure.nonRetryable('no', 'address_unknown'),
  });
const slots = async () =>
  (await stage.partners.carrier.listSlots({ from: new Date().toISOString(), days: 5 })).map((slot) => slot.slotId);
const arranged = (rma: Playing) =>
  eventually(async () => {
    const state = await rma.state();
    expect(state.handover?.arranged).toBe(state.handover?.wish);
    return state;
  });
const liveOf = (rma: Playing) => labelsOf(stage, rma).filter((label) => label.status === 'live');

describe('a label', () => {
  it.concurrent('that the main carrier refuses comes from the backup carrier', async () => {
    const caseId = newCaseId();
    refuse(caseId, 1);
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    const { shipment, legs } = await untilStage(rma, 'awaiting_handover');
    expect(shipment?.trackingNo).toMatch(/^BT/);
    expect(legs).toMatchObject([{ carrier: 'backup', ours: true }]);
  });

  it.concurrent('that is used before we hear that it is made has been handed over', async () => {
    const caseId = newCaseId();
    const held = gate();
    troubles.strike({ caseId, activity: 'issueReturnLabel', until: held.shut });
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    const made = await eventually(() => labelsOf(stage, rma)[0]!.trackingNo);
    await rma.scan('picked_up', 'evt-1', { trackingNo: made });
    await eventually(async () => expect((await rma.state()).strays).toHaveLength(1));
    held.open();
    await untilStage(rma, 'in_transit');
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('that both refuse needs a person; skipped, the customer ships and we repay it', async () => {
    const caseId = newCaseId();
    refuse(caseId, 2);
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    await untilStage(rma, 'needs_attention');
    await rma.give('resolve_attention', 'agent', { verb: 'skip', textRef: 'text-1' });
    await untilStage(rma, 'awaiting_handover');
    await eventually(() => expect(noticesOf(stage, rma)).toContain('self_ship'));
  });

  it.concurrent('that a person retries after the goods have come leads to the dock at once', async () => {
    const caseId = newCaseId();
    refuse(caseId, 2);
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    await untilStage(rma, 'needs_attention');
    await arrives(rma);
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    await untilStage(rma, 'received');
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

describe('how the goods are handed over', () => {
  it.concurrent('may be chosen anew: the label in whose place another comes is voided, its driver called off', async () => {
    const rma = await handedOut(stage);
    await rma.give('choose_channel', 'customer', { channel: 'drop_off', pointId: 'pt_market' });
    await arranged(rma);
    await eventually(() => expect(liveOf(rma)).toMatchObject([{ channel: 'drop_off', pointId: 'pt_market' }]));
    expect(labelsOf(stage, rma)).toMatchObject([{ status: 'voided' }, { status: 'live' }]);
    await rma.give('cancel_pickup', 'customer', {});
    await arranged(rma);
    await eventually(() => expect(liveOf(rma)).toHaveLength(1));
  });

  it.concurrent('may be booked and booked again: the carrier knows the newest slot alone', async () => {
    const rma = await handedOut(stage);
    const [one, two] = await slots();
    await rma.give('book_pickup', 'customer', { slotId: one });
    await arranged(rma);
    await rma.give('reschedule_pickup', 'customer', { slotId: two });
    const state = await arranged(rma);
    const mine = stage.partners.pickups.filter((pickup) => pickup.shipmentKey === `${rma.caseId}/issue_label`);
    expect(mine.filter((pickup) => pickup.status === 'booked')).toMatchObject([
      { slotId: two, bookingId: state.handover?.bookingId },
    ]);
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toMatchObject({ stage: 'withdrawn' });
    expect(mine.filter((pickup) => pickup.status === 'booked')).toEqual([]);
  });

  it.concurrent.each(['taken', 'past'])('stays as it was when the slot is %s', async (what) => {
    const rma = await handedOut(stage);
    const slotId = what === 'past' ? 'slot_20200101T0900Z' : (await slots()).at(-1)!;
    if (what === 'taken') stage.partners.takeSlot(slotId);
    await rma.give('book_pickup', 'customer', { slotId });
    await arranged(rma);
    expect(await typesOf(stage, rma)).toContain('pickup_refused');
    await eventually(() => expect(noticesOf(stage, rma)).toContain('pickup_not_booked'));
    expect((await rma.state()).stage).toBe('awaiting_handover');
  });

  it.concurrent('wished otherwise while the label is being made is arranged afterwards', async () => {
    const caseId = newCaseId();
    const { shut, open } = gate();
    troubles.strike({ caseId, activity: 'issueReturnLabel', until: shut });
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    await untilStage(rma, 'authorized');
    await rma.give('choose_channel', 'customer', { channel: 'drop_off', pointId: 'pt_harbour' });
    open();
    await untilStage(rma, 'awaiting_handover');
    await eventually(() => expect(liveOf(rma)).toMatchObject([{ channel: 'drop_off', pointId: 'pt_harbour' }]));
  });

  it.concurrent('by the customer’s own carrier needs no label, and what lay ready is voided', async () => {
    const rma = await handedOut(stage);
    await rma.give('choose_channel', 'customer', { channel: 'own_carrier' });
    await eventually(() => expect(liveOf(rma)).toEqual([]));
    await rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: `OWN-${rma.caseId}` });
    expect(await untilStage(rma, 'in_transit')).toMatchObject({ shipment: { trackingNo: `OWN-${rma.caseId}` } });
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('by the customer’s own carrier, told afterwards: the label that was not used is voided', async () => {
    const rma = await handedOut(stage);
    await rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: `OWN-${rma.caseId}` });
    expect(await untilStage(rma, 'in_transit')).toMatchObject({ handover: { channel: 'own_carrier' } });
    await eventually(() => expect(labelsOf(stage, rma)).toMatchObject([{ status: 'voided' }]));
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

describe('a pickup that fails', () => {
  it.concurrent('is booked anew twice, and then becomes a drop-off', async () => {
    const rma = await handedOut(stage);
    for (const attempt of [1, 2, 3]) {
      await rma.scan('pickup_failed', `evt-${attempt}`, { attempt, cause: 'nobody_home' });
      await arranged(rma);
    }
    const state = await rma.state();
    expect(state).toMatchObject({ stage: 'awaiting_handover', handover: { channel: 'drop_off', failed: 3 } });
    await eventually(() => expect(liveOf(rma)).toMatchObject([{ channel: 'drop_off' }]));
    await eventually(() => expect(noticesOf(stage, rma)).toContain('drop_off_instead'));
  });
});

describe('a parcel on its way', () => {
  it.concurrent('whose webhook was lost is found when a warning asks the carrier', async () => {
    const rma = await travelling(stage, { sla: (sla) => sla });
    stage.partners.scan(`${rma.caseId}/issue_label`, { code: 'picked_up' } as never);
    stage.partners.scan(`${rma.caseId}/issue_label`, {
      code: 'delivered',
      occurredAt: new Date(Date.now() + 60_000).toISOString(),
    } as never);
    await rma.pass(60.1 * hours);
    await untilStage(rma, 'received');
  });

  it.concurrent('that comes back to its sender is handed over once more', async () => {
    const rma = await travelling(stage);
    await rma.scan('returned_to_sender');
    expect(await untilStage(rma, 'awaiting_handover')).toMatchObject({ lots: [{ reception: 'awaiting' }] });
    await eventually(() => expect(noticesOf(stage, rma)).toContain('parcel_back_to_you'));
  });

  it.concurrent('that is held at the customs stops the clock until it is let go', async () => {
    const rma = await travelling(stage);
    await rma.scan('customs_held');
    await rma.pass(130 * hours);
    expect(await rma.state()).toMatchObject({ stage: 'in_transit', hold: { reason: 'customs' }, timersFired: 0 });
    await rma.scan('customs_released');
    expect((await rma.state()).hold).toBeUndefined();
  });
});
