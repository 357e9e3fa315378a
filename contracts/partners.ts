/**
 * What passes between Mendline and its partners: the shop's orders, the payment provider, the carrier, notices and stock.
 * Adapters and simulators in gateways/ speak exactly these shapes over HTTP; instants on the wire are ISO-8601 UTC.
 */
import { z } from 'zod';
import { dispositions, grades } from '../domain/goods.ts';
import { handoverChannels } from '../domain/return-state.ts';

const instant = z.iso.datetime({ offset: true });
const minor = z.int().nonnegative();
const currency = z.string().regex(/^[A-Z]{3}$/);
const key = z.string().min(1);
const caseId = z.string().min(1);

const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];
/** A reference that the notice provider resolves; an address or a phone number is refused, so that none can slip in. */
const contactRef = z.string().regex(/^[^@\s+][^@\s]*$/, 'a reference, never an address');

/** `unitPriceMinor` is what was really paid for one unit, discounts taken off: a refund is that times units. */
const orderLineSchema = z.strictObject({
  lineId: z.string().min(1),
  sku: z.string().min(1),
  title: z.string(),
  category: z.string().default('other'),
  quantity: z.int().positive(),
  unitPriceMinor: minor,
});

/** An order as the shop tells it. `paidMinor` is what `paymentId` captured; `jurisdiction` is ISO 3166, whose law protects the customer. */
export const orderSchema = z.strictObject({
  orderId: z.string().min(1),
  merchantId: z.string().min(1),
  customerId: z.string().min(1),
  placedAt: instant,
  deliveredAt: instant.optional(),
  jurisdiction: z.string().min(2),
  platform: z.string().optional(),
  currency,
  paymentId: z.string().min(1),
  paidMinor: minor,
  lines: z.array(orderLineSchema).min(1),
  /** How the customer is reached, without saying where. */
  contactRef: contactRef.optional(),
  language: z.enum(languages).optional(),
  /** IANA name of the customer's zone. */
  timezone: z.string().min(1).optional(),
  /** Of the parcel in which the goods went out, at our carrier. */
  outboundTrackingNo: z.string().min(1).optional(),
});
export type Order = z.infer<typeof orderSchema>;

/** One refund at the payment provider. `key` is ours (case and intent) and names at most one refund for ever. */
export const refundSchema = z.strictObject({
  refundId: z.string().min(1),
  key: z.string().min(1),
  caseId: z.string().min(1),
  paymentId: z.string().min(1),
  amountMinor: minor,
  currency,
  /** Present: given back of this charge of the payment, and not of what the payment captured. */
  chargeId: z.string().min(1).optional(),
  status: z.enum(['succeeded', 'pending', 'failed']),
  failureCode: z.string().optional(),
});
export type Refund = z.infer<typeof refundSchema>;

export const refundRequestSchema = refundSchema.pick({
  key: true,
  caseId: true,
  paymentId: true,
  amountMinor: true,
  currency: true,
  chargeId: true,
});
export type RefundRequest = z.infer<typeof refundRequestSchema>;

/** Money taken from the customer, for an advance that has to come back. `paymentId` names the payment whose means are charged again. */
export const chargeSchema = z.strictObject({ ...refundSchema.omit({ refundId: true }).shape, chargeId: z.string().min(1) });
export type Charge = z.infer<typeof chargeSchema>;

export const chargeRequestSchema = chargeSchema.pick({
  key: true,
  caseId: true,
  paymentId: true,
  amountMinor: true,
  currency: true,
});
export type ChargeRequest = z.infer<typeof chargeRequestSchema>;

/** Tells the bank behind a dispute that the money went back already. */
export const disputeProofRequestSchema = z.strictObject({ key, disputeId: z.string().min(1), refundId: z.string().min(1) });
export type DisputeProofRequest = z.infer<typeof disputeProofRequestSchema>;

export const disputeProofSchema = disputeProofRequestSchema.extend({ proofId: z.string().min(1), status: z.literal('received') });
export type DisputeProof = z.infer<typeof disputeProofSchema>;

/** `backup` is who is asked when the main carrier serves nobody there. */
const carriers = ['main', 'backup'] as const;
export type CarrierName = (typeof carriers)[number];
/** `send_back` goes from the warehouse to the customer. */
const directions = ['return', 'send_back'] as const;

