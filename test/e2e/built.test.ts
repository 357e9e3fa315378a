import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drive } from '../../dev/demo/drive.ts';
import { meetPeople } from '../../dev/demo/people.ts';
import { startSystem, type System } from '../../dev/system.ts';

describe('what production runs', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-built-'));
  let system: System;
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, ['dev/build.mjs']);
    system = await startSystem({ dataDir, ui: false, built: true });
  });
  afterAll(async () => {
    await system.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  });

  it('is built by npm run build: compiled API and worker with the prebuilt bundle take a return to its refund', async () => {
    const lines = [{ lineId: '1', sku: 'MUG', title: 'Mug', quantity: 2, unitPriceMinor: 1_250 }];
    const what = {
      returnNo: 'R1',
      orderId: 'O-R1',
      customerId: 'C1',
      currency: 'EUR',
      jurisdiction: 'DE',
      returnedAt: Date.now(),
      lines,
    };
    const plan = {
      what,
      road: 'happy',
      reason: 'no_reason',
      handoverChannel: 'locker',
      daysWithCustomer: 2,
      leftParked: false,
    } as const;
    const { view } = await drive(plan, meetPeople(system), system.client);
    expect(view).toMatchObject({ stage: 'refunded', refundedMinor: 2_500, currency: 'EUR' });
  });
});
