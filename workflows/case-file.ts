/**
 * The case file: the one value a story works on, and the machinery all stories share. State changes only by `record`;
 * steps and saving are here, so that a story is left with the trade. Messages come in through handlers.ts; how a run ends is run-case.ts.
 */
import {
  ActivityFailure,
  CancellationScope,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CaseAbout, Receipt, SaveCaseInput, TimelineRow, UndoInput } from '../contracts/workflow.ts';
import { applyEvent } from '../domain/reducer.ts';
import { availableMoves, cancelMove, defaultOf } from '../domain/moves.ts';
import { dueAtOf, eventOf, nextMilestone } from '../domain/deadlines.ts';
import { isEnded, rowOf, type AnyRules, type CaseEvent, type CaseRules, type CaseState, type SlaPolicy } from '../domain/case.ts';
import { explainClock, type ClockExplained } from '../domain/clocks.ts';
import type { Milestone } from '../domain/clocks.ts';
import type { Command, Refusal } from '../domain/commands.ts';
import { mendline, type Role } from '../domain/permissions.ts';
import type { UndoEntry } from '../domain/undo.ts';
import { unwind, type UndoSteps } from './compensations.ts';
import { detailsOf, timerSummary } from './current-details.ts';
import { inWords } from './failures.ts';
import { Hearing } from './hearing.ts';
import { ReadModel } from './read-model.ts';
import { attributesOf, NeedsAttention, sameAttributes, type Attributes } from './search-attributes.ts';

/** What a case type brings along: its rules, its commands, and how to undo its steps. */
export interface CaseType<S extends CaseState, E extends CaseEvent> {
  readonly rules: CaseRules<S, E>;
  refusal(state: S, command: Command, sla: SlaPolicy): Refusal | undefined;
  eventOfCommand(state: S, command: Command, sla: SlaPolicy): E;
  readonly undoSteps: UndoSteps;
  /** Hears and saves as release 0.1.0 did. */
  readonly firstEdition?: boolean;
}

/** What a step came to: its result, or why not and whether for good. */
export type Tried<T> = { result: T } | { cause: string; forGood: boolean };
const failed = (err: ActivityFailure): { cause: string; forGood: boolean } => ({
  cause: inWords(err),
  forGood: err.retryState === 'NON_RETRYABLE_FAILURE',
});

export class CaseFile<S extends CaseState, E extends CaseEvent> extends Hearing {
  /** No command is taken any more: the run is about to end or to continue as new. */
  closing = false;
  private outgrown = false;
  private restingIn?: string;
  private shown?: Attributes;
  private stepScope?: CancellationScope;
  private readonly besides = new Map<string, CancellationScope>();
  private readonly journal: TimelineRow[] = [];
  readonly rules: AnyRules;
  readonly readModel: ReadModel;

