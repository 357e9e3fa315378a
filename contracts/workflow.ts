/**
 * What crosses between API, workflow and worker: the input of a case, the receipt of a command, and what activities take and give.
 * Types alone, so that a workflow may import them; no personal data may enter any of these (docs/architecture.md, invariants).
 */
import type { CaseState, CaseEvent, Contact, Dispute, SlaPolicy } from '../domain/case.ts';
import type { ClaimOpening, ClaimState } from '../domain/claim.ts';
import type { Errand } from '../domain/errands.ts';
import type { CommandName } from '../domain/permissions.ts';
import type { PackRef } from '../domain/policy/packs.ts';
import type { Reason, Verdict } from '../domain/policy/verdict.ts';
import type { WorkCalendar } from '../domain/working-time.ts';
import type { Consent, HandoverChannel, RequestedLine, ReturnState, WantedOutcome } from '../domain/return-state.ts';

/** Everything a return needs from beginning to end. Money in minor units of `order.currency`, instants in epoch ms. */
export interface ReturnInput {
  /** Which edition of the story the case was opened under; absent: 1. A running case keeps its own. */
  readonly edition?: 2;
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
    /** The parcel in which the goods went out. */
    readonly outboundTrackingNo?: string;
  };
  readonly lines: readonly RequestedLine[];
  readonly reason: Reason;
  readonly noticeAt: number;
  readonly handoverChannel: HandoverChannel;
  readonly wantedOutcome?: WantedOutcome;
  readonly evidenceIds?: readonly string[];
  readonly consents?: readonly Consent[];
  readonly handover?: { readonly pointId?: string; readonly slotId?: string; readonly addressId?: string };
  readonly contact?: Contact;
  /** What the bank had said of the payment before, as far as this return bears it. */
  readonly disputes?: readonly Dispute[];
  readonly policy: { readonly packs: readonly PackRef[]; readonly sla: SlaPolicy };
  /** Events after which the case continues as new; absent: when the server suggests it. */
  readonly historyBudget?: number;
  /** The case so far, when it continues as new or was reopened. */
  readonly carried?: ReturnState;
  /** Why an ended case goes on: the event that its next generation begins with. */
  readonly reopened?: Reopening;
}

/** How the next generation of a case begins: where, by whom, and why. */
export interface Reopening {
  readonly stage: 'under_review' | 'refund_due' | 'received';
  readonly by: CaseEvent['by'];
  readonly cause: string;
  readonly textRef?: string;
  readonly messageId?: string;
}

/** The answer to an accepted command. */
export interface Receipt {
  readonly revision: number;
  readonly stage: string;
  readonly availableMoves: readonly CommandName[];
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
  readonly event: Omit<CaseEvent, 'messageId'>;
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
  readonly caseType: 'return' | 'carrier_claim';
  readonly rmaNo: string;
  readonly customerId: string;
  readonly orderId: string;
  readonly reason: Reason;
  readonly handoverChannel: HandoverChannel;
  readonly packs: readonly PackRef[];
  readonly lines: readonly { readonly lineId: string; readonly sku: string }[];
  readonly noticeAt: number;
  readonly paymentId?: string;
}

export interface AssessInput {
  readonly caseId: string;
  readonly merchantId: string;
  readonly order: ReturnInput['order'];
  readonly lines: readonly RequestedLine[];
  readonly reason: Reason;
  readonly noticeAt: number;
  readonly packs: readonly PackRef[];
  readonly edition?: 2;
  /** Goods worth up to this may be kept when the request is accepted at once. */
  readonly returnlessMinor?: number;
  readonly wantedOutcome?: WantedOutcome;
}
export interface LabelInput {
  readonly key: string;
  readonly caseId: string;
  readonly channel: HandoverChannel;
  readonly carrier?: 'main' | 'backup';
  readonly slotId?: string;
  readonly pointId?: string;
  readonly addressId?: string;
  /** From the warehouse to the customer instead. */
  readonly sendBack?: true;
}
export interface LabelAnswer {
  readonly trackingNo: string;
  readonly pickupAt?: number;
  readonly carrier?: string;
}
export interface PickupInput {
  readonly key: string;
  readonly shipmentKey: string;
  /** Absent: the first free one. */
  readonly slotId?: string;
}
export interface PickupAnswer {
  readonly bookingId: string;
  readonly slotAt: number;
}
/** What the carrier knows of a parcel, oldest scan first. */
export interface TrackAnswer {
  /** `eventId`: the webhook's own id, so that a fact told both ways counts once. */
  readonly scans: readonly { readonly eventId: string; readonly code: string; readonly occurredAt: number }[];
}
/** What the provider knows of a refund; without an id: nothing. */
export interface RefundFound {
  readonly refundId?: string;
  readonly status?: 'succeeded' | 'pending' | 'failed';
  readonly amountMinor?: number;
  readonly currency?: string;
  readonly code?: string;
}
export interface ChargeAnswer {
  readonly chargeId: string;
  readonly settled: boolean;
}
export interface ErrandsInput {
  readonly caseId: string;
  readonly merchantId: string;
  readonly rmaNo: string;
  readonly orderId: string;
  readonly currency: string;
  readonly contact: Contact;
  readonly lines: readonly { readonly lineId: string; readonly sku: string }[];
  readonly errands: readonly Errand[];
}
/** How each errand went, in the order given; one that is missing was not tried. */
export interface ErrandsAnswer {
  readonly results: readonly { readonly key: string; readonly failed?: string; readonly result?: string }[];
}

