import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDoor, type Door } from '../support/door.ts';

describe('a return over HTTP', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-happy');
  });
  afterAll(() => door.close());

  it('is opened, decided, scanned, received, inspected and refunded by those whose work it is', async () => {
    const opened = await door.opened();
    expect(opened.status).toBe(201);
    expect(opened.body).toMatchObject({
      stage: 'under_review',
      projected: true,
      verdict: { verdict: 'referred', freight: 'merchant' },
    });
    const { caseId } = opened.body;
    expect((await door.command(caseId, 'decide-request', 'agent', { verdict: 'accept' })).status).toBe(200);
    const waiting = await vi.waitFor(async () => {
      const { body } = await door.get(`/cases/${caseId}`, 'customer');
      expect(body).toMatchObject({ stage: 'awaiting_handover', owner: 'customer', defaultAction: 'expired' });
      return body;
    });
    const { trackingNo } = waiting.shipment;
    const scan = (code: string) =>
      door.webhook('carrier', {
        type: 'parcel_scanned',
        data: { caseId, trackingNo, code, occurredAt: new Date().toISOString() },
      });
    expect((await scan('picked_up')).body).toEqual({ status: 'told' });
    expect((await scan('delivered')).status).toBe(200);
    await vi.waitFor(async () => expect((await door.get(`/cases/${caseId}`)).body.stage).toBe('received'));
    const units = [{ lineId: '1', quantity: 2 }];
    expect((await door.command(caseId, 'record-reception', 'warehouse', { parcelId: 'P1', units })).status).toBe(200);
    const graded = [{ lineId: '1', quantity: 2, grade: 'A', disposition: 'restock' }];
    expect((await door.command(caseId, 'record-inspection', 'warehouse', { units: graded })).status).toBe(200);
    await vi.waitFor(async () =>
      expect((await door.get(`/cases/${caseId}`)).body).toMatchObject({ stage: 'refunded', refundedMinor: 5_000 }),
    );
    const { rows } = (await door.get(`/cases/${caseId}/timeline`)).body;
    expect(rows.map((row: { event: string }) => row.event)).toContain('shipment_prepared');
  });
});
