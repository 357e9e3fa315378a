/**
 * Faults on order: which call of which partner misbehaves, how, and how often. They live in memory: a restart clears them.
 * Effects that outlive a fault (a pending refund) are rows of the partner's ledger, not of this plan.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import { type Facts, type FaultKind, type FaultRequest, matchable, type Operation, type Partner } from './fault-words.ts';
import { createLies } from './lies.ts';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

const refusals: Partial<Record<Operation, [status: number, code: string, message: string]>> = {
  create_refund: [402, 'card_closed', 'The card account is closed'],
  create_charge: [402, 'card_declined', 'The card was declined'],
  prepare_shipment: [422, 'address_not_served', 'No driver serves this address'],
  void_shipment: [409, 'already_scanned', 'The parcel is under way already'],
  intercept_shipment: [409, 'delivered', 'The parcel is delivered'],
  book_pickup: [409, 'slot_taken', 'Another was faster: this slot is taken'],
  cancel_pickup: [409, 'driver_on_the_way', 'The driver is on the way'],
  appeal_claim: [409, 'no_appeal_left', 'This claim has been appealed already'],
  withdraw_claim: [409, 'claim_paid', 'This claim is paid'],
  send_notice: [422, 'contact_unknown', 'Nobody is known by this reference'],
  book_in: [422, 'sku_unknown', 'The warehouse does not keep this article'],
};
const withheldMs = 30_000;

/** `left` is -1 for a fault without end; `fired` tells whether it ever struck. */
export interface Fault extends FaultRequest {
  id: string;
  fired: number;
  left: number;
}

export type Faults = ReturnType<typeof createFaults>;

export function createFaults() {
  let plan: Fault[] = [];
  const lies = createLies();

  return {
    lies,
    add(request: FaultRequest): Fault {
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
    /**
     * The oldest live fault that matches, used up by one; without one, a lie if the plan of lies has one for this call or event.
     * `subject` names it the same way in every run; null: no lie here.
     */
    take(partner: Partner, operation: Operation, facts: Facts, subject: string | null = subjectOf(facts)): Fault | undefined {
      const fault = plan.find(
        (candidate) =>
          candidate.partner === partner &&
          candidate.operation === operation &&
          candidate.left !== 0 &&
          matchable.every((name) => candidate.match?.[name] === undefined || candidate.match[name] === facts[name]),
      );
      if (!fault) {
        const lie = subject === null ? undefined : lies.pick(partner, operation, subject);
        return lie && { id: 'lie', partner, operation, times: 1, afterEffect: true, fired: 1, left: 0, ...lie };
      }
      fault.fired += 1;
      if (fault.left > 0) fault.left -= 1;
      return fault;
    },
  };
}

function subjectOf({ key, caseId, paymentId, orderId }: Facts): string {
  return key ?? caseId ?? paymentId ?? orderId ?? '';
}

/** Waits for the fault's latency. Operations call it while they hold the key, so that a twin meets them in flight. */
export async function pause(fault: Fault | undefined): Promise<void> {
  const ownMeaning: readonly (FaultKind | undefined)[] = ['timeout_after_effect', 'pending_then_failed'];
  if (fault?.latencyMs && !ownMeaning.includes(fault.fault)) await sleep(fault.latencyMs, undefined, { ref: false });
}

type Work = (fault?: Fault) => Promise<Answer>;
type Answering = (operation: Operation, facts: Facts, res: Response, work: Work) => Promise<void>;

/**
 * How a partner's routes answer under faults. `keyed` is for work that waits for the fault's latency itself, while it holds its key;
 * `plain` waits before the work.
 */
export function answering(partner: Partner, faults: Faults): { keyed: Answering; plain: Answering } {
  const keyed: Answering = (operation, facts, res, work) => {
    const fault = faults.take(partner, operation, facts);
    return answerUnder(fault, res, () => work(fault));
  };
  const plain: Answering = (operation, facts, res, work) =>
    keyed(operation, facts, res, async (fault) => {
      await pause(fault);
      return work(fault);
    });
  return { keyed, plain };
}

/**
 * Sends what `perform` answers, bent by the fault. `refuse`, `unavailable` and `rate_limited` have no effect; `timeout_after_effect`,
 * `garbage` and, unless told otherwise, `server_error` have it and hide it: the worst a caller can meet.
 */
async function answerUnder(fault: Fault | undefined, res: Response, perform: () => Promise<Answer>): Promise<void> {
  switch (fault?.fault) {
    case 'refuse':
    case 'unavailable':
    case 'rate_limited':
      await pause(fault);
      throw refusalOf(fault);
    case 'server_error':
      if (fault.afterEffect) await perform().catch(hideRefusal);
      throw new SimulatorRefusal(500, fault.code ?? 'server_error', fault.message ?? 'Something went wrong on our side');
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
