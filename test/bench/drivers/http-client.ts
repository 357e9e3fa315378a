/** The whole product by its front door: HTTP, a token for each role, an Idempotency-Key for each command. Every call is made once. */
import { pathOf } from '../../../contracts/commands.ts';
import { meetPeople, merchantId } from '../../../dev/demo/people.ts';
import type { System } from '../../../dev/system.ts';
import { workflowIdOf } from '../../../workflows/messages.ts';
import { orderOf } from '../../support/cases.ts';
import type { Door } from './roads.ts';

const caseIdOf = (workflowId: string): string => workflowId.replace(/^return:/, '');
const customerId = 'cust-1';

export function httpDoor(system: Pick<System, 'apiUrl' | 'simulatorsUrl' | 'issuer' | 'client'>): Door & {
  people: ReturnType<typeof meetPeople>;
} {
  const people = meetPeople(system, { triesMax: 1 });
  return {
    people,
    /** The name is the order's; the API gives the case its id. */
    async ready(name) {
      const order = orderOf(`O-${name}`, { merchantId, customerId });
      await people.simulate('POST', '/orders', order);
      const { orderId } = order;
      const body = {
        type: 'return',
        orderId,
        lines: [{ lineId: '1', quantity: 2 }],
        reason: 'quality',
        handoverChannel: 'door_pickup',
      };
      return async () => {
        const { caseId } = await people.open('customer', customerId, `${name}/open`, body);
        return system.client.workflow.getHandle(workflowIdOf('return', caseId));
      };
    },
    give: ({ workflowId }, { name, role, payload }) =>
      people.command(role, role === 'customer' ? customerId : `${role}-1`, caseIdOf(workflowId), pathOf(name), payload),
  };
}
