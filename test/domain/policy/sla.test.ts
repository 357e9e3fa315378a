import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimTable } from '../../../domain/claim.ts';
import { choosePacks } from '../../../domain/policy/decide.ts';
import { hourMs, slaFor } from '../../../domain/policy/sla.ts';
import { reasons } from '../../../domain/policy/verdict.ts';
import { returnTable } from '../../../domain/return-table.ts';
import { policies } from '../../support/cases.ts';
import { factsOf, packOf, type BareRule } from './facts.ts';

const base = policies.sla;
const limitsOf = (sla: typeof base) =>
  Object.fromEntries(Object.entries(sla.stages).map(([stage, { limitMs }]) => [stage, limitMs / hourMs]));
/** Where the table's word is not that of the limits. */
const stepNames: Readonly<Record<string, string>> = { file_claim: 'claim' };
const slaRule = (awaiting: 'merchant_decision' | 'return_shipment' | 'return_confirmation', hours: number): BareRule => ({
  id: `p.${awaiting}`,
  kind: 'sla',
  awaiting,
  due: { n: hours, unit: 'hour', from: 'notice_sent' },
});

describe('the seller’s own limits', () => {
  it('are those of the file, in ms, for every stage in which somebody is awaited', () => {
    expect(limitsOf(base)).toEqual({
      under_review: 48,
      awaiting_customer: 72,
      negotiating: 72,
      awaiting_handover: 168,
      in_transit: 120,
      lost_suspected: 168,
      received: 240,
      discrepancy: 48,
      deduction_offered: 120,
      sending_back: 288,
      recovering_advance: 336,
      refund_due: 336,
      needs_attention: 4,
      drafted: 168,
      awaiting_carrier: 112,
      claim_declined: 48,
      awaiting_payment: 112,
    });
    expect(base.steps).toMatchObject({
      firstRetryMs: 1_000,
      maxRetryMs: 300_000,
      limitMs: { refund: 23 * hourMs, issue_label: 2 * hourMs }, // two carriers, four hours together,
    });
    expect(base.holdMs).toBe(14 * 24 * hourMs);
  });

  it('cover the table: no stage with a clock and no step is without a limit', () => {
    for (const [stage, row] of [...Object.entries(returnTable), ...Object.entries(claimTable)]) {
      if ('clockFrom' in row) expect([stage, base.stages[stage]?.limitMs]).toEqual([stage, expect.any(Number)]);
      const limited = 'step' in row && row.step !== 'assess_goods' ? (stepNames[row.step] ?? row.step) : undefined;
      if (limited) expect([limited, base.steps.limitMs[limited]]).toEqual([limited, expect.any(Number)]);
    }
  });
});

describe('what a pack demands', () => {
  it('tightens the stage it names and cites the rule, its warnings kept', () => {
    const sla = slaFor(base, [packOf('p', [slaRule('merchant_decision', 24)])], 'quality');
    expect(sla.stages.under_review).toEqual({ ...base.stages.under_review, limitMs: 24 * hourMs, ruleId: 'p.merchant_decision' });
    expect(sla.stages.in_transit).toEqual(base.stages.in_transit);
  });

  it('is cited also where it is as long as the seller’s own limit', () => {
    expect(slaFor(base, [packOf('p', [slaRule('merchant_decision', 48)])], 'quality').stages.under_review?.ruleId).toBe(
      'p.merchant_decision',
    );
  });

  it('in CN makes the dock’s time seven days, by the statutory refund clock of the reason alone', () => {
    const packs = choosePacks(factsOf({ jurisdiction: 'CN', platform: 'wx' }), policies.packs);
    expect(slaFor(base, packs, 'no_reason').stages.received).toMatchObject({ limitMs: 7 * 24 * hourMs, ruleId: 'cn.7d.refund' });
    expect(slaFor(base, packs, 'quality').stages.received?.limitMs).toBe(240 * hourMs);
    expect(slaFor(base, packs, 'quality').stages.awaiting_handover).toMatchObject({ limitMs: 168 * hourMs, ruleId: 'wx.ship' });
  });

  it('never loosens: the shortest of all demands and the seller’s own limit wins, in any order, and the base stays as it is', () => {
    const kinds = ['merchant_decision', 'return_shipment', 'return_confirmation'] as const;
    const stageOf = { merchant_decision: 'under_review', return_shipment: 'awaiting_handover', return_confirmation: 'received' };
    const demand = fc.record({ awaiting: fc.constantFrom(...kinds), hours: fc.integer({ min: 1, max: 600 }) });
    fc.assert(
      fc.property(fc.array(demand, { maxLength: 6 }), fc.constantFrom(...reasons), (demands, reason) => {
        const before = structuredClone(base);
        const packs = demands.map(({ awaiting, hours }, index) => packOf(`p${index}`, [slaRule(awaiting, hours)]));
        const sla = slaFor(base, packs, reason);
        for (const kind of kinds) {
          const hours = demands.filter((one) => one.awaiting === kind).map((one) => one.hours);
          const stage = stageOf[kind];
          expect(sla.stages[stage]?.limitMs).toBe(Math.min(base.stages[stage]!.limitMs, ...hours.map((one) => one * hourMs)));
        }
        expect({ ...sla, stages: base.stages }).toEqual(base);
        expect(base).toEqual(before);
      }),
    );
  });
});
