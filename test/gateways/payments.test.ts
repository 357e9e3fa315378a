/** The simulated payment provider over HTTP: keys, twins, forgetting, settlement, the wire's own errors. */
import { describe, expect, it } from 'vitest';
import { PartnerUnavailable } from '../../gateways/http.ts';
import { chargeOf, orderOf, refundOf, startSimulators, until } from './support.ts';

describe('refunds', () => {
  it('sent many times at once pay once', async () => {
    const { payments, sell, refundRows, totals } = await startSimulators();
    await sell(orderOf());
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => payments.createRefund(refundOf())));
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refusals.every((reason) => reason instanceof PartnerUnavailable)).toBe(true);
    expect(results.length - refusals.length).toBeGreaterThan(0);
    expect(await refundRows()).toHaveLength(1);
    expect(await totals()).toMatchObject({
      payments: {
        refundedMinor: { GBP: 2_500 },
        refunds: 1,
        byCase: { 'C-1': { amountMinor: 2_500, currency: 'GBP', refunds: 1 } },
      },
    });
  });

  it('meet their twin in flight as 409 with Retry-After, other content as 422', async () => {
    const { sell, fault, firedOf, postRefund, refundRows } = await startSimulators();
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'delay', latencyMs: 400 });
    const slow = postRefund(refundOf());
    await until(async () => expect(await firedOf()).toEqual([1]));
    const twin = await postRefund(refundOf());
    expect([twin.status, twin.body.code, twin.headers.get('retry-after')]).toEqual([409, 'in_flight', '1']);
    expect((await postRefund(refundOf({ amountMinor: 1 }))).body.code).toBe('idempotency_key_reused');
    expect((await slow).status).toBe(201);
    expect((await postRefund(refundOf())).body).toEqual((await slow).body);
    expect(await refundRows()).toHaveLength(1);
  });

  it('of one payment stay under its ceiling even when they race', async () => {
    const { sell, postRefund, totals } = await startSimulators();
    await sell(orderOf());
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => postRefund(refundOf({ key: `k${n}`, caseId: `C-${n}` }))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.filter(({ body }) => body.code === 'refund_exceeds_payment')).toHaveLength(8);
    expect((await totals()).payments.refundedMinor).toEqual({ GBP: 10_000 });
  });

  it('of one charge stay under what it took even when they race, and leave the payment alone', async () => {
    const { sell, payments, postRefund, totals } = await startSimulators();
    await sell(orderOf());
    const { chargeId } = await payments.createCharge(chargeOf({ amountMinor: 6_000 }));
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => postRefund(refundOf({ key: `k${n}`, caseId: `C-${n}`, chargeId }))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(answers.filter(({ body }) => body.code === 'refund_exceeds_charge')).toHaveLength(10);
    expect((await postRefund(refundOf({ key: 'all', amountMinor: 10_000 }))).status).toBe(201);
    expect((await totals()).payments).toMatchObject({
      refundedMinor: { GBP: 15_000 },
      charges: { chargedMinor: { GBP: 6_000 } },
    });
  });

  it('are paid twice by a provider that forgot the key, and a look-up first still finds the first', async () => {
    const { sell, send, payments, postRefund, refundRows } = await startSimulators();
    await sell(orderOf());
    const first = await payments.createRefund(refundOf());
    expect((await send('POST', '/control/key-expiry', { ms: 0 })).status).toBe(200);
    expect(await payments.findRefund(refundOf())).toEqual(first);
    const second = await postRefund(refundOf());
    expect(second.status).toBe(201);
    expect(second.body.refundId).not.toBe(first.refundId);
    expect(await refundRows()).toHaveLength(2);
    expect(await payments.findRefund(refundOf())).toEqual(first);
  });

  it('that are pending count as not paid until settled, once', async () => {
    const { sell, fault, send, payments, totals } = await startSimulators();
    await sell(orderOf());
    await fault({ partner: 'payments', operation: 'create_refund', fault: 'pending' });
    const { refundId } = await payments.createRefund(refundOf());
    expect((await totals()).payments).toMatchObject({ refundedMinor: { GBP: 0 }, refunds: 1, pending: 1 });
    expect((await send('POST', '/control/settle', { refundId, outcome: 'succeeded' })).status).toBe(200);
    expect((await totals()).payments).toMatchObject({ refundedMinor: { GBP: 2_500 }, succeeded: 1, pending: 0 });
    const again = await send('POST', '/control/settle', { refundId, outcome: 'succeeded' });
    expect(again.body).toMatchObject({ code: 'not_pending' });
    expect((await send('POST', '/control/settle', { refundId: 're_x', outcome: 'failed' })).status).toBe(404);
  });
});

describe('the wire', () => {
  it('says in words what is wrong with a body or a key', async () => {
    const { send, url } = await startSimulators();
    const post = async (body: unknown, headers: Record<string, string> = {}) => {
      const answer = await send('POST', '/payments/refunds', body, headers);
      return [answer.status, (answer.body as { code: string }).code];
    };
    expect(await post(refundOf())).toEqual([400, 'idempotency_key_missing']);
    expect(await post(refundOf(), { 'idempotency-key': 'other' })).toEqual([400, 'idempotency_key_mismatch']);
    const long = 'k'.repeat(256);
    expect(await post(refundOf({ key: long }), { 'idempotency-key': long })).toEqual([400, 'idempotency_key_too_long']);
    expect(await post({ ...refundOf(), amountMinor: 1.5, extra: 1 })).toEqual([400, 'invalid_input']);
    const cut = await fetch(`${url}/payments/refunds`, {
      method: 'POST',
      body: '{"a',
      headers: { 'content-type': 'application/json' },
    });
    expect([cut.status, await cut.json()]).toMatchObject([400, { code: 'invalid_input' }]);
    expect((await send('GET', '/payments/refunds')).status).toBe(400);
    expect((await send('GET', '/payments/charges')).status).toBe(400);
    expect((await send('GET', '/nowhere')).body).toMatchObject({ code: 'not_found' });
    expect((await send('GET', '/healthz')).status).toBe(200);
  });

  it('takes an order once, and no order that contradicts an earlier one', async () => {
    const { send, sell } = await startSimulators();
    await sell(orderOf());
    expect(await send('POST', '/orders', orderOf())).toMatchObject({ status: 200, body: orderOf() });
    expect(await send('POST', '/orders', orderOf({ paidMinor: 1 }))).toMatchObject({
      status: 409,
      body: { code: 'order_exists' },
    });
    expect(await send('POST', '/orders', orderOf({ orderId: 'O-2' }))).toMatchObject({
      status: 409,
      body: { code: 'payment_taken' },
    });
    expect((await send('GET', '/orders/O-1')).status).toBe(400);
  });
});
