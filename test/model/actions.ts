/**
 * Everything that can be done to a return from outside: commands, wrong ones too, words of partners true and false, repeats, jumps in time, partners
 * that fail, a worker that dies, going on after the end. What an action means is read from the model, so that an order stays playable as it shrinks.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { virtualNow } from '../../dev/time-travel.ts';
import { refundTriggers } from '../../domain/case.ts';
import { nextMilestone } from '../../domain/deadlines.ts';
import { availableMoves } from '../../domain/moves.ts';
import { commandNames, commandRoles, roles, type CommandName } from '../../domain/permissions.ts';
import { chargebackShares } from '../../domain/return-money.ts';
import { payloads, pick, rare, scanCodes } from '../domain/random-orders.ts';
import { rules } from '../domain/paper-case.ts';
import { bodyOf } from './calls.ts';
import type { Setup } from './lane.ts';
import type { Sequence } from './play.ts';

type Sender = 'right' | 'other_role' | 'other_merchant' | 'other_customer';
export type Action =
  | { kind: 'command'; nth: number; flavour: number; wild: boolean; sender: Sender; lookedAt?: number }
  | { kind: 'useful'; nth: number; flavour: number }
  | { kind: 'onward' }
  | { kind: 'scan'; code: string; parcel: number; lateMs: number; attempt?: number }
  | { kind: 'provider'; nth: number; status: 'succeeded' | 'failed' }
  | { kind: 'rumour'; flavour: number }
  | { kind: 'dispute'; share: number; result: 'won' | 'lost' }
  | { kind: 'repeat'; nth: number }
  | { kind: 'trouble'; activity: (typeof troubled)[number]; how: 'refused' | 'away' | 'unheard' }
  | { kind: 'pend'; activity: 'refundPayment' | 'recoverAdvance' }
  | { kind: 'ring' }
  | { kind: 'wait'; hours: number }
  | { kind: 'crash' }
  | { kind: 'reopen'; how: 'appeal' | 'reopen'; entry: 'decision' | 'money' | 'goods'; flavour: number };

const troubled = [
  'refundPayment',
  'recoverAdvance',
  'issueReturnLabel',
  'arrangePickup',
  'runErrands',
  'lookUpRefund',
  'releaseUnitsIfPresent',
  'voidReturnLabelIfPresent',
] as const;

const kind = <K extends Action['kind']>(name: K) => fc.constant(name);
const flavour = fc.nat(999);
const of = (weight: number, arbitrary: fc.Arbitrary<Action>) => ({ weight, arbitrary });
const action: fc.Arbitrary<Action> = fc.oneof(
  of(
    5,
    fc.record(
      {
        kind: kind('command'),
        nth: fc.nat(commandNames.length - 1),
        flavour,
        wild: fc.boolean(),
        sender: fc.constantFrom<Sender>(
          'right',
          'right',
          'right',
          'right',
          'right',
          'other_role',
          'other_merchant',
          'other_customer',
        ),
        lookedAt: fc.nat(3),
      },
      { requiredKeys: ['kind', 'nth', 'flavour', 'wild', 'sender'] },
    ),
  ),
  of(8, fc.record({ kind: kind('onward') })),
  of(8, fc.record({ kind: kind('useful'), nth: fc.nat(99), flavour })),
  of(
    5,
    fc.record(
      {
        kind: kind('scan'),
        code: fc.constantFrom(...scanCodes),
        parcel: fc.nat(9),
        lateMs: fc.constantFrom(0, 0, 0, 3, 3_600_001),
        attempt: fc.integer({ min: 1, max: 4 }),
      },
      { requiredKeys: ['kind', 'code', 'parcel', 'lateMs'] },
    ),
  ),
  of(2, fc.record({ kind: kind('provider'), nth: fc.nat(9), status: fc.constantFrom('succeeded' as const, 'failed' as const) })),
  of(1, fc.record({ kind: kind('rumour'), flavour })),
  of(
    1,
    fc.record({
      kind: kind('dispute'),
      share: fc.integer({ min: 1, max: 4 }),
      result: fc.constantFrom('won' as const, 'lost' as const),
    }),
  ),
  of(2, fc.record({ kind: kind('repeat'), nth: fc.nat(50) })),
  of(
    1,
    fc.record({
      kind: kind('trouble'),
      activity: fc.constantFrom(...troubled),
      how: fc.constantFrom('refused' as const, 'away' as const, 'unheard' as const),
    }),
  ),
  of(1, fc.record({ kind: kind('pend'), activity: fc.constantFrom('refundPayment' as const, 'recoverAdvance' as const) })),
  of(2, fc.record({ kind: kind('ring') })),
  of(1, fc.record({ kind: kind('wait'), hours: fc.integer({ min: 1, max: 200 }) })),
  of(1, fc.record({ kind: kind('crash') })),
  of(
    1,
    fc.record({
      kind: kind('reopen'),
      how: fc.constantFrom('appeal' as const, 'reopen' as const),
      entry: fc.constantFrom('decision' as const, 'money' as const, 'goods' as const),
      flavour,
    }),
  ),
);

export const setups: fc.Arbitrary<Setup> = fc.record(
  {
    lines: fc.array(
      fc.record({
        quantity: fc.integer({ min: 1, max: 3 }),
        more: fc.nat(1),
        unitPriceMinor: fc.constantFrom(1, 333, 2_500, 12_000),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    quality: fc.boolean(),
    channel: fc.nat(3),
    pends: fc.boolean(),
    instant: fc.constantFrom(...refundTriggers),
    historyBudget: fc.constantFrom(60, 120),
  },
  { requiredKeys: ['lines', 'quality', 'channel', 'pends'] },
);

/** How many commands were played, by kind. */
export type Tally = Map<string, number>;

