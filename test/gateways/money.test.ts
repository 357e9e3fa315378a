/** Money beyond a plain refund: charges, disputes, late and partial refunds. Fakes and adapters against the simulator answer alike. */
import { describe, expect, it } from 'vitest';
import type { Order } from '../../contracts/partners.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { chargeOf, orderOf, refundOf, startSimulators } from './support.ts';

const implementations = [
  {
    name: 'fakes',
    open: async () => {
      const fakes = createFakePartners();
      return {
        payments: fakes.payments,
        sell: async (order: Order) => fakes.orders.add(order),
        pendCharge: async () => fakes.pendNextCharge(),
        halveRefund: async () => fakes.halveNextRefund(),
        failRefund: async (refundId: string) => fakes.settle(refundId, 'failed', 'account_closed'),
        failCharge: async (chargeId: string) => fakes.settleCharge(chargeId, 'failed', 'no_funds'),
        settleCharge: async (chargeId: string) => fakes.settleCharge(chargeId, 'succeeded'),
        dispute: async (amountMinor: number) => fakes.openDispute({ paymentId: 'pay-1', amountMinor }),
        close: async (disputeId: string, result: 'won' | 'lost') => fakes.closeDispute(disputeId, result),
      };
    },
  },
  {
    name: 'adapters and simulators',
    open: async () => {
      const { payments, sell, fault, control } = await startSimulators();
      return {
        payments,
        sell,
        pendCharge: async () => void (await fault({ partner: 'payments', operation: 'create_charge', fault: 'pending' })),
        halveRefund: async () => void (await fault({ partner: 'payments', operation: 'create_refund', fault: 'partial_refund' })),
        failRefund: async (refundId: string) =>
          void (await control('settle', { refundId, outcome: 'failed', code: 'account_closed' })),
        failCharge: async (chargeId: string) => void (await control('settle', { chargeId, outcome: 'failed', code: 'no_funds' })),
        settleCharge: async (chargeId: string) => void (await control('settle', { chargeId, outcome: 'succeeded' })),
        dispute: async (amountMinor: number) => {
          const { disputeId = '' } = await control('disputes', { paymentId: 'pay-1', amountMinor, currency: 'GBP' });
          return disputeId;
        },
        close: async (disputeId: string, result: 'won' | 'lost') => void (await control(`disputes/${disputeId}`, { result })),
      };
    },
  },
];

