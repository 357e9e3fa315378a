/**
 * Mendline itself: its own processes as in production but for its partners, driven through its HTTP API with tokens and idempotency keys.
 * Refunds go to the provider that all systems share; order, carrier, stock and notices are its simulators.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import mongoose from 'mongoose';
import { startSystem } from '../../../../dev/system.ts';
import type { Role } from '../../../../domain/permissions.ts';
import { workflowIdOf } from '../../../../workflows/messages.ts';
import { ask, call, type Reply } from '../http.ts';
import { type MessageName, type Peer, unitsOfCase } from '../peer.ts';
import type { ReturnInput } from '../provider/client.ts';
import { type Ground, historyBytes } from '../systems.ts';
import { versionOf } from '../servers.ts';

const merchantId = 'peers-store';
const customerId = 'customer-1';
const dayMs = 86_400_000;
const notYetMs = 25;
const patienceMs = 60_000;
const lineId = '1';

const given: Record<MessageName, { role: Role; path: string; body: (id: string) => object }> = {
  approve: { role: 'agent', path: 'decide-request', body: () => ({ verdict: 'accept' }) },
  received: {
    role: 'warehouse',
    path: 'record-reception',
    body: (id) => ({ parcelId: `P-${id}`, units: [{ lineId, quantity: unitsOfCase }] }),
  },
  inspected: {
    role: 'warehouse',
    path: 'record-inspection',
    body: () => ({ units: [{ lineId, quantity: unitsOfCase, grade: 'A', disposition: 'restock' }] }),
  },
};

const orderOf = ({ orderId, paymentId, amountMinor, currency, lines: [line] }: ReturnInput) => ({
  orderId,
  merchantId,
  customerId,
  jurisdiction: 'GB',
  currency,
  placedAt: new Date(Date.now() - 5 * dayMs).toISOString(),
  deliveredAt: new Date(Date.now() - 2 * dayMs).toISOString(),
  paymentId,
  paidMinor: amountMinor,
  lines: [
    { lineId, sku: line!.sku, title: line!.title, category: 'home', quantity: unitsOfCase, unitPriceMinor: line!.unitPriceMinor },
  ],
});

export async function startMendline(ground: Ground): Promise<Peer> {
  const dataDir = join(ground.dataDir, 'mendline');
  mkdirSync(dataDir, { recursive: true });
  const system = await startSystem({ dataDir, ui: false, env: { PAYMENTS_URL: ground.provider } });
  ground.give(system.temporal);
  const mongo = await mongoose.createConnection(system.mongo.uri, { dbName: 'admin' }).asPromise();
  const tokens = new Map<string, string>();
  for (const [role, id] of [
    ['customer', customerId],
    ['agent', 'agent-1'],
    ['warehouse', 'dock-1'],
    ['manager', 'manager-1'],
  ] as const)
    tokens.set(role, await system.issuer.sign({ id, role, merchantId }));
  const headersOf = (role: Role, key?: string) => ({
    authorization: `Bearer ${tokens.get(role)}`,
    ...(key ? { 'idempotency-key': key } : {}),
  });
  /** "Not at the moment" is asked again with the same key, as its own clients do; the wait counts as time of the call. */
  const insist = async (path: string, body: object, role: Role, key: string): Promise<Reply> => {
    for (const giveUpAt = Date.now() + patienceMs; ; await pause(notYetMs)) {
      const reply = await call('POST', `${system.apiUrl}${path}`, { body, headers: headersOf(role, key) });
      const passing = [202, 429, 503].includes(reply.status) || reply.body?.code === 'in_flight';
      if (!passing || Date.now() > giveUpAt) return reply;
    }
  };
  const give = (id: string, name: MessageName, key: string): Promise<Reply> =>
    insist(`/cases/${id}/${given[name].path}`, given[name].body(id), given[name].role, key);
  const sample: string[] = [];
  let cases = 0;
  let { worker, api } = system;

  return {
    name: 'mendline',
    used: 'its HTTP API with an Idempotency-Key a command; besides the six steps it assesses the request, prints a label, books stock, writes notices, keeps deadlines and a read model',
    answers: 'once the command is in the case, and as a rule in the read model',
    versions: Object.fromEntries(['@temporalio/client', 'mongoose', 'express'].map((name) => [name, versionOf(name)])),
    async prepare(inputs) {
      for (const input of inputs) await ask('POST', `${system.simulatorsUrl}/orders`, { body: orderOf(input) });
    },
    async open(caseId, { orderId }) {
      const body = { orderId, lines: [{ lineId, quantity: unitsOfCase }], reason: 'quality' };
      const { status, body: opened } = await insist('/cases', body, 'customer', caseId);
      if (status > 299) throw new Error(`open: ${status} ${JSON.stringify(opened)}`);
      if (sample.length < 50) sample.push(opened.caseId as string);
      cases++;
      return opened.caseId as string;
    },
    async send(id, name, key) {
      const { status } = await give(id, name, key);
      return status;
    },
    async ready(id, name) {
      // The goods cannot come before there is a label: where the others keep the message, Mendline says so and is asked again.
      if (name !== 'received') return;
      for (const giveUpAt = Date.now() + patienceMs; ; await pause(notYetMs)) {
        const { stage } = await ask('GET', `${system.apiUrl}/cases/${id}`, { headers: headersOf('manager') });
        if (stage === 'awaiting_handover') return;
        if (Date.now() > giveUpAt) throw new Error(`is in ${stage}, not at its handover`);
      }
    },
    async finish(id, key) {
      const { status, body } = await give(id, 'inspected', key);
      if (status > 299) throw new Error(`inspected: ${status} ${JSON.stringify(body)}`);
      const ended = system.client.workflow.getHandle(workflowIdOf('return', id)).result();
      const tooLong = pause(patienceMs, 'late', { ref: false });
      if ((await Promise.race([ended, tooLong])) === 'late') throw new Error(`not closed within ${patienceMs} ms`);
    },
    async look(id) {
      const view = await ask('GET', `${system.apiUrl}/cases/${id}`, { headers: headersOf('manager') });
      return { stage: view.stage === 'refunded' ? 'closed' : (view.stage as string), units: view.unitsReceived as number };
    },
    pids: () => ({
      server: [system.temporal.pid, system.mongo.pid],
      app: [worker.pid, api.pid],
      partners: [system.simulators.pid],
    }),
    async bytes() {
      const { databases } = (await mongo.db!.admin().listDatabases()) as unknown as { databases: { name: string }[] };
      let all = 0;
      for (const { name } of databases.filter((one) => !['admin', 'config', 'local'].includes(one.name)))
        all += ((await mongo.useDb(name).db!.stats()) as unknown as { dataSize: number }).dataSize;
      const history = await historyBytes(
        system.client,
        sample.map((id) => workflowIdOf('return', id)),
      );
      const documents = cases > 0 ? all / cases : 0;
      return {
        each: history.each + documents,
        of: `history of one case (${Math.round(history.each)}) and its documents in MongoDB (${Math.round(documents)})`,
      };
    },
    async crash() {
      worker.kill9();
      api.kill9();
      await Promise.all([worker.exited, api.exited]);
    },
    async revive() {
      [worker, api] = await Promise.all([system.startWorker(), system.startApi()]);
    },
    async stop() {
      await mongo.close();
      await system.stop();
    },
  };
}
