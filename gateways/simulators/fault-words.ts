/**
 * The words in which faults are ordered: partners, their calls, the kinds of fault, and which fault suits which call.
 * What a fault does is in faults.ts and outbox.ts.
 */
import { z } from 'zod';

export const partners = ['orders', 'payments', 'carrier', 'notifications', 'stock'] as const;
export type Partner = (typeof partners)[number];

const operationsOf = {
  orders: ['find_order'],
  payments: ['create_refund', 'find_refund', 'create_charge', 'find_charge', 'submit_dispute_proof', 'webhook'],
  carrier: [
    'prepare_shipment',
    'find_shipment',
    'void_shipment',
    'intercept_shipment',
    'track_shipment',
    'list_slots',
    'list_points',
    'book_pickup',
    'find_pickup',
    'cancel_pickup',
    'file_claim',
    'find_claim',
    'appeal_claim',
    'chase_claim',
    'withdraw_claim',
    'webhook',
  ],
  notifications: ['send_notice', 'find_notice'],
  stock: ['book_in', 'find_entry'],
} as const satisfies Record<Partner, readonly string[]>;
export type Operation = (typeof operationsOf)[Partner][number];
const operations: readonly Operation[] = [...new Set(partners.flatMap((partner): readonly Operation[] => operationsOf[partner]))];
const calls = operations.filter((operation) => operation !== 'webhook');

const faultKinds = [
  'refuse',
  'unavailable',
  'rate_limited',
  'server_error',
  'timeout_after_effect',
  'pending',
  'pending_then_failed',
  'partial_refund',
  'garbage',
  'duplicate_webhook',
  'lost_webhook',
  'late_webhook',
  'reorder_webhook',
  'delay',
] as const;
export type FaultKind = (typeof faultKinds)[number];

const suits: Record<FaultKind, readonly Operation[]> = {
  refuse: calls,
  unavailable: operations,
  rate_limited: calls,
  server_error: calls,
  timeout_after_effect: operations,
  garbage: operations,
  delay: operations,
  pending: ['create_refund', 'create_charge'],
  pending_then_failed: ['create_refund', 'create_charge'],
  partial_refund: ['create_refund'],
  duplicate_webhook: ['webhook'],
  lost_webhook: ['webhook'],
  late_webhook: ['webhook'],
  reorder_webhook: ['webhook'],
};

export const matchable = ['caseId', 'orderId', 'paymentId', 'key', 'carrier'] as const;
type Matchable = (typeof matchable)[number];
/** What is known about one call or delivery; a fault's `match` is compared with it. */
export type Facts = Partial<Record<Matchable, string>>;

const ofParcel: readonly Matchable[] = ['caseId', 'key', 'carrier'];
const ofEntry: readonly Matchable[] = ['caseId', 'key'];
const knownOf: Record<Operation, readonly Matchable[]> = {
  find_order: ['orderId', 'paymentId'],
  create_refund: ['caseId', 'orderId', 'paymentId', 'key'],
  find_refund: ['caseId'],
  create_charge: ['caseId', 'orderId', 'paymentId', 'key'],
  find_charge: ['caseId', 'paymentId'],
  submit_dispute_proof: ['orderId', 'paymentId', 'key'],
  prepare_shipment: ofParcel,
  find_shipment: ofParcel,
  void_shipment: ofParcel,
  intercept_shipment: ofParcel,
  track_shipment: ofParcel,
  list_slots: [],
  list_points: [],
  book_pickup: ofParcel,
  find_pickup: ofParcel,
  cancel_pickup: ofParcel,
  file_claim: ofEntry,
  find_claim: ofEntry,
  appeal_claim: ofEntry,
  chase_claim: ofEntry,
  withdraw_claim: ofEntry,
  send_notice: ofEntry,
  find_notice: ofEntry,
  book_in: ofEntry,
  find_entry: ofEntry,
  webhook: matchable,
};

/** A fault that could never fire is refused at once: a test that waits for it would prove nothing. */
export const faultRequestSchema = z
  .strictObject({
    partner: z.enum(partners),
    operation: z.enum(operations),
    match: z.partialRecord(z.enum(matchable), z.string().min(1)).optional(),
    fault: z.enum(faultKinds),
    code: z.string().min(1).optional(),
    message: z.string().min(1).optional(),
    times: z
      .int()
      .min(-1)
      .refine((times) => times !== 0, 'a positive number, or -1 for good')
      .default(1),
    latencyMs: z.int().nonnegative().max(600_000).optional(),
    /** For `server_error`: whether the call took effect before it broke. */
    afterEffect: z.boolean().default(true),
  })
  .superRefine((fault, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const known: readonly Operation[] = operationsOf[fault.partner];
    if (!known.includes(fault.operation)) complain('operation', `${fault.partner} has ${known.join(', ')}`);
    if (!suits[fault.fault].includes(fault.operation)) {
      complain('fault', `${fault.fault} suits ${suits[fault.fault].join(', ')}`);
    }
    for (const name of Object.keys(fault.match ?? {})) {
      if (!knownOf[fault.operation].some((one) => one === name)) complain('match', `${fault.operation} never knows ${name}`);
    }
    if (fault.fault === 'delay' && fault.latencyMs === undefined) complain('latencyMs', 'delay needs it');
  });
export type FaultRequest = z.output<typeof faultRequestSchema>;
