/** How adapters read what partners say: every failure is a refusal for good or a passing fault, and the difference holds. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Refund } from '../../contracts/partners.ts';
import { createCarrierGateway } from '../../gateways/carrier.ts';
import { PartnerRefusal, PartnerUnavailable } from '../../gateways/http.ts';
import { createNotificationsGateway } from '../../gateways/notifications.ts';
import { createOrdersGateway } from '../../gateways/orders.ts';
import { createPaymentsGateway, ensureChargeMatches, ensureRefundMatches } from '../../gateways/payments.ts';
import { createStockGateway } from '../../gateways/stock.ts';
import { chargeOf, claimOf, entryOf, noticeOf, orderOf, pickupOf, refundOf, shipmentOf, startServer } from './support.ts';

const refund: Refund = { ...refundOf(), refundId: 're_1', status: 'succeeded' };
const json = (res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** What createRefund throws at this answer. */
async function thrownAt(answer: (res: ServerResponse) => void, timeoutMs = 2_000): Promise<unknown> {
  const { url } = await startServer((req, res) => {
    req.resume();
    answer(res);
  });
  return createPaymentsGateway({ baseUrl: `${url}/`, timeoutMs })
    .createRefund(refundOf())
    .then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
}

describe('a refusal', () => {
  it.each([400, 401, 402, 403, 404, 409, 410, 422])('is %i in the partner’s own words', async (status) => {
    const error = await thrownAt((res) => json(res, status, { code: 'no_way', message: 'No way' }));
    expect(error).toBeInstanceOf(PartnerRefusal);
    expect(error).toMatchObject({ code: 'no_way', message: 'No way' });
  });

  it('without a code is named after its status, and long words are cut', async () => {
    expect(await thrownAt((res) => json(res, 403, { error: 'x' }))).toMatchObject({
      code: 'http_403',
      message: 'payments refused: http_403',
    });
    expect((await thrownAt((res) => json(res, 422, { code: 'c', message: 'm'.repeat(5_000) }))) as Error).toMatchObject({
      message: 'm'.repeat(300),
    });
  });

  it.each([
    ['amount_mismatch', { amountMinor: 2_400 }],
    ['amount_mismatch', { currency: 'EUR' }],
    ['answer_mismatch', { key: 'C-2/refund' }],
    ['answer_mismatch', { caseId: 'C-2' }],
    ['answer_mismatch', { paymentId: 'pay-2' }],
    ['answer_mismatch', { chargeId: 'ch_1' }],
  ])('%s when the provider did something else: %o', async (code, part) => {
    const error = await thrownAt((res) => json(res, 201, { ...refund, ...part }));
    expect(error).toBeInstanceOf(PartnerRefusal);
    expect(error).toMatchObject({ code });
    expect(() => ensureRefundMatches({ ...refund, ...part }, refundOf())).toThrow(PartnerRefusal);
  });

  it('meets a charge, a refund of another source, a notice, entry, visit or claim that is not the one asked for', async () => {
    const { url } = await startServer((req, res) => {
      const path = req.url ?? '';
      const slot = { slotId: 's', startsAt: '2030-03-02T09:00:00.000Z', endsAt: '2030-03-02T11:00:00.000Z' };
      if (path.startsWith('/charges'))
        return json(res, 201, { ...chargeOf(), chargeId: 'ch', key: 'other', status: 'succeeded' });
      if (path.startsWith('/refunds')) return json(res, 201, refund); // of the payment, not of the charge
      if (path.startsWith('/disputes')) return json(res, 201, { ...proof, proofId: 'p', key: 'other', status: 'received' });
      if (path.startsWith('/entries')) return json(res, 201, { entryId: 'e', key: 'other', status: 'booked' });
      if (path.startsWith('/pickups'))
        return json(res, 201, { bookingId: 'b', key: 'other', shipmentKey: 'k', ...slot, status: 'booked' });
      if (path.startsWith('/claims')) return json(res, 201, { ...claim, claimId: 'c', key: 'other', status: 'filed' });
      return json(res, 201, { noticeId: 'n', key: 'other', status: 'accepted' });
    });
    const proof = { key: 'C-1/proof', disputeId: 'dp', refundId: 're' };
    const claim = claimOf({ trackingNo: 't' });
    const payments = createPaymentsGateway({ baseUrl: url });
    const carrier = createCarrierGateway({ baseUrl: url });
    const notifications = createNotificationsGateway({ baseUrl: url });
    const stock = createStockGateway({ baseUrl: url });
    for (const ask of [
      () => payments.createCharge(chargeOf()),
      () => payments.createRefund(refundOf({ chargeId: 'ch_1' })),
      () => payments.submitDisputeProof(proof),
      () => carrier.bookPickup(pickupOf()),
      () => carrier.findPickup(pickupOf()),
      () => carrier.fileClaim(claim),
      () => carrier.findClaim(claim),
      () => carrier.appealClaim(claim),
      () => notifications.sendNotice(noticeOf()),
      () => notifications.findNotice(noticeOf()),
      () => stock.bookIn(entryOf()),
      () => stock.findEntry(entryOf()),
    ]) {
      await expect<unknown>(ask()).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'answer_mismatch' });
    }
    const charge = { ...chargeOf(), chargeId: 'ch', amountMinor: 1, status: 'succeeded' as const };
    expect(() => ensureChargeMatches(charge, chargeOf())).toThrow('charged 1 GBP');
  });

  it('meets an order or shipment that is not the one asked for', async () => {
    const { url } = await startServer((req, res) => {
      const body = req.url?.startsWith('/shipments')
        ? { shipmentId: 's', key: 'other', caseId: 'C-9', channel: 'locker', trackingNo: 't', status: 'live' }
        : orderOf({ merchantId: 'm-2' });
      json(res, 200, body);
    });
    const orders = createOrdersGateway({ baseUrl: url });
    const carrier = createCarrierGateway({ baseUrl: url });
    const mismatch = { name: 'PartnerRefusal', code: 'answer_mismatch' };
    await expect(orders.findOrder({ merchantId: 'm-1', orderId: 'O-1' })).rejects.toMatchObject(mismatch);
    await expect(carrier.findShipment(shipmentOf())).rejects.toMatchObject(mismatch);
    await expect(carrier.prepareShipment(shipmentOf())).rejects.toMatchObject(mismatch);
  });
});

