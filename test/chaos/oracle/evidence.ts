/**
 * What the oracle judges by: ledgers of the partners, histories of Temporal, documents of MongoDB. Never what the product says of itself: no answer
 * of its API (but where that is what is judged), no total, no Query but the one that folds a history anew.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import mongoose from 'mongoose';
import type { Charge, NoticeRequest, Order, Refund, Shipment, StockEntryRequest } from '../../../contracts/partners.ts';
import type { SaveCaseInput, TimelineRow } from '../../../contracts/workflow.ts';
import type { CaseDocument } from '../../../db/case-document.ts';
import { pool } from '../../bench/drivers/samples.ts';
import { keepHistory } from '../../support/replaying.ts';
import { getSnapshot } from '../../../workflows/messages.ts';

export interface Row {
  readonly type: string;
  readonly key?: string;
  readonly effect: unknown;
  readonly request?: unknown;
  /** ISO-8601: when the partner wrote it down. */
  readonly at: string;
}
export interface PaidRefund extends Refund {
  /** Epoch ms; absent: it was never paid. */
  readonly paidAt?: number;
}
export interface Update {
  readonly id: string;
  readonly name: string;
  readonly args: readonly unknown[];
}
/** One run of one workflow, as its history tells. */
export interface Run {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly input: { readonly caseId: string; readonly reopened?: { readonly messageId?: string } };
  readonly updates: readonly Update[];
  /** Ids of the partners' events that it was told. */
  readonly heard: readonly string[];
  /** `endedAt`, epoch ms by the case's own clock, which may be ahead: of one that was answered. */
  readonly activities: readonly {
    readonly type: string;
    readonly input: Record<string, unknown>;
    readonly result?: unknown;
    readonly endedAt?: number;
  }[];
  /** Workflow tasks that failed; the cause is a WorkflowTaskFailedCause of Temporal's API. */
  readonly failures: readonly { readonly cause?: number | null; readonly message: string }[];
  readonly timers: number;
  readonly pending: readonly string[];
  /** Why its history does not lead the code to the same commands again; and where the history is kept. */
  readonly unreplayable?: string;
}
export interface Case {
  readonly caseId: string;
  /** In the order in which they began. */
  readonly runs: readonly Run[];
  readonly doc?: CaseDocument & { readonly state: CaseDocument['state'] };
  readonly rows: readonly TimelineRow[];
  /** The newest run's history folded anew. */
  readonly snapshot?: SaveCaseInput;
  readonly refunds: readonly PaidRefund[];
  readonly charges: readonly Charge[];
  readonly shipments: readonly Shipment[];
  readonly notices: readonly NoticeRequest[];
  readonly stock: readonly StockEntryRequest[];
}
export interface Shown {
  readonly caseId: string;
  readonly stage: string;
  readonly revision: number;
}
export interface Evidence {
  readonly cases: ReadonlyMap<string, Case>;
  /** Partners' events that were acknowledged, and all that anybody heard of, or that were written down because nobody could. */
  readonly words: { readonly acknowledged: readonly string[]; readonly heard: ReadonlySet<string> };
  /** What readers at the API were shown when all was over. */
  readonly shown: readonly Shown[];
  readonly orders: readonly Order[];
  readonly claims: readonly {
    readonly orderId: string;
    readonly lineId: string;
    readonly by: readonly { caseId: string; quantity: number }[];
  }[];
}

const atOnce = 8;
const triesMax = 6;

/** Keys at the partners of all that the case has asked for beside its steps. */
export const errandKeys = (runs: readonly Run[]): ReadonlySet<string> =>
  new Set(
    runs.flatMap(({ activities }) =>
      activities.flatMap(({ type, input }) =>
        type === 'runErrands' ? (input.errands as { key: string }[]).map(({ key }) => `${String(input.caseId)}/${key}`) : [],
      ),
    ),
  );

