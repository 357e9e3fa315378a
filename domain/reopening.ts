/**
 * Going on with a return that has ended, as the next generation of the same case: asked for by people within their term, or made necessary by a
 * fact that an end cannot answer. Pure: whether, where, and what the next generation begins with. Source: case flows 4.7.
 */
import { type Refusal } from './commands.ts';
import { expected } from './goods.ts';
import { type Role } from './permissions.ts';
import { restMinor } from './refunds.ts';
import { type ReturnFact } from './return-facts.ts';
import { type ReturnState } from './return-state.ts';
import { arm } from './undo.ts';

export const entries = { decision: 'under_review', money: 'refund_due', goods: 'received' } as const;
export type Entry = keyof typeof entries;

const dayMs = 86_400_000;
/** A customer may come back to a case this long after its end; a manager always. */
const reopenDays = 7;

/** Why the case cannot go on there, or undefined. */
export function reopenRefusal(state: ReturnState, entry: Entry, role: Role, now: number): Refusal | undefined {
  if (role === 'customer' && now > state.at + reopenDays * dayMs)
    return { code: 'not_allowed_now', message: `a case is reopened within ${reopenDays} days of its end`, availableMoves: [] };
  const why = cannotGoOn(state, entry);
  return why === undefined ? undefined : { code: 'not_offered', message: why, pointer: '/entry' };
}

function cannotGoOn(state: ReturnState, entry: Entry): string | undefined {
  switch (entry) {
    case 'decision':
      return state.lots.every((lot) => lot.reception === 'with_customer' && !lot.acceptance)
        ? undefined
        : 'goods or money have moved: there is nothing left to decide about the request';
    case 'money':
      return restMinor(state) > 0 ? undefined : 'nothing is owed';
    case 'goods':
      return mayTurnUp(state) ? undefined : 'no goods are missing';
  }
}

const mayTurnUp = ({ lots }: ReturnState): boolean =>
  lots.some((lot) => expected(lot) || lot.reception === 'short_shipped' || lot.reception === 'shipped_wrong_item');

/** Where a fact against an end takes the case; undefined: it changes nothing, and stands in the list of exceptions. */
export function reopenedBy(state: ReturnState, fact: ReturnFact): Entry | undefined {
  switch (fact.name) {
    case 'refund_failed':
      return state.money.some((line) => line.providerId === fact.refundId && line.state !== 'failed' && !line.byHand)
        ? 'money'
        : undefined;
    case 'dispute_opened':
      return state.money.some((line) => line.state === 'settled' || line.state === 'sent') ? 'money' : undefined;
    case 'parcel_scanned': {
      const leg = state.legs?.findLast((one) => one.trackingNo === fact.trackingNo);
      return leg?.kind === 'return' && fact.code === 'delivered' && mayTurnUp(state) ? 'goods' : undefined;
    }
    default:
      return undefined;
  }
}

/** The closed case as its next generation begins: an appeal is assessed anew, and the units are claimed again. */
export function nextGeneration(closed: ReturnState, entry: Entry): ReturnState {
  const { request } = closed;
  return {
    ...closed,
    generation: (closed.generation ?? 1) + 1,
    undo: entry === 'money' ? closed.undo : arm(closed.undo, 'claim_units', 'releaseUnitsIfPresent'),
    ...(entry === 'decision' && request ? { request: { ...request, toAssess: true as const } } : {}),
  };
}
