import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dueAtOf } from '../../domain/deadlines.ts';
import type { ReturnState } from '../../domain/return-state.ts';
import { NeedsAttention } from '../../workflows/search-attributes.ts';
import { inputFor, orderOf, unwarned } from '../support/cases.ts';
import { refundRowsOf } from '../support/roads.ts';
import {
  accept,
  arrives,
  createStage,
  createTroubles,
  eventually,
  happily,
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
  stage = await createStage('continue', troubles.wrap);
});
afterAll(() => stage.close());

/** So few events a run that a case continues as new after almost every chapter. */
const historyBudget = 8;
/** Waits until the case has continued as new since this run. */
const nextRun = (rma: Playing, run: number): Promise<ReturnState> =>
  eventually(async () => {
    const state = await rma.state();
    expect(state.run).toBeGreaterThan(run);
    return state;
  });

describe('a case that has outgrown its history', () => {
  it.concurrent('continues as new as often as it must, and comes to the same end with one label, one refund, no line missing', async () => {
    const rma = await stage.open({ historyBudget });
    await happily(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    const document = await rma.read();
    expect(document?.state.run).toBeGreaterThan(2);
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 200);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: document!.state.revision }, (_, index) => index + 1));
    expect(refundRowsOf(stage, rma)).toHaveLength(1);
    expect(stage.partners.shipments.filter((label) => label.caseId === rma.caseId)).toHaveLength(1);
  });

  it.concurrent('keeps its clocks: the deadline is the same instant, and it rings in the later run', async () => {
    const rma = await stage.open({ historyBudget, sla: unwarned });
    const before = await rma.state();
    const due = rma.opened.dueAt;
    await rma.pass(40 * hours);
    await rma.give('add_note', 'agent', { textRef: 'text-1' });
    const state = await nextRun(rma, before.run);
    expect([state.stage, dueAtOf(state)]).toEqual(['under_review', due]);
    expect(state.clocks.filter((clock) => clock.running)).toHaveLength(1);
    await rma.pass(8.1 * hours);
    const agreed = await untilStage(rma, 'awaiting_handover');
    expect(agreed.clocks.find((clock) => clock.stage === 'under_review')?.log.at(-1)).toMatchObject({ why: 'agreed_by_silence' });
  });

  it.concurrent('keeps a hold: its end comes in the later run', async () => {
    const rma = await stage.open({ historyBudget, sla: (sla) => ({ ...unwarned(sla), holdMs: 6 * 3_600_000 }) });
    await rma.give('hold_case', 'agent', { reason: 'customs' });
    const { run } = await rma.state();
    await rma.give('add_note', 'agent', { textRef: 'text-1' });
    await nextRun(rma, run);
    await rma.pass(6.1 * hours);
    const state = await rma.state();
    expect(state.hold).toBeUndefined();
    expect(dueAtOf(state)).toBeGreaterThanOrEqual(rma.opened.dueAt! + 6 * 3_600_000);
  });

  it.concurrent('keeps the ids of the messages that have had their effect', async () => {
    const rma = await stage.open({ historyBudget, firstEdition: true });
    const assigned = await rma.give('assign_case', 'agent', { assignee: 'agent-7' }, { updateId: 'key-1' });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up', 'evt-1');
    const { run, revision } = await untilStage(rma, 'in_transit');
    for (let note = 0; note < 3; note += 1) await rma.give('add_note', 'agent', { textRef: `text-${note}` });
    await nextRun(rma, run);
    // The server knows these ids only of the run that took them; the case knows them for good.
    const again = await rma.give('assign_case', 'agent', { assignee: 'somebody else' }, { updateId: 'key-1' });
    await rma.scan('picked_up', 'evt-1');
    expect(again.revision).toBeGreaterThan(assigned.revision);
    expect(await rma.state()).toMatchObject({ assignee: 'agent-7', revision: revision + 3, stage: 'in_transit' });
  });

  it.concurrent('keeps what must be taken back', async () => {
    const rma = await stage.open({ historyBudget });
    await accept(rma);
    const { run } = await untilStage(rma, 'awaiting_handover');
    for (let note = 0; note < 3; note += 1) await rma.give('add_note', 'agent', { textRef: `text-${note}` });
    const carried = await nextRun(rma, run);
    expect(carried.undo.map((entry) => [entry.step, entry.state])).toEqual([
      ['claim_units', 'armed'],
      ['issue_label', 'armed'],
    ]);
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(stage.partners.shipments.filter((label) => label.caseId === rma.caseId)).toMatchObject([{ status: 'voided' }]);
  });

  it.concurrent('keeps a person’s task with its attempts, and the verbs still work', async () => {
    const caseId = newCaseId();
    const error = ApplicationFailure.nonRetryable('no', 'address_unknown');
    troubles.strike({ caseId, activity: 'issueReturnLabel', error, times: 2 });
    const rma = await stage.open({ caseId, historyBudget, firstEdition: true });
    await accept(rma);
    const { run } = await untilStage(rma, 'needs_attention');
    await rma.give('add_note', 'agent', { textRef: 'text-1' });
    const parked = await nextRun(rma, run);
    expect(parked).toMatchObject({
      stage: 'needs_attention',
      from: 'authorized',
      attention: { step: 'issue_label', attempts: 1 },
    });
    await rma.tell('retry_now', {});
    await eventually(async () => expect((await rma.state()).attention).toMatchObject({ attempts: 2 }));
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    await untilStage(rma, 'awaiting_handover');
    await eventually(async () => {
      const { typedSearchAttributes } = await rma.handle.describe();
      expect(typedSearchAttributes.get(NeedsAttention)).toBe(false);
    });
  });

  it('asks the provider again about a pending refund, sends nothing twice, and keeps one clock', async () => {
    const rma = await stage.open({ historyBudget });
    stage.partners.pendNextRefund();
    await happily(rma);
    await eventually(async () => expect((await rma.state()).money).toMatchObject([{ state: 'sent' }]));
    const { run, clocks } = await rma.state();
    await rma.give('add_note', 'agent', { textRef: 'text-1' });
    await rma.give('add_note', 'agent', { textRef: 'text-2' });
    await nextRun(rma, run);
    const pending = await eventually(async () => {
      const state = await rma.state();
      expect(state.clocks.filter((clock) => clock.running).map((clock) => clock.stage)).toEqual(['statutory', 'refund_due']);
      return state;
    });
    expect(dueAtOf(pending)).toBe(clocks.find((clock) => clock.stage === 'refund_due')?.dueAt);
    expect(refundRowsOf(stage, rma)).toHaveLength(1);
    const [refund] = refundRowsOf(stage, rma);
    await rma.tell('refund_settled', {
      eventId: 'evt-1',
      refundId: refund!.refundId,
      amountMinor: 5_000,
      occurredAt: Date.now(),
    });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('loses no message that comes while it changes over', async () => {
    const rma = await stage.open({ historyBudget });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up');
    const { shipment } = await untilStage(rma, 'in_transit');
    const scanned = { trackingNo: shipment!.trackingNo, code: 'in_transit', occurredAt: Date.now() };
    const scans = Array.from({ length: 12 }, (_, nth) =>
      rma.tell('parcel_scanned', { ...scanned, eventId: `evt-${nth}`, occurredAt: scanned.occurredAt + nth }),
    );
    await Promise.all(scans);
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    const document = await rma.read();
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 200);
    // One that comes behind a newer one is late, and noted all the same.
    expect(rows.filter(({ event }) => ['scanned', 'late_fact_noted'].includes(event.type))).toHaveLength(12);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: document!.state.revision }, (_, index) => index + 1));
  });
});

