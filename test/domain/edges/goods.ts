/** Edges of goods that are here: counted, graded, disputed, sent back. */
import { ungraded } from '../../../domain/goods.ts';
import { day, kettles, paperCaseIn, type PaperCase } from '../paper-case.ts';
import { answer, cancel, grade, labelled, settle, withdraw, worthLittle, type ReturnEdgeTest } from './words.ts';

const worn = { reason: 'no_reason' } as const;
const oneMissing = () => {
  const rma = paperCaseIn('awaiting_handover');
  const units = ['received', 'missing'].map((condition) => ({ lineId: '1', quantity: 1, condition }));
  rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units });
  const [arrived] = rma.state.lots.filter(ungraded);
  rma.give('record_inspection', 'warehouse', { units: [{ ...arrived, grade: 'A', disposition: 'restock' }] });
  return rma;
};
const withManager = () => {
  const rma = paperCaseIn('discrepancy');
  rma.wait(2 * day);
  return rma;
};
const cameLate = (rma: PaperCase) => {
  const units = [{ lineId: '1', quantity: 1, condition: 'received' }];
  rma.give('record_reception', 'warehouse', { parcelId: 'P2', scanNo: 1, units });
  rma.give('record_inspection', 'warehouse', { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] });
};
/** Half of a parcel is in order and its money not sent yet; the other half goes back. */
const halfGoesBack = () => {
  const rma = paperCaseIn('received', kettles, worn);
  const units = ['A', 'D'].map((found) => ({ lineId: '1', quantity: 1, grade: found, disposition: 'restock' }));
  rma.give('record_inspection', 'warehouse', { units });
  rma.settleDown();
  settle(rma, 'refuse_goods');
  rma.work('done');
  return rma;
};

export const goodsEdges: readonly ReturnEdgeTest[] = [
  { from: 'received', move: 'inspected', to: 'inspected', title: 'the last unit is graded', run: (rma) => grade(rma) },
  {
    from: 'received',
    move: 'accepted_as_is',
    to: 'refund_due',
    byClock: true,
    title: 'nobody inspects for ten days',
    run: (rma) => rma.wait(10 * day),
  },
  { from: 'received', move: 'goods_refused', to: 'sending_back', title: 'an agent cancels it: the goods go back', run: cancel },
  {
    from: 'received',
    move: 'goods_refused',
    to: 'sending_back',
    byClock: 'cancelledOnItsWay',
    title: 'it was cancelled on its way, and nobody counts it in ten days',
    given: () => {
      const rma = paperCaseIn('in_transit');
      cancel(rma);
      rma.scan('delivered');
      return rma;
    },
    run: (rma) => rma.wait(10 * day),
  },
  { from: 'inspected', move: 'cleared', to: 'refund_due', title: 'all is there and well', run: (rma) => rma.settleDown() },
  {
    from: 'inspected',
    move: 'discrepancy_found',
    to: 'discrepancy',
    byClock: true,
    title: 'a unit is missing',
    given: oneMissing,
    run: (rma) => rma.settleDown(),
  },
  {
    from: 'discrepancy',
    move: 'inspected',
    to: 'inspected',
    title: 'the missing unit comes late, and is looked at',
    given: () => {
      const rma = oneMissing();
      rma.settleDown();
      return rma;
    },
    run: cameLate,
  },
  {
    from: 'discrepancy',
    move: 'waived',
    to: 'refund_due',
    byClock: 'withinWaiverLimit',
    title: 'nobody decides for two days about what is within the limit',
    given: () => paperCaseIn('discrepancy', worthLittle),
    run: (rma) => rma.wait(2 * day),
  },
  {
    from: 'discrepancy',
    move: 'manager_asked',
    to: '@stay',
    arrivesAt: 'discrepancy',
    byClock: true,
    title: 'nobody decides for two days about more than that: a manager is asked',
    run: (rma) => rma.wait(2 * day),
  },
  {
    from: 'discrepancy',
    move: 'deduction_proposed',
    to: 'deduction_offered',
    byClock: 'managerAsked',
    title: 'the manager says nothing for a day: what is in order is offered',
    given: withManager,
    run: (rma) => rma.wait(day),
  },
  {
    from: 'discrepancy',
    move: 'goods_refused',
    to: 'sending_back',
    title: 'an agent sends the goods back',
    run: (rma) => settle(rma, 'refuse_goods'),
  },
  {
    from: 'discrepancy',
    move: 'evidence_requested',
    to: 'awaiting_customer',
    title: 'an agent asks the customer',
    run: (rma) => rma.give('request_evidence', 'agent', { items: ['photo of the parcel'] }),
  },
  {
    from: 'deduction_offered',
    move: 'proposal_accepted',
    to: 'refund_due',
    title: 'the customer accepts the deduction',
    run: (rma) => answer(rma, 'accept'),
  },
  {
    from: 'deduction_offered',
    move: 'proposal_declined',
    to: 'discrepancy',
    title: 'the customer declines the deduction',
    run: (rma) => answer(rma, 'decline'),
  },
  {
    from: 'deduction_offered',
    move: 'goods_wanted_back',
    to: 'sending_back',
    title: 'the customer wants the goods back',
    run: withdraw,
  },
  {
    from: 'deduction_offered',
    move: 'deduction_applied',
    to: 'refund_due',
    byClock: true,
    title: 'the customer says nothing for five days',
    run: (rma) => rma.wait(5 * day),
  },
  {
    from: 'sending_back',
    move: 'delivered_back',
    to: 'returned_to_customer',
    title: 'the customer has the goods again',
    given: () => labelled('sending_back'),
    run: (rma) => rma.scan('delivered'),
  },
  {
    from: 'sending_back',
    move: 'delivered_back',
    to: 'refund_due',
    title: 'what was in order is still to be paid',
    given: halfGoesBack,
    run: (rma) => rma.scan('delivered'),
  },
  {
    from: 'sending_back',
    move: 'lost',
    to: 'refund_due',
    title: 'the carrier loses what goes back',
    given: () => labelled('sending_back'),
    run: (rma) => rma.scan('lost'),
  },
  {
    from: 'sending_back',
    move: 'presumed_lost',
    to: 'refund_due',
    byClock: true,
    title: 'it does not arrive in twelve days',
    given: () => labelled('sending_back'),
    run: (rma) => rma.wait(12 * day),
  },
  {
    from: 'sending_back',
    move: 'returned_to_sender',
    to: 'needs_attention',
    title: 'nobody takes it at the door: it comes back to us',
    given: () => labelled('sending_back'),
    run: (rma) => rma.scan('returned_to_sender'),
  },
  {
    from: 'sending_back',
    move: 'step_failed',
    to: 'needs_attention',
    title: 'no label can be had for the way back',
    run: (rma) => rma.work('timed_out'),
  },
];
