/**
 * 退货 return: what its state and its events hold, and the words in them. Shapes alone; what happens to them is return.ts and return-request.ts.
 */
import { type CaseEvent, type CaseState } from './case.ts';
import { type Counted, type Extra, type Inspected } from './goods.ts';
import { type Reason, type Verdict } from './policy/verdict.ts';

/** How the customer hands the goods over: 上门取件, 指定网点, 快递柜, or a carrier of their own. */
export const handoverChannels = ['door_pickup', 'drop_off', 'locker', 'own_carrier'] as const;
export type HandoverChannel = (typeof handoverChannels)[number];
export const wantedOutcomes = ['refund', 'refund_without_return', 'exchange', 'repair'] as const;
export type WantedOutcome = (typeof wantedOutcomes)[number];
/** What a customer may agree to: `claw_back`, that an advance on the refund may be taken back. */
export const consents = ['claw_back'] as const;
export type Consent = (typeof consents)[number];
export const proposalKinds = ['price_reduction', 'return', 'exchange', 'repair'] as const;
export type ProposalKind = (typeof proposalKinds)[number];
export const editsMax = 5;
export const proposalsMax = 5;
export const pickupTriesMax = 3;

/** One line as asked for, with what the order says of it. Money in minor units. */
export interface RequestedLine {
  readonly lineId: string;
  readonly sku: string;
  readonly category: string;
  readonly quantity: number;
  readonly bought: number;
  readonly unitPriceMinor: number;
}

export interface ReturnRequest {
  readonly reason: Reason;
  readonly wantedOutcome: WantedOutcome;
  readonly evidenceIds: readonly string[];
  readonly consents?: readonly Consent[];
  readonly edits: number;
  readonly lines: readonly RequestedLine[];
  /** Edited and not looked at again yet. */
  readonly toAssess?: true;
  /** The request before the edit, for when its units turn out to be in another case. */
  readonly before?: Pick<ReturnRequest, 'reason' | 'wantedOutcome' | 'lines'>;
}

/** How the goods are to be handed over. `wish` counts the changes, `arranged` the last one that the carrier knows. */
export interface Handover {
  readonly channel: HandoverChannel;
  readonly pointId?: string;
  readonly addressId?: string;
  readonly slotId?: string;
  readonly wish: number;
  readonly arranged: number;
  /** Pickups that failed at the door. */
  readonly failed: number;
  readonly bookingId?: string;
  readonly slotAt?: number;
}

/** One parcel. `legId` is the key at the carrier; `ours` false: the customer's own carrier, at the customer's risk. */
export interface Leg {
  readonly legId: string;
  readonly kind: 'outbound' | 'return' | 'send_back';
  readonly trackingNo: string;
  readonly carrier?: string;
  readonly ours: boolean;
  readonly voided?: true;
  /** Latest scan, by the carrier's clock: an older one sets nothing back. */
  readonly scannedAt?: number;
  readonly code?: string;
}

/** Of what is said of parcels and refunds that a case does not know, so many of each kind. */
export const straysKept = 20;

/** A scan of a parcel that the case does not know, or not yet: a label may be used before the case has heard that it is made. */
export interface Stray {
  readonly trackingNo: string;
  readonly code: string;
  readonly occurredAt: number;
}

export interface Proposal {
  readonly no: number;
  readonly kind: ProposalKind;
  /** price_reduction: what the customer gets for keeping the goods. */
  readonly amountMinor?: number;
  readonly by: string;
}

export interface ReturnState extends CaseState {
  readonly verdict?: Verdict;
  readonly shipment?: { readonly trackingNo: string; readonly pickupAt?: number };
  /** Keys of counted parcels with announced goods, `parcelId/scanNo`: a parcel is counted once, whoever scans it twice. */
  readonly parcels: readonly string[];
  /** What was counted in each, so that a repeat can be told from another count under the same key. */
  readonly counts?: Readonly<Record<string, string>>;
  /** What the customer asks for, as last edited. */
  readonly request?: ReturnRequest;
  readonly handover?: Handover;
  /** Every parcel of the case, the newest last; the newest return leg is the one that counts. */
  readonly legs?: readonly Leg[];
  /** The newest last. */
  readonly strays?: readonly Stray[];
  /** Refunds that are said to have failed, and that the case does not know, or not yet; the newest last. */
  readonly strayRefunds?: readonly string[];
  readonly asked?: { readonly requestId: string; readonly items: readonly string[] };
  readonly proposal?: Proposal;
  /** What we would keep of the refund, and how often the customer said no to that. */
  readonly deduction?: {
    readonly items: readonly DeductionItem[];
    readonly ruleIds: readonly string[];
    readonly declined: number;
  };
  readonly extras?: readonly Extra[];
  /** Cancelled while the goods were on their way: they go back as they come. */
  readonly sendBack?: true;
  readonly managerAsked?: true;
  /** Agreed to by our silence: then no money goes out before the inspection. */
  readonly silentlyAgreed?: true;
  readonly decidedBy?: string;
}

export interface DeductionItem {
  readonly lineId: string;
  readonly quantity: number;
  readonly amountMinor: number;
}

export interface ReturnEvent extends CaseEvent {
  readonly verdict?: Verdict;
  readonly shipment?: ReturnState['shipment'];
  readonly parcel?: string;
  readonly counted?: readonly Counted[];
  readonly inspected?: readonly Inspected[];
  readonly extras?: readonly Extra[];
  readonly providerId?: string;
  /** Which money line it is about; absent: the refund. */
  readonly intent?: string;
  readonly request?: Partial<ReturnRequest>;
  readonly handover?: Partial<Handover>;
  readonly leg?: Leg;
  readonly trackingNo?: string;
  readonly stray?: Stray;
  readonly strayRefund?: string;
  readonly asked?: ReturnState['asked'];
  readonly proposal?: Proposal;
  readonly deductions?: readonly DeductionItem[];
  readonly dispute?: { readonly disputeId: string; readonly amountMinor: number };
  /** A refund was settled, with another sum or currency: nobody says that nothing was paid, so nothing is due anew. */
  readonly otherSum?: true;
}
