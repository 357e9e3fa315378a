/** The whole return over HTTP: what each command does and leaves in the timeline, two people where two are needed, and what customers see of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PartnerRefusal, PartnerUnavailable } from '../../gateways/http.ts';
import { openDoor, type Door } from '../support/door.ts';
import {
  allWell,
  anyOrder,
  awaitingHandover,
  discrepant,
  escalated,
  escalating,
  fitting,
  handleOf,
  late,
  lost,
  negotiating,
  opened,
  over,
  patiently,
  paysInAdvance,
  recovering,
  travelling,
  until,
} from './journey.ts';
import type { CommandName } from '../../domain/permissions.ts';
import { pathOf } from '../../contracts/commands.ts';

type Row = Record<string, unknown> & { event: string };
type Who = Parameters<Door['command']>[2];
const manager = (id: string) => ({ id, role: 'manager', merchantId: 'm1' }) as const;

describe('a return over HTTP', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-flows', {
      deps: async (stage) => ({ policies: paysInAdvance, carrier: stage.partners.carrier }),
    });
  });
  afterAll(() => door.close());

  const read = async (caseId: string, as: Parameters<Door['get']>[1] = 'agent') => (await door.get(`/cases/${caseId}`, as)).body;
  const rows = async (caseId: string, as: Parameters<Door['get']>[1] = 'agent') =>
    (await door.get(`/cases/${caseId}/timeline?limit=200`, as)).body.rows as Row[];
  const row = async (caseId: string, event: string, as: Parameters<Door['get']>[1] = 'agent') =>
    (await rows(caseId, as)).findLast((one) => one.event === event);
  /** The command with the body that fits, or another one; it must be done. */
  async function give(caseId: string, name: CommandName, body: object = fitting[name].body, as: Who = fitting[name].role) {
    const reply = await door.command(caseId, pathOf(name), as, body);
    expect(reply.status, reply.text).toBe(200);
    return reply.body;
  }

  describe('an opening', () => {
    it('takes all it may, and answers with verdict, rules, freight payer and the next deadline', async () => {
      const order = anyOrder({ contactRef: 'contact-7', timezone: 'Europe/London' });
      const wish = {
        lines: [
          { lineId: '1', quantity: 1 },
          { lineId: '2', quantity: 3 },
        ],
        reason: 'no_reason',
        wantedOutcome: 'refund',
        evidenceIds: ['photo-1', 'photo-2'],
        consents: ['claw_back'],
        handoverChannel: 'drop_off',
        pointId: 'pt_station',
        language: 'zh-CN',
      };
      const reply = await door.opened(wish, order);
      expect(reply.status, reply.text).toBe(201);
      const { verdict, dueAt, caseId } = reply.body;
      expect(verdict).toMatchObject({ reason: 'no_reason', freight: expect.any(String), ruleIds: expect.any(Array) });
      expect(verdict.ruleIds.length).toBeGreaterThan(0);
      expect(Date.parse(verdict.windowEndsAt)).toBeGreaterThan(Date.now());
      const { body } = await door.get(`/cases/${caseId}`, 'customer');
      expect(body.dueAt ?? dueAt).toBeDefined();
      expect(body).toMatchObject({
        unitsRequested: 4,
        request: {
          reason: 'no_reason',
          wantedOutcome: 'refund',
          evidenceIds: ['photo-1', 'photo-2'],
          consents: ['claw_back'],
          edits: 0,
        },
        handover: { channel: 'drop_off', pointId: 'pt_station', failedPickups: 0 },
      });
      await vi.waitFor(() => {
        const sent = door.stage.partners.notices.filter((notice) => notice.caseId === caseId);
        expect(sent.map(({ to, language }) => [to, language])).toContainEqual(['contact-7', 'zh-CN']);
      }, patiently);
      // What was not asked for stays returnable; what was is in no second case.
      expect(await door.opened({ lines: [{ lineId: '2', quantity: 3 }] }, order)).toMatchObject({
        status: 422,
        body: { code: 'over_limit', fields: [{ pointer: '/lines/0/quantity', message: '2 units of this line can be returned' }] },
      });
      const rest = { lines: [1, 2].map((line) => ({ lineId: String(line), quantity: 2 })) };
      expect((await door.opened(rest, order)).status).toBe(201);
    });

    it('with a slot at the door is picked up in it', async () => {
      const order = anyOrder();
      const { slots } = (await door.get(`/cases/${await opened(door)}/pickup-slots`, 'customer')).body;
      const caseId = await opened(door, { slotId: slots[2].slotId, addressId: 'home' }, order);
      await give(caseId, 'decide_request');
      expect(await until(door, caseId, 'awaiting_handover')).toMatchObject({
        handover: { channel: 'door_pickup', slotId: slots[2].slotId, slotAt: new Date(slots[2].startsAt).toISOString() },
      });
    });
  });

  describe('its customer', () => {
    it('edits the request: lines as the order tells them, judged anew, the units claimed with it', async () => {
      const order = anyOrder();
      const caseId = await opened(door, {}, order);
      await give(caseId, 'edit_request', { lines: [{ lineId: '2', quantity: 4 }], reason: 'no_reason' });
      await vi.waitFor(async () => expect(await row(caseId, 'reassessed')).toBeDefined(), patiently);
      expect(await read(caseId)).toMatchObject({
        stage: 'under_review',
        reason: 'no_reason',
        request: { reason: 'no_reason', edits: 1 },
        lines: [{ lineId: '2', sku: 'TEA', quantity: 4, unitPriceMinor: 500 }],
        verdict: { reason: 'no_reason' },
      });
      expect(await door.stage.database.ledgers.heldBy('m1', order.orderId, caseId)).toEqual(new Map([['2', 4]]));
      expect(await row(caseId, 'request_edited')).toMatchObject({ by: { id: 'cust-1', role: 'customer' } });
      for (const [lines, status, code] of [
        [[{ lineId: '9', quantity: 1 }], 422, 'unknown_line'],
        [[{ lineId: '1', quantity: 4 }], 422, 'over_limit'],
        [[{ lineId: '1', quantity: 1, unitPriceMinor: 9_999 }], 400, 'invalid_input'],
      ] as const)
        expect(await door.command(caseId, 'edit-request', 'customer', { lines })).toMatchObject({ status, body: { code } });
    });

    it('does not get by an edit what another case holds, however close the race: the request is as it was', async () => {
      const order = anyOrder();
      const blind = await openDoor('api-flows-race', {
        deps: async ({ database }) => ({
          database: { ...database, ledgers: { ...database.ledgers, claimed: async () => new Map() } },
        }),
      });
      const caseId = await opened(blind, { lines: [{ lineId: '1', quantity: 1 }] }, order);
      const other = await opened(blind, { lines: [{ lineId: '1', quantity: 2 }] }, order);
      expect((await blind.command(caseId, 'edit-request', 'customer', { lines: [{ lineId: '1', quantity: 2 }] })).status).toBe(
        200,
      );
      await vi.waitFor(async () => {
        const { rows: all } = (await blind.get(`/cases/${caseId}/timeline?limit=200`)).body;
        expect(all.map((one: Row) => one.event)).toContain('edit_undone');
      }, patiently);
      expect((await blind.get(`/cases/${caseId}`)).body).toMatchObject({ stage: 'under_review', lines: [{ quantity: 1 }] });
      const { ledgers } = blind.stage.database;
      expect([
        ...(await ledgers.heldBy('m1', order.orderId, caseId)),
        ...(await ledgers.heldBy('m1', order.orderId, other)),
      ]).toEqual([
        ['1', 1],
        ['1', 2],
      ]);
      await blind.close();
    });

    it('is asked for evidence and answers; what is written is there for both', async () => {
      const caseId = await opened(door);
      expect(await give(caseId, 'request_evidence')).toMatchObject({ stage: 'awaiting_customer' });
      expect(await read(caseId, 'customer')).toMatchObject({ asked: { items: ['photo_of_fault'] }, owner: 'customer' });
      expect(await row(caseId, 'evidence_requested', 'customer')).toMatchObject({ text: 'please show the leak' });
      expect(await give(caseId, 'submit_evidence')).toMatchObject({ stage: 'under_review' });
      expect(await read(caseId)).toMatchObject({ request: { evidenceIds: ['photo-1'] } });
      expect(await row(caseId, 'evidence_submitted')).toMatchObject({ by: { role: 'customer' }, text: 'here it is' });
      await give(caseId, 'submit_evidence', { evidenceIds: ['photo-2'] });
      expect((await read(caseId)).request.evidenceIds).toEqual(['photo-1', 'photo-2']);
    });

    it('sends two hundred pieces of evidence, the same one again, and no more', async () => {
      const caseId = await opened(door);
      const batch = (from: number) => ({ evidenceIds: Array.from({ length: 50 }, (_, index) => `photo-${from + index}`) });
      for (const from of [0, 50, 100, 150, 0]) await give(caseId, 'submit_evidence', batch(from));
      expect(await door.command(caseId, 'submit-evidence', 'customer', batch(151))).toMatchObject({
        status: 422,
        body: { code: 'over_limit', fields: [{ pointer: '/evidenceIds' }] },
      });
      expect((await read(caseId)).request.evidenceIds).toHaveLength(200);
    });

    it('declines a proposal and accepts the next one, of exactly the number that was seen', async () => {
      const caseId = await negotiating(door);
      expect(await read(caseId, 'customer')).toMatchObject({
        proposal: { proposalNo: 1, kind: 'price_reduction', amountMinor: 1_000 },
      });
      expect(await give(caseId, 'answer_proposal')).toMatchObject({ stage: 'under_review' });
      expect(await row(caseId, 'proposal_declined')).toMatchObject({ by: { role: 'customer' }, text: 'too little' });
      await give(caseId, 'propose', { kind: 'price_reduction', amountMinor: 1_500 });
      const stale = await door.command(caseId, 'answer-proposal', 'customer', { answer: 'accept', proposalNo: 1 });
      expect(stale).toMatchObject({ status: 412, body: { code: 'stale_revision', fields: [{ pointer: '/proposalNo' }] } });
      await give(caseId, 'answer_proposal', { answer: 'accept', proposalNo: 2 });
      expect(await until(door, caseId, 'refunded')).toMatchObject({
        refundedMinor: 1_500,
        adjustments: [{ kind: 'reduction', amountMinor: 1_500, ruleId: 'proposal.2' }],
      });
    });

    it('never says how much: an amount in an answer, a proposal or a deduction of theirs is refused', async () => {
      const caseId = await negotiating(door);
      const tries: [string, object, number][] = [
        ['answer-proposal', { answer: 'accept', amountMinor: 9_999 }, 400],
        ['propose', { kind: 'price_reduction', amountMinor: 9_999 }, 403],
        ['settle-discrepancy', { decision: 'waive' }, 403],
        ['edit-request', { wantedOutcome: 'refund', amountMinor: 1 }, 400],
        ['decide-request', { verdict: 'accept_without_return' }, 403],
        ['write-off', { reason: 'please' }, 403],
        ['waive-breach', { clockId: 'under_review#1', reason: 'x' }, 403],
      ];
      for (const [path, body, status] of tries)
        expect([path, (await door.command(caseId, path, 'customer', body)).status]).toEqual([path, status]);
      const above = await door.command(caseId, 'propose', 'agent', { kind: 'price_reduction', amountMinor: 5_001 });
      expect(above).toMatchObject({ status: 422, body: { code: 'over_limit', fields: [{ pointer: '/amountMinor' }] } });
      const euros = { kind: 'price_reduction', amountMinor: 1, currency: 'EUR' };
      expect((await door.command(caseId, 'propose', 'agent', euros)).body.fields).toMatchObject([
        { pointer: '/currency', code: 'wrong_currency' },
      ]);
    });

    it('chooses the way, books, moves and cancels the pickup: each is a wish until the carrier says yes', async () => {
      const caseId = await awaitingHandover(door);
      const { slots } = (await door.get(`/cases/${caseId}/pickup-slots?days=2`, 'customer')).body;
      const arranged = (expected: object) =>
        vi.waitFor(async () => expect((await read(caseId)).handover).toMatchObject({ arranged: true, ...expected }), patiently);
      await give(caseId, 'reschedule_pickup', { slotId: slots[1].slotId });
      await arranged({ channel: 'door_pickup', slotId: slots[1].slotId, slotAt: new Date(slots[1].startsAt).toISOString() });
      await give(caseId, 'cancel_pickup');
      await arranged({ channel: 'drop_off' });
      const { points } = (await door.get(`/cases/${caseId}/handover-points?channel=locker`, 'customer')).body;
      await give(caseId, 'choose_channel', { channel: 'locker', pointId: points[0].pointId });
      await arranged({ channel: 'locker', pointId: points[0].pointId });
      await give(caseId, 'book_pickup');
      await arranged({ channel: 'door_pickup' });
      const wishes = (await rows(caseId)).filter((one) => one.event === 'pickup_wished');
      expect(wishes.map((one) => (one.by as { id: string }).id)).toEqual(['cust-1', 'cust-1', 'cust-1', 'cust-1']);
    });

    it('chooses what is done about a lost parcel, and hears what staff write, as staff hears the customer', async () => {
      const caseId = await lost(door);
      await give(caseId, 'choose_remedy');
      expect(await row(caseId, 'remedy_noted')).toMatchObject({ by: { role: 'customer' } });
      await give(caseId, 'send_message');
      await give(caseId, 'send_message', { note: 'we are looking for it' }, 'agent');
      const messages = (await rows(caseId, 'customer')).filter((one) => one.event === 'message_sent');
      expect(messages.map(({ by, text }) => [(by as { role: string }).role, text])).toEqual([
        ['customer', 'when will you come?'],
        ['agent', 'we are looking for it'],
      ]);
      await vi.waitFor(() => {
        const told = door.stage.partners.notices.filter((one) => one.caseId === caseId && one.template === 'message_from_us');
        expect(told.map((one) => one.text).join()).toContain('we are looking for it');
        expect(told).toHaveLength(1); // nobody is told their own words
      }, patiently);
    });
  });

  describe('its staff', () => {
    it('settles what differs: waives it, deducts for it, or sends the goods back', async () => {
      const [waived, deducted, refused] = [await discrepant(door), await discrepant(door), await discrepant(door)];
      await give(waived, 'settle_discrepancy', { decision: 'waive' }, 'manager');
      expect(await until(door, waived, 'refunded')).toMatchObject({ refundedMinor: 5_000 });
      expect(await row(waived, 'waived')).toMatchObject({ by: { id: 'manager-1', role: 'manager' } });
      expect(await door.command(deducted, 'settle-discrepancy', 'agent', { decision: 'waive' })).toMatchObject({
        status: 422,
        body: { code: 'manager_required', fields: [{ pointer: '/decision' }] },
      });
      await give(deducted, 'settle_discrepancy', { decision: 'deduct', ruleIds: ['uk.strr'], reason: 'one kettle is missing' });
      expect(await read(deducted, 'customer')).toMatchObject({
        stage: 'deduction_offered',
        deduction: { ruleIds: ['uk.strr'], declined: 0 },
      });
      expect(await door.command(refused, 'settle-discrepancy', 'agent', fitting.settle_discrepancy.body)).toMatchObject({
        status: 422, // the kettle that came was accepted and paid: nothing is here that could go back
        body: { code: 'not_offered' },
      });
    });

    it('declares a parcel lost; the claim on the carrier is a case of its own, shown to staff alone', async () => {
      const caseId = await lost(door);
      expect(await row(caseId, 'no_movement')).toMatchObject({ by: { id: 'manager-1' }, cause: 'declared_lost' });
      const claimId = await vi.waitFor(async () => {
        const link = (await read(caseId)).links.find((one: { kind: string }) => one.kind === 'claim_for');
        expect(link).toBeDefined();
        return link.otherId as string;
      }, patiently);
      const claim = await vi.waitFor(async () => {
        const reply = await door.get(`/cases/${claimId}`);
        expect(reply.body).toMatchObject({ type: 'carrier_claim', stage: 'awaiting_carrier', owner: 'carrier' });
        return reply.body;
      }, patiently);
      const { shipment, orderId } = await read(caseId);
      expect(claim.claim).toMatchObject({ trackingNo: shipment.trackingNo, amountMinor: 5_000, chases: 0, appealed: false });
      expect(
        (await door.get('/cases?type=carrier_claim&open=true&limit=200')).body.cases.map((one: { caseId: string }) => one.caseId),
      ).toContain(claimId);
      // Of all this the customer sees nothing.
      expect(await read(caseId, 'customer')).toMatchObject({ links: [] });
      for (const path of [`/cases/${claimId}`, `/cases/${claimId}/timeline`])
        expect([path, (await door.get(path, 'customer')).status]).toEqual([path, 404]);
      for (const query of [`?orderId=${orderId}`, `?q=${claimId}`, '?type=carrier_claim', '?limit=200'])
        expect(
          (await door.get(`/cases${query}`, 'customer')).body.cases.filter((one: { type: string }) => one.type !== 'return'),
        ).toEqual([]);
      expect((await rows(caseId, 'customer')).map((one) => one.event)).not.toContain('linked');
      expect((await door.command(claimId, 'send-message', 'customer', { note: 'x' })).status).toBe(404);
      expect((await door.command(claimId, 'edit-request', 'customer', { reason: 'quality' })).status).toBe(404);
      // The carrier's word reaches the claim, and the claim's end the return.
      const { stage: paid } = await answered('paid', claimId, caseId);
      expect(paid).toBe('paid');
      await vi.waitFor(async () => expect(await row(caseId, 'claim_noted')).toMatchObject({ cause: 'paid' }), patiently);
      expect((await rows(caseId, 'customer')).map((one) => one.event)).not.toContain('claim_noted');
      await door.stage.client.workflow.getHandle(`carrier_claim:${claimId}`).result();
      expect(await door.command(claimId, 'reopen', 'manager', { cause: 'other' })).toMatchObject({
        status: 409,
        body: { code: 'not_allowed_now' },
      });
      expect((await door.webhook('carrier', claimWord('accepted', claimId, caseId))).body).toEqual({ status: 'noted' });
    });
    const claimWord = (outcome: string, key: string, caseId: string) => ({
      type: 'claim_answered',
      data: { caseId, claimId: 'clm', key, outcome, amountMinor: 5_000, currency: 'GBP', occurredAt: new Date().toISOString() },
    });
    async function answered(outcome: 'paid', claimId: string, caseId: string) {
      door.stage.partners.answerClaim(claimId, outcome);
      expect((await door.webhook('carrier', claimWord(outcome, claimId, caseId))).body).toEqual({ status: 'told' });
      return until(door, claimId, outcome);
    }

    it('escalates: asked for, granted with a sponsor, ended; each in the timeline, and to customers without a reason of staff', async () => {
      const caseId = await escalating(door);
      expect(await read(caseId)).toMatchObject({ escalated: false, escalation: { state: 'requested', reason: 'no_answer' } });
      await give(caseId, 'decide_escalation');
      expect(await read(caseId)).toMatchObject({
        escalated: true,
        escalation: { state: 'active', level: 1, sponsor: 'manager-2' },
      });
      await give(caseId, 'de_escalate');
      expect(await read(caseId)).toMatchObject({ escalated: false, escalation: { state: 'de_escalated' } });
      expect((await rows(caseId)).map((one) => one.event)).toEqual(
        expect.arrayContaining(['escalation_requested', 'escalation_granted', 'de_escalated']),
      );
      expect(
        (await door.get(`/cases?escalated=true&limit=200`)).body.cases.map((one: { caseId: string }) => one.caseId),
      ).not.toContain(caseId);
      expect((await read(await escalated(door))).escalationLevel).toBe(1);
    });

    it('escalates and cancels for reasons of its own, which customers do not read; those of a customer they do', async () => {
      const caseId = await opened(door);
      await give(caseId, 'request_escalation', { cause: 'media', reason: 'a journalist called' }, 'agent');
      expect(await row(caseId, 'escalation_requested')).toMatchObject({ cause: 'media', text: 'a journalist called' });
      const shown = await row(caseId, 'escalation_requested', 'customer');
      expect([shown?.cause, shown?.text]).toEqual([undefined, undefined]);
      await give(caseId, 'decide_escalation');
      expect((await read(caseId)).escalation).toMatchObject({ state: 'active', reason: 'media' });
      expect((await read(caseId, 'customer')).escalation).toMatchObject({ state: 'active' });
      expect((await read(caseId, 'customer')).escalation.reason).toBeUndefined();
      const asked = await escalating(door);
      expect(await row(asked, 'escalation_requested', 'customer')).toMatchObject({ text: 'nobody writes' });
      expect((await read(asked, 'customer')).escalation).toMatchObject({ reason: 'no_answer' });
      for (const [to, event] of [
        [awaitingHandover, 'cancelled'],
        [travelling, 'send_back_marked'],
      ] as const) {
        const cancelled = await to(door);
        await give(cancelled, 'cancel_case');
        expect(await row(cancelled, event)).toMatchObject({ text: 'opened by mistake' });
        expect((await row(cancelled, event, 'customer'))?.text).toBeUndefined();
      }
    });

    it('links a case, and answers for a deadline that was missed; neither is for the customer to see', async () => {
      const caseId = await late(door);
      await give(caseId, 'link_case');
      expect((await read(caseId)).links).toEqual([{ otherId: 'C-OTHER', kind: 'same_fault_as' }]);
      const [own, others] = [await opened(door), await opened(door, {}, anyOrder({ customerId: 'cust-2' }), { as: 'agent' })];
      for (const otherId of [own, others, 'C-ELSEWHERE'])
        for (const kind of ['replacement_of', 'duplicate_of']) await give(caseId, 'link_case', { otherId, kind });
      expect((await read(caseId)).links).toHaveLength(7);
      expect((await read(caseId, 'customer')).links).toEqual([{ otherId: own, kind: 'replacement_of' }]);
      const clock = (await read(caseId)).clocks.find((one: { stage: string }) => one.stage === 'under_review');
      expect(clock.log.map((entry: { what: string }) => entry.what)).toContain('breached');
      const unknown = await door.command(caseId, 'waive-breach', 'manager', { clockId: 'received#1', reason: 'x' });
      expect(unknown).toMatchObject({ status: 422, body: { code: 'unknown_clock', fields: [{ pointer: '/clockId' }] } });
      await give(caseId, 'waive_breach', { clockId: clock.id, reason: 'snowed in' });
      expect(await row(caseId, 'breach_waived')).toMatchObject({ text: 'snowed in' });
      expect((await rows(caseId, 'customer')).map((one) => one.event)).not.toContain('breach_waived');
    });

    it('gets an advance back another way, or gives it up', async () => {
      const [balanced, written] = [await recovering(door), await recovering(door)];
      expect(await read(balanced)).toMatchObject({ stage: 'recovering_advance', owner: 'manager' });
      await give(balanced, 'pay_balance', undefined, 'agent');
      expect(await until(door, balanced, 'withdrawn')).toMatchObject({ refundedMinor: 0 });
      await give(written, 'write_off');
      expect(await until(door, written, 'withdrawn')).toMatchObject({ refundedMinor: 5_000 });
      expect(await row(written, 'written_off')).toMatchObject({ by: { role: 'manager' }, text: 'not worth the trouble' });
    });
  });

  describe('four eyes', () => {
    /** 250 pounds and the provider's no: above what one person moves alone. */
    async function dear(): Promise<string> {
      const order = anyOrder({ paidMinor: 30_000 });
      const lines = order.lines.map((line) => (line.lineId === '1' ? { ...line, unitPriceMinor: 9_000 } : line));
      const caseId = await opened(door, { lines: [{ lineId: '1', quantity: 3 }] }, { ...order, paidMinor: 30_000, lines });
      await give(caseId, 'decide_request');
      await until(door, caseId, 'awaiting_handover');
      const units = { units: [{ lineId: '1', quantity: 3 }] };
      await give(caseId, 'record_reception', { parcelId: 'P1', ...units });
      door.stage.partners.failNext('create_refund', new PartnerRefusal('card_closed', 'The card account is closed'));
      await give(caseId, 'record_inspection', { units: [{ ...units.units[0], grade: 'A', disposition: 'restock' }] });
      await until(door, caseId, 'needs_attention');
      return caseId;
    }

    it('settle a dear refund: the first agrees, cannot be the second, and another one makes it happen', async () => {
      const caseId = await dear();
      const settle = (as: Who) => door.command(caseId, 'resolve-attention', as, fitting.resolve_attention.body);
      expect(await settle(manager('manager-1'))).toMatchObject({ status: 200, body: { stage: 'needs_attention' } });
      expect(await read(caseId)).toMatchObject({
        stage: 'needs_attention',
        refundedMinor: 0,
        approval: { by: 'manager-1', what: 'override refunded' },
      });
      expect(await row(caseId, 'approval_given')).toMatchObject({
        by: { id: 'manager-1', role: 'manager' },
        text: 'paid by transfer',
      });
      const own = await read(caseId, 'customer');
      expect([own.approval, own.attention]).toEqual([undefined, undefined]);
      expect((await rows(caseId, 'customer')).map((one) => one.event)).not.toContain('approval_given');
      expect(await settle(manager('manager-1'))).toMatchObject({ status: 422, body: { code: 'second_person_required' } });
      expect((await settle(manager('manager-2'))).status).toBe(200);
      expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 27_000 });
      expect((await read(caseId)).approval).toBeUndefined();
    });

    it('of two at once make one first and one second', async () => {
      const caseId = await dear();
      const replies = await Promise.all(
        ['manager-1', 'manager-2'].map((id) =>
          door.command(caseId, 'resolve-attention', manager(id), fitting.resolve_attention.body),
        ),
      );
      expect(replies.map((reply) => reply.status)).toEqual([200, 200]);
      expect(await until(door, caseId, 'refunded')).toMatchObject({ refundedMinor: 27_000 });
      expect((await rows(caseId)).filter((one) => one.event === 'approval_given')).toHaveLength(1);
    });
  });

  describe('slots and points', () => {
    it('are asked of the carrier each time, in the customer’s days, and only by those who may see the case', async () => {
      const caseId = await opened(door, {}, anyOrder({ timezone: 'Asia/Shanghai' }));
      const { status, body } = await door.get(`/cases/${caseId}/pickup-slots?days=1`, 'customer');
      expect(status).toBe(200);
      const hours = body.slots.map((slot: { startsAt: string }) =>
        Number(new Date(slot.startsAt).toLocaleString('en-GB', { hour: '2-digit', hour12: false, timeZone: 'Asia/Shanghai' })),
      );
      expect(hours.length).toBeGreaterThan(0);
      for (const hour of hours) expect(hour >= 8 && hour < 21).toBe(true);
      for (const channel of ['drop_off', 'locker']) {
        const { points } = (await door.get(`/cases/${caseId}/handover-points?channel=${channel}`, 'customer')).body;
        expect(points.map((point: { kind: string }) => point.kind)).toEqual(points.map(() => channel));
      }
      for (const path of ['pickup-slots', 'handover-points?channel=locker'])
        for (const as of [
          { id: 'cust-2', role: 'customer', merchantId: 'm1' },
          { id: 'agent-1', role: 'agent', merchantId: 'm2' },
        ] as const)
          expect([path, as, (await door.get(`/cases/${caseId}/${path}`, as)).status]).toEqual([path, as, 404]);
    });

    it('that cannot be had are answered as such: the carrier is away, refuses, or is not there', async () => {
      const caseId = await opened(door);
      const { partners } = door.stage;
      for (const [path, operation] of [
        ['pickup-slots', 'list_slots'],
        ['handover-points?channel=drop_off', 'list_points'],
      ] as const) {
        partners.failNext(operation, new PartnerUnavailable('connect ECONNREFUSED 10.0.0.7:443'));
        const away = await door.get(`/cases/${caseId}/${path}`, 'customer');
        expect([away.status, away.body.code, away.headers.get('retry-after')]).toEqual([503, 'try_again', '2']);
        expect(away.text).not.toContain('10.0.0.7');
        partners.failNext(operation, new PartnerRefusal('not_served', 'Jane lives too far out'));
        const refused = await door.get(`/cases/${caseId}/${path}`, 'customer');
        expect([refused.status, refused.body.code]).toEqual([422, 'partner_refused']);
        expect(refused.text).not.toContain('Jane');
        expect((await door.get(`/cases/${caseId}/${path}`, 'customer')).status).toBe(200);
      }
      for (const query of ['days=0', 'days=15', 'days=x', 'from=tomorrow', 'zone=UTC', 'days=1&days=2'])
        expect([query, (await door.get(`/cases/${caseId}/pickup-slots?${query}`)).status]).toEqual([query, 400]);
      for (const query of ['', 'channel=door_pickup', 'channel=locker&channel=drop_off', 'channel[$ne]=x'])
        expect([query, (await door.get(`/cases/${caseId}/handover-points?${query}`)).status]).toEqual([query, 400]);
      const bare = await openDoor('api-flows-bare');
      expect((await bare.get(`/cases/${await opened(bare)}/pickup-slots`)).status).toBe(503);
      await bare.close();
    });
  });

  it('tells in its timeline who, when, what was written, which parcel and which money', async () => {
    const caseId = await travelling(door);
    await give(caseId, 'record_reception');
    await give(caseId, 'record_inspection', allWell);
    await until(door, caseId, 'refunded');
    await over(door, caseId);
    const all = await rows(caseId, 'customer');
    for (const one of all)
      expect(one).toMatchObject({ at: expect.any(String), by: { id: expect.any(String), role: expect.any(String) } });
    const of = (event: string) => all.find((one) => one.event === event);
    expect(of('handed_over')).toMatchObject({
      by: { id: 'carrier', role: 'partner' },
      trackingNo: expect.any(String),
      occurredAt: expect.any(String),
    });
    expect(of('accepted'), 'to customers a person of ours is a role').toMatchObject({ by: { id: 'staff', role: 'agent' } });
    expect(await row(caseId, 'accepted')).toMatchObject({ by: { id: 'agent-1', role: 'agent' } });
    expect((await rows(caseId)).some((one) => typeof one.errand === 'string')).toBe(true);
    expect(all.some((one) => typeof one.errand === 'string')).toBe(false);
    expect((await handleOf(door, caseId).describe()).status.name).toBe('COMPLETED');
  });

  it('is told to guests of its order alone, also by bulk, reopening and slots', async () => {
    const order = anyOrder({ customerId: 'cust-1' });
    const [mine, other] = [await opened(door, {}, order), await opened(door)];
    const token = `guest_${'g'.repeat(43)}`;
    await door.stage.database.guests.open(token, { merchantId: 'm1', orderId: order.orderId, customerId: 'cust-1' });
    const as = { headers: { authorization: `Bearer ${token}` } };
    const post = (path: string, body: object) => door.send('POST', path, { ...as, key: randomUUID(), body });
    const bulk = await post('/cases/bulk', { command: 'send_message', caseIds: [mine, other], payload: { note: 'hello' } });
    expect(bulk.body.results.map(({ status }: { status: number }) => status)).toEqual([200, 404]);
    expect((await post('/cases/bulk', { command: 'add_note', caseIds: [mine], payload: { note: 'x' } })).status).toBe(403);
    for (const path of ['appeal', 'reopen', 'edit-request', 'choose-channel', 'submit-evidence', 'send-message']) {
      const body =
        path === 'appeal'
          ? { reason: 'x' }
          : path === 'reopen'
            ? { cause: 'other' }
            : fitting[path.replaceAll('-', '_') as CommandName].body;
      expect([path, (await post(`/cases/${other}/${path}`, body)).status]).toEqual([path, 404]);
    }
    for (const path of ['pickup-slots', 'handover-points?channel=locker', 'timeline'])
      expect([path, (await door.send('GET', `/cases/${other}/${path}`, as)).status]).toEqual([path, 404]);
    expect((await post(`/cases/${mine}/rebuild`, {})).status).toBe(403);
    expect((await post(`/cases/${mine}/edit-request`, { lines: [{ lineId: '1', quantity: 1 }] })).status).toBe(200);
    expect((await post(`/cases/${mine}/withdraw-case`, {})).status).toBe(200);
    await over(door, mine);
    expect((await post(`/cases/${mine}/appeal`, { reason: 'I do return it' })).body).toMatchObject({ generation: 2 });
  });
});
