/**
 * What a table of stages is, for every case type: one table is the diagram, the guard, the default on silence and the list of buttons.
 * The rows of a case type live in its own file (return.ts); the reducer that obeys them in case.ts.
 */
import type { CommandName } from './permissions.ts';

/** Whom a case waits for in a stage. */
export const owners = [
  'system',
  'agent',
  'customer',
  'carrier_desk',
  'warehouse',
  'finance',
  'team_lead',
  'manager',
  'carrier',
] as const;
export type Owner = (typeof owners)[number];

/**
 * A stage's name, or where a detour leads: `@from` the stage that was left, `@step` the same if a step of ours runs there (else the case
 * stays), `@skip` where its `onSkip` move leads, `@result` where the move a person named leads, `@target` the end that unwinding was
 * entered for, `@after` the way that recovering an advance has interrupted, `@stay` the stage itself: a new term begins.
 */
export type Target<Stage extends string> = Stage | (typeof detours)[number];
const detours = ['@from', '@step', '@skip', '@result', '@target', '@after', '@stay'] as const;

/** Where a move leads: always to one target, or to that of the first guard that holds; the last one has no guard. */
export type Route<Stage extends string, Guard extends string> =
  | Target<Stage>
  | readonly [...{ readonly when: Guard; readonly to: Target<Stage> }[], Target<Stage>];
/** A default action: always the same move, or that of the first guard that holds. */
export type Default<Move extends string, Guard extends string> =
  | Move
  | readonly [...{ readonly when: Guard; readonly move: Move }[], Move];

export interface StageRow<Stage extends string = string, Move extends string = string, Guard extends string = string> {
  readonly owner: Owner;
  /** The step of ours that runs here; its own time limit is then the stage's clock. */
  readonly step?: string;
  /** What starts the stage's clock: `entry`, or later events of these names. Absent: nothing waits here. */
  readonly clockFrom?: string | readonly string[];
  /** A fact that proves the wait is alive, and starts its term anew: a scan of a travelling parcel. */
  readonly restartsOn?: string;
  /** The clock of the stage that was left waits while the case is here: somebody else's answer is awaited. */
  readonly pausesLeft?: true;
  /** The default action: the move that is made when the clock or the step's limit runs out. */
  readonly onTimeout: Default<Move, Guard>;
  readonly commands: readonly CommandName[];
  readonly moves: { readonly [move in Move]?: Route<Stage, Guard> };
  /** For a person who settles a failed step here: the move that skipping means, and the moves that may be put in its place. */
  readonly onSkip?: Move;
  readonly results?: readonly Move[];
  /** From here on only forward: what has been done is not taken back any more. */
  readonly pointOfNoReturn?: true;
  /** What is registered here to be taken back, in words: for the documentation. */
  readonly undo?: string;
  /** Ways that lead through here first, while the question of this stage is open (`divert` in the type's rules says when it is). */
  readonly comesBefore?: readonly Stage[];
}

/** One row for each open stage; moves may lead to ends as well. */
export type StageTable<Open extends string, Stage extends string, Move extends string, Guard extends string = string> = {
  readonly [stage in Open]: StageRow<Stage, Move, Guard>;
};

/** Every target that a move may lead to. */
export const targetsOf = (route: Route<string, string>): string[] =>
  typeof route === 'string' ? [route] : route.map((one) => (typeof one === 'string' ? one : one.to));
/** Every move that a default may be. */
export const movesOf = (onTimeout: Default<string, string>): string[] =>
  typeof onTimeout === 'string' ? [onTimeout] : onTimeout.map((one) => (typeof one === 'string' ? one : one.move));
/** Guards that a row names, of its moves and of its default. */
const guardsOf = (row: StageRow): string[] =>
  [...Object.values(row.moves), row.onTimeout].flatMap((route) =>
    route === undefined || typeof route === 'string' ? [] : route.flatMap((one) => (typeof one === 'string' ? [] : [one.when])),
  );

const hasClock = ({ clockFrom, step }: StageRow): boolean => step !== undefined || (clockFrom?.length ?? 0) > 0;

/**
 * Every flaw of a table: a waiting stage without owner, clock or default, a default or a skip that leads nowhere, an unknown target, a
 * guard that nobody knows or nobody asks, a stage no move enters.
 */
export function flawsOf(
  stages: Readonly<Record<string, StageRow>>,
  ends: readonly string[],
  first: string,
  guards: readonly string[] = [],
): string[] {
  const flaws: string[] = [];
  const known = new Set<string>([...Object.keys(stages), ...ends, ...detours]);
  const entered = new Set([first]);
  for (const [stage, row] of Object.entries(stages)) {
    if (!row.owner) flaws.push(`${stage} has no owner`);
    if (!hasClock(row)) flaws.push(`${stage} waits, for a command or a fact, but has no clock`);
    const defaults = row.onTimeout ? movesOf(row.onTimeout) : [];
    if (defaults.length === 0) flaws.push(`${stage} has no default action`);
    for (const name of [...defaults, row.onSkip, ...(row.results ?? [])])
      if (name !== undefined && row.moves[name] === undefined) flaws.push(`${stage}: ${name} is no move of it`);
    for (const guard of guardsOf(row)) if (!guards.includes(guard)) flaws.push(`${stage}: no guard is called ${guard}`);
    for (const target of Object.values(row.moves).flatMap((route) => (route === undefined ? [] : targetsOf(route)))) {
      entered.add(target);
      if (!known.has(target)) flaws.push(`${stage} leads to ${target}, which is no stage`);
    }
    if (row.comesBefore) entered.add(stage);
    for (const target of row.comesBefore ?? [])
      if (!known.has(target)) flaws.push(`${stage} comes before ${target}, which is no stage`);
  }
  const asked = new Set(Object.values(stages).flatMap(guardsOf));
  for (const guard of guards) if (!asked.has(guard)) flaws.push(`no move asks the guard ${guard}`);
  for (const stage of Object.keys(stages)) if (!entered.has(stage)) flaws.push(`nothing leads to ${stage}`);
  return flaws;
}
