/**
 * What a case of any type is: its state, its events, what a type adds, and the limits it runs under.
 * What may be done with it is moves.ts, how it changes reducer.ts, when its clocks ring deadlines.ts.
 */
import { type Clock, type StageLimit } from './clocks.ts';
import { type Lot } from './goods.ts';
import { type MoneyLine } from './money.ts';
import { type Actor } from './permissions.ts';
import { type PaidLine } from './refunds.ts';
import { type Owner, type StageRow } from './stage-table.ts';
import { type UndoEntry } from './undo.ts';

/** Limits of stages and of our own steps; part of the pinned policy, so that a merchant or a test can shorten them. All in ms. */
export interface SlaPolicy {
  readonly stages: Readonly<Record<string, StageLimit>>;
  /** A business hold ends by itself after this long. */
  readonly holdMs: number;
  readonly steps: {
    readonly firstRetryMs: number;
    readonly maxRetryMs: number;
    readonly limitMs: Readonly<Record<string, number>>;
  };
}

/** Why a person is needed: the failed step or fact, its error in words, and how far the ladder has been climbed. */
export interface Attention {
  readonly step: string;
  readonly cause: string;
  readonly since: number;
  readonly attempts: number;
  readonly rung: number;
}
export const ladder = ['owner', 'team_lead', 'manager', 'operations'] as const;
export const attentionVerbs = ['retry', 'skip', 'override', 'compensate'] as const;
export type AttentionVerb = (typeof attentionVerbs)[number];

export interface CaseState {
  readonly caseId: string;
  readonly merchantId: string;
  /** Counts continue-as-new runs and reopened generations; part of the stamp that orders saves. */
  readonly run: number;
  readonly revision: number;
  readonly stage: string;
  readonly from?: string;
  readonly target?: string;
  readonly openedAt: number;
  /** Workflow time of the newest event; never runs backwards. */
  readonly at: number;
  readonly clocks: readonly Clock[];
  readonly hold?: { readonly reason: string; readonly until: number };
  readonly undo: readonly UndoEntry[];
  readonly attention?: Attention;
  readonly assignee?: string;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly PaidLine[];
  readonly lots: readonly Lot[];
  readonly money: readonly MoneyLine[];
  readonly timersFired: number;
  /** Keys of messages that have had their effect, newest last; bounded, and carried through continue-as-new. */
  readonly seen: readonly string[];
}

export interface CaseEvent {
  /** A past-tense word: a move of the table, or something merely noted. */
  readonly type: string;
  readonly by: Actor;
  /** Key of the message that brought it: Update id, or event id of a partner. */
  readonly messageId?: string;
  /** When it happened by the partner's clock, epoch ms. Workflow time is stamped beside it. */
  readonly occurredAt?: number;
  readonly clockId?: string;
  readonly step?: string;
  readonly cause?: string;
  readonly undo?: string;
  readonly result?: string;
  readonly until?: number;
  readonly assignee?: string;
  /** Rules that a decision or a default cites. */
  readonly ruleIds?: readonly string[];
  /** Reference of a free text that is kept in MongoDB, where it can be erased. */
  readonly textRef?: string;
}

/** What a case type adds to the shared reducer. */
export interface CaseRules<State extends CaseState, Event extends CaseEvent> {
  readonly type: string;
  readonly stages: Readonly<Record<string, StageRow>>;
  readonly ends: readonly string[];
  /** What an event does to goods, money and the type's own fields. Runs before the move; must ignore events that are not its own. */
  apply(state: State, event: Event): State;
}

export const seenLimit = 200;
// Rules of a case type are passed about where their events do not matter; method bivariance makes that sound enough.
export type AnyRules = CaseRules<CaseState, CaseEvent>;

export const isEnded = (rules: Pick<AnyRules, 'ends'>, state: Pick<CaseState, 'stage'>): boolean =>
  rules.ends.includes(state.stage);
export const rowOf = (rules: Pick<AnyRules, 'stages'>, stage: string): StageRow | undefined => rules.stages[stage];
export const ownerOf = (rules: Pick<AnyRules, 'stages'>, state: Pick<CaseState, 'stage'>): Owner =>
  rowOf(rules, state.stage)?.owner ?? 'system';
export const hasSeen = (state: CaseState, messageId: string): boolean => state.seen.includes(messageId);
