/**
 * Claims against the carrier for parcels it lost or spoiled: filed, looked up, chased, appealed, withdrawn.
 * Its answers come as webhooks. When to claim, and when to give up, is decided elsewhere.
 */
import { type Claim, type ClaimRequest, claimSchema } from '../contracts/partners.ts';
import { type Call, isRefusal, PartnerRefusal, unlessRefused } from './http.ts';

interface WithdrawResult {
  withdrawn: boolean;
  /** When not withdrawn: `absent` (never filed) or `paid`. */
  reason?: 'absent' | 'paid';
}

export interface CarrierClaims {
  /** The same key gives the same claim, in its present state. Refusals: `shipment_not_found`, `amount_not_positive`. */
  fileClaim(request: ClaimRequest): Promise<Claim>;
  findClaim(query: { key: string }): Promise<Claim | undefined>;
  /** A declined claim is `filed` again, once. Safe to repeat while it has no new answer. Refusals: `no_appeal_left`, `not_declined`, `claim_not_found`. */
  appealClaim(query: { key: string }): Promise<Claim>;
  /** Each call is one more reminder, unless the claim is answered already. Refusals: `claim_not_found`. */
  chaseClaim(query: { key: string }): Promise<Claim>;
  withdrawClaimIfPresent(query: { key: string }): Promise<WithdrawResult>;
}

export function createCarrierClaims(call: Call): CarrierClaims {
  const actOn = async (deed: 'appeal' | 'chase' | 'withdraw', key: string): Promise<Claim> => {
    const claim = await call({ method: 'POST', path: `/claims/${deed}`, body: { key }, answer: claimSchema });
    ensureSame(claim.key === key);
    return claim;
  };

  return {
    async fileClaim(request) {
      const headers = { 'idempotency-key': request.key };
      const claim = await call({ method: 'POST', path: '/claims', headers, body: request, answer: claimSchema });
      const { key, caseId, trackingNo, amountMinor, currency } = request;
      ensureSame(claim.key === key && claim.caseId === caseId && claim.trackingNo === trackingNo);
      ensureSame(claim.amountMinor === amountMinor && claim.currency === currency);
      return claim;
    },

    findClaim: ({ key }) =>
      unlessRefused('claim_not_found', async () => {
        const claim = await call({ method: 'GET', path: '/claims', query: { key }, answer: claimSchema });
        ensureSame(claim.key === key);
        return claim;
      }),

    appealClaim: ({ key }) => actOn('appeal', key),
    chaseClaim: ({ key }) => actOn('chase', key),

    async withdrawClaimIfPresent({ key }) {
      try {
        await actOn('withdraw', key);
        return { withdrawn: true };
      } catch (error) {
        if (isRefusal(error, 'claim_not_found')) return { withdrawn: false, reason: 'absent' };
        if (isRefusal(error, 'claim_paid')) return { withdrawn: false, reason: 'paid' };
        throw error;
      }
    },
  };
}

function ensureSame(same: boolean): void {
  if (!same) throw new PartnerRefusal('answer_mismatch', 'The carrier answered with another claim than the one asked for');
}
