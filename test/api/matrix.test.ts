/**
 * Who may do what: every operation of the document, for every role and nobody, on their own merchant's case, another merchant's, another
 * customer's and one that is not there. Who is let in is written down here once more, so that neither the code nor the document judges itself.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles, type Role } from '../../domain/permissions.ts';
import type { Person } from '../../dev/tokens.ts';
import { idOfCall, openDoor, type Call, type Door, type Reply } from '../support/door.ts';
import { anyOrder, opened, routesWithBody } from './journey.ts';

const everyone = 'customer agent manager warehouse technician auditor service';
const staff = 'agent manager';
/** Operation by operation; `public`: without a token, by whomever. */
const table: Record<string, string> = {
  open_case: 'customer agent manager service',
  list_cases: everyone,
  count_cases: everyone,
  get_case: everyone,
  get_timeline: everyone,
  get_command: everyone,
  list_pickup_slots: everyone,
  list_handover_points: everyone,
  give_to_many: staff,
  appeal: 'customer',
  reopen_case: 'customer manager',
  rebuild_case: 'manager',
  list_exceptions: 'agent manager auditor',
  resolve_exception: staff,
  edit_request: 'customer',
  decide_request: staff,
  request_evidence: staff,
  submit_evidence: 'customer agent',
  propose: staff,
  answer_proposal: 'customer',
  choose_channel: 'customer agent',
  book_pickup: 'customer agent',
  reschedule_pickup: 'customer agent',
  cancel_pickup: 'customer agent',
  withdraw_case: 'customer',
  cancel_case: staff,
  submit_tracking: 'customer agent',
  record_reception: 'warehouse',
  record_inspection: 'warehouse',
  settle_discrepancy: staff,
  declare_lost: staff,
  choose_remedy: 'customer',
  pay_balance: 'customer agent manager',
  write_off: 'manager',
  resolve_attention: staff,
  hold_case: staff,
  resume_case: staff,
  assign_case: staff,
  link_case: staff,
  add_note: staff,
  send_message: 'customer agent manager',
  request_escalation: 'customer agent',
  decide_escalation: 'manager',
  de_escalate: 'manager',
  waive_breach: 'manager',
  send_guest_code: 'public',
  open_guest_session: 'public',
  webhook_carrier: 'public',
  webhook_payments: 'public',
  healthz: 'public',
  readyz: 'public',
};
const may = (operation: string, role: Role): boolean => table[operation]!.split(' ').includes(role);

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly description: string;
  readonly needsToken: boolean;
}
const places = ['own', 'another merchant’s', 'another customer’s', 'none'] as const;
type Place = (typeof places)[number];

