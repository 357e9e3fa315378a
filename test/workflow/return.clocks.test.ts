import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualNow } from '../../dev/time-travel.ts';
import type { SlaPolicy } from '../../domain/case.ts';
import { dueAtOf } from '../../domain/deadlines.ts';
import { givingUp, orderOf, unwarned } from '../support/cases.ts';
import { typesOf } from '../support/roads.ts';
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
  stage = await createStage('clocks', troubles.wrap);
});
afterAll(() => stage.close());

const hourMs = 3_600_000;
/** Virtual instants come late: about a second a timer that fires. */
const soonAfter = (instant: number | undefined, hops = 3): { asymmetricMatch(other: unknown): boolean } => ({
  asymmetricMatch: (other) => Number(other) >= Number(instant) && Number(other) <= Number(instant) + hops * 2_000,
});
const both =
  (...changes: ((sla: SlaPolicy) => SlaPolicy)[]) =>
  (sla: SlaPolicy): SlaPolicy =>
    changes.reduce((now, change) => change(now), sla);
const away = (caseId: string, activity: 'assessReturn' | 'issueReturnLabel' | 'refundPayment' | 'voidReturnLabelIfPresent') =>
  troubles.strike({ caseId, activity, error: new Error('away'), times: Number.POSITIVE_INFINITY });
async function handedOut(changes: Parameters<Stage['open']>[0] = {}): Promise<Playing> {
  const rma = await stage.open({ sla: unwarned, ...changes });
  await accept(rma);
  await untilStage(rma, 'awaiting_handover');
  return rma;
}

describe('if nobody acts', () => {
  it.concurrent('a review ends in agreeing to the return, with two warnings before it', async () => {
    const rma = await stage.open();
    const due = rma.opened.dueAt;
    await rma.pass(47 * hours);
    expect(await rma.state()).toMatchObject({ stage: 'under_review', timersFired: 2 });
    await rma.pass(1.1 * hours);
    const state = await untilStage(rma, 'awaiting_handover');
    expect(state.clocks[0]).toMatchObject({ stage: 'under_review', running: false, dueAt: due });
    expect(state.clocks[0]!.log.map((entry) => entry.what)).toEqual(['started', 'warned', 'warned', 'breached']);
    expect(state.clocks[0]!.log.at(-1)).toMatchObject({ at: soonAfter(due), why: 'agreed_by_silence' });
    expect(state.verdict?.verdict).toBe('referred');
    // Silence is marked as such: by the clock, with the rule it comes from.
    await eventually(async () => {
      const rows = await stage.database.cases.timeline(rma.caseId, 100, 0, 100);
      const agreed = rows.find(({ event }) => event.type === 'agreed_by_silence');
      expect(agreed?.event).toMatchObject({ by: { role: 'clock' }, ruleIds: ['sla.review'] });
    });
  });

  it.concurrent('a request that cannot be assessed in time goes to a person', async () => {
    const caseId = newCaseId();
    away(caseId, 'assessReturn');
    const rma = await stage.open({ caseId, sla: givingUp('assess', 600) });
    expect(rma.opened).toMatchObject({ stage: 'under_review' });
    expect(rma.opened.verdict).toBeUndefined();
  });

  it.concurrent('a label that does not come in time becomes an offer to ship it oneself', async () => {
    const caseId = newCaseId();
    away(caseId, 'issueReturnLabel');
    const rma = await stage.open({ caseId, sla: both(unwarned, givingUp('issue_label', 600)) });
    await accept(rma);
    expect((await untilStage(rma, 'awaiting_handover')).shipment).toBeUndefined();
    expect(await typesOf(stage, rma)).toContain('self_ship_offered');
  });

  it.concurrent('a hand-over that never happens lets the request expire', async () => {
    const rma = await handedOut();
    await rma.pass(169 * hours);
    expect(await rma.ended()).toMatchObject({ stage: 'expired' });
  });

  it.concurrent('a parcel of a case of release 0.1.0 that does not move becomes a person’s task, and its clock is breached', async () => {
    const rma = await handedOut({ firstEdition: true });
    await rma.scan('picked_up');
    await untilStage(rma, 'in_transit');
    await rma.pass(121 * hours);
    const state = await untilStage(rma, 'needs_attention');
    expect(state).toMatchObject({ from: 'in_transit', attention: { step: 'no_movement', rung: 0, attempts: 1 } });
    expect(state.clocks.find((clock) => clock.stage === 'in_transit')?.log.at(-1)).toMatchObject({
      what: 'breached',
      why: 'no_movement',
    });
  });

  it.concurrent('goods that nobody inspects are accepted as they are and paid in full', async () => {
    const rma = await handedOut({ quantities: { 1: 2, 2: 2 } });
    await arrives(rma);
    await rma.pass(241 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 6_000 });
    expect((await rma.read())!.state.lots.every((lot) => lot.acceptance === 'accepted' && !lot.grade)).toBe(true);
  });

  it.concurrent('in CN they are paid when the statute says so, after seven days', async () => {
    const order = orderOf('O-cn', { jurisdiction: 'CN', currency: 'CNY' });
    const rma = await stage.open({ order, reason: 'no_reason', quantities: { 2: 1 }, sla: unwarned });
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    expect((await rma.state()).clocks.find((clock) => clock.stage === 'received')?.ruleId).toBe('cn.7d.refund');
    await rma.pass(167 * hours);
    expect((await rma.state()).stage).toBe('received');
    await rma.pass(2 * hours);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 500 });
  });

  it.concurrent('a refund that cannot be sent in time becomes a person’s task, and is never skipped', async () => {
    const caseId = newCaseId();
    away(caseId, 'refundPayment');
    const rma = await stage.open({ caseId, sla: givingUp('refund', 600) });
    await happily(rma);
    const state = await untilStage(rma, 'needs_attention');
    expect(state).toMatchObject({ from: 'refund_due', attention: { step: 'refund', cause: expect.stringContaining('away') } });
    await eventually(async () => expect((await rma.read())?.verbs).toEqual(['retry', 'override']));
  });

  it.concurrent('an undo that does not come about in time becomes a person’s task', async () => {
    const caseId = newCaseId();
    const rma = await handedOut({ caseId, sla: both(unwarned, givingUp('unwind', 600)) });
    away(caseId, 'voidReturnLabelIfPresent');
    await rma.give('withdraw_case', 'customer', {});
    const state = await untilStage(rma, 'needs_attention');
    expect(state).toMatchObject({ from: 'unwinding', target: 'withdrawn', attention: { step: 'unwind' } });
    // One failed undo does not stop the rest.
    expect(state.undo.map((entry) => entry.state)).toEqual(['undone', 'undo_failed']);
    expect(state.undo[1]?.result).toContain('away');
  });
});

