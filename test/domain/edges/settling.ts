/** Edges of money and of trouble: the refund, an advance that is recovered, cases that need a person, taking back. */
import { day, hour, instantRefund, kettles, paperCaseIn, parkedFrom, type PaperCase } from '../paper-case.ts';
import { count, grade, refundPending, resolve, settle, type ReturnEdgeTest } from './words.ts';

/** The advance is small enough to be given up by the clock. */
const littleAdvanced = () => paperCaseIn('recovering_advance', [{ lineId: '1', quantity: 1, unitPriceMinor: 900 }]);
const expiredUnpaid = () => {
  const rma = paperCaseIn('awaiting_handover', kettles, {
    sla: { refund: { trigger: 'approval', maxMinor: 100_000, ruleId: 'merchant.instant' } },
    consents: ['claw_back'],
  });
  rma.wait(7 * day);
  rma.work('done');
  return rma;
};
/** Nobody knows yet whether the advance was paid, and the goods give no right to it. */
const advanceUnheardOf = () => {
  const rma = paperCaseIn('awaiting_handover', kettles, { ...instantRefund('first_scan'), reason: 'no_reason' });
  rma.scan('picked_up');
  rma.payEarly('timed_out');
  count(rma);
  grade(rma, 'D');
  rma.settleDown();
  settle(rma, 'refuse_goods');
  return rma;
};
const disputedInFull = () => {
  const rma = paperCaseIn('refund_due');
  rma.hear({ name: 'dispute_opened', eventId: 'd1', disputeId: 'dp_1', amountMinor: 5_000, occurredAt: rma.now });
  return rma;
};

const bankSays = (rma: PaperCase, name: 'dispute_opened' | 'dispute_closed') => {
  const dispute = { eventId: 'd1', disputeId: 'dp_1', amountMinor: 5_000, occurredAt: rma.now };
  rma.hear(name === 'dispute_opened' ? { name, ...dispute } : { name, ...dispute, result: 'won' });
};
const disputedWhileParked = (move: 'dispute_opened' | 'dispute_closed'): readonly ReturnEdgeTest[] => [
  {
    from: 'needs_attention',
    move,
    to: '@from',
    arrivesAt: 'refund_due',
    title:
      move === 'dispute_opened'
        ? 'the bank’s question is why the provider refused: its answer is awaited'
        : 'the bank has decided, and its question was why the provider refused: the refund goes on',
    given: () => parkedFrom('refund_due', 'step_failed', 'payment_disputed: the bank holds the money'),
    run: (rma) => bankSays(rma, move),
  },
  {
    from: 'needs_attention',
    move,
    to: '@stay',
    arrivesAt: 'needs_attention',
    title: 'a person looks at another trouble',
    run: (rma) => bankSays(rma, move),
  },
];

export const settlingEdges: readonly ReturnEdgeTest[] = [
  {
    from: 'recovering_advance',
    move: 'recovered',
    to: '@after',
    arrivesAt: 'sending_back',
    title: 'the advance is charged back, and the goods go on',
    run: (rma) => rma.work('done'),
  },
  {
    from: 'recovering_advance',
    move: 'written_off',
    to: '@after',
    arrivesAt: 'sending_back',
    byClock: 'withinWriteOffLimit',
    title: 'the customer pays nothing for two weeks, within the limit: it is given up',
    given: littleAdvanced,
    run: (rma) => rma.wait(14 * day),
  },
  {
    from: 'recovering_advance',
    move: 'written_off',
    to: '@after',
    arrivesAt: 'sending_back',
    byClock: 'ninetyDaysOld',
    title: 'the customer pays nothing for ninety days: it is given up, whatever it was',
    run: (rma) => rma.wait(91 * day),
  },
  {
    from: 'recovering_advance',
    move: 'received',
    to: 'received',
    title: 'the goods come after all',
    given: expiredUnpaid,
    run: (rma) => count(rma),
  },
  {
    from: 'recovering_advance',
    move: 'recovery_chased',
    to: '@stay',
    arrivesAt: 'recovering_advance',
    byClock: true,
    title: 'the customer pays nothing for two weeks: it is asked for once more, each week',
    run: (rma) => rma.wait(14 * day),
  },
  {
    from: 'recovering_advance',
    move: 'step_failed',
    to: 'needs_attention',
    title: 'nobody can say what became of the advance',
    given: advanceUnheardOf,
    run: (rma) => rma.work('timed_out'),
  },
  {
    from: 'refund_due',
    move: 'refunded',
    to: 'refunded',
    title: 'the provider says that it was paid',
    given: refundPending,
    run: (rma) => rma.providerSays('succeeded'),
  },
  {
    from: 'refund_due',
    move: 'refund_failed',
    to: 'needs_attention',
    title: 'the provider says that it failed',
    given: refundPending,
    run: (rma) => rma.providerSays('failed'),
  },
  {
    from: 'refund_due',
    move: 'settlement_overdue',
    to: 'needs_attention',
    byClock: true,
    title: 'the provider is silent for two weeks',
    given: refundPending,
    run: (rma) => rma.wait(14 * day),
  },
  {
    from: 'refund_due',
    move: 'step_failed',
    to: 'needs_attention',
    title: 'the provider refuses for good',
    run: (rma) => rma.work('refused'),
  },
  {
    from: 'refund_due',
    move: 'dispute_lost',
    to: 'refunded',
    title: 'the bank has paid the customer instead',
    given: disputedInFull,
    run: (rma) =>
      rma.hear({
        name: 'dispute_closed',
        eventId: 'd2',
        disputeId: 'dp_1',
        amountMinor: 5_000,
        result: 'lost',
        occurredAt: rma.now,
      }),
  },
  {
    from: 'needs_attention',
    move: 'retried',
    to: '@from',
    arrivesAt: 'authorized',
    title: 'a person lets the step be tried again',
    run: (rma) => resolve(rma, 'retry'),
  },
  ...(['dispute_opened', 'dispute_closed'] as const).flatMap((move) => disputedWhileParked(move)),
  {
    from: 'needs_attention',
    move: 'skipped',
    to: '@skip',
    arrivesAt: 'awaiting_handover',
    title: 'a person goes on without the step',
    run: (rma) => resolve(rma, 'skip'),
  },
  {
    from: 'needs_attention',
    move: 'overridden',
    to: '@result',
    arrivesAt: 'refunded',
    title: 'a manager has paid another way, with proof',
    given: () => parkedFrom('refund_due'),
    run: (rma) => resolve(rma, 'override', { result: 'refunded', proofIds: ['bank-1'] }),
  },
  {
    from: 'needs_attention',
    move: 'rung_climbed',
    to: '@step',
    arrivesAt: 'authorized',
    byClock: true,
    title: 'nobody comes: it is tried once more, and told one rung up',
    run: (rma) => rma.wait(4 * hour),
  },
  {
    from: 'needs_attention',
    move: 'compensated',
    to: 'unwinding',
    title: 'a person has everything taken back',
    run: (rma) => resolve(rma, 'compensate'),
  },
  {
    from: 'unwinding',
    move: 'unwound',
    to: '@target',
    arrivesAt: 'withdrawn',
    title: 'all is taken back',
    run: (rma) => rma.work('done'),
  },
  {
    from: 'unwinding',
    move: 'step_failed',
    to: 'needs_attention',
    byClock: true,
    title: 'something cannot be taken back in an hour',
    run: (rma) => rma.work('timed_out'),
  },
];