describe('who may do what', () => {
  let door: Door;
  let operations: Operation[];
  /** A case of cust-1 with a command that was carried out, an order of theirs, an exception that names the case. */
  const known = { caseId: '', commandId: '', orderId: '', exceptionId: '' };
  const unknown = { caseId: 'C-NOBODY00', commandId: 'f'.repeat(32), orderId: 'O-NOBODY', exceptionId: 'carrier:nobody' };
  beforeAll(async () => {
    door = await openDoor('api-matrix', { deps: async ({ partners }) => Promise.resolve({ carrier: partners.carrier }) });
    const document = (await door.send('GET', '/openapi.json')).body;
    operations = Object.entries<Record<string, { operationId: string; description?: string; security?: object[] }>>(
      document.paths,
    ).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId, description = '', security }]) => ({
        id: operationId,
        method: method.toUpperCase(),
        path,
        description,
        needsToken: security !== undefined,
      })),
    );
    const order = anyOrder();
    known.caseId = await opened(door, {}, order);
    known.orderId = order.orderId;
    const key = randomUUID();
    await door.command(known.caseId, 'add-note', 'agent', { note: 'called back' }, { key });
    known.commandId = idOfCall('agent', key);
    const id = randomUUID();
    await door.webhook('carrier', { type: 'parcel_weighed', data: { caseId: known.caseId } }, { id });
    known.exceptionId = `carrier:${id}`;
  });
  afterAll(() => door.close());

  it('is written down for every operation of the document, and said there in the same words', () => {
    expect(operations.map(({ id }) => id).toSorted()).toEqual(Object.keys(table).toSorted());
    for (const { id, description, needsToken } of operations) {
      expect([id, needsToken]).toEqual([id, table[id] !== 'public']);
      const [, said] = /Roles: ([a-z, ]+)\./.exec(description) ?? [];
      if (said) expect([id, said.split(', ').toSorted()]).toEqual([id, table[id]!.split(' ').toSorted()]);
      else expect([everyone, 'public', staff], id).toContain(table[id]); // reads are for all; a command for many says it of each
    }
  });

  /** Whoever is let in is stopped by something that changes nothing: a revision that never was, a line that is none, a case that is not held. */
  function callOf({ id, path }: Operation, place: Place): { path: string; call: Call } {
    const at = place === 'none' ? unknown : known;
    const route = routesWithBody.find((one) => one.name === id);
    const bodies: Record<string, object> = {
      open_case: { orderId: at.orderId, lines: [{ lineId: 'none', quantity: 1 }], reason: 'quality' },
      give_to_many: { command: 'resume_case', caseIds: [at.caseId], payload: {} },
      resolve_exception: { note: 'by all of us' },
    };
    const queries: Record<string, string> = { list_handover_points: '?channel=locker' };
    const filled = path.replace('{caseId}', at.caseId).replace('{commandId}', at.commandId).replace('{id}', at.exceptionId);
    const body = bodies[id] ?? route?.body;
    const takesRevision = path.startsWith('/cases/{caseId}/') && body !== undefined;
    return {
      path: filled + (queries[id] ?? ''),
      call: { body, key: randomUUID(), headers: takesRevision ? { 'if-match': '"999999999"' } : {} },
    };
  }
  const personIn = (role: Role, place: Place): Person => ({
    id: role === 'customer' ? (place === 'another customer’s' ? 'cust-2' : 'cust-1') : `${role}-1`,
    role,
    merchantId: place === 'another merchant’s' ? 'm2' : 'm1',
  });
  const shape = ({ status, body }: Reply) => [status, { ...body, requestId: '' }];
  /** What is shown of the case to somebody who may see none of it. */
  const silent = ({ text }: Reply, told: string) =>
    expect(text, told).not.toMatch(new RegExp([known.caseId, known.orderId, known.exceptionId].join('|')));

  const isHidden = (role: Role, place: Place): boolean =>
    place !== 'own' && !(place === 'another customer’s' && role !== 'customer');
  /** Where a list or a bulk call has no case in its path, what is hidden is missing from the answer. */
  const lists = ['list_cases', 'count_cases', 'list_exceptions', 'give_to_many'];

  function mustBe(operation: Operation, role: Role, place: Place, reply: Reply, ofNone: Reply): void {
    const told = `${operation.id} as ${role}, ${place}: ${reply.status} ${reply.text.slice(0, 200)}`;
    if (!may(operation.id, role)) {
      expect([reply.status, reply.body.code], told).toEqual([403, 'forbidden']);
      expect(shape(reply), told).toEqual(shape(ofNone));
      silent(reply, told);
    } else if (!isHidden(role, place)) {
      expect([200, 409, 412, 422], told).toContain(reply.status);
      if (operation.id === 'give_to_many') expect(reply.body.results[0].status, told).toBe(409);
      if (operation.id === 'list_cases') expect(reply.text, told).toContain(known.caseId);
      if (operation.id === 'list_exceptions') expect(reply.text, told).toContain(known.exceptionId);
      if (operation.id === 'count_cases') expect(reply.body.open, told).toBe(1);
    } else if (lists.includes(operation.id)) {
      expect(reply.status, told).toBe(200);
      if (operation.id === 'give_to_many') expect(reply.body.results[0], told).toMatchObject({ status: 404, code: 'not_found' });
      else if (place !== 'none') silent(reply, told);
      if (operation.id === 'count_cases' && place !== 'none') expect(reply.body.open, told).toBe(0);
    } else {
      expect(reply.status, told).toBe(404);
      expect(shape(reply), told).toEqual(shape(ofNone));
      silent(reply, told);
    }
  }

  it('holds in every cell: operation, role, and whose case it is', async () => {
    const before = (await door.get(`/cases/${known.caseId}`)).body;
    let cells = 0;
    const send = async (operation: Operation, place: Place, as?: Person) => {
      const { path, call } = callOf(operation, place);
      return door.send(operation.method, path, as ? { ...call, as } : call);
    };
    for (const operation of operations.filter((one) => one.needsToken)) {
      for (const reply of await Promise.all(places.map((place) => send(operation, place)))) {
        expect([operation.id, reply.status, reply.body.code]).toEqual([operation.id, 401, 'unauthenticated']);
        silent(reply, operation.id);
        cells += 1;
      }
      const ofRole = async (role: Role) => {
        const replies = await Promise.all(places.map((place) => send(operation, place, personIn(role, place))));
        for (const [index, place] of places.entries()) {
          mustBe(operation, role, place, replies[index]!, replies.at(-1)!);
          cells += 1;
        }
      };
      await Promise.all(roles.map(ofRole));
    }
    expect(cells).toBe(operations.filter((one) => one.needsToken).length * (roles.length + 1) * places.length);
    console.log(`${cells} cells of operation, role and owner`);
    const after = (await door.get(`/cases/${known.caseId}`)).body;
    expect(after).toEqual(before);
  }, 240_000);

  it('asks no token where the document asks none, and gives no more to who has one', async () => {
    for (const operation of operations.filter((one) => !one.needsToken)) {
      const { path, call } = callOf(operation, 'own');
      const body = operation.id.startsWith('webhook') ? { type: 'x' } : call.body;
      const asNobody = await door.send(operation.method, path, { ...call, body });
      for (const role of roles) {
        const reply = await door.send(operation.method, path, { ...call, body, as: role });
        expect([operation.id, role, ...shape(reply)]).toEqual([operation.id, role, ...shape(asNobody)]);
      }
      const expected = /^(webhook|open_guest)/.test(operation.id) ? 401 : operation.id === 'send_guest_code' ? 202 : 200;
      expect([operation.id, asNobody.status]).toEqual([operation.id, expected]);
    }
  });
});
