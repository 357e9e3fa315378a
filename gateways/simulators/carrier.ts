/**
 * Routes of the simulated carrier: shipments, tracking, slots and points, drivers' visits, claims. Scans are posted through
 * carrier-control.ts. Its rules are in shipment-book.ts, pickup-book.ts and claim-book.ts, its faults in faults.ts.
 */
import { Router } from 'express';
import { z } from 'zod';
import {
  claimRequestSchema,
  pickupRequestSchema,
  pointKinds,
  type Shipment,
  shipmentRequestSchema,
  slotQuerySchema,
} from '../../contracts/partners.ts';
import type { CarrierBook } from './carrier-book.ts';
import type { Facts } from './fault-words.ts';
import { answering, type Faults } from './faults.ts';
import { pointsOf } from './timetable.ts';
import { ensureKeyHeader, parse } from './wire.ts';

const keySchema = z.object({ key: z.string().min(1) });
const pointQuerySchema = z.object({ channel: z.enum(pointKinds) });

type Answering = ReturnType<typeof answering>;

export function carrierRouter({ book, faults }: { book: CarrierBook; faults: Faults }): Router {
  const router = Router();
  const answers = answering('carrier', faults);
  routeShipments(router, book, answers);
  routePickups(router, book, answers);
  routeClaims(router, book, answers);
  return router;
}

const factsOf = (shipment: Shipment | undefined): Facts => ({
  caseId: shipment?.caseId,
  key: shipment?.key,
  carrier: shipment?.carrier,
});

function routeShipments(router: Router, { shipments }: CarrierBook, { keyed, plain }: Answering): void {
  router.post('/shipments', async (req, res) => {
    const request = parse(shipmentRequestSchema, req.body);
    const { caseId, key, carrier = 'main' } = request;
    await keyed('prepare_shipment', { caseId, key, carrier }, res, (fault) => shipments.prepare(request, fault));
  });

  router.get('/shipments', async (req, res) => {
    const { key } = parse(keySchema, req.query);
    const facts = { ...factsOf(shipments.shipmentOf({ key })), key };
    await plain('find_shipment', facts, res, () => shipments.find(key));
  });

  router.post('/shipments/intercept', async (req, res) => {
    const { key } = parse(keySchema, req.body);
    const facts = { ...factsOf(shipments.shipmentOf({ key })), key };
    await plain('intercept_shipment', facts, res, () => shipments.intercept(key));
  });

  router.post('/shipments/:shipmentId/void', async (req, res) => {
    const { shipmentId } = req.params;
    const facts = factsOf(shipments.shipmentOf({ shipmentId }));
    await plain('void_shipment', facts, res, () => shipments.void(shipmentId));
  });

  router.get('/tracking/:trackingNo', async (req, res) => {
    const { trackingNo } = req.params;
    const facts = factsOf(shipments.shipmentOf({ trackingNo }));
    await plain('track_shipment', facts, res, () => shipments.track(trackingNo));
  });
}

function routePickups(router: Router, { shipments, pickups }: CarrierBook, { keyed, plain }: Answering): void {
  router.get('/slots', async (req, res) => {
    const query = parse(slotQuerySchema, req.query);
    await plain('list_slots', {}, res, () => pickups.slots(query));
  });

  router.get('/points', async (req, res) => {
    const points = pointsOf(parse(pointQuerySchema, req.query).channel);
    await plain('list_points', {}, res, async () => ({ status: 200, body: { points } }));
  });

  router.post('/pickups', async (req, res) => {
    const request = parse(pickupRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const facts = { ...factsOf(shipments.shipmentOf({ key: request.shipmentKey })), key: request.key };
    await keyed('book_pickup', facts, res, (fault) => pickups.book(request, fault));
  });

  const factsOfPickup = (key: string): Facts => {
    const pickup = pickups.pickupOf(key);
    return { ...(pickup ? factsOf(shipments.shipmentOf({ key: pickup.shipmentKey })) : {}), key };
  };

  router.get('/pickups', async (req, res) => {
    const { key } = parse(keySchema, req.query);
    await plain('find_pickup', factsOfPickup(key), res, () => pickups.find(key));
  });

  router.post('/pickups/cancel', async (req, res) => {
    const { key } = parse(keySchema, req.body);
    await plain('cancel_pickup', factsOfPickup(key), res, () => pickups.cancel(key));
  });
}

function routeClaims(router: Router, { claims }: CarrierBook, { keyed, plain }: Answering): void {
  router.post('/claims', async (req, res) => {
    const request = parse(claimRequestSchema, req.body);
    ensureKeyHeader(req.get('idempotency-key'), request.key);
    const { caseId, key } = request;
    await keyed('file_claim', { caseId, key }, res, (fault) => claims.file(request, fault));
  });

  router.get('/claims', async (req, res) => {
    const { key } = parse(keySchema, req.query);
    await plain('find_claim', { caseId: claims.claimOf({ key })?.caseId, key }, res, () => claims.find(key));
  });

  for (const deed of ['appeal', 'chase', 'withdraw'] as const) {
    router.post(`/claims/${deed}`, async (req, res) => {
      const { key } = parse(keySchema, req.body);
      await plain(`${deed}_claim`, { caseId: claims.claimOf({ key })?.caseId, key }, res, () => claims[deed](key));
    });
  }
}
