/** What the edge tests have in common: their type, and what people and partners do, in one word each. */
import { mendline, type Role } from '../../../domain/permissions.ts';
import type { openReturnStages, ReturnMove, ReturnStage } from '../../../domain/return-table.ts';
import type { Target } from '../../../domain/stage-table.ts';
import type { EdgeTest } from '../../support/edge-coverage.ts';
import { count, grade, kettles, paperCaseIn, PaperCase } from '../paper-case.ts';

type Open = (typeof openReturnStages)[number];
export type ReturnEdgeTest = EdgeTest<PaperCase, Open, ReturnMove, Target<ReturnStage>>;

export const withdraw = (rma: PaperCase) => rma.give('withdraw_case', 'customer', {});
export const cancel = (rma: PaperCase) => rma.give('cancel_case', 'agent', {});
export const decide = (rma: PaperCase, verdict: string, role: Role = 'manager') =>
  rma.give('decide_request', role, { verdict, ruleIds: ['uk.strr'] });
export const settle = (rma: PaperCase, decision: string, role: Role = 'agent') =>
  rma.give('settle_discrepancy', role, { decision, ruleIds: ['uk.strr'] });
export const answer = (rma: PaperCase, said: 'accept' | 'decline') => rma.give('answer_proposal', 'customer', { answer: said });
export const resolve = (rma: PaperCase, verb: string, more: object = {}) =>
  rma.give('resolve_attention', 'manager', { verb, ...more });
/** The parcel travels on the customer's own way, at the customer's risk. */
export const ownWay = () => {
  const rma = paperCaseIn('awaiting_handover', kettles, { channel: 'own_carrier' });
  rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: 'X1' });
  return rma;
};
/** The parcel that never came to the customer. */
export const neverCame = () => {
  const rma = new PaperCase(kettles, { reason: 'not_received' });
  rma.work('done', { assessed: 'outbound_missing' });
  return rma;
};
/** Cancelled while the goods are on their way: they go back as they come. */
export const cancelledOnItsWay = () => {
  const rma = paperCaseIn('in_transit');
  cancel(rma);
  return rma;
};
/** Worn goods of so little value that the clock may let them pass. */
export const worthLittle = [{ lineId: '1', quantity: 1, unitPriceMinor: 400 }];
export const refundPending = () => {
  const rma = paperCaseIn('refund_due');
  rma.work('done', { pending: true });
  return rma;
};
export const labelled = (stage: 'sending_back') => {
  const rma = paperCaseIn(stage);
  rma.work('done');
  return rma;
};
export const tell = (rma: PaperCase, type: ReturnMove) => rma.record({ type, by: mendline });
export { count, grade };
