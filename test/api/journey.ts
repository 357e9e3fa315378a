/** Brings a case over HTTP to where a test begins: accepted, on its way, at the dock, parked, ended. */
import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { pathOf } from '../../contracts/commands.ts';
import type { Order } from '../../contracts/partners.ts';
import { commandNames, type CommandName, type Role } from '../../domain/permissions.ts';
import { fastForward } from '../../dev/time-travel.ts';
import { PartnerRefusal } from '../../gateways/http.ts';
import type { PolicyStore } from '../../gateways/policy-packs.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { orderOf, policies } from '../support/cases.ts';
import type { Call, Door } from '../support/door.ts';

/** Other runs may share the machine: a condition that comes true in milliseconds may need seconds. */
export const patiently = { timeout: 30_000, interval: 30 };
export const anyOrder = (changes: Partial<Order> = {}) => orderOf(`O-${randomUUID().slice(0, 8)}`, changes);
export const allReceived = { parcelId: 'P1', units: [{ lineId: '1', quantity: 2 }] };
export const allWell = { units: [{ lineId: '1', quantity: 2, grade: 'A', disposition: 'restock' }] };

/** For each command somebody who may give it, and a body that fits. */
export const fitting: Record<CommandName, { role: Role; body: object }> = {
  edit_request: { role: 'customer', body: { lines: [{ lineId: '1', quantity: 1 }], reason: 'quality', wantedOutcome: 'refund' } },
  request_evidence: { role: 'agent', body: { items: ['photo_of_fault'], reason: 'please show the leak' } },
  submit_evidence: { role: 'customer', body: { evidenceIds: ['photo-1'], reason: 'here it is' } },
  propose: { role: 'agent', body: { kind: 'price_reduction', amountMinor: 1_000, currency: 'GBP', reason: 'keep it for less' } },
  answer_proposal: { role: 'customer', body: { answer: 'decline', proposalNo: 1, reason: 'too little' } },
  choose_channel: { role: 'customer', body: { channel: 'drop_off', pointId: 'pt_station' } },
  book_pickup: { role: 'customer', body: { addressId: 'home' } },
  reschedule_pickup: { role: 'customer', body: { slotId: 'slot_20300302T0900Z' } },
  cancel_pickup: { role: 'customer', body: {} },
  settle_discrepancy: { role: 'agent', body: { decision: 'refuse_goods', ruleIds: ['uk.strr'], reason: 'not ours' } },
  declare_lost: { role: 'manager', body: { reason: 'the carrier says so', proofIds: ['mail-1'] } },
  choose_remedy: { role: 'customer', body: { remedy: 'refund' } },
  pay_balance: { role: 'customer', body: { proofIds: ['bank-1'], reason: 'paid by transfer' } },
  write_off: { role: 'manager', body: { reason: 'not worth the trouble' } },
  link_case: { role: 'agent', body: { otherId: 'C-OTHER', kind: 'same_fault_as' } },
  send_message: { role: 'customer', body: { note: 'when will you come?' } },
  request_escalation: { role: 'customer', body: { cause: 'no_answer', reason: 'nobody writes' } },
  decide_escalation: { role: 'manager', body: { verdict: 'grant', sponsor: 'manager-2', reason: 'right' } },
  de_escalate: { role: 'manager', body: { reason: 'settled' } },
  waive_breach: { role: 'manager', body: { clockId: 'under_review#1', reason: 'snowed in' } },
  decide_request: { role: 'agent', body: { verdict: 'accept', ruleIds: ['uk.strr'], reason: 'it leaks' } },
  withdraw_case: { role: 'customer', body: { reason: 'I keep it' } },
  cancel_case: { role: 'manager', body: { reason: 'opened by mistake' } },
  submit_tracking: { role: 'customer', body: { carrier: 'SF', trackingNo: 'SF1' } },
  record_reception: { role: 'warehouse', body: { ...allReceived, scanNo: 1 } },
  record_inspection: { role: 'warehouse', body: allWell },
  resolve_attention: {
    role: 'manager',
    body: { verb: 'override', result: 'refunded', reason: 'paid by transfer', proofIds: ['bank-1'] },
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
  wantedOutcome: 'refund',
  evidenceIds: ['photo-1'],
  consents: ['claw_back'],
  handoverChannel: 'drop_off',
  pointId: 'pt_station',
  language: 'en',
  noticeSentAt: '2026-11-01T10:00:00+01:00',
};
export const routesWithBody: readonly RouteWithBody[] = [
  { name: 'open_case', role: 'agent', body: opening, path: () => '/cases' },
  {
    name: 'give_to_many',
    role: 'agent',
    body: { command: 'add_note', caseIds: ['C-1'], payload: { note: 'called back' } },
    path: () => '/cases/bulk',
  },
  { name: 'resolve_exception', role: 'agent', body: { note: 'paid twice' }, path: () => '/exceptions/carrier:evt_1/resolve' },
  { name: 'send_guest_code', role: 'customer', body: { merchantId: 'm1', orderId: 'O-1' }, path: () => '/guest/codes' },
  {
    name: 'open_guest_session',
    role: 'customer',
    body: { merchantId: 'm1', orderId: 'O-1', code: '123456' },
    path: () => '/guest/sessions',
  },
  { name: 'appeal', role: 'customer', body: { reason: 'please look again' }, path: (caseId) => `/cases/${caseId}/appeal` },
  {
    name: 'reopen_case',
    role: 'manager',
    body: { cause: 'wrong_decision', entry: 'decision', reason: 'we were wrong' },
    path: (caseId) => `/cases/${caseId}/reopen`,
  },
  ...commandNames.map((name) => ({ name, path: (caseId: string) => `/cases/${caseId}/${pathOf(name)}`, ...fitting[name] })),
];

/** All that a call could have left behind: the case, and how much there is of everything else. */
export async function traces(door: Door, caseId: string): Promise<unknown> {
  const { inbox, cases, exceptions, guests, disputes } = door.stage.database;
  const counts = [inbox, cases, exceptions, guests, disputes]
    .flatMap(({ models }) => models as readonly { collection: (typeof cases.models)[number]['collection'] }[])
    .map((model) => model.collection.countDocuments());
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
  const caseId = await vi.waitFor(async () => {
    const reply = await door.opened(body, order, { key, ...more });
    expect(reply.status, reply.text).toBe(201);
    return reply.body.caseId;
  }, patiently);
  await told(door, caseId);
  return caseId;
}
/** The customer has been told all there is to tell: from here on the case changes by what a test does alone. */
const told = (door: Door, caseId: string) =>
  vi.waitFor(async () => {
    const { state } = (await door.stage.database.cases.findAny(caseId))!;
    for (const errand of state.errands ?? []) expect(errand.state).toBe('done');
  }, patiently);
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
/** The provider refuses the refund for good: a person has to say what that means. */
export async function parked(door: Door): Promise<string> {
  const caseId = await received(door);
  door.stage.partners.failNext('create_refund', new PartnerRefusal('card_closed', 'The card account is closed'));
  await done(door.command(caseId, 'record-inspection', 'warehouse', allWell));
  await until(door, caseId, 'needs_attention');
  return caseId;
}
/** One of the two kettles was not in the parcel: an agent decides about that. */
export async function discrepant(door: Door): Promise<string> {
  const caseId = await awaitingHandover(door);
  const units = [
    { lineId: '1', quantity: 1 },
    { lineId: '1', quantity: 1, condition: 'missing' },
  ];
  await done(door.command(caseId, 'record-reception', 'warehouse', { parcelId: 'P1', units }));
  const graded = { units: [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }] };
  await done(door.command(caseId, 'record-inspection', 'warehouse', graded));
  await until(door, caseId, 'discrepancy');
  return caseId;
}
export async function ended(door: Door): Promise<string> {
  const caseId = await opened(door);
  await done(door.command(caseId, 'withdraw-case', 'customer', {}));
  await until(door, caseId, 'withdrawn');
  await over(door, caseId);
  return caseId;
}
export const handleOf = (door: Door, caseId: string, generation?: number) =>
  door.stage.client.workflow.getHandle(workflowIdOf('return', caseId, generation));
