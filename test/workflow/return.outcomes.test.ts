import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf, unwarned } from '../support/cases.ts';
import { labelsOf, refundRowsOf } from '../support/roads.ts';
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

const dayMs = 86_400_000;

describe('a return ends', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage('outcomes');
  });
  afterAll(() => stage.close());

  /** Units of the order that any case still claims, as the next case would find them. */
  const claimedOf = (rma: Playing) => stage.database.ledgers.claimed('m1', rma.input.order.orderId, 'nobody');
  const undoOf = async (rma: Playing) => (await rma.read())?.state.undo.map(({ step, state }) => `${step} ${state}`);
  /** Nothing of the case is left in the world: no label, no claim, no money. */
  async function leavesNothing(rma: Playing): Promise<void> {
    expect(labelsOf(stage, rma).filter((label) => label.status === 'live')).toEqual([]);
    expect([...(await claimedOf(rma)).values()].filter((units) => units !== 0)).toEqual([]);
    expect(refundRowsOf(stage, rma)).toEqual([]);
  }

  it.concurrent('refunded by the carrier’s scans: picked up, delivered, counted at the dock', async () => {
    const rma = await stage.open();
    await accept(rma);
    const { shipment } = await untilStage(rma, 'awaiting_handover');
    expect(labelsOf(stage, rma)).toMatchObject([{ trackingNo: shipment?.trackingNo, status: 'live', channel: 'door_pickup' }]);
    await rma.scan('picked_up');
    await untilStage(rma, 'in_transit');
    await rma.scan('in_transit');
    await rma.scan('delivered');
    await untilStage(rma, 'received');
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toMatchObject([{ amountMinor: 5_000, status: 'succeeded', key: `${rma.caseId}/refund` }]);
    expect(await undoOf(rma)).toEqual(['claim_units done', 'issue_label done']);
    expect(await claimedOf(rma)).toEqual(new Map([['1', 2]]));
  });

  it.concurrent('refunded without a person where the rules accept and the customer tells the tracking number', async () => {
    const rma = await stage.open({ reason: 'no_reason', quantities: { 2: 1 } });
    expect(rma.opened.verdict).toMatchObject({ verdict: 'accepted', freight: 'consumer' });
    await untilStage(rma, 'awaiting_handover');
    await rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: 'OWN-1' });
    expect((await untilStage(rma, 'in_transit')).shipment?.trackingNo).toBe('OWN-1');
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 500 });
  });

  it.concurrent('rejected by the rules when the order arrived long ago, with the rules cited and nothing held', async () => {
    const deliveredAt = new Date(Date.now() - 400 * dayMs).toISOString();
    const placedAt = new Date(Date.now() - 405 * dayMs).toISOString();
    const rma = await stage.open({ order: orderOf('O-long-ago', { deliveredAt, placedAt }) });
    expect(rma.opened).toMatchObject({ stage: 'rejected', availableMoves: [], verdict: { verdict: 'refused' } });
    expect(rma.opened.verdict?.ruleIds).toEqual(expect.arrayContaining(['uk.strr', 'merchant.window', 'merchant.appeal']));
    expect(await rma.ended()).toEqual({ stage: 'rejected', refundedMinor: 0 });
    await leavesNothing(rma);
  });

  it.concurrent('rejected by an agent, with the cited rule in the timeline', async () => {
    const rma = await stage.open();
    await rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'], textRef: 'text-1' });
    expect(await rma.ended()).toEqual({ stage: 'rejected', refundedMinor: 0 });
    const document = await rma.read();
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.find((row) => row.stage === 'rejected')?.event).toMatchObject({
      type: 'refused',
      ruleIds: ['uk.strr'],
      textRef: 'text-1',
      by: { id: 'agent-1', role: 'agent' },
    });
    expect(await undoOf(rma)).toEqual(['claim_units undone']);
    await leavesNothing(rma);
  });

  it.concurrent('withdrawn before there is a label: the units are free again', async () => {
    const rma = await stage.open();
    expect(await claimedOf(rma)).toEqual(new Map([['1', 2]]));
    const receipt = await rma.give('withdraw_case', 'customer', {});
    expect(receipt.projected).toBe(true);
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(await undoOf(rma)).toEqual(['claim_units undone']);
    await leavesNothing(rma);
  });

  it.concurrent('withdrawn after the label: newest first, the label is voided and the units are free again', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(labelsOf(stage, rma)).toMatchObject([{ status: 'voided' }]);
    expect(await undoOf(rma)).toEqual(['claim_units undone', 'issue_label undone']);
    const undone = (await rma.read())!.state.undo;
    expect(undone.map((entry) => entry.result)).toEqual(['units of 1 lines released', 'label voided']);
    const document = await rma.read();
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.filter((row) => row.event.type === 'undone').map((row) => row.event.step)).toEqual([
      'issue_label',
      'claim_units',
    ]);
    await leavesNothing(rma);
  });

  it.concurrent('cancelled by a manager', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.give('cancel_case', 'manager', { textRef: 'text-1' });
    expect(await rma.ended()).toEqual({ stage: 'cancelled', refundedMinor: 0 });
    expect((await rma.handle.describe()).status.name).toBe('COMPLETED');
    await leavesNothing(rma);
  });

  it.concurrent('cancelled by the button of the Temporal UI, which is the same as a manager’s command, and its status says so', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.handle.cancel();
    const failure = await rma.ended().catch((err: unknown) => err);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect((await rma.handle.describe()).status.name).toBe('CANCELLED');
    expect(await rma.read()).toMatchObject({ stage: 'cancelled', compensationsRun: 2 });
    await leavesNothing(rma);
  });

  it.concurrent('expired when the customer never hands over: nothing is left behind', async () => {
    const rma = await stage.open({ sla: unwarned });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.pass(167 * hours);
    expect((await rma.state()).stage).toBe('awaiting_handover');
    await rma.pass(2 * hours);
    expect(await rma.ended()).toEqual({ stage: 'expired', refundedMinor: 0 });
    await leavesNothing(rma);
  });

  it('refunded once the provider’s word comes: pending is not paid', async () => {
    const rma = await stage.open({ reason: 'no_reason', quantities: { 2: 1 } });
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    stage.partners.pendNextRefund();
    await isGraded(rma);
    await eventually(async () => expect((await rma.state()).money).toMatchObject([{ state: 'sent', amountMinor: 500 }]));
    expect(await rma.state()).toMatchObject({ stage: 'refund_due' });
    await eventually(async () => expect(await rma.read()).toMatchObject({ stage: 'refund_due', refundedMinor: 0 }));
    const [refund] = refundRowsOf(stage, rma);
    stage.partners.settle(refund!.refundId, 'succeeded');
    await rma.tell('refund_settled', { eventId: 'evt-1', refundId: refund!.refundId, amountMinor: 500, occurredAt: Date.now() });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 500 });
    expect(refundRowsOf(stage, rma)).toHaveLength(1);
  });
});

