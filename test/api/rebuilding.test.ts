/** The read model held against the workflows: whatever it lacks, is behind or ahead, it shows again what the case's workflow knows, and never less. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../domain/permissions.ts';
import { reconcile } from '../../worker/reconcile.ts';
import { getCase, getSnapshot } from '../../workflows/messages.ts';
import { openDoor, type Door } from '../support/door.ts';
import { eventually } from '../support/stage.ts';
import { awaitingHandover, ended, handleOf, opened, over, until } from './journey.ts';

describe('the read model', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-rebuilding');
  });
  afterAll(() => door.close());

  const cases = () => door.stage.database.cases.models[0]!.collection;
  const timeline = () => door.stage.database.cases.models[1]!.collection;
  const stored = (caseId: string) => cases().findOne({ _id: caseId as never });
  const rowsOf = (caseId: string) => timeline().find({ caseId }).sort({ seq: 1 }).toArray();
  const note = (caseId: string, text = 'called back') => door.command(caseId, 'add-note', 'agent', { note: text });
  const rebuild = (caseId: string, as: Parameters<Door['command']>[2] = 'manager') =>
    door.send('POST', `/cases/${caseId}/rebuild`, { as });
  const reconciled = (caseId: string) =>
    reconcile({ client: door.stage.client, database: door.stage.database }, { caseId, onProgress: () => undefined });
  /** Visibility tells of a case a moment after it began. */
  const found = async (caseId: string) => {
    for (;;) {
      const answer = await reconciled(caseId);
      if (answer.looked > 0) return answer;
    }
  };
  /** Exactly what the workflow knows, to the last row. */
  async function isLevel(caseId: string, generation = 1): Promise<void> {
    const state = await handleOf(door, caseId, generation).query(getCase);
    const doc = await stored(caseId);
    expect(doc).toMatchObject({ stage: state.stage, generation, state: JSON.parse(JSON.stringify(state)) });
    expect((await rowsOf(caseId)).map((row) => row.seq)).toEqual(Array.from({ length: state.revision }, (_, index) => index + 1));
  }
  const lose = async (caseId: string) => {
    await cases().deleteOne({ _id: caseId as never });
    await timeline().deleteMany({ caseId });
  };
  /** As it looks after a reset: a history that never was, under a stamp that no save would overcome. */
  const runAhead = async (caseId: string) => {
    const doc = (await stored(caseId))!;
    const { revision } = doc.state as { revision: number };
    const stamp = (doc.stamp as number) + 50e6;
    const last = (await rowsOf(caseId)).at(-1)!;
    await timeline().insertOne({ ...last, _id: `${caseId}#${revision + 1}` as never, seq: revision + 1, stamp });
    await cases().updateOne(
      { _id: caseId as never },
      { $set: { stamp, stage: 'refunded', open: false, 'state.stage': 'refunded', 'state.revision': revision + 1 } },
    );
  };

  const troubles: [string, (caseId: string) => Promise<unknown>, 'missing' | 'behind' | 'ahead'][] = [
    ['lacks a case', lose, 'missing'],
    [
      'is behind, as after a backup',
      async (caseId) => {
        const old = await stored(caseId);
        await note(caseId);
        await note(caseId);
        await cases().replaceOne({ _id: caseId as never }, old!);
        await timeline().deleteMany({ caseId, seq: { $gt: (old!.state as { revision: number }).revision } });
      },
      'behind',
    ],
    ['is ahead, as after a reset of the workflow', runAhead, 'ahead'],
  ];
  it.each(troubles)('that %s is level again when a manager has it rebuilt, and goes on from there', async (_, spoil) => {
    const caseId = await opened(door);
    await spoil(caseId);
    const reply = await rebuild(caseId);
    const { revision, stage } = await handleOf(door, caseId).query(getCase);
    expect([reply.status, reply.body]).toEqual([200, { caseId, revision, stage }]);
    await isLevel(caseId);
    expect((await note(caseId, 'and on')).body).toMatchObject({ revision: revision + 1, projected: true });
    await isLevel(caseId);
  });

  it.each(troubles)('that %s is found and mended by the reconciler, which then finds nothing', async (_, spoil, verdict) => {
    const caseId = await opened(door);
    await spoil(caseId);
    const nothing = { looked: 1, missing: 0, behind: 0, ahead: 0, unanswered: 0 };
    expect(await found(caseId)).toEqual({ ...nothing, [verdict]: 1 });
    await isLevel(caseId);
    expect(await found(caseId)).toEqual(nothing);
  });

  it('after a real reset of a workflow shows the case as it was then, and what it does from there', async () => {
    const caseId = await opened(door);
    const { revision } = (await stored(caseId))!.state as { revision: number };
    const handle = handleOf(door, caseId);
    const { events } = await handle.fetchHistory();
    const lastTask = events!.findLast((event) => event.workflowTaskCompletedEventAttributes)!;
    expect((await door.command(caseId, 'decide-request', 'agent', { verdict: 'accept' })).status).toBe(200);
    await until(door, caseId, 'awaiting_handover');
    await door.stage.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId },
      workflowTaskFinishEventId: lastTask.eventId!,
      reason: 'a test',
      requestId: randomUUID(),
      resetReapplyExcludeTypes: [1, 2],
    });
    expect((await handleOf(door, caseId).query(getCase)).stage).toBe('under_review');
    expect((await rebuild(caseId)).body).toMatchObject({ stage: 'under_review' });
    await isLevel(caseId);
    expect((await stored(caseId))!.state.revision).toBeGreaterThanOrEqual(revision);
    expect((await door.command(caseId, 'withdraw-case', 'customer', {})).status).toBe(200);
    await until(door, caseId, 'withdrawn');
  });

  it('shows the newest generation again, though what came back from a backup knows only the first', async () => {
    const caseId = await ended(door);
    const old = await stored(caseId);
    const began = Date.now();
    expect((await door.command(caseId, 'appeal', 'customer', { reason: 'again' })).status).toBe(200);
    const back = () => cases().replaceOne({ _id: caseId as never }, old!);
    await back();
    expect((await rebuild(caseId)).body).toMatchObject({ stage: 'under_review' });
    expect((await door.get(`/cases/${caseId}`)).body).toMatchObject({ generation: 2, open: true });
    await back();
    expect(await found(caseId)).toMatchObject({ behind: 1 });
    expect((await stored(caseId))!.generation).toBe(2);
    const withdrawn = await door.command(caseId, 'withdraw-case', 'customer', {});
    expect(withdrawn.status, withdrawn.text).toBe(200);
    await over(door, caseId, 2);
    await back();
    // Shown as ended, but as the first: the second has ended as well.
    await eventually(async () => {
      // Of those that ended since: the namespace is full of other files' cases.
      await reconcile(
        { client: door.stage.client, database: door.stage.database },
        { sample: 0, endedSinceMs: Date.now() - began },
      );
      expect((await stored(caseId))!.generation).toBe(2);
    });
  });

  it('is left alone by the reconciler where the list shows its first generation alone, the next being too new for it', async () => {
    const caseId = await ended(door);
    expect((await door.command(caseId, 'appeal', 'customer', { reason: 'again' })).status).toBe(200);
    expect((await door.command(caseId, 'withdraw-case', 'customer', {})).status).toBe(200);
    await over(door, caseId, 2);
    const { client, database } = door.stage;
    const list = async function* () {
      yield { workflowId: `return:${caseId}`, status: { name: 'COMPLETED' } };
    };
    const behind = Object.create(client, { workflow: { value: Object.create(client.workflow, { list: { value: list } }) } });
    expect(await reconcile({ client: behind, database }, { caseId })).toMatchObject({ looked: 1, ahead: 0 });
    expect((await stored(caseId))!.generation).toBe(2);
  });

  it('rebuilt by ten at once, while the case changes, is level in the end', async () => {
    const caseId = await awaitingHandover(door);
    const [replies, notes] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => rebuild(caseId))),
      Promise.all(Array.from({ length: 5 }, (_, index) => note(caseId, `note ${index}`))),
    ]);
    for (const { status, text } of replies) expect([200, 503], text).toContain(status);
    for (const { status } of notes) expect(status).toBe(200);
    await isLevel(caseId);
  });

  it('keeps what was saved after the workflow was asked', async () => {
    const caseId = await opened(door);
    const { cases: store } = door.stage.database;
    const shown = (await store.digestOf(caseId))!;
    const snapshot = await handleOf(door, caseId).query(getSnapshot);
    await note(caseId);
    expect(await store.rebuild(snapshot, shown.stamp)).toBe(false);
    expect(await store.rebuild(snapshot, undefined)).toBe(false);
    await isLevel(caseId);
  });

  it('is rebuilt by managers of the case’s merchant alone, also where MongoDB lacks the case', async () => {
    const [shown, lacking] = [await opened(door), await opened(door)];
    await lose(lacking);
    for (const role of roles) if (role !== 'manager') expect([role, (await rebuild(shown, role)).status]).toEqual([role, 403]);
    const stranger = { id: 'manager-1', role: 'manager', merchantId: 'm2' } as const;
    const none = await rebuild('C-NONE');
    for (const caseId of [shown, lacking]) {
      const reply = await rebuild(caseId, stranger);
      expect([reply.status, { ...reply.body, requestId: '' }]).toEqual([404, { ...none.body, requestId: '' }]);
    }
    expect(await stored(lacking)).toBeNull();
    expect((await rebuild(lacking)).status).toBe(200);
  });
});
