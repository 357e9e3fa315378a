import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNoticeWords } from '../../gateways/notice-words.ts';
import type { Errand } from '../../domain/errands.ts';
import { isClosed, isOutgoing } from '../../domain/money.ts';
import { noticeNeeds, type NoticeFacts, type NoticeName, type NoticeParam } from '../../domain/notices.ts';
import { restMinor } from '../../domain/refunds.ts';
import type { ReturnEvent, ReturnState } from '../../domain/return-state.ts';
import { policies } from '../support/cases.ts';
import { count, day, grade, instantRefund, paperCaseIn, PaperCase } from './paper-case.ts';
import { begin, journal, ordersOf, play } from './random-orders.ts';

type Notice = Extract<Errand, { kind: 'notice' }>;
const wordsOf = createNoticeWords(policies.words);

/** What runErrands adds: the same for every notice. */
const everywhere: readonly NoticeParam[] = ['rmaNo', 'orderId', 'text'];
const factsOf = ({ params: { slotAt, textRef, ...facts } }: Notice): NoticeFacts => ({
  ...facts,
  ...(slotAt === undefined ? {} : { slot: { from: slotAt, to: slotAt + 7_200_000 } }),
  ...(textRef ? { text: 'Hello' } : {}),
  rmaNo: 'RMA-1',
  orderId: 'O-1',
  currency: 'GBP',
  timezone: 'Europe/London',
});
const factFor = { amount: 'amountMinor', deduction: 'deductionMinor' } as const;

function lacking(notice: Notice): NoticeParam[] {
  const facts = factsOf(notice);
  const needs: readonly NoticeParam[] = noticeNeeds[notice.name];
  return needs.filter((param) => {
    const fact = facts[param in factFor ? factFor[param as keyof typeof factFor] : (param as keyof NoticeFacts)];
    return !everywhere.includes(param) && (fact === undefined || (Array.isArray(fact) && fact.length === 0));
  });
}

interface Told {
  readonly before: ReturnState;
  readonly event: ReturnEvent;
  readonly after: ReturnState;
  readonly notices: readonly Notice[];
}
/** Every event with the notices that it has planned. */
function listen(rma: PaperCase): Told[] {
  const heard: Told[] = [];
  const record = rma.record.bind(rma);
  rma.record = (event) => {
    const before = rma.state;
    record(event);
    const known = new Set(before.errands?.map((errand) => errand.key));
    const fresh = (rma.state.errands ?? []).filter((errand) => !known.has(errand.key));
    heard.push({ before, event, after: rma.state, notices: fresh.filter((one) => one.kind === 'notice') });
  };
  return heard;
}
const namesOf = (heard: readonly Told[]): NoticeName[] => heard.flatMap(({ notices }) => notices.map((one) => one.name));

/** Nothing of this is the customer's business. */
const invisible = [
  'armed',
  'disarmed',
  'undone',
  'undo_failed',
  'noted',
  'assigned',
  'linked',
  'approval_given',
  'errand_done',
  'errand_failed',
  'late_fact_noted',
  'repeat_noted',
  'claim_noted',
  'calendar_changed',
  'breach_waived',
  'breached',
  'rung_climbed',
  'step_failed',
  'send_back_prepared',
  'recovery_sent',
  'pickup_wished',
  'cancel_noted',
];

/** Notices that tell the same facts: putting one of them into words is enough. */
const worded = new Set<string>();
const shapeOf = (notice: Notice): string =>
  [
    notice.name,
    notice.params.variant,
    ...Object.entries(factsOf(notice)).flatMap(([name, fact]) => (fact === undefined ? [] : [name])),
  ].join(' ');

