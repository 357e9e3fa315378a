/**
 * A return on paper: the reducer and the commands without a server, so that a test plays thousands of cases in seconds.
 * `work` stands for the story of workflows/return.ts: it does what the story does by itself, with the partners' answers given by the test.
 */
import { applyEvent } from '../../domain/reducer.ts';
import { cancelMove } from '../../domain/moves.ts';
import { eventOf, nextMilestone } from '../../domain/deadlines.ts';
import { hasSeen, isEnded, rowOf, type AnyRules, type SlaPolicy } from '../../domain/case.ts';
import type { Refusal } from '../../domain/commands.ts';
import type { Lot } from '../../domain/goods.ts';
import { mendline, type CommandName, type Role } from '../../domain/permissions.ts';
import type { PaidLine } from '../../domain/refunds.ts';
import { eventOfCommand, eventOfFact, returnRefusal, type ReturnCommand, type ReturnFact } from '../../domain/return-commands.ts';
import {
  alreadyAnswered,
  assessGoods,
  isSettled,
  returnRules,
  type ReturnEvent,
  type ReturnMove,
  type ReturnStage,
  type ReturnState,
} from '../../domain/return.ts';
import { stillToUndo } from '../../domain/undo.ts';

export const rules = returnRules as unknown as AnyRules;
export const openedAt = Date.UTC(2026, 10, 22, 9);
export const hour = 3_600_000;
export const day = 24 * hour;

const limit = (hours: number, ...warnHours: number[]) => ({
  limitMs: hours * hour,
  warnMs: warnHours.map((one) => one * hour),
  ruleId: `sla.${hours}h`,
});
const sla: SlaPolicy = {
  holdMs: 14 * day,
  stages: {
    under_review: limit(48, 24, 40),
    awaiting_handover: limit(168, 72, 144),
    in_transit: limit(120, 96),
    received: limit(240, 24, 72),
    refund_due: limit(336, 168),
    needs_attention: limit(4, 1),
  },
  steps: { firstRetryMs: 1_000, maxRetryMs: 300_000, limitMs: {} },
};

const kettles: readonly PaidLine[] = [{ lineId: '1', quantity: 2, unitPriceMinor: 2_500 }];

export function openedState(lines: readonly PaidLine[] = kettles, changes: Partial<ReturnState> = {}): ReturnState {
  return {
    caseId: 'C-1',
    merchantId: 'm1',
    run: 1,
    revision: 0,
    stage: 'requested',
    openedAt,
    at: openedAt,
    currency: 'GBP',
    paidMinor: lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    lines,
    lots: lines.map(({ lineId, quantity }) => ({ lineId, quantity, reception: 'with_customer' as const })),
    clocks: [],
    undo: [],
    money: [],
    parcels: [],
    seen: [],
    timersFired: 0,
    ...changes,
  };
}

/** How a partner answers a step: it does it, refuses it for good, or is away until the step's limit has run out. */
export type StepOutcome = 'done' | 'refused' | 'timed_out';
export type Assessed = 'accepted' | 'referred' | 'refused';

let messages = 0;
export const freshId = (): string => `msg-${(messages += 1)}`;

export class PaperCase {
  state: ReturnState;
  now = openedAt;
  /** Refunds at the provider by key: what was really paid, whatever the case believes. */
  readonly paid: { amountMinor: number; status: 'pending' | 'succeeded' | 'failed' }[] = [];
  readonly told: ReturnEvent[] = [];
  /** The stage in which the story rests: only another stage wakes it. */
  private restingIn?: string;

  constructor(lines?: readonly PaidLine[], changes?: Partial<ReturnState>) {
    this.state = openedState(lines, changes);
    this.record({ type: 'opened', by: { id: 'cust-1', role: 'customer' } });
  }

  get stage(): string {
    return this.state.stage;
  }
  get ended(): boolean {
    return isEnded(rules, this.state);
  }

  record(event: ReturnEvent): void {
    this.state = applyEvent(returnRules, this.state, event, this.now, sla);
    this.told.push(event);
  }

  give(
    name: CommandName,
    role: Role,
    payload: object,
    options: { messageId?: string; expectedRevision?: number } = {},
  ): Refusal | undefined {
    const { messageId = freshId(), expectedRevision } = options;
    return this.command({ name, actor: { id: `${role}-1`, role }, messageId, expectedRevision, payload } as ReturnCommand);
  }
  /** As the Update's validator and handler do. */
  command(command: ReturnCommand): Refusal | undefined {
    const refusal = returnRefusal(this.state, command);
    if (!refusal && !hasSeen(this.state, command.messageId)) this.record(eventOfCommand(this.state, command));
    return refusal;
  }
  hear(fact: ReturnFact): void {
    const event = eventOfFact(this.state, fact);
    if (event) this.record(event);
  }
  scan(code: string, eventId = freshId()): void {
    this.hear({ name: 'parcel_scanned', eventId, trackingNo: 'RT1', code, occurredAt: this.now });
  }
  cancelFromOutside(): void {
    this.record({ type: cancelMove(rules, this.state) ?? 'cancel_noted', by: { id: 'temporal', role: 'operator' } });
  }