  constructor(
    readonly type: CaseType<S, E>,
    public state: S,
    public sla: SlaPolicy,
    readonly about: CaseAbout,
    private readonly historyBudget?: number,
  ) {
    super(type.firstEdition ?? false);
    this.rules = type.rules as unknown as AnyRules;
    this.readModel = new ReadModel(this, type.firstEdition ?? false);
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

  /** The only way the case changes. Answers the new revision; leaving a stage calls off the step that runs in it. */
  record(event: E | CaseEvent): number {
    const { stage } = this;
    this.state = applyEvent(this.type.rules, this.state, event as E, Date.now(), this.sla);
    const { verdict: _, messageId: __, ...told } = event as E & { verdict?: unknown };
    this.journal.push({ seq: this.state.revision, at: this.state.at, stage: this.stage, event: told });
    if (this.stage !== stage) this.callOffStep();
    setCurrentDetails(detailsOf(this.rules, this.state, this.about));
    // Asked here alone: what the server's tasks add in between is not the same when the case is replayed.
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    this.outgrown = continueAsNewSuggested || (this.historyBudget !== undefined && historyLength > this.historyBudget);
    return this.state.revision;
  }

  /** The step in flight is not tried again; until it has come to its end, the case rests where it is now. */
  callOffStep(): void {
    if (!this.stepScope) return;
    this.stepScope.cancel();
    this.restingIn = this.stage;
  }

  /** The story waits here for others, and nothing has come that it has not heard: what it has done so far may be shown and told. */
  get atRest(): boolean {
    return this.hasHeardAll && (this.ended || this.closing || this.restingIn === this.stage);
  }

  /** Rests until somebody or something else moves the case on, or `unless` comes true, or this run has grown too long. */
  async left(stage = this.stage, unless: () => boolean = () => false): Promise<void> {
    this.restingIn = stage;
    await this.until(() => this.stage !== stage || this.outgrown || unless());
  }

  /**
   * Does something of that name beside the story, whatever the case does meanwhile. undefined: it was called off, and nobody knows what has
   * come of it; it is to be asked for again under the same key.
   */
  async beside<T>(name: string, call: () => Promise<T>): Promise<Tried<T> | undefined> {
    const scope = new CancellationScope();
    this.besides.set(name, scope);
    try {
      return { result: await this.heard(scope.run(call), 'beside') };
    } catch (err) {
      if (!(err instanceof ActivityFailure)) throw err;
      return scope.consideredCancelled ? undefined : failed(err);
    } finally {
      this.besides.delete(name);
    }
  }
  /** The same, and the story waits for it, whatever stage the case comes to meanwhile. */
  async throughout<T>(name: string, call: () => Promise<T>): Promise<Tried<T> | undefined> {
    let over = false;
    const tried = this.beside(name, call).finally(() => (over = true));
    while (!over) {
      const { stage } = this;
      this.restingIn = stage;
      await this.until(() => over || this.stage !== stage);
    }
    return tried;
  }
  /** What goes on beside the story under that name is not tried again. */
  stopTrying(name: string): void {
    this.besides.get(name)?.cancel();
  }
  /** Calls off what goes on beside the story, and waits for its end: an attempt that is under way still comes to an answer. */
  async callOff(...names: string[]): Promise<void> {
    const called = names.length > 0 ? names : [...this.besides.keys()];
    for (const name of called) this.stopTrying(name);
    this.restingIn = this.stage;
    await this.until(() => !called.some((name) => this.besides.has(name)));
  }

  /**
   * Does a partner's step for as long as its limit allows. undefined: it was refused for good and a person was asked, its limit ran
   * out and the stage's default was taken, or the stage was left meanwhile; the story looks at the stage again.
   */
  async insist<T>(step: string, call: () => Promise<T>): Promise<T | undefined> {
    const tried = await this.attempt(call);
    if (tried === undefined || 'result' in tried) return tried?.result;
    this.gaveUp(step, tried);
    return undefined;
  }

  /** A step came to nothing: a person is asked, or the stage's default is taken. */
  gaveUp(step: string, { cause, forGood }: { cause: string; forGood: boolean }): void {
    const row = rowOf(this.rules, this.stage);
    // Where the stage has a clock of its own, that its step came to nothing is no default yet.
    const ownClock = row === undefined || row.clockFrom === 'entry';
    const late = ownClock ? 'step_failed' : (defaultOf(this.rules, this.state, this.sla, row.onTimeout) ?? 'step_failed');
    this.record({ type: forGood ? 'step_failed' : late, by: mendline, step, cause });
  }

  /**
   * Tries a step that may come to nothing: its result, or why not and whether for good. undefined: the stage was left meanwhile. With
   * `regardless` an answer counts even then: nothing takes back what it tells of.
   */
  async attempt<T>(call: () => Promise<T>, regardless = false): Promise<Tried<T> | undefined> {
    const { stage } = this;
    this.restingIn = stage;
    const scope = (this.stepScope = new CancellationScope());
    try {
      const result = await this.heard(scope.run(call));
      return regardless || this.stage === stage ? { result } : undefined; // the armed undo takes back what has happened
    } catch (err) {
      if (this.stage !== stage) return undefined; // … or may have happened
      if (!(err instanceof ActivityFailure)) throw err; // a bug: the task waits for a mended build
      if (scope.consideredCancelled) return undefined; // left, and come back to meanwhile
      return failed(err);
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
    this.record(eventOf(this.rules, this.state, milestone, this.sla));
  }
  timerSummary(milestone: Milestone): string {
    return timerSummary(this.rules, this.state, milestone);
  }

  /** The Cancel button of the Temporal UI: a manager's cancel_case where the stage allows it, else only noted. */
  cancelFromOutside(): void {
    const type = cancelMove(this.rules, this.state, this.sla) ?? 'cancel_noted';
    this.record({ type, by: { id: 'temporal', role: 'operator' } });
  }

  receipt(role?: Role): Receipt {
    const { revision, stage } = this.state;
    const { verdict } = this.state as { verdict?: Receipt['verdict'] };
    return { revision, stage, availableMoves: availableMoves(this.rules, this.state, role), dueAt: dueAtOf(this.state), verdict };
  }

  /** Each clock with what has counted, what is left, and why. */
  clocks(): ClockExplained[] {
    return this.state.clocks.map((clock) => explainClock(clock, Date.now(), this.sla.calendar));
  }

  timelineFrom(seq: number): readonly TimelineRow[] {
    return this.journal.filter((row) => row.seq >= seq);
  }

  /** What the read model should show; with the rows of this run from `from` on. */
  snapshot(from = 0): SaveCaseInput {
    const { state, about } = this;
    const stamp = state.run * 1e12 + workflowInfo().historyLength * 1e6 + state.revision;
    return { stamp, state, about, rows: this.timelineFrom(from) };
  }

  /** Search attributes cost an event each time: told when the case begins to wait for somebody, or to need a person, or no longer does. */
  showAttributes(): void {
    const next = attributesOf(this.rules, this.state);
    // What an earlier run has shown still stands: the server carries it over.
    const needsAttentionShown = workflowInfo().typedSearchAttributes.get(NeedsAttention) ?? false;
    const waits = next.dueAt !== undefined || rowOf(this.rules, this.stage)?.clockFrom === 'entry';
    if ((!waits && needsAttentionShown === next.NeedsAttention) || sameAttributes(this.shown, next)) return;
    upsertSearchAttributes(next.pairs(needsAttentionShown));
    this.shown = next;
  }
}
