/**
 * Opening a case: everything is checked before anything starts, so that bad input leaves no workflow behind.
 * The order gateway says what was bought and by whom; the packs that bind the order are chosen and pinned here.
 */
import { createHash, createHmac } from 'node:crypto';
import type { OpenCaseBody } from '../contracts/commands.ts';
import type { Contact, Dispute } from '../domain/case.ts';
import type { Order } from '../contracts/partners.ts';
import type { ReturnInput } from '../contracts/workflow.ts';
import type { Database } from '../db/database.ts';
import type { Ledgers } from '../db/ledgers.ts';
import { mayRoute } from '../domain/permissions.ts';
import { choosePacks } from '../domain/policy/decide.ts';
import { slaFor } from '../domain/policy/sla.ts';
import { workCalendarOf } from '../domain/policy/work-calendar.ts';
import { disputesSince } from '../domain/return-money.ts';
import type { RequestedLine } from '../domain/return-state.ts';
import { PartnerRefusal, PartnerUnavailable } from '../gateways/http.ts';
import type { OrdersGateway } from '../gateways/orders.ts';
import type { PolicyStore } from '../gateways/policy-packs.ts';
import type { Caller } from './auth.ts';
import { ApiError } from './errors.ts';

export interface OpeningDeps {
  readonly orders: OrdersGateway;
  readonly database: Pick<Database, 'ledgers' | 'cases' | 'disputes'>;
  readonly policies: PolicyStore;
}

/** A repeated opening meets itself: the id comes from merchant, caller and Idempotency-Key. */
export const caseIdOf = (commandId: string): string => `C-${crockford(`case ${commandId}`, 12)}`;
const rmaNoOf = (commandId: string, at: number): string =>
  `RMA-${new Date(at).toISOString().slice(2, 7).replace('-', '')}-${crockford(`rma ${commandId}`, 6)}`;

/** Letters and digits that cannot be mistaken for one another, read over the phone. */
function crockford(seed: string, length: number): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const bytes = createHash('sha256').update(seed).digest();
  return Array.from({ length }, (_, index) => digits[bytes[index]! % 32]).join('');
}

export const customerRefOf = (key: string, merchantId: string, customerId: string): string =>
  createHmac('sha256', key).update(`${merchantId}/${customerId}`).digest('hex').slice(0, 16);

/** The workflow's whole input, or an ApiError that says which field cannot be. */
export async function prepareReturn(
  deps: OpeningDeps,
  caller: Caller,
  body: OpenCaseBody,
  commandId: string,
): Promise<ReturnInput> {
  const { merchantId } = caller;
  const caseId = caseIdOf(commandId);
  const order = await findOrder(deps.orders, caller, body.orderId);
  const lines = await requestedLines(deps.database.ledgers, order, body.lines, caseId);
  const openedAt = Date.now();
  const noticeAt = noticeOf(caller, body, order, openedAt);

  const placedAt = Date.parse(order.placedAt);
  const deliveredAt = order.deliveredAt ? Date.parse(order.deliveredAt) : undefined;
  const { orderId, currency, paymentId, paidMinor, jurisdiction, platform } = order;
  const { reason, handoverChannel, wantedOutcome, evidenceIds, consents, pointId, slotId, addressId } = body;
  const facts = {
    asOf: openedAt,
    jurisdiction,
    platform,
    order: { placedAt, deliveredAt, lines },
    request: { reason, noticeAt, lines },
  };
  const packs = choosePacks(facts, deps.policies.packs);
  const sla = slaFor(deps.policies.sla, packs, reason);
  return {
    edition: 2,
    caseId,
    merchantId,
    rmaNo: rmaNoOf(commandId, openedAt),
    customerId: order.customerId,
    openedBy: { id: caller.id, role: caller.role },
    openedAt,
    order: {
      orderId,
      currency,
      paymentId,
      paidMinor,
      placedAt,
      deliveredAt,
      jurisdiction,
      platform,
      outboundTrackingNo: order.outboundTrackingNo,
    },
    lines,
    reason,
    noticeAt,
    handoverChannel,
    wantedOutcome,
    evidenceIds,
    consents,
    handover: { pointId, slotId, addressId },
    contact: contactOf(order, body),
    disputes: await disputesOf(deps, order, caseId),
    policy: {
      packs: packs.map((pack) => deps.policies.refOf(pack)),
      sla: { ...sla, calendar: workCalendarOf(deps.policies.calendarFor({ jurisdiction }), openedAt) },
    },
  };
}

