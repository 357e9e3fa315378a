/**
 * The case file: the one value a story works on, and the machinery all stories share. State changes only by `record`;
 * steps, saving, cancellation and leaving are here, so that a story is left with the trade. Messages come in through handlers.ts.
 */
import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CaseAbout, Receipt, ReturnActivities, TimelineRow, UndoInput } from '../contracts/workflow.ts';
import { applyEvent } from '../domain/reducer.ts';
import { availableMoves, cancelMove } from '../domain/moves.ts';
import { dueAtOf, eventOf, nextMilestone } from '../domain/deadlines.ts';
import { isEnded, rowOf, type AnyRules, type CaseEvent, type CaseRules, type CaseState, type SlaPolicy } from '../domain/case.ts';
import type { Milestone } from '../domain/clocks.ts';
import type { Command, Refusal } from '../domain/commands.ts';
import { mendline, type Role } from '../domain/permissions.ts';
import type { UndoEntry } from '../domain/undo.ts';
import { unwind, type UndoSteps } from './compensations.ts';
import { detailsOf, timerSummary } from './current-details.ts';
import { inWords } from './failures.ts';
import { attributesOf, NeedsAttention, sameAttributes, type Attributes } from './search-attributes.ts';
import { keepTime } from './sla-clock.ts';

const { saveCase } = proxyLocalActivities<ReturnActivities>({ startToCloseTimeout: '2s', retry: { maximumAttempts: 2 } });
const { flushCase } = proxyActivities<ReturnActivities>({
  startToCloseTimeout: '5s',
  retry: { initialInterval: '1s', maximumInterval: '20s' },
  summary: 'Bring the read model up to date',
});

/** What a case type brings along: its rules, its commands, and how to undo its steps. */
export interface CaseType<S extends CaseState, E extends CaseEvent> {
  readonly rules: CaseRules<S, E>;
  refusal(state: S, command: Command): Refusal | undefined;
  eventOfCommand(state: S, command: Command): E;
  readonly undoSteps: UndoSteps;
}

export class CaseFile<S extends CaseState, E extends CaseEvent> {
  /** No command is taken any more: the run is about to end or to continue as new. */
  closing = false;
  private confirmed = -1;
  private saveIsLate = false;
  private restingIn?: string;
  private shown?: Attributes;
  private stepScope?: CancellationScope;
  private readonly journal: TimelineRow[] = [];
  readonly rules: AnyRules;

  constructor(
    readonly type: CaseType<S, E>,
    public state: S,
    private readonly sla: SlaPolicy,
    private readonly about: CaseAbout,
    private readonly historyBudget?: number,
  ) {
    this.rules = type.rules as unknown as AnyRules;
  }

  get stage(): string {
    return this.state.stage;
  }
  get undo(): readonly UndoEntry[] {
    return this.state.undo;
  }
  get ended(): boolean {
    return isEnded(this.rules, this.state);
  }
  /** The story has more to do in this run. */
  get goesOn(): boolean {
    return !this.ended && !this.outgrown;
  }
  private get outgrown(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return continueAsNewSuggested || (this.historyBudget !== undefined && historyLength > this.historyBudget);
  }

  /** The only way the case changes. Answers the new revision; leaving a stage calls off the step that runs in it. */
  record(event: E | CaseEvent): number {
    const { stage } = this;
    this.state = applyEvent(this.type.rules, this.state, event as E, Date.now(), this.sla);
    const { verdict: _, messageId: __, ...told } = event as E & { verdict?: unknown };
    this.journal.push({ seq: this.state.revision, at: this.state.at, stage: this.stage, event: told });
    if (this.stage !== stage) this.callOffStep();
    setCurrentDetails(detailsOf(this.rules, this.state, this.about));
    return this.state.revision;
  }

  /** The step in flight is not tried again; until it has come to its end, the case rests where it is now. */
  private callOffStep(): void {
    if (!this.stepScope) return;
    this.stepScope.cancel();
    this.restingIn = this.stage;
  }

  /** Rests until somebody or something else moves the case on, or this run has grown too long. */
  async left(stage = this.stage): Promise<void> {
    this.restingIn = stage;
    await condition(() => this.stage !== stage || this.outgrown);
  }

  /**
   * Does a partner's step for as long as its limit allows. undefined: it was refused for good and a person was asked, its limit ran
   * out and the stage's default was taken, or the stage was left meanwhile; the story looks at the stage again.
   */
  async insist<T>(step: string, call: () => Promise<T>): Promise<T | undefined> {
    const { stage } = this;
    this.restingIn = stage;
    const scope = (this.stepScope = new CancellationScope());
    try {
      const result = await scope.run(call);
      return this.stage === stage ? result : undefined; // the armed undo takes back what has happened
    } catch (err) {
      if (this.stage !== stage) return undefined; // … or may have happened
      if (!(err instanceof ActivityFailure)) throw err; // a bug: the task waits for a mended build
      const cause = inWords(err);
      const refused = err.retryState === 'NON_RETRYABLE_FAILURE';
      const onTimeout = rowOf(this.rules, stage)?.onTimeout ?? 'step_failed';
      this.record({ type: refused ? 'step_failed' : onTimeout, by: mendline, step, cause });
      return undefined;
    } finally {
      this.stepScope = undefined;
    }
  }

