/**
 * The simulated provider of notices: takes each text once, for ever, and delivers nothing. It sends no webhooks.
 * Who is behind a contact reference is its secret.
 */
import { join } from 'node:path';
import { Router } from 'express';
import { z } from 'zod';
import { type Notice, type NoticeRequest, noticeRequestSchema } from '../../contracts/partners.ts';
import { answering, type Fault, type Faults, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import { openLedger, type Stamped } from './ledger.ts';
import { type Answer, ensureKeyHeader, parse, readableId, SimulatorRefusal } from './wire.ts';

interface NoticeRow {
  type: 'notice_accepted';
  key: string;
  requestHash: string;
  request: NoticeRequest;
  effect: Notice;
  answer: Answer;
}

export type NoticeBook = Awaited<ReturnType<typeof openNoticeBook>>;

export async function openNoticeBook(dataDir: string) {
  const notices = new Map<string, Stamped<NoticeRow>>();
  const ledger = await openLedger<NoticeRow>(join(dataDir, 'notifications.jsonl'), (row) => void notices.set(row.key, row));
  const once = createOncePerKey((key) => notices.get(key), ledger.durable);

  return {
    rows: () => ledger.rows(),
    durable: () => ledger.durable(),
    close: () => ledger.close(),
    caseOf: (key: string) => notices.get(key)?.request.caseId,

    /** 201, also for a repeat. Refuses 409 `in_flight`, 422 `idempotency_key_reused`. */
    send: (request: NoticeRequest, fault?: Fault): Promise<Answer> =>
      once(request, async (requestHash) => {
        await pause(fault);
        const { key } = request;
        const effect: Notice = { noticeId: readableId('ntc_'), key, status: 'accepted' };
        const answer = { status: 201, body: effect };
        await ledger.append({ type: 'notice_accepted', key, requestHash, request, effect, answer });
        return answer;
      }),

    async find(key: string): Promise<Answer> {
      await ledger.durable();
      const notice = notices.get(key)?.effect;
      if (!notice) throw new SimulatorRefusal(404, 'notice_not_found', 'No such notice');
      return { status: 200, body: notice };
    },

    /** What the customer of this case can read, oldest first. */
    async ofCase(caseId: string): Promise<Answer> {
      await ledger.durable();
      const ofCase = [...notices.values()].filter(({ request }) => request.caseId === caseId);
      return { status: 200, body: { notices: ofCase.map(({ request, effect, at }) => ({ ...request, ...effect, at })) } };
    },

    totals() {
      const byTemplate: Record<string, number> = {};
      for (const { request } of notices.values()) byTemplate[request.template] = (byTemplate[request.template] ?? 0) + 1;
      return { count: notices.size, byTemplate };
    },
  };
}

export function notificationsRouter({ book, faults }: { book: NoticeBook; faults: Faults }): Router {
  const router = Router();
  const { keyed, plain } = answering('notifications', faults);

  router.post('/', async (req, res) => {
    const request = parse(noticeRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const { caseId, key } = request;
    await keyed('send_notice', { caseId, key }, res, (fault) => book.send(request, fault));
  });

  router.get('/', async (req, res) => {
    const query = parse(querySchema, req.query);
    if ('caseId' in query) await plain('find_notice', query, res, () => book.ofCase(query.caseId));
    else await plain('find_notice', { ...query, caseId: book.caseOf(query.key) }, res, () => book.find(query.key));
  });

  return router;
}

const querySchema = z.union([z.object({ caseId: z.string().min(1) }), z.object({ key: z.string().min(1) })]);
