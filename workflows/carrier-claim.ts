/**
 * 承运商索赔 carrier claim: filed, chased, appealed once, paid or given up; withdrawn when the parcel turns up. A companion with a clock of its
 * own: it tells the return how it ended, and does not die with it. Its table is domain/claim.ts.
 */
import { continueAsNew, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ClaimAnswer, ClaimInput, ReturnActivities } from '../contracts/workflow.ts';
import {
  claimEventOfCommand,
  claimEventOfFact,
  claimRefusal,
  claimRules,
  openedClaim,
  type ClaimEvent,
  type ClaimFact,
  type ClaimState,
} from '../domain/claim.ts';
import { mendline } from '../domain/permissions.ts';
import { CaseFile } from './case-file.ts';
import { handleMessages } from './handlers.ts';
import { claimFactNames, claimFactSignal } from './messages.ts';
import { runCase } from './run-case.ts';
import { stepOptions } from './steps.ts';

const by = mendline;

async function story(file: CaseFile<ClaimState, ClaimEvent>, input: ClaimInput): Promise<void> {
  const steps = stepsOf(input);
  const { claimCaseId, caseId, trackingNo, amountMinor, currency, legId } = input;
  const paper = { key: claimCaseId, caseId, trackingNo, amountMinor, currency };
  while (file.goesOn)
    switch (file.stage) {
      case 'drafted': {
        const filed = await file.insist('file_claim', () => steps.fileCarrierClaim(paper));
        if (filed) file.record({ type: 'filed', by, claimId: filed.claimId });
        if (filed) hear(file, filed); // it may have been answered at once, or long ago
        break;
      }
      case 'awaiting_carrier':
      case 'awaiting_payment': {
        const { chases, appealed } = file.state.claim;
        if (appealed && chases === 0 && file.stage === 'awaiting_carrier') {
          const answer = await file.insist('appeal', () => steps.appealCarrierClaim(paper)); // asked twice, it is one appeal
          if (answer) hear(file, answer);
          if (file.stage !== 'awaiting_carrier') break;
        }
        await file.left(file.stage, () => file.state.claim.chases !== chases);
        if (file.ended || file.state.claim.chases === chases || file.state.claim.appealed !== appealed) break;
        const chased = await file.attempt(() => steps.chaseCarrierClaim(paper));
        if (chased && 'result' in chased) hear(file, chased.result);
        break;
      }
      default:
        await file.left(); // a person or the clock moves it on
    }
  const { stage, claim } = file.state;
  if (!file.ended) return;
  if (stage === 'claim_withdrawn') await lastStep(file, 'withdraw_claim', () => steps.withdrawCarrierClaimIfPresent(paper));
  const report = { caseId, claimCaseId, legId, outcome: stage, amountMinor: claim.paidMinor };
  await lastStep(file, 'report_claim', () => steps.reportClaim(report));
}

/** After the end nothing is asked of a person any more: what comes to nothing is noted. */
async function lastStep(file: CaseFile<ClaimState, ClaimEvent>, step: string, call: () => Promise<unknown>): Promise<void> {
  const tried = await file.attempt(call);
  if (tried && !('result' in tried)) file.record({ type: 'noted', by, step, cause: tried.cause });
}

/** What the carrier answered to our own call counts like its webhook. */
function hear(file: CaseFile<ClaimState, ClaimEvent>, { claimId, status, paidMinor }: ClaimAnswer): void {
  if (status === 'filed' || status === 'withdrawn') return;
  const { chases, appealed } = file.state.claim;
  const eventId = `${claimId}/${status}/${appealed}/${chases}`;
  const event = claimEventOfFact(file.state, {
    name: 'claim_answered',
    eventId,
    outcome: status,
    amountMinor: paidMinor,
    occurredAt: file.state.at,
  });
  if (event) file.record(event);
}

/** The Temporal workflow of one claim on a carrier. */
export async function carrierClaim(input: ClaimInput): Promise<{ stage: string; paidMinor: number }> {
  const type = {
    rules: claimRules,
    refusal: claimRefusal,
    eventOfCommand: claimEventOfCommand,
    undoSteps: {},
  };
  const about = { ...input.about, caseType: 'carrier_claim' as const };
  const file = new CaseFile<ClaimState, ClaimEvent>(
    type,
    input.carried ?? openedClaim(input),
    input.sla,
    about,
    input.historyBudget,
  );
  handleMessages(file);
  for (const name of claimFactNames)
    setHandler(claimFactSignal(name), (told) =>
      file.inTurn(() => {
        const event = claimEventOfFact(file.state, { name, ...told } as ClaimFact);
        if (event) file.record(event);
      }),
    );
  if (!input.carried) file.record({ type: 'opened', by });
  if ((await runCase(file, () => story(file, input))) === 'unfinished')
    return continueAsNew<typeof carrierClaim>({ ...input, carried: { ...file.state, run: file.state.run + 1 } });
  return { stage: file.stage, paidMinor: file.state.claim.paidMinor ?? 0 };
}

function stepsOf({ sla }: ClaimInput) {
  const steps = proxyActivities<ReturnActivities>(stepOptions(sla, 'claim', 86_400_000, 'Claim on the carrier'));
  const { fileCarrierClaim, chaseCarrierClaim, appealCarrierClaim, withdrawCarrierClaimIfPresent, reportClaim } = steps;
  return { fileCarrierClaim, chaseCarrierClaim, appealCarrierClaim, withdrawCarrierClaimIfPresent, reportClaim };
}
