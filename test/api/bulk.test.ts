/** One command for many cases: each answers for itself, once, whatever becomes of the others. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkCommands } from '../../contracts/bulk.ts';
import { createCaseClient } from '../../api/case-client.ts';
import { mayCommand, roles, type Role } from '../../domain/permissions.ts';
import { openDoor, type Call, type Door } from '../support/door.ts';
import { anyOrder, awaitingHandover, ended, fitting, opened } from './journey.ts';

interface Result {
  readonly caseId: string;
  readonly status: number;
  readonly code?: string;
  readonly commandId?: string;
  readonly receipt?: { readonly revision: number; readonly stage: string };
}

describe('one command for many cases', () => {
  let door: Door;
  const at = { opened: '', other: '', awaiting: '', ended: '', foreign: '' };
  beforeAll(async () => {
    door = await openDoor('api-bulk');
    at.opened = await opened(door);
    at.other = await opened(door);
    at.awaiting = await awaitingHandover(door);
    at.ended = await ended(door);
    const as = { id: 'agent-9', role: 'agent', merchantId: 'm2' } as const;
    at.foreign = await opened(door, {}, anyOrder({ merchantId: 'm2', customerId: 'cust-9' }), { as });
  });
  afterAll(() => door.close());

  const give = (command: string, caseIds: readonly string[], payload: object, more: Call = {}) =>
    door.send('POST', '/cases/bulk', { as: 'agent', key: randomUUID(), body: { command, caseIds, payload }, ...more });
  const resultsOf = (reply: { status: number; text: string; body: { results: Result[] } }): Result[] => {
    expect(reply.status, reply.text).toBe(200);
    return reply.body.results;
  };
  const notesOf = async (caseId: string): Promise<string[]> =>
    (await door.get(`/cases/${caseId}/timeline?limit=200`)).body.rows.flatMap((row: { text?: string }) => row.text ?? []);

  it('is answered in the order asked, with a receipt for each', async () => {
    const results = resultsOf(await give('assign_case', [at.awaiting, at.opened], { assignee: 'agent-7' }));
    expect(results).toMatchObject([
      { caseId: at.awaiting, status: 200, receipt: { caseId: at.awaiting, stage: 'awaiting_handover' } },
      { caseId: at.opened, status: 200, receipt: { caseId: at.opened, stage: 'under_review' } },
    ]);
    expect((await door.get(`/cases/${at.opened}`)).body.assignee).toBe('agent-7');
    expect((await door.get('/cases?assignee=agent-7')).body.cases).toHaveLength(2);
  });

  it('leaves alone those that refuse it, and hides those the caller may not see', async () => {
    const ids = ['C-UNKNOWN', at.foreign, at.ended, at.opened];
    const results = resultsOf(await give('add_note', ids, { note: 'call back' }));
    expect(results.map(({ caseId, status, code }) => [caseId, status, code])).toEqual([
      ['C-UNKNOWN', 404, 'not_found'],
      [at.foreign, 404, 'not_found'],
      [at.ended, 409, 'not_allowed_now'],
      [at.opened, 200, undefined],
    ]);
    expect(await notesOf(at.opened)).toContain('call back');
  });

  it('checks each case as the command alone does', async () => {
    const refuse = { verdict: 'refuse', ruleIds: ['no.such.rule'], reason: 'worn' };
    expect(resultsOf(await give('decide_request', [at.other, at.awaiting], refuse))).toMatchObject([
      { status: 422, code: 'unknown_rule' },
      { status: 422, code: 'unknown_rule' },
    ]);
    const past = { reason: 'customs', until: '1999-01-01T00:00:00Z' };
    expect(resultsOf(await give('hold_case', [at.other], past))).toMatchObject([{ status: 422, code: 'impossible_date' }]);
  });

  it('takes a hundred, more than are carried out at the same time', async () => {
    const unknown = Array.from({ length: 98 }, (_, index) => `C-NONE-${index}`);
    const results = resultsOf(await give('add_note', [at.opened, ...unknown, at.other], { note: 'one of a hundred' }));
    expect(results.map((one) => one.caseId)).toEqual([at.opened, ...unknown, at.other]);
    expect(results.map((one) => one.status)).toEqual([200, ...unknown.map(() => 404), 200]);
  });

  it('has its effect once, however often it is sent', async () => {
    const key = randomUUID();
    const send = () => give('add_note', [at.opened, at.ended], { note: `once ${key}` }, { key });
    const first = await send();
    const again = await send();
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
    expect((await notesOf(at.opened)).filter((note) => note === `once ${key}`)).toHaveLength(1);
    const other = await give('add_note', [at.opened], { note: 'something else' }, { key });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('sent by twins at once is carried out by one', async () => {
    const key = randomUUID();
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => give('add_note', [at.opened, at.other], { note: `twins ${key}` }, { key })),
    );
    for (const { status } of replies) expect([200, 409]).toContain(status);
    expect(replies.some(({ status }) => status === 200)).toBe(true);
    for (const caseId of [at.opened, at.other])
      expect((await notesOf(caseId)).filter((note) => note === `twins ${key}`)).toHaveLength(1);
  });

  it('that no worker answers is pending for each case, and finished under the same key later', async () => {
    const slow = await openDoor('api-bulk-slow', {
      deps: async (stage) => ({ cases: createCaseClient(stage.client, { taskQueue: stage.taskQueue, patienceMs: 2_000 }) }),
    });
    const caseId = await opened(slow);
    await slow.stage.stopWorkers();
    const key = randomUUID();
    const send = () =>
      slow.send('POST', '/cases/bulk', {
        as: 'agent',
        key,
        body: { command: 'add_note', caseIds: [caseId, 'C-NONE'], payload: { note: 'later' } },
      });
    const [waiting, none] = resultsOf(await send());
    expect([waiting?.status, none?.status]).toEqual([202, 404]);
    await slow.stage.startWorker();
    const [done] = resultsOf(await send());
    expect(done).toMatchObject({ status: 200, receipt: { caseId } });
    expect((await slow.get(`/cases/${caseId}/commands/${waiting!.commandId}`)).status).toBe(200);
    await slow.close();
  });

  it.each(bulkCommands)('%s is for its own roles alone', async (command) => {
    for (const role of roles) {
      const reply = await give(command, ['C-NONE'], fitting[command].body, { as: role as Role });
      expect([role, reply.status]).toEqual([role, mayCommand(role, command) ? 200 : 403]);
    }
  });

  it('is refused whole if it does not fit', async () => {
    const fits = { command: 'add_note', caseIds: ['C-1'], payload: { note: 'x' } };
    const bad: [object, string][] = [
      [{ ...fits, command: 'record_reception' }, '/command'],
      [{ ...fits, command: 'withdraw_case', payload: {} }, '/command'],
      [{ ...fits, caseIds: [] }, '/caseIds'],
      [{ ...fits, caseIds: ['C-1', 'C-1'] }, '/caseIds'],
      [{ ...fits, caseIds: Array.from({ length: 101 }, (_, index) => `C-${index}`) }, '/caseIds'],
      [{ ...fits, caseIds: ['../C-1'] }, '/caseIds/0'],
      [{ ...fits, payload: {} }, '/payload/note'],
      [{ ...fits, payload: { note: 'x', stage: 'refunded' } }, '/payload/stage'],
      [{ ...fits, more: 1 }, '/more'],
      [{ caseIds: ['C-1'], payload: {} }, '/command'],
    ];
    for (const [body, pointer] of bad) {
      const reply = await door.send('POST', '/cases/bulk', { as: 'agent', key: randomUUID(), body });
      expect([reply.status, reply.body.code, reply.body.fields?.[0].pointer]).toEqual([400, 'invalid_input', pointer]);
    }
    expect((await door.send('POST', '/cases/bulk', { as: 'agent', body: fits })).body.code).toBe('idempotency_key_required');
    expect((await door.send('POST', '/cases/bulk', { key: randomUUID(), body: fits })).status).toBe(401);
  });
});