function wrongOf({ before, event, after, notices }: Told, keys: Set<string>): string[] {
  const wrong: string[] = [];
  // Of a dispute from before the opening the customer hears with the first verdict.
  const own = notices.filter(({ name }) => before.stage !== 'requested' || name !== 'refund_disputed');
  if (own.length > 1) wrong.push(`two words for one event: ${own.map((one) => one.name).join()}`);
  for (const notice of notices) {
    if (keys.has(notice.key)) wrong.push(`${notice.key} was told before`);
    keys.add(notice.key);
    for (const param of lacking(notice)) wrong.push(`${notice.name} lacks ${param} in ${after.stage}`);
    if (notice.name === 'refund_delayed' && !isOwed(after)) wrong.push('a refund is late that nobody owes');
    if (notice.params.firstNotice === notice.name) wrong.push(`${notice.name} takes itself back`);
    if (wrong.length === 0 && !worded.has(shapeOf(notice)))
      for (const language of ['en', 'zh-CN']) wordsOf({ name: notice.name, language, params: factsOf(notice) });
  }
  for (const notice of notices) worded.add(shapeOf(notice));
  const moved = before.stage !== after.stage;
  if (invisible.includes(event.type) && notices.length > 0 && !(moved && after.stage !== 'needs_attention'))
    wrong.push(`${event.type} is told as ${notices[0]!.name}`);
  if (after.stage === 'needs_attention' && moved && notices.length > 0 && event.type !== 'refund_failed')
    wrong.push(`a parked case is told as ${notices[0]!.name}`);
  const tells = ends.includes(after.stage) || waitsForCustomer.includes(after.stage);
  const isBack = ['needs_attention', 'negotiating', 'awaiting_customer'].includes(before.stage);
  if (moved && tells && notices.length === 0 && !isBack && !quiet.includes(event.type))
    wrong.push(`${event.type} to ${after.stage} is told to nobody`);
  return wrong;
}
const isOwed = (state: ReturnState): boolean =>
  restMinor(state) > 0 || state.money.some((line) => isOutgoing(line) && !isClosed(line));
const ends = ['refunded', 'rejected', 'returned_to_customer', 'expired', 'withdrawn', 'cancelled', 'converted'];
const waitsForCustomer = ['awaiting_customer', 'negotiating', 'awaiting_handover', 'deduction_offered', 'recovering_advance'];
const quiet: string[] = [];

describe('whatever happens to a return', () => {
  it('each word to the customer has all its facts, comes once, and nothing invisible is told', () => {
    fc.assert(
      fc.property(ordersOf(), (order) => {
        const rma = begin({ ...order, first: false });
        const heard = listen(rma);
        rma.settleDown();
        const sent = journal();
        for (const one of order.actions) play(rma, one, sent);
        const keys = new Set<string>();
        for (const told of heard) {
          const wrong = wrongOf(told, keys);
          if (wrong.length > 0)
            throw new Error(`${wrong.join('; ')} after ${rma.told.map((event) => event.type).join(', ')}: ${told.event.type}`);
        }
      }),
      { numRuns: Number(process.env.ORDERS ?? 1_000), ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) },
    );
  }, 600_000);
});

/** What one step on the way tells the customer. */
const toldBy = (rma: PaperCase, run: (rma: PaperCase) => unknown): NoticeName[] => {
  const heard = listen(rma);
  run(rma);
  return namesOf(heard);
};
const settle = (rma: PaperCase, decision: string, more: object = {}) =>
  rma.give('settle_discrepancy', 'manager', { decision, ruleIds: ['uk.strr'], ...more });
const withoutReason = { reason: 'no_reason' } as const;