/** An action as fast-check wants it. */
class Doing implements fc.AsyncCommand<Sequence['shadow'], Sequence> {
  constructor(
    private readonly action: Action,
    private readonly tally: Tally,
  ) {}
  check = (): boolean => true;
  async run(_: Sequence['shadow'], real: Sequence): Promise<void> {
    const { kind: name } = this.action;
    this.tally.set(name, (this.tally.get(name) ?? 0) + 1);
    await play(this.action, real);
  }
  toString = (): string => JSON.stringify(this.action);
}
export const commandsOf = (tally: Tally, maxCommands: number, replayPath?: string) =>
  fc.commands([action.map((one) => new Doing(one, tally))], { maxCommands, size: 'max', ...(replayPath ? { replayPath } : {}) });

/** Legs at random: mostly the newest, and one that is nobody's. */
function parcelOf({ shadow }: Sequence, nth: number): string {
  const legs = (shadow.state.legs ?? []).map((leg) => leg.trackingNo);
  return nth === 9 || legs.length === 0 ? 'ZZ9' : nth < 5 ? legs.at(-1)! : pick(legs, nth);
}

async function play(one: Action, real: Sequence): Promise<void> {
  const { lane, caseId, shadow } = real;
  switch (one.kind) {
    case 'command':
      return command(real, commandNames[one.nth]!, one);
    case 'useful': {
      const names = availableMoves(rules, shadow.state).filter((name) => !rare.includes(name) || one.flavour % 5 === 0);
      return names.length > 0 ? command(real, pick(names, one.nth), { ...one, wild: false, sender: 'right' }) : undefined;
    }
    case 'onward':
      return onward(real);
    case 'scan': {
      const { code, lateMs, attempt } = one;
      const occurredAt = real.now() - lateMs;
      const told = { trackingNo: parcelOf(real, one.parcel), code, ...(attempt ? { attempt } : {}) };
      const eventId = randomUUID();
      const data = { caseId, ...told, occurredAt: new Date(occurredAt).toISOString() };
      if (code === 'unheard_of' || code === 'constructor') return unknownScan(real, data);
      return real.tell('carrier', 'parcel_scanned', data, { name: 'parcel_scanned', eventId, ...told, occurredAt });
    }
    case 'provider':
      return providerSays(real, one);
    case 'rumour':
      return rumour(real, one.flavour);
    case 'dispute':
      return dispute(real, one);
    case 'repeat':
      return void (await real.repeat(one.nth));
    case 'trouble':
      return lane.strike(caseId, one.activity, one.how);
    case 'pend':
      return lane.pend(caseId, one.activity);
    case 'ring': {
      const next = nextMilestone(shadow.state);
      return next ? real.wait(Math.max(1, Math.ceil((next.at - (await virtualNow(real.handle()))) / 1_000) + 1)) : undefined;
    }
    case 'wait':
      return real.wait(one.hours * 3_600);
    case 'crash':
      await lane.crash();
      return void (await real.settle());
    case 'reopen':
      return reopen(real, one);
  }
}

