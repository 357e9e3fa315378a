/** The hand behind the simulated carrier: scans, slots, drivers, and its answers to claims. Mounted by control.ts. */
import { Router } from 'express';
import { z } from 'zod';
import { claimOutcomes, scanCodes } from '../../contracts/partners.ts';
import type { CarrierBook } from './carrier-book.ts';
import { parse } from './wire.ts';

const word = z.string().min(1);
const scanSchema = z.strictObject({
  trackingNo: word,
  code: z.enum(scanCodes),
  place: z.string().optional(),
  cause: z.string().optional(),
  occurredAt: z.iso.datetime({ offset: true }).optional(),
});
const slotSchema = z.strictObject({ slotId: word, taken: z.boolean() });
const driverSchema = z.union([z.strictObject({ key: word }), z.strictObject({ bookingId: word })]);
const answer = { outcome: z.enum(claimOutcomes), paidMinor: z.int().nonnegative().optional() };
const answerSchema = z.union([z.strictObject({ key: word, ...answer }), z.strictObject({ claimId: word, ...answer })]);

export function carrierControl({ shipments, pickups, claims }: CarrierBook): Router {
  const router = Router();

  router.post('/scans', async (req, res) => {
    const scan = parse(scanSchema, req.body);
    const occurredAt = scan.occurredAt ? new Date(scan.occurredAt) : new Date();
    const { status, body } = await shipments.scan({ ...scan, occurredAt: occurredAt.toISOString() });
    res.status(status).json(body);
  });

  router.post('/slots', async (req, res) => {
    const { slotId, taken } = parse(slotSchema, req.body);
    await pickups.setSlot(slotId, taken);
    res.json({ slotId, taken });
  });

  router.post('/drivers', async (req, res) => {
    res.json(await pickups.sendDriver(parse(driverSchema, req.body)));
  });

  router.post('/claims', async (req, res) => {
    const { outcome, paidMinor, ...name } = parse(answerSchema, req.body);
    res.json(await claims.answer(name, outcome, paidMinor));
  });

  return router;
}
