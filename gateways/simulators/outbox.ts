/**
 * Sends a partner's webhooks, signed as Standard Webhooks ask, until the receiver says 2xx. Events of one subject keep their order.
 * The queue itself lives in the partner's ledger: an event is part of the row of its cause, its end is a row of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Webhook } from 'standardwebhooks';
import type { PartnerEvent } from '../../contracts/partners.ts';
import type { Facts, Partner } from './fault-words.ts';
import type { Fault, Faults } from './faults.ts';

/** `id` goes out as `webhook-id`, the same on every try. `subject` is the refund, shipment or the like whose events keep their order. */
export interface OutgoingEvent {
  id: string;
  subject: string;
  facts: Facts;
  body: PartnerEvent;
}

/** The row that ends an event. A given-up or lost event is sent again only on request. */
export interface WebhookEndRow {
  type: 'webhook_delivered' | 'webhook_given_up' | 'webhook_lost';
  effect: { eventId: string; tries: number };
}

export interface DeliveryOptions {
  triesMax: number;
  backoffFirstMs: number;
  backoffMaxMs: number;
  /** Deliveries under way at once, per partner. */
  concurrency: number;
  attemptMs: number;
}

const lateMs = 1_000;
const overtakenMsMax = 5_000;
const defaultDelivery: DeliveryOptions = {
  triesMax: 30,
  backoffFirstMs: 200,
  backoffMaxMs: 5_000,
  concurrency: 8,
  attemptMs: 5_000,
};

export interface OutboxDeps {
  partner: Partner;
  /** Without a target nothing is sent, and events wait in the ledger. */
  target?: string;
  secret?: string;
  faults: Faults;
  delivery?: Partial<DeliveryOptions>;
  log: Logger;
}