async function command(
  real: Sequence,
  name: CommandName,
  how: { flavour: number; wild: boolean; sender: Sender; lookedAt?: number },
): Promise<void> {
  const { flavour: f, wild, sender, lookedAt } = how;
  const { shadow } = real;
  const others = roles.filter((role) => !(commandRoles[name] as readonly string[]).includes(role));
  const role = sender === 'other_role' ? pick(others, f) : pick(commandRoles[name], f);
  const own = role === 'customer' ? 'cust-1' : `${role}-${1 + (f % 2)}`;
  const person = {
    id: sender === 'other_customer' && role === 'customer' ? 'cust-2' : own,
    role,
    merchantId: sender === 'other_merchant' ? 'm2' : 'm1',
  };
  const payload = payloads[name](shadow.state, f, wild);
  const body = bodyOf(name, payload as never);
  if (name === 'hold_case' && 'until' in body)
    body.until = new Date((await virtualNow(real.handle())) + f * 3_600_000 + 1_800_000).toISOString();
  if (name === 'book_pickup' || name === 'reschedule_pickup') await withSlot(real, body, f);
  const expectedRevision = lookedAt === undefined ? undefined : Math.max(0, shadow.state.revision - lookedAt);
  return real.give({ name, person, key: randomUUID(), body, expectedRevision });
}

/** What brings the case nearer to its refund: few random orders come so far by themselves. */
const next: Readonly<Record<string, readonly [CommandName, number]>> = {
  under_review: ['decide_request', 0],
  awaiting_customer: ['submit_evidence', 0],
  negotiating: ['answer_proposal', 0],
  awaiting_handover: ['record_reception', 11],
  in_transit: ['record_reception', 11],
  lost_suspected: ['choose_remedy', 1],
  received: ['record_inspection', 14],
  discrepancy: ['settle_discrepancy', 5],
  deduction_offered: ['answer_proposal', 0],
  recovering_advance: ['pay_balance', 1],
  needs_attention: ['resolve_attention', 0],
};
async function onward(real: Sequence): Promise<void> {
  const { stage } = real.shadow.state;
  const [name, flavour] = next[stage] ?? [];
  if (name !== undefined && flavour !== undefined) return command(real, name, { flavour, wild: false, sender: 'right' });
  if (stage === 'refund_due') return providerSays(real, { nth: 0, status: 'succeeded' });
}

/** A slot that there is, or one that the carrier has never heard of. */
async function withSlot({ lane }: Sequence, body: Record<string, unknown>, f: number): Promise<void> {
  const slots = await lane.door.stage.partners.carrier.listSlots({ from: new Date().toISOString(), days: 7 });
  if (f % 5 !== 0 && slots.length > 0) body.slotId = pick(slots, f).slotId;
}

async function unknownScan(real: Sequence, data: object): Promise<void> {
  const reply = await real.lane.door.webhook('carrier', { type: 'parcel_scanned', data });
  if (reply.status !== 400) throw new Error(`a scan that nobody knows was answered with ${reply.status}`);
  await real.settle();
}

/** The provider's true word: what was pending is paid or fails, and what was paid may still fail late. */
async function providerSays(real: Sequence, { nth, status }: { nth: number; status: 'succeeded' | 'failed' }): Promise<void> {
  const { lane, caseId, order } = real;
  const { partners } = lane.door.stage;
  const ours = <T extends { caseId: string; status: string }>(all: readonly T[], ...states: string[]) =>
    all.filter((one) => one.caseId === caseId && states.includes(one.status));
  const refunds = ours(partners.refunds, ...(status === 'failed' ? ['pending', 'succeeded'] : ['pending']));
  const charges = ours(partners.charges, 'pending');
  if (refunds.length + charges.length === 0) return;
  const one = pick<(typeof refunds)[number] | (typeof charges)[number]>([...refunds, ...charges], nth);
  const occurredAt = real.now();
  const { amountMinor } = one;
  const { currency } = order;
  const eventId = randomUUID();
  const data = { caseId, amountMinor, currency, occurredAt: new Date(occurredAt).toISOString() };
  const sum = { eventId, amountMinor, currency, occurredAt };
  if ('refundId' in one) {
    partners.settle(one.refundId, status);
    const type = status === 'succeeded' ? 'refund_settled' : 'refund_failed';
    const fact =
      type === 'refund_settled'
        ? ({ name: type, refundId: one.refundId, ...sum } as const)
        : ({ name: type, eventId, refundId: one.refundId, occurredAt } as const);
    return real.tell('payments', type, { ...data, refundId: one.refundId }, fact);
  }
  partners.settleCharge(one.chargeId, status);
  const type = status === 'succeeded' ? 'payment_settled' : 'payment_failed';
  const fact =
    type === 'payment_settled'
      ? ({ name: type, chargeId: one.chargeId, ...sum } as const)
      : ({ name: type, eventId, chargeId: one.chargeId, occurredAt } as const);
  return real.tell('payments', type, { ...data, chargeId: one.chargeId }, fact);
}

