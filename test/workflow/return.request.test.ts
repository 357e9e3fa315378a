import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dueAtOf } from '../../domain/deadlines.ts';
import { givingUp, orderOf, unwarned } from '../support/cases.ts';
import { codeOf, exceptionsOf, noticesOf, refundsOf, typesOf } from '../support/roads.ts';
import {
  accept,
  arrives,
  createStage,
  createTroubles,
  eventually,
  gate,
  hours,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const troubles = createTroubles();
let stage: Stage;
beforeAll(async () => {
  stage = await createStage('request', troubles.wrap);
});
afterAll(() => stage.close());

const open = (changes: Parameters<Stage['open']>[0] = {}) => stage.open({ sla: unwarned, ...changes });
const heldOf = (rma: Playing) => stage.database.ledgers.heldBy('m1', rma.input.order.orderId, rma.caseId);
const edit = (rma: Playing, quantity: number) =>
  rma.give('edit_request', 'customer', { lines: [{ ...rma.input.lines[0], quantity }] });

describe('evidence', () => {
  const ask = (rma: Playing) => rma.give('request_evidence', 'agent', { items: ['photo'] });

  it.concurrent('is waited for while the review’s clock stands still; the answer gives the whole pause back', async () => {
    const rma = await open();
    const due = rma.opened.dueAt!;
    await ask(rma);
    await rma.pass(60 * hours);
    await rma.give('submit_evidence', 'customer', { evidenceIds: ['ev-1'] });
    const state = await untilStage(rma, 'under_review');
    expect(state.request?.evidenceIds).toEqual(['ev-1']);
    expect(dueAtOf(state)! - due).toBeGreaterThanOrEqual(60 * 3_600_000);
    expect(state.timersFired).toBe(0);
  });

  it.concurrent('that nobody sends lapses, and the case is decided on the file', async () => {
    const rma = await open();
    await ask(rma);
    await rma.pass(72.1 * hours);
    expect(await untilStage(rma, 'under_review')).toMatchObject({ silences: 1 });
    await eventually(() => expect(noticesOf(stage, rma)).toEqual(['request_received', 'evidence_requested', 'evidence_lapsed']));
  });
});

describe('a proposal', () => {
  const reduction = { kind: 'price_reduction', amountMinor: 1_200, currency: 'GBP' };
  const propose = (rma: Playing, proposal: object = reduction) => rma.give('propose', 'agent', proposal);
  const answer = (rma: Playing, word: string) => rma.give('answer_proposal', 'customer', { answer: word });

  it.concurrent('to keep the goods for less is paid once it is accepted', async () => {
    const rma = await open();
    await propose(rma);
    await answer(rma, 'accept');
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 1_200 });
    expect((await rma.read())!.state.lots).toMatchObject([{ reception: 'kept', quantity: 2 }]);
  });

  it.concurrent('to send the goods back leads to a label', async () => {
    const rma = await open();
    await propose(rma, { kind: 'return' });
    await answer(rma, 'accept');
    expect(await untilStage(rma, 'awaiting_handover')).toMatchObject({ lots: [{ reception: 'awaiting' }] });
  });

  it.concurrent('that is declined, replaced or left unanswered leaves the first request as it was', async () => {
    const rma = await open();
    await propose(rma);
    await propose(rma, { ...reduction, amountMinor: 1_500 });
    expect(await rma.state()).toMatchObject({ stage: 'negotiating', proposal: { no: 2, amountMinor: 1_500 } });
    expect(await codeOf(rma.give('answer_proposal', 'customer', { answer: 'accept', proposalNo: 1 }))).toBe('stale_revision');
    await answer(rma, 'decline');
    expect((await rma.state()).stage).toBe('under_review');
    await propose(rma);
    await rma.pass(72.1 * hours);
    expect(await untilStage(rma, 'under_review')).toMatchObject({ lots: [{ reception: 'with_customer' }], money: [] });
  });

  it.concurrent('of an exchange ends the return as converted, with everything taken back and a task to open the exchange', async () => {
    const rma = await open();
    await propose(rma, { kind: 'exchange' });
    await answer(rma, 'accept');
    expect(await rma.ended()).toEqual({ stage: 'converted', refundedMinor: 0 });
    expect([...(await heldOf(rma)).values()].filter((units) => units > 0)).toEqual([]);
    expect(await exceptionsOf(stage, rma)).toEqual(['open_successor']);
  });
});

