import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getAvailableMoves, getCase, getClocks, getLedger, getTimeline } from '../../workflows/messages.ts';
import {
  accept,
  arrives,
  createStage,
  eventually,
  happily,
  isGraded,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await createStage('commands');
});
afterAll(() => stage.close());

const refusalOf = (refused: Promise<unknown>): Promise<{ code: string; details: unknown } | 'done'> =>
  refused.then(
    () => 'done' as const,
    (err: unknown) => {
      if (!(err instanceof WorkflowUpdateFailedError)) throw err;
      const { type, details } = err.cause as ApplicationFailure;
      return { code: type ?? '', details: details?.[0] };
    },
  );
const lengthOf = async (rma: Playing): Promise<number> => (await rma.handle.describe()).historyLength;
/** The history of a case that has come to rest: nothing more is written by itself. */
async function lengthAtRest(rma: Playing): Promise<number> {
  return eventually(async () => {
    const length = await lengthOf(rma);
    const { events } = await rma.handle.fetchHistory();
    expect(events?.at(-1)?.workflowTaskCompletedEventAttributes ?? events?.at(-1)?.markerRecordedEventAttributes).toBeDefined();
    expect((await rma.read())?.state.revision).toBe((await rma.state()).revision);
    expect(await lengthOf(rma)).toBe(length);
    return length;
  });
}
const rowsOf = async (rma: Playing) => {
  const { revision } = await rma.state();
  return stage.database.cases.timeline(rma.caseId, revision, 0, 200);
};

describe('a command', () => {
  it.concurrent('is answered once the read model shows it: the caller reads their own write', async () => {
    const rma = await stage.open();
    const receipt = await rma.give('assign_case', 'manager', { assignee: 'agent-7' });
    expect(receipt).toMatchObject({ projected: true, stage: 'under_review', dueAt: rma.opened.dueAt });
    expect((await rma.read())?.state).toMatchObject({ revision: receipt.revision, assignee: 'agent-7' });
    expect(receipt.availableMoves).toContain('decide_request');
  });

  it.concurrent('sent twice under one id has one effect and the same answer', async () => {
    const rma = await stage.open();
    const note = () => rma.give('add_note', 'agent', { textRef: 'text-1' }, { updateId: 'key-1' });
    const [first, second] = [await note(), await note()];
    expect(second).toEqual(first);
    const both = await Promise.all([1, 2].map(() => rma.give('assign_case', 'agent', { assignee: 'a' }, { updateId: 'key-2' })));
    expect(both[0]).toEqual(both[1]);
    expect((await rowsOf(rma)).filter(({ event }) => ['noted', 'assigned'].includes(event.type))).toHaveLength(2);
  });

  it.concurrent('from somebody who looked at an older revision is refused, and the case is as it was', async () => {
    const rma = await stage.open({ firstEdition: true }); // no word to the customer that would be noted meanwhile
    const looked = (await rma.state()).revision;
    await rma.give('add_note', 'agent', { textRef: 'text-1' });
    const decision = { verdict: 'accept', ruleIds: [] };
    expect(await refusalOf(rma.give('decide_request', 'agent', decision, { expectedRevision: looked }))).toMatchObject({
      code: 'stale_revision',
    });
    expect(await rma.state()).toMatchObject({ stage: 'under_review', revision: looked + 1 });
    await rma.give('decide_request', 'agent', decision, { expectedRevision: looked + 1 });
    await untilStage(rma, 'awaiting_handover');
  });

  it.concurrent('that is refused tells what is possible, and leaves no event in the history', async () => {
    const rma = await stage.open();
    const before = await lengthAtRest(rma);
    expect(await refusalOf(arrives(rma))).toEqual({
      code: 'not_allowed_now',
      details: expect.objectContaining({ code: 'not_allowed_now', availableMoves: [] }),
    });
    expect(await refusalOf(rma.give('resume_case', 'agent', {}))).toMatchObject({
      details: {
        availableMoves: [
          'decide_request',
          'request_evidence',
          'submit_evidence',
          'propose',
          'cancel_case',
          'hold_case',
          'assign_case',
          'link_case',
          'add_note',
          'send_message',
          'request_escalation',
        ],
      },
    });
    for (const name of ['submit_tracking', 'record_inspection', 'resolve_attention'] as const)
      expect(await refusalOf(rma.give(name, 'agent', { units: [], verb: 'retry' }))).toMatchObject({ code: 'not_allowed_now' });
    expect(await lengthOf(rma)).toBe(before);
  });

  it.concurrent('of more units than are expected is refused with a pointer to the entry', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    const units = [{ lineId: '1', quantity: 3, condition: 'received' }];
    expect(await refusalOf(rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units }))).toMatchObject({
      code: 'over_limit',
      details: { pointer: '/units/0/quantity' },
    });
    expect((await rma.state()).stage).toBe('awaiting_handover');
  });
});