/** `recordEnd` makes the end of an event durable; the next event of the same subject waits for it. */
export function createOutbox(deps: OutboxDeps, recordEnd: (row: WebhookEndRow) => Promise<void>) {
  const limits = { ...defaultDelivery, ...deps.delivery };
  const open = new Map<string, OutgoingEvent>();
  const unheard = new Map<string, OutgoingEvent>();
  const counts = { delivered: 0, givenUp: 0, lost: 0 };
  const overtaking = createOvertaking();
  const lanes = new Map<string, OutgoingEvent[]>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const attempt = createSender(deps, limits, stopping.signal);
  let started = false;

  function send(event: OutgoingEvent): void {
    if (!started || stopping.signal.aborted) return;
    const lane = lanes.get(event.subject);
    if (lane) {
      lane.push(event);
      return;
    }
    lanes.set(event.subject, [event]);
    track(runLane(event.subject));
  }

  async function runLane(subject: string): Promise<void> {
    const lane = lanes.get(subject) ?? [];
    for (let event = lane[0]; event && !stopping.signal.aborted; event = lane[0]) {
      await deliver(event);
      lane.shift();
    }
    lanes.delete(subject);
  }

  /** An event that is late already is not held back again. */
  async function deliver(event: OutgoingEvent, late = false): Promise<void> {
    for (let tries = 1; tries <= limits.triesMax; tries += 1) {
      const first = tries === 1;
      const name = first ? nameOf(event) : null; // chance has one say
      const fault = late && first ? undefined : deps.faults.take(deps.partner, 'webhook', event.facts, name);
      if (fault?.fault === 'lost_webhook') return recordEnd({ type: 'webhook_lost', effect: { eventId: event.id, tries } });
      const heldBack = late ? undefined : holdBack(event, fault);
      if (heldBack) return track(heldBack);
      if (await attempt(event, fault)) return delivered(event, tries);
      if (stopping.signal.aborted) return;
      const backoffMs = Math.min(limits.backoffFirstMs * 2 ** (tries - 1), limits.backoffMaxMs);
      if (tries < limits.triesMax) await rest(backoffMs, stopping.signal);
      if (stopping.signal.aborted) return;
    }
    deps.log.warn({ partner: deps.partner, eventId: event.id }, 'webhook given up');
    return recordEnd({ type: 'webhook_given_up', effect: { eventId: event.id, tries: limits.triesMax } });
  }

  async function delivered(event: OutgoingEvent, tries: number): Promise<void> {
    await recordEnd({ type: 'webhook_delivered', effect: { eventId: event.id, tries } });
    overtaking.tell(event.subject);
  }

  /** Undefined: nothing holds it back. */
  function holdBack(event: OutgoingEvent, fault: Fault | undefined): Promise<void> | undefined {
    switch (fault?.fault) {
      case 'delay':
      case 'late_webhook':
        return deliverLate(event, rest(fault.latencyMs ?? lateMs, stopping.signal));
      case 'reorder_webhook':
        return deliverLate(event, overtaking.wait(event.subject, fault.latencyMs ?? overtakenMsMax, stopping.signal));
      default:
        return undefined;
    }
  }

  /** Out of its lane, so that later events overtake it. */
  async function deliverLate(event: OutgoingEvent, due: Promise<void>): Promise<void> {
    await due;
    if (!stopping.signal.aborted) await deliver(event, true);
  }

  function track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((err: unknown) => deps.log.error({ err, partner: deps.partner }, 'webhook delivery stopped'))
      .finally(() => running.delete(tracked));
    running.add(tracked);
  }

  return {
    send,
    /** Keeps the queue in step with the ledger; to be called for every row, replayed or new. */
    note(row: { type: string; event?: OutgoingEvent } | WebhookEndRow): void {
      if ('event' in row && row.event) open.set(row.event.id, row.event);
      if (!isEnd(row)) return;
      const { eventId } = row.effect;
      const event = open.get(eventId);
      if (event && row.type !== 'webhook_delivered') unheard.set(eventId, event);
      open.delete(eventId);
      counts[endings[row.type]] += 1;
    },
    /** Sends what was lost or given up, as a provider does whom its customer asks; how many. */
    resend(): number {
      const events = [...unheard.values()];
      unheard.clear();
      for (const event of events) track(deliver(event, true));
      return events.length;
    },
    /** Begins with what an earlier process left undelivered. */
    start(): void {
      if (started || !deps.target || !deps.secret) return;
      started = true;
      for (const event of open.values()) send(event);
    },
    /** Cuts deliveries under way; they are repeated after the next start. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(running);
    },
    totals: () => ({ ...counts, pending: open.size }),
  };
}

const endings = { webhook_delivered: 'delivered', webhook_given_up: 'givenUp', webhook_lost: 'lost' } as const;

function isEnd(row: { type: string }): row is WebhookEndRow {
  return row.type in endings;
}

/** The same in every run, unlike the id. */
function nameOf({ facts, body }: OutgoingEvent): string {
  const { data } = body;
  const told = 'code' in data ? data.code : 'outcome' in data ? data.outcome : 'result' in data ? data.result : undefined;
  return [facts.key ?? facts.paymentId, body.type, told].filter((word) => word !== undefined).join('/');
}

/** Waits that end early when another event of the same subject has been delivered. */
function createOvertaking() {
  const waiting = new Map<string, Set<AbortController>>();

  return {
    async wait(subject: string, ms: number, stopping: AbortSignal): Promise<void> {
      const wait = new AbortController();
      const ofSubject = waiting.get(subject) ?? new Set();
      waiting.set(subject, ofSubject.add(wait));
      await rest(ms, AbortSignal.any([wait.signal, stopping]));
      ofSubject.delete(wait);
      if (ofSubject.size === 0) waiting.delete(subject);
    },
    tell(subject: string): void {
      for (const wait of waiting.get(subject) ?? []) wait.abort();
    },
  };
}

/** One try: true when the receiver said 2xx and, as far as the sender knows, the event arrived. Never throws. */
function createSender(deps: OutboxDeps, limits: DeliveryOptions, stopping: AbortSignal) {
  const signer = deps.secret ? new Webhook(deps.secret) : undefined;
  const inTurn = createTurns(limits.concurrency);

  async function post(event: OutgoingEvent, spoil: boolean): Promise<boolean> {
    if (!signer || !deps.target) return false;
    const content = JSON.stringify(event.body);
    const sentAt = new Date();
    const limit = new AbortController();
    const cut = () => limit.abort();
    const timer = setTimeout(cut, limits.attemptMs);
    stopping.addEventListener('abort', cut, { once: true });
    try {
      if (stopping.aborted) return false;
      const response = await fetch(deps.target, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': event.id,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
          'webhook-signature': signer.sign(event.id, sentAt, content),
        },
        body: spoil ? content.slice(0, -1) : content, // the signature is that of the whole
        redirect: 'manual',
        signal: limit.signal,
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      stopping.removeEventListener('abort', cut);
    }
  }

  return (event: OutgoingEvent, fault: Fault | undefined): Promise<boolean> =>
    inTurn(async () => {
      switch (fault?.fault) {
        case 'unavailable':
          return false; // lost on the way
        case 'timeout_after_effect':
          await post(event, false);
          return false; // the receiver's answer is lost, so it comes again
        case 'garbage':
          return post(event, true);
        case 'duplicate_webhook':
          return (await Promise.all([post(event, false), post(event, false)])).every(Boolean); // at once: each finds the other not done
        default:
          return post(event, false);
      }
    });
}

/** Runs at most `limit` pieces of work at once, in the order asked. */
function createTurns(limit: number) {
  const queue: (() => void)[] = [];
  let busy = 0;

  return async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (busy < limit) busy += 1;
    else await new Promise<void>((resolve) => queue.push(resolve)); // whoever ends hands its turn over
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else busy -= 1;
    }
  };
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
