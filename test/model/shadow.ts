/**
 * The model: a return as the pure rules alone would have it. It is told each event that the real case has recorded, and holds against the rules
 * who recorded it and why; after each it must be what the workflow says it is, and what MongoDB shows.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ReturnInput, TimelineRow } from '../../contracts/workflow.ts';
import { isEnded, type CaseEvent } from '../../domain/case.ts';
import { nextMilestone, eventOf } from '../../domain/deadlines.ts';
import { applyEvent } from '../../domain/reducer.ts';
import { nextGeneration, type Entry } from '../../domain/reopening.ts';
import { returnRules } from '../../domain/return.ts';
import type { ReturnEvent, ReturnState } from '../../domain/return-state.ts';
import { openedState } from '../../workflows/return-steps.ts';
import { PaperProvider } from '../domain/paper-provider.ts';
import { leftOver, outOf, wrongByLedger, wrongInItself, type Ordered } from '../domain/return-oracle.ts';
import { rules } from '../domain/paper-case.ts';
import { bare, plain } from './plain.ts';

/** One event, between what was and what came of it. */
export interface Told {
  readonly before: ReturnState;
  readonly event: ReturnEvent;
  readonly after: ReturnState;
}
/** What somebody's word must have been recorded as. */
export type Expected = (before: ReturnState, by: CaseEvent['by']) => ReturnEvent | undefined;
export interface Ledger {
  readonly refunds: readonly { key: string; id: string; amountMinor: number; status: 'pending' | 'succeeded' | 'failed' }[];
  readonly charges: Ledger['refunds'];
}

const entryOf: Readonly<Record<string, Entry>> = { under_review: 'decision', refund_due: 'money', received: 'goods' };

export class Shadow {
  state: ReturnState;
  private outBefore = 0;
  private byHand = false;

  constructor(
    readonly input: ReturnInput,
    private readonly ordered: Ordered,
  ) {
    this.state = plain(openedState(input));
  }
  get ended(): boolean {
    return isEnded(rules, this.state);
  }

  /** Follows the real case to `actual`; throws what is not as the rules would have it. */
  follow(rows: readonly TimelineRow[], actual: ReturnState, ledger: Ledger, expected: Expected = () => undefined): Told[] {
    const from = this.state;
    const told = rows.map((row) => this.tell(row, actual, expected));
    const { seen: _, run: __, ...mine } = this.state;
    const { seen, run, ...theirs } = actual;
    if (!isDeepStrictEqual(mine, theirs))
      throw new Error(`the case is not what its events make of it: ${differing(mine, theirs)}`);
    this.state = { ...this.state, seen, run };
    this.weigh(from, told.at(-1)?.event, ledger);
    return told;
  }

  private tell(row: TimelineRow, actual: ReturnState, expected: Expected): Told {
    const { ruleIds, type, by } = row.event;
    // The journal leaves out the verdict, which the state keeps.
    const judged = by.role === 'system' && ruleIds !== undefined && type !== 'edit_undone';
    const journal = { ...row.event, ...(judged ? { verdict: actual.verdict } : {}) } as ReturnEvent;
    const before = this.opening(journal, actual);
    // What an event takes away is not in the journal, where it is the same as nothing.
    const meant = expected(before, by);
    const event = meant && isDeepStrictEqual(bare(meant), bare(journal)) ? meant : journal;
    if (row.seq !== before.revision + 1) throw new Error(`after event ${before.revision} comes event ${row.seq}`);
    if (by.role === 'clock') this.mustRing(before, event);
    const { sla } = this.input.policy;
    const after = plain(applyEvent(returnRules, before, event, row.at, sla));
    if (after.stage !== row.stage) throw new Error(`${type} led to ${row.stage}, by the rules to ${after.stage}`);
    this.byHand ||= type === 'overridden' && event.result === 'refunded';
    const seen = { before, event, after, ...this.books(new PaperProvider(this.ordered.paidMinor)) };
    const wrong = wrongInItself(seen);
    if (wrong.length > 0) throw new Error(`${wrong.join('; ')} after ${type}`);
    this.state = after;
    return { before, event, after };
  }

  /** The next generation begins from the closed case. */
  private opening({ type, result = '' }: ReturnEvent, actual: ReturnState): ReturnState {
    const isNext = type === 'reopened' && (actual.generation ?? 1) > (this.state.generation ?? 1);
    if (!isNext) return this.state;
    const entry = entryOf[result]!;
    const next = nextGeneration(this.state, entry);
    return plain(entry === 'money' ? next : { ...next, disputes: actual.disputes });
  }

  private mustRing(before: ReturnState, { type, clockId }: CaseEvent): void {
    const milestone = nextMilestone(before);
    const due = milestone && eventOf(rules, before, milestone, this.input.policy.sla);
    if (due?.type !== type || due.clockId !== clockId)
      throw new Error(`the clock says ${type} (${clockId}), due is ${due?.type} (${due?.clockId})`);
  }

  private books(provider: PaperProvider) {
    const { ordered, outBefore, byHand } = this;
    return { provider, outBefore, ordered, byHand, known: Object.keys(this.input.policy.sla.stages) };
  }

  /** What was really paid, held against what the case may have paid. */
  private weigh(from: ReturnState, last: ReturnEvent | undefined, { refunds, charges }: Ledger): void {
    const provider = new PaperProvider(this.ordered.paidMinor);
    provider.refunds.push(...refunds);
    provider.charges.push(...charges);
    if (last) {
      const wrong = wrongByLedger({ before: from, event: last, after: this.state, ...this.books(provider) });
      if (wrong.length > 0) throw new Error(`${wrong.join('; ')} after ${last.type}`);
    }
    this.outBefore = outOf(this.state, provider);
  }

  /** Asked of a case whose run has come to its end. */
  mustBeClean(): void {
    const left = leftOver(this.state);
    if (left.length > 0 && !this.state.undo.some((entry) => entry.state === 'undo_failed')) throw new Error(left.join('; '));
  }
}

function differing(mine: object, theirs: object): string {
  const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
  const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 600);
  return [...keys]
    .map((key) => [key, Reflect.get(mine, key), Reflect.get(theirs, key)] as const)
    .filter(([, one, other]) => !isDeepStrictEqual(one, other))
    .map(([key, one, other]) => `${key} ${shown(one)} by the rules, ${shown(other)} in the case`)
    .join('; ');
}
