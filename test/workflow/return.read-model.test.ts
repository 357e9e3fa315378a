import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReturnActivities, SaveCaseInput, TimelineRow } from '../../contracts/workflow.ts';
import type { ReturnState } from '../../domain/return-state.ts';
import { openedState } from '../domain/paper-case.ts';
import { seqsOf, upTo } from '../support/roads.ts';
import {
  accept,
  arrives,
  createStage,
  createTroubles,
  eventually,
  isGraded,
  newCaseId,
  untilStage,
  type Stage,
} from '../support/stage.ts';

describe('while MongoDB is away', () => {
  let away = false;
  const troubles = createTroubles();
  const fickle = (activities: ReturnActivities): ReturnActivities => {
    const or =
      (work: (input: SaveCaseInput) => Promise<void>) =>
      async (input: SaveCaseInput): Promise<void> => {
        if (away) throw new Error('no primary answers');
        await work(input);
      };
    return troubles.wrap({ ...activities, saveCase: or(activities.saveCase), flushCase: or(activities.flushCase) });
  };
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage('mongo-away', fickle);
  });
  afterAll(() => stage.close());

  it('commands are taken and say that reads will follow; the case goes on to its end, and the read model catches up', async () => {
    const rma = await stage.open();
    const waiting = await stage.open();
    const seen = (await rma.read())!.state.revision;
    away = true;
    expect(await accept(rma)).toMatchObject({ projected: false, stage: 'authorized' });
    await untilStage(rma, 'awaiting_handover');
    expect(await arrives(rma)).toMatchObject({ projected: false, stage: 'received' });
    expect(await isGraded(rma)).toMatchObject({ projected: false });
    await untilStage(rma, 'refunded');
    expect(stage.partners.refunds.filter((refund) => refund.caseId === rma.caseId)).toHaveLength(1);
    expect((await rma.read())!.state.revision).toBe(seen);
    expect((await rma.handle.describe()).status.name).toBe('RUNNING'); // the read model has the last word

    // A case that merely waits through the outage writes next to nothing meanwhile.
    const before = (await waiting.handle.describe()).historyLength;
    expect(await waiting.give('add_note', 'agent', { textRef: 'text-1' })).toMatchObject({ projected: false });
    expect(await waiting.give('add_note', 'agent', { textRef: 'text-2' })).toMatchObject({ projected: false });
    expect((await waiting.handle.describe()).historyLength - before).toBeLessThanOrEqual(20);

    away = false;
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(await rma.read()).toMatchObject({ stage: 'refunded', refundedMinor: 5_000, unitsReceived: 2 });
    expect(await seqsOf(stage, rma)).toEqual(upTo((await rma.read())!.state.revision));
    await eventually(async () => expect((await waiting.read())?.state).toEqual(await waiting.state()));
    expect(await waiting.give('add_note', 'agent', { textRef: 'text-3' })).toMatchObject({ projected: true });
    expect(await seqsOf(stage, waiting)).toEqual(upTo((await waiting.read())!.state.revision));
  });

  it('a save that was applied while its answer was lost is repeated without harm', async () => {
    const caseId = newCaseId();
    const rma = await stage.open({ caseId });
    troubles.strike({ caseId, activity: 'saveCase', error: new Error('connection reset'), afterEffect: true });
    expect(await accept(rma)).toMatchObject({ stage: 'authorized' });
    await untilStage(rma, 'awaiting_handover');
    await eventually(async () => expect((await rma.read())?.state).toEqual(await rma.state()));
    expect(await seqsOf(stage, rma)).toEqual(upTo((await rma.state()).revision));
  });

  it('the first save of a case may fail as well: it is there in the end', async () => {
    const caseId = newCaseId();
    troubles.strike({ caseId, activity: 'saveCase', error: new Error('connection reset'), times: 2 });
    const rma = await stage.open({ caseId });
    expect(rma.opened).toMatchObject({ stage: 'under_review', verdict: { verdict: 'referred' } });
    await eventually(async () => {
      const state = await rma.state();
      expect((await rma.read())?.state).toEqual(state);
      expect(await seqsOf(stage, rma)).toEqual(upTo(state.revision));
    });
  });
});

describe('the stamp of a save', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage('stamps');
  });
  afterAll(() => stage.close());

  const about: SaveCaseInput['about'] = {
    caseType: 'return',
    rmaNo: 'RMA-1',
    customerId: 'cust-1',
    orderId: 'O-1',
    reason: 'quality',
    handoverChannel: 'drop_off',
    packs: [],
    lines: [],
    noticeAt: 0,
  };
  const save = (
    caseId: string,
    stamp: number,
    revision: number,
    changes: Partial<ReturnState> = {},
    told = 'noted',
  ): Promise<void> => {
    const state = openedState(undefined, { caseId, revision, stage: 'under_review', ...changes });
    const by = { id: 'mendline', role: 'system' } as const;
    const rows: TimelineRow[] = upTo(revision).map((seq) => ({ seq, at: seq, stage: state.stage, event: { type: told, by } }));
    return stage.database.cases.save({ stamp, state, about, rows });
  };
  const shown = async (caseId: string) => {
    const document = await stage.database.cases.find('m1', caseId);
    const rows = await stage.database.cases.timeline(caseId, document!.state.revision, 0, 100);
    return { revision: document!.state.revision, stage: document!.stage, told: rows.map((row) => row.event.type) };
  };

  it('lets no older attempt rewind what is shown, however late it comes', async () => {
    await save('S-1', 20, 3, { stage: 'received' }, 'new');
    await save('S-1', 10, 2, {}, 'old');
    expect(await shown('S-1')).toEqual({ revision: 3, stage: 'received', told: ['new', 'new', 'new'] });
  });

  it('lets the same attempt be repeated', async () => {
    await save('S-2', 20, 2);
    await save('S-2', 20, 2);
    expect(await shown('S-2')).toMatchObject({ revision: 2, told: ['noted', 'noted'] });
  });

  it('shows nothing of an attempt whose task was never committed, once the task has run again', async () => {
    await save('S-3', 20, 4, { stage: 'received' }, 'phantom');
    await save('S-3', 21, 3, { stage: 'awaiting_handover' }, 'real');
    expect(await shown('S-3')).toEqual({ revision: 3, stage: 'awaiting_handover', told: ['real', 'real', 'real'] });
    await save('S-3', 22, 4, { stage: 'in_transit' }, 'real');
    expect(await shown('S-3')).toMatchObject({ revision: 4, told: ['real', 'real', 'real', 'real'] });
  });

  it('of attempts at the same place of the history shows the later one, whichever is stored last', async () => {
    await save('S-5', 30, 2, { stage: 'received', at: 2_000 }, 'later');
    await save('S-5', 30, 2, { stage: 'in_transit', at: 1_000 }, 'earlier');
    expect(await shown('S-5')).toMatchObject({ stage: 'received' });
  });

  it('decides as well between first saves that meet', async () => {
    await Promise.all(
      [5, 9, 7, 3, 8].map((stamp) => save('S-4', stamp, 1, { stage: stamp === 9 ? 'received' : 'requested' }, `at ${stamp}`)),
    );
    expect(await shown('S-4')).toEqual({ revision: 1, stage: 'received', told: ['at 9'] });
  });
});
