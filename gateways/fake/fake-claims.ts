/** Claims against the carrier in memory, by the same rules as the simulated carrier's. */
import type { Claim, ClaimOutcome, Shipment } from '../../contracts/partners.ts';
import type { CarrierClaims } from '../carrier-claims.ts';
import { PartnerRefusal } from '../http.ts';
import { afterAnswer, appealed, chased, withdrawn } from '../simulators/claim-rules.ts';
import { createOnce, type Perform } from './fake-calls.ts';

export interface FakeClaims extends CarrierClaims {
  /** Ledger, oldest first, always up to date. */
  claims: readonly Claim[];
  /** As if the carrier had answered the claim with this key; without `paidMinor` it pays all that was claimed. */
  answerClaim: (key: string, outcome: ClaimOutcome, paidMinor?: number) => void;
}

export function createFakeClaims(shipments: readonly Shipment[], perform: Perform): FakeClaims {
  const claims: Claim[] = [];
  const once = createOnce<Claim>();
  const find = (key: string) => claims.find((claim) => claim.key === key);

  function change(key: string, rule: (claim: Claim) => Claim): Claim {
    const claim = find(key);
    if (!claim) throw new PartnerRefusal('claim_not_found', 'No such claim');
    return Object.assign(claim, rule(claim));
  }

  return {
    claims,
    fileClaim: (request) =>
      perform('file_claim', request.key, () =>
        once(request, () => {
          if (!shipments.some(({ trackingNo }) => trackingNo === request.trackingNo)) {
            throw new PartnerRefusal('shipment_not_found', `No parcel ${request.trackingNo}`);
          }
          if (request.amountMinor === 0) throw new PartnerRefusal('amount_not_positive', 'A claim for nothing is no claim');
          const claim: Claim = { claimId: `clm_${claims.length + 1}`, ...request, status: 'filed' };
          claims.push(claim);
          return claim;
        }),
      ),
    findClaim: ({ key }) => perform('find_claim', key, () => find(key)),
    appealClaim: ({ key }) => perform('appeal_claim', key, () => change(key, appealed)),
    chaseClaim: ({ key }) => perform('chase_claim', key, () => change(key, chased)),
    withdrawClaimIfPresent: ({ key }) =>
      perform('withdraw_claim', key, () => {
        const claim = find(key);
        if (!claim) return { withdrawn: false, reason: 'absent' };
        if (claim.status === 'paid') return { withdrawn: false, reason: 'paid' };
        change(key, withdrawn);
        return { withdrawn: true };
      }),
    answerClaim: (key, outcome, paidMinor) =>
      void change(key, (claim) => {
        const after = afterAnswer(claim, outcome, paidMinor);
        if (!after) throw new Error(`A claim that is ${claim.status} is not ${outcome}`);
        return after;
      }),
  };
}
