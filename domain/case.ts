/**
 * What a case of any type is: its state, its events, what a type adds, and the limits it runs under.
 * What may be done with it is moves.ts, how it changes reducer.ts, when its clocks ring deadlines.ts.
 */
import { type Clock, type StageLimit } from './clocks.ts';
import { type Errand } from './errands.ts';
import { type Lot } from './goods.ts';
import { type MoneyLine } from './money.ts';
import { type Actor } from './permissions.ts';
import { type Adjustment, type PaidLine } from './refunds.ts';
import { type Owner, type StageRow } from './stage-table.ts';
import { type UndoEntry } from './undo.ts';
import { type WorkCalendar } from './working-time.ts';

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
  /** When our people work; absent: every hour counts. */
  readonly calendar?: WorkCalendar;
  /** The refund date of the law, counted from the receipt of the goods, whatever stage the case is in by then. */
  readonly statutory?: { readonly limitMs: number; readonly ruleId: string };
  readonly escalation?: EscalationTerms;
  /** Absent: a case of before there were limits. */
  readonly limits?: Limits;
  /** When money goes out; absent: once the goods were inspected. */
  readonly refund?: { readonly trigger: RefundTrigger; readonly maxMinor: number; readonly ruleId: string };
}

/** Working time: to decide a request, to raise an active one to the next level, and between two words to the customer. */
export interface EscalationTerms {
  readonly decideMs: number;
  /** From level 1 to 2, from 2 to 3. */
  readonly raiseMs: readonly number[];
  readonly progressMs: number;
}

/** How much a role may decide alone, in minor units of the case's currency. */
export interface Limits {
  /** An agent accepts requests up to this; above it a manager does. */
  readonly agentAcceptMinor: number;
  /** Missing or worn goods are let pass up to this; above it a manager does. */
  readonly waiveMinor: number;
  /** Money of ours is given up by the clock up to this; above it by managers. */
  readonly writeOffMinor: number;
  /** From here on two people must agree before money moves by hand. */
  readonly fourEyesMinor: number;
  /** The merchant lets goods worth up to this be kept when a request is accepted at once; 0: never. */
  readonly returnlessMinor: number;
}

/** What makes the refund due. Before the inspection it is an advance. */
export const refundTriggers = ['approval', 'first_scan', 'drop_off', 'delivery', 'inspection'] as const;
export type RefundTrigger = (typeof refundTriggers)[number];

/** 升级: an overlay on any stage. Level 1 lead, 2 manager, 3 operations, 4 safety. */
export interface Escalation {
  readonly state: 'requested' | 'active' | 'de_escalated';
  readonly level: number;
  readonly reason: string;
  readonly since: number;
  readonly sponsor?: string;
  /** Asked for by staff. */
  readonly ours?: true;
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
  /** When the case came to the stage it is in. */
  readonly enteredAt?: number;
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
  /** Where the case goes once an advance is recovered. */
  readonly after?: string;
  readonly escalation?: Escalation;
  /** The first of two people has agreed to `what`. */
  readonly approval?: { readonly by: string; readonly what: string };
  /** What is done outside without moving the case, newest last; ended ones are dropped in time. */
  readonly errands?: readonly Errand[];
  /** In which words the customer is told; absent: nobody is told. */
  readonly contact?: Contact;
  /** What changes the sum due beside the price of units: fees, deductions, freight, price reductions. */
  readonly adjustments?: readonly Adjustment[];
  readonly disputes?: readonly Dispute[];
  /** A calendar that has changed and is not loaded yet. */
  readonly calendarWanted?: string;
  readonly links?: readonly { readonly otherId: string; readonly kind: string }[];
  /** Reopened as the n-th generation of the same case; absent: the first. */
  readonly generation?: number;
  /** Waits that ended by silence: marked and counted. */
  readonly silences?: number;
  /** Keys of messages that have had their effect, newest last; bounded, and carried through continue-as-new. */
  readonly seen: readonly string[];
}

/** What every case begins with. */
export const untold = {
  run: 1,
  revision: 0,
  clocks: [],
  undo: [],
  money: [],
  seen: [],
  timersFired: 0,
} as const satisfies Partial<CaseState>;

export interface Contact {
  /** A reference to the customer's address; the address itself is the shop's. */
  readonly ref: string;
  readonly language: 'zh-CN' | 'en';
  readonly timezone: string;
}

/** 拒付: a card dispute on the payment of the case. */
export interface Dispute {
  readonly disputeId: string;
  readonly amountMinor: number;
  readonly state: 'open' | 'won' | 'lost';
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
  /** Key of an errand. */
  readonly errand?: string;
  readonly link?: { readonly otherId: string; readonly kind: string };
  readonly sponsor?: string;
  /** What the first of two people agreed to. */
  readonly what?: string;
  readonly proofIds?: readonly string[];
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
  apply(state: State, event: Event, sla: SlaPolicy): State;
  /** What the guards of the table mean; asked of the state before the event. */
  readonly guards?: Readonly<Record<string, (state: State, sla: SlaPolicy, event: Pick<Event, 'type'>) => boolean>>;
  /** A way that must be gone first: what is owed or here is settled before a case ends. Asked of the state after the event. */
  divert?(state: State, target: string, sla: SlaPolicy): string;
  /** The wait that the stage's clock measures has begun before the case came to it: a refund is under way already. */
  isUnderWay?(state: State): boolean;
  /** What an event lets us do outside, told once it has had its effect: notices and the like. */
  errandsOf?(before: State, event: Event, after: State): readonly Errand[];
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
