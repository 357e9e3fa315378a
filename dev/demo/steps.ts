/** What people and partners do with one return, step by step, each by the one whose work it is. The roads (roads.ts) put the steps together. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/messages.ts';
import { fastForward } from '../time-travel.ts';
import { merchantId, type CaseView, type People } from './people.ts';
import type { Planned } from './plan.ts';

const dayMs = 86_400_000;
const hourSeconds = 3_600;
/** Webhooks of the demo's partners may be late or lost: then somebody acts on what they see, or time passes. */
const usualPatienceMs = 6_000;
const lookMs = 200;
const missedMax = 5;
const endsWithinMs = 180_000;

export type Steps = ReturnType<typeof stepsOf>;

export function stepsOf(plan: Planned, people: People, client: Client, patienceMs = usualPatienceMs) {
  const { what, reason, handoverChannel, platform } = plan;
  const units = what.lines.map(({ lineId, quantity }) => ({ lineId, quantity }));
  const valueMinor = what.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  let caseId = '';
  let generation = 1;
  let asked = 0;

  const read = () => people.read(caseId);
  const until = (...stages: string[]) => people.until(caseId, ...stages);
  const give = (role: 'agent' | 'manager' | 'customer' | 'warehouse', path: string, body: object, id?: string) =>
    people.command(
      role,
      id ?? (role === 'customer' ? what.customerId : role === 'warehouse' ? 'dock-1' : `${role}-1`),
      caseId,
      path,
      body,
      (asked += 1),
    );
  /** A manager agrees; whoever is told that the request is still being looked at waits for that, and says it again. */
  async function accept(id?: string): Promise<void> {
    for (;;) {
      const { revision } = await read();
      try {
        return await give('manager', 'decide-request', { verdict: 'accept' }, id);
      } catch (err) {
        if (!String(err).includes('being looked at again')) throw err;
        await people.when(caseId, (view) => view.revision > revision);
      }
    }
  }
  /** Time is skipped where nobody acts. */
  const pass = (hours: number) =>
    fastForward(client.workflow.getHandle(workflowIdOf('return', caseId, generation)), hours * hourSeconds, 120_000);
  /** Customers open their own returns. Notices that the shop's form took on an earlier day are handed over by the shop with that day. */
  async function ask(more: object, how = 'open'): Promise<CaseView> {
    const { orderId, customerId, returnedAt, returnNo } = what;
    const consents = platform === 'instant' ? ['claw_back'] : [];
    const body = { orderId, reason, handoverChannel, consents, lines: units, ...more };
    const fresh = Date.now() - returnedAt < dayMs;
    const key = `${how}/${encodeURIComponent(returnNo).slice(0, 200)}`;
    if (fresh) return people.open('customer', customerId, key, body);
    return people.open('service', 'shop', key, { ...body, noticeSentAt: new Date(returnedAt).toISOString() });
  }
  const tracking = async (): Promise<string> => (await read()).shipment?.trackingNo ?? '';

  return {
    units,
    valueMinor,
    what,
    until,
    give,
    accept,
    pass,
    read,
    simulate: people.simulate,
    get caseId() {
      return caseId;
    },
    /** The case goes on as its next generation: time is skipped there from now on. */
    reopened: () => void (generation += 1),

    async open(more: object = {}): Promise<CaseView> {
      await placeOrder(plan, people, valueMinor);
      ({ caseId } = await ask(more));
      return people.until(caseId, 'under_review', 'awaiting_handover', 'rejected', 'authorized');
    },
    /** Somebody asks for the same units at the same moment; whoever comes first has the case. How many were let in. */
    async openTwice(): Promise<number> {
      await placeOrder(plan, people, valueMinor);
      const both = await Promise.allSettled([ask({}), ask({}, 'again')]);
      const opened = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value.caseId] : []));
      const [refused] = both.filter((one) => one.status === 'rejected');
      if (refused && !/over_limit/.test(String(refused.reason))) throw refused.reason;
      caseId = opened[0] ?? '';
      return opened.length;
    },

    /** Agreed, by the rules or by an agent, and a label is out. Above an agent's limit a manager decides. */
    async agreed(): Promise<CaseView> {
      const view = await until('under_review', 'awaiting_handover');
      if (view.stage === 'under_review') await accept();
      return until('awaiting_handover');
    },

    /** The carrier's scan, and what it leads to; whoever is told late or never asks the carrier in time. */
    async scan(code: string, ...stages: string[]): Promise<void> {
      await people.simulate('POST', '/control/scans', { trackingNo: await tracking(), code });
      if (stages.length === 0 || (await reached(stages))) return;
      await pass(61); // half the term of a parcel on its way …
      if (await reached(stages)) return;
      await pass(24); // … and of one that is to be handed over
      await until(...stages);
    },

    /** To the dock: what the carrier says of it may come late, or never; the parcel is there. */
    async travels(): Promise<void> {
      const trackingNo = await tracking();
      await people.simulate('POST', '/control/scans', { trackingNo, code: 'picked_up' });
      await reached(['in_transit', 'received']);
      await people.simulate('POST', '/control/scans', { trackingNo, code: 'delivered' });
      await reached(['received']);
    },

    count: async (counted: readonly object[] = units) =>
      give('warehouse', 'record-reception', { parcelId: (await tracking()) || caseId, units: counted }),
    grade: (grade = 'A', graded: readonly { lineId: string; quantity: number }[] = units) =>
      give('warehouse', 'record-inspection', {
        units: graded.map((unit) => ({ ...unit, grade, disposition: grade === 'A' ? 'restock' : 'liquidate' })),
      }),
    /** The next call of this kind for this case misbehaves at the provider, as told. */
    fault: (fault: string, more: object = {}) =>
      people.simulate('POST', '/control/faults', {
        partner: 'payments',
        operation: 'create_refund',
        match: { caseId },
        fault,
        ...more,
      }),
    slots: () => people.slots(caseId),
    /** The advance has gone out; the goods go on. */
    paidEarly: () => people.when(caseId, (view) => view.refundedMinor > 0),
    /**
     * The payment provider says something of itself, and the case hears of it. Nobody asks for what nobody expects: a webhook that was lost is
     * sent once more when the seller misses it.
     */
    async providerSays<T>(path: string, body: object, heard: (view: CaseView) => boolean): Promise<T> {
      const said = await people.simulate<T>('POST', path, body);
      const hasHeard = await people.when(caseId, heard, patienceMs).catch(() => undefined);
      if (!hasHeard) await people.simulate('POST', '/control/webhooks/resend', {});
      await people.when(caseId, heard);
      return said;
    },
    /** It has said its last words: what is told from now on is told to an ended case. */
    async ended(): Promise<void> {
      const running = () =>
        client.workflow
          .getHandle(workflowIdOf('return', caseId, generation))
          .describe()
          .then(({ status }) => status.name === 'RUNNING')
          .catch(() => true); // Temporal is away at the moment
      const giveUpAt = Date.now() + endsWithinMs;
      while (await running()) {
        if (Date.now() > giveUpAt) throw new Error(`case ${caseId} has not ended`);
        await pause(lookMs);
      }
    },
    /** The label to the customer is out; the parcel goes, and arrives. */
    async sentBack(): Promise<void> {
      const { parcels } = await people.when(caseId, (view) => view.parcels.some((parcel) => parcel.kind === 'send_back'));
      const trackingNo = parcels.find((parcel) => parcel.kind === 'send_back')?.trackingNo;
      await people.simulate('POST', '/control/scans', { trackingNo, code: 'in_transit' });
      await people.simulate('POST', '/control/scans', { trackingNo, code: 'delivered' });
      await hears('returned_to_customer');
    },
    hears,
    /** The refund that the provider keeps under this key. */
    async refundId(intent = 'refund'): Promise<string> {
      const { rows } = await people.simulate<{ rows: readonly { key?: string; effect?: { refundId?: string } }[] }>(
        'GET',
        '/control/ledger/payments',
      );
      return rows.find((row) => row.key === `${caseId}/${intent}`)?.effect?.refundId ?? '';
    },
  };

  /** Nobody asks for what nobody expects: what was lost is sent once more when somebody misses it. It may be lost only after it was missed. */
  async function hears(...stages: string[]): Promise<void> {
    for (let missed = 0; missed < missedMax && !(await reached(stages)); missed += 1)
      await people.simulate('POST', '/control/webhooks/resend', {});
  }
  async function reached(stages: readonly string[]): Promise<boolean> {
    return people
      .when(caseId, (view) => stages.includes(view.stage), patienceMs)
      .then(
        () => true,
        () => false,
      );
  }
}

async function placeOrder({ what, daysWithCustomer, platform }: Planned, people: People, valueMinor: number): Promise<void> {
  const { orderId, customerId, jurisdiction, currency, lines, returnedAt } = what;
  const iso = (at: number) => new Date(at).toISOString();
  await people.simulate('POST', '/orders', {
    orderId,
    merchantId,
    customerId,
    jurisdiction,
    platform,
    currency,
    placedAt: iso(returnedAt - (daysWithCustomer + 4) * dayMs),
    deliveredAt: iso(returnedAt - daysWithCustomer * dayMs),
    paymentId: `pay-${orderId}`,
    paidMinor: valueMinor,
    contactRef: `contact-${customerId}`,
    language: jurisdiction === 'CN' ? 'zh-CN' : 'en',
    lines: lines.map((line) => ({ ...line, category: 'home' })),
  });
}
