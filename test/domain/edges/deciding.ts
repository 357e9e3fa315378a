/** Edges of a request until it is agreed to: assessed, looked at, asked about, negotiated. */
import { day, hour, kettles, paperCaseIn, PaperCase } from '../paper-case.ts';
import { answer, cancel, decide, withdraw, type ReturnEdgeTest } from './words.ts';

/** Taking back and cancelling are the same wherever the customer still has the goods. */
const takenBack = (
  ['requested', 'under_review', 'awaiting_customer', 'negotiating', 'authorized', 'awaiting_handover'] as const
).flatMap((from): ReturnEdgeTest[] => [
  { from, move: 'withdrawn', to: 'unwinding', title: 'the customer takes it back', run: withdraw },
  { from, move: 'cancelled', to: 'unwinding', title: 'an agent cancels it', run: cancel },
]);

/** The verdict comes for a request that the customer has edited meanwhile. */
const outdated = (['accepted', 'accepted_without_return', 'refused', 'outbound_missing'] as const).map(
  (move): ReturnEdgeTest => ({
    from: 'requested',
    move,
    to: 'under_review',
    when: 'editedMeanwhile',
    title: 'it was edited while it was being assessed: it is assessed anew',
    run: (rma) => {
      rma.give('edit_request', 'customer', { reason: 'no_reason' });
      rma.work('done', { assessed: move });
    },
  }),
);

const proposed = (kind: string) => () => {
  const rma = paperCaseIn('under_review');
  rma.give('propose', 'manager', { kind, ...(kind === 'price_reduction' ? { amountMinor: 1_000 } : {}) });
  return rma;
};
const askedAboutWorn = () => {
  const rma = paperCaseIn('discrepancy');
  rma.give('request_evidence', 'agent', { items: ['when was it used?'] });
  return rma;
};

export const decidingEdges: readonly ReturnEdgeTest[] = [
  ...takenBack,
  ...outdated,
  { from: 'requested', move: 'accepted', to: 'authorized', title: 'the rules accept it', run: (rma) => rma.work('done') },
  {
    from: 'requested',
    move: 'accepted_without_return',
    to: 'refund_due',
    title: 'the rules let the goods be kept',
    run: (rma) => rma.work('done', { assessed: 'accepted_without_return' }),
  },
  {
    from: 'requested',
    move: 'referred',
    to: 'under_review',
    byClock: true,
    title: 'the rules want a person, or are not to be had in time',
    run: (rma) => rma.work('timed_out'),
  },
  {
    from: 'requested',
    move: 'refused',
    to: 'rejected',
    title: 'the rules refuse it, citing one',
    run: (rma) => rma.work('done', { assessed: 'refused' }),
  },
  {
    from: 'requested',
    move: 'outbound_missing',
    to: 'lost_suspected',
    title: 'the goods never came to the customer',
    given: () => new PaperCase(kettles, { reason: 'not_received' }),
    run: (rma) => rma.work('done', { assessed: 'outbound_missing' }),
  },
  {
    from: 'requested',
    move: 'step_failed',
    to: 'needs_attention',
    title: 'the facts cannot be had',
    run: (rma) => rma.work('refused'),
  },
  {
    from: 'under_review',
    move: 'accepted',
    to: 'authorized',
    title: 'an agent accepts it',
    run: (rma) => decide(rma, 'accept', 'agent'),
  },
  {
    from: 'under_review',
    move: 'accepted_without_return',
    to: 'refund_due',
    title: 'a manager lets the goods be kept',
    run: (rma) => decide(rma, 'accept_without_return'),
  },
  {
    from: 'under_review',
    move: 'refused',
    to: 'rejected',
    title: 'an agent refuses it, citing a rule',
    run: (rma) => decide(rma, 'refuse', 'agent'),
  },
  {
    from: 'under_review',
    move: 'agreed_by_silence',
    to: 'authorized',
    byClock: true,
    title: 'nobody answers for two days',
    run: (rma) => rma.wait(2 * day),
  },
  {
    from: 'under_review',
    move: 'evidence_requested',
    to: 'awaiting_customer',
    title: 'an agent asks for a photo',
    run: (rma) => rma.give('request_evidence', 'agent', { items: ['photo'] }),
  },
  {
    from: 'under_review',
    move: 'proposed',
    to: 'negotiating',
    title: 'an agent proposes a price reduction',
    run: (rma) => rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 1_000 }),
  },
  {
    from: 'under_review',
    move: 'step_failed',
    to: 'needs_attention',
    title: 'the edited request cannot be assessed anew',
    run: (rma) => {
      rma.give('edit_request', 'customer', { reason: 'no_reason' });
      rma.work('refused');
    },
  },
  {
    from: 'awaiting_customer',
    move: 'evidence_submitted',
    to: '@from',
    arrivesAt: 'under_review',
    title: 'the customer sends the photo',
    run: (rma) => rma.give('submit_evidence', 'customer', { evidenceIds: ['e1'] }),
  },
  {
    from: 'awaiting_customer',
    move: 'no_reply',
    to: '@from',
    arrivesAt: 'under_review',
    byClock: true,
    title: 'the customer says nothing for three days: it is decided on the file',
    run: (rma) => rma.wait(3 * day),
  },
  {
    from: 'awaiting_customer',
    move: 'goods_wanted_back',
    to: 'sending_back',
    title: 'asked about goods that are here, the customer wants them back',
    given: askedAboutWorn,
    run: withdraw,
  },
  {
    from: 'negotiating',
    move: 'proposal_accepted',
    to: 'refund_due',
    title: 'the customer keeps the goods for less',
    run: (rma) => answer(rma, 'accept'),
  },
  {
    from: 'negotiating',
    move: 'proposal_accepted',
    to: 'unwinding',
    title: 'the customer takes an exchange instead',
    given: proposed('exchange'),
    run: (rma) => answer(rma, 'accept'),
  },
  {
    from: 'negotiating',
    move: 'proposal_accepted',
    to: 'authorized',
    title: 'the customer is to send the goods back',
    given: proposed('return'),
    run: (rma) => answer(rma, 'accept'),
  },
  {
    from: 'negotiating',
    move: 'proposal_declined',
    to: '@from',
    arrivesAt: 'under_review',
    title: 'the customer declines: the first request goes on',
    run: (rma) => answer(rma, 'decline'),
  },
  {
    from: 'negotiating',
    move: 'proposal_lapsed',
    to: '@from',
    arrivesAt: 'under_review',
    byClock: true,
    title: 'the customer says nothing for three days: the first request goes on',
    run: (rma) => rma.wait(72 * hour),
  },
];
