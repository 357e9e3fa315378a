import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrandsInput, ReturnInput } from '../../contracts/workflow.ts';
import { entries, nextGeneration, type Entry } from '../../domain/reopening.ts';
import { factSignal, getCarry, getCase, workflowIdOf } from '../../workflows/messages.ts';
import { PartnerRefusal } from '../../gateways/http.ts';
import { givingUp, unwarned } from '../support/cases.ts';
import { exceptionsOf, handedOut, noticesOf, refundsOf, seqsOf, typesOf, upTo } from '../support/roads.ts';
import {
  arrives,
  createStage,
  createTroubles,
  eventually,
  gate,
  happily,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('beside', troubles.wrap);
});
afterAll(() => stage.close());

describe('words to the customer', () => {
  it.concurrent('are sent once each, in their order', async () => {
    const rma = await stage.open({ sla: unwarned });
    await happily(rma);
    await rma.ended();
    expect(noticesOf(stage, rma)).toEqual(['request_received', 'pickup_booked', 'goods_received', 'refunded']);
    const booked = stage.partners.notices.find((one) => one.caseId === rma.caseId && one.template === 'pickup_booked');
    expect(booked?.text).toContain(': Tue, 1 Jan 2030 08:00–10:00 UTC.');
    const stock = stage.partners.stockEntries.filter((entry) => entry.caseId === rma.caseId);
    expect(stock).toMatchObject([{ sku: 'KETTLE', quantity: 2, grade: 'A' }]);
  });

  it.concurrent('that cannot be said for as long as the limit allows stand in the list of exceptions; the case goes on', async () => {
    const caseId = newCaseId();
    const first = ({ errands }: ErrandsInput) =>
      errands.some((errand) => errand.kind === 'notice' && errand.name === 'request_received');
    troubles.strike({ caseId, activity: 'runErrands', error: new Error('away'), times: Infinity, when: first });
    const rma = await stage.open({ caseId, sla: (sla) => givingUp('errands', 1_200)(unwarned(sla)) });
    await happily(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(await exceptionsOf(stage, rma)).toContain('notice_failed');
  });

  it('that the service refuses are listed, and the rest is said', async () => {
    stage.partners.failNext('send_notice', new PartnerRefusal('address_gone', 'no such customer'));
    const rma = await stage.open({ sla: unwarned });
    await happily(rma);
    expect(await rma.ended()).toMatchObject({ stage: 'refunded' });
    expect(await exceptionsOf(stage, rma)).toEqual(['notice_failed']);
    expect(noticesOf(stage, rma)).not.toContain('request_received');
    expect(noticesOf(stage, rma)).toContain('refunded');
  });
});

describe('a bug in what goes on beside the story', () => {
  it('fails the task, and does not vanish', async () => {
    const own = await createStage('bug-beside', (activities) => ({
      ...activities,
      runErrands: async () => undefined as never,
    }));
    const rma = await own.open({ sla: unwarned });
    await eventually(async () => {
      const { events } = await rma.handle.fetchHistory();
      expect(events?.some((event) => event.workflowTaskFailedEventAttributes)).toBe(true);
    });
    await rma.handle.terminate();
    await own.close();
  });
});

describe('a case that continues as new with things under way', () => {
  it.concurrent('says each word once, pays once, and misses no line', async () => {
    const rma = await stage.open({ historyBudget: 8, sla: unwarned });
    await happily(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    const { state } = (await rma.read())!;
    expect(state.run).toBeGreaterThan(2);
    expect(await seqsOf(stage, rma)).toEqual(upTo(state.revision));
    const said = noticesOf(stage, rma);
    expect(said).toEqual([...new Set(said)]);
    expect(refundsOf(stage, rma)).toEqual([['refund', 5_000]]);
  });

  it.concurrent('does not wait for an errand whose partner is away', async () => {
    const caseId = newCaseId();
    const { shut, open } = gate();
    troubles.strike({ caseId, activity: 'runErrands', error: new Error('away'), times: 4 });
    const rma = await stage.open({ caseId, historyBudget: 8, sla: unwarned });
    await happily(rma);
    open();
    await shut;
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(await seqsOf(stage, rma)).toEqual(upTo((await rma.read())!.state.revision));
  });
});

it('a calendar that is not the case’s own changes no clock', async () => {
  const rma = await stage.open({ sla: unwarned });
  const { clocks } = await rma.state();
  await rma.tell('calendar_changed', { eventId: 'evt-1', calendarId: 'nowhere' });
  await eventually(async () => expect(await typesOf(stage, rma)).toContain('calendar_changed'));
  expect(await typesOf(stage, rma)).not.toContain('calendar_loaded');
  expect((await rma.state()).clocks).toEqual(clocks);
});

describe('a case that has ended and is reopened', () => {
  /** As the API does it: the next generation from the closed case file, with the fact that reopens it, if one does. */
  async function reopened(rma: Playing, entry: Entry, fact?: { name: 'refund_failed'; told: object }) {
    const carry = await rma.handle.query(getCarry);
    const by = fact ? { id: 'payments', role: 'partner' as const } : { id: 'manager-1', role: 'manager' as const };
    const input: ReturnInput = {
      ...carry,
      carried: nextGeneration(carry.carried!, entry),
      reopened: { stage: entries[entry], by, cause: 'asked' },
    };
    const { lines, order } = rma.input;
    if (entry !== 'money')
      await stage.database.ledgers.claimExactly({ merchantId: 'm1', orderId: order.orderId, caseId: rma.caseId, lines });
    const options = {
      workflowId: workflowIdOf('return', rma.caseId, 2),
      taskQueue: stage.taskQueue,
      args: [input] as [ReturnInput],
    };
    const handle = fact
      ? await stage.client.workflow.signalWithStart('returnCase', {
          ...options,
          signal: factSignal(fact.name),
          signalArgs: [{ eventId: randomUUID(), occurredAt: Date.now(), ...fact.told } as never],
        })
      : await stage.client.workflow.start('returnCase', options);
    return Object.assign(
      { ...rma, handle: handle as Playing['handle'] },
      {
        state: () => eventually(() => handle.query(getCase) as ReturnType<Playing['state']>),
        ended: () => handle.result(),
        give: async (name: string, role: string, payload: object, id = `${role}-1`) =>
          handle.executeUpdate(name, { args: [{ actor: { id, role }, payload }] }) as never,
      },
    ) as unknown as Playing;
  }

  it.concurrent('at its decision is judged by somebody else, and goes on as any case', async () => {
    const rma = await stage.open({ sla: unwarned });
    await rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] });
    await rma.ended();
    const again = await reopened(rma, 'decision');
    await untilStage(again, 'under_review');
    await eventually(async () => expect((await again.state()).request?.toAssess).toBeUndefined());
    await again.give('decide_request', 'manager', { verdict: 'accept', ruleIds: [] });
    await untilStage(again, 'awaiting_handover');
  });

  it.concurrent('for money that came back is paid once more under an intent of its own', async () => {
    const rma = await stage.open({ sla: unwarned });
    await happily(rma);
    await rma.ended();
    const { refundId } = stage.partners.refunds.find((one) => one.caseId === rma.caseId)!;
    stage.partners.settle(refundId, 'failed', 'account_closed');
    const again = await reopened(rma, 'money', { name: 'refund_failed', told: { refundId, code: 'account_closed' } });
    expect((await untilStage(again, 'needs_attention')).attention?.step).toBe('refund');
    await again.give('resolve_attention', 'agent', { verb: 'retry' });
    expect(await again.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundsOf(stage, rma)).toEqual([
      ['refund', 5_000],
      ['refund/2', 5_000],
    ]);
  });

  it.concurrent('for goods that turn up waits at the dock for them', async () => {
    const rma = await handedOut(stage, { quantities: { 1: 2 } });
    const units = [
      { lineId: '1', quantity: 1, condition: 'received' },
      { lineId: '1', quantity: 1, condition: 'missing' },
    ];
    await rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
    await rma.give('record_inspection', 'warehouse', {
      units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }],
    });
    await untilStage(rma, 'discrepancy');
    await rma.give('settle_discrepancy', 'manager', { decision: 'waive', ruleIds: ['merchant.waive'] });
    await rma.ended();
    const again = await reopened(rma, 'goods');
    await untilStage(again, 'received');
    await again.give('record_reception', 'warehouse', {
      parcelId: 'P2',
      scanNo: 1,
      units: [{ lineId: '1', quantity: 1, condition: 'received' }],
    });
    await again.give('record_inspection', 'warehouse', {
      units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }],
    });
    expect(await again.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

it('an errand that fails for good as a whole is listed, and the case goes on', async () => {
  const rma = await handedOut(stage);
  troubles.strike({ caseId: rma.caseId, activity: 'runErrands', error: ApplicationFailure.nonRetryable('no', 'broken') });
  await arrives(rma);
  await isGraded(rma);
  expect(await rma.ended()).toMatchObject({ stage: 'refunded' });
  expect(await exceptionsOf(stage, rma)).toContain('notice_failed');
});