describe('a pending refund', () => {
  it('that never settles becomes a person’s task after two weeks', async () => {
    const rma = await stage.open({ sla: unwarned });
    stage.partners.pendNextRefund();
    await happily(rma);
    await eventually(async () => expect((await rma.state()).money).toMatchObject([{ state: 'sent' }]));
    await rma.pass(337 * hours);
    const state = await untilStage(rma, 'needs_attention');
    expect(state).toMatchObject({ from: 'refund_due', attention: { step: 'settlement_overdue' }, money: [{ state: 'sent' }] });
  });
});

describe('a parked case', () => {
  it.concurrent('tries its step again and climbs a rung each term, without end', async () => {
    const caseId = newCaseId();
    const refusal = ApplicationFailure.nonRetryable('no', 'address_unknown');
    troubles.strike({ caseId, activity: 'issueReturnLabel', error: refusal, times: 3 });
    const rma = await stage.open({ caseId, sla: unwarned, firstEdition: true });
    await accept(rma);
    expect((await untilStage(rma, 'needs_attention')).attention).toMatchObject({ attempts: 1, rung: 0 });
    await rma.pass(4.1 * hours);
    await eventually(async () => expect((await rma.state()).attention).toMatchObject({ attempts: 2, rung: 1 }));
    await rma.pass(4.1 * hours);
    await eventually(async () => expect((await rma.state()).attention).toMatchObject({ attempts: 3, rung: 2 }));
    await rma.pass(4.1 * hours); // the carrier has come back
    expect((await untilStage(rma, 'awaiting_handover')).attention).toBeUndefined();
    expect((await typesOf(stage, rma)).filter((type) => type === 'rung_climbed')).toHaveLength(3);
  });

  it.concurrent('without a step of ours only climbs', async () => {
    const rma = await handedOut({ firstEdition: true });
    await rma.scan('picked_up');
    await rma.scan('lost');
    await untilStage(rma, 'needs_attention');
    await rma.pass(4.1 * hours);
    expect(await rma.state()).toMatchObject({ stage: 'needs_attention', attention: { step: 'lost', attempts: 1, rung: 1 } });
  });
});

