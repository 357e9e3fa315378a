/** Units of an order: claimed for one case at a time, judged by the pinned policy, released when the case lets go of them. */
import { type AssessInput, type UndoAnswer, type UndoInput } from '../contracts/workflow.ts';
import { decide, type Facts } from '../domain/policy/decide.ts';
import type { Verdict } from '../domain/policy/verdict.ts';
import { requestedMinor } from '../domain/refunds.ts';
import type { ActivityDeps } from './index.ts';

export const createOrderActivities = ({ database: { ledgers }, policies }: Pick<ActivityDeps, 'database' | 'policies'>) => ({
  /** Claims every unit asked for, and lets go of what is no longer asked for; then asks the pinned packs. Whoever loses the race for a unit is refused. */
  async assessReturn(input: AssessInput): Promise<Verdict> {
    const { caseId, merchantId, order, lines, reason, noticeAt, packs } = input;
    const { orderId } = order;
    if (!(await ledgers.claimExactly({ merchantId, orderId, caseId, lines })))
      return {
        verdict: 'refused',
        reason,
        ruleIds: ['order.units_available'],
        because: ['units_in_another_case'],
        freight: 'consumer',
      };
    const { jurisdiction, platform, placedAt, deliveredAt } = order;
    const facts: Facts = {
      asOf: Date.now(),
      jurisdiction,
      platform,
      order: { placedAt, deliveredAt, lines },
      request: { reason, noticeAt, lines },
    };
    const { windows: _, explain: __, ...verdict } = decide(facts, policies.pinned(packs));
    return input.edition ? asAsked(verdict, input) : verdict;
  },

  async releaseUnitsIfPresent({ caseId, merchantId, orderId }: UndoInput): Promise<UndoAnswer> {
    const lines = await ledgers.release({ merchantId, orderId, caseId });
    return { result: lines > 0 ? `units of ${lines} lines released` : 'no units were claimed' };
  },
});

/** What the rules allow, turned into what was asked for: goods that never came are looked for, small ones may be kept where the seller says so. */
function asAsked(verdict: Verdict, { reason, order, lines, wantedOutcome, returnlessMinor = 0 }: AssessInput): Verdict {
  if (reason === 'not_received' && order.outboundTrackingNo && verdict.verdict !== 'refused')
    return { ...verdict, verdict: 'outbound_missing', because: ['never_arrived'] };
  const mayKeep = verdict.verdict === 'accepted' && wantedOutcome === 'refund_without_return';
  if (!mayKeep) return verdict;
  return requestedMinor(lines) <= returnlessMinor
    ? { ...verdict, verdict: 'accepted_without_return' }
    : { ...verdict, verdict: 'referred', because: ['keeps_goods_needs_a_person'] };
}
