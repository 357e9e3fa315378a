/** One answer for one key: repeats, twins, lost answers, other bodies, other callers. What is paid once is once-only.test.ts. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { idOfCall, openDoor, type Door } from '../support/door.ts';
import { ended, opened, patiently } from './journey.ts';

describe('an Idempotency-Key', () => {
  let door: Door;
  let caseId: string;
  beforeAll(async () => {
    door = await openDoor('api-idempotency');
    caseId = await opened(door);
  });
  afterAll(() => door.close());

  const note = (key: string, text = 'said once', as: Parameters<Door['command']>[2] = 'agent', more = {}) =>
    door.command(caseId, 'add-note', as, { note: text }, { key, ...more });
  const notes = async (): Promise<string[]> => {
    const { rows } = (await door.get(`/cases/${caseId}/timeline?limit=200`)).body;
    return rows.flatMap((row: { text?: string }) => row.text ?? []);
  };
  const kept = () => door.stage.database.inbox.models[0]!.collection;
  const idOf = (key: string) => ({ _id: idOfCall('agent', key) as never });

  it('gives the same bytes again, marked as a repeat, and has its effect once', async () => {
    const [key, text] = [randomUUID(), 'exactly once'];
    const first = await note(key, text);
    const [second, third] = [await note(key, text), await note(key, text)];
    expect([first.status, second.status, third.status]).toEqual([200, 200, 200]);
    expect([second.text, third.text]).toEqual([first.text, first.text]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect((await notes()).filter((one) => one === text)).toHaveLength(1);
  });

  it('gives the same refusal again, byte by byte, also when it would be allowed by now', async () => {
    const key = randomUUID();
    const resume = () => door.command(caseId, 'resume-case', 'agent', {}, { key });
    const first = await resume();
    expect(first).toMatchObject({ status: 409, body: { code: 'not_allowed_now' } });
    await door.command(caseId, 'hold-case', 'agent', { reason: 'customs' });
    const again = await resume();
    expect([again.status, again.text]).toEqual([409, first.text]);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect((await door.command(caseId, 'resume-case', 'agent', {})).status).toBe(200);
  });

  it('is refused for another body, another path, another case and another If-Match', async () => {
    const key = randomUUID();
    expect((await note(key)).status).toBe(200);
    const others = [
      note(key, 'something else'),
      note(key, 'said once', 'agent', { headers: { 'if-match': '"1"' } }),
      door.command(caseId, 'hold-case', 'agent', { reason: 'customs' }, { key }),
      door.command(await opened(door), 'add-note', 'agent', { note: 'said once' }, { key }),
      door.opened({}, undefined, { as: 'agent', key }),
    ];
    for (const reply of await Promise.all(others))
      expect([reply.status, reply.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('belongs to one caller in one role of one merchant', async () => {
    const [key, text] = [randomUUID(), 'each for himself'];
    const people = [
      'agent',
      { id: 'agent-2', role: 'agent', merchantId: 'm1' },
      { id: 'agent-1', role: 'manager', merchantId: 'm1' },
    ] as const;
    for (const person of people) expect((await note(key, text, person)).status).toBe(200);
    expect((await notes()).filter((one) => one === text)).toHaveLength(3);
    const abroad = await note(key, text, { id: 'agent-1', role: 'agent', merchantId: 'm2' });
    expect(abroad.status).toBe(404);
  });

  it('is not spent on a body that does not fit', async () => {
    const key = randomUUID();
    expect((await note(key, ' ')).status).toBe(400);
    expect((await note(key, 'now it fits')).status).toBe(200);
  });

  it('makes a twin wait while the first is being carried out, then gives it the same answer', async () => {
    const [key, text] = [randomUUID(), 'one of twins'];
    await door.stage.stopWorkers();
    const first = note(key, text);
    await vi.waitFor(async () => expect(await kept().findOne(idOf(key))).not.toBeNull(), patiently);
    const twin = await note(key, text);
    expect(twin).toMatchObject({ status: 409, body: { code: 'in_flight' } });
    expect(twin.headers.get('retry-after')).toBe('1');
    await door.stage.startWorker();
    const done = await first;
    expect(done.status).toBe(200);
    expect((await note(key, text)).text).toBe(done.text);
    expect((await notes()).filter((one) => one === text)).toHaveLength(1);
  });

  it('is taken over when its holder has died, after the effect or before it', async () => {
    const [key, text] = [randomUUID(), 'died in the middle'];
    const first = await note(key, text);
    const died = (leaseUntil: number) =>
      kept().updateOne(idOf(key), { $unset: { status: 1, body: 1, headers: 1 }, $set: { leaseUntil } });
    await died(Date.now() + 60_000);
    expect((await note(key, text)).body.code).toBe('in_flight');
    await died(Date.now() - 1);
    const second = await note(key, text);
    expect([second.status, second.body.stage, second.body.caseId]).toEqual([200, first.body.stage, caseId]);
    expect((await notes()).filter((one) => one === text)).toHaveLength(1);

    // Never carried out at all: the record of another call stands in for one that died before it sent anything.
    const [unsent, { bodyHash }] = [randomUUID(), (await kept().findOne(idOf(key)))!];
    await kept().insertOne({ ...idOf(unsent), bodyHash, leaseUntil: Date.now() - 1, expiresAt: new Date(Date.now() + 60_000) });
    expect((await note(unsent, text)).status).toBe(200);
    expect((await notes()).filter((one) => one === text)).toHaveLength(2);
  });

  it('finds the effect of a command again on a case that has ended since, though the answer was lost', async () => {
    const key = randomUUID();
    const gone = await ended(door);
    const cancel = () => door.command(gone, 'cancel-case', 'agent', { reason: 'late' }, { key });
    expect(await cancel()).toMatchObject({ status: 409, body: { code: 'not_allowed_now', availableMoves: [] } });
    const [other, again] = [await opened(door), randomUUID()];
    const withdraw = () => door.command(other, 'withdraw-case', 'customer', {}, { key: again });
    expect((await withdraw()).status).toBe(200);
    await vi.waitFor(async () => expect((await door.get(`/cases/${other}`)).body.stage).toBe('withdrawn'), patiently);
    await kept().deleteOne({ _id: idOfCall('customer', again) as never });
    const found = await withdraw();
    expect([found.status, found.body.caseId]).toEqual([200, other]);
  });
});

describe('a command that no worker answers', () => {
  let door: Door;
  let caseId: string;
  beforeAll(async () => {
    door = await openDoor('api-pending', { patienceMs: 700 });
    caseId = await opened(door);
    await door.stage.stopWorkers();
  });
  afterAll(() => door.close());

  it('is pending, can be asked after, and is done once when a worker is back', async () => {
    const key = randomUUID();
    const note = () => door.command(caseId, 'add-note', 'agent', { note: 'patience' }, { key });
    const pending = await vi.waitFor(async () => {
      const reply = await note();
      expect(reply.status).toBe(202);
      return reply;
    }, patiently);
    expect(pending).toMatchObject({ status: 202, body: { status: 'pending', caseId, commandId: idOfCall('agent', key) } });
    const location = pending.headers.get('location')!;
    expect(location).toBe(`/cases/${caseId}/commands/${idOfCall('agent', key)}`);
    await vi.waitFor(async () => expect((await door.get(location)).status).toBe(202), patiently);
    await door.stage.startWorker();
    await vi.waitFor(async () => expect((await note()).status).toBe(200), patiently);
    expect(await door.get(location)).toMatchObject({ status: 200, body: { caseId, stage: 'under_review' } });
    const { rows } = (await door.get(`/cases/${caseId}/timeline`)).body;
    expect(rows.filter((row: { text?: string }) => row.text === 'patience')).toHaveLength(1);
  });

  it('that nobody has sent is not known, nor shown to those who may not see the case', async () => {
    const path = `/cases/${caseId}/commands/${idOfCall('agent', 'never-sent')}`;
    expect(await door.get(path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const stranger of [
      { id: 'cust-2', role: 'customer', merchantId: 'm1' },
      { id: 'agent-1', role: 'agent', merchantId: 'm2' },
    ] as const)
      expect((await door.get(path, stranger)).body.detail).toBeUndefined();
  });
});

describe('the record of a key', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-key-record');
  });
  afterAll(() => door.close());
  const answer = (body: string) => ({ status: 200, body, headers: {} });

  it('goes to exactly one of many who want it at once', async () => {
    const { inbox } = door.stage.database;
    const begun = await Promise.all(Array.from({ length: 20 }, () => inbox.begin('k1', 'hash')));
    expect(begun.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
    const later = Date.now() + 60_000;
    const takers = await Promise.all(Array.from({ length: 20 }, () => inbox.begin('k1', 'hash', later)));
    expect(takers.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
  });

  it('keeps the first final answer, and whoever comes second is told that one', async () => {
    const { inbox } = door.stage.database;
    await inbox.begin('k2', 'hash', Date.now() - 60_000);
    await inbox.begin('k2', 'hash');
    expect(await inbox.finish('k2', answer('of the one who took over'))).toEqual(answer('of the one who took over'));
    expect(await inbox.finish('k2', answer('of the slow one'))).toEqual(answer('of the one who took over'));
    expect(await inbox.begin('k2', 'hash')).toEqual({ kind: 'answered', answer: answer('of the one who took over') });
  });

  it('is not given up by one who has lost it', async () => {
    const { inbox } = door.stage.database;
    const slow = await inbox.begin('k3', 'hash', Date.now() - 60_000);
    const quick = await inbox.begin('k3', 'hash');
    expect([slow.kind, quick.kind]).toEqual(['mine', 'mine']);
    await inbox.giveUp('k3', (slow as { leaseUntil: number }).leaseUntil);
    expect(await inbox.begin('k3', 'hash')).toEqual({ kind: 'in_flight' });
    await inbox.giveUp('k3', (quick as { leaseUntil: number }).leaseUntil);
    expect(await inbox.begin('k3', 'hash')).toMatchObject({ kind: 'mine' });
  });

  it('is forgotten by itself, no sooner than after a week', async () => {
    const { inbox } = door.stage.database;
    await inbox.begin('k4', 'hash');
    const record = await inbox.models[0]!.collection.findOne({ _id: 'k4' as never }, { readConcern: 'local' });
    expect((record!.expiresAt as Date).getTime() - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
    const indexes = await inbox.models[0]!.collection.indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }));
  });
});
