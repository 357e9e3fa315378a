/**
 * Random orders of all that can happen to a return: commands legal and illegal, facts in any order, late and twice, answers of partners,
 * timers, jumps in time, the Cancel button, a run that is carried over. What an action means is read from the case as it is then, so that an
 * order stays playable while it shrinks. What must hold is return-oracle.ts.
 */
import { equal } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { rowOf } from '../../domain/case.ts';
import { escalationReasons, holdReasons, linkKinds } from '../../domain/commands.ts';
import { conditions, countable, dispositions, grades, undecided, ungraded } from '../../domain/goods.ts';
import { availableMoves } from '../../domain/moves.ts';
import { commandNames, commandRoles, mendline, type CommandName, type Role } from '../../domain/permissions.ts';
import { nextDue, nextEarly } from '../../domain/return-money.ts';
import type { ReturnCommand } from '../../domain/return-commands.ts';
import { settlesAll, type ReturnFact } from '../../domain/return-facts.ts';
import { handoverChannels, proposalKinds, wantedOutcomes, type ReturnState } from '../../domain/return-state.ts';
import { reasons } from '../../domain/policy/verdict.ts';
import { openReturnStages, type ReturnStage } from '../../domain/return-table.ts';
import { refundTriggers } from '../../domain/case.ts';
import {
  asked,
  firstSla,
  hour,
  instantRefund,
  paperCaseIn,
  rules,
  type Assessed,
  type PaperCase,
  type PaperOptions,
  type StepOutcome,
} from './paper-case.ts';

export type Action =
  | { kind: 'command'; nth: number; flavour: number; wild: boolean; lookedAt?: number }
  | { kind: 'useful'; nth: number; flavour: number }
  | { kind: 'scan'; code: string; parcel: number; lateMs: number; attempt?: number }
  | { kind: 'provider'; nth: number; status: 'succeeded' | 'failed' }
  | { kind: 'rumour'; nth: number; flavour: number }
  | { kind: 'dispute'; id: string; opened: boolean; share: number; result: 'won' | 'lost' }
  | { kind: 'word'; nth: number }
  | { kind: 'repeat'; nth: number; freshId: boolean }
  | {
      kind: 'step';
      outcome: StepOutcome;
      assessed: Assessed;
      fee: boolean;
      elsewhere: boolean;
      pending: boolean;
      backup: StepOutcome;
    }
  | { kind: 'early'; outcome: StepOutcome; pending: boolean }
  | { kind: 'answer_lost'; pending: boolean }
  | { kind: 'answer_late' }
  | { kind: 'errands'; cause?: string }
  | { kind: 'ring' }
  | { kind: 'wait'; hours: number }
  | { kind: 'cancelled_from_outside' }
  | { kind: 'continued' }
  | { kind: 'reopened' };
export type Played = Action & { readonly quick?: boolean };

export const pick = <T>(all: readonly T[], nth: number): T => all[nth % all.length]!;

export const scanCodes = [
  'picked_up',
  'dropped_off',
  'in_transit',
  'delivered',
  'found',
  'pickup_failed',
  'exception',
  'customs_held',
  'customs_released',
  'lost',
  'returned_to_sender',
  'unheard_of',
  'constructor',
];
const outcomes: StepOutcome[] = ['done', 'done', 'done', 'refused', 'timed_out'];
const assessments: Assessed[] = [
  'accepted',
  'accepted',
  'referred',
  'referred',
  'refused',
  'accepted_without_return',
  'outbound_missing',
];
const flavour = fc.nat(999);

