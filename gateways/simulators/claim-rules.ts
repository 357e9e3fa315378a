/** What deeds of the claimant and answers of the carrier make of a claim. The same claim comes back where there is nothing to do. */
import type { Claim, ClaimOutcome } from '../../contracts/partners.ts';
import { SimulatorRefusal } from './wire.ts';

/** One appeal, after a no; a repeat before the new answer changes nothing. */
export function appealed(claim: Claim): Claim {
  if (claim.status === 'filed' && claim.appealed) return claim;
  if (claim.status !== 'declined') throw new SimulatorRefusal(409, 'not_declined', `This claim is ${claim.status}`);
  if (claim.appealed) throw new SimulatorRefusal(409, 'no_appeal_left', 'This claim has been appealed already');
  return { ...claim, status: 'filed', appealed: true };
}

/** Reminders count while there is no answer. */
export function chased(claim: Claim): Claim {
  return claim.status === 'filed' ? { ...claim, reminders: (claim.reminders ?? 0) + 1 } : claim;
}

export function withdrawn(claim: Claim): Claim {
  if (claim.status === 'paid') throw new SimulatorRefusal(409, 'claim_paid', 'This claim is paid');
  return claim.status === 'withdrawn' ? claim : { ...claim, status: 'withdrawn' };
}

/** Undefined: the carrier cannot say that now. An accepted claim is paid later; many are paid at once. */
export function afterAnswer(claim: Claim, outcome: ClaimOutcome, paidMinor = claim.amountMinor): Claim | undefined {
  const open = claim.status === 'filed' || (claim.status === 'accepted' && outcome === 'paid');
  if (!open) return undefined;
  return outcome === 'paid' ? { ...claim, status: 'paid', paidMinor } : { ...claim, status: outcome };
}