/** Absent: `carrier` main, `direction` return. With `slotId` the driver's visit is booked too, under the shipment's own key. */
export const shipmentRequestSchema = z.strictObject({
  key,
  caseId,
  channel: z.enum(handoverChannels),
  parcels: z.int().positive().default(1),
  carrier: z.enum(carriers).optional(),
  direction: z.enum(directions).optional(),
  slotId: z.string().min(1).optional(),
  pointId: z.string().min(1).optional(),
  addressId: z.string().min(1).optional(),
});
export type ShipmentRequest = z.input<typeof shipmentRequestSchema>;

/** A shipment at the carrier: label, tracking number and, for a door pickup, when the driver comes. */
export const shipmentSchema = z.strictObject({
  shipmentId: z.string().min(1),
  key,
  caseId,
  channel: z.enum(handoverChannels),
  trackingNo: z.string().min(1),
  carrier: z.enum(carriers).optional(),
  direction: z.enum(directions).optional(),
  slotId: z.string().optional(),
  pickupAt: instant.optional(),
  pickupEndsAt: instant.optional(),
  pointId: z.string().optional(),
  label: z.strictObject({ url: z.url(), qrText: z.string() }).optional(),
  /** The carrier was asked to turn the parcel round; a scan tells when it did. */
  intercepted: z.boolean().optional(),
  status: z.enum(['live', 'voided', 'in_transit', 'delivered', 'lost', 'returned_to_sender']),
});
export type Shipment = z.infer<typeof shipmentSchema>;

/** `from` is the earliest instant wanted; slots begin the day after it, in `timezone` (IANA, default UTC). */
export const slotQuerySchema = z.strictObject({
  from: instant,
  days: z.coerce.number().int().min(1).max(14),
  timezone: z.string().min(1).optional(),
});
export type SlotQuery = z.infer<typeof slotQuerySchema>;

export const slotSchema = z.strictObject({ slotId: z.string().min(1), startsAt: instant, endsAt: instant });
export type Slot = z.infer<typeof slotSchema>;

export const pointKinds = ['drop_off', 'locker'] as const;
export type PointKind = (typeof pointKinds)[number];

/** A counter or locker that takes parcels. */
export const pointSchema = z.strictObject({
  pointId: z.string().min(1),
  name: z.string(),
  kind: z.enum(pointKinds),
  address: z.string(),
});
export type Point = z.infer<typeof pointSchema>;

export const pickupRequestSchema = z.strictObject({ key, shipmentKey: key, slotId: z.string().min(1) });
export type PickupRequest = z.infer<typeof pickupRequestSchema>;

/** A driver's visit. A shipment has at most one that is `booked`. */
export const pickupSchema = z.strictObject({
  bookingId: z.string().min(1),
  ...pickupRequestSchema.shape,
  startsAt: instant,
  endsAt: instant,
  status: z.enum(['booked', 'cancelled', 'done', 'failed']),
});
export type Pickup = z.infer<typeof pickupSchema>;

export const scanCodes = [
  'picked_up',
  'dropped_off',
  'in_transit',
  'customs_held',
  'customs_released',
  'delivered',
  'pickup_failed',
  'exception',
  'lost',
  'found',
  'returned_to_sender',
] as const;
export type ScanCode = (typeof scanCodes)[number];

/** Absent in `scans`: what the carrier did not say. `eventId` is the id under which a webhook told the same, or should have. */
const scanFacts = {
  code: z.enum(scanCodes),
  occurredAt: instant,
  place: z.string().optional(),
  cause: z.string().optional(),
  bookingId: z.string().optional(),
  /** Counts the driver's visits to this shipment, the first being 1. */
  attempt: z.int().positive().optional(),
};
export const trackingSchema = z.strictObject({
  status: shipmentSchema.shape.status,
  scans: z.array(z.strictObject({ eventId: z.string().optional(), ...scanFacts })),
});
export type Tracking = z.infer<typeof trackingSchema>;

export const claimRequestSchema = z.strictObject({
  key,
  caseId,
  trackingNo: z.string().min(1),
  amountMinor: minor,
  currency,
});
export type ClaimRequest = z.infer<typeof claimRequestSchema>;