describe('a passing fault', () => {
  const html = { 'content-type': 'text/html' };
  it.each<[string, (res: ServerResponse) => void]>([
    ['500', (res) => json(res, 500, { code: 'oops' })],
    ['503 without JSON', (res) => res.writeHead(503, html).end('<h1>Sorry</h1>')],
    ['408', (res) => json(res, 408, { code: 'slow' })],
    ['425', (res) => json(res, 425, { code: 'early' })],
    ['429', (res) => json(res, 429, { code: 'busy' })],
    ['a twin in flight', (res) => json(res, 409, { code: 'in_flight', message: 'wait' })],
    ['an HTML page with 200', (res) => res.writeHead(200, html).end('<h1>Hello</h1>')],
    ['an HTML page with 404', (res) => res.writeHead(404, html).end('<h1>Not here</h1>')],
    ['JSON said to be text', (res) => res.writeHead(201, { 'content-type': 'text/plain' }).end(JSON.stringify(refund))],
    ['cut JSON', (res) => res.writeHead(201, { 'content-type': 'application/json' }).end('{"refundId":')],
    ['an error inside 200', (res) => json(res, 200, { code: 'card_closed', message: 'no' })],
    ['an empty body', (res) => res.writeHead(204).end()],
    ['a field of the wrong kind', (res) => json(res, 201, { ...refund, amountMinor: '2500' })],
    ['a redirect', (res) => res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
    ['a cut connection', (res) => void res.destroy()],
  ])('is %s', async (_what, answer) => {
    expect(await thrownAt(answer)).toBeInstanceOf(PartnerUnavailable);
  });

  it.each<[string, (res: ServerResponse) => void]>([
    [
      'more than 1 MB, though it is good JSON',
      (res) => res.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(refund) + ' '.repeat(1_048_576)),
    ],
    [
      'a body without end',
      (res) => {
        res.writeHead(201, { 'content-type': 'application/json' });
        const pour = () => {
          while (!res.destroyed && res.write('x'.repeat(65_536)));
        };
        res.on('drain', pour).on('error', () => undefined);
        pour();
      },
    ],
  ])('is %s', async (_what, answer) => {
    const error = await thrownAt(answer);
    expect(error).toBeInstanceOf(PartnerUnavailable);
    expect(error).toMatchObject({ message: 'payments sent more than 1048576 bytes' });
  });

  it.each<[string, (res: ServerResponse) => void]>([
    ['no answer at all', () => undefined],
    ['headers without a body', (res) => res.writeHead(201, { 'content-type': 'application/json' }).flushHeaders()],
    [
      'a slow drip',
      (res) => {
        res.writeHead(201, { 'content-type': 'application/json' });
        const drip = setInterval(() => res.write(' '), 10);
        res.on('close', () => clearInterval(drip));
      },
    ],
  ])('is %s past the time limit', async (_what, answer) => {
    const begin = performance.now();
    const error = await thrownAt(answer, 100);
    expect(error).toBeInstanceOf(PartnerUnavailable);
    expect(error).toMatchObject({ message: 'payments did not answer within 100 ms' });
    expect(performance.now() - begin).toBeLessThan(1_500);
  });

  it('is a partner nobody can reach, with the reason', async () => {
    const { url, close } = await startServer(() => undefined);
    await close();
    const refused = createOrdersGateway({ baseUrl: url }).findOrder({ merchantId: 'm', orderId: 'o' });
    await expect(refused).rejects.toMatchObject({ name: 'PartnerUnavailable', message: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([
    ['seconds', '7', 7_000],
    ['a date in the past', 'Thu, 01 Jan 2026 00:00:00 GMT', 0],
    ['a year, capped at an hour', '31536000', 3_600_000],
    ['nonsense', 'soon', undefined],
  ])('carries Retry-After in %s', async (_what, header, retryAfterMs) => {
    const error = (await thrownAt((res) => json(res, 503, {}, { 'retry-after': header }))) as PartnerUnavailable;
    expect(error.retryAfterMs).toBe(retryAfterMs);
  });

  it('never reads as "there is none": a wrong address is not an unknown order', async () => {
    const { url } = await startServer((_req, res) => json(res, 404, { code: 'not_found', message: 'No route' }));
    const refused = createOrdersGateway({ baseUrl: url }).findOrder({ merchantId: 'm', orderId: 'o' });
    await expect(refused).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'not_found' });
    await expect(createCarrierGateway({ baseUrl: url }).findShipment({ key: 'k' })).rejects.toBeInstanceOf(PartnerRefusal);
  });
});
