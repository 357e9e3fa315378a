/** Reading cases: who sees what, filters and pages, what the lists cost MongoDB, timelines, and the revision as ETag. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../domain/permissions.ts';
import { openDoor, type Door } from '../support/door.ts';
import { discrepant, ended, escalated, opened, parked } from './journey.ts';

type Row = Record<string, unknown>;
const customer = (id: string, merchantId = 'm1') => ({ id, role: 'customer', merchantId }) as const;

describe('reading', () => {
  let door: Door;
  let caseId: string;
  beforeAll(async () => {
    door = await openDoor('api-reading');
    caseId = await opened(door);
  });
  afterAll(() => door.close());

  const cases = () => door.stage.database.cases.models[0]!.collection;
  /** Copies of a real case, in a merchant's shop of their own. */
  async function shop(count: number, changes: (index: number) => Row): Promise<string> {
    const merchantId = `m-${randomUUID().slice(0, 8)}`;
    const real = await cases().findOne({ _id: caseId as never });
    await cases().insertMany(
      Array.from({ length: count }, (_, index) => ({
        ...real,
        _id: `C-${merchantId}-${String(index).padStart(4, '0')}` as never,
        merchantId,
        ...changes(index),
      })),
    );
    return merchantId;
  }
  const agentOf = (merchantId: string) => ({ id: 'agent-1', role: 'agent', merchantId }) as const;
  const page = async (query: string, as: Parameters<Door['get']>[1]) => {
    const reply = await door.get(`/cases${query}`, as);
    expect(reply.status, reply.text).toBe(200);
    return reply.body as { cases: { caseId: string; updatedAt: string; revision: number }[]; nextCursor?: string };
  };
  async function walk(query: string, as: Parameters<Door['get']>[1], between: () => Promise<unknown> = async () => undefined) {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { cases: found, nextCursor } = await page(`${query}${cursor}`, as);
      seen.push(...found.map((one) => one.caseId));
      if (!nextCursor) return seen;
      cursor = `&cursor=${nextCursor}`;
      await between();
    }
  }

  describe('one case', () => {
    it('is open to every role of its merchant, and to no customer but its own', async () => {
      for (const role of roles) expect((await door.get(`/cases/${caseId}`, role)).status).toBe(200);
      const unknown = await door.get('/cases/C-UNKNOWN');
      expect(unknown.status).toBe(404);
      const strangers = [
        customer('cust-2'),
        customer('cust-1', 'm2'),
        agentOf('m2'),
        { ...agentOf('m2'), role: 'auditor' } as const,
      ];
      for (const path of ['', '/timeline', '/commands/abc'])
        for (const stranger of strangers) {
          const reply = await door.get(`/cases/${caseId}${path}`, stranger);
          expect({ ...reply.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
        }
    });

    it('shows staff the way to Temporal, and the customer neither that nor the moves of others', async () => {
      const [staff, own] = [(await door.get(`/cases/${caseId}`)).body, (await door.get(`/cases/${caseId}`, 'customer')).body];
      expect(staff.temporalUrl).toBe(`http://127.0.0.1:8233/namespaces/default/workflows/return%3A${caseId}`);
      expect(own.temporalUrl).toBeUndefined();
      expect(own.availableMoves).toEqual([
        'submit_evidence',
        'edit_request',
        'withdraw_case',
        'send_message',
        'request_escalation',
      ]);
      expect((await door.get(`/cases/${caseId}`, 'auditor')).body.availableMoves).toEqual([]);
    });

    it('carries its revision as ETag, for If-Match and for reading only what is new', async () => {
      const { headers, body } = await door.get(`/cases/${caseId}`);
      const etag = headers.get('etag')!;
      expect(etag).toBe(`"${body.revision}"`);
      const authorization = `Bearer ${await door.tokenOf('agent')}`;
      const unless = (has: string) =>
        door.raw('GET', `/cases/${caseId}`, Object.entries({ authorization, 'if-none-match': has }));
      const same = await unless(etag);
      expect([same.status, same.text]).toEqual([304, '']);
      const note = (ifMatch: string) =>
        door.command(caseId, 'add-note', 'agent', { note: 'seen' }, { headers: { 'if-match': ifMatch } });
      expect((await note(etag)).body.revision).toBe(body.revision + 1);
      expect(await note(etag)).toMatchObject({ status: 412, body: { code: 'stale_revision' } });
      expect((await unless(etag)).status).toBe(200);
    });

    it('is kept by no cache on the way', async () => {
      for (const path of [`/cases/${caseId}`, '/cases', `/cases/${caseId}/timeline`, '/cases/C-UNKNOWN'])
        expect((await door.get(path)).headers.get('cache-control')).toBe('no-store');
    });

    it('that needs a person says staff why and what may be done, and the customer that it goes on', async () => {
      const stuck = await parked(door);
      const { body } = await door.get(`/cases/${stuck}`);
      expect(body).toMatchObject({
        needsAttention: true,
        owner: 'team_lead',
        defaultAction: 'rung_climbed',
        attention: { step: 'refund', attempts: 1, rung: 'owner', verbs: ['retry', 'override'], results: ['refunded'] },
      });
      expect(body.attention.cause).toContain('card');
      const own = (await door.get(`/cases/${stuck}`, 'customer')).body;
      expect([own.needsAttention, own.attention]).toEqual([true, undefined]);
    });

    it('says customers what holds for them, and nothing of how staff work on it', async () => {
      const escalating = await escalated(door);
      await door.command(escalating, 'assign-case', 'manager', { assignee: 'agent-7' });
      const staff = (await door.get(`/cases/${escalating}`)).body;
      expect(staff).toMatchObject({
        assignee: 'agent-7',
        undo: expect.anything() as unknown,
        clocks: expect.anything() as unknown,
      });
      const reply = await door.get(`/cases/${escalating}`, 'customer');
      const { verdict, clocks, policy, dueAt, notices } = reply.body;
      expect([verdict, dueAt, notices.length > 0]).toEqual([staff.verdict, staff.dueAt, true]);
      expect(clocks.map(({ stage, ruleId, dueAt: due }: Record<string, string>) => [stage, ruleId, due])).toEqual(
        staff.clocks.map(({ stage, ruleId, dueAt: due }: Record<string, string>) => [stage, ruleId, due]),
      );
      expect(policy.map((pack: object) => Object.keys(pack))).toContainEqual(['id', 'version']);
      for (const [key, value] of Object.entries({
        undo: staff.undo[0]?.undo,
        clock: staff.clocks[0].id,
        hash: staff.policy[0].sha256,
        staff: 'agent-7',
      }))
        expect([key, reply.text.includes(String(value))]).toEqual([key, false]);
      const mine = (await door.get('/cases', 'customer')).body.cases.find((one: { caseId: string }) => one.caseId === escalating);
      expect([mine.caseId, mine.assignee]).toEqual([escalating, undefined]);
    });

    it('of which half came says where each unit is', async () => {
      const { body } = await door.get(`/cases/${await discrepant(door)}`);
      expect(body).toMatchObject({ stage: 'discrepancy', owner: 'agent', unitsRequested: 2, unitsReceived: 1 });
      expect(body.goods).toContainEqual({ lineId: '1', quantity: 1, reception: 'short_shipped' });
    });

    it('that has ended offers no moves and waits for nothing', async () => {
      const { body } = await door.get(`/cases/${await ended(door)}`);
      expect(body).toMatchObject({ stage: 'withdrawn', availableMoves: [], needsAttention: false, compensationsRun: 1 });
      expect([body.dueAt, body.defaultAction]).toEqual([undefined, undefined]);
    });
  });

  describe('a list', () => {
    it('holds what fits the filter, newest change first', async () => {
      const merchantId = await shop(60, (index) => ({
        stage: index % 10 === 1 ? 'needs_attention' : index % 3 === 0 ? 'received' : 'under_review',
        owner: index % 2 === 0 ? 'warehouse' : 'agent',
        customerId: `cust-${index % 4}`,
        orderId: `O-${index % 5}`,
        needsAttention: index % 10 === 1,
        escalated: index % 15 === 0,
        open: index % 6 !== 5,
        assignee: index % 4 === 0 ? 'agent-7' : null,
        dueSort: 1_790_000_000_000 + index * 60_000,
        updatedAt: 1_790_000_000_000 + (index % 7) * 1_000,
      }));
      const counts = {
        'stage=received': 18,
        'owner=agent': 30,
        'customerId=cust-3': 15,
        'orderId=O-4': 12,
        'needsAttention=true': 6,
        'escalated=true': 4,
        'open=false': 10,
        'open=true&escalated=false': 46,
        'assignee=agent-7': 15,
        'type=return': 60,
        [`dueBefore=${new Date(1_790_000_000_000 + 5 * 60_000).toISOString()}`]: 5,
      };
      for (const [filter, count] of Object.entries({ ...counts, 'needsAttention=false': 54, 'stage=expired': 0 })) {
        const { cases: found } = await page(`?limit=200&${filter}`, agentOf(merchantId));
        expect([filter, found.length]).toEqual([filter, count]);
        const order = found.map((one) => `${one.updatedAt} ${one.caseId}`);
        expect(order).toEqual(order.toSorted().reverse());
      }
      expect((await page('?stage=received&owner=warehouse&limit=200', agentOf(merchantId))).cases).toHaveLength(10);
      expect((await page('?customerId=cust-1&orderId=O-1&limit=200', agentOf(merchantId))).cases).toHaveLength(3);
    });

    it('shows a customer their own cases, whatever they ask for, and nobody another merchant’s', async () => {
      const merchantId = await shop(20, (index) => ({ customerId: `cust-${index % 2}`, orderId: `O-${index % 4}` }));
      expect((await page('', customer('cust-1', merchantId))).cases).toHaveLength(10);
      expect((await page('?customerId=cust-1', customer('cust-1', merchantId))).cases).toHaveLength(10);
      expect((await page('?customerId=cust-0', customer('cust-1', merchantId))).cases).toEqual([]);
      expect((await page('?orderId=O-0', customer('cust-1', merchantId))).cases).toEqual([]);
      expect((await page('', customer('cust-7', merchantId))).cases).toEqual([]);
      expect((await page('?customerId=cust-1&limit=200', agentOf('m1'))).cases.map((one) => one.caseId)).not.toContain(
        `C-${merchantId}-0001`,
      );
      expect((await page('', agentOf('m-nobody'))).cases).toEqual([]);
    });

    it.each(['', 'customerId=cust-1'])('is paged without a gap or a double, also among equal instants: %s', async (filter) => {
      const merchantId = await shop(53, (index) => ({ customerId: 'cust-1', updatedAt: 1_790_000_000_000 + (index >> 4) }));
      for (const limit of [1, 7, 50, 200]) {
        const seen = await walk(`?limit=${limit}&${filter}`, agentOf(merchantId));
        expect(seen).toHaveLength(53);
        expect(new Set(seen).size).toBe(53);
      }
    });

    it('shows, while cases change and come, nobody twice and all that stay as they are', async () => {
      const at = 1_790_000_000_000;
      const merchantId = await shop(60, (index) => ({ updatedAt: at + index }));
      const changed = new Set<string>();
      let turn = 0;
      const seen = await walk('?limit=5', agentOf(merchantId), async () => {
        turn += 1;
        // One that was shown, one that was not yet, and a new one: all go to the front of the list.
        for (const index of [60 - turn, turn]) {
          const id = `C-${merchantId}-${String(index).padStart(4, '0')}`;
          changed.add(id);
          await cases().updateOne({ _id: id as never }, { $set: { updatedAt: at + 1_000 + turn } });
        }
        const real = await cases().findOne({ _id: caseId as never });
        await cases().insertOne({
          ...real,
          _id: `C-${merchantId}-new-${turn}` as never,
          merchantId,
          updatedAt: at + 2_000 + turn,
        });
      });
      expect(new Set(seen).size).toBe(seen.length);
      const all = Array.from({ length: 60 }, (_, index) => `C-${merchantId}-${String(index).padStart(4, '0')}`);
      expect(all.filter((id) => !changed.has(id) && !seen.includes(id))).toEqual([]);
      const front = (await page(`?limit=200`, agentOf(merchantId))).cases.map((one) => one.caseId);
      expect([...changed].filter((id) => !front.slice(0, changed.size + turn).includes(id))).toEqual([]);
    });

    it('costs one index scan and no sort, however it is filtered and however deep the page lies', async () => {
      const merchantId = await shop(600, (index) => ({
        stage: index % 2 ? 'received' : 'needs_attention',
        owner: index % 2 ? 'warehouse' : 'agent',
        customerId: `cust-${index % 2}`,
        orderId: `O-${index % 2}`,
        needsAttention: index % 2 === 0,
        updatedAt: 1_790_000_000_000 + (index >> 3),
      }));
      const { db } = door.stage.database.cases.models[0]!;
      const filters = ['', 'stage=received', 'owner=agent', 'customerId=cust-1', 'orderId=O-1', 'needsAttention=true'];
      const deep: Record<string, string> = {};
      for (const filter of filters) {
        const half = await page(`?limit=200&${filter}`, agentOf(merchantId));
        deep[filter] = half.nextCursor!;
      }
      await db.db!.command({ profile: 2 });
      for (const filter of filters) {
        await page(`?limit=20&${filter}`, agentOf(merchantId));
        await page(`?limit=20&${filter}&cursor=${deep[filter]}`, agentOf(merchantId));
      }
      await page('?limit=20', customer('cust-1', merchantId));
      await page('?limit=20&stage=received', customer('cust-1', merchantId));
      await db.db!.command({ profile: 0 });
      const profile = await db
        .db!.collection('system.profile')
        .find({ ns: `${db.name}.cases`, op: 'query' })
        .toArray();
      expect(profile).toHaveLength(14);
      for (const { planSummary, hasSortStage = false, docsExamined, nreturned, responseLength, command } of profile) {
        const told = JSON.stringify({ planSummary, filter: command.filter });
        expect(planSummary, told).toMatch(/^IXSCAN/);
        expect(hasSortStage, told).toBe(false);
        // One page and the one document that says there is more; equal instants at the border may cost a few.
        expect([nreturned, docsExamined <= 21 + 8], `${told} examined ${docsExamined}`).toEqual([21, true]);
        expect(responseLength / nreturned, told).toBeLessThan(600); // what a list shows, not whole cases
      }
    });

    it('refuses what it does not know: cursors, limits, filters, sorts, operators', async () => {
      const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const bad: [string, string][] = [
        ...['-1', '0', '201', '1e9', 'abc', '', ' 5', '1.5', '０５'].map((limit): [string, string] => [
          `limit=${limit}`,
          '/limit',
        ]),
        ['limit=1&limit=2', '/limit'],
        ['stage=received&stage=inspected', '/stage'],
        ['stage=nowhere', '/stage'],
        ['owner=nobody', '/owner'],
        ['needsAttention=1', '/needsAttention'],
        ['customerId=', '/customerId'],
        ['customerId=a%00b', '/customerId'],
        ['orderId=(a%2B)%2B%24', '/orderId'],
        [`orderId=${'o'.repeat(101)}`, '/orderId'],
        ['stage[$ne]=x', '/stage[$ne]'],
        ['stage%5B%24ne%5D=x', '/stage[$ne]'],
        ['stage.$ne=x', '/stage.$ne'],
        ['$where=sleep(1000)', '/$where'],
        ['$expr=1', '/$expr'],
        ['$nor=1', '/$nor'],
        [`sort=due&cursor=${forged({ sort: '-updated', at: 1, id: 'C-1' })}`, '/cursor'],
        [`cursor=${forged({ sort: 'due', at: 1, id: 'C-1' })}`, '/cursor'],
        ['sort=passwordHash', '/sort'],
        ['sort=updated', '/sort'],
        ['dueBefore=tomorrow', '/dueBefore'],
        ['dueBefore=2026-11-01T10:00:00', '/dueBefore'],
        ['type=refund', '/type'],
        ['open=yes', '/open'],
        ['q=ab', '/q'],
        ['q=(a%2B)%2B%24', '/q'],
        ['q=.*%5E', '/q'],
        [`q=${'r'.repeat(101)}`, '/q'],
        ['q[$regex]=x', '/q[$regex]'],
        ['fields=*', '/fields'],
        ['merchantId=m2', '/merchantId'],
        ['__proto__=x', '/__proto__'],
        ['__proto__[stage]=x', '/__proto__[stage]'],
        ['constructor=x', '/constructor'],
        ['cursor=', '/cursor'],
        ['cursor=nonsense', '/cursor'],
        [`cursor=${'a'.repeat(301)}`, '/cursor'],
        [`cursor=${forged(null)}`, '/cursor'],
        [`cursor=${forged([1, 'C-1'])}`, '/cursor'],
        [`cursor=${forged({ sort: '-updated', at: { $gt: 0 }, id: 'C-1' })}`, '/cursor'],
        [`cursor=${forged({ sort: '-updated', at: 1, id: { $gt: '' } })}`, '/cursor'],
        [`cursor=${forged({ sort: '-updated', at: 1, id: 'C-1', merchantId: 'm2' })}`, '/cursor'],
        [`cursor=${Buffer.from('{"sort":"-updated","at":1e400,"id":"C-1"}').toString('base64url')}`, '/cursor'],
      ];
      for (const [query, pointer] of bad) {
        const reply = await door.get(`/cases?${query}`);
        expect([query, reply.status, reply.body.code]).toEqual([query, 400, 'invalid_input']);
        expect([query, reply.body.fields[0].pointer]).toEqual([query, pointer]);
      }
    });

    it('goes on behind a cursor whose case is gone, and a cursor opens no other merchant', async () => {
      const merchantId = await shop(6, (index) => ({ updatedAt: 1_790_000_000_000 + index }));
      const first = await page('?limit=2', agentOf(merchantId));
      await cases().deleteOne({ _id: first.cases[1]!.caseId as never });
      expect((await page(`?cursor=${first.nextCursor}`, agentOf(merchantId))).cases).toHaveLength(4);
      expect((await page(`?cursor=${first.nextCursor}`, agentOf('m-nobody'))).cases).toEqual([]);
    });
  });

  describe('a timeline', () => {
    it('is paged, oldest first, without a gap, each note with its text', async () => {
      const noted = await opened(door);
      const texts = [
        '李 said 不行',
        'O’Brien 👩‍👩‍👧‍👦 called',
        '<script>alert(1)</script>',
        'שלום',
        'fifth',
        'line one\nline two\ttab',
      ];
      for (const text of texts) await door.command(noted, 'add-note', 'agent', { note: text });
      const whole = (await door.get(`/cases/${noted}/timeline`)).body;
      expect(whole.nextCursor).toBeUndefined();
      expect(whole.rows.map((row: Row) => row.seq)).toEqual(whole.rows.map((_: Row, index: number) => index + 1));
      expect(whole.rows.flatMap((row: Row) => row.text ?? [])).toEqual(texts);
      for (const limit of [1, 2, 4]) {
        const rows: Row[] = [];
        for (let cursor = ''; ; ) {
          const { body } = await door.get(`/cases/${noted}/timeline?limit=${limit}${cursor}`);
          rows.push(...body.rows);
          expect(body.rows.length).toBeLessThanOrEqual(limit);
          if (!body.nextCursor) break;
          cursor = `&cursor=${body.nextCursor}`;
        }
        expect(rows).toEqual(whole.rows);
      }
      expect((await door.get(`/cases/${noted}/timeline?cursor=999999999`)).body).toEqual({ rows: [] });
    });

    it('shows no more than the case does, whatever has been written ahead of it', async () => {
      const { revision } = (await door.get(`/cases/${caseId}`)).body;
      const rows = door.stage.database.cases.models[1]!.collection;
      const last = await rows.findOne({ caseId, seq: revision });
      await rows.insertOne({ ...last, _id: `${caseId}#${revision + 1}` as never, seq: revision + 1 });
      const { body } = await door.get(`/cases/${caseId}/timeline?limit=200`);
      expect(body.rows.at(-1).seq).toBe(revision);
      await rows.deleteOne({ _id: `${caseId}#${revision + 1}` as never });
    });

    it('tells the customer why, and not what staff noted among themselves', async () => {
      const noted = await opened(door);
      await door.command(noted, 'add-note', 'agent', { note: 'third claim this month' });
      const why = { verdict: 'refuse', ruleIds: ['uk.strr'], reason: 'worn' };
      await door.command(noted, 'decide-request', 'agent', why);
      const textsFor = async (as: 'customer' | 'warehouse') =>
        ((await door.get(`/cases/${noted}/timeline`, as)).body.rows as Row[]).flatMap((row) => row.text ?? []);
      expect(await textsFor('warehouse')).toEqual(['third claim this month', 'worn']);
      expect(await textsFor('customer')).toEqual(['worn']);
      const { rows } = (await door.get(`/cases/${noted}/timeline`, 'customer')).body;
      expect(rows.map((row: Row) => row.event)).toEqual(['opened', 'referred', 'refused']);
      expect(rows.map((row: { by: { id: string } }) => row.by.id)).toEqual(['cust-1', 'mendline', 'staff']);
    });

    it('loses a text that was erased, and nothing else', async () => {
      const noted = await opened(door);
      await door.command(noted, 'add-note', 'agent', { note: 'forget me' });
      await door.stage.database.inbox.models[2]!.collection.deleteMany({ caseId: noted });
      const { rows } = (await door.get(`/cases/${noted}/timeline`)).body;
      expect(rows.at(-1)).toMatchObject({ event: 'noted', by: { id: 'agent-1' } });
      expect(rows.at(-1).text).toBeUndefined();
    });

    it('refuses cursors and limits that are none', async () => {
      const bad = [
        'cursor=-1',
        'cursor=x',
        'cursor=',
        'cursor=1e3',
        'cursor=9999999999',
        'cursor=1&cursor=2',
        'limit=0',
        'limit=201',
        'order=desc',
      ];
      for (const query of bad) {
        const reply = await door.get(`/cases/${caseId}/timeline?${query}`);
        expect([query, reply.status, reply.body.code]).toEqual([query, 400, 'invalid_input']);
      }
    });
  });
});
