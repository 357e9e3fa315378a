import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReturnActivities } from '../../contracts/workflow.ts';
import { codeOf, labelsOf, refundRowsOf } from '../support/roads.ts';
import {
  accept,
  allUnits,
  arrives,
  createStage,
  createTroubles,
  eventually,
  happily,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('attention', troubles.wrap);
});
afterAll(() => stage.close());

/** As release 0.1.0 opened cases: some are still open, and go on by their own rules. */
const first = { firstEdition: true } as const;

const refuse = (caseId: string, activity: keyof ReturnActivities, times = 1) =>
  troubles.strike({ caseId, activity, times, error: ApplicationFailure.nonRetryable('not today', 'partner_refused') });
const resolve = (rma: Playing, verb: string, more: object = {}, role: 'agent' | 'manager' = 'agent') =>
  rma.give('resolve_attention', role, { verb, ...more });

/** A case whose label the carrier has refused. */
async function labelRefused(times = 1): Promise<Playing> {
  const caseId = newCaseId();
  refuse(caseId, 'issueReturnLabel', times);
  const rma = await stage.open({ caseId, ...first });
  await accept(rma);
  await untilStage(rma, 'needs_attention');
  return rma;
}
/** A case whose refund the provider has refused. */
async function refundRefused(): Promise<Playing> {
  const caseId = newCaseId();
  refuse(caseId, 'refundPayment');
  const rma = await stage.open({ caseId });
  await happily(rma);
  await untilStage(rma, 'needs_attention');
  return rma;
}
async function travelling(): Promise<Playing> {
  const rma = await stage.open(first);
  await accept(rma);
  await untilStage(rma, 'awaiting_handover');
  await rma.scan('picked_up');
  await untilStage(rma, 'in_transit');
  return rma;
}

