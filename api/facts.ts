/**
 * Each partner's events in our words, and whom they concern: a return, every return of a payment, a claim on the carrier. A fact against a case
 * that has ended may reopen it. How it came in and was verified is routes/webhooks.ts.
 */
import type { partners } from '../contracts/doors.ts';
import {
  carrierEventSchema,
  chargeEventSchema,
  claimEventSchema,
  disputeEventSchema,
  paymentEventSchema,
} from '../contracts/partners.ts';
import type { CaseDocument } from '../db/case-document.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import type { ReturnFact } from '../domain/return-facts.ts';
import { chargebackShares } from '../domain/return-money.ts';
import type { AppDeps } from './app.ts';
import type { CaseAddress } from './case-client.ts';
import { ApiError } from './errors.ts';
import { reopenWith } from './reopening.ts';
import { parsed } from './requests.ts';

export interface Body {
  readonly type?: unknown;
  readonly data?: unknown;
}
type FactDeps = Pick<AppDeps, 'database' | 'cases' | 'customerRefKey'>;

type DisputeFact = Extract<ReturnFact, { name: 'dispute_opened' | 'dispute_closed' }>;
type Told =
  | { readonly about: 'return'; readonly caseId: string; readonly fact: ReturnFact }
  | { readonly about: 'payment'; readonly merchantId: string; readonly paymentId: string; readonly fact: DisputeFact }
  | { readonly about: 'claim'; readonly claimCaseId: string; readonly fact: ClaimFacts['claim_answered'] };
type Translation = (eventId: string, body: Body) => Told;

const refund: Translation = (eventId, body) => {
  const { type, data } = parsed(paymentEventSchema, body);
  const { caseId, refundId, amountMinor, currency, code, occurredAt } = data;
  const told = { eventId, refundId, occurredAt: Date.parse(occurredAt) };
  const fact: ReturnFact =
    type === 'refund_settled' ? { name: type, ...told, amountMinor, currency } : { name: type, ...told, code };
  return { about: 'return', caseId, fact };
};

const charge: Translation = (eventId, body) => {
  const { type, data } = parsed(chargeEventSchema, body);
  const { caseId, chargeId, amountMinor, currency, code, occurredAt } = data;
  const told = { eventId, chargeId, occurredAt: Date.parse(occurredAt) };
  const fact: ReturnFact =
    type === 'payment_settled' ? { name: type, ...told, amountMinor, currency } : { name: type, ...told, code };
  return { about: 'return', caseId, fact };
};

const dispute: Translation = (eventId, body) => {
  const event = parsed(disputeEventSchema, body);
  const { merchantId, paymentId, disputeId, amountMinor, occurredAt } = event.data;
  const told = { eventId, disputeId, amountMinor, occurredAt: Date.parse(occurredAt) };
  const fact: DisputeFact =
    event.type === 'dispute_opened' ? { name: event.type, ...told } : { name: event.type, ...told, result: event.data.result };
  return { about: 'payment', merchantId, paymentId, fact };
};

/** A kind that is not here is recorded and left. */
const translations: Record<(typeof partners)[number], Readonly<Record<string, Translation>>> = {
  carrier: {
    parcel_scanned(eventId, body) {
      const { caseId, trackingNo, code, occurredAt, cause, attempt, bookingId } = parsed(carrierEventSchema, body).data;
      const told = { eventId, trackingNo, code, occurredAt: Date.parse(occurredAt), cause, attempt, bookingId };
      return { about: 'return', caseId, fact: { name: 'parcel_scanned', ...told } };
    },
    claim_answered(eventId, body) {
      const { key, outcome, amountMinor, occurredAt } = parsed(claimEventSchema, body).data;
      return { about: 'claim', claimCaseId: key, fact: { eventId, outcome, amountMinor, occurredAt: Date.parse(occurredAt) } };
    },
  },
  payments: {
    refund_settled: refund,
    refund_failed: refund,
    payment_settled: charge,
    payment_failed: charge,
    dispute_opened: dispute,
    dispute_closed: dispute,
  },
};

/** undefined: a kind of event that nobody here knows. A known one is read as `readable` gives it, which throws what no case may be told. */
export const translated = (
  partner: (typeof partners)[number],
  type: string,
  eventId: string,
  body: Body,
  readable: (body: Body) => Body,
): Told | undefined =>
  Object.hasOwn(translations[partner], type) ? translations[partner][type]?.(eventId, readable(body)) : undefined;

/** Tells everyone the fact concerns; false: nobody could hear it. */
export async function tell(deps: FactDeps, told: Told): Promise<boolean> {
  switch (told.about) {
    case 'claim':
      return deps.cases.tellClaim(told.claimCaseId, 'claim_answered', told.fact);
    case 'return':
      return tellReturn(deps, told.caseId, told.fact);
    case 'payment': {
      // Before the cases are looked for: one that is opened meanwhile finds it here.
      await remember(deps, told);
      const concerned = await deps.database.cases.ofPayment(told.merchantId, told.paymentId);
      const facts = sharedOut(told.fact, concerned);
      const heard = await Promise.all(concerned.map((doc, index) => tellReturn(deps, doc._id, facts[index]!)));
      return heard.includes(true);
    }
  }
}

async function remember({ database }: FactDeps, { fact, ...payment }: Told & { about: 'payment' }): Promise<void> {
  const { name, disputeId, amountMinor } = fact;
  const state = name === 'dispute_opened' ? 'open' : fact.result;
  await database.disputes.remember(payment, { disputeId, amountMinor, state });
}

/** A dispute concerns a payment; what the bank took of it counts once among its returns. */
function sharedOut(fact: DisputeFact, concerned: readonly CaseDocument[]): ReturnFact[] {
  if (fact.name !== 'dispute_closed' || fact.result === 'won') return concerned.map(() => fact);
  return chargebackShares(fact.amountMinor, concerned).map((amountMinor) => ({ ...fact, amountMinor }));
}

/** To the newest generation of the case; one that has ended goes on as the next, if the fact calls for it. */
async function tellReturn(deps: FactDeps, caseId: string, fact: ReturnFact): Promise<boolean> {
  const { cases, database } = deps;
  const { name, ...told } = fact;
  const tellAt = (at: CaseAddress) => cases.tell(at, name, told as never);
  if (await tellAt({ caseId, generation: await database.cases.generationOf(caseId) })) return true;
  for (let tries = 3; ; tries -= 1) {
    // Looked at after nobody was there: whoever ends has been saved before.
    const doc = await database.cases.findAny(caseId);
    if (!doc) return false;
    const generation = doc.generation ?? 1;
    // It is being reopened at this very moment, or has been since we looked.
    if ((await tellAt({ caseId, generation: generation + 1 })) || (await tellAt({ caseId, generation }))) return true;
    const reopened = await reopenWith(deps, doc, fact);
    if (reopened !== 'ended_since') return reopened;
    if (tries === 1) throw new ApiError('try_again', { detail: 'the case is being reopened and ended all the time' });
  }
}
