/**
 * What crosses between API, workflow and worker: the input of a case, the receipt of a command, and what activities take and give.
 * Types alone, so that a workflow may import them; no personal data may enter any of these (docs/architecture.md, invariants).
 */
import type { CaseState, SlaPolicy } from '../domain/case.ts';
import type { CommandName } from '../domain/permissions.ts';
import type { PackRef } from '../domain/policy/packs.ts';
import type { Reason, Verdict } from '../domain/policy/verdict.ts';
import type { HandoverChannel, ReturnState } from '../domain/return.ts';
import type { ReturnEvent } from '../domain/return.ts';

/** Everything a return needs from beginning to end. Money in minor units of `order.currency`, instants in epoch ms. */
export interface ReturnInput {
  readonly caseId: string;
  readonly merchantId: string;
  readonly rmaNo: string;
  readonly customerId: string;
  readonly openedBy: { readonly id: string; readonly role: string };
  readonly openedAt: number;
  readonly order: {
    readonly orderId: string;
    readonly currency: string;
    readonly paymentId: string;
    readonly paidMinor: number;
    readonly placedAt: number;
    readonly deliveredAt?: number;
    readonly jurisdiction: string;
    readonly platform?: string;
  };
  readonly lines: readonly RequestedLine[];
  readonly reason: Reason;
  readonly noticeAt: number;
  readonly handoverChannel: HandoverChannel;
  readonly policy: { readonly packs: readonly PackRef[]; readonly sla: SlaPolicy };
  /** Events after which the case continues as new; absent: when the server suggests it. */
  readonly historyBudget?: number;
  /** The case so far, when it continues as new. */
  readonly carried?: ReturnState;
}

export interface RequestedLine {
  readonly lineId: string;
  readonly sku: string;
  readonly category: string;
  readonly quantity: number;
  readonly bought: number;
  readonly unitPriceMinor: number;
}

/** The answer to an accepted command. `projected` false: MongoDB was away, reads will follow. */
export interface Receipt {
  readonly revision: number;
  readonly stage: string;
  readonly availableMoves: readonly CommandName[];
  readonly projected: boolean;
  readonly verdict?: Verdict;
  readonly dueAt?: number;
}

export interface ReturnOutcome {
  readonly stage: string;
  readonly refundedMinor: number;
}

/** One row of the timeline: `seq` is the revision that the event made. */
export interface TimelineRow {
  readonly seq: number;
  readonly at: number;
  readonly stage: string;
  readonly event: Omit<ReturnEvent, 'verdict' | 'messageId'>;
}

/** What the read model stores: the newest state, the rows since the last confirmed save, and the stamp that orders attempts. */
export interface SaveCaseInput {
  readonly stamp: number;
  readonly state: CaseState;
  readonly rows: readonly TimelineRow[];
  readonly about: CaseAbout;
}

/** What never changes about a case and is only read by people. */
export interface CaseAbout {
  readonly caseType: 'return';
  readonly rmaNo: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly reason: Reason;
  readonly handoverChannel: HandoverChannel;
  readonly packs: readonly PackRef[];
  readonly lines: readonly { readonly lineId: string; readonly sku: string }[];
  readonly noticeAt: number;
}

export interface AssessInput {
  readonly caseId: string;
  readonly merchantId: string;
  readonly order: ReturnInput['order'];
  readonly lines: readonly RequestedLine[];
  readonly reason: Reason;
  readonly noticeAt: number;
  readonly packs: readonly PackRef[];
}
export interface LabelInput {
  readonly key: string;
  readonly caseId: string;
  readonly channel: HandoverChannel;
}
export interface RefundInput {
  readonly key: string;
  readonly caseId: string;
  readonly merchantId: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
}
export interface RefundAnswer {
  readonly refundId: string;
  readonly settled: boolean;
}
/** What an undo gets: enough to find the effect again at the partner. */
export interface UndoInput {
  readonly key: string;
  readonly caseId: string;
  readonly merchantId: string;
  readonly orderId: string;
}
export interface UndoAnswer {
  /** What was found and done, in words: `label voided`, `nothing to void`. */
  readonly result: string;
}

/** All the I/O a story can ask for; activities/ implements it. */
export interface ReturnActivities {
  readonly assessReturn: (input: AssessInput) => Promise<Verdict>;
  readonly issueReturnLabel: (input: LabelInput) => Promise<{ trackingNo: string; pickupAt?: number }>;
  readonly refundPayment: (input: RefundInput) => Promise<RefundAnswer>;
  readonly releaseUnitsIfPresent: (input: UndoInput) => Promise<UndoAnswer>;
  readonly voidReturnLabelIfPresent: (input: UndoInput) => Promise<UndoAnswer>;
  readonly saveCase: (input: SaveCaseInput) => Promise<void>;
  readonly flushCase: (input: SaveCaseInput) => Promise<void>;
}