export async function gather(
  client: Client,
  {
    mongoUri,
    dataDir,
    read,
    onProgress = () => undefined,
  }: {
    mongoUri: string;
    dataDir: string;
    /** A reader at the API. */
    read: (caseId: string) => Promise<Shown>;
    onProgress?: (done: number, of: number) => void;
  },
): Promise<Evidence> {
  const ledgerOf = (partner: string): Row[] => rowsOf(join(dataDir, 'simulators', `${partner}.jsonl`));
  const runs = await inParallel(await runsListed(client, 'returnCase'), (one) => runOf(client, one), onProgress);
  const byCase = new Map<string, Run[]>();
  for (const run of runs) byCase.set(run.input.caseId, [...(byCase.get(run.input.caseId) ?? []), run]);

  const database = await mongoose.createConnection(mongoUri, { dbName: 'mendline' }).asPromise();
  try {
    const docs = new Map(
      (await database.collection('cases').find({}).toArray()).map((doc) => [String(doc._id), doc as never as CaseDocument]),
    );
    const rows = grouped(
      (await database.collection('timeline').find({}).sort({ seq: 1 }).toArray()) as never as (TimelineRow & {
        caseId: string;
      })[],
    );
    const claims = (await database.collection('unit_claims').find({}).toArray()) as never as Evidence['claims'];
    const [payments, carrier] = [ledgerOf('payments'), ledgerOf('carrier')];
    const paidAt = firstPaid(payments);
    const refunds = grouped(
      latest<Refund>(payments, /^refund_/, (one) => one.refundId).map((one) => ({ ...one, paidAt: paidAt.get(one.refundId) })),
    );
    const charges = grouped(latest<Charge>(payments, /^charge_/, (one) => one.chargeId));
    const shipments = grouped(latest<Shipment>(carrier, /^(shipment_|parcel_scanned)/, (one) => one.shipmentId));
    const notices = grouped(ledgerOf('notifications').map((row) => row.request as NoticeRequest));
    const stock = grouped(ledgerOf('stock').map((row) => row.request as StockEntryRequest));
    const ids = [...new Set([...byCase.keys(), ...docs.keys(), ...refunds.keys()])].filter((id) => !id.includes('.claim'));
    const cases = await inParallel(ids, async (caseId): Promise<Case> => {
      const own = byCase.get(caseId) ?? [];
      const folded = await Promise.all(own.map((run) => foldedAnew(client, run, dataDir)));
      return {
        caseId,
        runs: own.map((run, nth) => ({ ...run, unreplayable: folded[nth]?.unreplayable })),
        doc: docs.get(caseId),
        rows: rows.get(caseId) ?? [],
        snapshot: folded.at(-1)?.snapshot,
        refunds: refunds.get(caseId) ?? [],
        charges: charges.get(caseId) ?? [],
        shipments: shipments.get(caseId) ?? [],
        notices: notices.get(caseId) ?? [],
        stock: stock.get(caseId) ?? [],
      };
    });
    const written = await database
      .collection('exceptions')
      .find({}, { projection: { _id: 1 } })
      .toArray();
    const claimRuns = await inParallel(await runsListed(client, 'carrierClaim'), (one) => heardBy(client, one));
    const words = {
      acknowledged: [...payments, ...carrier].flatMap((row) =>
        row.type === 'webhook_delivered' ? [(row.effect as { eventId: string }).eventId] : [],
      ),
      heard: new Set([
        ...[...runs.map(({ heard }) => heard), ...claimRuns].flat(),
        ...written.map(({ _id }) => String(_id).replace(/^\w+\//, '')),
      ]),
    };
    const opened = cases.filter(({ doc }) => doc && doc.merchantId !== '').map(({ caseId }) => caseId);
    const shown = await inParallel([...opened, ...opened], read); // twice: by both API processes, as a rule
    const orders = ledgerOf('orders').map((row) => (row.effect as { order: Order }).order);
    return { cases: new Map(cases.map((one) => [one.caseId, one])), words, shown, orders, claims };
  } finally {
    await database.close();
  }
}

interface Listed {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly startedAt: number;
}

/** In the order in which they began. */
async function runsListed(client: Client, type: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const one of client.workflow.list({ query: `WorkflowType = "${type}"` }))
    found.push({ workflowId: one.workflowId, runId: one.runId, status: one.status.name, startedAt: one.startTime.getTime() });
  return found.sort((a, b) => a.startedAt - b.startedAt);
}

const eventsOf = async (client: Client, { workflowId, runId }: Listed) =>
  (await patiently(() => client.workflow.getHandle(workflowId, runId).fetchHistory())).events ?? [];

const heardIn = (events: Awaited<ReturnType<typeof eventsOf>>): string[] =>
  events.flatMap(({ workflowExecutionSignaledEventAttributes: one }) => {
    const { eventId } = (one ? (decoded(one.input)[0] ?? {}) : {}) as { eventId?: string };
    return eventId ? [eventId] : [];
  });
const heardBy = async (client: Client, listed: Listed): Promise<string[]> => heardIn(await eventsOf(client, listed));

async function runOf(client: Client, listed: Listed): Promise<Run> {
  const { workflowId, runId, status } = listed;
  const all = await eventsOf(client, listed);
  // Taken in and yet refused when its turn came: without effect, and its caller was told so.
  const done = new Set(
    all.flatMap(({ workflowExecutionUpdateCompletedEventAttributes: one }) =>
      one?.outcome?.failure ? [] : [String(one?.meta?.updateId)],
    ),
  );
  const answers = new Map(
    all.flatMap(({ eventTime, activityTaskCompletedEventAttributes: one }) =>
      one ? [[String(one.scheduledEventId), { result: decoded(one.result)[0], endedAt: tsToMs(eventTime) }] as const] : [],
    ),
  );
  const pending = status === 'RUNNING' ? await pendingOf(client, workflowId) : [];
  return {
    workflowId,
    runId,
    status,
    input: decoded(all[0]?.workflowExecutionStartedEventAttributes?.input)[0] as Run['input'],
    updates: all.flatMap(({ workflowExecutionUpdateAcceptedEventAttributes: one }) =>
      one && done.has(String(one.acceptedRequest?.meta?.updateId))
        ? [
            {
              id: String(one.acceptedRequest?.meta?.updateId),
              name: String(one.acceptedRequest?.input?.name),
              args: decoded(one.acceptedRequest?.input?.args),
            },
          ]
        : [],
    ),
    heard: heardIn(all),
    activities: all.flatMap(({ eventId, activityTaskScheduledEventAttributes: one }) => {
      if (!one) return [];
      const input = decoded(one.input)[0] as Record<string, unknown>;
      return [{ type: String(one.activityType?.name), input, ...answers.get(String(eventId)) }];
    }),
    failures: all.flatMap(({ workflowTaskFailedEventAttributes: one }) =>
      one ? [{ cause: one.cause, message: one.failure?.message ?? '' }] : [],
    ),
    timers:
      all.filter((event) => event.timerStartedEventAttributes).length -
      all.filter((event) => event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes).length,
    pending,
  };
}

async function pendingOf(client: Client, workflowId: string): Promise<string[]> {
  const { raw } = await patiently(() => client.workflow.getHandle(workflowId).describe());
  return (raw.pendingActivities ?? []).map(
    ({ activityType, attempt, lastFailure }) => `${activityType?.name}, attempt ${attempt}: ${lastFailure?.message ?? ''}`,
  );
}

/** A worker plays the run's history once more and tells what it came to; a history on which it comes to other commands is kept. */
async function foldedAnew(
  client: Client,
  { workflowId, runId }: Run,
  dir: string,
): Promise<Pick<Case, 'snapshot'> & Pick<Run, 'unreplayable'>> {
  try {
    return { snapshot: await patiently(() => client.workflow.getHandle(workflowId, runId).query(getSnapshot), disagrees) };
  } catch (err) {
    if (!disagrees(err)) throw err;
    return { unreplayable: `${(err as Error).message} (kept in ${await keepHistory(client, workflowId, runId, dir)})` };
  }
}
const disagrees = (err: unknown): boolean => String(err).includes('TMPRL1100');

/** A server that has only just come back, or a worker that has much to fetch back into memory, may not answer at first. */
export async function patiently<T>(ask: () => Promise<T>, forGood: (err: unknown) => boolean = () => false): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await ask();
    } catch (err) {
      if (tries >= triesMax || forGood(err)) throw err;
      await pause(tries * 1_000);
    }
}

