/** Facts from partners: who may tell them, that each has its effect once, and what becomes of those nobody can use. */
import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDoor, signed, webhookSecret, type Door, type Reply } from '../support/door.ts';
import { awaitingHandover, ended, opened, patiently, refundPending, until } from './journey.ts';

describe('a webhook', () => {
  let door: Door;
  let caseId: string;
  beforeAll(async () => {
    door = await openDoor('api-webhooks');
    caseId = await opened(door);
  });
  afterAll(() => door.close());

  const inbox = (name: 'webhook_events' | 'exceptions') =>
    [...door.stage.database.inbox.models, ...door.stage.database.exceptions.models].find(
      (model) => model.collection.name === name,
    )!.collection;
  /** The number on the case's own label; one that is on none, before it has a label. */
  const labelOf = (of: string) =>
    (door as Door | undefined)?.stage.partners.shipments.find((one) => one.caseId === of)?.trackingNo ?? 'RT-NONE';
  const scan = (code = 'picked_up', of = caseId, more: object = {}) => ({
    type: 'parcel_scanned',
    data: { caseId: of, trackingNo: labelOf(of), code, occurredAt: new Date().toISOString(), ...more },
  });
  const refund = (type: string, of: string, more: object = {}) => ({
    type,
    data: { caseId: of, refundId: 're_1', amountMinor: 5_000, currency: 'GBP', occurredAt: new Date().toISOString(), ...more },
  });
  const rows = async (of: string) => (await door.get(`/cases/${of}/timeline?limit=200`)).body.rows as Record<string, unknown>[];
  const partnersWords = async (of: string) => (await rows(of)).filter((row) => (row.by as { role: string }).role === 'partner');
  /** Once the case has heard of something else that was sent after it. */
  const revisionAfter = async (of: string): Promise<number> =>
    (await door.command(of, 'add-note', 'agent', { note: 'a barrier' })).body.revision;

  describe('is refused, and leaves no trace', () => {
    const text = JSON.stringify(scan());
    const good = () => signed(text);
    const without = (name: string) => Object.fromEntries(Object.entries(good()).filter(([key]) => key !== name));
    const minutes = (n: number) => new Date(Date.now() + n * 60_000);
    const old = (at: Date) => signed(text, { at });
    const dotted = () => signed(text, { id: 'msg.1' });
    const refusals: [string, () => Record<string, string>, string?][] = [
      ['without headers', () => ({})],
      ['without an id', () => without('webhook-id')],
      ['without a timestamp', () => without('webhook-timestamp')],
      ['without a signature', () => without('webhook-signature')],
      ['with a signature that is none', () => ({ ...good(), 'webhook-signature': 'v1' })],
      [
        'with a signature of another version',
        () => ({ ...good(), 'webhook-signature': good()['webhook-signature'].replace('v1', 'v2') }),
      ],
      ['with a secret of somebody else', () => signed(text, { secret: `whsec_${randomBytes(32).toString('base64')}` })],
      ['with a body other than the signed one', good, text.replace('picked_up', 'delivered')],
      ['with the same body written anew', good, JSON.stringify(JSON.parse(text), null, 1)],
      ['with an id other than the signed one', () => ({ ...good(), 'webhook-id': 'msg_2' })],
      [
        'with a time other than the signed one',
        () => ({ ...good(), 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 9) }),
      ],
      ['six minutes late', () => old(minutes(-6))],
      ['six minutes early', () => old(minutes(6))],
      ['with a time that is no whole number', () => ({ ...good(), 'webhook-timestamp': `${good()['webhook-timestamp']}.5` })],
      ['with a time that has a tail', () => ({ ...good(), 'webhook-timestamp': `${good()['webhook-timestamp']}abc` })],
      ['with a dot in its id', dotted],
      ['with an id of 101 characters', () => signed(text, { id: 'x'.repeat(101) })],
      [
        'with six signatures',
        () => ({ ...good(), 'webhook-signature': `${'v1,AAAA '.repeat(5)}${good()['webhook-signature']}` }),
      ],
      ['with a thousand signatures', () => ({ ...good(), 'webhook-signature': 'v1,AAAA '.repeat(1_000) })],
    ];
    it.each(refusals)('%s', async (_, headers, body = text) => {
      const [before, count] = [
        await inbox('webhook_events').countDocuments(),
        (await door.get(`/cases/${caseId}`)).body.revision,
      ];
      const reply = await door.send('POST', '/webhooks/carrier', { body, headers: headers() });
      expect([reply.status, reply.body.code]).toEqual([401, 'invalid_signature']);
      expect(await inbox('webhook_events').countDocuments()).toBe(before);
      expect((await door.get(`/cases/${caseId}`)).body.revision).toBe(count);
    });

    it('with an answer that tells nobody how near they came', async () => {
      const replies = await Promise.all(
        refusals.map(([, headers, body = text]) => door.send('POST', '/webhooks/carrier', { body, headers: headers() })),
      );
      expect(new Set(replies.map(({ body }) => JSON.stringify({ ...body, requestId: '' }))).size).toBe(1);
    });

    it('larger than 64 kB, also when it was packed', async () => {
      const large = JSON.stringify({ ...scan(), filling: 'x'.repeat(70_000) });
      expect(await door.send('POST', '/webhooks/carrier', { body: large, headers: signed(large) })).toMatchObject({
        status: 413,
        body: { code: 'too_large' },
      });
      const bomb = gzipSync(Buffer.alloc(50_000_000, 'x'));
      const headers = { ...signed('x'), 'content-encoding': 'gzip' };
      expect((await door.send('POST', '/webhooks/carrier', { body: bomb, headers })).status).toBe(413);
    });

    it('packed in a way we cannot unpack', async () => {
      const reply = await door.send('POST', '/webhooks/carrier', {
        body: text,
        headers: { ...good(), 'content-encoding': 'rot13' },
      });
      expect([reply.status, reply.body.code]).toEqual([415, 'unsupported_media_type']);
    });

    it('that is no JSON object, though signed', async () => {
      for (const body of [
        '',
        'not JSON',
        '{"type":',
        'null',
        '7',
        '"text"',
        '[]',
        '[{"type":"parcel_scanned"}]',
        '{"a":1,"a":2}',
        `{"type":"x","deep":${'['.repeat(500)}${']'.repeat(500)}}`,
      ]) {
        const reply = await door.send('POST', '/webhooks/carrier', { body, headers: signed(body) });
        expect([body, reply.status, reply.body.code]).toEqual([body, 400, 'invalid_json']);
      }
    });

    it('of a known kind whose fields do not fit', async () => {
      const bad: [object, string][] = [
        [scan('teleported'), '/data/code'],
        [scan('picked_up', caseId, { occurredAt: 'yesterday' }), '/data/occurredAt'],
        [scan('picked_up', caseId, { trackingNo: 7 }), '/data/trackingNo'],
        [{ type: 'parcel_scanned' }, '/data'],
        [scan('picked_up', 'C'.repeat(201)), '/data/caseId'],
        [scan('picked_up', caseId, { trackingNo: 'T'.repeat(5_000) }), '/data/trackingNo'],
        [scan('picked_up', caseId, { deep: [{ er: 'x'.repeat(201) }] }), '/data/deep/0/er'],
      ];
      for (const [body, pointer] of bad) {
        const reply = await door.webhook('carrier', body);
        expect([reply.status, reply.body.code, reply.body.fields?.[0].pointer]).toEqual([400, 'invalid_input', pointer]);
      }
    });
  });

  it('is taken with any of up to five signatures, so that a secret can be changed', async () => {
    const text = JSON.stringify(scan('exception'));
    const headers = signed(text);
    const several = { ...headers, 'webhook-signature': `v1,AAAA v1a,BBBB v1,CCCC v2,DDDD ${headers['webhook-signature']}` };
    expect((await door.send('POST', '/webhooks/carrier', { body: text, headers: several })).body).toEqual({ status: 'told' });
  });

  it('is verified over the bytes that came, whatever the content type', async () => {
    const text = `${JSON.stringify(scan('exception'), null, 2)}\n`;
    const body = await door.send('POST', '/webhooks/carrier', {
      body: text,
      headers: { ...signed(text), 'content-type': 'text/plain' },
    });
    expect(body.body).toEqual({ status: 'told' });
    const packed = { ...signed(text), 'content-encoding': 'gzip' };
    expect((await door.send('POST', '/webhooks/carrier', { body: gzipSync(text), headers: packed })).body).toEqual({
      status: 'told',
    });
  });

  describe('has its effect once', () => {
    const event = 'handed_over';
    const count = async (of: string, name: string) => (await rows(of)).filter((row) => row.event === name).length;

    it('when it is repeated', async () => {
      const [of, id] = [await awaitingHandover(door), randomUUID()];
      const tell = () => door.webhook('carrier', scan('picked_up', of), { id });
      expect((await tell()).body).toEqual({ status: 'told' });
      expect((await tell()).body).toEqual({ status: 'repeated' });
      expect((await tell()).body).toEqual({ status: 'repeated' });
      await revisionAfter(of);
      expect([await count(of, event), (await partnersWords(of)).length]).toEqual([1, 1]);
    });

    it('when twenty come at once', async () => {
      const [of, id] = [await awaitingHandover(door), randomUUID()];
      const replies = await Promise.all(Array.from({ length: 20 }, () => door.webhook('carrier', scan('delivered', of), { id })));
      expect(replies.map((reply: Reply) => reply.status)).toEqual(replies.map(() => 200));
      await revisionAfter(of);
      expect((await partnersWords(of)).map((row) => row.event)).toEqual(['received']);
    });

    it('when the same fact comes under another id: noted, and nothing moves', async () => {
      const of = await awaitingHandover(door);
      for (const _ of [1, 2, 3]) expect((await door.webhook('carrier', scan('delivered', of))).status).toBe(200);
      await revisionAfter(of);
      expect((await partnersWords(of)).map((row) => row.event)).toEqual(['received', 'late_fact_noted', 'late_fact_noted']);
      expect((await until(door, of, 'received')).unitsReceived).toBe(0); // the carrier's word is no count at the dock
    });

    it('when it comes out of order: the case does not go back', async () => {
      const of = await awaitingHandover(door);
      for (const code of ['delivered', 'picked_up', 'in_transit']) await door.webhook('carrier', scan(code, of));
      await revisionAfter(of);
      expect((await until(door, of, 'received')).stage).toBe('received');
    });

    it('when it was received, yet its handling was cut off', async () => {
      const [of, id] = [await awaitingHandover(door), randomUUID()];
      expect((await door.webhook('carrier', scan('picked_up', of), { id })).status).toBe(200);
      await inbox('webhook_events').updateOne({ _id: `carrier/${id}` as never }, { $set: { state: 'received' } });
      expect((await door.webhook('carrier', scan('picked_up', of), { id })).body).toEqual({ status: 'told' });
      await revisionAfter(of);
      expect(await count(of, event)).toBe(1);
    });

    it('for each partner by itself: their ids are their own', async () => {
      const [of, id] = [await refundPending(door), randomUUID()];
      expect((await door.webhook('carrier', scan('exception', of), { id })).body).toEqual({ status: 'told' });
      expect((await door.webhook('payments', refund('refund_settled', of), { id })).body).toEqual({ status: 'told' });
    });
  });

  describe('that nobody can use is written down and acknowledged', () => {
    const exceptionOf = (partner: string, id: string) => inbox('exceptions').findOne({ _id: `${partner}/${id}` as never });

    it.each([
      ['of an unknown kind', { type: 'parcel_weighed', data: { grams: 5 } }, 'unknown kind'],
      ['without a kind', { hello: 'world' }, 'unknown kind'],
      ['whose kind is no word', { type: { toString: 1 } }, 'unknown kind'],
      [
        'with operators for keys',
        { type: 'x', $where: 'sleep(1)', 'a.b': { $set: { c: 1 } }, ['__proto__x']: 1 },
        'unknown kind',
      ],
      ['for a case that is not there', scan('picked_up', 'C-NOBODY'), 'no open case'],
      ['for an id that can be none', scan('picked_up', '../../return:C-1'), 'no open case'],
      ['of an unknown kind, however long its words', { type: 'x', data: { caseId: 'C'.repeat(5_000) } }, 'unknown kind'],
      ['of a kind that is a word of the language', { type: 'constructor' }, 'unknown kind'],
    ])('%s', async (_, body, why) => {
      const id = randomUUID();
      for (const status of ['noted', 'repeated']) {
        const reply = await door.webhook('carrier', body, { id });
        expect([reply.status, reply.text]).toEqual([200, JSON.stringify({ status })]);
      }
      expect(await exceptionOf('carrier', id)).toMatchObject({ partner: 'carrier', why, at: expect.any(Date) });
      expect(JSON.parse((await exceptionOf('carrier', id))!.body)).toEqual(body);
    });

    it('for a case that has ended, and twenty at once are one exception', async () => {
      const [of, id] = [await ended(door), randomUUID()];
      const before = await inbox('exceptions').countDocuments();
      const replies = await Promise.all(Array.from({ length: 20 }, () => door.webhook('carrier', scan('delivered', of), { id })));
      expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => 200));
      expect(await inbox('exceptions').countDocuments()).toBe(before + 1);
      expect(await exceptionOf('carrier', id)).toMatchObject({ why: 'no open case' });
    });
  });

  it('that nobody can use is kept for three months, and its id for longer than any partner tries again', async () => {
    const expiry = async (name: Parameters<typeof inbox>[0]) =>
      (await inbox(name).indexes()).flatMap(({ expireAfterSeconds }) => expireAfterSeconds ?? []);
    expect(await expiry('exceptions')).toEqual([90 * 86_400]);
    expect(await expiry('webhook_events')).toEqual([0]);
    const event = await inbox('webhook_events').findOne();
    expect((event!.expiresAt as Date).getTime() - Date.now()).toBeGreaterThan(29 * 86_400_000);
  });

  describe('of the payment provider', () => {
    const ours = (of: string) => ({ refundId: door.stage.partners.refunds.find((one) => one.caseId === of)?.refundId });

    it('settles a refund that was pending', async () => {
      const of = await refundPending(door);
      expect((await door.webhook('payments', refund('refund_settled', of, ours(of)))).body).toEqual({ status: 'told' });
      expect(await until(door, of, 'refunded')).toMatchObject({ refundedMinor: 5_000, money: [{ state: 'settled' }] });
    });

    it('that a refund failed asks for a person, with the reason, and nothing is paid anew meanwhile', async () => {
      const of = await refundPending(door);
      await door.webhook('payments', refund('refund_failed', of, { ...ours(of), code: 'account_closed' }));
      expect(await until(door, of, 'needs_attention')).toMatchObject({
        refundedMinor: 0,
        money: [{ state: 'failed' }],
        attention: { step: 'refund', cause: 'account_closed' },
      });
      expect(door.stage.partners.refunds.filter((one) => one.caseId === of)).toHaveLength(1);
    });

    it.each([
      ['amount', { amountMinor: 4_999 }],
      ['currency', { currency: 'JPY' }],
    ])('with another %s than was ordered is no settlement, and asks for a person', async (_, changes) => {
      const of = await refundPending(door);
      await door.webhook('payments', refund('refund_settled', of, { ...ours(of), ...changes }));
      expect(await until(door, of, 'needs_attention')).toMatchObject({ refundedMinor: 0 });
    });

    it('of a refund that is not of this case is noted, and settles nothing', async () => {
      const of = await refundPending(door);
      for (const type of ['refund_settled', 'refund_failed'])
        await door.webhook('payments', refund(type, of, { refundId: 're_of_somebody_else' }));
      await revisionAfter(of);
      expect((await partnersWords(of)).map((row) => row.event)).toEqual(['late_fact_noted', 'late_fact_noted']);
      expect((await door.get(`/cases/${of}`)).body).toMatchObject({ stage: 'refund_due', refundedMinor: 0 });
    });

    it('before there is anything to pay is noted', async () => {
      const of = await opened(door);
      await door.webhook('payments', refund('refund_settled', of));
      await vi.waitFor(
        async () => expect((await partnersWords(of)).map((row) => row.event)).toEqual(['late_fact_noted']),
        patiently,
      );
      expect((await door.get(`/cases/${of}`)).body).toMatchObject({ stage: 'under_review', refundedMinor: 0 });
    });
  });

  it('is taken from the partners we know, and only as POST', async () => {
    expect((await door.webhook('warehouse', {})).status).toBe(404);
    const reply = await door.send('GET', '/webhooks/carrier');
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is told apart by each partner’s own secret', async () => {
    const other = `whsec_${randomBytes(32).toString('base64')}`;
    const strict = await openDoor('api-webhook-secrets', {
      deps: { webhookSecrets: { carrier: webhookSecret, payments: other } },
    });
    const text = JSON.stringify(refund('refund_settled', 'C-1'));
    expect((await strict.send('POST', '/webhooks/payments', { body: text, headers: signed(text) })).status).toBe(401);
    expect(
      (await strict.send('POST', '/webhooks/payments', { body: text, headers: signed(text, { secret: other }) })).status,
    ).toBe(200);
    expect(() => new Webhook('whsec_')).toThrow();
    await strict.close();
  });
});
