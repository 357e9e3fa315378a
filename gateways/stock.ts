/**
 * The books of the stock: returned units are booked in, by what becomes of them. Nothing is reserved or taken out here.
 * Grade and disposition come from the warehouse's inspection.
 */
import { type StockEntry, type StockEntryRequest, stockEntrySchema } from '../contracts/partners.ts';
import { createPartnerClient, type PartnerOptions, PartnerRefusal, unlessRefused } from './http.ts';

export interface StockGateway {
  findEntry(query: { key: string }): Promise<StockEntry | undefined>;
  /** The same key is one entry for ever. Refusals: `idempotency_key_reused`, `sku_unknown`. */
  bookIn(request: StockEntryRequest): Promise<StockEntry>;
}

/** Base URL e.g. `http://127.0.0.1:4100/stock`. Errors: PartnerRefusal (`answer_mismatch`, or the warehouse's), PartnerUnavailable. */
export function createStockGateway(options: PartnerOptions): StockGateway {
  const call = createPartnerClient('stock', options);

  return {
    findEntry: ({ key }) =>
      unlessRefused('entry_not_found', async () => {
        const entry = await call({ method: 'GET', path: '/entries', query: { key }, answer: stockEntrySchema });
        ensureSame(entry, key);
        return entry;
      }),

    async bookIn(request) {
      const headers = { 'idempotency-key': request.key };
      const entry = await call({ method: 'POST', path: '/entries', headers, body: request, answer: stockEntrySchema });
      ensureSame(entry, request.key);
      return entry;
    },
  };
}

function ensureSame(entry: StockEntry, key: string): void {
  if (entry.key !== key) throw new PartnerRefusal('answer_mismatch', 'The warehouse answered with another entry');
}
