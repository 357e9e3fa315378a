/** Updates, Signals and Queries of a case, defined once: the story handles them, the API sends them. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Receipt, TimelineRow } from '../contracts/workflow.ts';
import type { CaseState } from '../domain/case.ts';
import type { Clock } from '../domain/clocks.ts';
import type { CommandName, Role } from '../domain/permissions.ts';
import type { ReturnCommand, ReturnFacts } from '../domain/return-commands.ts';
import type { UndoEntry } from '../domain/undo.ts';
import type { MoneyLine } from '../domain/money.ts';

/** What a command carries on the wire; its name is the Update's, its message id the Update's id. */
export type SentCommand = Pick<ReturnCommand, 'actor' | 'expectedRevision' | 'payload'>;

export const openCase = defineUpdate<Receipt, []>('open_case');
export const commandUpdate = (name: CommandName) => defineUpdate<Receipt, [SentCommand]>(name);

export const factSignal = <Name extends keyof ReturnFacts>(name: Name) => defineSignal<[ReturnFacts[Name]]>(name);
export const factNames = [
  'parcel_scanned',
  'refund_settled',
  'refund_failed',
  'retry_now',
] as const satisfies readonly (keyof ReturnFacts)[];

export const getCase = defineQuery<CaseState>('get_case');
export const getTimeline = defineQuery<readonly TimelineRow[], [{ from: number }?]>('get_timeline');
export const getClocks = defineQuery<readonly Clock[]>('get_clocks');
export const getLedger = defineQuery<{ undo: readonly UndoEntry[]; money: readonly MoneyLine[] }>('get_ledger');
export const getAvailableMoves = defineQuery<readonly CommandName[], [{ role?: Role }?]>('get_available_moves');

export const workflowIdOf = (caseType: 'return', caseId: string): string => `${caseType}:${caseId}`;
export const taskQueue = 'cases';
