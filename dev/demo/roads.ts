/**
 * The roads that returns of the demo take, from the happy one to the hard ones, each a short story. A road says where it ends and how much of
 * the value is paid then: that is held against the payment ledger. Which return takes which road is plan.ts.
 */
import type { Reason } from '../../domain/policy/verdict.ts';
import type { Steps } from './steps.ts';

/** Minor units that the customer has in hand at the end. */
export interface Ending {
  readonly stage: string;
  readonly paidMinor: number;
}
export interface Road {
  /** What the request must be like; absent: any. */
  readonly reason?: Reason;
  readonly channel?: 'door_pickup';
  readonly platform?: 'instant';
  /** Of this value at least, and at most; minor units. */
  readonly worth?: readonly [least: number, most: number];
  play(steps: Steps): Promise<Ending>;
}

const paid = (steps: Steps): Ending => ({ stage: 'refunded', paidMinor: steps.valueMinor });
const unpaid = (stage: string): Ending => ({ stage, paidMinor: 0 });

/** Asked for, and agreed to. */
async function begins(steps: Steps): Promise<void> {
  await steps.open();
  await steps.agreed();
}
/** Goods go back, arrive well, and are paid for. */
async function goesWell(steps: Steps): Promise<Ending> {
  await steps.travels();
  await steps.count();
  await steps.grade();
  return paid(steps);
}
async function refuse(steps: Steps, ruleIds: readonly string[] = []): Promise<void> {
  await steps.give('agent', 'decide-request', {
    verdict: 'refuse',
    ruleIds: [rightOf(ruleIds)],
    reason: 'The photos show wear from use, not a fault.',
  });
  await steps.until('rejected');
}
/** The rule that gives the right to return. */
const rightOf = (ruleIds: readonly string[]): string | undefined =>
  ruleIds.find((rule) => /strr|quality|window/.test(rule)) ?? ruleIds[0];
const citing = async (steps: Steps) => [rightOf((await steps.read()).verdict?.ruleIds ?? [])];
/** What came is in a condition that a change of mind does not cover. */
async function arrivesWorn(steps: Steps): Promise<void> {
  await steps.travels();
  await steps.count();
  await steps.grade('D');
  await steps.until('discrepancy');
}
/** What came is not taken. */
async function goesBack(steps: Steps): Promise<Ending> {
  await steps.give('manager', 'settle-discrepancy', {
    decision: 'refuse_goods',
    ruleIds: await citing(steps),
    reason: 'Used for weeks.',
  });
  await steps.until('sending_back');
  await steps.sentBack();
  return unpaid('returned_to_customer');
}
const worthMoney = [200, 1e9] as const;

