/** Each command over HTTP: what it does, who may give it, when it is refused, and that a refusal changes nothing. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pathOf } from '../../contracts/commands.ts';
import { commandNames, mayCommand, roles, type CommandName, type Role } from '../../domain/permissions.ts';
import { openDoor, type Door } from '../support/door.ts';
import {
  allReceived,
  allWell,
  awaitingHandover,
  discrepant,
  ended,
  escalated,
  escalating,
  fitting,
  late,
  lost,
  negotiating,
  opened,
  parked,
  patiently,
  paysInAdvance,
  received,
  recovering,
  travelling,
  until,
} from './journey.ts';

/** How the cases come to where the commands are tried. */
const journeys = {
  opened,
  awaiting: awaitingHandover,
  received,
  parked,
  ended,
  negotiating,
  discrepant,
  travelling,
  lost,
  recovering,
  escalating,
  escalated,
  late,
};
type Stages = Record<keyof typeof journeys, string>;

/** For each command a stage where it is possible, and one where it is not. */
const stages: Record<CommandName, [keyof Stages, keyof Stages]> = {
  edit_request: ['opened', 'awaiting'],
  request_evidence: ['opened', 'awaiting'],
  submit_evidence: ['opened', 'awaiting'],
  propose: ['opened', 'awaiting'],
  answer_proposal: ['negotiating', 'opened'],
  choose_channel: ['awaiting', 'opened'],
  book_pickup: ['awaiting', 'opened'],
  reschedule_pickup: ['awaiting', 'opened'],
  cancel_pickup: ['awaiting', 'opened'],
  settle_discrepancy: ['discrepant', 'received'],
  declare_lost: ['travelling', 'awaiting'],
  choose_remedy: ['lost', 'awaiting'],
  pay_balance: ['recovering', 'received'],
  write_off: ['recovering', 'received'],
  link_case: ['opened', 'ended'],
  send_message: ['opened', 'ended'],
  request_escalation: ['opened', 'ended'],
  decide_escalation: ['escalating', 'opened'],
  de_escalate: ['escalated', 'opened'],
  waive_breach: ['late', 'opened'],
  decide_request: ['opened', 'awaiting'],
  withdraw_case: ['opened', 'received'],
  cancel_case: ['awaiting', 'ended'],
  submit_tracking: ['awaiting', 'opened'],
  record_reception: ['awaiting', 'opened'],
  record_inspection: ['received', 'awaiting'],
  resolve_attention: ['parked', 'received'],
  hold_case: ['opened', 'ended'],
  resume_case: ['opened', 'opened'],
  assign_case: ['opened', 'ended'],
  add_note: ['opened', 'ended'],
};
const held = fitting.hold_case.body as { reason: string; until: string };

