/**
 * The edges of a table of stages, one for each way a move can lead: for drawing the table and for asking which edge has a test.
 * Detours stay symbols (`@from`); where they lead in a case is moves.ts.
 */

/** Where a move leads: a stage or detour, or several of them, of which the first whose guard holds is taken; one without a guard always holds. */
export type Way = string | readonly (string | { readonly when: string; readonly to: string })[];

export interface Edge {
  readonly from: string;
  readonly move: string;
  readonly to: string;
  /** Name of the guard; absent: none, or none before it held. */
  readonly when?: string;
}

/** As much of a stage's row as its edges need. */
export type Outgoing = { readonly moves: { readonly [move in string]?: Way } };

export const edgesOf = (stages: Readonly<Record<string, Outgoing>>): Edge[] =>
  Object.entries(stages).flatMap(([from, { moves }]) =>
    Object.entries(moves).flatMap(([move, way]) => waysOf(way).map((one) => ({ from, move, ...one }))),
  );

const waysOf = (way: Way | undefined): { to: string; when?: string }[] =>
  way === undefined
    ? []
    : typeof way === 'string'
      ? [{ to: way }]
      : way.map((one) => (typeof one === 'string' ? { to: one } : one));
