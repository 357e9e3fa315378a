/**
 * The real thing, for one sequence after another: the API in process, a worker, MongoDB and Temporal, with partners of its own. What befalls a
 * partner's step is said by case, so that nothing of one sequence is left for the next.
 */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { createCaseClient } from '../../api/case-client.ts';
import type { Order } from '../../contracts/partners.ts';
import type { ReturnActivities, ReturnInput } from '../../contracts/workflow.ts';
import { refundTriggers, type SlaPolicy } from '../../domain/case.ts';
import { handoverChannels } from '../../domain/return-state.ts';
import type { PolicyStore } from '../../gateways/policy-packs.ts';
import { orderOf, policies } from '../support/cases.ts';
import { openDoor, type Door } from '../support/door.ts';
import { createTroubles, eventually, type Theatre } from '../support/stage.ts';

/** What a sequence begins with. */
export interface Setup {
  readonly lines: readonly { readonly quantity: number; readonly more: number; readonly unitPriceMinor: number }[];
  readonly quality: boolean;
  readonly channel: number;
  readonly instant?: (typeof refundTriggers)[number];
  /** The provider does not pay the first refund at once. */
  readonly pends: boolean;
  /** After so many events the case continues as new; absent: when the server suggests it. */
  readonly historyBudget?: number;
}
export type Lane = Awaited<ReturnType<typeof openLane>>;
export type Opened = Awaited<ReturnType<Lane['open']>>;

const patienceMs = 14_000;
const quick = (sla: PolicyStore['sla']): PolicyStore['sla'] => ({
  ...sla,
  steps: { ...sla.steps, firstRetryMs: 50, maxRetryMs: 500 },
});
const advance = (trigger: Setup['instant']): Partial<SlaPolicy> =>
  trigger ? { refund: { trigger, maxMinor: 100_000, ruleId: 'model.instant' } } : {};

/** Refunds and charges of a case that the provider leaves pending. */
function createPending() {
  const waiting = { refundPayment: new Set<string>(), recoverAdvance: new Set<string>() };
  const wrap = (activities: ReturnActivities, pend: () => Door['stage']['partners']): ReturnActivities => ({
    ...activities,
    refundPayment: (input) => {
      if (waiting.refundPayment.delete(input.caseId)) pend().pendNextRefund();
      return activities.refundPayment(input);
    },
    recoverAdvance: (input) => {
      if (waiting.recoverAdvance.delete(input.caseId)) pend().pendNextCharge();
      return activities.recoverAdvance(input);
    },
  });
  return { waiting, wrap };
}

export async function openLane(name: string, theatre: Theatre) {
  const troubles = createTroubles();
  const pending = createPending();
  const inputs = new Map<string, ReturnInput>();
  let client: ReturnType<typeof createCaseClient> | undefined;
  let setup: Setup | undefined;
  const policiesNow: PolicyStore = { ...policies, sla: quick(policies.sla) };
  const door: Door = await openDoor(name, {
    theatre,
    patienceMs,
    wrap: (activities) => troubles.wrap(pending.wrap(activities, () => door.stage.partners)),
    deps: (stage) => {
      const cases = createCaseClient(stage.client, { taskQueue: stage.taskQueue, patienceMs });
      client = cases;
      const open: typeof cases.open = (input, ...rest) => {
        const sla = { ...input.policy.sla, ...advance(setup?.instant) };
        const given = input.carried ? input : { ...input, historyBudget: setup?.historyBudget, policy: { ...input.policy, sla } };
        inputs.set(given.caseId, given);
        return cases.open(given, ...rest);
      };
      return Promise.resolve({ policies: policiesNow, cases: { ...cases, open } });
    },
  });

  return {
    door,
    policies: policiesNow,
    cases: client!,
    /** How often a case came to each stage. */
    reached: new Map<string, number>(),
    /** A case of its own, from an order of its own. */
    async open(begun: Setup) {
      setup = begun;
      const order = orderFor(begun);
      const body = {
        lines: begun.lines.map(({ quantity }, index) => ({ lineId: `${index + 1}`, quantity })),
        reason: begun.quality ? 'quality' : 'no_reason',
        handoverChannel: handoverChannels[begun.channel],
        consents: begun.instant ? ['claw_back'] : [],
      };
      const key = randomUUID();
      // Where no worker has answered in time a client asks again with the same key.
      const reply = await eventually(async () => {
        const answer = await door.opened(body, order, { as: 'customer', key });
        if (answer.status === 202 || answer.status === 503) throw new Error(`opening answered ${answer.status}`);
        return answer;
      });
      if (reply.status !== 201) throw new Error(`opening answered ${reply.status}: ${reply.text}`);
      const { caseId } = reply.body as { caseId: string };
      if (begun.pends) pending.waiting.refundPayment.add(caseId);
      return { caseId, order, input: inputs.get(caseId)! };
    },
    /** The next call of that activity for this case comes to nothing: for good, or once; or it is done and nobody hears of it. */
    strike(caseId: string, activity: keyof ReturnActivities, how: 'refused' | 'away' | 'unheard'): void {
      const error =
        how === 'refused'
          ? ApplicationFailure.nonRetryable('the partner says no', 'model_refused')
          : new Error('the partner does not answer');
      troubles.strike({ caseId, activity, error, afterEffect: how === 'unheard' });
    },
    pend: (caseId: string, activity: 'refundPayment' | 'recoverAdvance') => void pending.waiting[activity].add(caseId),
    async crash(): Promise<void> {
      await door.stage.stopWorkers();
      await door.stage.startWorker();
    },
  };
}

function orderFor({ lines }: Setup): Order {
  const ordered = lines.map(({ quantity, more, unitPriceMinor }, index) => ({
    lineId: `${index + 1}`,
    sku: `SKU-${index + 1}`,
    title: `Thing ${index + 1}`,
    category: 'home_appliance',
    quantity: quantity + more,
    unitPriceMinor,
  }));
  const paidMinor = ordered.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  return orderOf(`O-${randomUUID().slice(0, 12)}`, { lines: ordered, paidMinor });
}