it('a run that begins with a parked case and is retried in its first moment no longer needs a person, also in the list', async () => {
  const caseId = newCaseId();
  const error = ApplicationFailure.nonRetryable('no', 'address_unknown');
  troubles.strike({ caseId, activity: 'issueReturnLabel', error });
  const rma = await stage.open({ caseId, firstEdition: true });
  await accept(rma);
  const parked = await untilStage(rma, 'needs_attention');
  await rma.give('resolve_attention', 'manager', { verb: 'compensate' });
  await rma.ended();

  // What the next run of this case would begin with, had it continued as new when it was parked.
  const id = `return:${newCaseId()}`;
  const handle = await stage.client.workflow.signalWithStart('returnCase', {
    workflowId: id,
    taskQueue: stage.taskQueue,
    args: [{ ...inputFor(caseId, orderOf(`O-${randomUUID()}`), { firstEdition: true }), carried: { ...parked, run: 2 } }],
    typedSearchAttributes: [{ key: NeedsAttention, value: true }],
    signal: 'retry_now',
    signalArgs: [{}],
  });
  await eventually(async () => expect(await handle.query('get_case')).toMatchObject({ stage: 'awaiting_handover' }));
  await eventually(async () => expect((await handle.describe()).typedSearchAttributes.get(NeedsAttention)).toBe(false));
  await handle.terminate();
});
