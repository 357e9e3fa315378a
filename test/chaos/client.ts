/**
 * Callers as they are in life: they click twice, hang up before the answer, and ask again later. Hears every answer of the API and notes what no
 * answer may be: another one to the same key, a case that goes back, an error without a name.
 */
import { setTimeout as pause } from 'node:timers/promises';

export interface Acknowledged {
  readonly key: string;
  /** `open`, or the path of the command. */
  readonly what: string;
  readonly caseId: string;
  readonly token: string;
}
export interface Heard {
  readonly acknowledged: Acknowledged[];
  readonly violations: { readonly invariant: string; readonly caseId?: string; readonly what: string }[];
  /** Calls whose line broke; those whose line broke once more when they were repeated; and revisions that a reader saw and that were gone again. */
  readonly lines: { calls: number; broken: number; brokenTwice: Record<string, number>; phantoms: number };
  readonly fired: Record<string, number>;
}
interface Rudeness {
  readonly twin: number;
  readonly hangUp: number;
  readonly again: number;
}
const usualRudeness: Rudeness = { twin: 0.06, hangUp: 0.05, again: 0.06 };

/** Connections that broke together are gone by then. */
const retryMs = 200;

/** Whose line breaks is heard as in life: fetch throws. `during`: the trouble of the moment. */
export function rudeClient(
  apiUrl: string,
  random: () => number,
  { rudeness = usualRudeness, during }: { rudeness?: Rudeness; during: () => string },
) {
  const heard: Heard = {
    acknowledged: [],
    violations: [],
    lines: { calls: 0, broken: 0, brokenTwice: {}, phantoms: 0 },
    fired: {},
  };
  const answers = new Map<string, string>();
  const seenAt = new Map<string, readonly [generation: number, revision: number]>();
  const fire = (what: string) => void (heard.fired[what] = (heard.fired[what] ?? 0) + 1);

  async function ask(url: string, init: RequestInit): Promise<Response> {
    heard.lines.calls += 1;
    try {
      return await fetch(url, init);
    } catch (err) {
      if (init.signal?.aborted) throw err;
      heard.lines.broken += 1;
      await pause(retryMs);
      if (init.signal?.aborted) throw err; // the caller has gone meanwhile
      return fetch(url, init).catch((again: Error) => {
        const cause = `${during()}: ${(again.cause as { code?: string } | undefined)?.code ?? again.name}`;
        heard.lines.brokenTwice[cause] = (heard.lines.brokenTwice[cause] ?? 0) + 1;
        throw again;
      });
    }
  }

  async function command(url: string, init: RequestInit, key: string): Promise<Response> {
    const [twin, hangUp, again] = [random() < rudeness.twin, random() < rudeness.hangUp, random() < rudeness.again];
    if (hangUp) {
      fire('F03 hung up before the answer');
      const signal = AbortSignal.timeout(1 + Math.floor(random() * 60));
      return note(await ask(url, { ...init, signal }), url, init, key);
    }
    if (twin) {
      fire('F27 the same call twice at once');
      const both = await Promise.all([ask(url, init), ask(url, init)].map((call) => call.catch((err: unknown) => err as Error)));
      const replies = await Promise.all(both.map(async (one) => (one instanceof Error ? one : note(one, url, init, key))));
      const best = replies.find((one) => !(one instanceof Error) && one.ok) ?? replies.find((one) => !(one instanceof Error));
      if (!best) throw replies[0];
      return best as Response;
    }
    const reply = await note(await ask(url, init), url, init, key);
    if (again && reply.ok) {
      fire('F27 the same call again, later');
      void pause(500 + random() * 2_000).then(() =>
        ask(url, init).then(
          (later) => note(later, url, init, key),
          () => undefined,
        ),
      );
    }
    return reply;
  }

  /** Keeps what was said; the body can be read once more by the caller. */
  async function note(reply: Response, url: string, init: RequestInit, key: string): Promise<Response> {
    const text = await reply.text();
    const token = String(new Headers(init.headers).get('authorization')).replace('Bearer ', '');
    const path = new URL(url).pathname.split('/');
    let caseId = path[2];
    if (reply.ok && reply.status !== 202) {
      caseId ??= (JSON.parse(text) as { caseId: string }).caseId;
      const name = `${token}/${key}`;
      const before = answers.get(name);
      if (before === undefined) heard.acknowledged.push({ key, what: path[3] ?? 'open', caseId, token });
      else if (before !== text)
        heard.violations.push({ invariant: 'I9', caseId, what: `another answer to ${key}: ${text}, before ${before}` });
      answers.set(name, before ?? text);
    }
    checkError(reply, text, caseId);
    return new Response(text, { status: reply.status, headers: reply.headers });
  }

  function checkError(reply: Response, text: string, caseId: string | undefined): void {
    if (reply.ok) return;
    const problem = parsed(text) as { code?: string; requestId?: string; status?: number };
    const isNamed = problem?.code && problem.requestId && problem.status === reply.status;
    const isBug = reply.status >= 500 && reply.status !== 503;
    if (isNamed && !isBug && !/\bat .+:\d+:\d+/.test(text)) return;
    heard.violations.push({ invariant: 'I22', caseId, what: `${reply.status} ${text.slice(0, 300)}` });
  }

  /** One reader, one call after the other: shown before its task was committed, a revision may be gone again. What is stored never goes back (I11). */
  async function read(url: string, init: RequestInit): Promise<Response> {
    const known = seenAt.get(url);
    const reply = await ask(url, init);
    const text = await reply.text();
    if (reply.ok) {
      const { revision, generation = 1 } = parsed(text) as { revision?: number; generation?: number };
      if (revision !== undefined) {
        if (known && (generation < known[0] || (generation === known[0] && revision < known[1]))) heard.lines.phantoms += 1;
        seenAt.set(url, [generation, revision]);
      }
    } else checkError(reply, text, undefined);
    return new Response(text, { status: reply.status, headers: reply.headers });
  }

  const call: typeof fetch = async (input, init = {}) => {
    const url = input instanceof Request ? input.url : input.toString();
    if (!url.startsWith(apiUrl)) return fetch(url, init);
    const key = new Headers(init.headers).get('idempotency-key');
    return key ? command(url, init, key) : read(url, init);
  };
  return { call, heard };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
