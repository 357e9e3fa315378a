/** The real processes, killed with -9 in the middle of things: nothing acknowledged is lost, nothing is paid twice, reading catches up. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { meetPeople, merchantId, type People } from '../../dev/demo/people.ts';
import { startSystem, type System } from '../../dev/system.ts';
import { commandUpdate, factSignal, getCase, workflowIdOf } from '../../workflows/messages.ts';

const dayMs = 86_400_000;
const patient = { timeout: 60_000, interval: 100 };
const units = [{ lineId: '1', quantity: 2 }];

describe('killed with -9', () => {
  let system: System;
  let people: People;
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-kills-'));
  beforeAll(async () => {
    system = await startSystem({ dataDir, ui: false });
    people = meetPeople(system);
  });
  afterAll(async () => {
    await system.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });

  const order = async () => {
    const orderId = `O-${randomUUID().slice(0, 8)}`;
    const iso = (days: number) => new Date(Date.now() - days * dayMs).toISOString();
    await people.simulate('POST', '/orders', {
      orderId,
      merchantId,
      customerId: 'customer-1',
      jurisdiction: 'GB',
      currency: 'GBP',
      placedAt: iso(5),
      deliveredAt: iso(2),
      paymentId: `pay-${orderId}`,
      paidMinor: 5_000,
      lines: [{ lineId: '1', sku: 'MUG', title: 'Mug', category: 'home', quantity: 2, unitPriceMinor: 2_500 }],
    });
    return orderId;
  };
  const open = async (key: string = randomUUID()) =>
    people.open('customer', 'customer-1', key, { orderId: await order(), lines: units, reason: 'quality' });
  const toTheDock = async (caseId: string) => {
    await people.command('agent', 'agent-1', caseId, 'decide-request', { verdict: 'accept' });
    await people.until(caseId, 'awaiting_handover');
    await people.command('warehouse', 'dock-1', caseId, 'record-reception', { parcelId: `P-${caseId}`, units });
  };
  const inspect = (caseId: string) =>
    people.command('warehouse', 'dock-1', caseId, 'record-inspection', {
      units: [{ ...units[0], grade: 'A', disposition: 'restock' }],
    });
  const refundsOf = async (caseId: string) =>
    (
      await people.simulate<{ payments: { byCase: Record<string, { amountMinor: number; refunds: number }> } }>(
        'GET',
        '/control/totals',
      )
    ).payments.byCase[caseId];

  /** How often each such step was begun, and what was silent or late before the last time. */
  const attemptsOf = async (caseId: string, step: string) => {
    const { events = [] } = await system.client.workflow.getHandle(workflowIdOf('return', caseId)).fetchHistory();
    const ids = (events ?? []).flatMap(({ eventId, activityTaskScheduledEventAttributes: one }) =>
      one?.activityType?.name === step ? [String(eventId)] : [],
    );
    return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: one }) =>
      ids.includes(String(one?.scheduledEventId))
        ? [{ attempt: one?.attempt, after: one?.lastFailure?.timeoutFailureInfo?.timeoutType ?? undefined }]
        : [],
    );
  };

  it('a worker that had paid and could not say so: another one finds the refund, and pays no second', async () => {
    const { caseId } = await open();
    await toTheDock(caseId);
    const match = { caseId };
    await people.simulate('POST', '/control/faults', {
      partner: 'payments',
      operation: 'create_refund',
      match,
      fault: 'timeout_after_effect',
      latencyMs: 60_000,
    });
    await inspect(caseId);
    await vi.waitFor(async () => expect(await refundsOf(caseId)).toMatchObject({ amountMinor: 5_000 }), patient);
    system.worker.kill9();
    await system.worker.exited;
    system.worker = await system.startWorker();
    expect(await people.until(caseId, 'refunded')).toMatchObject({ refundedMinor: 5_000 });
    expect(await refundsOf(caseId)).toMatchObject({ amountMinor: 5_000, refunds: 1 });
  });

  it('a worker in the middle of a step: it is silent, and another begins the step anew', async () => {
    const { caseId } = await open();
    const hanging = { partner: 'carrier', operation: 'prepare_shipment', match: { caseId }, latencyMs: 60_000 };
    await people.simulate('POST', '/control/faults', { ...hanging, fault: 'timeout_after_effect' });
    await people.command('agent', 'agent-1', caseId, 'decide-request', { verdict: 'accept' });
    const fired = async () =>
      (await people.simulate<{ faults: { match?: object; fired: number }[] }>('GET', '/control/faults')).faults;
    await vi.waitFor(
      async () => expect(await fired()).toContainEqual(expect.objectContaining({ match: { caseId }, fired: 1 })),
      patient,
    );
    system.worker.kill9();
    await system.worker.exited;
    system.worker = await system.startWorker();
    await people.until(caseId, 'awaiting_handover');
    const silent = 4; // TIMEOUT_TYPE_HEARTBEAT of Temporal's API
    expect(await attemptsOf(caseId, 'issueReturnLabel')).toEqual([{ attempt: 2, after: silent }]);
  });

  it('nobody, and a partner is slow: what is on its way for longer than a worker may be silent is asked for once', async () => {
    const { caseId } = await open();
    await toTheDock(caseId);
    for (const operation of ['find_refund', 'create_refund'])
      await people.simulate('POST', '/control/faults', {
        partner: 'payments',
        operation,
        match: { caseId },
        fault: 'delay',
        latencyMs: 3_500,
      });
    await inspect(caseId);
    await people.until(caseId, 'refunded');
    expect(await attemptsOf(caseId, 'refundPayment')).toEqual([{ attempt: 1, after: undefined }]);
  });

  it('MongoDB, while a case goes on: the case is not held up, and the read model catches up', async () => {
    const { caseId } = await open();
    await people.command('agent', 'agent-1', caseId, 'decide-request', { verdict: 'accept' });
    await people.until(caseId, 'awaiting_handover');
    const handle = system.client.workflow.getHandle(workflowIdOf('return', caseId));
    await system.mongo.kill9();
    const scan = { trackingNo: 'RT', occurredAt: Date.now() };
    await handle.signal(factSignal('parcel_scanned'), { ...scan, eventId: randomUUID(), code: 'picked_up' });
    await handle.signal(factSignal('parcel_scanned'), { ...scan, eventId: randomUUID(), code: 'delivered' });
    const actor = { id: 'dock-1', role: 'warehouse' } as const;
    const counted = { parcelId: 'P1', scanNo: 1, units: [{ ...units[0], condition: 'received' }] };
    const receipt = await handle.executeUpdate(commandUpdate('record_reception'), {
      args: [{ actor, payload: counted } as never],
    });
    expect(receipt).toMatchObject({ stage: 'received' });
    const token = await system.issuer.sign({ id: 'agent-1', role: 'agent', merchantId });
    const away = await fetch(`${system.apiUrl}/cases/${caseId}`, { headers: { authorization: `Bearer ${token}` } });
    expect(away.status).toBe(503);
    expect(await away.json()).toMatchObject({ code: 'try_again' });
    await system.mongo.restart();
    await vi.waitFor(async () => {
      const state = await handle.query(getCase);
      expect(await people.read(caseId)).toMatchObject({ stage: 'received', revision: state.revision, unitsReceived: 2 });
    }, patient);
    await inspect(caseId);
    await people.until(caseId, 'refunded');
    expect(await refundsOf(caseId)).toMatchObject({ amountMinor: 5_000, refunds: 1 });
  });

  it('the API, after a command: the same key gives the same case and the same answer', async () => {
    const key = randomUUID();
    const orderId = await order();
    const body = { orderId, lines: units, reason: 'quality' };
    const first = await people.open('customer', 'customer-1', key, body);
    system.api.kill9();
    await system.api.exited;
    await system.startApi();
    expect(await people.open('customer', 'customer-1', key, body)).toEqual(first);
  });

  it('Temporal, after an acknowledged command: the command is in the case', async () => {
    const { caseId } = await open();
    await people.command('agent', 'agent-1', caseId, 'assign-case', { assignee: 'agent-7' });
    await system.temporal.kill9();
    await system.temporal.restart();
    const handle = system.client.workflow.getHandle(workflowIdOf('return', caseId));
    await vi.waitFor(async () => expect(await handle.query(getCase)).toMatchObject({ assignee: 'agent-7' }), patient);
    await toTheDock(caseId);
    await inspect(caseId);
    await people.until(caseId, 'refunded');
  });
});
