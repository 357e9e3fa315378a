/**
 * What a table of stages is, for every case type: one table is the diagram, the guard, the default on silence and the list of buttons.
 * The rows of a case type live in its own file (return.ts); the reducer that obeys them in case.ts.
 */
import type { CommandName } from './permissions.ts';

/** Whom a case waits for in a stage. */
export const owners = ['system', 'agent', 'customer', 'carrier_desk', 'warehouse', 'finance', 'team_lead'] as const;
export type Owner = (typeof owners)[number];

/**
 * A stage's name, or where a detour leads back to: `@from` the stage that was left, `@step` the same if a step of ours runs there
 * (else the case stays), `@skip` where its `onSkip` move leads, `@result` where the move a person named leads, `@target` the end
 * that unwinding was entered for.
 */
export type Target<Stage extends string> = Stage | (typeof detours)[number];
const detours = ['@from', '@step', '@skip', '@result', '@target'] as const;

export interface StageRow<Stage extends string = string, Move extends string = string> {
  readonly owner: Owner;
  /** The step of ours that runs here; its own time limit is then the stage's clock. */
  readonly step?: string;
  /** What starts the stage's clock: `entry`, or a later event of that name. Absent: nothing waits here. */
  readonly clockFrom?: string;
  /** A fact that proves the wait is alive, and starts its term anew: a scan of a travelling parcel. */
  readonly restartsOn?: string;
  /** The default action: the move that is made when the clock or the step's limit runs out. */
  readonly onTimeout: Move;
  readonly commands: readonly CommandName[];
  readonly moves: { readonly [move in Move]?: Target<Stage> };
  /** For a person who settles a failed step here: the move that skipping means, and the moves that may be put in its place. */
  readonly onSkip?: Move;
  readonly results?: readonly Move[];
  /** From here on only forward: what has been done is not taken back any more. */
  readonly pointOfNoReturn?: true;
}

/** One row for each open stage; moves may lead to ends as well. */
export type StageTable<Open extends string, Stage extends string, Move extends string> = {
  readonly [stage in Open]: StageRow<Stage, Move>;
};

/** Every flaw of a table: a waiting stage without owner or default, a default or a skip that leads nowhere, an unknown target, a stage no move enters. */
export function flawsOf(stages: Readonly<Record<string, StageRow>>, ends: readonly string[], first: string): string[] {
  const flaws: string[] = [];
  const known = new Set<string>([...Object.keys(stages), ...ends, ...detours]);
  const entered = new Set([first]);
  for (const [stage, row] of Object.entries(stages)) {
    if (!row.clockFrom && !row.step) flaws.push(`${stage} waits, for a command or a fact, but has no clock`);
    for (const name of [row.onTimeout, row.onSkip, ...(row.results ?? [])])
      if (name !== undefined && row.moves[name] === undefined) flaws.push(`${stage}: ${name} is no move of it`);
    for (const target of Object.values(row.moves)) {
      if (target === undefined) continue;
      entered.add(target);
      if (!known.has(target)) flaws.push(`${stage} leads to ${target}, which is no stage`);
    }
  }
  for (const stage of Object.keys(stages)) if (!entered.has(stage)) flaws.push(`nothing leads to ${stage}`);
  return flaws;
}
