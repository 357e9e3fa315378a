/** What was answered once stays true: over a restart, a torn line, and kill -9 of the real process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Refund } from '../../contracts/partners.ts';
import { openLedger } from '../../gateways/simulators/ledger.ts';
import {
  chargeOf,
  claimOf,
  clientsOf,
  entryOf,
  noticeOf,
  orderOf,
  pickupOf,
  refundOf,
  secrets,
  shipmentOf,
  startReceiver,
  startSimulators,
  tempDir,
  until,
} from './support.ts';

describe('a ledger', () => {
  const open = async (file: string) => {
    const seen: string[] = [];
    const ledger = await openLedger<{ word: string }>(file, ({ word }) => seen.push(word));
    return { seen, ledger };
  };

  it('keeps many concurrent rows in order and numbers them without gaps', async () => {
    const file = join(await tempDir(), 'deeper', 'words.jsonl');
    const first = await open(file);
    await Promise.all(Array.from({ length: 500 }, (_, n) => first.ledger.append({ word: `w${n}` })));
    await first.ledger.close();
    const second = await open(file);
    expect(second.seen).toEqual(Array.from({ length: 500 }, (_, n) => `w${n}`));
    await second.ledger.append({ word: 'last' });
    expect((await second.ledger.rows()).at(-1)).toMatchObject({ word: 'last', seq: 501 });
    await second.ledger.close();
    await expect(second.ledger.append({ word: 'too late' })).rejects.toThrow('closed');
  });

  it.each([
    ['without its end', '{"word":"to'],
    ['with an end', '{"word":"to\n'],
  ])('drops a torn last line %s and goes on after it', async (_how, torn) => {
    const file = join(await tempDir(), 'words.jsonl');
    const first = await open(file);
    await first.ledger.append({ word: 'whole' });
    await first.ledger.close();
    await appendFile(file, torn);
    const second = await open(file);
    expect(second.seen).toEqual(['whole']);
    await second.ledger.append({ word: 'next' });
    await second.ledger.close();
    const third = await open(file);
    expect(third.seen).toEqual(['whole', 'next']);
    await third.ledger.close();
  });

  it('does not start over a bad line in the middle', async () => {
    const file = join(await tempDir(), 'words.jsonl');
    await writeFile(file, '{"word":"a","seq":1}\nnonsense\n{"word":"b","seq":2}\n');
    await expect(open(file)).rejects.toThrow('row 2 cannot be read');
  });
});

describe('a restart', () => {
  it('keeps refunds, keys, ceilings, shipments and the key expiry', async () => {
    const dataDir = await tempDir();
    const before = await startSimulators({ dataDir });
    await before.sell(orderOf());
    const refund = await before.payments.createRefund(refundOf());
    const shipment = await before.carrier.prepareShipment(shipmentOf());
    await before.scan({ trackingNo: shipment.trackingNo, code: 'picked_up' });
    const totals = await before.totals();
    await before.close();

    const after = await startSimulators({ dataDir });
    expect(await after.totals()).toEqual(totals);
    expect(await after.payments.createRefund(refundOf())).toEqual(refund);
    expect((await after.postRefund(refundOf({ amountMinor: 1 }))).body.code).toBe('idempotency_key_reused');
    expect((await after.postRefund(refundOf({ key: 'k2', amountMinor: 7_501 }))).body.code).toBe('refund_exceeds_payment');
    expect(await after.carrier.findShipment(shipmentOf())).toEqual({ ...shipment, status: 'in_transit' });
    expect(await after.orders.findOrder({ merchantId: 'm-1', orderId: 'O-1' })).toEqual(orderOf());
    await after.send('POST', '/control/key-expiry', { ms: 0 });
    await after.close();

    const third = await startSimulators({ dataDir });
    expect((await third.postRefund(refundOf())).body.refundId).not.toBe(refund.refundId);
  });

  it('keeps visits, scans, taken slots, claims, charges, disputes, notices and stock', async () => {
    const dataDir = await tempDir();
    const before = await startSimulators({ dataDir });
    await before.sell(orderOf());
    const { refundId } = await before.payments.createRefund(refundOf());
    const charge = await before.payments.createCharge(chargeOf());
    const { chargeId } = charge;
    const ofCharge = await before.payments.createRefund(refundOf({ key: 'of-charge', chargeId }));
    const { disputeId = '' } = await before.control('disputes', { paymentId: 'pay-1', amountMinor: 500 });
    const proof = { key: 'C-1/proof', disputeId, refundId };
    const { proofId } = await before.payments.submitDisputeProof(proof);
    const { trackingNo } = await before.carrier.prepareShipment(shipmentOf());
    await before.control('slots', { slotId: 'slot_20300302T1100Z', taken: true });
    await before.carrier.bookPickup(pickupOf());
    await before.scan({ trackingNo, code: 'pickup_failed', cause: 'nobody_home' });
    const second = await before.carrier.bookPickup(pickupOf({ key: 'p2' }));
    await before.control('drivers', { key: 'p2' });
    await before.carrier.fileClaim(claimOf({ trackingNo }));
    await before.control('claims', { key: 'C-1/claim', outcome: 'declined' });
    const claim = await before.carrier.appealClaim({ key: 'C-1/claim' });
    const notice = await before.notifications.sendNotice(noticeOf());
    const entry = await before.stock.bookIn(entryOf());
    const [totals, tracked] = [await before.totals(), await before.carrier.trackShipment({ trackingNo })];
    await before.close();

    const after = await startSimulators({ dataDir });
    expect(await after.totals()).toEqual(totals);
    expect(await after.carrier.trackShipment({ trackingNo })).toEqual(tracked);
    expect(await after.payments.createCharge(chargeOf())).toEqual(charge);
    expect(await after.payments.findRefund(ofCharge)).toEqual(ofCharge);
    expect((await after.postRefund(refundOf({ key: 'k2' }))).body.code).toBe('payment_disputed');
    expect(await after.payments.submitDisputeProof(proof)).toMatchObject({ proofId });
    expect(await after.carrier.findPickup(pickupOf())).toMatchObject({ status: 'failed' });
    expect(await after.carrier.bookPickup(pickupOf({ key: 'p2' }))).toEqual(second);
    expect(await after.carrier.findShipment(shipmentOf())).toMatchObject({ slotId: second.slotId });
    expect(await after.carrier.cancelPickupIfPresent({ key: 'p2' })).toMatchObject({ reason: 'driver_on_the_way' });
    const taken = after.carrier.prepareShipment(shipmentOf({ key: 'k2', slotId: 'slot_20300302T1100Z' }));
    await expect(taken).rejects.toMatchObject({ code: 'slot_taken' });
    expect(await after.carrier.fileClaim(claimOf({ trackingNo }))).toEqual(claim);
    expect(await after.notifications.sendNotice(noticeOf())).toEqual(notice);
    expect(await after.stock.bookIn(entryOf())).toEqual(entry);
    await expect(after.stock.bookIn(entryOf({ quantity: 9 }))).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await after.control(`disputes/${disputeId}`, { result: 'won' });
    expect((await after.postRefund(refundOf({ key: 'k3', amountMinor: 1, chargeId }))).body.code).toBe('refund_exceeds_charge');
  });

  it('still fails a pending refund that was due to fail', async () => {
    const dataDir = await tempDir();
    const before = await startSimulators({ dataDir });
    await before.sell(orderOf());
    const request = { partner: 'payments', operation: 'create_refund', fault: 'pending_then_failed', latencyMs: 300 };
    await before.fault(request);
    await before.payments.createRefund(refundOf());
    await before.close();
    expect(await readFile(join(dataDir, 'payments.jsonl'), 'utf8')).not.toContain('refund_ended');
    const after = await startSimulators({ dataDir });
    await until(async () => expect(await after.payments.findRefund(refundOf())).toMatchObject({ status: 'failed' }));
  });

  it('forgets the row whose line is torn, and makes that refund anew', async () => {
    const dataDir = await tempDir();
    const before = await startSimulators({ dataDir });
    await before.sell(orderOf());
    await before.payments.createRefund(refundOf());
    await before.close();
    const file = join(dataDir, 'payments.jsonl');
    await truncate(file, (await readFile(file)).length - 10);
    const after = await startSimulators({ dataDir });
    expect(await after.payments.findRefund(refundOf())).toBeUndefined();
    await after.payments.createRefund(refundOf());
    expect(await after.refundRows()).toHaveLength(1);
  });
});

describe('the process', () => {
  const main = fileURLToPath(new URL('../../gateways/simulators/main.ts', import.meta.url));
  const start = async (env: Record<string, string>) => {
    const child = spawn(process.execPath, ['--import', 'tsx', main], {
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => expect(said).toContain('\n'));
    const url = /simulators listening on (http:\/\/127\.0\.0\.1:\d+)\n/.exec(said)?.[1] ?? '';
    return { child, said, ...clientsOf(url) };
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    const exited = once(child, 'exit');
    child.kill(signal);
    return exited;
  };

  it('killed right after an answer has lost nothing it answered, nor the webhooks it owed', async () => {
    const dataDir = await tempDir();
    const receiver = await startReceiver();
    const env = {
      SIMULATORS_DATA_DIR: dataDir,
      WEBHOOK_BASE_URL: receiver.url,
      PAYMENTS_WEBHOOK_SECRET: secrets.payments,
      CARRIER_WEBHOOK_SECRET: secrets.carrier,
    };
    const first = await start(env);
    await first.sell(orderOf({ paidMinor: 1_000_000 }));
    const answered: Refund[] = [];
    let enough = () => {};
    const thirty = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const posts = Array.from({ length: 100 }, async (_, n) => {
      const { status, body } = await first.postRefund(refundOf({ key: `C-${n}/refund`, caseId: `C-${n}` }));
      expect(status).toBe(201);
      if (answered.push(body) === 30) enough();
    });
    const settled = Promise.allSettled(posts);
    await thirty;
    await end(first.child, 'SIGKILL');
    await settled;

    const second = await start(env);
    for (const refund of answered) expect(await second.payments.findRefund(refund)).toEqual(refund);
    const rows = await second.refundRows();
    expect(rows.length).toBeGreaterThanOrEqual(answered.length);
    await until(async () => expect((await second.totals()).webhooks).toMatchObject({ delivered: rows.length, pending: 0 }));
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(rows.length);
    expect(await end(second.child, 'SIGTERM')).toEqual([0, null]);
  });

  it('holds control shut in production unless allowed, and names what is missing in its environment', async () => {
    const env = { SIMULATORS_DATA_DIR: await tempDir(), NODE_ENV: 'production' };
    const shut = await start(env);
    expect((await shut.send('GET', '/control/totals')).status).toBe(403);
    await end(shut.child, 'SIGTERM');
    const open = await start({ ...env, ALLOW_CONTROL: '1' });
    expect((await open.send('GET', '/control/totals')).status).toBe(200);
    await end(open.child, 'SIGTERM');
    const wrong = await start({ ...env, WEBHOOK_BASE_URL: 'http://127.0.0.1:9/webhooks' });
    expect(wrong.said).toContain('PAYMENTS_WEBHOOK_SECRET');
  });
});
