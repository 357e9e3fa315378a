/**
 * Cases that live beside a case, by their fixed ids: a claim on the carrier for a return. Started by an activity and not as a child, so that
 * neither dies with the other, and told by Signals. Who has ended need not hear.
 */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Companions } from '../activities/index.ts';
import type { ClaimInput, ClaimReport } from '../contracts/workflow.ts';
import type { Database } from '../db/database.ts';
import { claimFactSignal, factSignal, workflowIdOf, workflowTaskTimeout } from '../workflows/messages.ts';
import { CaseStage, CaseType, MerchantId, NeedsAttention, OrderId } from '../workflows/search-attributes.ts';

export interface CompanionDeps {
  readonly client: Client;
  readonly taskQueue: string;
  readonly database: Pick<Database, 'cases'>;
}

export function createCompanions({ client, taskQueue, database }: CompanionDeps): Companions {
  const unlessGone = async (told: Promise<void>): Promise<void> =>
    told.catch((err: unknown) => {
      if (!(err instanceof WorkflowNotFoundError)) throw err;
    });

  return {
    async openClaim(input: ClaimInput) {
      const workflowId = workflowIdOf('carrier_claim', input.claimCaseId);
      const { merchantId, about } = input;
      await client.workflow
        .start('carrierClaim', {
          workflowId,
          taskQueue,
          workflowTaskTimeout,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: `Claim on the carrier · ${about.rmaNo}`.slice(0, 190),
          typedSearchAttributes: [
            { key: MerchantId, value: merchantId },
            { key: CaseType, value: 'carrier_claim' },
            { key: CaseStage, value: 'drafted' },
            { key: OrderId, value: about.orderId },
            { key: NeedsAttention, value: false },
          ],
        })
        .catch((err: unknown) => {
          if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err; // it has ended already
        });
      return { workflowId };
    },

    async tellReturn({ caseId, claimCaseId, legId, outcome, amountMinor }: ClaimReport) {
      const generation = await database.cases.generationOf(caseId);
      const told = { eventId: `${claimCaseId}/${outcome}`, legId, outcome, amountMinor };
      const workflowId = workflowIdOf('return', caseId, generation);
      await unlessGone(client.workflow.getHandle(workflowId).signal(factSignal('carrier_claim_settled'), told));
    },

    async parcelTurnedUp({ claimCaseId, eventId }) {
      const handle = client.workflow.getHandle(workflowIdOf('carrier_claim', claimCaseId));
      await unlessGone(handle.signal(claimFactSignal('parcel_turned_up'), { eventId }));
    },
  };
}
