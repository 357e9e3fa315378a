/** Returns for every way in which one can end, and for the roads that are hard on a replay; record.ts plays them and keeps their histories. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { fastForward } from '../../dev/time-travel.ts';
import type { SlaPolicy } from '../../domain/case.ts';
import { nextGeneration } from '../../domain/reopening.ts';
import type { ReturnState } from '../../domain/return-state.ts';
import type { carrierClaim } from '../../workflows/carrier-claim.ts';
import { claimCaseIdOf, claimFactSignal, getCarry, workflowIdOf } from '../../workflows/messages.ts';
import type { returnCase } from '../../workflows/return.ts';
import { orderOf, unwarned } from '../support/cases.ts';
import { graded, handedOut, instantly, mayBeTakenBack, travelling } from '../support/roads.ts';
import {
  accept,
  arrives,
  createTroubles,
  eventually,
  happily,
  hours,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

export const troubles = createTroubles();
const dayMs = 86_400_000;
const plain = { sla: unwarned };

/** A case to its end; its own run is written unless `runs` names others. */
export type Play = (stage: Stage) => Promise<Playing>;

const no = (caseId: string, activity: 'issueReturnLabel' | 'voidReturnLabelIfPresent' | 'recoverAdvance') =>
  troubles.strike({ caseId, activity, error: ApplicationFailure.nonRetryable('not today', 'partner_refused') });
const ended = async (rma: Playing): Promise<Playing> => {
  await rma.ended().catch(() => undefined); // cancelled from outside is an end as well
  return rma;
};
const claimOf = ({ client }: Stage, { caseId }: Playing) =>
  client.workflow.getHandle<typeof carrierClaim>(workflowIdOf('carrier_claim', claimCaseIdOf(caseId, 1)));
async function claimAnswered(stage: Stage, rma: Playing, outcome: 'accepted' | 'declined' | 'paid'): Promise<void> {
  const claim = claimOf(stage, rma);
  await eventually(() => stage.partners.answerClaim(claimCaseIdOf(rma.caseId, 1), outcome));
  await eventually(async () => {
    if (((await claim.query('get_case')) as { stage: string }).stage === 'drafted') throw new Error('not filed yet');
  });
  await claim.signal(claimFactSignal('claim_answered'), { eventId: randomUUID(), outcome, occurredAt: Date.now() });
}
const settledLine = (rma: Playing) =>
  eventually(async () => {
    if ((await rma.state()).money[0]?.state !== 'settled') throw new Error('not paid yet');
  });
/** One unit in order, one worn by a customer who changed their mind. */
async function worn(stage: Stage): Promise<Playing> {
  const rma = await handedOut(stage, { ...plain, reason: 'no_reason' });
  await arrives(rma);
  await graded(rma, 1, 'A');
  await graded(rma, 1, 'D');
  await untilStage(rma, 'discrepancy');
  return rma;
}
/** What goes back arrives at the customer's. */
async function returned(rma: Playing): Promise<void> {
  const trackingNo = await eventually(async () => {
    const leg = (await rma.state()).legs?.findLast((one) => one.kind === 'send_back');
    if (!leg) throw new Error('no label to send back yet');
    return leg.trackingNo;
  });
  await rma.scan('picked_up', randomUUID(), { trackingNo });
  await rma.scan('delivered', randomUUID(), { trackingNo });
}
/** The review's term in real time: so short that it runs out while no worker is there. */
const briefReview = (sla: SlaPolicy): SlaPolicy => ({
  ...sla,
  stages: { ...sla.stages, under_review: { limitMs: 3_000, warnMs: [], ruleId: 'sla.review' } },
});

