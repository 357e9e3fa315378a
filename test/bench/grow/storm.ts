/**
 * A storm of deadlines: returns whose review ends within the same few seconds, by the limit in their pinned policy. On silence each is
 * agreed to, gets a label, and waits for the goods; the storm is over when MongoDB shows all of them there.
 */
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Database } from '../../../db/database.ts';
import type { System } from '../../../dev/system.ts';
import { workCalendarOf } from '../../../domain/policy/work-calendar.ts';
import { getSnapshot, openCase, workflowIdOf } from '../../../workflows/messages.ts';
import { CaseStage, CaseType, CustomerRef, MerchantId, NeedsAttention, OrderId } from '../../../workflows/search-attributes.ts';
import { inputFor, orderOf, policies, unwarned } from '../../support/cases.ts';
import { pool } from '../drivers/samples.ts';

const width = 16;
const sampleOfLevel = 200;

export interface StormCases {
  readonly merchantId: string;
  readonly caseIds: readonly string[];
  /** The earliest and the latest deadline among them, epoch ms. */
  readonly dueFrom: number;
  readonly dueTo: number;
}

/** Opens them so that their deadlines lie evenly within `windowMs` from `dueFrom`; fails if that has come before all are open. */
export async function openStorm(
  { client }: System,
  name: string,
  count: number,
  dueFrom: number,
  windowMs: number,
): Promise<StormCases> {
  const merchantId = `${name}-store`;
  const caseIds = Array.from({ length: count }, (_, nth) => `C-${name}-${nth}`);
  const due: number[] = [];
  await pool(count, width, async (nth) => {
    const caseId = caseIds[nth]!;
    // Neighbours in the order of opening are not neighbours in time.
    const at = dueFrom + (((nth * 7_919) % count) / count) * windowMs;
    const input = inputWith(caseId, merchantId, at);
    const startWorkflowOperation = new WithStartWorkflowOperation('returnCase', {
      workflowId: workflowIdOf('return', caseId),
      taskQueue: 'cases',
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `Return ${input.rmaNo}`,
      typedSearchAttributes: [
        { key: MerchantId, value: merchantId },
        { key: CaseType, value: 'return' },
        { key: CaseStage, value: 'requested' },
        { key: CustomerRef, value: '0123456789abcdef' },
        { key: OrderId, value: input.order.orderId },
        { key: NeedsAttention, value: false },
      ],
    });
    const receipt = await client.workflow.executeUpdateWithStart(openCase, {
      args: [],
      updateId: 'open',
      startWorkflowOperation,
    });
    if (receipt.stage !== 'under_review' || receipt.dueAt === undefined)
      throw new Error(`${caseId} waits in ${receipt.stage}, not for a decision`);
    due.push(receipt.dueAt);
  });
  const earliest = Math.min(...due);
  if (Date.now() > earliest) throw new Error('the storm began before all of its cases were open: allow more time');
  return { merchantId, caseIds, dueFrom: earliest, dueTo: Math.max(...due) };
}

function inputWith(caseId: string, merchantId: string, dueAt: number) {
  const order = orderOf(`O-${caseId}`, { merchantId });
  const calendar = workCalendarOf(policies.calendarFor({ jurisdiction: order.jurisdiction }), Date.now());
  const limitMs = Math.max(1_000, dueAt - Date.now());
  return inputFor(caseId, order, {
    input: { handoverChannel: 'drop_off' },
    sla: (sla) => {
      const { stages, ...rest } = unwarned(sla);
      const review = { ...stages.under_review!, limitMs };
      return { ...rest, calendar, stages: { ...stages, under_review: review } };
    },
  });
}

export interface Drain {
  /** From the first deadline until the last had been heard, and until the last case had come to rest; s. */
  readonly firedSeconds: number;
  readonly drainSeconds: number;
  /** From the last deadline on. */
  readonly lateSeconds: number;
  /** Cases at rest, second by second from the first deadline. */
  readonly curve: readonly number[];
  /** Of so many cases MongoDB and the workflow were compared, and so many said the same. */
  readonly level: { readonly asked: number; readonly same: number };
}

/** Waits until all have come to rest, as MongoDB shows them. */
export async function drained(database: Database, storm: StormCases, patienceMs: number): Promise<Omit<Drain, 'level'>> {
  const { merchantId, caseIds, dueFrom, dueTo } = storm;
  const cases = database.cases.models[0]!.collection;
  const curve: number[] = [];
  let firedAt: number | undefined;
  for (;;) {
    const waiting = await cases.countDocuments({ merchantId, stage: 'under_review' });
    const arrived = await cases.countDocuments({ merchantId, stage: 'awaiting_handover' });
    const now = Date.now();
    if (waiting === 0) firedAt ??= now;
    const second = Math.floor((now - dueFrom) / 1_000);
    if (second >= 0) curve[second] = arrived;
    if (firedAt !== undefined && arrived === caseIds.length) {
      const seconds = (since: number, until: number) => Math.round((until - since) / 100) / 10;
      return {
        firedSeconds: seconds(dueFrom, firedAt),
        drainSeconds: seconds(dueFrom, now),
        lateSeconds: seconds(dueTo, now),
        curve: [...curve].map((one) => one ?? 0),
      };
    }
    if (now > dueTo + patienceMs)
      throw new Error(`after ${patienceMs / 1_000} s ${caseIds.length - arrived} cases are not at rest`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Whether MongoDB shows what the workflows know, of a sample. */
export async function levelOf({ client }: System, database: Database, { caseIds }: StormCases): Promise<Drain['level']> {
  const step = Math.max(1, Math.floor(caseIds.length / sampleOfLevel));
  const asked = caseIds.filter((_, nth) => nth % step === 0);
  let same = 0;
  await pool(asked.length, 4, async (nth) => {
    const caseId = asked[nth]!;
    const { state } = await client.workflow.getHandle(workflowIdOf('return', caseId)).query(getSnapshot);
    const shown = await database.cases.digestOf(caseId);
    if (shown?.state.revision === state.revision && shown.stage === state.stage) same += 1;
  });
  return { asked: asked.length, same };
}