export const roads = {
  happy: {
    async play(steps) {
      await begins(steps);
      return goesWell(steps);
    },
  },
  parked: {
    worth: worthMoney,
    async play(steps) {
      await begins(steps);
      await steps.fault('refuse');
      await goesWell(steps);
      await steps.until('needs_attention', 'refunded'); // its no may be lost on the way, and the next try comes through
      return paid(steps); // once a manager has retried: drive.ts
    },
  },
  unanswered: {
    reason: 'quality',
    async play(steps) {
      await steps.open();
      await steps.pass(49);
      await steps.until('awaiting_handover');
      return goesWell(steps);
    },
  },
  never_sent: {
    async play(steps) {
      await begins(steps);
      await steps.pass(8 * 24);
      return unpaid('expired');
    },
  },
  refused: {
    reason: 'quality',
    async play(steps) {
      const { verdict } = await steps.open();
      await refuse(steps, verdict?.ruleIds);
      return unpaid('rejected');
    },
  },
  withdrawn: {
    async play(steps) {
      await begins(steps);
      await steps.give('customer', 'withdraw-case', { reason: 'I will keep it after all.' });
      return unpaid('withdrawn');
    },
  },
  cancelled: {
    async play(steps) {
      await begins(steps);
      await steps.give('manager', 'cancel-case', { reason: 'The order was entered twice.' });
      return unpaid('cancelled');
    },
  },
  evidence: {
    reason: 'transit_damage',
    async play(steps) {
      await steps.open();
      await steps.give('agent', 'request-evidence', { items: ['photo_of_fault'], reason: 'Please show us the damage.' });
      await steps.give('customer', 'submit-evidence', { evidenceIds: [`photo-${steps.what.returnNo}`], reason: 'Here it is.' });
      await steps.agreed();
      return goesWell(steps);
    },
  },
  price_reduction: {
    reason: 'quality',
    worth: worthMoney,
    async play(steps) {
      const amountMinor = Math.floor(steps.valueMinor / 3);
      const { currency } = await steps.open();
      await steps.give('manager', 'propose', { kind: 'price_reduction', amountMinor, currency, reason: 'Keep it for less?' });
      await steps.give('customer', 'answer-proposal', { answer: 'accept', proposalNo: 1 });
      return { stage: 'refunded', paidMinor: amountMinor };
    },
  },
  pickup_failed: {
    channel: 'door_pickup',
    async play(steps) {
      await begins(steps);
      for (let visit = 0; visit < 2; visit++) {
        await steps.scan('pickup_failed');
        await steps.read();
      }
      return goesWell(steps);
    },
  },
  rescheduled: {
    channel: 'door_pickup',
    async play(steps) {
      await begins(steps);
      const { slots } = await steps.slots();
      const slotId = slots[Math.floor(slots.length / 2)]?.slotId;
      if (slotId) await steps.give('customer', 'reschedule-pickup', { slotId });
      return goesWell(steps);
    },
  },
  lost: {
    worth: worthMoney,
    async play(steps) {
      await begins(steps);
      await steps.scan('picked_up', 'in_transit');
      await steps.pass(122);
      await steps.until('lost_suspected');
      await steps.pass(7 * 24 + 1);
      return paid(steps);
    },
  },
  lost_and_found: {
    async play(steps) {
      await begins(steps);
      await steps.scan('picked_up', 'in_transit');
      await steps.scan('lost', 'lost_suspected');
      await steps.scan('found', 'in_transit');
      await steps.scan('delivered');
      await steps.count();
      await steps.grade();
      return paid(steps);
    },
  },
  deducted: {
    reason: 'no_reason',
    worth: [2_000, 1e9],
    async play(steps) {
      await begins(steps);
      await arrivesWorn(steps);
      const [line] = steps.what.lines;
      const amountMinor = Math.max(1, Math.floor((line!.quantity * line!.unitPriceMinor) / 4));
      await steps.give('manager', 'settle-discrepancy', {
        decision: 'deduct',
        deductions: [{ lineId: line!.lineId, quantity: line!.quantity, amountMinor }],
        ruleIds: await citing(steps),
        reason: 'Marks of use.',
      });
      await steps.give('customer', 'answer-proposal', { answer: 'accept' });
      return { stage: 'refunded', paidMinor: steps.valueMinor - amountMinor };
    },
  },
  sent_back: {
    reason: 'no_reason',
    worth: [2_000, 1e9],
    async play(steps) {
      await begins(steps);
      await arrivesWorn(steps);
      return goesBack(steps);
    },
  },
  instant: {
    reason: 'no_reason',
    platform: 'instant',
    worth: [200, 4_999],
    async play(steps) {
      await begins(steps);
      return goesWell(steps);
    },
  },
  instant_recovered: {
    reason: 'no_reason',
    platform: 'instant',
    worth: [2_000, 4_999],
    async play(steps) {
      await begins(steps);
      await steps.scan('picked_up', 'in_transit');
      await steps.paidEarly();
      await steps.scan('delivered');
      await steps.count();
      await steps.grade('D');
      await steps.until('discrepancy');
      return goesBack(steps);
    },
  },
  disputed: {
    worth: worthMoney,
    async play(steps) {
      await begins(steps);
      await steps.travels();
      await steps.count();
      const dispute = await steps.providerSays<{ disputeId: string }>(
        '/control/disputes',
        { paymentId: `pay-${steps.what.orderId}`, amountMinor: steps.valueMinor },
        ({ disputes }) => disputes.length > 0,
      );
      await steps.grade();
      await steps.until('refund_due');
      await steps.providerSays(`/control/disputes/${dispute.disputeId}`, { result: 'won' }, ({ disputes }) =>
        disputes.every((one) => one.state === 'won'),
      );
      return paid(steps);
    },
  },
  failed_late: {
    worth: worthMoney,
    async play(steps) {
      await begins(steps);
      await goesWell(steps);
      await steps.until('refunded');
      await steps.ended();
      const failure = { refundId: await steps.refundId(), outcome: 'failed', code: 'account_closed' };
      await steps.providerSays('/control/settle', failure, ({ stage }) => stage === 'needs_attention');
      steps.reopened();
      await steps.give('manager', 'resolve-attention', { verb: 'retry' });
      return paid(steps);
    },
  },
  appealed: {
    reason: 'quality',
    async play(steps) {
      const { verdict } = await steps.open();
      await refuse(steps, verdict?.ruleIds);
      await steps.give('customer', 'appeal', { reason: 'It broke on the first day. Please look again.' });
      steps.reopened();
      await steps.until('under_review');
      await steps.accept('manager-2');
      await steps.until('awaiting_handover');
      return goesWell(steps);
    },
  },
  escalated: {
    reason: 'quality',
    async play(steps) {
      await steps.open();
      await steps.give('customer', 'request-escalation', { cause: 'no_answer', reason: 'Nobody writes back.' });
      await steps.give('manager', 'decide-escalation', { verdict: 'grant', sponsor: 'manager-2' });
      await steps.agreed();
      return goesWell(steps);
    },
  },
} as const satisfies Record<string, Road>;
export type RoadName = keyof typeof roads;
export const detours = (Object.keys(roads) as RoadName[]).filter((name) => name !== 'happy');