describe('commands', () => {
  let door: Door;
  const at = {} as Stages;
  beforeAll(async () => {
    door = await openDoor('api-commands', { deps: { policies: paysInAdvance } });
    for (const [name, journey] of Object.entries(journeys)) at[name as keyof Stages] = await journey(door);
  });
  afterAll(() => door.close());

  const revisionOf = async (caseId: string): Promise<number> => (await door.get(`/cases/${caseId}`)).body.revision;

  describe.each(commandNames)('%s', (name) => {
    const { role, body } = fitting[name];
    const [possibleAt, notAt] = stages[name];
    const path = pathOf(name);

    it.each(roles)('is for its own roles alone: %s', async (caller) => {
      const reply = await door.command(at.opened, path, caller, { nonsense: true });
      // Who may give it is told what is wrong with it; who may not, is told nothing else.
      expect(reply.body.code).toBe(mayCommand(caller, name) ? 'invalid_input' : 'forbidden');
    });

    it('is refused where it is not possible, with what this role may do instead, and changes nothing', async () => {
      const caseId = at[notAt];
      const before = await door.get(`/cases/${caseId}`, role);
      const reply = await door.command(caseId, path, role, body);
      expect(reply.status).toBe(409);
      expect(reply.body).toMatchObject({ code: 'not_allowed_now', availableMoves: before.body.availableMoves });
      expect(await revisionOf(caseId)).toBe(before.body.revision);
    });

    it('finds an ended case ended', async () => {
      const reply = await door.command(at.ended, path, role, body);
      expect(reply.status).toBe(409);
      expect(reply.body).toMatchObject({ code: 'not_allowed_now', availableMoves: [] });
    });

    it('answers alike for a case that is unknown, of another merchant or of another customer', async () => {
      const strangers = [
        { id: `C-${randomUUID().slice(0, 8)}`, as: role },
        { id: at.opened, as: { id: 'cust-1', role, merchantId: 'm2' } },
        ...(role === 'customer' ? [{ id: at.opened, as: { id: 'cust-2', role, merchantId: 'm1' } }] : []),
      ];
      const replies = await Promise.all(strangers.map(({ id, as }) => door.command(id, path, as, body)));
      for (const reply of replies) {
        expect(reply.status).toBe(404);
        expect({ ...reply.body, requestId: '' }).toEqual({ ...replies[0]!.body, requestId: '' });
      }
    });

    it('asks for an Idempotency-Key of 1 to 255 visible characters', async () => {
      for (const key of [undefined, '', ' ', 'a b', 'é', 'k'.repeat(256)]) {
        const headers: [string, string][] = key === undefined ? [] : [['idempotency-key', Buffer.from(key).toString('latin1')]];
        const reply = await door.raw(
          'POST',
          `/cases/${at.opened}/${path}`,
          [['authorization', `Bearer ${await door.tokenOf(role)}`], ['content-type', 'application/json'], ...headers],
          JSON.stringify(body),
        );
        expect([key, reply.status, reply.body.code]).toEqual([key, 400, 'idempotency_key_required']);
      }
    });

    it('does not act on a case that has moved on since the caller looked', async () => {
      const { revision } = (await door.get(`/cases/${at[possibleAt]}`)).body;
      if (name === 'resume_case') return; // nothing is on hold here; the hold below is resumed with its revision
      const stale = { headers: { 'if-match': `"${revision - 1}"` } };
      expect(await door.command(at[possibleAt], path, role, body, stale)).toMatchObject({
        status: 412,
        body: { code: 'stale_revision' },
      });
      for (const bad of ['7', 'W/"7"', '"x"', '"1", "2"', '"-1"', ''])
        expect([bad, (await door.command(at.opened, path, role, body, { headers: { 'if-match': bad } })).body?.code]).toEqual([
          bad,
          'invalid_input',
        ]);
    });
  });

  // From here on the cases move.
  it('hold_case stops the clocks, resume_case lets them run and refuses a case that is not on hold', async () => {
    const seen = await door.get(`/cases/${at.opened}`);
    const done = await door.command(at.opened, 'hold-case', 'agent', held, {
      headers: { 'if-match': seen.headers.get('etag')! },
    });
    expect(done).toMatchObject({ status: 200, body: { stage: 'under_review', revision: seen.body.revision + 1 } });
    expect(done.body.availableMoves).toContain('resume_case');
    const view = (await door.get(`/cases/${at.opened}`)).body;
    expect(view.hold).toEqual({ reason: 'customs', until: held.until });
    expect(view.clocks[0].log.map((entry: { what: string }) => entry.what)).toEqual(['started', 'paused']);
    expect(view.clocks[0]).toMatchObject({ running: false, paused: true });
    expect(view.clocks[0].dueAt).toBeUndefined();
    expect((await door.command(at.opened, 'hold-case', 'agent', held)).body.code).toBe('not_allowed_now');
    expect((await door.command(at.opened, 'resume-case', 'manager', {}, { headers: { 'if-match': '*' } })).status).toBe(200);
    const resumed = (await door.get(`/cases/${at.opened}`)).body;
    expect(resumed.hold).toBeUndefined();
    expect(resumed.clocks[0]).toMatchObject({ running: true, paused: false, dueAt: resumed.dueAt });
  });

  it('hold_case refuses an end that has passed already', async () => {
    for (const until of ['1999-01-01T00:00:00Z', new Date(Date.now() - 1_000).toISOString()]) {
      const reply = await door.command(at.opened, 'hold-case', 'agent', { reason: 'customs', until });
      expect([reply.status, reply.body.code, reply.body.fields?.[0].pointer]).toEqual([422, 'impossible_date', '/until']);
    }
  });

  it('hold_case refuses an end beyond the longest hold, and says which is the longest', async () => {
    const reply = await door.command(at.opened, 'hold-case', 'agent', { reason: 'customs', until: '2999-01-01T00:00:00Z' });
    expect([reply.status, reply.body.code, reply.body.fields?.[0].pointer]).toEqual([422, 'impossible_date', '/until']);
    const longest = Date.parse(/at the latest (.+)$/.exec(reply.body.fields[0].message)?.[1] ?? '');
    expect(Math.abs(longest - Date.now() - 14 * 86_400_000)).toBeLessThan(60_000);
    expect((await door.get(`/cases/${at.opened}`)).body.hold).toBeUndefined();
  });

  it('declare_lost is a manager’s alone while the parcel may still be on its way', async () => {
    const caseId = await travelling(door);
    const body = { reason: 'the carrier says so' };
    const reply = await door.command(caseId, 'declare-lost', 'agent', body);
    expect([reply.status, reply.body.code]).toEqual([422, 'manager_required']);
    expect(reply.body.detail).toMatch(/may still be on its way: an agent may declare it lost from \d{4}-/);
    expect((await door.command(caseId, 'declare-lost', 'manager', body)).body.stage).toBe('lost_suspected');
  });

  it('record_reception takes goods alone that nobody announced, and refuses to record nothing', async () => {
    const caseId = await travelling(door);
    const extras = [{ sku: 'MUG', quantity: 3 }];
    const record = (body: object) => door.command(caseId, 'record-reception', 'warehouse', { parcelId: 'P9', ...body });
    const nothing = await record({});
    expect([nothing.status, nothing.body.fields?.[0].pointer]).toEqual([400, '/units']);
    expect(await record({ extras })).toMatchObject({ status: 200, body: { stage: 'in_transit' } });
    expect((await door.get(`/cases/${caseId}`)).body.extras).toEqual(extras);
    await vi.waitFor(async () => {
      const { exceptions } = (await door.get('/exceptions', 'manager')).body;
      expect(exceptions).toContainEqual(expect.objectContaining({ caseId, why: 'extra_goods' }));
    }, patiently);
  });

  it('assign_case names who looks after the case, and add_note keeps what was said beside it', async () => {
    expect((await door.command(at.opened, 'assign-case', 'manager', fitting.assign_case.body)).status).toBe(200);
    expect((await door.command(at.opened, 'add-note', 'agent', { note: 'called back' })).status).toBe(200);
    expect((await door.get(`/cases/${at.opened}`)).body.assignee).toBe('agent-7');
    const { rows } = (await door.get(`/cases/${at.opened}/timeline`)).body;
    expect(rows.at(-1)).toMatchObject({ event: 'noted', by: { id: 'agent-1', role: 'agent' }, text: 'called back' });
  });

  it('decide_request refuses with rules that bind the case, and with no others', async () => {
    const caseId = await opened(door);
    const refuse = (ruleIds: string[]) =>
      door.command(caseId, 'decide-request', 'agent', { verdict: 'refuse', ruleIds, reason: 'worn' });
    // Known to a pack, but not to one that binds an order from Great Britain.
    for (const [ruleId, pack] of [
      ['no.such.rule', 'none'],
      ['cn.7d.window', 'cn-mainland'],
    ]) {
      const reply = await refuse(['uk.strr', ruleId!]);
      expect([pack, reply.status, reply.body.code]).toEqual([pack, 422, 'unknown_rule']);
      expect(reply.body.fields).toMatchObject([{ pointer: '/ruleIds/1' }]);
    }
    expect((await refuse(['uk.strr'])).body).toMatchObject({ stage: 'rejected', availableMoves: [] });
    const { rows } = (await door.get(`/cases/${caseId}/timeline`, 'customer')).body;
    expect(rows).toContainEqual(expect.objectContaining({ event: 'refused', ruleIds: ['uk.strr'], text: 'worn' }));
  });

  it('withdraw_case and cancel_case let go of the case and of its units', async () => {
    const [withdrawn, cancelled] = [await opened(door), at.awaiting];
    expect((await door.command(withdrawn, 'withdraw-case', 'customer', {})).status).toBe(200);
    expect((await door.command(cancelled, 'cancel-case', 'manager', { reason: 'opened by mistake' })).status).toBe(200);
    await until(door, withdrawn, 'withdrawn');
    expect((await until(door, cancelled, 'cancelled')).undo).toMatchObject([
      { step: 'claim_units', state: 'undone' },
      { step: 'issue_label', state: 'undone', result: 'label voided' },
    ]);
  });

  it('submit_tracking hands the parcel over, record_reception counts it once', async () => {
    const caseId = await awaitingHandover(door);
    const told = await door.command(caseId, 'submit-tracking', 'customer', { carrier: 'SF', trackingNo: 'SF1042' });
    expect(told.body).toMatchObject({ stage: 'in_transit', availableMoves: ['send_message', 'request_escalation'] });
    expect((await door.get(`/cases/${caseId}`)).body).toMatchObject({
      shipment: { trackingNo: 'SF1042' },
      parcels: [
        { trackingNo: expect.any(String), ours: true, replaced: true },
        { trackingNo: 'SF1042', carrier: 'SF', ours: false, replaced: false },
      ],
    });
    expect((await door.command(caseId, 'record-reception', 'warehouse', allReceived)).body.stage).toBe('received');
    // The same parcel by another person: noted, not counted; more than was announced: refused.
    expect((await door.command(caseId, 'record-reception', 'warehouse', allReceived)).status).toBe(200);
    const more = await door.command(caseId, 'record-reception', 'warehouse', { ...allReceived, parcelId: 'P2' });
    expect(more).toMatchObject({ status: 422, body: { code: 'over_limit', fields: [{ pointer: '/units/0/quantity' }] } });
    expect((await door.get(`/cases/${caseId}`)).body).toMatchObject({ unitsReceived: 2, stage: 'received' });
  });

  it('record_inspection refuses more than was received, and pays once all is graded', async () => {
    const tooMany = { units: [{ lineId: '1', quantity: 3, grade: 'A', disposition: 'restock' }] };
    expect(await door.command(at.received, 'record-inspection', 'warehouse', tooMany)).toMatchObject({
      status: 422,
      body: { code: 'over_limit', fields: [{ pointer: '/units/0/quantity' }] },
    });
    expect((await door.command(at.received, 'record-inspection', 'warehouse', allWell)).status).toBe(200);
    expect(await until(door, at.received, 'refunded')).toMatchObject({ refundedMinor: 5_000 });
  });

  it('resolve_attention wants a verb and a result that are possible here, and for money a manager with proof', async () => {
    const settle = (as: Role, body: object) => door.command(at.parked, 'resolve-attention', as, { reason: 'seen', ...body });
    expect((await settle('agent', { verb: 'skip' })).body).toMatchObject({ code: 'verb_not_allowed' });
    expect((await settle('agent', { verb: 'override', result: 'cleared' })).body).toMatchObject({ code: 'result_not_allowed' });
    expect((await settle('agent', { verb: 'override' })).body).toMatchObject({ code: 'result_not_allowed' });
    const paid = { verb: 'override', result: 'refunded' };
    expect((await settle('agent', { ...paid, proofIds: ['p'] })).body).toMatchObject({
      code: 'manager_required',
      status: 422,
    });
    expect((await settle('manager', paid)).body).toMatchObject({ code: 'proof_required', status: 422 });
    expect((await settle('manager', { ...paid, proofIds: ['p'] })).status).toBe(200);
    expect(await until(door, at.parked, 'refunded')).toMatchObject({ refundedMinor: 5_000 });
  });

  it('an unknown command is not there', async () => {
    for (const path of ['refund', 'approve', 'open-case', 'decide_request', 'commands', '__proto__', 'constructor'])
      expect((await door.command(at.opened, path, 'manager', {})).status).toBe(404);
  });
});