it.concurrent('a request whose assessment outlived its limit is assessed after all before anybody decides, and its units are held', async () => {
  const caseId = newCaseId();
  let away = true;
  troubles.strike({
    caseId,
    activity: 'assessReturn',
    error: new Error('no primary answers'),
    times: Infinity,
    when: () => away,
  });
  const rma = await open({ caseId, sla: (sla) => givingUp('assess', 4_000)(unwarned(sla)) });
  await untilStage(rma, 'under_review');
  expect(await heldOf(rma)).toEqual(new Map());
  expect(await codeOf(accept(rma))).toBe('not_offered');
  away = false;
  await eventually(async () => expect((await rma.state()).request?.toAssess).toBeUndefined());
  expect(await heldOf(rma)).toEqual(new Map([['1', 2]]));
  await accept(rma);
  await untilStage(rma, 'awaiting_handover');
});

describe('an edited request', () => {
  it.concurrent('is assessed anew, and the units held follow it exactly, up and down', async () => {
    const rma = await open();
    await edit(rma, 3);
    await eventually(async () => expect(await heldOf(rma)).toEqual(new Map([['1', 3]])));
    await edit(rma, 1);
    await eventually(async () => expect(await heldOf(rma)).toEqual(new Map([['1', 1]])));
    const state = await eventually(async () => {
      const now = await rma.state();
      expect(now.request?.toAssess).toBeUndefined();
      return now;
    });
    expect(state).toMatchObject({ stage: 'under_review', lots: [{ quantity: 1 }], request: { edits: 2 } });
  });

  it.concurrent('for units of another case is undone: request, goods and units held are as before, and so is the verdict', async () => {
    const order = orderOf(`O-edit-${newCaseId()}`);
    const [mine] = [await open({ order, quantities: { 1: 1 } }), await open({ order, quantities: { 1: 2 } })];
    const { verdict } = await mine.state();
    await edit(mine, 2);
    const state = await eventually(async () => {
      const now = await mine.state();
      expect(now.request?.toAssess).toBeUndefined();
      return now;
    });
    expect(await typesOf(stage, mine)).toContain('edit_undone');
    expect(state).toMatchObject({ stage: 'under_review', lots: [{ quantity: 1 }], lines: [{ quantity: 1 }] });
    expect(state.verdict?.verdict).toBe(verdict?.verdict);
    expect(await heldOf(mine)).toEqual(new Map([['1', 1]]));
  });

  it.concurrent('that is edited once more while it is being assessed is assessed once more', async () => {
    const caseId = newCaseId();
    const { shut, open: unlock } = gate();
    const rma = await open({ caseId });
    troubles.strike({ caseId, activity: 'assessReturn', until: shut });
    await edit(rma, 3);
    await edit(rma, 1);
    unlock();
    await eventually(async () => expect((await rma.state()).request?.toAssess).toBeUndefined());
    expect(await heldOf(rma)).toEqual(new Map([['1', 1]]));
    expect((await typesOf(stage, rma)).filter((type) => type === 'reassessed')).toHaveLength(1);
  });

  it.concurrent('while the first verdict is worked out gets a verdict of its own', async () => {
    const caseId = newCaseId();
    const { shut, open: unlock } = gate();
    troubles.strike({ caseId, activity: 'assessReturn', until: shut });
    const opening = open({ caseId, reason: 'no_reason', quantities: { 2: 1 } });
    const handle = stage.client.workflow.getHandle(`return:${caseId}`);
    const state = await eventually(() => handle.query<{ request: { lines: object[] } }>('get_case'));
    const lines = [{ ...state.request.lines[0], quantity: 2 }];
    const edited = handle.executeUpdate('edit_request', {
      args: [{ actor: { id: 'cust-1', role: 'customer' }, payload: { lines } }],
    });
    await eventually(async () => expect(await handle.query('get_case')).toMatchObject({ request: { edits: 1 } }));
    unlock();
    const [rma] = await Promise.all([opening, edited]);
    expect(await untilStage(rma, 'awaiting_handover')).toMatchObject({ lots: [{ quantity: 2, reception: 'awaiting' }] });
    expect(await heldOf(rma)).toEqual(new Map([['2', 2]]));
  });

  it.concurrent('that cannot be assessed needs a person, and is not asked for without end', async () => {
    const caseId = newCaseId();
    const rma = await open({ caseId });
    troubles.strike({ caseId, activity: 'assessReturn', error: ApplicationFailure.nonRetryable('no', 'rules_missing') });
    await edit(rma, 1);
    expect(await untilStage(rma, 'needs_attention')).toMatchObject({
      from: 'under_review',
      attention: { step: 'assess', attempts: 1 },
    });
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    await untilStage(rma, 'under_review');
    await eventually(async () => expect(await heldOf(rma)).toEqual(new Map([['1', 1]])));
  });
});