const decoded = (payloads: { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined): unknown[] =>
  (payloads?.payloads ?? []).map(({ data }) =>
    data && data.length > 0 ? (JSON.parse(Buffer.from(data).toString('utf8')) as unknown) : undefined,
  );

function rowsOf(file: string): Row[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line ? [JSON.parse(line) as Row] : []));
}

/** When each refund was first said to be paid: what is paid may still fail, late. */
function firstPaid(rows: readonly Row[]): Map<string, number> {
  const paid = new Map<string, number>();
  for (const { type, effect, at } of rows) {
    const { refundId, status } = effect as Partial<Refund>;
    if (type.startsWith('refund_') && refundId && status === 'succeeded' && !paid.has(refundId))
      paid.set(refundId, Date.parse(at));
  }
  return paid;
}

/** The last word on each thing, in the order in which they came to be. */
function latest<T>(rows: readonly Row[], types: RegExp, idOf: (one: T) => string): T[] {
  const known = new Map<string, T>();
  for (const { type, effect } of rows) if (types.test(type)) known.set(idOf(effect as T), effect as T);
  return [...known.values()];
}

function grouped<T extends { readonly caseId: string }>(list: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const group = groups.get(one.caseId);
    if (group) group.push(one);
    else groups.set(one.caseId, [one]);
  }
  return groups;
}

/** As many at a time as `atOnce` says; results in the order of the list. */
async function inParallel<A, B>(
  list: readonly A[],
  work: (one: A) => Promise<B>,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<B[]> {
  const results: B[] = [];
  let done = 0;
  await pool(list.length, atOnce, async (index) => {
    results[index] = await work(list[index]!);
    onProgress(++done, list.length);
  });
  return results;
}
