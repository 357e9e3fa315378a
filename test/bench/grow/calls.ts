/** Calls at the API's door, each made once and timed as the caller sees it. Orders are entered at the simulated shop beforehand, in no call's time. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { System } from '../../../dev/system.ts';
import type { Role } from '../../../domain/permissions.ts';
import { orderOf } from '../../support/cases.ts';
import { pool } from '../drivers/samples.ts';

const merchantId = 'bench-store';
const triesMax = 60;
const pauseMs = 250;

export type Calls = Awaited<ReturnType<typeof meetApi>>;

export async function meetApi({ apiUrl, simulatorsUrl, issuer }: System) {
  const tokenOf = (role: Role) => issuer.sign({ id: `${role}-1`, role, merchantId });
  const [agent, service] = [await tokenOf('agent'), await tokenOf('service')];

  let repeats = 0;
  /** As every client must, it asks again under the same key where the answer is "not at the moment": what that takes belongs to the call. */
  async function call<T>(path: string, token: string, body?: object): Promise<T> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body ? { 'content-type': 'application/json', 'idempotency-key': randomUUID() } : {}),
    };
    for (let tries = 1; ; tries++) {
      const reply = await fetch(apiUrl + path, { headers, ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}) });
      const answer = (await reply.json()) as T & { code?: string };
      if (reply.ok && reply.status !== 202) return answer;
      const passing = [202, 429, 503].includes(reply.status) || answer.code === 'in_flight';
      if (!passing || tries === triesMax) throw new Error(`${path}: ${reply.status} ${JSON.stringify(answer)}`);
      repeats += 1;
      await pause(pauseMs);
    }
  }

  return {
    /** How often a call had to be made once more, since the start. */
    repeats: () => repeats,
    /** Orders that can be returned, by their ids; goods bought six days ago. */
    async sell(orderIds: readonly string[]): Promise<void> {
      await pool(orderIds.length, 16, async (nth) => {
        const orderId = orderIds[nth]!;
        const order = orderOf(orderId, { merchantId, customerId: `cust-${orderId}` });
        const reply = await fetch(`${simulatorsUrl}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(order),
        });
        if (!reply.ok) throw new Error(`the shop refused an order: ${reply.status}`);
        await reply.arrayBuffer();
      });
    },
    /** A return that waits for a decision, with two days to go. */
    open: async (orderId: string): Promise<string> => {
      const body = { orderId, lines: [{ lineId: '1', quantity: 2 }], reason: 'quality', handoverChannel: 'drop_off' };
      return (await call<{ caseId: string }>('/cases', service, body)).caseId;
    },
    command: (caseId: string) =>
      call(`/cases/${caseId}/assign-case`, agent, { assignee: `agent-${Math.floor(Math.random() * 20)}` }),
    get: (caseId: string) => call(`/cases/${caseId}`, agent),
    inbox: () => call<{ cases: unknown[] }>('/cases?open=true&owner=agent&sort=due&limit=50', agent),
  };
}