describe('commands at the same moment', () => {
  it.concurrent('that exclude each other have one winner: two agents decide while the customer withdraws', async () => {
    const rma = await stage.open();
    const answers = await Promise.all([
      refusalOf(rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] })),
      refusalOf(rma.give('decide_request', 'manager', { verdict: 'refuse', ruleIds: ['uk.strr'] })),
      refusalOf(rma.give('cancel_case', 'manager', {})),
    ]);
    expect(answers.filter((answer) => answer === 'done').length).toBeGreaterThanOrEqual(1);
    for (const answer of answers) if (answer !== 'done') expect(answer.code).toBe('not_allowed_now');
    const types = (await rowsOf(rma)).map(({ event }) => event.type);
    expect(types.filter((type) => type === 'accepted' || type === 'refused').length).toBeLessThanOrEqual(1);
    const state = await untilStage(rma, 'awaiting_handover', 'rejected', 'cancelled');
    expect(types).toContain({ awaiting_handover: 'accepted', rejected: 'refused', cancelled: 'cancelled' }[state.stage]);
  });

  it.concurrent('about one parcel count it once', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    const receipts = await Promise.all([arrives(rma), arrives(rma)]);
    expect(receipts.map((receipt) => receipt.stage)).toEqual(['received', 'received']);
    expect((await rma.state()).lots).toEqual([{ lineId: '1', quantity: 2, reception: 'received' }]);
    expect((await rowsOf(rma)).map(({ event }) => event.type)).toContain('repeat_noted');
  });

  it.concurrent('about two parcels count both, and no unit twice', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    const parcel = (parcelId: string, quantity: number) =>
      refusalOf(
        rma.give('record_reception', 'warehouse', {
          parcelId,
          scanNo: 1,
          units: [{ lineId: '1', quantity, condition: 'received' }],
        }),
      );
    const answers = await Promise.all([parcel('P1', 1), parcel('P2', 2), parcel('P3', 1)]);
    for (const answer of answers) if (answer !== 'done') expect(answer.code).toBe('over_limit');
    const accepted = [1, 2, 1].filter((_, index) => answers[index] === 'done');
    const counted = (await rma.state()).lots
      .filter((lot) => lot.reception === 'received')
      .reduce((sum, lot) => sum + lot.quantity, 0);
    expect(counted).toBe(accepted.reduce((sum, quantity) => sum + quantity, 0));
    expect(counted).toBe(2);
  });

  it.concurrent('ten to one case are all taken', async () => {
    const rma = await stage.open();
    const receipts = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => rma.give('add_note', 'agent', { textRef: `text-${nth}` })),
    );
    expect(receipts.every((receipt) => receipt.projected)).toBe(true);
    expect((await rowsOf(rma)).filter(({ event }) => event.type === 'noted')).toHaveLength(10);
  });
});

