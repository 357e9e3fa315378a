/** One return from beginning to end, each act by the one whose work it is. Time is skipped where nobody acts. */
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/messages.ts';
import { fastForward } from '../time-travel.ts';
import { merchantId, type CaseView, type People } from './people.ts';
import type { Planned } from './plan.ts';

const dayMs = 86_400_000;
const hourSeconds = 3_600;

export interface Driven {
  readonly plan: Planned;
  readonly view: CaseView;
}

export async function drive(plan: Planned, people: People, client: Client): Promise<Driven> {
  const { what, road } = plan;
  await placeOrder(plan, people);
  const { caseId } = await open(plan, people);
  const units = what.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
  const ended = async (...stages: string[]): Promise<Driven> => ({ plan, view: await people.until(caseId, ...stages) });
  const pass = (hours: number) =>
    fastForward(client.workflow.getHandle(workflowIdOf('return', caseId)), hours * hourSeconds, 120_000);

  const opened = await people.until(caseId, 'under_review', 'awaiting_handover', 'rejected');
  if (road === 'refused') {
    const rules = opened.verdict?.ruleIds ?? [];
    const ruleIds = [rules.find((rule) => /strr|quality|window/.test(rule)) ?? rules[0]];
    await people.command('agent', 'agent-1', caseId, 'decide-request', {
      verdict: 'refuse',
      ruleIds,
      reason: 'The photos show wear from use, not a fault.',
    });
    return ended('rejected');
  }
  if (road === 'unanswered') await pass(49);
  else if (opened.stage === 'under_review')
    await people.command('agent', 'agent-1', caseId, 'decide-request', { verdict: 'accept' });

  const authorized = await people.until(caseId, 'awaiting_handover');
  if (road === 'withdrawn') {
    await people.command('customer', what.customerId, caseId, 'withdraw-case', { reason: 'I will keep it after all.' });
    return ended('withdrawn');
  }
  if (road === 'cancelled') {
    await people.command('manager', 'manager-1', caseId, 'cancel-case', { reason: 'The order was entered twice.' });
    return ended('cancelled');
  }
  if (road === 'never_sent') {
    await pass(8 * 24);
    return ended('expired');
  }

  const trackingNo = authorized.shipment?.trackingNo;
  await people.simulate('POST', '/control/scans', { trackingNo, code: 'picked_up' });
  await people.until(caseId, 'in_transit');
  await people.simulate('POST', '/control/scans', { trackingNo, code: 'delivered' });
  await people.until(caseId, 'received');
  if (road === 'parked')
    await people.simulate('POST', '/control/faults', {
      partner: 'payments',
      operation: 'create_refund',
      match: { caseId },
      fault: 'refuse',
      times: 1,
    });
  const parcelId = trackingNo ?? caseId;
  await people.command('warehouse', 'dock-1', caseId, 'record-reception', { parcelId, units });
  await people.command('warehouse', 'dock-1', caseId, 'record-inspection', {
    units: units.map((unit) => ({ ...unit, grade: 'A', disposition: 'restock' })),
  });
  if (road === 'parked') {
    const parked = await ended('needs_attention');
    if (plan.leftParked) return parked;
    await people.command('manager', 'manager-1', caseId, 'resolve-attention', { verb: 'retry' });
  }
  return ended('refunded');
}

async function placeOrder({ what, daysWithCustomer }: Planned, people: People): Promise<void> {
  const { orderId, customerId, jurisdiction, currency, lines, returnedAt } = what;
  const iso = (at: number) => new Date(at).toISOString();
  await people.simulate('POST', '/orders', {
    orderId,
    merchantId,
    customerId,
    jurisdiction,
    currency,
    placedAt: iso(returnedAt - (daysWithCustomer + 4) * dayMs),
    deliveredAt: iso(returnedAt - daysWithCustomer * dayMs),
    paymentId: `pay-${orderId}`,
    paidMinor: lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
    lines: lines.map((line) => ({ ...line, category: 'home' })),
  });
}

/**
 * Customers open their own returns. Notices that the shop's form took on an earlier day are handed over by the shop with that day,
 * since it counts for every window.
 */
function open({ what, reason, handoverChannel }: Planned, people: People): Promise<CaseView> {
  const { orderId, customerId, lines, returnedAt, returnNo } = what;
  const body = { orderId, reason, handoverChannel, lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity })) };
  const fresh = Date.now() - returnedAt < dayMs;
  const key = `open/${encodeURIComponent(returnNo).slice(0, 200)}`;
  return fresh
    ? people.open('customer', customerId, key, body)
    : people.open('service', 'shop', key, { ...body, noticeSentAt: new Date(returnedAt).toISOString() });
}
