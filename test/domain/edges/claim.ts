/** Edges of a claim on a carrier. */
import type { claimEnds, openClaimStages } from '../../../domain/claim.ts';
import type { Target } from '../../../domain/stage-table.ts';
import type { EdgeTest } from '../../support/edge-coverage.ts';
import { mendline } from '../../../domain/permissions.ts';
import { day, hour } from '../paper-policy.ts';
import { PaperClaim, paperClaimIn } from '../paper-claim.ts';

type Open = (typeof openClaimStages)[number];
export type ClaimEdgeTest = EdgeTest<PaperClaim, Open, string, Target<Open | (typeof claimEnds)[number]>>;

const appealed = () => {
  const claim = paperClaimIn('claim_declined');
  claim.wait(2 * day);
  return claim;
};
/** Reminded three times in vain: each term after the first is a shorter one. */
const chasedThrice = (stage: 'awaiting_carrier' | 'awaiting_payment', againDays: number) => () => {
  const claim = paperClaimIn(stage);
  claim.wait((14 + 2 * againDays) * day);
  return claim;
};
const unpaid = () => {
  const claim = paperClaimIn('awaiting_carrier');
  claim.wait((14 + 3 * 2) * day);
  return claim;
};

/** Wherever it stands, the parcel may turn up. */
const turnsUp = (['drafted', 'awaiting_carrier', 'claim_declined', 'awaiting_payment', 'needs_attention'] as const).map(
  (from): ClaimEdgeTest => ({
    from,
    move: 'found',
    to: 'claim_withdrawn',
    title: 'the parcel turns up',
    run: (claim) => claim.parcelTurnsUp(),
  }),
);
/** … or the carrier pays unasked. */
const isPaid = (['awaiting_carrier', 'claim_declined', 'awaiting_payment', 'needs_attention'] as const).map(
  (from): ClaimEdgeTest => ({
    from,
    move: 'claim_paid',
    to: 'paid',
    title: 'the carrier pays',
    run: (claim) => claim.carrierSays('paid'),
  }),
);
const givenUp = (['awaiting_carrier', 'claim_declined', 'awaiting_payment'] as const).map(
  (from): ClaimEdgeTest => ({
    from,
    move: 'written_off',
    to: 'written_off',
    title: 'a manager gives it up',
    run: (claim) => claim.give('write_off'),
  }),
);

export const claimEdges: readonly ClaimEdgeTest[] = [
  ...turnsUp,
  ...isPaid,
  ...givenUp,
  {
    from: 'drafted',
    move: 'filed',
    to: 'awaiting_carrier',
    title: 'the carrier takes the claim',
    run: (claim) => claim.file(),
  },
  {
    from: 'drafted',
    move: 'step_failed',
    to: 'needs_attention',
    byClock: true,
    title: 'the carrier does not take it in time',
    run: (claim) => claim.file('timed_out'),
  },
  {
    from: 'awaiting_carrier',
    move: 'accepted_by_carrier',
    to: 'awaiting_payment',
    title: 'the carrier accepts it',
    run: (claim) => claim.carrierSays('accepted'),
  },
  {
    from: 'awaiting_carrier',
    move: 'declined_by_carrier',
    to: 'claim_declined',
    title: 'the carrier declines it',
    run: (claim) => claim.carrierSays('declined'),
  },
  {
    from: 'awaiting_carrier',
    move: 'declined_by_carrier',
    to: 'written_off',
    title: 'the carrier declines the appeal as well',
    given: appealed,
    run: (claim) => claim.carrierSays('declined'),
  },
  {
    from: 'awaiting_carrier',
    move: 'chased',
    to: '@stay',
    arrivesAt: 'awaiting_carrier',
    byClock: true,
    title: 'no answer for two weeks: the carrier is reminded',
    run: (claim) => claim.wait(14 * day),
  },
  {
    from: 'awaiting_carrier',
    move: 'buyer_asked',
    to: 'needs_attention',
    byClock: 'chasedEnough',
    title: 'reminded three times in vain: a person takes over',
    given: chasedThrice('awaiting_carrier', 2),
    run: (claim) => claim.wait(2 * day),
  },
  {
    from: 'awaiting_carrier',
    move: 'step_failed',
    to: 'needs_attention',
    title: 'the appeal cannot be filed',
    given: appealed,
    run: (claim) => claim.record({ type: 'step_failed', by: mendline, step: 'appeal', cause: 'no answer' }),
  },
  {
    from: 'claim_declined',
    move: 'appealed',
    to: 'awaiting_carrier',
    byClock: true,
    title: 'nobody decides for two days: it is appealed',
    run: (claim) => claim.wait(2 * day),
  },
  {
    from: 'awaiting_payment',
    move: 'chased',
    to: '@stay',
    arrivesAt: 'awaiting_payment',
    byClock: true,
    title: 'no money for two weeks: the carrier is reminded',
    run: (claim) => claim.wait(14 * day),
  },
  {
    from: 'awaiting_payment',
    move: 'buyer_asked',
    to: 'needs_attention',
    byClock: 'chasedEnough',
    title: 'reminded three times in vain: a person takes over',
    given: chasedThrice('awaiting_payment', 7),
    run: (claim) => claim.wait(7 * day),
  },
  {
    from: 'needs_attention',
    move: 'retried',
    to: '@from',
    arrivesAt: 'drafted',
    title: 'a person lets it be filed again',
    run: (claim) => claim.give('resolve_attention', { verb: 'retry' }),
  },
  {
    from: 'needs_attention',
    move: 'rung_climbed',
    to: '@step',
    arrivesAt: 'drafted',
    byClock: true,
    title: 'nobody comes: it is filed once more, and told one rung up',
    run: (claim) => claim.wait(4 * hour),
  },
  {
    from: 'needs_attention',
    move: 'overridden',
    to: '@result',
    arrivesAt: 'written_off',
    title: 'a manager gives up a claim that nobody answers',
    given: unpaid,
    run: (claim) => claim.give('resolve_attention', { verb: 'override', result: 'written_off' }),
  },
];