describe('a fact', () => {
  it.concurrent('told again under the same id has no effect, not even a line', async () => {
    const rma = await stage.open({ firstEdition: true });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up', 'evt-1');
    const { revision } = await untilStage(rma, 'in_transit');
    for (let again = 0; again < 5; again += 1) await rma.scan('picked_up', 'evt-1');
    expect(await rma.state()).toMatchObject({ stage: 'in_transit', revision });
  });

  it.concurrent('that comes too late is noted, and sets nothing back', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    for (const code of ['picked_up', 'in_transit', 'delivered', 'lost', 'returned_to_sender', 'unheard_of']) await rma.scan(code);
    await rma.tell('refund_settled', { eventId: 'evt-9', refundId: 're_9', amountMinor: 5_000, occurredAt: 1 });
    await rma.tell('refund_failed', { eventId: 'evt-10', refundId: 're_9', occurredAt: 1 });
    const state = await rma.state();
    expect(state).toMatchObject({ stage: 'received', money: [], lots: [{ reception: 'received', quantity: 2 }] });
    expect(state.clocks.filter((clock) => clock.running).map((clock) => clock.stage)).toEqual(['statutory', 'received']);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('before the case waits for it is noted: a parcel that nobody has sent yet is not under way', async () => {
    const rma = await stage.open();
    await rma.scan('picked_up');
    await rma.scan('delivered');
    expect(await rma.state()).toMatchObject({ stage: 'under_review', lots: [{ reception: 'with_customer' }] });
  });

  it.concurrent('of a parcel that comes back makes the customer hand it over once more', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up');
    await rma.scan('returned_to_sender');
    const state = await rma.state();
    expect(state).toMatchObject({ stage: 'awaiting_handover', lots: [{ reception: 'awaiting' }] });
    expect(state.clocks.filter((clock) => clock.running)).toMatchObject([{ stage: 'awaiting_handover' }]);
    await rma.scan('in_transit');
    expect((await rma.state()).stage).toBe('in_transit');
  });
});

describe('the queries', () => {
  it.concurrent('answer from an open case and from one that has ended, and change nothing', async () => {
    const rma = await stage.open();
    const { handle } = rma;
    expect(await handle.query(getCase)).toMatchObject({ caseId: rma.caseId, stage: 'under_review', run: 1 });
    expect(await handle.query(getClocks)).toMatchObject([{ stage: 'under_review', running: true, ruleId: 'sla.review' }]);
    expect(await handle.query(getLedger)).toMatchObject({ undo: [{ step: 'claim_units', state: 'armed' }], money: [] });
    expect(await handle.query(getAvailableMoves, { role: 'customer' })).toEqual([
      'submit_evidence',
      'edit_request',
      'withdraw_case',
      'send_message',
      'request_escalation',
    ]);
    expect(await handle.query(getAvailableMoves, { role: 'auditor' })).toEqual([]);
    expect(await handle.query(getAvailableMoves)).toContain('decide_request');
    const before = await lengthAtRest(rma);
    const rows = await handle.query(getTimeline);
    expect(rows.map((row) => [row.seq, row.event.type])).toEqual([
      [1, 'opened'],
      [2, 'armed'],
      [3, 'referred'],
      [4, 'errand_done'], // the customer has been told
    ]);
    expect(await handle.query(getTimeline, { from: 3 })).toEqual(rows.slice(2));
    expect(await lengthOf(rma)).toBe(before);
    await happily(rma);
    await rma.ended();
    expect(await handle.query(getCase)).toMatchObject({ stage: 'refunded' });
    expect(await handle.query(getAvailableMoves)).toEqual([]);
    expect(await handle.query(getLedger)).toMatchObject({ money: [{ state: 'settled', amountMinor: 5_000 }] });
  });

  it.concurrent('agree with the read model, line by line', async () => {
    const rma = await stage.open({ quantities: { 1: 1, 2: 2 } });
    await happily(rma);
    await rma.ended();
    const document = await rma.read();
    expect(document?.state).toEqual(await rma.state());
    expect(await rowsOf(rma)).toEqual(await rma.handle.query(getTimeline));
  });
});
