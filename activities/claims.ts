/** Claims on the carrier: the companion workflow started once for a parcel, the papers at the carrier, and the word back to the return. */
import type { ClaimAnswer, ClaimInput, ClaimPaper, ClaimReport, UndoAnswer } from '../contracts/workflow.ts';
import { asking } from './failures.ts';
import type { ActivityDeps } from './index.ts';

export const createClaimActivities = ({ carrier, companions }: Pick<ActivityDeps, 'carrier' | 'companions'>) => ({
  /** A second start is harmless: a parcel has one claim. */
  openCarrierClaim: (input: ClaimInput): Promise<{ workflowId: string }> => companions.openClaim(input),

  /** Filed once for one key; what has been answered meanwhile comes along. */
  fileCarrierClaim: (paper: ClaimPaper): Promise<ClaimAnswer> =>
    asking(async () => (await carrier.findClaim(paper)) ?? carrier.fileClaim(paper)),

  chaseCarrierClaim: ({ key }: ClaimPaper): Promise<ClaimAnswer> => asking(() => carrier.chaseClaim({ key })),

  /** Of a claim that has been appealed or answered already the present state. */
  appealCarrierClaim: ({ key }: ClaimPaper): Promise<ClaimAnswer> => asking(() => carrier.appealClaim({ key })),

  async withdrawCarrierClaimIfPresent({ key }: ClaimPaper): Promise<UndoAnswer> {
    const { withdrawn, reason } = await asking(() => carrier.withdrawClaimIfPresent({ key }));
    return { result: withdrawn ? 'claim withdrawn' : (reason ?? 'there was no claim') };
  },

  /** The return may have ended: then nobody needs to hear it. */
  async reportClaim(report: ClaimReport): Promise<void> {
    await companions.tellReturn(report);
  },
});
