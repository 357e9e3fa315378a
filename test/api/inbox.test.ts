/** What staff work from: lists by deadline, words that find a case, filters that stand alone, and how many cases there are. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../../domain/permissions.ts';
import { openDoor, type Door } from '../support/door.ts';
import { anyOrder, ended, opened } from './journey.ts';

const at = 1_790_000_000_000;
const never = 1e14;
type Listed = { caseId: string; dueAt?: string };

describe('the inbox', () => {
  let door: Door;
  let caseId: string;
  const orderId = `Web-${randomUUID().slice(0, 8)}`;
  beforeAll(async () => {
    door = await openDoor('api-inbox');
    caseId = await opened(door, {}, anyOrder({ orderId }));
  });
  afterAll(() => door.close());

  const agentOf = (merchantId: string) => ({ id: 'agent-1', role: 'agent', merchantId }) as const;
  const list = async (query: string, as: Parameters<Door['get']>[1] = 'agent') => {
    const reply = await door.get(`/cases${query}`, as);
    expect(reply.status, reply.text).toBe(200);
    return reply.body as { cases: Listed[]; nextCursor?: string };
  };
  async function shop(count: number, changes: (index: number) => object): Promise<string> {
    const merchantId = `m-${randomUUID().slice(0, 8)}`;
    const cases = door.stage.database.cases.models[0]!.collection;
    const real = await cases.findOne({ _id: caseId as never });
    const copies = Array.from({ length: count }, (_, index) => ({
      ...real,
      _id: `C-${merchantId}-${String(index).padStart(4, '0')}` as never,
      merchantId,
      ...changes(index),
    }));
    await cases.insertMany(copies);
    return merchantId;
  }

  describe('by deadline', () => {
    it('shows the earliest first and what waits for nothing last, without a gap or a double', async () => {
      const due = (index: number) => (index % 3 === 0 ? undefined : at + (index % 5));
      const merchantId = await shop(60, (index) => ({
        openedAt: at - index,
        dueAt: due(index) ?? null,
        dueSort: due(index) ?? never + at - (index % 4),
      }));
      const whole = (await list('?sort=due&limit=200', agentOf(merchantId))).cases;
      const dues = whole.map((one) => one.dueAt ?? '9');
      expect(dues).toEqual(dues.toSorted());
      expect(dues.filter((one) => one === '9')).toHaveLength(20);
      for (const limit of [1, 7, 59]) {
        const seen: string[] = [];
        for (let cursor = ''; ; ) {
          const page = await list(`?sort=due&limit=${limit}${cursor}`, agentOf(merchantId));
          seen.push(...page.cases.map((one) => one.caseId));
          if (!page.nextCursor) break;
          cursor = `&cursor=${page.nextCursor}`;
        }
        expect(seen).toEqual(whole.map((one) => one.caseId));
      }
    });

    it('holds real cases: an open one has its deadline, an ended one none', async () => {
      const over = await ended(door);
      const all = (await list('?sort=due&limit=200')).cases;
      expect(all.find((one) => one.caseId === caseId)).toMatchObject({
        open: true,
        escalated: false,
        generation: 1,
        dueAt: expect.any(String),
      });
      expect(all.find((one) => one.caseId === over)).toMatchObject({ open: false, stage: 'withdrawn' });
      const next = new Date(Date.now() + 365 * 86_400_000).toISOString();
      const late = (await list(`?sort=due&limit=200&dueBefore=${next}`)).cases.map((one) => one.caseId);
      expect([late.includes(caseId), late.includes(over)]).toEqual([true, false]);
    });

    it('takes no cursor of the other order, nor the cases of one order', async () => {
      const merchantId = await shop(3, (index) => ({ dueSort: at + index }));
      for (const [sort, other] of [
        ['due', '-updated'],
        ['-updated', 'due'],
      ]) {
        const { nextCursor } = await list(`?limit=1&sort=${sort}`, agentOf(merchantId));
        const reply = await door.get(`/cases?limit=1&sort=${other}&cursor=${nextCursor}`, agentOf(merchantId));
        expect([reply.status, reply.body.code, reply.body.fields[0].pointer]).toEqual([400, 'invalid_input', '/cursor']);
      }
      const reply = await door.get('/cases?sort=due&orderId=O-1');
      expect([reply.status, reply.body.code]).toEqual([400, 'filter_combination']);
    });
  });

  describe('by words', () => {
    it('finds a case by the beginning of its id, its order or its RMA number, however they are written', async () => {
      const { rmaNo } = (await door.get(`/cases/${caseId}`)).body;
      for (const whole of [caseId, orderId, rmaNo as string])
        for (const words of [whole, whole.toLowerCase(), whole.toUpperCase(), whole.slice(0, -1)])
          expect([words, (await list(`?q=${words}`)).cases.map((one) => one.caseId)]).toEqual([words, [caseId]]);
    });

    it('finds nothing by a middle or by a pattern', async () => {
      for (const words of [orderId.slice(2), '.....', '___'])
        expect([words, (await list(`?q=${words}`)).cases]).toEqual([words, []]);
    });

    it('finds for each only what they may see', async () => {
      const strangers = [
        { id: 'cust-2', role: 'customer', merchantId: 'm1' } as const,
        { id: 'cust-1', role: 'customer', merchantId: 'm2' } as const,
        agentOf('m2'),
      ];
      for (const as of strangers) expect((await list(`?q=${orderId}`, as)).cases).toEqual([]);
      expect((await list(`?q=${orderId}`, 'customer')).cases).toHaveLength(1);
    });

    it('stand alone, and show as much as the limit says', async () => {
      const merchantId = await shop(5, () => ({ searchKeys: ['rma-1'] }));
      const { cases, nextCursor } = await list('?q=RMA-1&limit=3', agentOf(merchantId));
      expect([cases.length, nextCursor]).toEqual([3, undefined]);
      for (const more of ['stage=received', 'sort=due', 'open=true', 'orderId=O-1', 'dueBefore=2026-11-01T00:00:00Z']) {
        const reply = await door.get(`/cases?q=abc&${more}`);
        expect([more, reply.status, reply.body.code]).toEqual([more, 400, 'filter_combination']);
        expect(reply.body.detail).toContain('limit');
      }
    });
  });

  describe('in numbers', () => {
    it('counts what is in each stage and what wants somebody', async () => {
      const merchantId = await shop(30, (index) => ({
        stage: ['received', 'needs_attention', 'refunded'][index % 3],
        open: index % 3 !== 2,
        needsAttention: index % 3 === 1,
        escalated: index % 5 === 0,
        customerId: `cust-${index % 2}`,
        dueSort: index % 3 === 2 ? never : index % 2 === 0 ? Date.now() - 60_000 : Date.now() + 60_000,
      }));
      const counts = async (as: Parameters<Door['get']>[1]) => (await door.get('/cases/counts', as)).body;
      const stages = { received: 10, needs_attention: 10, refunded: 10 };
      expect(await counts(agentOf(merchantId))).toEqual({ stages, open: 20, needsAttention: 10, escalated: 4, overdue: 10 });
      const own = await counts({ id: 'cust-0', role: 'customer', merchantId });
      expect(own).toEqual({
        stages: { received: 5, needs_attention: 5, refunded: 5 },
        open: 10,
        needsAttention: 5,
        escalated: 2,
        overdue: 10,
      });
      expect(await counts(agentOf('m-nobody'))).toEqual({ stages: {}, open: 0, needsAttention: 0, escalated: 0, overdue: 0 });
    });

    it('for every role, and for nobody without a token; and asks no questions', async () => {
      for (const role of roles) expect((await door.get('/cases/counts', role)).status).toBe(200);
      expect((await door.send('GET', '/cases/counts')).status).toBe(401);
      const reply = await door.get('/cases/counts?stage=received');
      expect([reply.status, reply.body.fields[0].pointer]).toEqual([400, '/stage']);
    });
  });
});
