/** Money, by the payment provider's ledger: I1, I2, and what a road must have paid. */
import type { Case, Evidence } from './evidence.ts';
import type { Violation } from './index.ts';

const sum = (list: readonly { readonly amountMinor: number }[]): number =>
  list.reduce((total, one) => total + one.amountMinor, 0);

/** Refunds of the case that came through, and charges taken back from the customer. */
export const paidOf = ({ refunds, charges }: Case): number =>
  sum(refunds.filter((one) => one.status === 'succeeded')) - sum(charges.filter((one) => one.status === 'succeeded'));

/** I1: refunds that came through twice for one intent: two under one key, or more than the case ever asked for by keys of its own. */
export function doubledRefunds({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap((one) => {
    const asked = new Set(
      one.runs.flatMap((run) =>
        run.activities.filter(({ type }) => type === 'refundPayment').map(({ input }) => String(input.key)),
      ),
    );
    const paid = one.refunds.filter(({ status }) => status === 'succeeded');
    const keys = paid.map(({ key }) => key);
    const twice = keys.filter((key, index) => keys.indexOf(key) < index);
    const unasked = keys.filter((key) => !asked.has(key));
    const what = [...twice.map((key) => `${key} paid twice`), ...unasked.map((key) => `${key} was never asked for by the case`)];
    return what.map((text) => ({ invariant: 'I1', caseId: one.caseId, what: text }));
  });
}

/** Clocks of a partner and of Temporal, ms apart. */
const clocksMs = 1_000;

/** I2: what the case took for paid had been paid by then. */
export function takenForPaid({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, runs, refunds }) =>
    runs
      .flatMap((run) => run.activities)
      .flatMap(({ type, result, endedAt = 0 }) => {
        const { refundId, settled } = (type === 'refundPayment' ? (result ?? {}) : {}) as {
          refundId?: string;
          settled?: boolean;
        };
        const refund = refunds.find((one) => one.refundId === refundId);
        if (!settled || !refund || (refund.paidAt ?? Number.POSITIVE_INFINITY) <= endedAt + clocksMs) return [];
        return [{ invariant: 'I2', caseId, what: `${refund.key} was taken for paid before the provider had paid it` }];
      }),
  );
}

/** I2: no payment gives back more than it captured, by currency; charges add to what may be given back. */
export function overRefunds({ cases, orders }: Evidence): Violation[] {
  const all = [...cases.values()];
  return orders.flatMap(({ orderId, paymentId, paidMinor, currency }) => {
    const own = all.flatMap((one) =>
      one.refunds.filter((refund) => refund.paymentId === paymentId && refund.status !== 'failed'),
    );
    const back = all.flatMap((one) =>
      one.charges.filter((charge) => charge.paymentId === paymentId && charge.status === 'succeeded'),
    );
    const foreign = own.filter((refund) => refund.currency !== currency);
    const over = sum(own) - sum(back) - paidMinor;
    const caseId = own[0]?.caseId;
    return [
      ...(over > 0 ? [{ invariant: 'I2', caseId, what: `order ${orderId}: ${over} more than captured` }] : []),
      ...foreign.map(({ key }) => ({ invariant: 'I2', caseId, what: `${key} in a currency that the order was not paid in` })),
    ];
  });
}
