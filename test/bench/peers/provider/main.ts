/**
 * The one fake provider that all systems call: pickups (provider 1) and refunds (provider 2), each effect a row in a ledger that only grows.
 * It honours an Idempotency-Key where one is sent, unless told to ignore them; told to hold, it takes a refund and keeps its answer back.
 */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

interface Row {
  readonly kind: 'pickup' | 'refund';
  readonly caseId: string;
  readonly key?: string;
  readonly answer: object;
}

const ledger = createWriteStream(process.env.LEDGER!, { flags: 'a' });
const ofCase = new Map<string, Row[]>();
const ofKey = new Map<string, Row>();
const held = new Set<ServerResponse>();
let honoursKeys = true;
let holding = false;
/** Withheld answers since the holding began, also those whose caller has gone. */
let heldSince = 0;

const send = (res: ServerResponse, body: object, status = 200) => {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
};

function take(kind: Row['kind'], caseId: string, key: string | undefined, body: Record<string, unknown>): object {
  const known = honoursKeys && key ? ofKey.get(`${kind}/${key}`) : undefined;
  if (known) return known.answer;
  const { paymentId, amountMinor, currency } = body;
  const id = randomUUID();
  const answer =
    kind === 'pickup'
      ? { bookingId: id, caseId }
      : { refundId: id, key: body.key ?? id, caseId, paymentId, amountMinor, currency, status: 'succeeded' };
  const row: Row = { kind, caseId, answer, ...(key ? { key } : {}) };
  ledger.write(`${JSON.stringify(row)}\n`);
  ofCase.set(caseId, [...(ofCase.get(caseId) ?? []), row]);
  if (key) ofKey.set(`${kind}/${key}`, row);
  return answer;
}

const rowsOf = (caseId: string, kind: Row['kind']) => (ofCase.get(caseId) ?? []).filter((row) => row.kind === kind);

function control(told: { honoursKeys?: boolean; hold?: boolean }): object {
  honoursKeys = told.honoursKeys ?? honoursKeys;
  if (told.hold !== undefined) {
    holding = told.hold;
    heldSince = 0;
    // Whoever still waits is gone or will ask again: its answer is never given.
    if (!holding) for (const res of held) res.destroy();
    held.clear();
  }
  return { honoursKeys, holding };
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://provider');
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>) : {};
  const route = `${req.method} ${url.pathname}`;
  const caseId = (body.caseId as string | undefined) ?? url.searchParams.get('caseId') ?? '';
  const key = req.headers['idempotency-key'] as string | undefined;
  if (route === 'POST /pickups') return send(res, take('pickup', caseId, key, body), 201);
  if (route === 'POST /refunds') {
    const taken = take('refund', caseId, key, body);
    if (!holding) return send(res, taken, 201);
    heldSince++;
    held.add(res);
    return;
  }
  if (route === 'GET /refunds') return send(res, { refunds: rowsOf(caseId, 'refund').map((row) => row.answer) });
  if (route === 'GET /charges') return send(res, { charges: [] });
  if (route === 'GET /count')
    return send(res, { refunds: rowsOf(caseId, 'refund').length, pickups: rowsOf(caseId, 'pickup').length });
  if (route === 'GET /held') return send(res, { held: heldSince });
  if (route === 'POST /control') return send(res, control(body));
  send(res, { code: 'not_found', message: route }, 404);
}

const server = createServer((req, res) => {
  answer(req, res).catch((err: Error) => send(res, { code: 'internal', message: err.message }, 500));
});
server.keepAliveTimeout = 65_000;
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('provider listening'));
