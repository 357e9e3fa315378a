/** What tests say a return is, in one place: an order of two kinds of goods, and the input a case starts from. */
import type { Order } from '../../contracts/partners.ts';
import type { ReturnInput } from '../../contracts/workflow.ts';
import type { SlaPolicy } from '../../domain/case.ts';
import { choosePacks } from '../../domain/policy/decide.ts';
import { slaFor } from '../../domain/policy/sla.ts';
import type { Reason } from '../../domain/policy/verdict.ts';
import { loadPolicies, type PolicyStore } from '../../gateways/policy-packs.ts';

const dayMs = 86_400_000;
export const policies: PolicyStore = loadPolicies(new URL('../../policies', import.meta.url).pathname);

export function orderOf(orderId: string, changes: Partial<Order> = {}): Order {
  const now = Date.now();
  return {
    orderId,
    merchantId: 'm1',
    customerId: 'cust-1',
    placedAt: new Date(now - 6 * dayMs).toISOString(),
    deliveredAt: new Date(now - 3 * dayMs).toISOString(),
    jurisdiction: 'GB',
    currency: 'GBP',
    paymentId: `pay-${orderId}`,
    paidMinor: 10_000,
    lines: [
      { lineId: '1', sku: 'KETTLE', title: 'Kettle', category: 'home_appliance', quantity: 3, unitPriceMinor: 2_500 },
      { lineId: '2', sku: 'TEA', title: 'Tea towel', category: 'textiles', quantity: 5, unitPriceMinor: 500 },
    ],
    ...changes,
  };
}

export interface InputChanges {
  readonly reason?: Reason;
  readonly quantities?: Readonly<Record<string, number>>;
  /** Changes to the pinned limits, e.g. shorter steps. */
  readonly sla?: (sla: SlaPolicy) => SlaPolicy;
  readonly historyBudget?: number;
  /** As release 0.1.0 opened cases: without the second edition's fields. */
  readonly firstEdition?: true;
  /** Whatever else the input says. */
  readonly input?: Partial<ReturnInput>;
}

/** The input as the API would make it. Steps give up after seconds, so that a test that waits for it does not wait for hours. */
export function inputFor(
  caseId: string,
  order: Order,
  { reason = 'quality', quantities = { 1: 2 }, sla = (same) => same, historyBudget, firstEdition, input }: InputChanges = {},
): ReturnInput {
  const lines = order.lines.flatMap((line) => {
    const quantity = quantities[line.lineId] ?? 0;
    const { lineId, sku, category, unitPriceMinor } = line;
    return quantity > 0 ? [{ lineId, sku, category, unitPriceMinor, quantity, bought: line.quantity }] : [];
  });
  const noticeAt = Date.now();
  const placedAt = Date.parse(order.placedAt);
  const deliveredAt = order.deliveredAt ? Date.parse(order.deliveredAt) : undefined;
  const { orderId, currency, paymentId, paidMinor, jurisdiction, platform } = order;
  const facts = {
    asOf: noticeAt,
    jurisdiction,
    platform,
    order: { placedAt, deliveredAt, lines },
    request: { reason, noticeAt, lines },
  };
  const packs = choosePacks(facts, policies.packs);
  return {
    ...(firstEdition
      ? {}
      : { edition: 2 as const, contact: { ref: `contact-${order.customerId}`, language: 'en', timezone: 'UTC' } }),
    caseId,
    merchantId: order.merchantId,
    rmaNo: `RMA-${caseId}`,
    customerId: order.customerId,
    openedBy: { id: order.customerId, role: 'customer' },
    openedAt: noticeAt,
    order: { orderId, currency, paymentId, paidMinor, placedAt, deliveredAt, jurisdiction, platform },
    lines,
    reason,
    noticeAt,
    handoverChannel: 'door_pickup',
    policy: {
      packs: packs.map((pack) => policies.refOf(pack)),
      sla: sla(quickSteps(firstEdition ? slaOfFirst(packs, reason) : slaFor(policies.sla, packs, reason))),
    },
    historyBudget,
    ...input,
  };
}

const firstStages = ['under_review', 'awaiting_handover', 'in_transit', 'received', 'refund_due', 'needs_attention'];
/** The limits that release 0.1.0 pinned: of the stages it knew, in elapsed time, and nothing beside. */
function slaOfFirst(packs: Parameters<typeof slaFor>[1], reason: Reason): SlaPolicy {
  const { stages, holdMs, steps } = slaFor(policies.sla, packs, reason);
  const known = Object.entries(stages).filter(([stage]) => firstStages.includes(stage));
  const plain = known.map(([stage, { limitMs, warnMs, ruleId }]) => [stage, { limitMs, warnMs, ruleId }] as const);
  return { holdMs, steps, stages: Object.fromEntries(plain) };
}

/** No warnings: each timer that fires costs a test a second. */
export const unwarned = (sla: SlaPolicy): SlaPolicy => ({
  ...sla,
  stages: Object.fromEntries(Object.entries(sla.stages).map(([stage, limit]) => [stage, { ...limit, warnMs: [] }])),
});
/** A step of ours that gives up after this long. */
export const givingUp =
  (step: string, afterMs: number) =>
  (sla: SlaPolicy): SlaPolicy => ({ ...sla, steps: { ...sla.steps, limitMs: { ...sla.steps.limitMs, [step]: afterMs } } });

const quickSteps = (sla: SlaPolicy): SlaPolicy => ({ ...sla, steps: { ...sla.steps, firstRetryMs: 50, maxRetryMs: 500 } });
