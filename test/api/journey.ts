/** Brings a case over HTTP to where a test begins: accepted, on its way, at the dock, parked, ended. */
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { pathOf } from '../../contracts/commands.ts';
import type { Order } from '../../contracts/partners.ts';
import { commandNames, type CommandName, type Role } from '../../domain/permissions.ts';
import { orderOf } from '../support/cases.ts';
import type { Call, Door } from '../support/door.ts';

/** Other runs may share the machine: a condition that comes true in milliseconds may need seconds. */
export const patiently = { timeout: 30_000, interval: 30 };
export const anyOrder = (changes: Partial<Order> = {}) => orderOf(`O-${randomUUID().slice(0, 8)}`, changes);
export const allReceived = { parcelId: 'P1', units: [{ lineId: '1', quantity: 2 }] };
export const allWell = { units: [{ lineId: '1', quantity: 2, grade: 'A', disposition: 'restock' }] };

/** For each command somebody who may give it, and a body that fits. */
export const fitting: Record<CommandName, { role: Role; body: object }> = {
  decide_request: { role: 'agent', body: { verdict: 'accept', ruleIds: ['uk.strr'], reason: 'it leaks' } },
  withdraw_case: { role: 'customer', body: { reason: 'I keep it' } },
  cancel_case: { role: 'manager', body: { reason: 'opened by mistake' } },
  submit_tracking: { role: 'customer', body: { carrier: 'SF', trackingNo: 'SF1' } },
  record_reception: { role: 'warehouse', body: { ...allReceived, scanNo: 1 } },
  record_inspection: { role: 'warehouse', body: allWell },
  resolve_attention: {
    role: 'manager',
    body: { verb: 'override', result: 'cleared', reason: 'seen on photos', proofIds: ['photo-1'] },
  },
  hold_case: { role: 'agent', body: { reason: 'customs', until: new Date(Date.now() + 2 * 86_400_000).toISOString() } },
  resume_case: { role: 'agent', body: {} },
  assign_case: { role: 'manager', body: { assignee: 'agent-7' } },
  add_note: { role: 'agent', body: { note: 'called back' } },
};

export interface RouteWithBody {
  readonly name: string;
  readonly role: Role;
  readonly body: object;
  path(caseId: string): string;
}
const opening = {
  type: 'return',
  orderId: 'O-1',
  lines: [{ lineId: '1', quantity: 1 }],
  reason: 'quality',
  handoverChannel: 'drop_off',
  noticeSentAt: '2026-11-01T10:00:00+01:00',
};
export const routesWithBody: readonly RouteWithBody[] = [
  { name: 'open_case', role: 'agent', body: opening, path: () => '/cases' },
  ...commandNames.map((name) => ({ name, path: (caseId: string) => `/cases/${caseId}/${pathOf(name)}`, ...fitting[name] })),
];

/** All that a call could have left behind: the case, and how much there is of everything else. */
export async function traces(door: Door, caseId: string): Promise<unknown> {
  const { inbox, cases } = door.stage.database;
  const counts = [...inbox.models, ...cases.models].map((model) => model.collection.countDocuments());
  return [await Promise.all(counts), (await door.get(`/cases/${caseId}`)).body];
}

/** The case once it is in that stage. */
export const until = (door: Door, caseId: string, stage: string) =>
  vi.waitFor(async () => {
    const { body } = await door.get(`/cases/${caseId}`);
    expect(body.stage).toBe(stage);
    return body;
  }, patiently);

async function done(reply: Promise<{ status: number; text: string }>): Promise<void> {
  const { status, text } = await reply;
  expect(status, text).toBe(200);
}

/** Waits for an agent's decision: two kettles of three. */
export async function opened(door: Door, body: object = {}, order = anyOrder(), more: Call = {}): Promise<string> {
  const key = randomUUID();
  return vi.waitFor(async () => {
    const reply = await door.opened(body, order, { key, ...more });
    expect(reply.status, reply.text).toBe(201);
    return reply.body.caseId;
  }, patiently);
}
export async function awaitingHandover(door: Door): Promise<string> {
  const caseId = await opened(door);
  await done(door.command(caseId, 'decide-request', 'agent', { verdict: 'accept' }));
  await until(door, caseId, 'awaiting_handover');
  return caseId;
}
export async function received(door: Door): Promise<string> {
  const caseId = await awaitingHandover(door);
  await done(door.command(caseId, 'record-reception', 'warehouse', allReceived));
  return caseId;
}
/** One of the two kettles was not in the parcel: a person has to say what that means. */
export async function parked(door: Door): Promise<string> {
  const caseId = await awaitingHandover(door);
  const units = [
    { lineId: '1', quantity: 1 },
    { lineId: '1', quantity: 1, condition: 'missing' },
  ];
  await done(door.command(caseId, 'record-reception', 'warehouse', { parcelId: 'P1', units }));
  const graded = { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] };
  await done(door.command(caseId, 'record-inspection', 'warehouse', graded));
  await until(door, caseId, 'needs_attention');
  return caseId;
}
export async function ended(door: Door): Promise<string> {
  const caseId = await opened(door);
  await done(door.command(caseId, 'withdraw-case', 'customer', {}));
  await until(door, caseId, 'withdrawn');
  return caseId;
}
/** The money is on its way at the provider, and not there yet. */
export async function refundPending(door: Door): Promise<string> {
  const caseId = await received(door);
  door.stage.partners.pendNextRefund();
  await done(door.command(caseId, 'record-inspection', 'warehouse', allWell));
  await until(door, caseId, 'refund_due');
  await vi.waitFor(async () => {
    const { body } = await door.get(`/cases/${caseId}`);
    expect(body.money).toMatchObject([{ state: 'sent' }]);
  }, patiently);
  return caseId;
}
