/**
 * What must hold of a return after every single event, whatever the order: rules 1, 3, 4, 5 and 7 of what is conserved, and the rules for
 * every flow, as the design states them. Written against the state, the table and the provider's own ledger, without the code that it checks:
 * neither conservation.ts nor the sums of refunds.ts. Rule 2 needs several cases (return.property.test.ts); rule 6 is of exchanges.
 */
import type { Lot } from '../../domain/goods.ts';
import type { MoneyLine } from '../../domain/money.ts';
import type { ReturnEvent, ReturnState } from '../../domain/return-state.ts';
import { openReturnStages, returnEnds, returnTable } from '../../domain/return-table.ts';
import type { StageRow } from '../../domain/stage-table.ts';
import type { PaperProvider } from './paper-provider.ts';

const table: Readonly<Record<string, StageRow>> = returnTable;
const ends: readonly string[] = returnEnds;
const stages: readonly string[] = [...openReturnStages, ...returnEnds];

/** What was ordered and paid: the case may not know better. */
export interface Ordered {
  readonly paidMinor: number;
  readonly prices: Readonly<Record<string, number>>;
}
export interface Seen {
  readonly before: ReturnState;
  readonly event: ReturnEvent;
  readonly after: ReturnState;
  readonly provider: PaperProvider;
  /** Paid out before the event, as the provider has it and by hand. */
  readonly outBefore: number;
  readonly ordered: Ordered;
  /** Stages that the policy of the case has a limit for; others are not entered. */
  readonly known: readonly string[];
  /** A person has said that the money was paid another way. */
  readonly byHand: boolean;
}

export function wrongAfter(seen: Seen): string[] {
  return [...wrongInItself(seen), ...wrongByLedger(seen)];
}
/** What the case alone tells: its way through the table, its goods, its clocks. */
export const wrongInItself = (seen: Seen): string[] => [
  ...movedWrong(seen),
  ...goodsWrong(seen),
  ...clocksWrong(seen.before, seen.after),
];
/** What is held against the provider's ledger as it is now. */
export const wrongByLedger = (seen: Seen): string[] => [...moneyWrong(seen), ...endWrong(seen)];

const collect = (): { wrong: string[]; must: (holds: boolean, otherwise: string) => void } => {
  const wrong: string[] = [];
  return { wrong, must: (holds, otherwise) => void (holds || wrong.push(otherwise)) };
};

// ——— the way through the table ———

/** Every stage that this event may lead to from here; the guards are free to choose among them. */
function leadsTo({ stage, from = '', target, after }: ReturnState, event: ReturnEvent): string[] {
  const routes = (of: string, move: string): string[] => {
    const route = table[of]?.moves[move];
    if (route === undefined) return [];
    return typeof route === 'string' ? [route] : route.map((one) => (typeof one === 'string' ? one : one.to));
  };
  const resolved = (to: string): string[] => {
    if (to === '@from') return [from];
    if (to === '@step') return table[from]?.step ? [from, stage] : [stage];
    if (to === '@target') return target ? [target] : [];
    if (to === '@after') return after ? [after] : [];
    if (to === '@stay') return [stage];
    if (to === '@skip') return routes(from, table[from]?.onSkip ?? '').flatMap(resolved);
    return to === '@result' ? routes(from, event.result ?? '').flatMap(resolved) : [to];
  };
  return routes(stage, event.type).flatMap(resolved);
}

function movedWrong({ before, event, after, known }: Seen): string[] {
  const { wrong, must } = collect();
  must(stages.includes(after.stage), `${after.stage} is no stage`);
  must(after.revision === before.revision + 1, 'an event is one revision');
  must(after.at >= before.at, 'time ran backwards');
  must(after.seen.length <= 200, 'too many ids are kept');
  if (event.type === 'reopened') return wrong;
  must(!ends.includes(before.stage) || after.stage === before.stage, `it left the end ${before.stage}`);
  if (ends.includes(before.stage)) {
    must(JSON.stringify(before.lots) === JSON.stringify(after.lots), 'goods moved after the end');
    return wrong;
  }
  const ways = leadsTo(before, event);
  // Before an end without a refund goods that are here are sent back, and an advance is recovered.
  const ending = ways.some((to) => ends.includes(to));
  const detours = [
    ...(ending ? ['sending_back', 'refund_due'] : []),
    ...(ending || ways.includes('sending_back') ? ['recovering_advance'] : []),
  ];
  const unknown = ways.some((to) => table[to]?.clockFrom === 'entry' && !known.includes(to)) ? ['needs_attention'] : [];
  must(
    after.stage === before.stage || [...ways, ...detours, ...unknown].includes(after.stage),
    `${event.type} led from ${before.stage} to ${after.stage}`,
  );
  return wrong;
}