/** The workflow has closed: a case that has ended still says its last words. */
export const over = async (door: Door, caseId: string, generation?: number): Promise<void> =>
  void (await handleOf(door, caseId, generation).result());
/** A price reduction is on the table. */
export async function negotiating(door: Door): Promise<string> {
  const caseId = await opened(door);
  await done(door.command(caseId, 'propose', 'agent', fitting.propose.body));
  return caseId;
}
/** Scanned by the carrier, under our label. */
export async function travelling(door: Door): Promise<string> {
  const caseId = await awaitingHandover(door);
  await scanned(door, caseId, 'picked_up');
  await until(door, caseId, 'in_transit');
  return caseId;
}
export async function lost(door: Door): Promise<string> {
  const caseId = await travelling(door);
  await done(door.command(caseId, 'declare-lost', 'manager', fitting.declare_lost.body));
  await until(door, caseId, 'lost_suspected');
  return caseId;
}
export async function escalating(door: Door): Promise<string> {
  const caseId = await opened(door);
  await done(door.command(caseId, 'request-escalation', 'customer', fitting.request_escalation.body));
  return caseId;
}
export async function escalated(door: Door): Promise<string> {
  const caseId = await escalating(door);
  await done(door.command(caseId, 'decide-escalation', 'manager', fitting.decide_escalation.body));
  return caseId;
}
/** Nobody decided in time: our silence has agreed, and a deadline stands missed. */
export async function late(door: Door): Promise<string> {
  const caseId = await opened(door);
  await fastForward(handleOf(door, caseId), 49 * 3_600);
  await until(door, caseId, 'awaiting_handover');
  return caseId;
}
/** The seller pays in advance; what was advanced does not come back by itself, for the customer's bank says no. */
export async function recovering(door: Door): Promise<string> {
  const caseId = await opened(door, { consents: ['claw_back'] });
  await done(door.command(caseId, 'decide-request', 'agent', { verdict: 'accept' }));
  await vi.waitFor(async () => {
    const { body } = await door.get(`/cases/${caseId}`);
    expect(body).toMatchObject({ stage: 'awaiting_handover', money: [{ kind: 'advance', state: 'settled' }] });
  }, patiently);
  door.stage.partners.failNext('create_charge', new PartnerRefusal('card_closed', 'The card account is closed'));
  await done(door.command(caseId, 'withdraw-case', 'customer', {}));
  await vi.waitFor(async () => {
    const { body } = await door.get(`/cases/${caseId}`);
    expect(body.money).toContainEqual(expect.objectContaining({ kind: 'recovery', state: 'failed' }));
  }, patiently);
  return caseId;
}
/** A seller who pays once a request is accepted, up to 300 pounds. */
export const paysInAdvance: PolicyStore = {
  ...policies,
  sla: { ...policies.sla, refund: { trigger: 'approval', maxMinor: 30_000, ruleId: 'test.instant' } },
};

/** The carrier scans the parcel that the case waits for. */
async function scanned(door: Door, caseId: string, code: string, more: object = {}): Promise<void> {
  const { shipment } = (await door.get(`/cases/${caseId}`)).body;
  const data = { caseId, trackingNo: shipment?.trackingNo ?? 'RT1', code, occurredAt: new Date().toISOString(), ...more };
  await done(door.webhook('carrier', { type: 'parcel_scanned', data }));
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