describe('a visible change is told once', () => {
  it.each<[string, () => PaperCase, (rma: PaperCase) => unknown, NoticeName[]]>([
    ['a person must look', () => new PaperCase(), (rma) => rma.work('done', { assessed: 'referred' }), ['request_received']],
    ['the rules refuse', () => new PaperCase(), (rma) => rma.work('done', { assessed: 'refused' }), ['request_refused']],
    ['our silence agrees', () => paperCaseIn('under_review'), (rma) => rma.wait(2 * day), ['accepted_by_silence']],
    [
      'something is asked for',
      () => paperCaseIn('under_review'),
      (rma) => rma.give('request_evidence', 'agent', { items: ['photo'] }),
      ['evidence_requested'],
    ],
    [
      'the customer answers',
      () => paperCaseIn('awaiting_customer'),
      (rma) => rma.give('submit_evidence', 'customer', { evidenceIds: ['ev-1'] }),
      [],
    ],
    [
      'the customer does not answer',
      () => paperCaseIn('awaiting_customer'),
      (rma) => rma.wait(3 * day),
      ['evidence_reminder', 'evidence_reminder', 'evidence_lapsed'],
    ],
    [
      'we propose',
      () => paperCaseIn('under_review'),
      (rma) => rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 500 }),
      ['proposal_made'],
    ],
    [
      'we propose something else',
      () => paperCaseIn('negotiating'),
      (rma) => rma.give('propose', 'agent', { kind: 'price_reduction', amountMinor: 500 }),
      ['proposal_replaced'],
    ],
    [
      'a proposal is declined',
      () => paperCaseIn('negotiating'),
      (rma) => rma.give('answer_proposal', 'customer', { answer: 'decline' }),
      [],
    ],
    [
      'a proposal lapses',
      () => paperCaseIn('negotiating'),
      (rma) => rma.wait(3 * day),
      ['proposal_reminder', 'proposal_reminder', 'proposal_lapsed'],
    ],
    ['the label is there, and a driver comes', () => paperCaseIn('authorized'), (rma) => rma.work('done'), ['pickup_booked']],
    [
      'the label is there',
      () => paperCaseIn('authorized', undefined, { channel: 'drop_off' }),
      (rma) => rma.work('done'),
      ['handover_instructions'],
    ],
    ['no carrier makes a label', () => paperCaseIn('authorized'), (rma) => rma.work('timed_out'), ['self_ship']],
    ['our step is refused for good', () => paperCaseIn('authorized'), (rma) => rma.work('refused'), []],
    [
      'the pickup is moved',
      () => paperCaseIn('awaiting_handover'),
      (rma) => [rma.give('reschedule_pickup', 'customer', { slotId: 's2' }), rma.work('done')],
      ['pickup_moved'],
    ],
    [
      'the time for the pickup is taken',
      () => paperCaseIn('awaiting_handover'),
      (rma) => [rma.give('reschedule_pickup', 'customer', { slotId: 's2' }), rma.work('refused')],
      ['pickup_not_booked'],
    ],
    [
      'the pickup becomes a drop-off',
      () => paperCaseIn('awaiting_handover'),
      (rma) => [rma.give('cancel_pickup', 'customer', {}), rma.work('done')],
      ['handover_instructions'],
    ],
    ['the driver finds nobody', () => paperCaseIn('awaiting_handover'), (rma) => rma.scan('pickup_failed'), ['pickup_failed']],
    ['the parcel is handed over', () => paperCaseIn('awaiting_handover'), (rma) => rma.scan('picked_up'), ['parcel_in_transit']],
    ['the parcel moves on', () => paperCaseIn('in_transit'), (rma) => rma.scan('in_transit'), []],
    ['customs hold it', () => paperCaseIn('in_transit'), (rma) => rma.scan('customs_held'), ['customs_held']],
    ['it stops moving', () => paperCaseIn('in_transit'), (rma) => rma.wait(5 * day), ['parcel_lost_suspected']],
    ['it is found', () => paperCaseIn('lost_suspected'), (rma) => [(rma.now += 1), rma.scan('found')], ['parcel_found']],
    ['it is lost', () => paperCaseIn('lost_suspected'), (rma) => rma.wait(7 * day), ['parcel_lost']],
    ['it arrives', () => paperCaseIn('in_transit'), (rma) => count(rma), ['goods_received']],
    ['all is well', () => paperCaseIn('received'), (rma) => [grade(rma), rma.settleDown(), rma.work('done')], ['refunded']],
    [
      'it differs',
      () => paperCaseIn('received', undefined, withoutReason),
      (rma) => [grade(rma, 'D'), rma.settleDown()],
      ['discrepancy_found'],
    ],
    [
      'we would keep a part',
      () => paperCaseIn('discrepancy'),
      (rma) => settle(rma, 'deduct', { deductions: [{ lineId: '1', quantity: 1, amountMinor: 1 }] }),
      ['deduction_offered'],
    ],
    [
      'we keep a part',
      () => paperCaseIn('deduction_offered'),
      (rma) => rma.wait(5 * day),
      ['deduction_reminder', 'deduction_reminder', 'deduction_applied'],
    ],
    [
      'all is kept, and nothing is left to refund',
      () => paperCaseIn('discrepancy'),
      (rma) => [settle(rma, 'deduct', {}), rma.give('answer_proposal', 'customer', { answer: 'accept' }), rma.settleDown()],
      ['deduction_offered', 'nothing_to_pay'],
    ],
    [
      'the bank has paid',
      () => paperCaseIn('refund_due'),
      (rma) => [
        rma.hear({
          name: 'dispute_closed',
          eventId: 'e1',
          disputeId: 'd1',
          amountMinor: 5_000,
          result: 'lost',
          occurredAt: rma.now,
        }),
        rma.settleDown(),
      ],
      ['nothing_to_pay'],
    ],
    ['goods go back', () => paperCaseIn('discrepancy'), (rma) => settle(rma, 'refuse_goods'), ['sending_back']],
    [
      'what was sent back comes to us again',
      () => paperCaseIn('sending_back'),
      (rma) => [rma.work('done'), rma.scan('returned_to_sender')],
      [],
    ],
    [
      'goods are back',
      () => paperCaseIn('sending_back'),
      (rma) => [rma.work('done'), rma.scan('delivered')],
      ['sent_back_arrived'],
    ],
    ['the refund is under way', () => paperCaseIn('refund_due'), (rma) => rma.work('done', { pending: true }), ['refund_sent']],
    [
      'the bank is asked',
      () => paperCaseIn('refund_due'),
      (rma) => rma.hear({ name: 'dispute_opened', eventId: 'e1', disputeId: 'd1', amountMinor: 1, occurredAt: rma.now }),
      ['refund_disputed'],
    ],
    [
      'the case is held and goes on',
      () => paperCaseIn('under_review'),
      (rma) => [rma.give('hold_case', 'agent', { reason: 'customs' }), rma.give('resume_case', 'agent', {})],
      ['on_hold', 'hold_over'],
    ],
    [
      'a manager is asked for, and follows the case',
      () => paperCaseIn('under_review'),
      (rma) => [
        rma.give('request_escalation', 'customer', { cause: 'no_progress' }),
        rma.wait(day + 4 * 3_600_000),
        rma.give('de_escalate', 'manager', {}),
      ],
      ['escalation_received', 'accepted_by_silence', 'escalation_progress', 'escalation_over'],
    ],
    [
      'we write',
      () => paperCaseIn('under_review'),
      (rma) => rma.give('send_message', 'agent', { textRef: 't1' }),
      ['message_from_us'],
    ],
    [
      'the customer writes',
      () => paperCaseIn('under_review'),
      (rma) => rma.give('send_message', 'customer', { textRef: 't1' }),
      [],
    ],
    [
      'staff talk among themselves',
      () => paperCaseIn('under_review'),
      (rma) => rma.give('add_note', 'agent', { textRef: 't1' }),
      [],
    ],
    [
      'the customer withdraws',
      () => paperCaseIn('awaiting_handover'),
      (rma) => [rma.give('withdraw_case', 'customer', {}), rma.work('done')],
      ['case_withdrawn'],
    ],
    [
      'an agent cancels',
      () => paperCaseIn('awaiting_handover'),
      (rma) => [rma.give('cancel_case', 'agent', {}), rma.work('done')],
      ['case_cancelled'],
    ],
    [
      'an agent cancels while the goods are on their way, and says so twice',
      () => paperCaseIn('in_transit'),
      (rma) => [rma.give('cancel_case', 'agent', {}), rma.give('cancel_case', 'agent', {}), count(rma), rma.settleDown()],
      ['cancelled_on_its_way', 'goods_received', 'sending_back'],
    ],
    [
      'an agent cancels in the Temporal UI while the goods are on their way',
      () => paperCaseIn('in_transit'),
      (rma) => rma.cancelFromOutside(),
      ['cancelled_on_its_way'],
    ],
    [
      'nothing is handed over',
      () => paperCaseIn('awaiting_handover'),
      (rma) => [rma.wait(7 * day), rma.work('done')],
      ['handover_reminder', 'handover_reminder', 'case_expired'],
    ],
    [
      'the customer may keep it',
      () => new PaperCase(),
      (rma) => rma.work('done', { assessed: 'accepted_without_return' }),
      ['kept_without_return'],
    ],
    [
      'the first parcel is missing',
      () => new PaperCase(),
      (rma) => rma.work('done', { assessed: 'outbound_missing' }),
      ['outbound_missing'],
    ],
  ])('%s', (_, given, run, names) => {
    expect(toldBy(given(), run)).toEqual(names);
  });

  it('an advance that is paid, asked back, and paid back', () => {
    const rma = paperCaseIn('under_review', undefined, { ...withoutReason, ...instantRefund('approval') });
    const heard = listen(rma);
    rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });
    rma.work('done');
    rma.payEarly();
    rma.give('withdraw_case', 'customer', {});
    rma.work('done');
    rma.work('done');
    expect(namesOf(heard)).toEqual(['pickup_booked', 'instant_refund_paid', 'recovery_due', 'recovered']);
    const amounts = heard.flatMap(({ notices }) => notices.map((one) => one.params.amountMinor));
    expect(amounts.slice(1)).toEqual([5_000, 5_000, 5_000]);
  });

  it('a case of a customer who wants to hear nothing, or of before there were notices, tells nothing', () => {
    const rma = new PaperCase(undefined, { edition: 1 });
    expect(toldBy(rma, () => rma.work('done', { assessed: 'refused' }))).toEqual([]);
  });
});