describe.each(implementations)('$name', ({ open }) => {
  const opened = async () => {
    const all = await open();
    await all.sell(orderOf());
    return all;
  };

  it('takes the same charge once, and finds it again', async () => {
    const { payments } = await opened();
    expect(await payments.findCharge(chargeOf())).toBeUndefined();
    const first = await payments.createCharge(chargeOf());
    expect(first).toEqual({ ...chargeOf(), chargeId: first.chargeId, status: 'succeeded' });
    expect(await payments.createCharge(chargeOf())).toEqual(first);
    expect(await payments.findCharge(chargeOf())).toEqual(first);
    expect(await payments.findCharge(chargeOf({ key: 'other' }))).toBeUndefined();
    expect(await payments.findCharge(chargeOf({ caseId: 'C-2' }))).toBeUndefined();
    for (const [code, request] of [
      ['idempotency_key_reused', chargeOf({ amountMinor: 1 })],
      ['payment_not_found', chargeOf({ key: 'k2', paymentId: 'pay-9' })],
      ['currency_mismatch', chargeOf({ key: 'k2', currency: 'EUR' })],
      ['amount_not_positive', chargeOf({ key: 'k2', amountMinor: 0 })],
    ] as const) {
      await expect(payments.createCharge(request)).rejects.toMatchObject({ name: 'PartnerRefusal', code });
    }
  });

  it('finds a pending charge that failed as failed', async () => {
    const { payments, pendCharge, failCharge } = await opened();
    await pendCharge();
    const { chargeId, status } = await payments.createCharge(chargeOf());
    expect(status).toBe('pending');
    await failCharge(chargeId);
    expect(await payments.findCharge(chargeOf())).toMatchObject({ status: 'failed', failureCode: 'no_funds' });
  });

  it('lists what was charged for a payment, by whatever case, and nothing of another payment', async () => {
    const { payments, sell, pendCharge } = await opened();
    await sell(orderOf({ orderId: 'O-2', paymentId: 'pay-2' }));
    expect(await payments.chargesOf({ paymentId: 'pay-1' })).toEqual([]);
    const first = await payments.createCharge(chargeOf());
    await pendCharge();
    const second = await payments.createCharge(chargeOf({ key: 'C-2/charge', caseId: 'C-2' }));
    const other = await payments.createCharge(chargeOf({ key: 'C-3/charge', caseId: 'C-3', paymentId: 'pay-2' }));
    expect(await payments.chargesOf({ paymentId: 'pay-1' })).toEqual([first, second]);
    expect(await payments.chargesOf({ paymentId: 'pay-2' })).toEqual([other]);
    expect(second.status).toBe('pending');
  });

  it('gives back of a charge what it took and no more, beside what the payment captured', async () => {
    const { payments, failRefund } = await opened();
    const { chargeId } = await payments.createCharge(chargeOf({ amountMinor: 4_000 }));
    const first = await payments.createRefund(refundOf({ chargeId }));
    expect(first).toMatchObject({ chargeId, amountMinor: 2_500, status: 'succeeded' });
    expect(await payments.findRefund(refundOf())).toEqual(first);
    await payments.createRefund(refundOf({ key: 'all', amountMinor: 10_000 }));
    for (const [code, request] of [
      ['refund_exceeds_payment', refundOf({ key: 'k2', amountMinor: 1 })],
      ['refund_exceeds_charge', refundOf({ key: 'k2', amountMinor: 1_501, chargeId })],
      ['idempotency_key_reused', refundOf()],
    ] as const)
      await expect(payments.createRefund(request)).rejects.toMatchObject({ name: 'PartnerRefusal', code });
    await failRefund(first.refundId);
    await payments.createRefund(refundOf({ key: 'k3', amountMinor: 4_000, chargeId }));
    await expect(payments.createRefund(refundOf({ key: 'k4', amountMinor: 1, chargeId }))).rejects.toMatchObject({
      code: 'refund_exceeds_charge',
    });
  });

  it('gives back of a charge that has succeeded alone, of the same payment, and not while that is disputed', async () => {
    const { payments, sell, pendCharge, settleCharge, failCharge, dispute, close } = await opened();
    await sell(orderOf({ orderId: 'O-2', paymentId: 'pay-2' }));
    const refused = async (code: string, chargeId: string) =>
      expect(payments.createRefund(refundOf({ chargeId }))).rejects.toMatchObject({ name: 'PartnerRefusal', code });
    const other = await payments.createCharge(chargeOf({ key: 'k2', paymentId: 'pay-2' }));
    await refused('charge_not_found', 'ch_x');
    await refused('charge_not_found', other.chargeId);
    await pendCharge();
    const { chargeId } = await payments.createCharge(chargeOf());
    await refused('charge_not_settled', chargeId);
    await settleCharge(chargeId);
    const disputeId = await dispute(1);
    await refused('payment_disputed', chargeId);
    await close(disputeId, 'lost');
    expect((await payments.createRefund(refundOf({ chargeId }))).status).toBe('succeeded');
    await pendCharge();
    const failed = await payments.createCharge(chargeOf({ key: 'k3' }));
    await failCharge(failed.chargeId);
    await expect(payments.createRefund(refundOf({ key: 'k4', chargeId: failed.chargeId }))).rejects.toMatchObject({
      code: 'charge_not_settled',
    });
  });

  it('gives back to the ceiling what a paid refund fails to pay, late', async () => {
    const { payments, failRefund } = await opened();
    const { refundId } = await payments.createRefund(refundOf({ amountMinor: 10_000 }));
    await expect(payments.createRefund(refundOf({ key: 'k2' }))).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
    await failRefund(refundId);
    expect(await payments.findRefund(refundOf())).toMatchObject({ status: 'failed', failureCode: 'account_closed' });
    expect((await payments.createRefund(refundOf({ key: 'k2' }))).status).toBe('succeeded');
  });

  it('never calls half a refund a refund', async () => {
    const { payments, halveRefund } = await opened();
    await halveRefund();
    for (let again = 0; again < 2; again += 1) {
      await expect(payments.createRefund(refundOf())).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'amount_mismatch' });
    }
    expect(await payments.findRefund(refundOf())).toMatchObject({ amountMinor: 1_250, status: 'succeeded' });
  });

  it('refunds nothing of a payment while it is disputed, and goes on once the dispute is won', async () => {
    const { payments, sell, dispute, close } = await opened();
    await sell(orderOf({ orderId: 'O-2', paymentId: 'pay-2' }));
    const before = await payments.createRefund(refundOf());
    const disputeId = await dispute(10_000);
    const refused = payments.createRefund(refundOf({ key: 'k2' }));
    await expect(refused).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'payment_disputed' });
    expect(await payments.createRefund(refundOf())).toEqual(before);
    expect((await payments.createRefund(refundOf({ key: 'k3', paymentId: 'pay-2' }))).status).toBe('succeeded');
    await close(disputeId, 'won');
    expect((await payments.createRefund(refundOf({ key: 'k2' }))).status).toBe('succeeded');
  });

  it('counts a lost dispute as paid back by the bank', async () => {
    const { payments, dispute, close } = await opened();
    await close(await dispute(8_000), 'lost');
    const over = payments.createRefund(refundOf({ amountMinor: 2_001 }));
    await expect(over).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
    expect((await payments.createRefund(refundOf({ key: 'k2', amountMinor: 2_000 }))).status).toBe('succeeded');
  });

  it('takes one proof a key while the dispute is open, of a refund of that payment', async () => {
    const { payments, sell, dispute, close } = await opened();
    await sell(orderOf({ orderId: 'O-2', paymentId: 'pay-2' }));
    const { refundId } = await payments.createRefund(refundOf());
    const other = await payments.createRefund(refundOf({ key: 'k2', paymentId: 'pay-2' }));
    const disputeId = await dispute(10_000);
    const request = { key: 'C-1/proof', disputeId, refundId };
    const proof = await payments.submitDisputeProof(request);
    expect(proof).toEqual({ ...request, proofId: proof.proofId, status: 'received' });
    await close(disputeId, 'won');
    expect(await payments.submitDisputeProof(request)).toEqual(proof);
    const second = await dispute(1);
    for (const [code, part] of [
      ['idempotency_key_reused', { disputeId: second }],
      ['dispute_not_found', { key: 'k2', disputeId: 'dp_x' }],
      ['dispute_over', { key: 'k2' }],
      ['refund_not_found', { key: 'k2', disputeId: second, refundId: 're_x' }],
      ['refund_not_found', { key: 'k2', disputeId: second, refundId: other.refundId }],
    ] as const) {
      await expect(payments.submitDisputeProof({ ...request, ...part })).rejects.toMatchObject({ name: 'PartnerRefusal', code });
    }
  });
});

