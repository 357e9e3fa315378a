/**
 * What passes between Mendline and its partners: the shop's orders, the payment provider and the carrier.
 * Adapters and simulators in gateways/ speak exactly these shapes over HTTP; instants on the wire are ISO-8601 UTC.
 */
import { z } from 'zod';
import { handoverChannels } from '../domain/return.ts';

const instant = z.iso.datetime({ offset: true });
const minor = z.int().nonnegative();
const currency = z.string().regex(/^[A-Z]{3}$/);

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
});
export type RefundRequest = z.infer<typeof refundRequestSchema>;

export const shipmentRequestSchema = z.strictObject({
  key: z.string().min(1),
  caseId: z.string().min(1),
  channel: z.enum(handoverChannels),
  parcels: z.int().positive().default(1),
});
export type ShipmentRequest = z.input<typeof shipmentRequestSchema>;

/** A return shipment at the carrier: label, tracking number and, for a door pickup, when the driver comes. */
export const shipmentSchema = z.strictObject({
  shipmentId: z.string().min(1),
  key: z.string().min(1),
  caseId: z.string().min(1),
  channel: z.enum(handoverChannels),
  trackingNo: z.string().min(1),
  pickupAt: instant.optional(),
  status: z.enum(['live', 'voided', 'in_transit', 'delivered', 'lost', 'returned_to_sender']),
});
export type Shipment = z.infer<typeof shipmentSchema>;

export const scanCodes = [
  'picked_up',
  'in_transit',
  'delivered',
  'pickup_failed',
  'exception',
  'lost',
  'returned_to_sender',
] as const;
export type ScanCode = (typeof scanCodes)[number];

/** Body of a webhook from the carrier (Standard Webhooks: `webhook-id` is the event id). `caseId` is the reference we gave. */
export const carrierEventSchema = z.object({
  type: z.literal('parcel_scanned'),
  data: z.object({
    caseId: z.string().min(1),
    trackingNo: z.string().min(1),
    code: z.enum(scanCodes),
    occurredAt: instant,
    place: z.string().optional(),
  }),
});
export type CarrierEvent = z.infer<typeof carrierEventSchema>;

/** Body of a webhook from the payment provider. */
export const paymentEventSchema = z.object({
  type: z.enum(['refund_settled', 'refund_failed']),
  data: z.object({
    caseId: z.string().min(1),
    refundId: z.string().min(1),
    amountMinor: minor,
    currency,
    code: z.string().optional(),
    occurredAt: instant,
  }),
});
export type PaymentEvent = z.infer<typeof paymentEventSchema>;