// ——— goods: rule 1 ———

/** The legal moves of a unit. `back`: refused and with the customer again. */
const legalMoves: Readonly<Record<string, readonly string[]>> = {
  with_customer: ['awaiting', 'kept', 'undelivered'],
  awaiting: ['in_transit', 'with_customer'],
  in_transit: ['received', 'short_shipped', 'shipped_wrong_item', 'lost_in_transit', 'awaiting'],
  short_shipped: ['received'],
  shipped_wrong_item: ['received'],
  lost_in_transit: ['received', 'in_transit'],
  received: ['sent_back'],
  sent_back: ['back', 'lost_in_transit'],
  undelivered: ['in_transit', 'lost_in_transit', 'with_customer'],
  kept: [],
  back: [],
};
const reachable = new Map(
  Object.keys(legalMoves).map((start) => {
    const found = new Set([start]);
    for (const one of found) for (const next of legalMoves[one]!) found.add(next);
    return [start, found];
  }),
);
const placeOf = ({ reception, acceptance }: Lot): string =>
  reception === 'with_customer' && acceptance === 'rejected' ? 'back' : reception;
const unitsOf = (lots: readonly Lot[], lineId: string): string[] =>
  lots.filter((lot) => lot.lineId === lineId).flatMap((lot) => Array.from({ length: lot.quantity }, () => placeOf(lot)));

/** Whether each unit can have gone from its place before to a place after, one to one. */
function canHaveMoved(before: readonly string[], after: readonly string[]): boolean {
  const taken: number[] = after.map(() => -1);
  const place = (unit: number, tried: Set<number>): boolean =>
    after.some((to, index) => {
      if (tried.has(index) || !reachable.get(before[unit]!)!.has(to)) return false;
      tried.add(index);
      if (taken[index]! >= 0 && !place(taken[index]!, tried)) return false;
      taken[index] = unit;
      return true;
    });
  return before.length === after.length && before.every((_, unit) => place(unit, new Set()));
}

function goodsWrong({ before, event, after, ordered }: Seen): string[] {
  const { wrong, must } = collect();
  if (before.lots === after.lots && before.lines === after.lines) return wrong;
  const { lots, lines } = after;
  must(
    lots.every((lot) => Number.isInteger(lot.quantity) && lot.quantity > 0 && placeOf(lot) in legalMoves),
    'rule 1: a lot without units or without a place',
  );
  must(
    lots.every((lot) => lines.some((line) => line.lineId === lot.lineId)),
    'rule 1: units that were not asked for',
  );
  for (const { lineId, quantity, unitPriceMinor } of lines) {
    must(unitPriceMinor === ordered.prices[lineId], `the price of line ${lineId} has changed`);
    must(unitsOf(lots, lineId).length === quantity, `rule 1: line ${lineId} of ${quantity} has other units`);
  }
  if (event.type === 'request_edited' || event.type === 'edit_undone') {
    const all = [...before.lots, ...lots];
    must(
      all.every((lot) => lot.reception === 'with_customer' || lot.reception === 'undelivered'),
      'a request was edited whose goods have moved',
    );
  } else
    for (const { lineId } of lines)
      must(
        canHaveMoved(unitsOf(before.lots, lineId), unitsOf(lots, lineId)),
        `rule 1: a unit of line ${lineId} went where none can go: ${unitsOf(before.lots, lineId).join()} to ${unitsOf(lots, lineId).join()}`,
      );
  must(
    lots.every((lot) => lot.acceptance !== 'accepted' || ['received', 'kept'].includes(lot.reception)),
    'accepted, and neither here nor kept',
  );
  must(
    lots.every((lot) => lot.acceptance !== 'rejected' || ['received', 'sent_back', 'with_customer'].includes(lot.reception)),
    'rejected, and never here',
  );
  must(
    lots.every(
      (lot) => lot.grade === undefined || ['received', 'sent_back', 'with_customer', 'lost_in_transit'].includes(lot.reception),
    ),
    'graded, and never here',
  );
  return wrong;
}

// ——— money: rules 3, 4 and 5 ———

