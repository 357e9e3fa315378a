/**
 * What a case answers to: commands as Updates, questions as Queries. The same for every case type; facts (Signals) are the type's own.
 * Set before the first await, for an Update may come before the story begins. Validators are synchronous: a refusal leaves no trace.
 */
import { ApplicationFailure, CancellationScope, currentUpdateInfo, setHandler } from '@temporalio/workflow';
import { hasSeen, type CaseEvent, type CaseState } from '../domain/case.ts';
import type { Command, Refusal } from '../domain/commands.ts';
import { availableMoves } from '../domain/moves.ts';
import { commandNames, commandSummaries, roles, type CommandName } from '../domain/permissions.ts';
import type { CaseFile } from './case-file.ts';
import {
  commandUpdate,
  getAvailableMoves,
  getCase,
  getClocks,
  getLedger,
  getSnapshot,
  getTimeline,
  openCase,
} from './messages.ts';

export function handleMessages<S extends CaseState, E extends CaseEvent>(file: CaseFile<S, E>): void {
  // Handlers run outside the story's scope: the Cancel button must not fail a command that has had its effect.
  setHandler(openCase, () =>
    CancellationScope.nonCancellable(async () => {
      await file.until(() => file.stage !== 'requested');
      await file.readModel.shows(file.state.revision);
      return file.receipt();
    }),
  );
  for (const name of commandNames) handleCommand(file, name);
  setHandler(getCase, () => file.state);
  setHandler(getSnapshot, () => file.snapshot());
  setHandler(getTimeline, (query) => file.timelineFrom(query?.from ?? 0));
  setHandler(getClocks, () => file.clocks());
  setHandler(getLedger, () => ({ undo: file.state.undo, money: file.state.money }));
  setHandler(getAvailableMoves, (query) => availableMoves(file.rules, file.state, query?.role));
}

function handleCommand<S extends CaseState, E extends CaseEvent>(file: CaseFile<S, E>, name: CommandName): void {
  const commandOf = (sent: Omit<Command, 'name' | 'messageId'>): Command => ({
    ...sent,
    name,
    messageId: currentUpdateInfo()?.id ?? '',
    at: Date.now(),
  });
  setHandler(
    commandUpdate(name),
    async (sent) => {
      const command = commandOf(sent);
      const revision = await file.inTurn(() => {
        // Asked again: between the validator and here another message may have had its effect.
        refuse(file.type.refusal(file.state, command, file.sla));
        if (!hasSeen(file.state, command.messageId)) file.record(file.type.eventOfCommand(file.state, command, file.sla));
        return file.state.revision;
      });
      await CancellationScope.nonCancellable(() => file.readModel.shows(revision));
      return file.receipt(roles.find((role) => role === command.actor.role));
    },
    {
      validator: (sent) => {
        if (file.closing && !file.ended) throw ApplicationFailure.nonRetryable('the case is being carried over', 'try_again');
        refuse(file.type.refusal(file.state, commandOf(sent), file.sla));
      },
      description: commandSummaries[name],
    },
  );
}

function refuse(refusal: Refusal | undefined): void {
  if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.code, refusal);
}
