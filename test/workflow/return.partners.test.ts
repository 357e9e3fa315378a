import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PartnerUnavailable } from '../../gateways/http.ts';
import { orderOf } from '../support/cases.ts';
import { labelsOf, refundRowsOf, typesOf } from '../support/roads.ts';
import {
  accept,
  arrives,
  createStage,
  createTroubles,
  eventually,
  gate,
  happily,
  isGraded,
  newCaseId,
  untilStage,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('partners', troubles.wrap);
});
afterAll(() => stage.close());

describe('a partner’s lost answer', () => {
  it('about a label leaves one label: the second attempt finds it', async () => {
    stage.partners.failNext('prepare_shipment', new PartnerUnavailable('the answer was lost'), { afterEffect: true });
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    expect(labelsOf(stage, rma)).toHaveLength(1);
    expect(
      stage.partners.calls.filter((call) => call.subject === `${rma.caseId}/issue_label`).map((call) => call.operation),
    ).toEqual(['find_shipment', 'prepare_shipment', 'find_shipment']);
  });

  it('about a refund leaves exactly one refund', async () => {
    stage.partners.failNext('create_refund', new PartnerUnavailable('the answer was lost'), { afterEffect: true });
    const rma = await stage.open();
    await happily(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toMatchObject([{ amountMinor: 5_000, status: 'succeeded' }]);
  });

  it('about voiding a label is asked for again, and the label is void', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    stage.partners.failNext('void_shipment', new PartnerUnavailable('the answer was lost'), { afterEffect: true });
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toMatchObject({ stage: 'withdrawn' });
    expect(labelsOf(stage, rma)).toMatchObject([{ status: 'voided' }]);
  });

  it.concurrent('several times in a row costs attempts and nothing else', async () => {
    const caseId = newCaseId();
    const error = new Error('the carrier is away');
    troubles.strike({ caseId, activity: 'issueReturnLabel', error, times: 3, afterEffect: true });
    troubles.strike({ caseId, activity: 'refundPayment', error, times: 2, afterEffect: true });
    const rma = await stage.open({ caseId });
    await happily(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect([labelsOf(stage, rma).length, refundRowsOf(stage, rma).length]).toEqual([1, 1]);
    expect(await typesOf(stage, rma)).not.toContain('step_failed');
  });
});

describe('a step whose stage is left meanwhile', () => {
  it.concurrent.each(['before', 'after'] as const)(
    'has its label taken back, made %s the withdrawal, and its answer moves the case no more',
    async (made) => {
      const caseId = newCaseId();
      const { shut, open } = gate();
      troubles.strike({ caseId, activity: 'issueReturnLabel', ...(made === 'before' ? { until: shut } : { from: shut }) });
      const rma = await stage.open({ caseId, firstEdition: true });
      await accept(rma);
      await untilStage(rma, 'authorized');
      if (made === 'before') await eventually(() => expect(labelsOf(stage, rma)).toHaveLength(1));
      const receipt = await rma.give('withdraw_case', 'customer', {}); // waits for no carrier
      expect(receipt).toMatchObject({ stage: 'unwinding', projected: true });
      open();
      expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
      expect(labelsOf(stage, rma)).toMatchObject([{ status: 'voided' }]);
      expect((await typesOf(stage, rma)).slice(-5)).toEqual(['armed', 'withdrawn', 'undone', 'undone', 'unwound']);
    },
  );

  it.concurrent('has the units that it claims late set free', async () => {
    const caseId = newCaseId();
    const { shut, open } = gate();
    troubles.strike({ caseId, activity: 'assessReturn', from: shut });
    const opening = stage.open({ caseId, order: orderOf('O-late-claim') });
    const handle = stage.client.workflow.getHandle(`return:${caseId}`);
    await eventually(() => handle.query('get_case'));
    const withdrawal = handle.executeUpdate('withdraw_case', {
      args: [{ actor: { id: 'cust-1', role: 'customer' }, payload: {} }],
    });
    await eventually(async () => expect(await handle.query('get_case')).toMatchObject({ stage: 'unwinding' }));
    open();
    await Promise.all([opening, withdrawal]);
    expect(await handle.result()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect([...(await stage.database.ledgers.claimed('m1', 'O-late-claim', 'nobody')).values()]).toEqual([0]);
  });

  it.concurrent('while it waits for its next attempt keeps nobody waiting', async () => {
    const caseId = newCaseId();
    troubles.strike({ caseId, activity: 'issueReturnLabel', error: new Error('away'), times: Number.POSITIVE_INFINITY });
    const rma = await stage.open({
      caseId,
      sla: (sla) => ({ ...sla, steps: { ...sla.steps, firstRetryMs: 600_000, maxRetryMs: 600_000 } }),
    });
    await accept(rma);
    await untilStage(rma, 'authorized');
    await rma.give('withdraw_case', 'customer', {});
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect(labelsOf(stage, rma)).toEqual([]);
  });

  it.concurrent('because the provider’s word came first: the refund is told once, and nothing follows the end', async () => {
    const caseId = newCaseId();
    const { shut, open } = gate();
    troubles.strike({ caseId, activity: 'refundPayment', until: shut });
    const rma = await stage.open({ caseId, firstEdition: true });
    await happily(rma);
    await eventually(() => expect(refundRowsOf(stage, rma)).toHaveLength(1));
    const [refund] = refundRowsOf(stage, rma);
    await rma.tell('refund_settled', {
      eventId: 'evt-1',
      refundId: refund!.refundId,
      amountMinor: 5_000,
      occurredAt: Date.now(),
    });
    await untilStage(rma, 'refunded');
    open();
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect((await typesOf(stage, rma)).filter((type) => type === 'refunded')).toHaveLength(1);
    expect((await typesOf(stage, rma)).at(-1)).toBe('refunded');
  });
});

describe('units that two cases want at once', () => {
  it.concurrent('go to one of them; the other is refused with the rule cited, and holds nothing', async () => {
    const order = orderOf('O-contested');
    const cases = await Promise.all([1, 2].map(() => stage.open({ order, quantities: { 1: 2, 2: 1 } })));
    const [won, lost] = [...cases].sort((one) => (one.opened.stage === 'under_review' ? -1 : 1));
    expect([won!.opened.stage, lost!.opened.stage]).toEqual(['under_review', 'rejected']);
    expect(lost!.opened.verdict).toMatchObject({ ruleIds: ['order.units_available'], because: ['units_in_another_case'] });
    expect(await lost!.ended()).toEqual({ stage: 'rejected', refundedMinor: 0 });
    expect(await stage.database.ledgers.claimed('m1', 'O-contested', 'nobody')).toEqual(
      new Map([
        ['1', 2],
        ['2', 1],
      ]),
    );
    await happily(won!);
    expect(await won!.ended()).toMatchObject({ stage: 'refunded' });
  });

  it.concurrent('in the other order go to one of them all the same, and not to neither', async () => {
    for (let nth = 0; nth < 8; nth += 1) {
      const order = orderOf(`O-crossed-${nth}`);
      const crossed = { ...order, lines: [...order.lines].reverse() };
      const cases = await Promise.all([order, crossed].map((one) => stage.open({ order: one, quantities: { 1: 3, 2: 5 } })));
      expect(cases.map((rma) => rma.opened.stage).sort()).toEqual(['rejected', 'under_review']);
    }
  });

  it.concurrent('are free for the next case once the first lets go of them, and never once they were refunded', async () => {
    const order = orderOf('O-again');
    const first = await stage.open({ order, quantities: { 1: 3 } });
    await first.give('withdraw_case', 'customer', {});
    await first.ended();
    const second = await stage.open({ order, quantities: { 1: 3 } });
    expect(second.opened.stage).toBe('under_review');
    await happily(second);
    await second.ended();
    const third = await stage.open({ order, quantities: { 1: 1 } });
    expect(third.opened).toMatchObject({ stage: 'rejected', verdict: { ruleIds: ['order.units_available'] } });
    expect((await stage.open({ order, quantities: { 2: 5 } })).opened.stage).toBe('under_review');
  });
});

describe('the same case', () => {
  it.concurrent('opened twice at once is one case with one answer', async () => {
    const caseId = newCaseId();
    const order = orderOf('O-double-click');
    const [one, two] = await Promise.all([stage.open({ caseId, order }), stage.open({ caseId, order })]);
    expect(two.opened).toEqual(one.opened);
    expect(await stage.database.ledgers.claimed('m1', order.orderId, 'nobody')).toEqual(new Map([['1', 2]]));
  });

  it.concurrent('reset to before its refund refunds no second time', async () => {
    const rma = await stage.open();
    await happily(rma);
    await rma.ended();
    const { events } = await rma.handle.fetchHistory();
    const scheduled = events!.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'refundPayment',
    )!;
    const before = events!.filter(
      (event) => event.workflowTaskCompletedEventAttributes && Number(event.eventId) < Number(scheduled.eventId),
    );
    await stage.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: rma.handle.workflowId },
      workflowTaskFinishEventId: before.at(-1)!.eventId,
      requestId: rma.caseId,
      reason: 'a test',
    });
    const handle = stage.client.workflow.getHandle(rma.handle.workflowId);
    expect(await handle.result()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toHaveLength(1);
  });
});

