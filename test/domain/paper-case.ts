/** Cases on paper that have come to a stage: by the happy road where it passes there, else by the shortest way. */
import { rowOf } from '../../domain/case.ts';
import { mendline } from '../../domain/permissions.ts';
import type { PaidLine } from '../../domain/refunds.ts';
import type { ReturnMove, ReturnStage } from '../../domain/return-table.ts';
import { instantRefund, type PaperOptions } from './paper-policy.ts';
import { allCounted, allGraded, PaperCase, rules } from './paper-return.ts';

export * from './paper-policy.ts';
export * from './paper-return.ts';

const accept = (rma: PaperCase) => rma.give('decide_request', 'manager', { verdict: 'accept', ruleIds: [] });
export const count = (rma: PaperCase, condition = 'received') =>
  rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state, condition) });
export const grade = (rma: PaperCase, found = 'A') =>
  rma.give('record_inspection', 'warehouse', { units: allGraded(rma.state, found) });

type Road = Partial<Record<ReturnStage, (rma: PaperCase) => void>>;
const happy: Road = {
  requested: (rma) => rma.work('done', { assessed: 'referred' }),
  under_review: accept,
  authorized: (rma) => rma.work('done'),
  awaiting_handover: (rma) => rma.scan('picked_up'),
  in_transit: (rma) => count(rma),
  received: (rma) => grade(rma),
  inspected: (rma) => rma.record({ type: 'cleared', by: mendline }),
  refund_due: (rma) => rma.work('done'),
};
/** Worn goods that were returned without a reason: all of them wait for a decision. */
const worn: Road = {
  ...happy,
  received: (rma) => grade(rma, 'D'),
  inspected: (rma) => rma.settleDown(),
};
const refuseGoods: Road = {
  ...worn,
  discrepancy: (rma) => rma.give('settle_discrepancy', 'agent', { decision: 'refuse_goods', ruleIds: ['uk.strr'] }),
};
const sideRoads: Partial<Record<ReturnStage, Road>> = {
  awaiting_customer: { ...happy, under_review: (rma) => rma.give('request_evidence', 'agent', { items: ['photo'] }) },
  negotiating: {
    ...happy,
    under_review: (rma) => rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 1_000 }),
  },
  lost_suspected: { ...happy, in_transit: (rma) => rma.scan('lost') },
  discrepancy: worn,
  deduction_offered: {
    ...worn,
    discrepancy: (rma) =>
      rma.give('settle_discrepancy', 'manager', {
        decision: 'deduct',
        deductions: [{ lineId: '1', quantity: 1, amountMinor: 600 }],
        ruleIds: ['uk.strr'],
      }),
  },
  sending_back: refuseGoods,
  recovering_advance: refuseGoods,
  needs_attention: { ...happy, authorized: (rma) => rma.work('refused') },
  unwinding: { ...happy, awaiting_handover: (rma) => rma.give('withdraw_case', 'customer', {}) },
};
const given: Partial<Record<ReturnStage, PaperOptions>> = {
  discrepancy: { reason: 'no_reason' },
  deduction_offered: { reason: 'no_reason' },
  sending_back: { reason: 'no_reason' },
  recovering_advance: { reason: 'no_reason', ...instantRefund('first_scan') },
};

/** A case that has come to this stage; an advance that is paid on the way is paid. */
export function paperCaseIn(stage: ReturnStage, lines?: readonly PaidLine[], options: PaperOptions = {}): PaperCase {
  const rma = new PaperCase(lines, { ...given[stage], ...options });
  const road = sideRoads[stage] ?? happy;
  while (rma.stage !== stage) {
    const before = rma.state;
    road[rma.stage as ReturnStage]?.(rma);
    rma.payEarly();
    if (rma.state === before) throw new Error(`no road leads to ${stage}: it ends in ${rma.stage}`);
  }
  return rma;
}

/** A case parked from a stage, as if its step or its wait had failed. */
export function parkedFrom(stage: ReturnStage, move: ReturnMove = 'step_failed', cause = 'carrier_down: no'): PaperCase {
  const rma = paperCaseIn(stage);
  rma.settleDown();
  rma.record({ type: move, by: mendline, step: rowOf(rules, stage)?.step, cause });
  return rma;
}