const actions: { weight: number; arbitrary: fc.Arbitrary<Action> }[] = [
  {
    weight: 4,
    arbitrary: fc.record(
      {
        kind: fc.constant('command' as const),
        nth: fc.nat(commandNames.length - 1),
        flavour,
        wild: fc.boolean(),
        lookedAt: fc.integer({ min: 0, max: 9 }),
      },
      { requiredKeys: ['kind', 'nth', 'flavour', 'wild'] },
    ),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('useful' as const), nth: fc.nat(99), flavour }) },
  {
    weight: 6,
    arbitrary: fc.record(
      {
        kind: fc.constant('scan' as const),
        code: fc.constantFrom(...scanCodes),
        parcel: fc.nat(9),
        lateMs: fc.constantFrom(0, 0, 0, 0, 3, hour + 1, 100 * hour + 1),
        attempt: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: ['kind', 'code', 'parcel', 'lateMs'] },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('provider' as const),
      nth: fc.nat(9),
      status: fc.constantFrom('succeeded' as const, 'succeeded' as const, 'failed' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rumour' as const), nth: fc.nat(9), flavour }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('dispute' as const),
      id: fc.constantFrom('dp_1', 'dp_2'),
      opened: fc.boolean(),
      share: fc.integer({ min: 1, max: 4 }),
      result: fc.constantFrom('won' as const, 'lost' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('word' as const), nth: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), nth: fc.nat(50), freshId: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      outcome: fc.constantFrom(...outcomes),
      assessed: fc.constantFrom(...assessments),
      fee: fc.boolean(),
      elsewhere: fc.boolean(),
      pending: fc.boolean(),
      backup: fc.constantFrom(...outcomes),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('early' as const), outcome: fc.constantFrom(...outcomes), pending: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('answer_lost' as const), pending: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'answer_late' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('errands' as const), cause: fc.constant('no answer') }, { requiredKeys: ['kind'] }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'ring' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 0, max: 500 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cancelled_from_outside' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'continued' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopened' as const }) },
];
/** A quick action is one after which the story has not had its turn yet: several messages in one task. */
export const played: fc.Arbitrary<Played> = fc.oneof(
  { weight: 9, arbitrary: fc.oneof(...actions) },
  { weight: 1, arbitrary: fc.oneof(...actions).map((one) => ({ ...one, quick: true })) },
);

