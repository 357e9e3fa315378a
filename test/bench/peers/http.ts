/** Small JSON calls over kept connections: what the driver, the applications and the provider's clients share, so that all pay the same for HTTP. */
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

export interface Reply {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface Call {
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
}

/** Rejects when there is no answer at all; any status is an answer. */
export function call(method: string, url: string, { body, headers = {}, timeoutMs = 30_000 }: Call = {}): Promise<Reply> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const typed =
    text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  return new Promise((resolve, reject) => {
    const out = request(url, { method, agent, headers: { ...typed, ...headers }, timeout: timeoutMs }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString('utf8')) }));
    });
    out.on('timeout', () => out.destroy(new Error(`no answer within ${timeoutMs} ms: ${method} ${url}`)));
    out.on('error', reject);
    out.end(text);
  });
}

/** The same, and anything but a 2xx is an error. */
export async function ask(method: string, url: string, more?: Call): Promise<Reply['body']> {
  const { status, body } = await call(method, url, more);
  if (status < 200 || status > 299) throw new Error(`${status} ${method} ${new URL(url).pathname}: ${JSON.stringify(body)}`);
  return body;
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
