/**
 * What a return on paper begins with: the limits it runs under, the figures of policies/sla-default.json with a refund date of the law, and
 * the state it opens in. `edition: 1` is a case of release 0.1.0: its policy knows fewer stages, and its state no request and no parcels.
 */
import type { SlaPolicy } from '../../domain/case.ts';
import type { StageLimit } from '../../domain/clocks.ts';
import type { PaidLine } from '../../domain/refunds.ts';
import type { Consent, HandoverChannel, RequestedLine, ReturnState } from '../../domain/return-state.ts';
import type { Reason } from '../../domain/policy/verdict.ts';

export const openedAt = Date.UTC(2026, 10, 22, 9);
export const hour = 3_600_000;
export const day = 24 * hour;

export interface PaperOptions {
  readonly edition?: 1 | 2;
  /** Changes of the pinned policy: when money goes out early, other limits, a calendar. */
  readonly sla?: Partial<SlaPolicy>;
  readonly reason?: Reason;
  readonly channel?: HandoverChannel;
  readonly consents?: readonly Consent[];
  readonly changes?: Partial<ReturnState>;
}

const limit = (hours: number, warnHours: readonly number[], more: Partial<StageLimit> = {}): StageLimit => ({
  limitMs: hours * hour,
  warnMs: warnHours.map((one) => one * hour),
  ruleId: `sla.${hours}h`,
  ...more,
});
const always = { pausable: false } as const;
const working = { unit: 'working' } as const;
const warnsWorking = { warnUnit: 'working' } as const;

const steps = { firstRetryMs: 1_000, maxRetryMs: 300_000, limitMs: {} };

export const paperSla: SlaPolicy = {
  holdMs: 14 * day,
  stages: {
    under_review: limit(48, [24, 38.4]),
    awaiting_customer: limit(72, [24, 48], always),
    negotiating: limit(72, [24, 48], always),
    awaiting_handover: limit(168, [72, 144], always),
    in_transit: limit(120, [60, 96], { capMs: 10 * day }),
    lost_suspected: limit(168, [84, 134.4]),
    received: limit(240, [24, 48], { ...always, ...warnsWorking }),
    discrepancy: limit(48, [24, 38.4], { ...working, againMs: day }),
    deduction_offered: limit(120, [48, 96], always),
    sending_back: limit(288, [24, 48], { ...always, ...warnsWorking }),
    recovering_advance: limit(336, [72, 168, 288], { ...always, againMs: 7 * day }),
    refund_due: limit(336, [1, 24, 168], always),
    needs_attention: limit(4, [1], { ...always, ...working }),
    drafted: limit(168, [84], always),
    awaiting_carrier: limit(336, [168], { ...always, ...working, againMs: 2 * day }),
    claim_declined: limit(48, [24], { ...always, ...working }),
    awaiting_payment: limit(336, [168], { ...always, ...working, againMs: 7 * day }),
  },
  steps,
  statutory: { limitMs: 14 * day, ruleId: 'law.refund_date' },
  escalation: { decideMs: 4 * hour, raiseMs: [4 * hour, 20 * hour], progressMs: day },
  limits: { agentAcceptMinor: 100_000, waiveMinor: 500, writeOffMinor: 1_000, fourEyesMinor: 20_000, returnlessMinor: 0 },
};

export const firstSla: SlaPolicy = {
  holdMs: 14 * day,
  stages: {
    under_review: limit(48, [24, 40]),
    awaiting_handover: limit(168, [72, 144]),
    in_transit: limit(120, [96]),
    received: limit(240, [24, 72]),
    refund_due: limit(336, [168]),
    needs_attention: limit(4, [1]),
  },
  steps,
};

/** An advance on the refund, at the moment that the seller has chosen. */
export const instantRefund = (trigger: NonNullable<SlaPolicy['refund']>['trigger'], maxMinor = 100_000): PaperOptions => ({
  sla: { refund: { trigger, maxMinor, ruleId: 'merchant.instant' } },
  consents: ['claw_back'],
});

export const kettles: readonly PaidLine[] = [{ lineId: '1', quantity: 2, unitPriceMinor: 2_500 }];

export const asked = (lines: readonly PaidLine[]): RequestedLine[] =>
  lines.map((line) => ({ ...line, sku: `SKU-${line.lineId}`, category: 'kitchen', bought: line.quantity }));

export function openedState(
  lines: readonly PaidLine[] = kettles,
  changes: Partial<ReturnState> = {},
  { edition = 2, reason = 'quality', channel = 'door_pickup', consents }: PaperOptions = {},
): ReturnState {
  return {
    caseId: 'C-1',
    merchantId: 'm1',
    run: 1,
    revision: 0,
    stage: 'requested',
    openedAt,
    at: openedAt,
    currency: 'GBP',
    paidMinor: lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    lines,
    lots: lines.map(({ lineId, quantity }) => ({ lineId, quantity, reception: 'with_customer' as const })),
    clocks: [],
    undo: [],
    money: [],
    parcels: [],
    seen: [],
    timersFired: 0,
    ...(edition === 1
      ? {}
      : {
          request: {
            reason,
            wantedOutcome: 'refund',
            evidenceIds: [],
            edits: 0,
            lines: asked(lines),
            ...(consents ? { consents } : {}),
          },
          handover: { channel, wish: 0, arranged: 0, failed: 0 },
          legs: [],
          contact: { ref: 'contact-1', language: 'en', timezone: 'Europe/London' },
        }),
    ...changes,
  };
}
