/**
 * What a policy pack is: rules as data, with citations. Packs are JSON under policies/; contracts/policy.ts checks their shape.
 * This is the first, small form; words and ids are those of docs/glossary.md, so that richer packs extend it.
 */
import { type RefundTrigger } from '../case.ts';
import { type Payer, type Reason } from './verdict.ts';

export const layers = ['statute', 'platform', 'merchant', 'tier'] as const;
export type Layer = (typeof layers)[number];

export interface Cite {
  readonly law: string;
  readonly article: string;
  readonly checked: string;
  readonly confidence: 'primary' | 'secondary' | 'general' | 'own';
}
/** A term that starts at an event. A calendar day ends at local midnight; the day of the event itself is not counted. */
export interface Term {
  readonly n: number;
  readonly unit: 'hour' | 'calendar_day';
  readonly from: 'delivered' | 'notice_sent' | 'return_agreed' | 'return_shipped' | 'return_received';
}
interface Base {
  readonly id: string;
  readonly cite: readonly Cite[];
}
export interface WindowRule extends Base {
  readonly kind: 'window';
  readonly reasons: readonly Reason[];
  readonly within: Term;
}
export interface ExclusionRule extends Base {
  readonly kind: 'exclusion';
  readonly removes: readonly Reason[];
  readonly categories: readonly string[];
  readonly because: string;
}
export interface FreightRule extends Base {
  readonly kind: 'freight';
  readonly reasons: readonly Reason[];
  readonly payer: Payer;
}
export interface RefundRule extends Base {
  readonly kind: 'refund';
  readonly reasons: readonly Reason[];
  readonly due: Term;
}
/** Requests that a person looks at before they are accepted: by reason, or from this value on (minor units of the order's currency). */
export interface ReviewRule extends Base {
  readonly kind: 'review';
  readonly reasons: readonly Reason[];
  readonly fromMinor?: number;
  readonly because: string;
}
/** How long somebody may take; `awaiting` names the stage it binds. */
export interface SlaRule extends Base {
  readonly kind: 'sla';
  readonly awaiting: 'merchant_decision' | 'return_shipment' | 'return_confirmation';
  readonly due: Term;
}
/** The path that is open to a customer who was refused. */
export interface AppealRule extends Base {
  readonly kind: 'appeal';
}
/** What the seller keeps of a refund, once a return; minor units of the order's currency. */
export interface FeeRule extends Base {
  readonly kind: 'fee';
  readonly reasons: readonly Reason[];
  readonly amountMinor: number;
  readonly because: string;
}
/** 极速退款: money goes out at this event already, for requests worth up to this. */
export interface RefundTriggerRule extends Base {
  readonly kind: 'refund_trigger';
  readonly trigger: RefundTrigger;
  readonly maxMinor: number;
}
export type Rule =
  | WindowRule
  | ExclusionRule
  | FreightRule
  | RefundRule
  | ReviewRule
  | SlaRule
  | AppealRule
  | FeeRule
  | RefundTriggerRule;

export interface PolicyPack {
  readonly id: string;
  readonly version: string;
  readonly layer: Layer;
  /** ISO 3166; `*`: everywhere. */
  readonly jurisdiction: string;
  readonly platform?: string;
  readonly timezone: string;
  /** Contract dates it serves, `YYYY-MM-DD` in its own time zone; a missing end is open. */
  readonly contractFrom: string;
  readonly contractTo?: string;
  /** False: not signed by a lawyer of the jurisdiction. */
  readonly production: boolean;
  readonly rules: readonly Rule[];
}

/** What a case pins: which pack, which version, and the hash of its bytes. */
export interface PackRef {
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
}