/** Everything a claim on a carrier needs. */
export interface ClaimInput extends ClaimOpening {
  readonly about: CaseAbout;
  readonly sla: SlaPolicy;
  readonly historyBudget?: number;
  readonly carried?: ClaimState;
}
export interface ClaimPaper {
  readonly key: string;
  readonly caseId: string;
  readonly trackingNo: string;
  readonly amountMinor: number;
  readonly currency: string;
}
export interface ClaimAnswer {
  readonly claimId: string;
  readonly status: 'filed' | 'accepted' | 'declined' | 'paid' | 'withdrawn';
  readonly paidMinor?: number;
}
export interface ClaimReport {
  readonly caseId: string;
  readonly claimCaseId: string;
  readonly legId: string;
  readonly outcome: string;
  readonly amountMinor?: number;
}
export interface RefundInput {
  readonly key: string;
  readonly caseId: string;
  readonly merchantId: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** What the payment captured: all cases together give back no more. Absent: not asked. */
  readonly paidMinor?: number;
  /** Refunds of this case that came to nothing: if the provider agrees, their sums are free again. */
  readonly failed?: readonly { readonly key: string; readonly amountMinor: number }[];
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
  /** Another has come in its place: what travels with it all the same is not intercepted. */
  readonly replaced?: true;
}
export interface UndoAnswer {
  /** What was found and done, in words: `label voided`, `nothing to void`. */
  readonly result: string;
}

/** All the I/O a story can ask for; activities/ implements it. */
export interface ReturnActivities {
  readonly assessReturn: (input: AssessInput) => Promise<Verdict>;
  readonly issueReturnLabel: (input: LabelInput) => Promise<LabelAnswer>;
  readonly arrangePickup: (input: PickupInput) => Promise<PickupAnswer>;
  readonly cancelPickupIfPresent: (input: UndoInput) => Promise<UndoAnswer>;
  readonly trackParcel: (input: { caseId: string; trackingNo: string }) => Promise<TrackAnswer>;
  readonly lookUpCharge: (input: { caseId: string; key: string }) => Promise<Partial<ChargeAnswer>>;
  readonly lookUpRefund: (input: { caseId: string; key: string }) => Promise<RefundFound>;
  readonly recoverAdvance: (input: RefundInput) => Promise<ChargeAnswer>;
  readonly runErrands: (input: ErrandsInput) => Promise<ErrandsAnswer>;
  readonly loadCalendar: (input: { calendarId: string; since: number; at: number }) => Promise<WorkCalendar>;
  readonly openCarrierClaim: (input: ClaimInput) => Promise<{ workflowId: string }>;
  readonly fileCarrierClaim: (input: ClaimPaper) => Promise<ClaimAnswer>;
  readonly chaseCarrierClaim: (input: ClaimPaper) => Promise<ClaimAnswer>;
  readonly appealCarrierClaim: (input: ClaimPaper) => Promise<ClaimAnswer>;
  readonly withdrawCarrierClaimIfPresent: (input: ClaimPaper) => Promise<UndoAnswer>;
  readonly reportClaim: (input: ClaimReport) => Promise<void>;
  readonly refundPayment: (input: RefundInput) => Promise<RefundAnswer>;
  readonly releaseUnitsIfPresent: (input: UndoInput) => Promise<UndoAnswer>;
  readonly voidReturnLabelIfPresent: (input: UndoInput) => Promise<UndoAnswer>;
  readonly saveCase: (input: SaveCaseInput) => Promise<void>;
  readonly flushCase: (input: SaveCaseInput) => Promise<void>;
}

/** What the worker does on a case's behalf before a task of it ends; never during replay. */
export type CaseSinks = { readonly readModel: { save(input: SaveCaseInput): void } };

/** What a reconciliation looked at, and what it mended: cases that MongoDB lacked, that were behind, or that were ahead of their workflow. */
export interface ReconcileAnswer {
  readonly looked: number;
  readonly missing: number;
  readonly behind: number;
  readonly ahead: number;
  /** Cases whose workflow did not answer: the next run asks again. */
  readonly unanswered: number;
}
export interface ReconcileActivities {
  /** `sample`: how many open cases are compared by their state, besides all that are missing or ended; absent: all. */
  readonly reconcileReadModel: (input: { sample?: number }) => Promise<ReconcileAnswer>;
}
