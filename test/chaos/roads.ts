/** Roads that only a chaos run takes: people who get in each other's way. Everything else is the demo's (dev/demo/roads.ts). */
import type { Ending, Road } from '../../dev/demo/roads.ts';
import type { Steps } from '../../dev/demo/steps.ts';

/** What happened on a road that may not happen. */
export type Complain = (invariant: string, caseId: string, what: string) => void;

async function goesWell(steps: Steps): Promise<Ending> {
  await steps.travels();
  await steps.count();
  await steps.grade();
  return { stage: 'refunded', paidMinor: steps.valueMinor };
}

/** A refusal is an answer here; whatever else goes wrong is not. */
const tried = (giving: Promise<void>): Promise<boolean> =>
  giving.then(
    () => true,
    (err: Error) => {
      if (/: (409|412|422) /.test(err.message)) return false;
      throw err;
    },
  );

export const chaosRoads = (complain: Complain) =>
  ({
    /** Two people decide at once while the customer takes it back. */
    contested: {
      reason: 'quality',
      async play(steps) {
        const { verdict } = await steps.open();
        const ruleIds = verdict?.ruleIds.slice(0, 1) ?? [];
        const refusal = { verdict: 'refuse', ruleIds, reason: 'The photos show wear from use, not a fault.' };
        const [accepted, refused, withdrawn] = await Promise.all([
          tried(steps.give('manager', 'decide-request', { verdict: 'accept' })),
          tried(steps.give('manager', 'decide-request', refusal, 'manager-2')),
          tried(steps.give('customer', 'withdraw-case', { reason: 'I will keep it after all.' })),
        ]);
        if (accepted && refused) complain('I8', steps.caseId, 'accepted and refused');
        if (refused && withdrawn) complain('I8', steps.caseId, 'refused and withdrawn');
        if (withdrawn) return { stage: 'withdrawn', paidMinor: 0 };
        if (refused) return { stage: 'rejected', paidMinor: 0 };
        await steps.until('awaiting_handover');
        return goesWell(steps);
      },
    },
    /** The same units are asked for twice at once, under two keys. */
    doubled: {
      reason: 'quality',
      async play(steps) {
        const opened = await steps.openTwice();
        if (opened !== 1) complain('I12', steps.caseId, `of two requests for the same units ${opened} were let in`);
        await steps.agreed();
        return goesWell(steps);
      },
    },
    /** Two hands at the dock count the same parcel, and two desks pay it. */
    handsFull: {
      async play(steps) {
        await steps.open();
        await steps.agreed();
        await steps.travels();
        await Promise.all([tried(steps.count()), tried(steps.count())]);
        await Promise.all([tried(steps.grade()), tried(steps.grade())]);
        return { stage: 'refunded', paidMinor: steps.valueMinor };
      },
    },
    /** Agreed to and taken back in the same breath, while the label is being made. */
    impatient: {
      reason: 'quality',
      async play(steps) {
        await steps.open();
        await steps.accept();
        await steps.give('customer', 'withdraw-case', { reason: 'I will keep it after all.' });
        return { stage: 'withdrawn', paidMinor: 0 };
      },
    },
    /** The provider takes the refund on and cannot carry it out; a manager has it sent again. */
    pendingFails: {
      worth: [200, 1e9],
      async play(steps) {
        await steps.open();
        await steps.agreed();
        await steps.fault('pending_then_failed', { latencyMs: 500, code: 'account_closed' });
        await goesWell(steps);
        await steps.hears('needs_attention', 'refunded');
        const parked = await steps.until('needs_attention', 'refunded');
        if (parked.stage === 'refunded') complain('I2', steps.caseId, 'refunded by a refund that failed');
        await steps.give('manager', 'resolve-attention', { verb: 'retry' });
        return { stage: 'refunded', paidMinor: steps.valueMinor };
      },
    },
  }) as const satisfies Record<string, Road>;