describe('a request that is accepted without a return', () => {
  it.concurrent('by a manager is paid, and the goods are kept', async () => {
    const rma = await open();
    expect(await codeOf(rma.give('decide_request', 'agent', { verdict: 'accept_without_return', ruleIds: [] }))).toBe(
      'manager_required',
    );
    await rma.give('decide_request', 'manager', { verdict: 'accept_without_return', ruleIds: [] });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 5_000 });
    expect(refundsOf(stage, rma)).toEqual([['refund', 5_000]]);
  });

  it.concurrent('where the seller lets small goods be kept is paid at once, and never by silence', async () => {
    const rma = await open({
      reason: 'no_reason',
      quantities: { 2: 1 },
      sla: (sla) => ({ ...unwarned(sla), limits: { ...sla.limits!, returnlessMinor: 1_000 } }),
      input: { wantedOutcome: 'refund_without_return' },
    });
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 500 });
    expect((await rma.read())!.state.lots).toMatchObject([{ reception: 'kept' }]);
  });
});

describe('an escalation', () => {
  const request = (rma: Playing) => rma.give('request_escalation', 'customer', { cause: 'no_answer' });

  it.concurrent('that no manager decides is granted by silence, halves what is left, and ends with a word', async () => {
    const rma = await open();
    await request(rma);
    await rma.pass(90 * hours); // 4 working hours, wherever the week stands
    const state = await rma.state();
    expect(['active', 'de_escalated']).toContain(state.escalation?.state);
    expect(await typesOf(stage, rma)).toContain('escalation_granted');
  });

  it.concurrent('is granted, raised and taken back by people', async () => {
    const rma = await open();
    const due = rma.opened.dueAt!;
    await request(rma);
    await rma.give('decide_escalation', 'manager', { verdict: 'grant', sponsor: 'boss' });
    const state = await rma.state();
    expect(state.escalation).toMatchObject({ state: 'active', level: 1, sponsor: 'boss' });
    expect(dueAtOf(state)!).toBeLessThan(due);
    await rma.give('de_escalate', 'manager', {});
    expect((await rma.state()).escalation?.state).toBe('de_escalated');
    await eventually(() => expect(noticesOf(stage, rma)).toContain('escalation_over'));
  });
});

it('a hold ends with the customer’s reply', async () => {
  const rma = await open();
  await rma.give('request_evidence', 'agent', { items: ['photo'] });
  await rma.give('hold_case', 'agent', { reason: 'authority_or_court' });
  await rma.give('submit_evidence', 'customer', { evidenceIds: ['ev-1'] });
  const state = await untilStage(rma, 'under_review');
  expect(state.hold).toBeUndefined();
  await rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
  await untilStage(rma, 'awaiting_handover');
  await arrives(rma);
  await isGraded(rma);
  expect(await rma.ended()).toMatchObject({ stage: 'refunded' });
});
