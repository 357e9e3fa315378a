/**
 * The read model held against the workflows, by Query and at a gentle rate: cases that MongoDB lacks, that it shows open although they have
 * ended, and open ones that differ. What differs is written anew from the workflow. Run by a Schedule, and by hand for one case or all.
 */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { ReconcileAnswer, SaveCaseInput } from '../contracts/workflow.ts';
import type { CaseDigest } from '../db/cases.ts';
import type { Database } from '../db/database.ts';
import { caseTypes } from '../domain/case-types.ts';
import { getSnapshot } from '../workflows/messages.ts';

export interface ReconcileDeps {
  readonly client: Client;
  readonly database: Pick<Database, 'cases'>;
}
export interface Reconciliation {
  /** Only this case. */
  readonly caseId?: string;
  /** How many running cases are compared; absent: all. */
  readonly sample?: number;
  /** Cases that ended longer ago are left; absent: all within the namespace's retention. */
  readonly endedSinceMs?: number;
  readonly onProgress?: (looked: number) => void;
}

const perSecond = 20;
const graceMs = 5_000;

export async function reconcile({ client, database }: ReconcileDeps, asked: Reconciliation = {}): Promise<ReconcileAnswer> {
  const found = { looked: 0, missing: 0, behind: 0, ahead: 0, unanswered: 0 };
  let nextAt = Date.now();
  const seen = new Set<string>();
  for await (const { workflowId, running } of casesOf(client, asked)) {
    const caseId = caseIdOf(workflowId);
    // Newest generation first: the older ones of the same case are history.
    if (seen.has(caseId) || (asked.sample !== undefined && running && found.looked >= asked.sample)) continue;
    seen.add(caseId);
    found.looked += 1;
    asked.onProgress?.(found.looked);
    // Before the workflow is asked: what is saved after this look is as new as the answer, and `rebuild` leaves it alone.
    const shown = await database.cases.digestOf(caseId);
    // The list is behind, and shows this generation alone: what is shown is of a later one.
    if (shown && shown.generation > generationOf(workflowId)) continue;
    const isThis = shown?.generation === generationOf(workflowId);
    if (!running && shown && !shown.open && isThis && asked.caseId === undefined) continue;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAt - Date.now())));
    nextAt = Math.max(nextAt, Date.now()) + 1_000 / perSecond;
    const verdict = await compared(client, database, workflowId, shown, asked.caseId !== undefined);
    if (verdict !== 'level') found[verdict] += 1;
  }
  return found;
}

/** Running cases and ended ones, by visibility: newest start first. */
async function* casesOf(client: Client, { caseId, endedSinceMs }: Reconciliation) {
  const types = caseTypes.map((type) => `"${type}"`).join(', ');
  const ofOne =
    caseId === undefined ? '' : ` AND (${caseTypes.map((type) => `WorkflowId STARTS_WITH "${type}:${caseId}"`).join(' OR ')})`;
  const since = endedSinceMs === undefined ? '' : ` AND CloseTime > "${new Date(Date.now() - endedSinceMs).toISOString()}"`;
  const which = [
    `CaseType IN (${types}) AND ExecutionStatus = "Running"`,
    `CaseType IN (${types}) AND ExecutionStatus != "Running" AND ExecutionStatus != "ContinuedAsNew"${since}`,
  ];
  for (const query of which)
    for await (const { workflowId, status } of client.workflow.list({ query: query + ofOne }))
      if (caseId === undefined || caseIdOf(workflowId) === caseId) yield { workflowId, running: status.name === 'RUNNING' };
}

const caseIdOf = (workflowId: string): string => workflowId.split(':')[1] ?? workflowId;
const generationOf = (workflowId: string): number => Number(workflowId.split(':')[2] ?? 1);

async function compared(
  client: Client,
  database: ReconcileDeps['database'],
  workflowId: string,
  shown: CaseDigest | null,
  always: boolean,
): Promise<'level' | 'missing' | 'behind' | 'ahead' | 'unanswered'> {
  try {
    const snapshot = await client.connection.withDeadline(Date.now() + graceMs, () =>
      client.workflow.getHandle(workflowId).query(getSnapshot),
    );
    const verdict = differenceOf(shown, snapshot);
    if (verdict === 'level' && !always) return verdict;
    // A save was on its way: the next look will find it level, or not.
    return (await database.cases.rebuild(snapshot, shown?.stamp)) ? verdict : 'level';
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return 'level';
    return 'unanswered';
  }
}

function differenceOf(shown: CaseDigest | null, { state }: SaveCaseInput): 'level' | 'missing' | 'behind' | 'ahead' {
  if (!shown) return 'missing';
  const place = ({ run, revision }: { run: number; revision: number }): number => run * 1e9 + revision;
  const ahead = place(shown.state) - place(state);
  if (ahead !== 0) return ahead > 0 ? 'ahead' : 'behind';
  return shown.stage === state.stage ? 'level' : 'ahead';
}
