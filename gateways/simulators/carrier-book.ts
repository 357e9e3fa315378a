/** The simulated carrier as a whole: one ledger, one outbox, and the books of parcels, drivers' visits and claims over them. */
import { join } from 'node:path';
import type { CarrierRow } from './carrier-rows.ts';
import { createClaimBook, createClaimState } from './claim-book.ts';
import type { OutboxDeps } from './outbox.ts';
import { createParcelState } from './parcel-state.ts';
import { openPartnerLog } from './partner-log.ts';
import { createPickupBook } from './pickup-book.ts';
import { createShipmentBook } from './shipment-book.ts';

export type CarrierBook = Awaited<ReturnType<typeof openCarrierBook>>;

export async function openCarrierBook(dataDir: string, outboxDeps: OutboxDeps) {
  const parcels = createParcelState();
  const claims = createClaimState();
  const log = await openPartnerLog<CarrierRow>(join(dataDir, 'carrier.jsonl'), outboxDeps, [parcels, claims]);

  return {
    shipments: createShipmentBook(parcels, log),
    pickups: createPickupBook(parcels, log),
    claims: createClaimBook(claims, parcels, log),
    rows: log.rows,
    durable: log.durable,
    webhooks: log.webhooks,
    resend: log.resend,
    start: log.start,
    stop: () => log.stop(),
    totals: () => ({ ...parcels.totals(), pickups: parcels.pickups.totals(), claims: claims.totals() }),
  };
}
