/** The whole system with something in it to be fuzzed: orders, a case in several stages, a token for each role. Limits are off, as in development. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem } from '../../dev/system.ts';
import { roles, type Role } from '../../domain/permissions.ts';
import { orderOf } from '../support/cases.ts';

const openCases = 12;
const person = (role: Role) => ({ id: role === 'customer' ? 'cust-1' : `${role}-1`, role, merchantId: 'm1' });

export async function serve() {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-fuzz-'));
  const system = await startSystem({ dataDir, ui: false });
  const tokens = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await system.issuer.sign(person(role))])),
  ) as Record<Role, string>;

  async function post<T>(url: string, body: object, token?: string): Promise<T> {
    const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    const reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...authorization },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${await reply.text()}`);
    return (await reply.json()) as T;
  }

  const [caseIds, orderIds]: [string[], string[]] = [[], []];
  for (let index = 0; index < openCases; index += 1) {
    const order = orderOf(`O-${1_000 + index}`);
    await post(`${system.simulatorsUrl}/orders`, order);
    orderIds.push(order.orderId);
    const body = { orderId: order.orderId, lines: [{ lineId: '1', quantity: 1 }], reason: 'quality' };
    const { caseId } = await post<{ caseId: string }>(`${system.apiUrl}/cases`, body, tokens.customer);
    caseIds.push(caseId);
    if (index % 2 === 0) await post(`${system.apiUrl}/cases/${caseId}/decide-request`, { verdict: 'accept' }, tokens.agent);
  }
  return {
    url: system.apiUrl,
    tokens,
    caseIds,
    orderIds,
    /** What the API wrote; read it when a call was answered with 500. */
    log: join(system.logs, 'api.log'),
    async stop() {
      await system.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
