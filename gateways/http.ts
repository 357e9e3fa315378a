/**
 * One HTTP exchange with a partner: time limit, size cap, JSON alone, and two kinds of failure that callers can tell apart.
 * It never repeats a request; whoever calls decides that (in Mendline: Temporal's retry policy).
 */
import type { ZodType } from 'zod';

const defaultTimeoutMs = 4_000;
const answerBytesMax = 1_048_576;
const retryAfterMsMax = 3_600_000;
const messageLengthMax = 300;

/** `baseUrl` is the partner's own root without a trailing path of ours, e.g. `http://127.0.0.1:4100/payments`. */
export interface PartnerOptions {
  baseUrl: string;
  /** For the whole exchange, the last byte of the body included. Default 4,000. */
  timeoutMs?: number;
}

/** The partner said no, and will say no again: a person has to look. `code` is the partner's own word, `message` is for people. */
export class PartnerRefusal extends Error {
  override readonly name = 'PartnerRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A passing fault: the same request may work later, and it may already have taken effect. `retryAfterMs` is the partner's wish. */
export class PartnerUnavailable extends Error {
  override readonly name = 'PartnerUnavailable';
  readonly retryAfterMs?: number;

  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

export interface PartnerCall<T> {
  method: 'GET' | 'POST';
  /** Below the base URL, already escaped, with a leading slash. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  answer: ZodType<T>;
}

/** Makes one call to the partner it was created for. */
export type Call = ReturnType<typeof createPartnerClient>;

/** Returns a function that makes one call and throws PartnerRefusal or PartnerUnavailable, nothing else. */
export function createPartnerClient(partner: string, options: PartnerOptions) {
  const root = options.baseUrl.replace(/\/+$/, '');
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;

  return async function call<T>(request: PartnerCall<T>): Promise<T> {
    const query = request.query ? `?${new URLSearchParams(request.query).toString()}` : '';
    const reply = await exchange(partner, `${root}${request.path}${query}`, request, timeoutMs);
    const body = parseJson(reply);
    if (reply.status >= 300) throw failureOf(partner, reply, body);

    const parsed = request.answer.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new PartnerUnavailable(`${partner} sent an answer that does not fit the contract`, { cause: parsed.error });
  };
}

/**
 * One path segment, escaped; undefined if the text cannot be one. URL parsers fold `.` and `..`, even escaped, into another address,
 * and a lone surrogate has no encoding: no partner knows a thing by such a name.
 */
export function pathSegment(text: string): string | undefined {
  if (text === '' || text === '.' || text === '..') return undefined;
  try {
    return encodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** True for the partner's no with this code. */
export function isRefusal(error: unknown, code: string): boolean {
  return error instanceof PartnerRefusal && error.code === code;
}

/** A look-up; undefined when the partner refuses it with `code`: there is no such thing. */
export async function unlessRefused<T>(code: string, lookUp: () => Promise<T>): Promise<T | undefined> {
  try {
    return await lookUp();
  } catch (error) {
    if (isRefusal(error, code)) return undefined;
    throw error;
  }
}

interface Reply {
  status: number;
  isJson: boolean;
  retryAfter: string | null;
  text: string;
}

async function exchange(partner: string, url: string, request: PartnerCall<unknown>, timeoutMs: number): Promise<Reply> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(new PartnerUnavailable(`${partner} did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      redirect: 'manual', // a redirect could lead inward; it counts as a failure
      signal: limit.signal,
    });
    return {
      status: response.status,
      isJson: /^application\/([\w.-]+\+)?json\b/i.test(response.headers.get('content-type') ?? ''),
      retryAfter: response.headers.get('retry-after'),
      text: await readCapped(partner, response, limit.signal),
    };
  } catch (cause) {
    if (cause instanceof PartnerUnavailable) throw cause;
    if (limit.signal.aborted) throw limit.signal.reason;
    throw new PartnerUnavailable(`${partner} could not be reached: ${rootMessage(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Reads the body up to the cap. The limit cancels the reader itself: a slow drip must not outlive it. */
async function readCapped(partner: string, response: Response, limit: AbortSignal): Promise<string> {
  if (!response.body) return '';
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  limit.addEventListener('abort', cancel, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (limit.aborted) throw limit.reason;
      if (done) return Buffer.concat(chunks).toString('utf8');
      size += value.byteLength;
      if (size > answerBytesMax) {
        cancel();
        throw new PartnerUnavailable(`${partner} sent more than ${answerBytesMax} bytes`);
      }
      chunks.push(value);
    }
  } finally {
    limit.removeEventListener('abort', cancel);
  }
}

function parseJson(reply: Reply): unknown {
  if (!reply.isJson) return undefined;
  try {
    return JSON.parse(reply.text);
  } catch {
    return undefined;
  }
}

/**
 * A refusal counts as the partner's word only if it is a JSON object: an HTML 404 may come from whatever stands in between,
 * and believing it could mean "no such refund" where there is one.
 */
function failureOf(partner: string, reply: Reply, body: unknown): PartnerRefusal | PartnerUnavailable {
  const { status } = reply;
  const words = typeof body === 'object' && body !== null ? (body as { code?: unknown; message?: unknown }) : undefined;
  const code = typeof words?.code === 'string' && words.code !== '' ? words.code : `http_${status}`;
  const passing =
    status < 400 || status >= 500 || [408, 425, 429].includes(status) || (status === 409 && code === 'in_flight') || !words;
  if (passing) {
    return new PartnerUnavailable(`${partner} answered ${status}${words ? ` ${code}` : ''}`, {
      retryAfterMs: readRetryAfter(reply.retryAfter),
    });
  }
  const message = typeof words.message === 'string' && words.message !== '' ? words.message : `${partner} refused: ${code}`;
  return new PartnerRefusal(code.slice(0, messageLengthMax), message.slice(0, messageLengthMax));
}

/** Seconds or an HTTP date; capped at an hour, so that a typing error at the partner cannot park a case for a year. */
function readRetryAfter(header: string | null): number | undefined {
  if (!header) return undefined;
  const wishMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(wishMs) ? undefined : Math.min(Math.max(wishMs, 0), retryAfterMsMax);
}

/** fetch hides the reason (ECONNREFUSED and the like) one level down. */
function rootMessage(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (!(current instanceof Error)) return String(current);
  return current.message || ((current as NodeJS.ErrnoException).code ?? current.name);
}