export const scenarios: Record<string, Play> = {
  refunded: async (stage) => {
    const rma = await stage.open({ quantities: { 1: 2, 2: 3 } });
    await happily(rma);
    return ended(rma);
  },
  'refunded-by-scans-pending': async (stage) => {
    const rma = await handedOut(stage, plain);
    for (const code of ['picked_up', 'in_transit', 'in_transit', 'delivered']) await rma.scan(code);
    await untilStage(rma, 'received');
    stage.partners.pendNextRefund();
    await arrives(rma);
    await isGraded(rma);
    const [refund] = await eventually(async () => {
      const { money } = await rma.state();
      if (money[0]?.state !== 'sent') throw new Error('not sent yet');
      return money;
    });
    await rma.tell('refund_settled', {
      eventId: 'evt-1',
      refundId: refund!.providerId!,
      amountMinor: 5_000,
      occurredAt: Date.now(),
    });
    return ended(rma);
  },
  'rejected-by-policy': async (stage) => {
    const deliveredAt = new Date(Date.now() - 400 * dayMs).toISOString();
    const placedAt = new Date(Date.now() - 405 * dayMs).toISOString();
    return ended(await stage.open({ order: orderOf('O-long-ago', { deliveredAt, placedAt }) }));
  },
  'rejected-by-agent': async (stage) => {
    const rma = await stage.open();
    await rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] });
    return ended(rma);
  },
  expired: async (stage) => {
    const rma = await handedOut(stage, plain);
    await rma.pass(169 * hours);
    return ended(rma);
  },
  withdrawn: async (stage) => {
    const rma = await handedOut(stage, plain);
    await rma.give('withdraw_case', 'customer', {});
    return ended(rma);
  },
  cancelled: async (stage) => {
    const rma = await stage.open();
    await rma.give('cancel_case', 'manager', {});
    return ended(rma);
  },
  'cancelled-from-outside': async (stage) => {
    const rma = await handedOut(stage, plain);
    await rma.handle.cancel();
    return ended(rma);
  },
  'silent-life': async (stage) => {
    const rma = await stage.open({ sla: unwarned });
    await rma.pass(49 * hours);
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    await rma.pass(241 * hours);
    return ended(rma);
  },
  'held-and-resumed': async (stage) => {
    const rma = await stage.open();
    await rma.give('hold_case', 'agent', { reason: 'customs' });
    await rma.pass(100 * hours);
    await rma.give('resume_case', 'agent', {});
    await rma.give('withdraw_case', 'customer', {});
    return ended(rma);
  },
  'needs-attention-retried': async (stage) => {
    const caseId = newCaseId();
    for (let refusals = 0; refusals < 4; refusals += 1) no(caseId, 'issueReturnLabel'); // both carriers, twice
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    await untilStage(rma, 'needs_attention');
    for (let tries = 0; tries < 30 && (await rma.state()).attention?.attempts !== 2; tries += 1) await rma.pass(4 * hours);
    await rma.tell('retry_now', { reason: 'carrier back' });
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    await isGraded(rma);
    return ended(rma);
  },
  'cancelled-on-its-way': async (stage) => {
    const rma = await travelling(stage, plain);
    await rma.handle.cancel();
    await arrives(rma);
    await returned(rma);
    return ended(rma);
  },
  'lost-and-claimed': async (stage) => {
    const rma = await travelling(stage, plain);
    await rma.scan('lost');
    await untilStage(rma, 'lost_suspected');
    await rma.pass(168.1 * hours);
    await rma.ended();
    await claimAnswered(stage, rma, 'accepted');
    await claimAnswered(stage, rma, 'paid');
    await claimOf(stage, rma).result();
    return rma;
  },
  'lost-and-found': async (stage) => {
    const rma = await travelling(stage, plain);
    await rma.pass(120.1 * hours);
    await untilStage(rma, 'lost_suspected');
    await eventually(() => claimOf(stage, rma).query('get_case'));
    await rma.scan('found');
    await claimOf(stage, rma).result();
    await arrives(rma);
    await isGraded(rma);
    return ended(rma);
  },
  'claim-declined-and-appealed': async (stage) => {
    const rma = await travelling(stage, plain);
    await rma.scan('lost');
    await untilStage(rma, 'lost_suspected');
    await claimAnswered(stage, rma, 'declined');
    const claim = claimOf(stage, rma);
    const stageOf = async () => (await eventually(() => claim.query('get_case') as Promise<{ stage: string }>)).stage;
    for (let days = 0; days < 8 && (await stageOf()) === 'claim_declined'; days += 1) await fastForward(claim, 24 * hours);
    await claimAnswered(stage, rma, 'declined');
    await claim.result();
    await rma.pass(168.1 * hours);
    return ended(rma);
  },
  'refunded-with-advance': async (stage) => {
    const rma = await travelling(stage, { ...mayBeTakenBack, sla: instantly('first_scan') });
    await settledLine(rma);
    await arrives(rma);
    await isGraded(rma);
    return ended(rma);
  },
  'advance-recovered': async (stage) => {
    const rma = await handedOut(stage, { ...mayBeTakenBack, sla: instantly('approval') });
    await settledLine(rma);
    await rma.give('withdraw_case', 'customer', {});
    return ended(rma);
  },
  'advance-written-off': async (stage) => {
    const caseId = newCaseId();
    no(caseId, 'recoverAdvance');
    const rma = await handedOut(stage, { caseId, ...mayBeTakenBack, sla: instantly('approval') });
    await settledLine(rma);
    await rma.give('withdraw_case', 'customer', {});
    await eventually(async () => {
      if (!(await rma.state()).money.some((line) => line.state === 'failed')) throw new Error('not refused yet');
    });
    await rma.give('write_off', 'manager', {});
    return ended(rma);
  },
  'deduction-applied': async (stage) => {
    const rma = await worn(stage);
    await rma.give('settle_discrepancy', 'manager', {
      decision: 'deduct',
      ruleIds: ['merchant.wear'],
      deductions: [{ lineId: '1', quantity: 1, amountMinor: 1_000 }],
    });
    await rma.pass(120.1 * hours);
    return ended(rma);
  },
  'sent-back': async (stage) => {
    const rma = await worn(stage);
    await rma.give('settle_discrepancy', 'manager', { decision: 'refuse_goods', ruleIds: ['merchant.wear'] });
    await returned(rma);
    return ended(rma);
  },
  'negotiated-price': async (stage) => {
    const rma = await stage.open(plain);
    await rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 1_200, currency: 'GBP' });
    await rma.give('answer_proposal', 'customer', { answer: 'accept' });
    return ended(rma);
  },
  converted: async (stage) => {
    const rma = await stage.open(plain);
    await rma.give('propose', 'agent', { kind: 'exchange' });
    await rma.give('answer_proposal', 'customer', { answer: 'accept' });
    return ended(rma);
  },
  'evidence-and-edits': async (stage) => {
    const rma = await stage.open(plain);
    await rma.give('request_evidence', 'agent', { items: ['photo'] });
    await rma.pass(72.1 * hours);
    await untilStage(rma, 'under_review');
    const lines = [{ ...rma.input.lines[0]!, quantity: 1 }];
    await rma.give('edit_request', 'customer', { lines });
    await eventually(async () => {
      if ((await rma.state()).request?.toAssess) throw new Error('not assessed yet');
    });
    await happily({ ...rma, input: { ...rma.input, lines } });
    return ended(rma);
  },
  /** Our label lay ready; what the customer sent otherwise makes it needless. */
  'own-carrier': async (stage) => {
    const rma = await handedOut(stage, plain);
    await rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: 'OWN-1' });
    await untilStage(rma, 'in_transit');
    await arrives(rma);
    await isGraded(rma);
    return ended(rma);
  },
  'pickup-changed': async (stage) => {
    const rma = await handedOut(stage, plain);
    await rma.give('book_pickup', 'customer', {});
    await rma.give('choose_channel', 'customer', { channel: 'drop_off', pointId: 'pt_market' });
    await rma.scan('pickup_failed', 'evt-1', { attempt: 1 });
    await rma.give('withdraw_case', 'customer', {});
    return ended(rma);
  },
  disputed: async (stage) => {
    const rma = await handedOut(stage, plain);
    const dispute = { disputeId: 'dp-1', amountMinor: 5_000, occurredAt: Date.now() };
    await rma.tell('dispute_opened', { eventId: 'evt-1', ...dispute });
    await arrives(rma);
    await isGraded(rma);
    await untilStage(rma, 'refund_due');
    await rma.tell('dispute_closed', { eventId: 'evt-2', ...dispute, result: 'won' });
    return ended(rma);
  },
  escalated: async (stage) => {
    const rma = await stage.open(plain);
    await rma.give('request_escalation', 'customer', { cause: 'no_answer' });
    await rma.give('decide_escalation', 'manager', { verdict: 'grant', sponsor: 'boss' });
    await rma.give('de_escalate', 'manager', {});
    await happily(rma);
    return ended(rma);
  },
  reopened: async (stage) => {
    const rma = await stage.open(plain);
    await rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] });
    await rma.ended();
    const carry = await eventually(() => rma.handle.query(getCarry));
    const { merchantId, caseId, order, lines } = rma.input;
    await stage.database.ledgers.claimExactly({ merchantId, caseId, orderId: order.orderId, lines });
    const by = { id: 'manager-1', role: 'manager' as const };
    const reopening = { stage: 'under_review' as const, by, cause: 'appeal' };
    const handle = await stage.client.workflow.start<typeof returnCase>('returnCase', {
      workflowId: workflowIdOf('return', caseId, 2),
      taskQueue: stage.taskQueue,
      args: [{ ...carry, carried: nextGeneration(carry.carried!, 'decision'), reopened: reopening }],
    });
    await eventually(async () => {
      if (((await handle.query('get_case')) as ReturnState).request?.toAssess !== undefined) throw new Error('not assessed yet');
    });
    await handle.executeUpdate('cancel_case', { args: [{ actor: by, payload: {} }] });
    await handle.result();
    return { ...rma, handle };
  },
  'undo-failed-and-retried': async (stage) => {
    const caseId = newCaseId();
    const rma = await handedOut(stage, { caseId, ...plain });
    no(caseId, 'voidReturnLabelIfPresent');
    await rma.give('withdraw_case', 'customer', {});
    await untilStage(rma, 'needs_attention');
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    return ended(rma);
  },
  'mongo-away': async (stage) => {
    const caseId = newCaseId();
    const rma = await stage.open({ caseId });
    troubles.strike({ caseId, activity: 'saveCase', error: new Error('no primary answers'), times: 4 });
    await happily(rma);
    return ended(rma);
  },
  'continue-as-new': async (stage) => {
    const rma = await stage.open({ historyBudget: 12 });
    await happily(rma);
    return ended(rma);
  },
  'update-and-timer': async (stage) => {
    const rma = await stage.open({ sla: briefReview });
    await stage.stopWorkers();
    await eventually(async () => {
      const { events } = await rma.handle.fetchHistory();
      if (!events?.some((event) => event.timerFiredEventAttributes)) throw new Error('the timer has not fired yet');
    });
    const withdrawal = rma.give('withdraw_case', 'customer', {}); // both wait for the worker, in one task
    await stage.startWorker();
    await withdrawal;
    return ended(rma);
  },
};