  /** Registers how a step is taken back, before the step is tried. */
  arm(step: string, undo: string): void {
    if (!this.undo.some((entry) => entry.step === step && entry.state === 'armed'))
      this.record({ type: 'armed', by: mendline, step, undo });
  }
  /** The point of no return: from here only forward. */
  disarm(): void {
    if (this.undo.some((entry) => entry.state === 'armed')) this.record({ type: 'disarmed', by: mendline });
  }
  async unwind(): Promise<boolean> {
    this.restingIn = this.stage;
    return unwind(this, this.type.undoSteps);
  }
  undoInput({ step }: UndoEntry): UndoInput {
    const { caseId, merchantId } = this.state;
    return { key: `${caseId}/${step}`, caseId, merchantId, orderId: this.about.orderId };
  }

  nextMilestone(): Milestone | undefined {
    return nextMilestone(this.state);
  }
  ring(milestone: Milestone): void {
    this.record(eventOf(this.rules, this.state, milestone));
  }
  timerSummary(milestone: Milestone): string {
    return timerSummary(this.rules, this.state, milestone);
  }

  /** The Cancel button of the Temporal UI: a manager's cancel_case where the stage allows it, else only noted. */
  cancelFromOutside(): void {
    this.record({ type: cancelMove(this.rules, this.state) ?? 'cancel_noted', by: { id: 'temporal', role: 'operator' } });
  }

  /** Waits for the read model to show this revision, or for word that MongoDB is away. */
  async saved(revision: number): Promise<void> {
    await condition(() => this.confirmed >= revision || this.saveIsLate);
  }
  /** Like `saved`, without that limit: the read model has the last word before a run ends. */
  async level(): Promise<void> {
    await condition(() => this.confirmed >= this.state.revision);
  }
  receipt(role?: Role): Receipt {
    const { revision, stage } = this.state;
    const { verdict } = this.state as { verdict?: Receipt['verdict'] };
    const moves = availableMoves(this.rules, this.state, role);
    return { revision, stage, availableMoves: moves, projected: this.confirmed >= revision, dueAt: dueAtOf(this.state), verdict };
  }

  /** Keeps the read model level: at most one save in flight, the newest state wins, passing stages are not worth one. */
  async keepSaved(): Promise<void> {
    for (;;) {
      await condition(
        () => this.confirmed < this.state.revision && (this.ended || this.closing || this.restingIn === this.stage),
      );
      this.show();
      const revision = this.state.revision;
      try {
        await saveCase(this.snapshot());
      } catch {
        this.saveIsLate = true;
        await flushCase(this.snapshot());
      }
      this.saveIsLate = false;
      this.confirmed = Math.max(this.confirmed, revision);
    }
  }

  timelineFrom(seq: number): readonly TimelineRow[] {
    return this.journal.filter((row) => row.seq >= seq);
  }

  private snapshot() {
    const { state, about } = this;
    const stamp = state.run * 1e12 + workflowInfo().historyLength * 1e6 + state.revision;
    return { stamp, state, about, rows: this.timelineFrom(this.confirmed + 1) };
  }

  /** Search attributes cost an event each time: told when the case begins to wait for somebody, or to need a person, or no longer does. */
  private show(): void {
    const next = attributesOf(this.rules, this.state);
    // What an earlier run has shown still stands: the server carries it over.
    const needsAttentionShown = workflowInfo().typedSearchAttributes.get(NeedsAttention) ?? false;
    const waits = next.dueAt !== undefined || rowOf(this.rules, this.stage)?.clockFrom === 'entry';
    if ((!waits && needsAttentionShown === next.NeedsAttention) || sameAttributes(this.shown, next)) return;
    upsertSearchAttributes(next.pairs(needsAttentionShown));
    this.shown = next;
  }
}

/** Runs a story to its end, or until it has outgrown its history ('unfinished'). The Cancel button is a manager's cancel_case. */
export async function runCase<S extends CaseState, E extends CaseEvent>(
  file: CaseFile<S, E>,
  story: () => Promise<void>,
): Promise<'ended' | 'unfinished'> {
  const root = CancellationScope.current();
  root.cancelRequested.catch(() => file.cancelFromOutside());
  await CancellationScope.nonCancellable(async () => {
    void file.keepSaved();
    void keepTime(file);
    await story();
    if (file.ended && !(await file.unwind()))
      file.record({ type: 'noted', by: mendline, cause: 'something is left to be undone by hand' });
    file.closing = true;
    await file.level();
    await condition(allHandlersFinished);
  });
  if (!file.ended) return 'unfinished';
  if (root.consideredCancelled && file.stage === 'cancelled') throw new CancelledFailure('cancelled from outside');
  return 'ended';
}
