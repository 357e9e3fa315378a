/** A bare Temporal client at the door of the skeleton or of the product's workflow: no HTTP, no token, no key of its own. */
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { commandUpdate, openCase, workflowIdOf } from '../../../workflows/messages.ts';
import { CaseStage, CaseType, CustomerRef, MerchantId, NeedsAttention, OrderId } from '../../../workflows/search-attributes.ts';
import { inputFor, orderOf } from '../../support/cases.ts';
import type { Side } from '../workers.ts';
import type { Door, Road } from './roads.ts';

const stories: Record<Side, Record<Road, string>> = {
  skeleton: { happy: 'skeleton', everyDeadline: 'skeletonOverdue', undone: 'skeletonUndone' },
  product: { happy: 'returnCase', everyDeadline: 'returnCase', undone: 'returnCase' },
};

export function rawDoor(client: Client, side: Side, taskQueue: string): Door {
  return {
    async ready(caseId, road) {
      const input = inputFor(caseId, orderOf(`O-${caseId}`));
      const startWorkflowOperation = new WithStartWorkflowOperation(stories[side][road], {
        workflowId: workflowIdOf('return', caseId),
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `Return ${input.rmaNo}`,
        typedSearchAttributes: [
          { key: MerchantId, value: input.merchantId },
          { key: CaseType, value: 'return' },
          { key: CaseStage, value: 'requested' },
          { key: CustomerRef, value: '0123456789abcdef' },
          { key: OrderId, value: input.order.orderId },
          { key: NeedsAttention, value: false },
        ],
      });
      return async () => {
        await client.workflow.executeUpdateWithStart(openCase, { args: [], updateId: 'open', startWorkflowOperation });
        return startWorkflowOperation.workflowHandle();
      };
    },
    async give(handle, { name, role, payload }) {
      const sent = { actor: { id: `${role}-1`, role }, payload } as never;
      await handle.executeUpdate(commandUpdate(name), { updateId: name, args: [sent] });
    },
  };
}
