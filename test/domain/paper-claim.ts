/** A claim on a carrier on paper: the reducer without a server, and the carrier's word given by the test. */
import { isEnded, type AnyRules } from '../../domain/case.ts';
import {
  claimEventOfCommand,
  claimEventOfFact,
  claimRefusal,
  claimRules,
  openedClaim,
  type ClaimEvent,
  type ClaimFacts,
  type ClaimOpening,
  type ClaimState,
  type openClaimStages,
} from '../../domain/claim.ts';
import type { Command, Refusal } from '../../domain/commands.ts';
import { eventOf, nextMilestone } from '../../domain/deadlines.ts';
import { mendline, type CommandName } from '../../domain/permissions.ts';
import { applyEvent } from '../../domain/reducer.ts';
import { openedAt, paperSla } from './paper-policy.ts';
import { freshId } from './paper-return.ts';

const claimAnyRules = claimRules as unknown as AnyRules;
const by = mendline;

export const claimOfParcel: ClaimOpening = {
  claimCaseId: 'C-1.claim1',
  caseId: 'C-1',
  merchantId: 'm1',
  legId: 'C-1/issue_label',
  trackingNo: 'RT1',
  amountMinor: 5_000,
  currency: 'GBP',
  openedAt,
};

export class PaperClaim {
  now = openedAt;
  state: ClaimState = openedClaim(claimOfParcel);

  get stage(): string {
    return this.state.stage;
  }
  get ended(): boolean {
    return isEnded(claimAnyRules, this.state);
  }
  record(event: ClaimEvent): void {
    this.state = applyEvent(claimRules, this.state, event, this.now, paperSla);
  }
  give(name: CommandName, payload: object = {}): Refusal | undefined {
    const command = { name, actor: { id: 'manager-1', role: 'manager' }, messageId: freshId(), payload } as Command;
    const refusal = claimRefusal(this.state, command, paperSla);
    if (!refusal) this.record(claimEventOfCommand(this.state, command, paperSla));
    return refusal;
  }
  carrierSays(outcome: ClaimFacts['claim_answered']['outcome']): void {
    const event = claimEventOfFact(this.state, {
      name: 'claim_answered',
      eventId: freshId(),
      outcome,
      occurredAt: this.now,
      amountMinor: 5_000,
    });
    if (event) this.record(event);
  }
  parcelTurnsUp(): void {
    const event = claimEventOfFact(this.state, { name: 'parcel_turned_up', eventId: freshId() });
    if (event) this.record(event);
  }
  /** The carrier's answer to the step that files the claim. */
  file(outcome: 'done' | 'timed_out' = 'done'): void {
    if (outcome === 'done') this.record({ type: 'filed', by, claimId: 'cl_1' });
    else this.record({ type: 'step_failed', by, step: 'file_claim', cause: 'no answer' });
  }
  wait(ms: number): void {
    const until = this.now + ms;
    for (let next = nextMilestone(this.state); next && next.at <= until; next = nextMilestone(this.state)) {
      this.now = next.at;
      this.record(eventOf(claimAnyRules, this.state, next, paperSla) as ClaimEvent);
    }
    this.now = until;
  }
}

/** A claim that has come to this stage. */
export function paperClaimIn(stage: (typeof openClaimStages)[number]): PaperClaim {
  const claim = new PaperClaim();
  claim.record({ type: 'opened', by });
  if (stage === 'drafted') return claim;
  claim.file(stage === 'needs_attention' ? 'timed_out' : 'done');
  if (stage === 'claim_declined') claim.carrierSays('declined');
  if (stage === 'awaiting_payment') claim.carrierSays('accepted');
  return claim;
}
