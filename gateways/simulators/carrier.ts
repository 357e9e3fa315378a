/**
 * Routes of the simulated carrier: shipments made, looked up by key, voided. Scans are posted through control.ts.
 * Its rules are in shipment-book.ts, its faults in faults.ts.
 */
import { Router } from 'express';
import { z } from 'zod';
import { shipmentRequestSchema } from '../../contracts/partners.ts';
import { answerUnder, type Faults, pause } from './faults.ts';
import type { ShipmentBook } from './shipment-book.ts';
import { parse } from './wire.ts';

export function carrierRouter({ book, faults }: { book: ShipmentBook; faults: Faults }): Router {
  const router = Router();

  router.post('/shipments', async (req, res) => {
    const request = parse(shipmentRequestSchema, req.body);
    const fault = faults.take('carrier', 'prepare_shipment', { caseId: request.caseId, key: request.key });
    await answerUnder(fault, res, () => book.prepare(request, fault));
  });

  router.get('/shipments', async (req, res) => {
    const { key } = parse(findQuerySchema, req.query);
    const fault = faults.take('carrier', 'find_shipment', { key, caseId: book.shipmentOf({ key })?.caseId });
    await answerUnder(fault, res, async () => {
      await pause(fault);
      return book.find(key);
    });
  });

  router.post('/shipments/:shipmentId/void', async (req, res) => {
    const { shipmentId } = req.params;
    const shipment = book.shipmentOf({ shipmentId });
    const fault = faults.take('carrier', 'void_shipment', { caseId: shipment?.caseId, key: shipment?.key });
    await answerUnder(fault, res, async () => {
      await pause(fault);
      return book.void(shipmentId);
    });
  });

  return router;
}

const findQuerySchema = z.object({ key: z.string().min(1) });