describe('a worker that dies in the middle of a step', () => {
  it.concurrent('is followed by another, which finds what was done: one refund, one end', async () => {
    const own = createTroubles();
    const { shut, open } = gate();
    const doomed = await createStage('doomed', own.wrap);
    const caseId = newCaseId();
    // The effect happens and the answer never comes: what a killed process leaves behind.
    own.strike({ caseId, activity: 'refundPayment', until: shut });
    const rma = await doomed.open({ caseId });
    await happily(rma);
    await eventually(() => expect(doomed.partners.refunds).toHaveLength(1));
    const stopping = doomed.stopWorkers();
    await doomed.startWorker();
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(doomed.partners.refunds).toHaveLength(1);
    const attempts = doomed.partners.calls.filter((call) => call.subject === `${caseId}/refund`).map((call) => call.operation);
    expect(attempts).toEqual(['find_refund', 'create_refund', 'find_refund']);
    open();
    await stopping;
    await doomed.close();
  });

  it.concurrent('while the case waits is not missed: the next worker goes on from the same place', async () => {
    const doomed = await createStage('waiting');
    const rma = await doomed.open();
    await accept(rma);
    const { shipment } = await untilStage(rma, 'awaiting_handover');
    await doomed.stopWorkers();
    const scanned = { trackingNo: shipment!.trackingNo, code: 'picked_up', occurredAt: Date.now() };
    await rma.tell('parcel_scanned', { eventId: 'evt-1', ...scanned }); // nobody is there to hear it yet
    await doomed.startWorker();
    await untilStage(rma, 'in_transit');
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toMatchObject({ stage: 'refunded' });
    await doomed.close();
  });
});
