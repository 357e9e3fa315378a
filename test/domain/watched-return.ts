/** Plays a random order on a return on paper, and looks at the case after every event. */
import type { ReturnEvent } from '../../domain/return-state.ts';
import type { PaperCase } from './paper-case.ts';
import { begin, journal, linesOf, paidMinorOf, play, type Order } from './random-orders.ts';
import { leftOver, outOf, silentIn, wrongAfter } from './return-oracle.ts';

/** No order of this length comes to more by itself: beyond it the case goes in circles. */
const eventsMax = 3_000;

/** Looks at the case after every event. */
function watch(rma: PaperCase, order: Order): { outBefore: number } {
  const ordered = {
    paidMinor: paidMinorOf(order),
    prices: Object.fromEntries(linesOf(order).map(({ lineId, unitPriceMinor }) => [lineId, unitPriceMinor])),
  };
  const known = Object.keys(rma.sla.stages);
  const record = rma.record.bind(rma);
  const book = { outBefore: outOf(rma.state, rma.provider) };
  rma.record = (event: ReturnEvent) => {
    const before = rma.state;
    record(event);
    if (rma.told.length > eventsMax) throw new Error(`it never comes to rest: ${told(rma).slice(-400)}`);
    const byHand = rma.told.some(({ type, result }) => type === 'overridden' && result === 'refunded');
    const wrong = wrongAfter({ before, event, after: rma.state, provider: rma.provider, ...book, ordered, byHand, known });
    book.outBefore = outOf(rma.state, rma.provider);
    if (wrong.length > 0) throw new Error(`${wrong.join('; ')} after ${told(rma)}`);
  };
  return book;
}
const told = (rma: PaperCase): string => rma.told.map((event) => event.type).join(', ');

export function playAll(order: Order): PaperCase {
  const rma = begin(order);
  const book = watch(rma, order);
  rma.settleDown();
  const sent = journal();
  for (const one of order.actions) {
    play(rma, one, sent);
    // What the provider has done without an answer was done before the next event.
    book.outBefore = outOf(rma.state, rma.provider);
    const wrong = one.quick ? [] : [...silentIn(rma.state), ...leftOver(rma.state)];
    if (wrong.length > 0) throw new Error(`${wrong.join('; ')} after ${told(rma)}`);
  }
  return rma;
}
