/**
 * Edge tests as data: which edge of a stage table a test takes, in words, and how. A vitest file runs the list, the diagram in
 * docs/case-flows.md prints the words beside the edge, and an edge without a test is found by comparing the list with the table.
 */
import { edgesOf, type Edge, type Outgoing } from '../../domain/edges.ts';
import type { Default } from '../../domain/stage-table.ts';

export interface EdgeTest<Case, Stage extends string = string, Move extends string = string, To extends string = string> {
  readonly from: Stage;
  readonly move: Move;
  /** As the table says it, so `@from` for a detour. */
  readonly to: To;
  /** Only where two guards of the move lead to the same stage. */
  readonly when?: string;
  /** Where a detour leads in this test. */
  readonly arrivesAt?: To;
  /** Nobody acts: the stage's clock, or its step's limit, makes the move by itself. With a name: by the default of that guard. */
  readonly byClock?: true | string;
  /** The guarantee, in a few words, read after "from requested, accepted: …". */
  readonly title: string;
  /** A case in the stage; the one on the happy road if it says nothing. */
  readonly given?: () => Case;
  /** What makes the case take the edge. */
  readonly run: (rma: Case) => void;
}
type Taken = Pick<EdgeTest<never>, 'from' | 'move' | 'to' | 'when'>;

const takes = (test: Taken, { from, move, to, when }: Edge): boolean =>
  test.from === from && test.move === move && test.to === to && (test.when === undefined || test.when === when);

/** The test of an edge, if it has one. */
export const testOf = <Test extends Taken>(edge: Edge, tests: readonly Test[]): Test | undefined =>
  tests.find((test) => takes(test, edge));

/** Edges of the table that no test takes. */
export const uncovered = (table: Readonly<Record<string, Outgoing>>, tests: readonly Taken[]): Edge[] =>
  edgesOf(table).filter((edge) => !testOf(edge, tests));

/** Tests of edges that the table does not have, or has no more. */
export const astray = <Test extends Taken>(table: Readonly<Record<string, Outgoing>>, tests: readonly Test[]): Test[] =>
  tests.filter((test) => !edgesOf(table).some((edge) => takes(test, edge)));

export interface DefaultMove {
  readonly from: string;
  readonly move: string;
  readonly when?: string;
}
type Waiting = { readonly onTimeout: Default<string, string> };

/** Every default of a table, one for each guard that chooses it. */
export const defaultsOf = (table: Readonly<Record<string, Waiting>>): DefaultMove[] =>
  Object.entries(table).flatMap(([from, { onTimeout }]) =>
    (typeof onTimeout === 'string' ? [onTimeout] : onTimeout).map((one) =>
      typeof one === 'string' ? { from, move: one } : { from, ...one },
    ),
  );

/** Defaults that no test lets the clock take. */
export const untaken = (
  table: Readonly<Record<string, Waiting>>,
  tests: readonly Pick<EdgeTest<never>, 'from' | 'move' | 'byClock'>[],
): DefaultMove[] =>
  defaultsOf(table).filter(
    ({ from, move, when = true }) => !tests.some((test) => test.from === from && test.move === move && test.byClock === when),
  );

interface Played {
  readonly stage: string;
  record(event: { readonly type: string; readonly by: { readonly role: string } }): void;
}

/** Every change of stage, and every move that led back to the same one, while `run` plays with the case; and who brought it about. */
export function travelled<Case extends Played>(rma: Case, run: (rma: Case) => void): (Edge & { readonly role: string })[] {
  const steps: (Edge & { readonly role: string })[] = [];
  const record = rma.record.bind(rma);
  rma.record = (event) => {
    const from = rma.stage;
    record(event);
    steps.push({ from, move: event.type, to: rma.stage, role: event.by.role });
  };
  run(rma);
  return steps;
}