describe('a step that was refused for good', () => {
  it.concurrent('parks the case with the step, the partner’s code and words, and the verbs that are possible', async () => {
    const rma = await labelRefused();
    expect(await rma.state()).toMatchObject({
      stage: 'needs_attention',
      from: 'authorized',
      attention: { step: 'issue_label', cause: 'partner_refused: not today', attempts: 1, rung: 0 },
    });
    await eventually(async () =>
      expect(await rma.read()).toMatchObject({
        needsAttention: true,
        owner: 'team_lead',
        verbs: ['retry', 'skip', 'compensate'],
      }),
    );
  });

  it.concurrent('is done again by retry, with the same key, and the case goes on', async () => {
    const rma = await labelRefused();
    await resolve(rma, 'retry');
    const state = await untilStage(rma, 'awaiting_handover');
    expect(state.attention).toBeUndefined();
    expect(labelsOf(stage, rma)).toMatchObject([{ key: `${rma.caseId}/issue_label`, status: 'live' }]);
    await eventually(async () => expect(await rma.read()).toMatchObject({ needsAttention: false, verbs: [] }));
  });

  it.concurrent('is done again by the Signal retry_now, which many cases can be sent at once', async () => {
    const cases = await Promise.all([labelRefused(), labelRefused()]);
    await Promise.all(cases.map((rma) => rma.tell('retry_now', { reason: 'carrier back' })));
    await Promise.all(cases.map((rma) => untilStage(rma, 'awaiting_handover')));
    await Promise.all(cases.map((rma) => rma.tell('retry_now', {}))); // nobody is needed any more: nothing happens
    for (const rma of cases) expect((await rma.state()).stage).toBe('awaiting_handover');
  });

  it.concurrent('that is refused again counts its attempts', async () => {
    const rma = await labelRefused(2);
    await resolve(rma, 'retry');
    await eventually(async () => expect((await rma.state()).attention).toMatchObject({ attempts: 2 }));
    await resolve(rma, 'retry');
    await untilStage(rma, 'awaiting_handover');
  });

  it.concurrent('is gone without by skip: the customer ships it themselves', async () => {
    const rma = await labelRefused();
    await resolve(rma, 'skip', { textRef: 'text-1' });
    await untilStage(rma, 'awaiting_handover');
    expect(labelsOf(stage, rma)).toEqual([]);
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('in the assessment goes to a person by skip', async () => {
    const caseId = newCaseId();
    refuse(caseId, 'assessReturn');
    const rma = await stage.open({ caseId });
    expect(rma.opened.stage).toBe('needs_attention');
    await resolve(rma, 'skip', { textRef: 'text-1' });
    await untilStage(rma, 'under_review');
  });

  it.concurrent('is compensated: everything is taken back and the case ends cancelled', async () => {
    const rma = await labelRefused();
    await resolve(rma, 'compensate', {}, 'manager');
    expect(await rma.ended()).toEqual({ stage: 'cancelled', refundedMinor: 0 });
    expect((await rma.handle.describe()).status.name).toBe('COMPLETED');
    expect((await rma.read())!.state.undo.map((entry) => [entry.step, entry.state, entry.result])).toEqual([
      ['claim_units', 'undone', 'units of 1 lines released'],
      ['issue_label', 'undone', 'absent'],
    ]);
  });
});

describe('a person’s result in the place of a step', () => {
  it.concurrent('moves money only by a manager, with proof, and only as a result the stage knows', async () => {
    const rma = await refundRefused();
    const before = (await rma.state()).revision;
    expect(await codeOf(resolve(rma, 'override', { result: 'refunded', proofIds: ['p'] }))).toBe('manager_required');
    expect(await codeOf(resolve(rma, 'override', { result: 'refunded' }, 'manager'))).toBe('proof_required');
    expect(await codeOf(resolve(rma, 'override', { result: 'cancelled', proofIds: ['p'] }, 'manager'))).toBe(
      'result_not_allowed',
    );
    expect(await codeOf(resolve(rma, 'skip', {}, 'manager'))).toBe('verb_not_allowed');
    expect(await codeOf(resolve(rma, 'compensate', {}, 'manager'))).toBe('verb_not_allowed');
    expect((await rma.state()).revision).toBe(before);
    await resolve(rma, 'override', { result: 'refunded', proofIds: ['bank-1'] }, 'manager');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toEqual([]); // it was paid another way
    const document = await rma.read();
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.find(({ event }) => event.type === 'overridden')?.event).toMatchObject({
      result: 'refunded',
      cause: 'proof bank-1',
      by: { role: 'manager' },
    });
  });

  it.concurrent('declares a parcel lost, and its units are refunded at our risk', async () => {
    const rma = await travelling();
    await rma.scan('lost');
    await untilStage(rma, 'needs_attention');
    await resolve(rma, 'override', { result: 'presumed_lost', proofIds: ['trace-1'] }, 'manager');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect((await rma.read())!.state.lots).toMatchObject([{ quantity: 2, reception: 'lost_in_transit' }]);
  });

  it.concurrent('says that the parcel is here after all', async () => {
    const rma = await travelling();
    await rma.scan('lost');
    await untilStage(rma, 'needs_attention');
    await resolve(rma, 'override', { result: 'received' });
    await untilStage(rma, 'received');
    await arrives(rma);
    await isGraded(rma);
    expect(await rma.ended()).toMatchObject({ stage: 'refunded' });
  });
});

describe('a lost parcel that turns up', () => {
  it.concurrent('before it is paid for is accepted, and paid for once', async () => {
    const caseId = newCaseId();
    refuse(caseId, 'refundPayment');
    const rma = await stage.open({ caseId, ...first });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up');
    await rma.scan('lost');
    await untilStage(rma, 'needs_attention');
    await resolve(rma, 'override', { result: 'presumed_lost', proofIds: ['trace-1'] }, 'manager');
    await eventually(async () => expect(await rma.state()).toMatchObject({ stage: 'needs_attention', from: 'refund_due' }));
    await arrives(rma);
    await resolve(rma, 'retry');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toHaveLength(1);
  });

  it.concurrent('while a person is asked goes on from the dock when the person says so', async () => {
    const rma = await travelling();
    await rma.scan('lost');
    await untilStage(rma, 'needs_attention');
    await arrives(rma);
    expect((await rma.state()).stage).toBe('needs_attention'); // the stage waits for the person, the goods do not
    await resolve(rma, 'retry');
    await untilStage(rma, 'received');
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

describe('a discrepancy', () => {
  it.concurrent('asks a person; corrected by a later count and inspection, it is retried and refunded in full', async () => {
    const rma = await stage.open(first);
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.give('record_reception', 'warehouse', {
      parcelId: 'P1',
      scanNo: 1,
      units: [
        { lineId: '1', quantity: 1, condition: 'received' },
        { lineId: '1', quantity: 1, condition: 'missing' },
      ],
    });
    const one = [{ lineId: '1', quantity: 1, grade: 'A', disposition: 'restock' }];
    await rma.give('record_inspection', 'warehouse', { units: one });
    const parked = await untilStage(rma, 'needs_attention');
    expect(parked).toMatchObject({ from: 'inspected', attention: { step: 'assess_goods' } });
    await rma.give('record_reception', 'warehouse', {
      parcelId: 'P2',
      scanNo: 1,
      units: [{ lineId: '1', quantity: 1, condition: 'received' }],
    });
    await resolve(rma, 'retry'); // nobody has looked at the second unit yet
    await eventually(async () =>
      expect(await rma.state()).toMatchObject({ stage: 'needs_attention', attention: { attempts: 2 } }),
    );
    await rma.give('record_inspection', 'warehouse', { units: one });
    await resolve(rma, 'retry');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });

  it.concurrent('cleared by a manager is refunded for what came', async () => {
    const rma = await stage.open(first);
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma, 'wrong_item');
    await untilStage(rma, 'needs_attention');
    expect(await codeOf(resolve(rma, 'skip'))).toBe('verb_not_allowed');
    await resolve(rma, 'override', { result: 'cleared', proofIds: ['p'] }, 'manager');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 0 });
    expect(refundRowsOf(stage, rma)).toEqual([]); // nothing of ours came: no refund of nothing is asked for
  });

  it.concurrent('found at the dock after the carrier’s delivery does not wait for an inspection of nothing', async () => {
    const rma = await travelling();
    await rma.scan('delivered');
    await untilStage(rma, 'received');
    await arrives(rma, 'wrong_item');
    expect(await untilStage(rma, 'needs_attention')).toMatchObject({ from: 'inspected' });
  });
});

describe('a refund', () => {
  it.concurrent('that the provider refused is sent again by retry, once', async () => {
    const rma = await refundRefused();
    await resolve(rma, 'retry');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toHaveLength(1);
  });

  it('that fails late, after it was pending, asks a person; tried again it is sent under an intent of its own', async () => {
    const rma = await stage.open();
    stage.partners.pendNextRefund();
    await happily(rma);
    await eventually(async () => expect((await rma.state()).money).toMatchObject([{ state: 'sent' }]));
    const [refund] = refundRowsOf(stage, rma);
    stage.partners.settle(refund!.refundId, 'failed', 'account_closed');
    const failed = { refundId: refund!.refundId, code: 'account_closed', occurredAt: Date.now() };
    await rma.tell('refund_failed', { eventId: 'evt-failed', ...failed });
    const parked = await untilStage(rma, 'needs_attention');
    expect(parked).toMatchObject({ money: [{ state: 'failed' }], attention: { step: 'refund', cause: 'account_closed' } });
    await resolve(rma, 'retry'); // the provider’s last word on the first key is a failure
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundRowsOf(stage, rma)).toMatchObject([
      { key: `${rma.caseId}/refund`, status: 'failed' },
      { key: `${rma.caseId}/refund/2`, status: 'succeeded', amountMinor: 5_000 },
    ]);
  });

  it('of another amount than ours is never taken for paid', async () => {
    const rma = await stage.open();
    stage.partners.pendNextRefund();
    await happily(rma);
    await eventually(async () => expect((await rma.state()).money).toMatchObject([{ state: 'sent' }]));
    const refund = refundRowsOf(stage, rma)[0]!;
    await rma.tell('refund_settled', { eventId: 'evt-1', refundId: refund.refundId, amountMinor: 4_999, occurredAt: Date.now() });
    expect(await untilStage(rma, 'needs_attention')).toMatchObject({
      attention: { cause: 'amount_mismatch: 4999 GBP settled, 5000 GBP due' },
      money: [{ state: 'sent' }],
    });
    await rma.tell('refund_settled', { eventId: 'evt-2', refundId: refund.refundId, amountMinor: 5_000, occurredAt: Date.now() });
    await resolve(rma, 'retry');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
  });
});

describe('an undo that fails', () => {
  it.concurrent('is listed, and gone without by skip: the end stands, and it is not tried again', async () => {
    const caseId = newCaseId();
    const rma = await stage.open({ caseId });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    refuse(caseId, 'voidReturnLabelIfPresent');
    await rma.give('withdraw_case', 'customer', {});
    expect(await untilStage(rma, 'needs_attention')).toMatchObject({ from: 'unwinding', target: 'withdrawn' });
    await resolve(rma, 'skip', { textRef: 'text-1' });
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    expect((await rma.read())!.state.undo).toMatchObject([
      { step: 'claim_units', state: 'undone' },
      { step: 'issue_label', state: 'skipped', result: 'partner_refused: not today' },
    ]);
    expect(labelsOf(stage, rma)).toMatchObject([{ status: 'live' }]); // a person has taken it upon themselves
  });

  it.concurrent('is tried again by retry, and nothing else is undone twice', async () => {
    const caseId = newCaseId();
    const rma = await stage.open({ caseId });
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    refuse(caseId, 'voidReturnLabelIfPresent');
    await rma.give('withdraw_case', 'customer', {});
    await untilStage(rma, 'needs_attention');
    await resolve(rma, 'retry');
    expect(await rma.ended()).toEqual({ stage: 'withdrawn', refundedMinor: 0 });
    const document = await rma.read();
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.filter(({ event }) => event.type === 'undone').map(({ event }) => event.step)).toEqual([
      'claim_units',
      'issue_label',
    ]);
    expect(labelsOf(stage, rma)).toMatchObject([{ status: 'voided' }]);
  });
});

describe('goods that came while a person was asked', () => {
  it.concurrent('forbid letting go of the case: it is retried and refunded', async () => {
    const rma = await labelRefused();
    await arrives(rma);
    expect(await codeOf(resolve(rma, 'compensate', {}, 'manager'))).toBe('verb_not_allowed');
    await resolve(rma, 'retry');
    await untilStage(rma, 'received');
    await isGraded(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(allUnits(rma.input, {})).toHaveLength(1);
  });
});