describe('the Cancel button of the Temporal UI', () => {
  const troubles = createTroubles();
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage('cancel-button', troubles.wrap);
  });
  afterAll(() => stage.close());

  it.concurrent('is only noted once the goods are on their way: the case goes on, answers its commands and pays', async () => {
    const rma = await stage.open({ firstEdition: true });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up');
    await untilStage(rma, 'in_transit');
    await rma.handle.cancel();
    expect(await arrives(rma)).toMatchObject({ stage: 'received', projected: true });
    expect(await isGraded(rma)).toMatchObject({ projected: true });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect((await rma.handle.describe()).status.name).toBe('COMPLETED');
    const document = await rma.read();
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.map((row) => row.event.type)).toContain('cancel_noted');
  });

  it.concurrent('pressed while a person is asked takes everything back where that is still possible', async () => {
    const caseId = newCaseId();
    troubles.strike({ caseId, activity: 'issueReturnLabel', error: ApplicationFailure.nonRetryable('no', 'address_unknown') });
    const rma = await stage.open({ caseId, firstEdition: true });
    await accept(rma);
    await untilStage(rma, 'needs_attention');
    await rma.handle.cancel();
    await expect(rma.ended()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await rma.read())!.state).toMatchObject({ stage: 'cancelled', target: 'cancelled' });
  });

  it.concurrent('pressed while the customer’s withdrawal is being undone leaves the case withdrawn', async () => {
    const caseId = newCaseId();
    const { shut, open } = gate();
    troubles.strike({ caseId, activity: 'voidReturnLabelIfPresent', until: shut });
    const rma = await stage.open({ caseId });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.give('withdraw_case', 'customer', {});
    await untilStage(rma, 'unwinding');
    await rma.handle.cancel();
    open();
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect((await rma.handle.describe()).status.name).toBe('COMPLETED');
  });
});
