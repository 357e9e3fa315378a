/**
 * The rules of claims against the simulated carrier: one a key, answered from outside, appealed once, not withdrawn once paid.
 * Routes are in carrier.ts, the carrier's answers come through carrier-control.ts.
 */
import type { Claim, ClaimEvent, ClaimOutcome, ClaimRequest } from '../../contracts/partners.ts';
import type { CarrierLog, CarrierRow } from './carrier-rows.ts';
import { afterAnswer, appealed, chased, withdrawn } from './claim-rules.ts';
import { type Fault, pause } from './faults.ts';
import { createOncePerKey } from './keys.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { ParcelState } from './parcel-state.ts';
import { type Answer, readableId, SimulatorRefusal } from './wire.ts';

type ClaimName = { key: string } | { claimId: string };
export type ClaimBook = ReturnType<typeof createClaimBook>;
type Deed = 'claim_appealed' | 'claim_chased' | 'claim_withdrawn';
type ClaimState = ReturnType<typeof createClaimState>;

export function createClaimBook(state: ClaimState, parcels: ParcelState, log: CarrierLog) {
  const present = (claim: Claim): Answer => ({ status: 200, body: claim });
  const once = createOncePerKey((key) => {
    const [earlier, requestHash] = [state.find({ key }), state.hashOf(key)];
    return earlier && requestHash !== undefined ? { requestHash, answer: present(earlier) } : undefined;
  }, log.durable);

  const act = async (key: string, type: Deed, rule: (claim: Claim) => Claim): Promise<Answer> => {
    const claim = known(state.find({ key }));
    const effect = rule(claim);
    const answer = present(effect);
    if (effect === claim) await log.durable();
    else await log.append({ type, key, effect, answer });
    return answer;
  };

  return {
    claimOf: (by: ClaimName) => state.find(by),

    /** Refuses 404 `shipment_not_found`, 422 `amount_not_positive`, `idempotency_key_reused`, 409 `in_flight`. */
    file: (request: ClaimRequest, fault?: Fault): Promise<Answer> =>
      once(request, async (requestHash) => {
        await pause(fault);
        if (!parcels.find({ trackingNo: request.trackingNo }))
          throw new SimulatorRefusal(404, 'shipment_not_found', `No parcel ${request.trackingNo}`);
        if (request.amountMinor === 0) throw new SimulatorRefusal(422, 'amount_not_positive', 'A claim for nothing is no claim');
        const effect: Claim = { claimId: readableId('clm_'), ...request, status: 'filed' };
        const answer = { status: 201, body: effect };
        await log.append({ type: 'claim_filed', key: request.key, requestHash, effect, answer });
        return answer;
      }),

    async find(key: string): Promise<Answer> {
      await log.durable();
      return present(known(state.find({ key })));
    },

    appeal: (key: string) => act(key, 'claim_appealed', appealed),
    chase: (key: string) => act(key, 'claim_chased', chased),
    withdraw: (key: string) => act(key, 'claim_withdrawn', withdrawn),

    /** The carrier's word, told by webhook. Refuses 404 `claim_not_found`, 409 `impossible_answer`. */
    async answer(by: ClaimName, outcome: ClaimOutcome, paidMinor?: number): Promise<Claim> {
      const claim = known(state.find(by));
      const effect = afterAnswer(claim, outcome, paidMinor);
      if (!effect) throw new SimulatorRefusal(409, 'impossible_answer', `A claim that is ${claim.status} is not ${outcome}`);
      await log.append({ type: 'claim_answered', key: claim.key, effect, event: eventOf(effect, outcome) });
      return effect;
    },
  };
}

export function createClaimState() {
  const claims = new Map<string, Claim>();
  const hashByKey = new Map<string, string>();

  return {
    apply(row: CarrierRow): void {
      switch (row.type) {
        case 'claim_filed':
          hashByKey.set(row.key, row.requestHash);
          claims.set(row.key, row.effect);
          break;
        case 'claim_appealed':
        case 'claim_chased':
        case 'claim_withdrawn':
        case 'claim_answered':
          claims.set(row.key, row.effect);
          break;
        default: // parcels have their own state
      }
    },
    find(by: ClaimName): Claim | undefined {
      return 'key' in by ? claims.get(by.key) : [...claims.values()].find(({ claimId }) => claimId === by.claimId);
    },
    hashOf: (key: string) => hashByKey.get(key),
    /** Claims by status, what was paid by currency, and our reminders. */
    totals() {
      const totals = { filed: 0, accepted: 0, declined: 0, paid: 0, withdrawn: 0, reminders: 0 };
      const paidMinor: Record<string, number> = {};
      for (const claim of claims.values()) {
        totals[claim.status] += 1;
        totals.reminders += claim.reminders ?? 0;
        if (claim.paidMinor) paidMinor[claim.currency] = (paidMinor[claim.currency] ?? 0) + claim.paidMinor;
      }
      return { ...totals, paidMinor };
    },
  };
}

function known(claim: Claim | undefined): Claim {
  if (!claim) throw new SimulatorRefusal(404, 'claim_not_found', 'No such claim');
  return claim;
}

function eventOf({ claimId, key, caseId, currency, ...claim }: Claim, outcome: ClaimOutcome): OutgoingEvent {
  const amountMinor = claim.paidMinor ?? claim.amountMinor;
  const occurredAt = new Date().toISOString();
  const body: ClaimEvent = {
    type: 'claim_answered',
    data: { caseId, claimId, key, outcome, amountMinor, currency, occurredAt },
  };
  return { id: readableId('evt_', 16), subject: claimId, facts: { caseId, key }, body };
}
