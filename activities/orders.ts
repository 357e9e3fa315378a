/** Units of an order: claimed for one case at a time, judged by the pinned policy, released when the case lets go of them. */
import { type AssessInput, type UndoAnswer, type UndoInput } from '../contracts/workflow.ts';
import { decide, type Facts } from '../domain/policy/decide.ts';
import type { Verdict } from '../domain/policy/verdict.ts';
import type { ActivityDeps } from './index.ts';

export const createOrderActivities = ({ database: { ledgers }, policies }: ActivityDeps) => ({
  /** Claims every unit asked for, then asks the pinned packs. Whoever loses the race for a unit is refused, and holds nothing. */
  async assessReturn({ caseId, merchantId, order, lines, reason, noticeAt, packs }: AssessInput): Promise<Verdict> {
    const { orderId } = order;
    // In one order for all cases, so that of two that want the same lines one gets them, and not each half.
    const inOrder = [...lines].sort((a, b) => (a.lineId < b.lineId ? -1 : 1));
    for (const { lineId, quantity, bought } of inOrder)
      if (!(await ledgers.claim({ merchantId, orderId, lineId, caseId, quantity, bought }))) {
        await ledgers.release({ merchantId, orderId, caseId });
        return {
          verdict: 'refused',
          reason,
          ruleIds: ['order.units_available'],
          because: ['units_in_another_case'],
          freight: 'consumer',
        };
      }
    const { jurisdiction, platform, placedAt, deliveredAt } = order;
    const facts: Facts = {
      asOf: Date.now(),
      jurisdiction,
      platform,
      order: { placedAt, deliveredAt, lines },
      request: { reason, noticeAt, lines },
    };
    const { windows: _, explain: __, ...verdict } = decide(facts, policies.pinned(packs));
    return verdict;
  },

  async releaseUnitsIfPresent({ caseId, merchantId, orderId }: UndoInput): Promise<UndoAnswer> {
    const lines = await ledgers.release({ merchantId, orderId, caseId });
    return { result: lines > 0 ? `units of ${lines} lines released` : 'no units were claimed' };
  },
});
