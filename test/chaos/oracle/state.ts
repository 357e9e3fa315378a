/** States, by MongoDB's documents against Temporal's histories: I5, I10, I15, I16. */
import { isDeepStrictEqual } from 'node:util';
import { rulesOf } from '../../../domain/case-types.ts';
import { targetsOf } from '../../../domain/stage-table.ts';
import type { SaveCaseInput } from '../../../contracts/workflow.ts';
import type { CaseDocument } from '../../../db/case-document.ts';
import type { Evidence } from './evidence.ts';
import type { Violation } from './index.ts';

const rules = rulesOf('return');

/** Stages that a move of this stage may lead to; a detour may lead anywhere that it names. */
function leadsTo(from: string): (to: string) => boolean {
  const row = rules.stages[from];
  if (!row) return () => false;
  const targets = Object.values(row.moves).flatMap((route) => (route === undefined ? [] : targetsOf(route)));
  const detour =
    targets.some((target) => target.startsWith('@')) || Object.values(rules.stages).some((one) => one.comesBefore?.length);
  return (to) => to === from || targets.includes(to) || (detour && (to in rules.stages || rules.ends.includes(to)));
}

/** I5: every change of stage is a move of the table, revisions have no gap, and nothing follows an end but a reopening. */
export function paths({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, rows, doc }) => {
    const complain = (what: string): Violation => ({ invariant: 'I5', caseId, what });
    const violations: Violation[] = [];
    rows.forEach((row, index) => {
      const before = rows[index - 1];
      if (row.seq !== index + 1) violations.push(complain(`revision ${row.seq} stands in place ${index + 1}`));
      if (!before || before.stage === row.stage) return;
      if (
        rules.ends.includes(before.stage)
          ? row.event.type !== 'reopened' && !/reopen|appeal|disput|failed/.test(row.event.type)
          : !leadsTo(before.stage)(row.stage)
      )
        violations.push(complain(`${before.stage} led to ${row.stage} by ${row.event.type}`));
      if (row.at < before.at) violations.push(complain(`revision ${row.seq} is of before revision ${before.seq}`));
    });
    if (doc && rows.length !== doc.state.revision)
      violations.push(complain(`${rows.length} rows for revision ${doc.state.revision}`));
    return violations.slice(0, 3);
  });
}

const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
/** MongoDB stores what is absent as absent; `null` is what it makes of a hole in a list. */
export const isLevel = ({
  doc,
  snapshot,
}: {
  readonly doc?: Pick<CaseDocument, 'state'>;
  readonly snapshot?: Pick<SaveCaseInput, 'state'>;
}): boolean => Boolean(doc && snapshot && isDeepStrictEqual(asStored(doc.state), asStored(snapshot.state)));

/** I10: the read model is the history folded anew. */
export function levels({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap((one) => {
    if (isLevel(one)) return [];
    const { caseId, doc, snapshot } = one;
    const shown = doc ? `revision ${doc.state.revision} in ${doc.stage}` : 'nothing';
    return [
      {
        invariant: 'I10',
        caseId,
        what: `shown is ${shown}, the workflow has ${snapshot ? `revision ${snapshot.state.revision} in ${snapshot.state.stage}` : 'nothing'}`,
      },
    ];
  });
}

/** I10: when all is over, readers are shown what is stored. */
export const shownAsStored = ({ cases, shown }: Evidence): Violation[] =>
  shown.flatMap(({ caseId, stage, revision }) => {
    const state = cases.get(caseId)?.doc?.state;
    if (state?.stage === stage && state.revision === revision) return [];
    const what = `readers were shown revision ${revision} in ${stage}, stored is revision ${state?.revision} in ${state?.stage}`;
    return [{ invariant: 'I10', caseId, what }];
  });

/** I15: whatever is open waits for something that is due, for a step that is being tried, or for a person who was asked. */
export function stuck({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, runs, snapshot }) =>
    runs.flatMap((run) => {
      if (run.status !== 'RUNNING' || run.timers > 0 || run.pending.length > 0) return [];
      return [
        {
          invariant: 'I15',
          caseId,
          what: `${run.workflowId} is open in ${snapshot?.state.stage}, with no timer and no activity`,
        },
      ];
    }),
  );
}

/** Temporal's own words for tasks that are asked for again because something came meanwhile, or because the worker went. */
const harmless: readonly (number | null | undefined)[] = [1, 13, 17, 20, 31]; // unhandled command, reset sticky queue, force close, reset, unhandled Update

/** I16: every history leads to the same commands again; no task failed because of a flaw of ours; no case ended as a failed workflow. */
export function tasks({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, runs }) =>
    runs.flatMap((run) => [
      ...run.failures
        .filter(({ cause }) => !harmless.includes(cause))
        .map(({ cause, message }) => ({ invariant: 'I16', caseId, what: `${run.workflowId}: ${cause} ${message}` })),
      ...(run.unreplayable ? [{ invariant: 'I16', caseId, what: `${run.workflowId}: ${run.unreplayable}` }] : []),
      ...(['FAILED', 'TIMED_OUT', 'TERMINATED'].includes(run.status)
        ? [{ invariant: 'I16', caseId, what: `${run.workflowId} ended ${run.status}` }]
        : []),
    ]),
  );
}