describe('the clock of a travelling parcel', () => {
  it.concurrent('starts anew with every scan, so that a slow parcel is not a lost one, but ends ten days after the first', async () => {
    const rma = await handedOut();
    await rma.scan('picked_up');
    const { enteredAt } = await untilStage(rma, 'in_transit');
    await rma.pass(100 * hours);
    await rma.scan('in_transit');
    const scanned = await rma.state();
    expect(scanned).toMatchObject({ stage: 'in_transit', timersFired: 0 });
    expect(dueAtOf(scanned)).toBe(scanned.at + 120 * hourMs);
    await rma.pass(100 * hours);
    await rma.scan('in_transit');
    const state = await rma.state();
    expect(state).toMatchObject({ stage: 'in_transit', timersFired: 0 });
    expect(dueAtOf(state)).toBe(enteredAt! + 240 * hourMs);
    await rma.pass(41 * hours);
    await untilStage(rma, 'lost_suspected');
  });
});

describe('a hold', () => {
  it.concurrent('shifts the deadline by its own length, and nothing happens while it lasts', async () => {
    const rma = await stage.open({ sla: unwarned });
    const due = rma.opened.dueAt!;
    await rma.pass(10 * hours);
    const held = await rma.give('hold_case', 'agent', { reason: 'customer_request' });
    expect(held.availableMoves).toContain('resume_case');
    expect(held.dueAt).toBeUndefined();
    const from = await virtualNow(rma.handle);
    await rma.pass(100 * hours);
    expect(await rma.state()).toMatchObject({ stage: 'under_review', timersFired: 0, hold: { reason: 'customer_request' } });
    const resumed = await rma.give('resume_case', 'agent', {});
    const paused = (await virtualNow(rma.handle)) - from;
    expect(paused).toBeGreaterThanOrEqual(100 * hourMs);
    expect(Math.abs(resumed.dueAt! - (due + paused))).toBeLessThan(4_000);
    await rma.pass(37 * hours);
    expect((await rma.state()).stage).toBe('under_review');
    await rma.pass(1.5 * hours);
    await untilStage(rma, 'awaiting_handover');
  });

  it.concurrent('that nobody ends is ended by the clock, and the case goes on', async () => {
    const rma = await stage.open({ sla: (sla) => ({ ...unwarned(sla), holdMs: 5 * hourMs }) });
    await rma.give('hold_case', 'manager', { reason: 'customs' });
    await rma.pass(5.1 * hours);
    const state = await rma.state();
    expect(state).toMatchObject({ stage: 'under_review', timersFired: 1 });
    expect(state.hold).toBeUndefined();
    expect(dueAtOf(state)).toEqual(soonAfter(rma.opened.dueAt! + 5 * hourMs));
  });
});

describe('a command and a deadline in one and the same moment', () => {
  it.concurrent('are decided by the state: the command wins, and the default is not taken', async () => {
    const own = await createStage('one-task');
    const briefly = { limitMs: 3_000, warnMs: [], ruleId: 'sla.review' };
    const rma = await own.open({ sla: (sla) => ({ ...sla, stages: { ...sla.stages, under_review: briefly } }) });
    await own.stopWorkers();
    await eventually(async () => {
      const { events } = await rma.handle.fetchHistory();
      expect(events?.some((event) => event.timerFiredEventAttributes)).toBe(true);
    });
    const withdrawal = rma.give('withdraw_case', 'customer', {}); // both wait for the worker now
    await own.startWorker();
    await withdrawal;
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    const document = await rma.read();
    const rows = await own.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.filter((row) => row.event.by.role === 'clock')).toEqual([]); // neither the default nor a breach
    await own.close();
  });
});

describe('time that passes in one leap', () => {
  it.concurrent('takes all defaults in their order: the whole silent life of a return', async () => {
    const rma = await stage.open({ sla: unwarned });
    await rma.pass(49 * hours); // agreed by silence
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up');
    await rma.scan('delivered');
    await untilStage(rma, 'received');
    await rma.pass(241 * hours); // accepted as is
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect((await rma.read())!.state.timersFired).toBe(2);
  });

  it.concurrent('gives way to a command that comes before it', async () => {
    const rma = await handedOut();
    await rma.pass(160 * hours);
    await arrives(rma);
    await rma.pass(20 * hours); // past the end of the hand-over's term
    expect((await rma.state()).stage).toBe('received');
    await isGraded(rma);
    expect(await rma.ended()).toMatchObject({ stage: 'refunded' });
  });
});
