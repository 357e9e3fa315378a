/**
 * The door of the systems that are libraries: each application listens with the same few routes on node:http, so that the driver is one.
 * POST /cases/ID opens; POST /cases/ID/approve|received|inspected is a message; /inspected?wait answers once the case is closed.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { ReturnInput } from './provider/client.ts';

export type MessageName = 'approve' | 'received' | 'inspected';
export interface Message {
  readonly units: number;
}
export interface View {
  readonly stage: string;
  readonly units: number;
}
/** Thrown by an application: the message is not possible now. */
export class Refused extends Error {}

export interface Application {
  /** Answers once the case is recorded. */
  open(caseId: string, input: ReturnInput): Promise<void>;
  /** Answers once the message is recorded, or later: each system says in its README line. */
  message(caseId: string, name: MessageName, message: Message, key: string): Promise<void>;
  /** Answers when the case is closed. */
  closed(caseId: string): Promise<void>;
  look(caseId: string): Promise<View>;
}

async function bodyOf(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString('utf8')) : {};
}

async function handle(app: Application, req: IncomingMessage): Promise<object> {
  const url = new URL(req.url ?? '/', 'http://door');
  const [, , caseId = '', name] = url.pathname.split('/');
  if (req.method === 'GET') return app.look(caseId);
  const body = await bodyOf(req);
  if (!name) await app.open(caseId, body as ReturnInput);
  else {
    await app.message(caseId, name as MessageName, body as Message, String(req.headers['idempotency-key']));
    if (url.searchParams.has('wait')) await app.closed(caseId);
  }
  return { caseId };
}

export function serve(app: Application): void {
  const server = createServer((req, res) => {
    const answer = (status: number, body: object) => {
      const text = JSON.stringify(body);
      res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
    };
    handle(app, req).then(
      (body) => answer(200, body),
      (err: Error) => answer(err instanceof Refused ? 409 : 500, { message: err.message }),
    );
  });
  server.keepAliveTimeout = 65_000;
  server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('application listening'));
}
