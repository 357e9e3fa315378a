/** Updates, Signals and Queries of a case, defined once: the story handles them, the API sends them. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Receipt, ReturnInput, SaveCaseInput, TimelineRow } from '../contracts/workflow.ts';
import type { CaseState } from '../domain/case.ts';
import type { CaseTypeName } from '../domain/case-types.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import type { ClockExplained } from '../domain/clocks.ts';
import type { CommandName, Role } from '../domain/permissions.ts';
import type { ReturnCommand } from '../domain/return-commands.ts';
import type { ReturnFacts } from '../domain/return-facts.ts';
import type { UndoEntry } from '../domain/undo.ts';
import type { MoneyLine } from '../domain/money.ts';

/** Why a question is answered with an error, now and then: hearing.ts. */
export const askAgain = 'asked between an event and its task: ask again';

/** What a command carries on the wire; its name is the Update's, its message id the Update's id. */
export type SentCommand = Pick<ReturnCommand, 'actor' | 'expectedRevision' | 'payload'>;

export const openCase = defineUpdate<Receipt, []>('open_case');
export const commandUpdate = (name: CommandName) => defineUpdate<Receipt, [SentCommand]>(name);

export const factSignal = <Name extends keyof ReturnFacts>(name: Name) => defineSignal<[ReturnFacts[Name]]>(name);
export const factNames = [
  'parcel_scanned',
  'refund_settled',
  'refund_failed',
  'payment_settled',
  'payment_failed',
  'dispute_opened',
  'dispute_closed',
  'carrier_claim_settled',
  'calendar_changed',
  'retry_now',
] as const satisfies readonly (keyof ReturnFacts)[];
/** MongoDB was away when the read model was to be brought up to date: told by the worker, whatever the type of the case. */
export const saveFailed = defineSignal('save_failed');

export const claimFactSignal = <Name extends keyof ClaimFacts>(name: Name) => defineSignal<[ClaimFacts[Name]]>(name);
export const claimFactNames = [
  'claim_answered',
  'parcel_turned_up',
  'retry_now',
] as const satisfies readonly (keyof ClaimFacts)[];

export const getCase = defineQuery<CaseState>('get_case');
export const getTimeline = defineQuery<readonly TimelineRow[], [{ from: number }?]>('get_timeline');
export const getClocks = defineQuery<readonly ClockExplained[]>('get_clocks');
export const getLedger = defineQuery<{ undo: readonly UndoEntry[]; money: readonly MoneyLine[] }>('get_ledger');
export const getAvailableMoves = defineQuery<readonly CommandName[], [{ role?: Role }?]>('get_available_moves');

/** What the read model should show: for the reconciler, and for a rebuild. */
export const getSnapshot = defineQuery<SaveCaseInput>('get_snapshot');
/** All that the next generation of an ended case needs. */
export const getCarry = defineQuery<ReturnInput>('get_carry');

/** Reopened, a case goes on as its next generation under the same case id. */
export const workflowIdOf = (caseType: CaseTypeName, caseId: string, generation = 1): string =>
  generation > 1 ? `${caseType}:${caseId}:${generation}` : `${caseType}:${caseId}`;
/** A parcel has one claim, whoever starts it how often. */
export const claimCaseIdOf = (caseId: string, legNo: number): string => `${caseId}.claim${legNo}`;
export const taskQueue = 'cases';
/** A task that a dead worker had begun is another's after this long. A task takes some hundredths of a second; a save that hangs, two. */
export const workflowTaskTimeout = '5s';
