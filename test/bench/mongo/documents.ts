/** Documents of cases as the product makes them: states that the rules themselves led to a stage, under numbers of their own. */
import { documentOf } from '../../../db/case-document.ts';
import type { ReturnState } from '../../../domain/return-state.ts';
import { openReturnStages } from '../../../domain/return-table.ts';
import { paperCaseIn, parkedFrom } from '../../domain/paper-case.ts';

export const seededAt = Date.UTC(2026, 10, 22, 9);
export const merchantId = 'm-busy';
export const desks = 40;
const minuteMs = 60_000;
/** One in three is open, as where cases last days and are kept for weeks. */
const endedOfThree = 2;
const casesOfCustomer = 4;

const templates = new Map<string, string>();
function templateOf(stage: string): string {
  const kept = templates.get(stage);
  if (kept) return kept;
  const rma = stage === 'needs_attention' ? parkedFrom('authorized') : paperCaseIn(stage as never);
  const made = JSON.stringify(rma.state);
  templates.set(stage, made);
  return made;
}

export const caseIdOf = (index: number): string => `C-${String(index).padStart(8, '0')}`;
export const customerOf = (index: number): string => `cust-${Math.floor(spreadOf(index) / casesOfCustomer)}`;
export const orderIdOf = (index: number): string => `O-${spreadOf(index)}`;
/** Shares no factor with the counts below, so that fields do not go in step with one another. */
const spreadOf = (index: number): number => (index * 7_919) % 1_000_003;

/** `revision`: how often it has been saved. */
export function stateOf(index: number, revision?: number): ReturnState {
  const spread = spreadOf(index);
  const stage = spread % 3 < endedOfThree ? 'refunded' : openReturnStages[Math.floor(spread / 3) % openReturnStages.length]!;
  // Parcels and messages have numbers of their own: of one number all would lie at one place of an index.
  const template = JSON.parse(templateOf(stage).replaceAll(/\b(RT|OUT|msg-|re_)(\d+)/g, `$1${index}-$2`)) as ReturnState;
  const openedAt = seededAt - (spread % 43_200) * minuteMs;
  return {
    ...template,
    caseId: caseIdOf(index),
    merchantId,
    openedAt,
    at: openedAt + (spread % 9_973) * minuteMs,
    revision: revision ?? template.revision,
    ...(spread % 2 === 0 ? { assignee: `agent-${spread % desks}` } : {}),
    ...(spread % 97 === 0
      ? { escalation: { state: 'active', level: 1 + (spread % 4), reason: 'no_answer', since: openedAt } as const }
      : {}),
  };
}

export function aboutOf(index: number, { openedAt }: ReturnState) {
  return {
    caseType: 'return' as const,
    rmaNo: `RMA-2611-${String(index).padStart(8, '0')}`,
    customerId: customerOf(index),
    orderId: orderIdOf(index),
    paymentId: `pay-${orderIdOf(index)}`,
    reason: 'quality' as const,
    handoverChannel: 'door_pickup' as const,
    packs: [],
    lines: [{ lineId: '1', sku: 'KETTLE' }],
    noticeAt: openedAt,
  };
}

export function documentAt(index: number) {
  const state = stateOf(index);
  const document = documentOf(1, state, aboutOf(index, state));
  const spread = spreadOf(index);
  // Clocks on paper run in paper's time: deadlines lie around this hour instead, some passed and most to come.
  const dueAt = document.dueAt === null ? null : seededAt + ((spread % 20_011) - 2_000) * minuteMs;
  return { _id: caseIdOf(index), ...document, ...(dueAt === null ? {} : { dueAt, dueSort: dueAt }) };
}