  /** Lets time run to the next milestone and rings it; false: no clock runs. */
  ring(): boolean {
    const milestone = nextMilestone(this.state);
    if (!milestone) return false;
    this.now = Math.max(this.now, milestone.at);
    this.record(eventOf(rules, this.state, milestone) as ReturnEvent);
    return true;
  }
  /** Rings everything that falls due within this time. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (let next = nextMilestone(this.state); next && next.at <= until; next = nextMilestone(this.state)) this.ring();
    this.now = until;
  }

  /** What the story does without asking anybody; it stops at a partner's step, or where a person, a partner or the clock must act. */
  settleDown(): void {
    for (let before = -1; before !== this.state.revision; ) {
      before = this.state.revision;
      const answered = this.restingIn === this.stage ? undefined : alreadyAnswered(this.state);
      if (this.stage === 'inspected') this.record({ type: assessGoods(this.state), by: mendline, step: 'assess_goods' });
      else if (this.stage === 'refund_due') {
        if (this.state.undo.some((entry) => entry.state === 'armed')) this.record({ type: 'disarmed', by: mendline });
        if (isSettled(this.state) || this.refundMinor === 0) this.record({ type: 'refunded', by: mendline });
      } else if (answered) this.record({ type: answered, by: mendline });
      else if (this.stage === 'requested') this.arm('claim_units', 'releaseUnitsIfPresent');
      else if (this.stage === 'authorized') this.arm('issue_label', 'voidReturnLabelIfPresent');
      if (this.state.revision === before) this.restingIn = this.stage;
    }
    if (this.ended)
      for (const { step } of stillToUndo(this.state.undo))
        this.record({ type: 'undone', by: mendline, step, result: 'taken back' });
  }

  get refundMinor(): number {
    return this.state.money.reduce((sum, line) => sum + line.amountMinor, 0);
  }
  private arm(step: string, undo: string): void {
    if (!this.state.undo.some((entry) => entry.step === step && entry.state === 'armed'))
      this.record({ type: 'armed', by: mendline, step, undo });
  }

  /** A partner's answer to the step that runs in this stage; without effect where none runs. */
  work(outcome: StepOutcome, how: { assessed?: Assessed; pending?: boolean } = {}): void {
    this.settleDown();
    const row = rowOf(rules, this.stage);
    const failed = (step: string) =>
      this.record({ type: outcome === 'refused' ? 'step_failed' : row!.onTimeout, by: mendline, step, cause: 'no answer' });
    switch (this.stage) {
      case 'requested':
        if (outcome !== 'done') failed('assess');
        else this.record({ type: how.assessed ?? 'accepted', by: mendline, verdict: verdictOf(how.assessed ?? 'accepted') });
        break;
      case 'authorized':
        if (outcome !== 'done') failed('issue_label');
        else this.record({ type: 'shipment_prepared', by: mendline, shipment: { trackingNo: 'RT1' } });
        break;
      case 'refund_due':
        if (this.state.money.some((line) => line.state === 'sent')) break; // it waits for the provider's word
        if (outcome !== 'done') failed('refund');
        else this.refund(how.pending ?? false);
        break;
      case 'unwinding':
        for (const { step } of stillToUndo(this.state.undo))
          this.record(
            outcome === 'done'
              ? { type: 'undone', by: mendline, step, result: 'taken back' }
              : { type: 'undo_failed', by: mendline, step, cause: 'no answer' },
          );
        this.record({
          type: stillToUndo(this.state.undo).length === 0 ? 'unwound' : 'step_failed',
          by: mendline,
          step: 'unwind',
        });
        break;
      default:
    }
    this.settleDown();
  }

  /** The provider keeps one refund for the key of the case, whatever is asked how often. */
  private refund(pending: boolean): void {
    const known = this.paid[0] ?? {
      amountMinor: this.refundMinor,
      status: pending ? ('pending' as const) : ('succeeded' as const),
    };
    if (this.paid.length === 0) this.paid.push(known);
    if (known.status === 'failed') this.record({ type: 'step_failed', by: mendline, step: 'refund', cause: 'refund_failed' });
    else this.record({ type: known.status === 'succeeded' ? 'refunded' : 'refund_sent', by: mendline, providerId: 're_1' });
  }
}

export const verdictOf = (verdict: Assessed, reason: 'quality' | 'no_reason' = 'quality') => ({
  verdict,
  reason,
  ruleIds: ['uk.strr'],
  because: [],
  freight: 'merchant' as const,
});

const every = (lots: readonly Lot[], more: object) => lots.map(({ lineId, quantity }) => ({ lineId, quantity, ...more }));
export const allCounted = (state: ReturnState, condition = 'received') => every(state.lots, { condition });
export const allGraded = (state: ReturnState, grade = 'A') => every(state.lots, { grade, disposition: 'restock' });

/** A case that has come this far on the happy road, everything well. */
export function paperCaseIn(stage: ReturnStage, lines?: readonly PaidLine[]): PaperCase {
  const rma = new PaperCase(lines);
  const road: Partial<Record<ReturnStage, () => void>> = {
    requested: () => rma.work('done', { assessed: 'referred' }),
    under_review: () => rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] }),
    authorized: () => rma.work('done'),
    awaiting_handover: () => rma.scan('picked_up'),
    in_transit: () => rma.give('record_reception', 'warehouse', { parcelId: 'P1', scanNo: 1, units: allCounted(rma.state) }),
    received: () => rma.give('record_inspection', 'warehouse', { units: allGraded(rma.state) }),
    inspected: () => rma.record({ type: 'cleared', by: mendline }),
    refund_due: () => rma.work('done'),
  };
  while (rma.stage !== stage) {
    const next = road[rma.stage as ReturnStage];
    if (!next) throw new Error(`the happy road does not lead to ${stage}`);
    next();
  }
  return rma;
}

/** A case parked from a stage, as if its step or its wait had failed. */
export function parkedFrom(stage: ReturnStage, move: ReturnMove = 'step_failed', cause = 'carrier_down: no'): PaperCase {
  const rma = paperCaseIn(stage);
  rma.settleDown();
  rma.record({ type: move, by: mendline, step: rowOf(rules, stage)?.step, cause });
  return rma;
}
