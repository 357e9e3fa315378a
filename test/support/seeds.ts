/** Many cases at once, written straight into the read model: as many as a busy shop has, spread as its days go. */
import { documentOf } from '../../db/case-document.ts';
import type { Database } from '../../db/database.ts';
import { openReturnStages, returnEnds } from '../../domain/return-table.ts';
import { type ReturnState } from '../../domain/return-state.ts';
import { openedState } from '../domain/paper-case.ts';

export const seededAt = Date.UTC(2026, 10, 22, 9);
const minuteMs = 60_000;

export interface Seed {
  readonly merchantId: string;
  readonly count: number;
  readonly customers?: number;
}

/** Two in three cases have ended; of the open ones some are late, a few need somebody, fewer are escalated. */
export async function seedCases(database: Database, { merchantId, count, customers = 500 }: Seed): Promise<void> {
  const documents = Array.from({ length: count }, (_, index) => seeded(merchantId, index, customers));
  for (let from = 0; from < count; from += 1_000)
    await database.cases.models[0]!.collection.insertMany(documents.slice(from, from + 1_000) as never[], { ordered: false });
}

function seeded(merchantId: string, index: number, customers: number) {
  // A step that shares no factor with the counts below: fields do not go in step with one another.
  const spread = (index * 7_919) % 20_011;
  const ended = spread % 3 !== 0;
  const stages = ended ? returnEnds : openReturnStages;
  const stage = stages[spread % stages.length]!;
  const [caseId, customer] = [`C-${merchantId}-${String(index).padStart(6, '0')}`, spread % customers];
  const orderId = `O-${customer}-${spread % 4}`;
  const openedAt = seededAt - index * minuteMs;
  const state: ReturnState = {
    ...openedState(undefined, { caseId, merchantId, stage, openedAt, at: openedAt + (spread % 977) * minuteMs, revision: 5 }),
    assignee: spread % 2 === 0 ? `agent-${spread % 11}` : undefined,
    ...(spread % 29 === 0
      ? { escalation: { state: 'active', level: 1 + (spread % 4), reason: 'no_answer', since: openedAt } }
      : {}),
  };
  const about = {
    caseType: 'return' as const,
    rmaNo: `RMA-2611-${String(index).padStart(6, '0')}`,
    customerId: `cust-${customer}`,
    orderId,
    reason: 'quality' as const,
    handoverChannel: 'door_pickup' as const,
    packs: [],
    lines: [{ lineId: '1', sku: 'KETTLE' }],
    noticeAt: openedAt,
  };
  const dueAt = ended || spread % 5 === 0 ? undefined : seededAt + ((spread % 4_001) - 1_000) * minuteMs;
  return { _id: caseId, ...documentOf(1, state, about), ...(dueAt === undefined ? {} : { dueAt, dueSort: dueAt }) };
}