describe('the simulated provider', () => {
  it('totals charges and disputes beside refunds, and a late failure takes its refund out', async () => {
    const { sell, payments, control, totals } = await startSimulators();
    await sell(orderOf());
    const { refundId } = await payments.createRefund(refundOf());
    await payments.createCharge(chargeOf());
    const { disputeId } = await control('disputes', { paymentId: 'pay-1', amountMinor: 500 });
    await control(`disputes/${disputeId}`, { result: 'lost' });
    await control('settle', { refundId, outcome: 'failed' });
    expect((await totals()).payments).toMatchObject({
      refundedMinor: { GBP: 0 },
      refunds: 1,
      failed: 1,
      byCase: { 'C-1': { amountMinor: 0, refunds: 1 } },
      charges: { chargedMinor: { GBP: 2_500 }, count: 1, succeeded: 1 },
      disputes: { open: 0, lost: 1, lostMinor: { GBP: 500 }, proofs: 0 },
    });
  });

  it('forgets keys of charges as it does those of refunds, and a look-up still finds the first', async () => {
    const { sell, payments, control } = await startSimulators();
    await sell(orderOf());
    const first = await payments.createCharge(chargeOf());
    await control('key-expiry', { ms: 0 });
    expect(await payments.findCharge(chargeOf())).toEqual(first);
    expect((await payments.createCharge(chargeOf())).chargeId).not.toBe(first.chargeId);
  });

  it('knows no dispute of a payment it does not know, nor one closed twice', async () => {
    const { sell, send, control } = await startSimulators();
    await sell(orderOf());
    const open = (body: object) => send('POST', '/control/disputes', body);
    expect(await open({ paymentId: 'pay-9', amountMinor: 1 })).toMatchObject({ status: 404 });
    expect(await open({ paymentId: 'pay-1', amountMinor: 1, currency: 'EUR' })).toMatchObject({ status: 422 });
    const { disputeId } = await control('disputes', { paymentId: 'pay-1', amountMinor: 1 });
    await control(`disputes/${disputeId}`, { result: 'won' });
    expect(await send('POST', `/control/disputes/${disputeId}`, { result: 'lost' })).toMatchObject({ status: 409 });
  });
});