const givesARight = ({ reception, acceptance, risk, waived }: Lot): boolean => {
  if (waived) return true;
  if (reception === 'lost_in_transit') return risk !== 'customer';
  return acceptance === 'accepted' && (reception === 'received' || reception === 'kept');
};
const worth = (lots: readonly Lot[], { prices }: Ordered, test: (lot: Lot) => boolean): number =>
  lots.reduce((sum, lot) => sum + (test(lot) ? lot.quantity * prices[lot.lineId]! : 0), 0);

/** What the goods give a right to, with freight and reductions, less fees and deductions. */
function dueOf({ lots, adjustments = [] }: ReturnState, ordered: Ordered): number {
  const signed = adjustments.map(({ kind, amountMinor }) =>
    kind === 'fee' || kind === 'deduction' ? -amountMinor : amountMinor,
  );
  return Math.max(
    0,
    signed.reduce((sum, one) => sum + one, worth(lots, ordered, givesARight)),
  );
}

const total = (lines: readonly { amountMinor: number }[]): number => lines.reduce((sum, one) => sum + one.amountMinor, 0);
const isBack = (line: MoneyLine): boolean => line.kind === 'recovery';

/** Gone out and not come back: at the provider, and by the hand of a person who has proof. */
export function outOf({ caseId, money }: ReturnState, provider: PaperProvider): number {
  const moved = [...provider.refunds, ...provider.charges].filter((one) => one.status !== 'failed');
  const known = new Set(moved.map((one) => one.key));
  const byHand = money.filter((line) => line.state === 'settled' && !known.has(`${caseId}/${line.intent}`));
  const refunds = provider.refunds.filter((one) => one.status !== 'failed');
  const charges = provider.charges.filter((one) => one.status === 'succeeded');
  return (
    total(refunds) - total(charges) + total(byHand.filter((line) => !isBack(line))) - total(byHand.filter((line) => isBack(line)))
  );
}

const lostOf = ({ disputes = [] }: ReturnState): number => total(disputes.filter((one) => one.state === 'lost'));
const feesOf = ({ adjustments = [] }: ReturnState): number => total(adjustments.filter((one) => one.kind === 'fee'));
const writtenOffOf = ({ money }: ReturnState): number =>
  total(money.filter((line) => isBack(line) && line.state === 'written_off'));
const advancesOf = ({ caseId }: ReturnState, { refunds }: PaperProvider) =>
  refunds.filter((one) => one.status !== 'failed' && one.key.startsWith(`${caseId}/advance`));

function moneyWrong({ before, event, after, byHand, provider, outBefore, ordered }: Seen): string[] {
  const { wrong, must } = collect();
  const amounts = [...after.money, ...(after.adjustments ?? [])].map((one) => one.amountMinor);
  must(
    amounts.every((one) => Number.isSafeInteger(one) && one >= 0),
    'money is not a whole number of minor units',
  );
  const intents = after.money.map((line) => line.intent);
  must(new Set(intents).size === intents.length, 'two lines have one intent, and one key at the provider');
  const kept = before.money.every((line) =>
    after.money.some((one) => one.intent === line.intent && one.amountMinor === line.amountMinor),
  );
  must(kept, 'a line of money vanished or changed its sum');

  const out = outOf(after, provider);
  const due = dueOf(after, ordered);
  if (out > outBefore) {
    must(out + lostOf(after) + feesOf(after) <= ordered.paidMinor, `rule 3: ${out} out, ${ordered.paidMinor} paid`);
    const advanced = total(advancesOf(after, provider));
    const isAdvance = out - outBefore <= advanced && out <= worth(after.lots, ordered, () => true);
    must(out <= due || (advanced > 0 && isAdvance), `rules 4, 5: ${out} out, ${due} due`);
  }
  for (const line of after.money) {
    const one = [...provider.refunds, ...provider.charges].find(({ key }) => key === `${after.caseId}/${line.intent}`);
    if (one) must(one.amountMinor === line.amountMinor, `${line.intent} is about another sum than the provider’s`);
    // A person with proof answers for what was paid by hand.
    if (one && line.state === 'settled' && line.providerId && !byHand)
      must(one.id === line.providerId && one.status !== 'pending', `${line.intent} counts as paid, and is ${one.status}`);
  }
  // What was paid may fail once it is being charged back; what has failed is not charged back.
  const took = total(provider.charges.filter((one) => one.status !== 'failed'));
  if (event.type === 'recovery_sent')
    must(took <= total(provider.refunds.filter((one) => one.status !== 'failed')), 'more is charged back than was paid');
  return wrong;
}

// ——— clocks: no silent wait, none of a stage that was left ———

/** The law's date and the like lie over all stages. */
const overlays = ['escalation', 'progress', 'statutory'];