/** Where and in which words the customer is told. Without a reference of the shop's the customer's own id has to do. */
const contactOf = (
  { customerId, contactRef = customerId, language = 'en', timezone = 'UTC' }: Order,
  body: OpenCaseBody,
): Contact => ({
  ref: contactRef,
  language: body.language ?? language,
  timezone,
});

/** The disputes of its payment that a case begins with, or goes on with: its own, and what the bank has said since. */
export async function disputesOf(
  { database }: Pick<OpeningDeps, 'database'>,
  payment: { readonly merchantId: string; readonly paymentId: string },
  caseId: string,
  own: readonly Dispute[] = [],
): Promise<Dispute[]> {
  const known = await database.disputes.ofPayment(payment);
  if (known.length === 0) return [...own];
  const returns = await database.cases.ofPayment(payment.merchantId, payment.paymentId);
  return disputesSince(
    own,
    known,
    returns.filter((doc) => doc._id !== caseId),
  );
}

/** The order, if it belongs to the caller; else 404, just as if there were none. */
export async function findOrder(orders: OrdersGateway, caller: Caller, orderId: string): Promise<Order> {
  const { id, role, merchantId } = caller;
  if (orderId !== (caller.orderId ?? orderId)) throw new ApiError('order_not_found');
  const order = await orders.findOrder({ merchantId, orderId }).catch((cause: unknown) => {
    if (cause instanceof PartnerUnavailable) throw new ApiError('try_again', { detail: 'the shop does not answer' }, { cause });
    if (cause instanceof PartnerRefusal)
      throw new ApiError('partner_refused', { detail: 'the shop refused to tell the order' }, { cause });
    throw cause;
  });
  // Somebody else's order looks just like none.
  if (!order || (role === 'customer' && order.customerId !== id)) throw new ApiError('order_not_found');
  // Refunds are unit price times units: with prices before a discount, returning everything would give back more than was paid.
  const worthMinor = order.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  if (worthMinor > order.paidMinor)
    throw new ApiError('partner_refused', { detail: 'the order does not add up: its lines cost more than was paid' });
  return order;
}

/** What the order says of the lines asked for. Throws `unknown_line`, or `over_limit` where other cases have the units. */
export async function requestedLines(
  ledgers: Ledgers,
  order: Order,
  asked: readonly { readonly lineId: string; readonly quantity: number }[],
  caseId: string,
): Promise<RequestedLine[]> {
  const claimed = await ledgers.claimed(order.merchantId, order.orderId, caseId);
  return asked.map(({ lineId, quantity }, index) => {
    const line = order.lines.find((one) => one.lineId === lineId);
    const field = (name: string, code: string, message: string) => ({
      fields: [{ pointer: `/lines/${index}/${name}`, code, message }],
    });
    if (!line) throw new ApiError('unknown_line', field('lineId', 'unknown_line', 'the order has no such line'));
    const left = line.quantity - (claimed.get(lineId) ?? 0);
    if (quantity > left)
      throw new ApiError('over_limit', field('quantity', 'over_limit', `${left} units of this line can be returned`));
    const { sku, category, unitPriceMinor } = line;
    return { lineId, sku, category, quantity, bought: line.quantity, unitPriceMinor };
  });
}

function noticeOf(caller: Caller, { noticeSentAt }: OpenCaseBody, order: Order, now: number): number {
  if (noticeSentAt === undefined) return now;
  const field = (code: string, message: string) => ({ fields: [{ pointer: '/noticeSentAt', code, message }] });
  if (!mayRoute(caller.role, 'backdate_notice'))
    throw new ApiError('forbidden', field('forbidden', 'only staff and services may set this'));
  const noticeAt = Date.parse(noticeSentAt);
  if (noticeAt > now) throw new ApiError('impossible_date', field('impossible_date', 'this is in the future'));
  if (noticeAt < Date.parse(order.placedAt))
    throw new ApiError('impossible_date', field('impossible_date', 'this is before the order'));
  return noticeAt;
}
