/**
 * Faults on order: which call of which partner misbehaves, how, and how often. They live in memory: a restart clears them.
 * Effects that outlive a fault (a pending refund) are rows of the partner's ledger, not of this plan.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import { z } from 'zod';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

export const partners = ['orders', 'payments', 'carrier'] as const;
export type Partner = (typeof partners)[number];

const operations = [
  'find_order',
  'create_refund',
  'find_refund',
  'prepare_shipment',
  'find_shipment',
  'void_shipment',
  'webhook',
] as const;
export type Operation = (typeof operations)[number];

const faultKinds = [
  'refuse',
  'unavailable',
  'rate_limited',
  'timeout_after_effect',
  'pending',
  'pending_then_failed',
  'garbage',
  'duplicate_webhook',
  'delay',
] as const;
type FaultKind = (typeof faultKinds)[number];

const operationsOf: Record<Partner, readonly Operation[]> = {
  orders: ['find_order'],
  payments: ['create_refund', 'find_refund', 'webhook'],
  carrier: ['prepare_shipment', 'find_shipment', 'void_shipment', 'webhook'],
};
const calls = operations.filter((operation) => operation !== 'webhook');
const suits: Record<FaultKind, readonly Operation[]> = {
  refuse: calls,
  unavailable: operations,
  rate_limited: calls,
  timeout_after_effect: operations,
  garbage: operations,
  delay: operations,
  pending: ['create_refund'],
  pending_then_failed: ['create_refund'],
  duplicate_webhook: ['webhook'],
};

const matchable = ['caseId', 'orderId', 'paymentId', 'key'] as const;
/** What is known about one call or delivery; a fault's `match` is compared with it. */
export type Facts = Partial<Record<(typeof matchable)[number], string>>;
const knownOf: Record<Operation, readonly (typeof matchable)[number][]> = {
  find_order: ['orderId', 'paymentId'],
  create_refund: ['caseId', 'orderId', 'paymentId', 'key'],
  find_refund: ['caseId'],
  prepare_shipment: ['caseId', 'key'],
  find_shipment: ['caseId', 'key'],
  void_shipment: ['caseId', 'key'],
  webhook: matchable,
};

const refusals: Partial<Record<Operation, [status: number, code: string, message: string]>> = {
  create_refund: [402, 'card_closed', 'The card account is closed'],
  prepare_shipment: [422, 'address_not_served', 'No driver serves this address'],
  void_shipment: [409, 'already_scanned', 'The parcel is under way already'],
};
const withheldMs = 30_000;

/** A fault that could never fire is refused at once: a test that waits for it would prove nothing. */
export const faultRequestSchema = z
  .strictObject({
    partner: z.enum(partners),
    operation: z.enum(operations),
    match: z.partialRecord(z.enum(matchable), z.string().min(1)).optional(),
    fault: z.enum(faultKinds),
    code: z.string().min(1).optional(),
    message: z.string().min(1).optional(),
    times: z
      .int()
      .min(-1)
      .refine((times) => times !== 0, 'a positive number, or -1 for good')
      .default(1),
    latencyMs: z.int().nonnegative().max(600_000).optional(),
  })
  .superRefine((fault, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (!operationsOf[fault.partner].includes(fault.operation)) {
      complain('operation', `${fault.partner} has ${operationsOf[fault.partner].join(', ')}`);
    }
    if (!suits[fault.fault].includes(fault.operation)) {
      complain('fault', `${fault.fault} suits ${suits[fault.fault].join(', ')}`);
    }
    for (const name of Object.keys(fault.match ?? {})) {
      if (!knownOf[fault.operation].some((known) => known === name)) complain('match', `${fault.operation} never knows ${name}`);
    }
    if (fault.fault === 'delay' && fault.latencyMs === undefined) complain('latencyMs', 'delay needs it');
  });

/** `left` is -1 for a fault without end; `fired` tells whether it ever struck. */
export interface Fault extends z.output<typeof faultRequestSchema> {
  id: string;
  fired: number;
  left: number;
}

export type Faults = ReturnType<typeof createFaults>;

export function createFaults() {
  let plan: Fault[] = [];

  return {
    add(request: z.output<typeof faultRequestSchema>): Fault {
      const fault: Fault = { id: readableId('fault_'), ...request, fired: 0, left: request.times };
      plan.push(fault);
      return fault;
    },
    list: (): readonly Fault[] => plan,
    /** False when there is no such fault. */
    remove(id: string): boolean {
      const before = plan.length;
      plan = plan.filter((fault) => fault.id !== id);
      return plan.length < before;
    },
    clear(): void {
      plan = [];
    },
    /** The oldest live fault that matches, used up by one. */
    take(partner: Partner, operation: Operation, facts: Facts): Fault | undefined {
      const fault = plan.find(
        (candidate) =>
          candidate.partner === partner &&
          candidate.operation === operation &&
          candidate.left !== 0 &&
          matchable.every((name) => candidate.match?.[name] === undefined || candidate.match[name] === facts[name]),
      );
      if (!fault) return undefined;
      fault.fired += 1;
      if (fault.left > 0) fault.left -= 1;
      return fault;
    },
  };
}

/** Waits for the fault's latency. Operations call it while they hold the key, so that a twin meets them in flight. */
export async function pause(fault: Fault | undefined): Promise<void> {
  const ownMeaning = fault?.fault === 'timeout_after_effect' || fault?.fault === 'pending_then_failed';
  if (fault?.latencyMs && !ownMeaning) await sleep(fault.latencyMs, undefined, { ref: false });
}

/**
 * Sends what `perform` answers, bent by the fault. `refuse`, `unavailable` and `rate_limited` have no effect; `timeout_after_effect`
 * and `garbage` have it and hide it: the worst a caller can meet.
 */
export async function answerUnder(fault: Fault | undefined, res: Response, perform: () => Promise<Answer>): Promise<void> {
  switch (fault?.fault) {
    case 'refuse':
    case 'unavailable':
    case 'rate_limited':
      await pause(fault);
      throw refusalOf(fault);
    case 'timeout_after_effect':
      await perform().catch(hideRefusal);
      await withhold(res, fault.latencyMs ?? withheldMs);
      return;
    case 'garbage':
      await perform().catch(hideRefusal);
      res.status(200).type('html').send('<html><body><h1>Welcome</h1></body></html>');
      return;
    default: {
      const { status, body } = await perform();
      res.status(status).json(body);
    }
  }
}

function refusalOf({ fault, operation, code, message }: Fault): SimulatorRefusal {
  if (fault === 'unavailable') {
    return new SimulatorRefusal(503, code ?? 'unavailable', message ?? 'The partner is away for a while');
  }
  if (fault === 'rate_limited') {
    return new SimulatorRefusal(429, code ?? 'rate_limited', message ?? 'Too many requests', { 'retry-after': '1' });
  }
  const [status, itsCode, itsMessage] = refusals[operation] ?? [403, 'not_permitted', 'This account may not do that'];
  return new SimulatorRefusal(status, code ?? itsCode, message ?? itsMessage);
}

/** The caller of a faulty operation hears nothing, so not of a refusal either; anything else is a bug and passes. */
function hideRefusal(error: unknown): void {
  if (!(error instanceof SimulatorRefusal)) throw error;
}

/** No answer until the caller gives up or the time is over, then a cut connection. */
async function withhold(res: Response, ms: number): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  res.once('close', leave);
  if (!res.destroyed) await sleep(ms, undefined, { ref: false, signal: gone.signal }).catch(() => undefined);
  res.off('close', leave);
  res.destroy();
}