/** A word that is not true of this case: another case's refund, another sum, another currency. */
async function rumour(real: Sequence, f: number): Promise<void> {
  const { lane, caseId, order } = real;
  const own = lane.door.stage.partners.refunds.filter((one) => one.caseId === caseId);
  const one = own.length > 0 ? pick(own, f) : { refundId: 're_other', amountMinor: 999_998 };
  const occurredAt = real.now();
  const eventId = randomUUID();
  const [refundId, amountMinor, currency] = pick(
    [
      ['re_other', 999_999, order.currency],
      [one.refundId, one.amountMinor + 1, order.currency],
      [one.refundId, one.amountMinor, 'EUR'],
    ] as const,
    f,
  );
  const data = { caseId, refundId, amountMinor, currency, occurredAt: new Date(occurredAt).toISOString() };
  return real.tell('payments', 'refund_settled', data, {
    name: 'refund_settled',
    eventId,
    refundId,
    amountMinor,
    currency,
    occurredAt,
  });
}

/** The bank holds the payment; the next time it decides. */
async function dispute(real: Sequence, { share, result }: { share: number; result: 'won' | 'lost' }): Promise<void> {
  const { lane, order, shadow } = real;
  const { paymentId, merchantId, currency } = order;
  const { partners, database } = lane.door.stage;
  const open = shadow.state.disputes?.find((one) => one.state === 'open');
  const occurredAt = real.now();
  const eventId = randomUUID();
  const data = { merchantId, paymentId, currency, occurredAt: new Date(occurredAt).toISOString() };
  if (!open) {
    const amountMinor = Math.ceil(order.paidMinor / share);
    const disputeId = partners.openDispute({ paymentId, amountMinor });
    const fact = { name: 'dispute_opened', eventId, disputeId, amountMinor, occurredAt } as const;
    return real.tell('payments', 'dispute_opened', { ...data, disputeId, amountMinor }, fact);
  }
  const { disputeId, amountMinor } = open;
  partners.closeDispute(disputeId, result);
  const concerned = await database.cases.ofPayment(merchantId, paymentId);
  const [borne = 0] = result === 'lost' ? chargebackShares(amountMinor, concerned) : [amountMinor];
  const fact = { name: 'dispute_closed', eventId, disputeId, amountMinor: borne, result, occurredAt } as const;
  return real.tell('payments', 'dispute_closed', { ...data, disputeId, amountMinor, result }, fact);
}

/** Open, it is refused; ended, it goes on where the rules let it. */
async function reopen(real: Sequence, { how, entry, flavour: f }: Extract<Action, { kind: 'reopen' }>): Promise<void> {
  const { lane, caseId, shadow } = real;
  const as = how === 'appeal' ? 'customer' : pick(['customer', 'manager'] as const, f);
  const body = how === 'appeal' ? { reason: 'please look again' } : { cause: 'other', entry };
  const { ended } = shadow;
  const key = randomUUID();
  const reply = await lane.door.command(caseId, how, as, body, { key });
  const told = await real.settle();
  const reopened = told.filter(({ event }) => event.type === 'reopened');
  if (reply.status !== 200 && ![409, 422].includes(reply.status))
    throw new Error(`${how} answered ${reply.status}: ${reply.text}`);
  if (!ended && reply.status === 200) throw new Error(`an open case was reopened`);
  if (reopened.length !== (reply.status === 200 ? 1 : 0))
    throw new Error(`${how} answered ${reply.status}, and ${reopened.length} reopenings are told`);
}