function clocksWrong(before: ReturnState, after: ReturnState): string[] {
  const { wrong, must } = collect();
  if (before.clocks === after.clocks && before.stage === after.stage && before.hold === after.hold) return wrong;
  const { stage, from, clocks, hold } = after;
  const running = clocks.filter((clock) => clock.running);
  const names = running.map((clock) => clock.stage);
  must(names.length === new Set(names).size, `clocks run twice: ${names.join(' ')}`);
  const here = (one: string): boolean => one === stage || (stage === 'needs_attention' && one === from);
  for (const clock of running) {
    if (overlays.includes(clock.stage) || here(clock.stage)) continue;
    const waits = clock.stage === from && ['awaiting_customer', 'negotiating', 'needs_attention'].includes(stage);
    must(waits, `the clock of ${clock.stage} runs on in ${stage}`);
    must(clock.pausedAt !== undefined, `the clock of ${clock.stage} counts while ${stage} waits for the customer`);
  }
  for (const clock of running)
    if (clock.pausedAt !== undefined && here(clock.stage))
      must(hold !== undefined || stage === 'needs_attention', `the clock of ${clock.stage} stands still, and nothing is held`);
  must(!ends.includes(stage) || (running.length === 0 && !hold), 'a clock or a hold outlives the end');
  for (const clock of clocks)
    if (!clock.running)
      must(
        ['breached', 'fulfilled', 'waived'].includes(clock.log.at(-1)!.what),
        'a clock that has stopped was changed once more',
      );
  return wrong;
}

/** Nobody waits in silence: a clock runs, a hold has its end, or a step of ours is being tried. Asked once the story has had its turn. */
export function silentIn({ stage, clocks, hold, request, money, disputes = [] }: ReturnState): string[] {
  if (ends.includes(stage) || hold) return [];
  if (clocks.some((clock) => clock.running && clock.pausedAt === undefined && clock.stage === stage)) return [];
  const disputed = disputes.some((one) => one.state === 'open');
  const works: Readonly<Record<string, boolean>> = {
    requested: true,
    under_review: request?.toAssess === true,
    authorized: true,
    refund_due: !disputed && money.some((line) => !isBack(line) && line.state === 'due' && !line.early),
    unwinding: true,
  };
  return works[stage] ? [] : [`${stage} waits in silence`];
}

// ——— the end: rules 1, 4, 5 and 7 ———

const accountedFor = (lot: Lot): boolean =>
  lot.reception === 'received'
    ? lot.acceptance === 'accepted' // what we refused goes back
    : ['short_shipped', 'shipped_wrong_item', 'lost_in_transit', 'kept', 'with_customer'].includes(lot.reception);

function endWrong({ before, after, provider, ordered, known }: Seen): string[] {
  const { wrong, must } = collect();
  if (!ends.includes(after.stage) || before.stage === after.stage) return wrong;
  const { lots, money } = after;
  // Where goods cannot be sent back, what came while the case was let go of stays undecided.
  const goesBack = known.includes('sending_back');
  must(
    lots.every((lot) => accountedFor(lot) || (!goesBack && lot.reception === 'received')),
    `rule 1: units are on their way at the end, or here and not ours: ${lots.map((lot) => lot.reception).join(' ')}`,
  );
  const open = money.filter((line) => !['settled', 'failed', 'cancelled', 'written_off'].includes(line.state));
  must(open.length === 0, `rule 7: money is open at the end: ${open.map((line) => `${line.intent} ${line.state}`).join(', ')}`);
  must(after.attention === undefined, 'a person is still asked for');

  const due = dueOf(after, ordered);
  const out = outOf(after, provider);
  const lost = lostOf(after);
  must(out <= due + writtenOffOf(after), `rule 5: ${out} out at the end, ${due} due, ${writtenOffOf(after)} written off`);
  must(out + lost >= 0, `${-out} more was charged back at the end than had been paid`);
  if (after.stage !== 'refunded') return wrong;
  const owed = Math.min(due, ordered.paidMinor) - lost;
  must(out >= owed, `rule 4: ${out} of ${owed} were paid`);
  return wrong;
}

/** Asked once the story has had its turn after the end. */
export function leftOver({ stage, undo }: ReturnState): string[] {
  const armed = undo.filter((entry) => entry.state === 'armed' || entry.state === 'undo_failed');
  return ends.includes(stage) && armed.length > 0
    ? [`rule 7: ${armed.map((entry) => entry.step).join(', ')} outlive the end`]
    : [];
}
