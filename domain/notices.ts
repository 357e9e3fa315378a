/**
 * What a case tells its customer: the names of all notices, and what the words of each need. When one is due is the story's question,
 * the words are policies/words/, their formatting gateways/notice-words.ts.
 */
export const noticeParams = [
  'rmaNo',
  'orderId',
  'dueAt',
  'amount',
  'deduction',
  'paid',
  'total',
  'trackingNo',
  'carrier',
  'slot',
  'point',
  'ruleIds',
  'cause',
  'units',
  'firstNotice',
  'text',
  'code',
] as const;
export type NoticeParam = (typeof noticeParams)[number];

/** Without these a notice has no meaning and is not written; what a catalogue mentions beyond them has a default or a variant without it. */
export const noticeNeeds = {
  request_received: ['rmaNo', 'orderId', 'dueAt'],
  request_accepted: ['rmaNo', 'orderId'],
  accepted_by_silence: ['rmaNo', 'orderId'],
  request_refused: ['rmaNo', 'orderId', 'ruleIds'],
  evidence_requested: ['rmaNo', 'dueAt'],
  evidence_reminder: ['rmaNo', 'dueAt'],
  evidence_lapsed: ['rmaNo'],
  proposal_made: ['rmaNo', 'dueAt'],
  proposal_replaced: ['rmaNo', 'dueAt'],
  proposal_reminder: ['rmaNo', 'dueAt'],
  proposal_accepted: ['rmaNo'],
  proposal_lapsed: ['rmaNo'],
  handover_instructions: ['rmaNo', 'dueAt'],
  handover_reminder: ['rmaNo', 'dueAt'],
  pickup_booked: ['rmaNo', 'slot', 'dueAt'],
  pickup_moved: ['rmaNo', 'slot'],
  pickup_failed: ['rmaNo'],
  pickup_not_booked: ['rmaNo'],
  drop_off_instead: ['rmaNo', 'dueAt'],
  self_ship: ['rmaNo', 'dueAt'],
  parcel_in_transit: ['rmaNo', 'trackingNo'],
  parcel_back_to_you: ['rmaNo', 'dueAt'],
  customs_held: ['rmaNo'],
  parcel_lost_suspected: ['rmaNo', 'trackingNo', 'dueAt'],
  parcel_found: ['rmaNo'],
  parcel_lost: ['rmaNo'],
  goods_received: ['rmaNo', 'dueAt'],
  goods_missing: ['rmaNo', 'units'],
  discrepancy_found: ['rmaNo'],
  part_refunded: ['rmaNo', 'amount'],
  deduction_offered: ['rmaNo', 'deduction', 'amount', 'dueAt'],
  deduction_reminder: ['rmaNo', 'deduction', 'dueAt'],
  deduction_applied: ['rmaNo', 'deduction', 'amount', 'ruleIds'],
  sending_back: ['rmaNo'],
  sent_back_arrived: ['rmaNo'],
  refund_sent: ['rmaNo', 'amount'],
  refunded: ['rmaNo', 'amount'],
  nothing_to_pay: ['rmaNo'],
  refund_delayed: ['rmaNo', 'amount'],
  refund_disputed: ['rmaNo'],
  instant_refund_paid: ['rmaNo', 'amount', 'dueAt'],
  recovery_due: ['rmaNo', 'amount', 'dueAt'],
  recovery_reminder: ['rmaNo', 'amount', 'dueAt'],
  recovered: ['rmaNo', 'amount'],
  recovery_written_off: ['rmaNo', 'amount'],
  case_expired: ['rmaNo'],
  case_withdrawn: ['rmaNo'],
  case_cancelled: ['rmaNo'],
  cancelled_on_its_way: ['rmaNo'],
  case_converted: ['rmaNo'],
  on_hold: ['rmaNo', 'dueAt'],
  hold_over: ['rmaNo'],
  escalation_received: ['rmaNo', 'dueAt'],
  escalation_progress: ['rmaNo', 'dueAt'],
  escalation_over: ['rmaNo'],
  reopened: ['rmaNo'],
  outbound_missing: ['rmaNo', 'orderId', 'dueAt'],
  kept_without_return: ['rmaNo', 'amount'],
  message_from_us: ['rmaNo', 'text'],
  correction: ['rmaNo', 'firstNotice'],
  one_time_code: ['code'],
} as const satisfies Record<string, readonly NoticeParam[]>;

/** Circumstances for which a notice may have words of its own, and what these mention beyond its needs. The first two follow from the facts. */
export const noticeVariants = {
  amount: ['amount'],
  cause: ['cause'],
  /** Goods that are here, or will be, go back to the customer; they stay with them; they are not asked for. */
  goods_go_back: [],
  goods_stay: [],
  money_only: [],
  /** Nothing follows any more. */
  closed: [],
  cancelled: [],
  /** The parcel is at our dock already. */
  arrived: [],
  /** A hold that leaves the deadline of the stage as it is. */
  clock_runs: [],
  /** Of what is due all was paid before, or a part, or too much. */
  all_paid: ['paid'],
  part_paid: ['paid', 'amount'],
  owes_back: ['paid', 'amount'],
  /** Paid before this word; by a person, another way; with others before it. */
  paid_before: [],
  by_hand: [],
  total: ['total'],
  /** Nobody but us has asked for it. */
  by_us: [],
} as const satisfies Record<string, readonly NoticeParam[]>;
export type NoticeVariant = keyof typeof noticeVariants;
export const noticeVariantNames = Object.keys(noticeVariants) as NoticeVariant[];

export type NoticeName = keyof typeof noticeNeeds;
export const noticeNames = Object.keys(noticeNeeds) as NoticeName[];

/** What a notice tells, before it is put into words. Instants in epoch ms. */
export interface NoticeFacts {
  readonly rmaNo?: string;
  readonly orderId?: string;
  readonly dueAt?: number;
  readonly amountMinor?: number;
  readonly deductionMinor?: number;
  /** Paid before. */
  readonly paidMinor?: number;
  /** All payments together. */
  readonly totalMinor?: number;
  readonly variant?: NoticeVariant;
  /** ISO 4217, of all sums. */
  readonly currency?: string;
  readonly trackingNo?: string;
  readonly carrier?: string;
  readonly slot?: { readonly from: number; readonly to: number };
  /** Name and address of the counter or locker. */
  readonly point?: string;
  readonly ruleIds?: readonly string[];
  /** A code that the catalogues know, or words. */
  readonly cause?: string;
  readonly units?: number;
  /** The notice that a correction takes back. */
  readonly firstNotice?: NoticeName;
  readonly text?: string;
  readonly code?: string;
  /** IANA, the customer's. */
  readonly timezone: string;
}