describe('a word that has become false is taken back by its name', () => {
  const correction = (rma: PaperCase, run: () => unknown) => {
    const heard = listen(rma);
    run();
    return heard.flatMap(({ notices }) => notices.map(({ name, params }) => [name, params.firstNotice]));
  };

  it.each<[string, () => PaperCase, (rma: PaperCase) => unknown, (string | undefined)[][]]>([
    [
      'a refund that was under way and failed',
      () => {
        const rma = paperCaseIn('refund_due');
        rma.work('done', { pending: true });
        return rma;
      },
      (rma) => rma.providerSays('failed'),
      [['refund_delayed', 'refund_sent']],
    ],
    [
      'an advance that was under way and failed, when the goods give no right to it',
      () => {
        const rma = new PaperCase(undefined, { ...withoutReason, ...instantRefund('first_scan') });
        rma.work('done');
        rma.work('done');
        rma.scan('picked_up');
        rma.payEarly('done', true);
        count(rma);
        grade(rma, 'D');
        rma.settleDown();
        settle(rma, 'refuse_goods');
        return rma;
      },
      (rma) => rma.providerSays('failed'),
      [['correction', 'refund_sent']],
    ],
    [
      'a refund that failed when the bank had paid',
      () => {
        const rma = paperCaseIn('refund_due');
        rma.work('done', { pending: true });
        const dispute = { disputeId: 'd1', amountMinor: 5_000, occurredAt: rma.now };
        rma.hear({ name: 'dispute_closed', eventId: 'e1', result: 'lost', ...dispute });
        return rma;
      },
      (rma) => rma.providerSays('failed'),
      [['correction', 'refund_sent']],
    ],
    [
      'a parcel that was missed and is found',
      () => paperCaseIn('lost_suspected'),
      (rma) => [(rma.now += 1), rma.scan('found')],
      [['parcel_found', 'parcel_lost_suspected']],
    ],
    [
      'a parcel that comes back instead of going on',
      () => paperCaseIn('in_transit'),
      (rma) => rma.scan('returned_to_sender'),
      [['parcel_back_to_you', 'parcel_in_transit']],
    ],
    [
      'a refusal that is looked at again',
      () => {
        const rma = new PaperCase();
        rma.work('done', { assessed: 'refused' });
        return rma;
      },
      (rma) => rma.record({ type: 'reopened', by: { id: 'cust-1', role: 'customer' }, result: 'under_review' }),
      [['reopened', 'request_refused']],
    ],
    [
      'nothing, where nothing of the kind was said before',
      () => paperCaseIn('refund_due'),
      (rma) => rma.hear({ name: 'dispute_opened', eventId: 'e1', disputeId: 'd1', amountMinor: 1, occurredAt: rma.now }),
      [['refund_disputed', undefined]],
    ],
  ])('%s', (_, given, run, told) => {
    const rma = given();
    expect(correction(rma, () => run(rma))).toEqual(told);
  });
});