export interface Order {
  readonly lines: readonly { quantity: number; more: number; unitPriceMinor: number }[];
  readonly from: ReturnStage;
  /** A case that was opened by release 0.1.0: it knows neither parcels nor all stages. */
  readonly first?: boolean;
  readonly instant?: (typeof refundTriggers)[number];
  readonly quality: boolean;
  readonly channel: number;
  readonly actions: readonly Played[];
}
export const ordersOf = (from: readonly ReturnStage[] = openReturnStages, maxLength = 40): fc.Arbitrary<Order> =>
  fc.record(
    {
      lines: fc.array(
        fc.record({
          quantity: fc.integer({ min: 1, max: 3 }),
          more: fc.nat(1),
          unitPriceMinor: fc.constantFrom(0, 1, 333, 2_500, 12_000),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      from: fc.constantFrom(...from),
      first: fc.nat(7).map((one) => one === 7),
      instant: fc.constantFrom(...refundTriggers),
      quality: fc.boolean(),
      channel: fc.nat(3),
      actions: fc.array(played, { minLength: 3, maxLength }),
    },
    { requiredKeys: ['lines', 'from', 'first', 'quality', 'channel', 'actions'] },
  );

export const linesOf = ({ lines }: Order) =>
  lines.map(({ quantity, unitPriceMinor }, index) => ({ lineId: `${index + 1}`, quantity, unitPriceMinor }));
/** What the payment of the whole order was: a case asks for some of its units. */
export const paidMinorOf = ({ lines }: Order): number =>
  lines.reduce((sum, { quantity, more, unitPriceMinor }) => sum + (quantity + more) * unitPriceMinor, 0);

function optionsOf(order: Order): PaperOptions {
  const reason = order.quality ? 'quality' : 'no_reason';
  const lines = asked(linesOf(order)).map((line, index) => ({ ...line, bought: line.quantity + order.lines[index]!.more }));
  const instant = order.instant ? instantRefund(order.instant) : {};
  const request = { reason, wantedOutcome: 'refund', evidenceIds: [], edits: 0, lines, consents: instant.consents } as const;
  return {
    reason,
    channel: pick(handoverChannels, order.channel),
    ...instant,
    changes: { paidMinor: paidMinorOf(order), request },
  };
}

/** A case somewhere on its way; where this order's goods or prices lead no road there, one that begins at the beginning. */
export function begin(order: Order): PaperCase {
  const lines = linesOf(order);
  const options = optionsOf(order);
  if (order.first) return ofTheFirst(order);
  if (options.channel === 'own_carrier' && !early.includes(order.from)) return onTheirOwnWay(order);
  try {
    return paperCaseIn(order.from, lines, options);
  } catch (err) {
    if (!/no road leads/.test(String(err))) throw err;
    return paperCaseIn('requested', lines, options);
  }
}
const early: readonly ReturnStage[] = ['requested', 'under_review', 'awaiting_customer', 'negotiating', 'awaiting_handover'];

function ofTheFirst(order: Order): PaperCase {
  const known = Object.keys(firstSla.stages);
  const from = known.includes(order.from) ? order.from : 'requested';
  return paperCaseIn(from, linesOf(order), {
    edition: 1,
    reason: order.quality ? 'quality' : 'no_reason',
    changes: { paidMinor: paidMinorOf(order) },
  });
}

/** The goods travel by a carrier of the customer's own, and at the customer's risk. */
function onTheirOwnWay(order: Order): PaperCase {
  const rma = paperCaseIn('awaiting_handover', linesOf(order), optionsOf(order));
  rma.give('submit_tracking', 'customer', { carrier: 'own', trackingNo: 'X1' });
  return rma;
}

interface Sent {
  readonly command?: ReturnCommand;
  readonly fact?: ReturnFact;
  /** Told after an end, or of a parcel or a payment that the case did not know yet: told again, it may be news. */
  readonly early?: boolean;
}
export interface Journal {
  readonly sent: Sent[];
  step: number;
}
export const journal = (): Journal => ({ sent: [], step: 0 });

/** Plays one action; what it asserts itself is what is true of that action alone. */
export function play(rma: PaperCase, one: Played, told: Journal): void {
  told.step += 1;
  // Every word has an instant of its own: what is late is odd.
  rma.now += 2;
  act(rma, one, told, `msg/${told.step}`);
  if (!one.quick) rma.settleDown();
}

function act(rma: PaperCase, one: Action, told: Journal, messageId: string): void {
  switch (one.kind) {
    case 'command': {
      const name = commandNames[one.nth]!;
      const expectedRevision = one.lookedAt === undefined ? undefined : rma.state.revision - one.lookedAt;
      return command(rma, told, name, { ...one, messageId, expectedRevision });
    }
    case 'useful': {
      const names = availableMoves(rules, rma.state).filter(
        (name) => rare.every((other) => other !== name) || one.flavour % 5 === 0,
      );
      if (names.length > 0) command(rma, told, pick(names, one.nth), { ...one, wild: false, messageId });
      return;
    }
    case 'scan': {
      const { code, lateMs, attempt } = one;
      const trackingNo = parcelOf(rma.state, one.parcel);
      return hear(rma, told, {
        name: 'parcel_scanned',
        eventId: messageId,
        trackingNo,
        code,
        occurredAt: rma.now - lateMs,
        ...(attempt ? { attempt } : {}),
      });
    }
    case 'provider':
      return providerSays(rma, told, one, messageId);
    case 'rumour':
      return hear(rma, told, rumour(rma, one.nth, one.flavour, messageId));
    case 'dispute': {
      const { id: disputeId, opened, share, result } = one;
      // Whether a refund that was asked for without an answer has been made is looked up before the bank decides: that takes weeks.
      const unanswered = rma.state.money.some(
        ({ intent, providerId }) => !providerId && rma.provider.refundOf(`${rma.state.caseId}/${intent}`),
      );
      if (unanswered && result === 'lost') return;
      const fact = {
        eventId: messageId,
        disputeId,
        amountMinor: Math.ceil(rma.provider.paidMinor / share),
        occurredAt: rma.now,
      };
      return hear(rma, told, opened ? { name: 'dispute_opened', ...fact } : { name: 'dispute_closed', ...fact, result });
    }
    case 'word':
      return hear(
        rma,
        told,
        pick<ReturnFact>(
          [
            { name: 'carrier_claim_settled', eventId: messageId, legId: 'C-1/issue_label', outcome: 'paid' },
            { name: 'calendar_changed', eventId: messageId, calendarId: 'gb-service' },
            { name: 'retry_now', eventId: messageId, reason: 'the partner is back' },
            { name: 'retry_now' },
          ],
          one.nth,
        ),
      );
    case 'repeat':
      return repeat(rma, told, one, messageId);
    case 'step': {
      const { outcome, assessed, fee, elsewhere, pending, backup } = one;
      const verdict = {
        ...(fee ? { fees: [{ ruleId: 'merchant.restocking', amountMinor: 250 }] } : {}),
        ...(elsewhere && rma.stage === 'under_review' ? { because: ['units_in_another_case'] } : {}),
      };
      // Cases of the first release are never told more than yes, no, or that a person must look.
      const said = rma.state.legs || ['accepted', 'refused'].includes(assessed) ? assessed : 'referred';
      return rma.work(outcome, { assessed: said, verdict, pending, backup });
    }
    case 'early': {
      // What the provider has made it cannot refuse.
      const line = nextEarly(rma.state);
      const made = line && rma.provider.refundOf(`${rma.state.caseId}/${line.intent}`);
      return rma.payEarly(made && one.outcome === 'refused' ? 'done' : one.outcome, one.pending);
    }
    case 'answer_lost': {
      // The provider has done it, and its answer never came.
      const line = rma.stage === 'refund_due' ? nextDue(rma.state) : nextEarly(rma.state);
      const stopped = rma.ended || ['unwinding', 'recovering_advance'].includes(rma.stage);
      const held = rma.state.disputes?.some((dispute) => dispute.state === 'open');
      if (line && !stopped && !held) rma.provider.refund(`${rma.state.caseId}/${line.intent}`, line.amountMinor, one.pending);
      return;
    }
    case 'answer_late': {
      const line = rma.state.money.find(
        ({ intent, providerId }) => !providerId && rma.provider.refundOf(`${rma.state.caseId}/${intent}`),
      );
      const made = line && rma.provider.refundOf(`${rma.state.caseId}/${line.intent}`);
      if (rma.stage !== 'refund_due' || !made || made.status === 'failed') return;
      const { intent } = line;
      const type = made.status === 'pending' ? 'refund_sent' : settlesAll(rma.state, intent) ? 'refunded' : 'refund_settled';
      return rma.record({ type, by: mendline, intent, providerId: made.id });
    }
    case 'errands':
      return rma.runErrands(one.cause);
    case 'ring':
      return void rma.ring();
    case 'wait':
      return rma.wait(one.hours * hour);
    case 'cancelled_from_outside':
      return rma.ended ? undefined : rma.cancelFromOutside();
    case 'continued': {
      const carried = JSON.parse(JSON.stringify({ ...rma.state, run: rma.state.run + 1 })) as ReturnState;
      rma.state = carried;
      return;
    }
    case 'reopened': {
      const stage = reopensAt(rma.state);
      if (stage) rma.record({ type: 'reopened', by: { id: 'manager-1', role: 'manager' }, cause: 'appeal', result: stage });
    }
  }
}
/** Asked for seldom: they end a case, or may be given at any time. */
export const rare: readonly CommandName[] = [
  'withdraw_case',
  'cancel_case',
  'hold_case',
  'assign_case',
  'link_case',
  'add_note',
  'send_message',
  'request_escalation',
  'waive_breach',
];

/** A decision is looked at again; a refund that failed late is sent again. */
function reopensAt({ stage, money }: ReturnState): ReturnStage | undefined {
  if (stage === 'rejected') return 'under_review';
  return stage === 'refunded' && money.some((line) => line.state === 'failed') ? 'refund_due' : undefined;
}

/** The parcels of the case, the newest most often; and one that is nobody’s. */
function parcelOf({ legs = [] }: ReturnState, nth: number): string {
  if (nth === 9) return 'Z9';
  const newest = legs.at(-1)?.trackingNo ?? 'RT1';
  return nth < 5 ? newest : pick([...legs.map((leg) => leg.trackingNo), newest], nth);
}

function hear(rma: PaperCase, told: Journal, fact: ReturnFact): void {
  const early = rma.ended || !isKnown(rma.state, fact);
  rma.hear(fact);
  told.sent.push({ fact, early });
}

/** The case knows the parcel or the payment that a fact is about. */
function isKnown({ legs, money }: ReturnState, fact: ReturnFact): boolean {
  if (fact.name === 'parcel_scanned') return legs?.some((leg) => leg.trackingNo === fact.trackingNo) === true;
  if ('refundId' in fact) return money.some((line) => line.providerId === fact.refundId);
  return 'chargeId' in fact ? money.some((line) => line.providerId === fact.chargeId) : true;
}

function command(
  rma: PaperCase,
  told: Journal,
  name: CommandName,
  how: { flavour: number; wild: boolean; messageId: string; expectedRevision?: number },
): void {
  const { flavour: f, wild, messageId, expectedRevision } = how;
  const role = pick<Role>(commandRoles[name], f);
  const actor = { id: `${role}-${1 + (f % 2)}`, role };
  const payload = payloads[name](rma.state, f, wild);
  const sent = { name, actor, messageId, expectedRevision, payload } as unknown as ReturnCommand;
  const before = rma.state;
  const refusal = rma.command(sent);
  if (refusal) equal(rma.state, before, 'a refusal changed something');
  else told.sent.push({ command: sent });
}

/** What has been told is told again: not one bit may differ; under another id neither goods, nor money, nor stage. */
function repeat(rma: PaperCase, told: Journal, { nth, freshId }: { nth: number; freshId: boolean }, messageId: string): void {
  if (told.sent.length === 0) return;
  const { command: again, fact, early } = pick(told.sent, nth);
  const before = rma.state;
  if (again) {
    if (before.seen.includes(again.messageId)) equal(rma.command(again), undefined);
    equal(rma.state, before, `${again.name} told twice`);
    return;
  }
  if (!fact || fact.name === 'retry_now' || (early && freshId)) return;
  if (!freshId) {
    const isKnown = before.seen.some((id) => id.endsWith(`/${fact.eventId}`));
    if (isKnown) rma.hear(fact);
    if (isKnown) equal(rma.state, before, `${fact.name} told twice`);
    return;
  }
  rma.hear({ ...fact, eventId: messageId });
  const { lots, money, stage } = rma.state;
  const same = stage === before.stage && isDeepStrictEqual([lots, money], [before.lots, before.money]);
  if (!same) throw new Error(`${fact.name} told twice under another id: ${JSON.stringify(fact)}`);
}

/** The provider's true word: pending becomes paid or fails, and what was paid may still fail late. */
function providerSays(
  rma: PaperCase,
  told: Journal,
  { nth, status }: { nth: number; status: 'succeeded' | 'failed' },
  eventId: string,
): void {
  const { refunds, charges } = rma.provider;
  const open = [
    ...[...refunds, ...charges].filter((one) => one.status === 'pending'),
    ...refunds.filter((one) => one.status === 'succeeded' && status === 'failed'),
  ];
  if (open.length === 0) return;
  const one = pick(open, nth);
  one.status = status;
  const fact = { eventId, amountMinor: one.amountMinor, currency: rma.state.currency, occurredAt: rma.now };
  const succeeded = status === 'succeeded';
  if (charges.includes(one))
    hear(rma, told, { name: succeeded ? 'payment_settled' : 'payment_failed', chargeId: one.id, ...fact });
  else hear(rma, told, { name: succeeded ? 'refund_settled' : 'refund_failed', refundId: one.id, ...fact });
}

/** A word that is not true of this case: another case’s refund, another sum, another currency. */
function rumour(rma: PaperCase, nth: number, f: number, eventId: string): ReturnFact {
  const { refunds } = rma.provider;
  const one = refunds.length > 0 ? pick(refunds, nth) : { id: 're_other', amountMinor: 999_998 };
  const occurredAt = rma.now;
  return pick<ReturnFact>(
    [
      { name: 'refund_settled', eventId, refundId: 're_other', amountMinor: 999_999, occurredAt },
      { name: 'refund_settled', eventId, refundId: one.id, amountMinor: one.amountMinor + 1, occurredAt },
      { name: 'refund_settled', eventId, refundId: one.id, amountMinor: one.amountMinor, currency: 'EUR', occurredAt },
      { name: 'refund_failed', eventId, refundId: 're_other', occurredAt },
      { name: 'payment_settled', eventId, chargeId: 'ch_other', amountMinor: 1, currency: 'GBP', occurredAt },
      { name: 'payment_failed', eventId, chargeId: 'ch_other', occurredAt },
    ],
    f,
  );
}

type Payload = (state: ReturnState, f: number, wild: boolean) => object;
const noLine = { lineId: 'none', quantity: 1 };
/** Some of the units that pass the test; wild ones are too many, or of a line that is not there. */
function unitsOf(state: ReturnState, f: number, wild: boolean, test: Parameters<ReturnState['lots']['filter']>[0], more: object) {
  const lots = state.lots.filter(test).filter((_, index) => f % 3 !== 1 || index === 0);
  const units = lots.map(({ lineId, quantity }) => ({ lineId, quantity: f % 4 === 1 ? 1 : quantity, ...more }));
  if (units.length === 0 || (wild && f % 2)) return [...units, { ...noLine, ...more }];
  return wild ? units.map((unit) => ({ ...unit, quantity: unit.quantity + 1 })) : units;
}
const priceOf = ({ lines }: ReturnState, lineId: string): number =>
  lines.find((line) => line.lineId === lineId)?.unitPriceMinor ?? 0;

/** What each command says of the case as it is; wild ones ask for more than there is. */
export const payloads: Record<CommandName, Payload> = {
  edit_request: ({ request }, f) =>
    pick<object>(
      [
        { lines: request?.lines.slice(0, 1 + (f % 3)).map((line) => ({ ...line, quantity: 1 + (f % line.bought) })) },
        { reason: pick(reasons, f), wantedOutcome: pick(wantedOutcomes, f) },
      ],
      f,
    ),
  decide_request: (_, f) => ({ verdict: pick(['accept', 'accept', 'refuse', 'accept_without_return'], f), ruleIds: ['uk.strr'] }),
  request_evidence: () => ({ items: ['photo'] }),
  submit_evidence: (_, f) => ({ evidenceIds: [`ev-${f % 5}`] }),
  propose: ({ paidMinor }, f, wild) => ({
    kind: pick(proposalKinds, f),
    amountMinor: wild ? f * 1_000 - 5 : Math.max(1, Math.floor((paidMinor * (f % 10)) / 20)),
    ...(wild && f % 3 === 0 ? { currency: 'EUR' } : {}),
  }),
  answer_proposal: ({ proposal }, f, wild) => ({
    answer: pick(['accept', 'decline'], f),
    ...(wild ? { proposalNo: f % 3 } : proposal && f % 2 ? { proposalNo: proposal.no } : {}),
  }),
  choose_channel: (_, f) => ({ channel: pick(handoverChannels, f), ...(f % 2 ? { pointId: 'P7' } : {}) }),
  book_pickup: (_, f) => ({ slotId: `slot-${f}` }),
  reschedule_pickup: (_, f) => ({ slotId: `slot-${f}` }),
  cancel_pickup: () => ({}),
  submit_tracking: ({ legs = [] }, f) => ({
    carrier: 'own',
    trackingNo: f % 4 ? `X${f % 3}` : (legs.at(-1)?.trackingNo ?? 'RT1'),
  }),
  record_reception: (state, f, wild) => {
    const condition = pick([...conditions, 'received', 'received'] as const, f);
    return {
      parcelId: `P${f % 3}`,
      scanNo: 1 + (f % 7),
      units: f % 12 === 0 ? [] : unitsOf(state, f, wild, countable(condition), { condition }),
      ...(f % 6 === 0 ? { extras: [{ sku: 'mug', quantity: 1 }] } : {}),
    };
  },
  record_inspection: (state, f, wild) => ({
    units: unitsOf(state, f, wild, ungraded, { grade: pick(['A', ...grades], f), disposition: pick(dispositions, f) }),
  }),
  settle_discrepancy: (state, f, wild) => {
    const decision = pick(['waive', 'deduct', 'refuse_goods', 'deduct'] as const, f);
    const open = state.lots.filter(undecided);
    const deductions = open.slice(0, 1).map(({ lineId, quantity }) => ({
      lineId,
      quantity,
      amountMinor: Math.floor((quantity * priceOf(state, lineId) * (wild ? 12 : f % 11)) / 10),
    }));
    return { decision, ruleIds: ['uk.strr'], ...(decision === 'deduct' && f % 5 ? { deductions } : {}) };
  },
  declare_lost: (_, f) => ({ proofIds: f % 2 ? ['proof-1'] : [] }),
  choose_remedy: (_, f) => ({ remedy: pick(['reship', 'refund'], f) }),
  pay_balance: () => ({ proofIds: ['proof-1'] }),
  write_off: () => ({}),
  resolve_attention: ({ from = '' }, f, wild) => {
    const results = [...(rowOf(rules, from)?.results ?? []), ...(wild ? ['nonsense', 'refunded'] : [])];
    return {
      verb: pick(['retry', 'skip', 'override', 'compensate', 'override'], f),
      result: results.length > 0 ? pick(results, f) : undefined,
      proofIds: f % 4 ? ['proof-1'] : [],
    };
  },
  hold_case: (state, f) => ({ reason: pick(holdReasons, f), ...(f % 2 ? { until: state.at + f * hour } : {}) }),
  resume_case: () => ({}),
  assign_case: (_, f) => ({ assignee: `agent-${f % 3}` }),
  link_case: (_, f) => ({ otherId: `C-${f}`, kind: pick(linkKinds, f) }),
  withdraw_case: () => ({}),
  cancel_case: () => ({}),
  add_note: () => ({ textRef: 'text-1' }),
  send_message: () => ({ textRef: 'text-1' }),
  request_escalation: (_, f) => ({ cause: pick(escalationReasons, f) }),
  decide_escalation: (_, f) => ({ verdict: pick(['grant', 'grant', 'decline'], f), ...(f % 2 ? { sponsor: 'manager-1' } : {}) }),
  de_escalate: () => ({}),
  waive_breach: ({ clocks }, f, wild) => ({ clockId: wild || clocks.length === 0 ? 'none#0' : pick(clocks, f).id }),
};
