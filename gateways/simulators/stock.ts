/**
 * The simulated books of the stock: returned units, booked in once a key, for ever. Only what is restocked can be sold again.
 * It sends no webhooks.
 */
import { join } from 'node:path';
import { Router } from 'express';
import { z } from 'zod';
import { type StockEntry, type StockEntryRequest, stockEntryRequestSchema } from '../../contracts/partners.ts';
import { answering, type Fault, type Faults, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import { openLedger } from './ledger.ts';
import { type Answer, ensureKeyHeader, parse, readableId, SimulatorRefusal } from './wire.ts';

interface StockRow {
  type: 'stock_booked';
  key: string;
  requestHash: string;
  request: StockEntryRequest;
  effect: StockEntry;
  answer: Answer;
}

export type StockBook = Awaited<ReturnType<typeof openStockBook>>;

export async function openStockBook(dataDir: string) {
  const entries = new Map<string, StockRow>();
  const ledger = await openLedger<StockRow>(join(dataDir, 'stock.jsonl'), (row) => void entries.set(row.key, row));
  const once = createOncePerKey((key) => entries.get(key), ledger.durable);

  return {
    rows: () => ledger.rows(),
    durable: () => ledger.durable(),
    close: () => ledger.close(),
    caseOf: (key: string) => entries.get(key)?.request.caseId,

    /** 201, also for a repeat. Refuses 409 `in_flight`, 422 `idempotency_key_reused`. */
    bookIn: (request: StockEntryRequest, fault?: Fault): Promise<Answer> =>
      once(request, async (requestHash) => {
        await pause(fault);
        const { key } = request;
        const effect: StockEntry = { entryId: readableId('stk_'), key, status: 'booked' };
        const answer = { status: 201, body: effect };
        await ledger.append({ type: 'stock_booked', key, requestHash, request, effect, answer });
        return answer;
      }),

    async find(key: string): Promise<Answer> {
      await ledger.durable();
      const entry = entries.get(key)?.effect;
      if (!entry) throw new SimulatorRefusal(404, 'entry_not_found', 'No such entry');
      return { status: 200, body: entry };
    },

    totals: () => stockTotals([...entries.values()].map(({ request }) => request)),
  };
}

/** Units; `onHand` by sku counts what can be sold again. */
function stockTotals(requests: readonly StockEntryRequest[]) {
  const onHand: Record<string, number> = {};
  const byDisposition: Record<string, Record<string, number>> = {};
  const byCase: Record<string, number> = {};
  for (const { sku, quantity, disposition, caseId } of requests) {
    const bySku = (byDisposition[disposition] ??= {});
    bySku[sku] = (bySku[sku] ?? 0) + quantity;
    byCase[caseId] = (byCase[caseId] ?? 0) + quantity;
    if (disposition === 'restock') onHand[sku] = (onHand[sku] ?? 0) + quantity;
  }
  return { entries: requests.length, onHand, byDisposition, byCase };
}

export function stockRouter({ book, faults }: { book: StockBook; faults: Faults }): Router {
  const router = Router();
  const { keyed, plain } = answering('stock', faults);

  router.post('/entries', async (req, res) => {
    const request = parse(stockEntryRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const { caseId, key } = request;
    await keyed('book_in', { caseId, key }, res, (fault) => book.bookIn(request, fault));
  });

  router.get('/entries', async (req, res) => {
    const { key } = parse(querySchema, req.query);
    await plain('find_entry', { key, caseId: book.caseOf(key) }, res, () => book.find(key));
  });

  return router;
}

const querySchema = z.object({ key: z.string().min(1) });