/** A claim for a lost or damaged parcel. `appealed`: its one appeal is used; `reminders` counts ours. */
export const claimSchema = z.strictObject({
  claimId: z.string().min(1),
  ...claimRequestSchema.shape,
  status: z.enum(['filed', 'accepted', 'declined', 'paid', 'withdrawn']),
  paidMinor: minor.optional(),
  appealed: z.boolean().optional(),
  reminders: z.int().positive().optional(),
});
export type Claim = z.infer<typeof claimSchema>;

export const claimOutcomes = ['accepted', 'declined', 'paid'] as const;
export type ClaimOutcome = (typeof claimOutcomes)[number];

/** Body of a webhook from the carrier (Standard Webhooks: `webhook-id` is the event id). `caseId` is the reference we gave, `legKey` the shipment's key. */
export const carrierEventSchema = z.object({
  type: z.literal('parcel_scanned'),
  data: z.object({ caseId, trackingNo: z.string().min(1), ...scanFacts, legKey: z.string().optional() }),
});
export type CarrierEvent = z.infer<typeof carrierEventSchema>;

/** Also from the carrier. `amountMinor` is what was claimed or, once paid, what was paid. */
export const claimEventSchema = z.object({
  type: z.literal('claim_answered'),
  data: z.object({
    caseId,
    claimId: z.string().min(1),
    key,
    outcome: z.enum(claimOutcomes),
    amountMinor: minor,
    currency,
    occurredAt: instant,
  }),
});
export type ClaimEvent = z.infer<typeof claimEventSchema>;

const moneyFacts = { amountMinor: minor, currency, code: z.string().optional(), occurredAt: instant };

/** Body of a webhook from the payment provider. */
export const paymentEventSchema = z.object({
  type: z.enum(['refund_settled', 'refund_failed']),
  data: z.object({ caseId, refundId: z.string().min(1), ...moneyFacts }),
});
export type PaymentEvent = z.infer<typeof paymentEventSchema>;

/** Also from the payment provider. */
export const chargeEventSchema = z.object({
  type: z.enum(['payment_settled', 'payment_failed']),
  data: z.object({ caseId, chargeId: z.string().min(1), ...moneyFacts }),
});
export type ChargeEvent = z.infer<typeof chargeEventSchema>;

const disputeFacts = z.object({
  merchantId: z.string().min(1),
  paymentId: z.string().min(1),
  disputeId: z.string().min(1),
  amountMinor: minor,
  currency,
  occurredAt: instant,
});

/** Also from the payment provider. It knows no case: every case of that payment is concerned. */
export const disputeEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('dispute_opened'), data: disputeFacts }),
  z.object({ type: z.literal('dispute_closed'), data: disputeFacts.extend({ result: z.enum(['won', 'lost']) }) }),
]);
export type DisputeEvent = z.infer<typeof disputeEventSchema>;

export type PartnerEvent = CarrierEvent | ClaimEvent | PaymentEvent | ChargeEvent | DisputeEvent;

const noticeChannels = ['app', 'sms', 'email'] as const;
export type NoticeChannel = (typeof noticeChannels)[number];

/** `text` is ready to send, in `language`; `template` says which of our texts it is. */
export const noticeRequestSchema = z.strictObject({
  key,
  caseId,
  to: contactRef,
  channel: z.enum(noticeChannels),
  language: z.enum(languages),
  template: z.string().min(1),
  subject: z.string(),
  text: z.string().min(1),
});
export type NoticeRequest = z.infer<typeof noticeRequestSchema>;

/** `accepted`: the provider will deliver it, or has. */
export const noticeSchema = z.strictObject({ noticeId: z.string().min(1), key, status: z.literal('accepted') });
export type Notice = z.infer<typeof noticeSchema>;

export const stockEntryRequestSchema = z.strictObject({
  key,
  caseId,
  merchantId: z.string().min(1),
  sku: z.string().min(1),
  quantity: z.int().positive(),
  grade: z.enum(grades),
  disposition: z.enum(dispositions),
});
export type StockEntryRequest = z.infer<typeof stockEntryRequestSchema>;

/** Units written into the books of the stock. Only `restock` makes them sellable. */
export const stockEntrySchema = z.strictObject({ entryId: z.string().min(1), key, status: z.literal('booked') });
export type StockEntry = z.infer<typeof stockEntrySchema>;
