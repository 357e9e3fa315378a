/** Goods and labels, by the ledgers of carrier and stock: I6, I7, I12, and what is taken back of an ended case (I24). */
import type { Shipment } from '../../../contracts/partners.ts';
import { errandKeys, type Case, type Evidence, type Update } from './evidence.ts';
import type { Violation } from './index.ts';
import { paidOf } from './money.ts';

const isLive = ({ status }: Pick<Shipment, 'status'>): boolean => status === 'live';
/** Ends that take everything back. */
const takenBack: readonly string[] = ['withdrawn', 'cancelled', 'rejected', 'expired'];

/** I6, and I24: no second live label for one way, and none that the case never asked for; none at all once a case was taken back. */
export function labels({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, runs, shipments, doc }) => {
    const asked = new Set(
      runs.flatMap(({ activities }) => activities.flatMap(({ type, input }) => (type === 'issueReturnLabel' ? [input.key] : []))),
    );
    const unasked = shipments.filter(({ key }) => !asked.has(key));
    if (unasked.length > 0)
      return [{ invariant: 'I6', caseId, what: `a label that the case never asked for: ${unasked[0]?.key}` }];
    const live = shipments.filter((one) => isLive(one) && one.direction !== 'send_back');
    const limit = doc && takenBack.includes(doc.stage) ? 0 : 1;
    return live.length > limit
      ? [
          {
            invariant: limit ? 'I6' : 'I24',
            caseId,
            what: `${live.length} live labels: ${live.map((one) => one.key).join(', ')}`,
          },
        ]
      : [];
  });
}

interface Graded {
  readonly units: readonly { readonly lineId: string; readonly quantity: number }[];
}
const isInspection = ({ name }: Update): boolean => name === 'record_inspection';

/** I7: what was booked into stock is what was inspected, once. What went back to the customer was never booked. */
export function stock({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, runs, stock: entries, doc }) => {
    const graded = runs.flatMap((run) =>
      run.updates.filter(isInspection).map(({ args }) => (args[0] as { payload: Graded }).payload),
    );
    const inspected = graded.flatMap(({ units }) => units).reduce((units, one) => units + one.quantity, 0);
    const booked = entries.reduce((units, one) => units + one.quantity, 0);
    const planned = errandKeys(runs);
    const unplanned = entries.filter(({ key }) => !planned.has(key));
    if (unplanned.length > 0)
      return [{ invariant: 'I7', caseId, what: `${unplanned[0]?.key} was booked, and the case never planned it` }];
    const expected = doc?.stage === 'refunded' ? inspected : booked;
    if (booked > inspected || booked < Math.min(expected, inspected))
      return [{ invariant: 'I7', caseId, what: `${booked} units booked into stock, ${inspected} inspected` }];
    return [];
  });
}

/** I12: over all cases no line comes back more often than it was bought; and what an ended case gave up is free again (I24). */
export function claimedUnits({ orders, claims, cases }: Evidence): Violation[] {
  const bought = new Map(
    orders.flatMap(({ orderId, lines }) => lines.map(({ lineId, quantity }) => [`${orderId}/${lineId}`, quantity])),
  );
  const counted = new Map<string, number>();
  for (const { doc } of cases.values())
    if (doc && doc.stage === 'refunded')
      for (const line of doc.state.request?.lines ?? []) {
        const name = `${doc.orderId}/${line.lineId}`;
        counted.set(name, (counted.get(name) ?? 0) + line.quantity);
      }
  const over = [...counted].filter(([name, quantity]) => quantity > (bought.get(name) ?? 0));
  const kept = claims.flatMap(({ orderId, lineId, by }) =>
    by
      .filter(({ caseId }) => takenBack.includes(cases.get(caseId)?.doc?.stage ?? ''))
      .map(({ caseId }) => ({ caseId, name: `${orderId}/${lineId}` })),
  );
  return [
    ...over.map(([name, quantity]) => ({
      invariant: 'I12',
      what: `${name}: ${quantity} returned, ${bought.get(name) ?? 0} bought`,
    })),
    ...kept.map(({ caseId, name }) => ({ invariant: 'I24', caseId, what: `units of ${name} are still claimed` })),
  ];
}

/** I24: a case that was taken back has moved no money. */
export function moneyTakenBack({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap((one: Case) =>
    one.doc && takenBack.includes(one.doc.stage) && paidOf(one) !== 0
      ? [{ invariant: 'I24', caseId: one.caseId, what: `${one.doc.stage}, and ${paidOf(one)} paid` }]
      : [],
  );
}
