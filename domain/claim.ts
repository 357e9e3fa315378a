/**
 * 承运商索赔 carrier claim: what a lost parcel was worth, claimed from the carrier. A companion of a return with a clock and a life of its own.
 * Its table, what its events do, and what the carrier's answers mean. Source: case flows 4.9.
 */
import { hasSeen, rowOf, untold, type AnyRules, type CaseEvent, type CaseRules, type CaseState, type SlaPolicy } from './case.ts';
import { refusalOf, sharedEvent, type Command, type Refusal } from './commands.ts';
import { type StageTable } from './stage-table.ts';

export const claimEnds = ['paid', 'written_off', 'claim_withdrawn'] as const;
export const openClaimStages = ['drafted', 'awaiting_carrier', 'claim_declined', 'awaiting_payment', 'needs_attention'] as const;
export const claimStages = [...openClaimStages, ...claimEnds] as const;
const claimMoves = [
  'filed',
  'accepted_by_carrier',
  'declined_by_carrier',
  'claim_paid',
  'found',
  'chased',
  'buyer_asked',
  'appealed',
  'written_off',
  'step_failed',
  'retried',
  'rung_climbed',
  'overridden',
] as const;
const claimGuards = ['appealedBefore', 'chasedEnough'] as const;
type ClaimStage = (typeof claimStages)[number];

/** The carrier is reminded this often before a buyer takes over. */
const chasesMax = 3;

export const claimTable = {
  drafted: {
    owner: 'system',
    step: 'file_claim',
    onTimeout: 'step_failed',
    commands: [],
    undo: 'claim withdrawn',
    moves: { filed: 'awaiting_carrier', found: 'claim_withdrawn', step_failed: 'needs_attention' },
  },
  awaiting_carrier: {
    owner: 'carrier',
    clockFrom: 'entry',
    onTimeout: [{ when: 'chasedEnough', move: 'buyer_asked' }, 'chased'],
    results: ['claim_paid', 'written_off'],
    commands: ['write_off'],
    moves: {
      accepted_by_carrier: 'awaiting_payment',
      declined_by_carrier: [{ when: 'appealedBefore', to: 'written_off' }, 'claim_declined'],
      claim_paid: 'paid',
      chased: '@stay',
      buyer_asked: 'needs_attention',
      found: 'claim_withdrawn',
      written_off: 'written_off',
      step_failed: 'needs_attention',
    },
  },
  claim_declined: {
    owner: 'agent',
    clockFrom: 'entry',
    onTimeout: 'appealed',
    commands: ['write_off'],
    moves: { appealed: 'awaiting_carrier', found: 'claim_withdrawn', written_off: 'written_off', claim_paid: 'paid' },
  },
  awaiting_payment: {
    owner: 'carrier',
    clockFrom: 'entry',
    onTimeout: [{ when: 'chasedEnough', move: 'buyer_asked' }, 'chased'],
    results: ['claim_paid', 'written_off'],
    commands: ['write_off'],
    moves: {
      claim_paid: 'paid',
      chased: '@stay',
      buyer_asked: 'needs_attention',
      found: 'claim_withdrawn',
      written_off: 'written_off',
    },
  },
  needs_attention: {
    owner: 'team_lead',
    clockFrom: 'entry',
    onTimeout: 'rung_climbed',
    commands: ['resolve_attention'],
    moves: { retried: '@from', rung_climbed: '@step', overridden: '@result', found: 'claim_withdrawn', claim_paid: 'paid' },
  },
} as const satisfies StageTable<
  (typeof openClaimStages)[number],
  ClaimStage,
  (typeof claimMoves)[number],
  (typeof claimGuards)[number]
>;
export const claimGuardNames: readonly string[] = claimGuards;

export interface ClaimState extends CaseState {
  readonly claim: {
    readonly legId: string;
    readonly trackingNo: string;
    readonly amountMinor: number;
    readonly chases: number;
    readonly appealed: boolean;
    readonly claimId?: string;
    readonly paidMinor?: number;
  };
}
/** A parcel that was lost under our label, and what of its worth is claimed for a return. */
export interface ClaimOpening {
  readonly claimCaseId: string;
  readonly caseId: string;
  readonly merchantId: string;
  readonly legId: string;
  readonly trackingNo: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly openedAt: number;
}
export function openedClaim({ claimCaseId, caseId, merchantId, openedAt, currency, ...parcel }: ClaimOpening): ClaimState {
  const { legId, trackingNo, amountMinor } = parcel;
  return {
    ...untold,
    caseId: claimCaseId,
    merchantId,
    stage: 'drafted',
    openedAt,
    at: openedAt,
    currency,
    paidMinor: 0,
    lines: [],
    lots: [],
    links: [{ otherId: caseId, kind: 'claim_for' }],
    claim: { legId, trackingNo, amountMinor, chases: 0, appealed: false },
  };
}
export interface ClaimEvent extends CaseEvent {
  readonly claimId?: string;
  readonly amountMinor?: number;
}

export const claimRules: CaseRules<ClaimState, ClaimEvent> = {
  type: 'carrier_claim',
  stages: claimTable,
  ends: claimEnds,
  guards: {
    appealedBefore: ({ claim }) => claim.appealed,
    chasedEnough: ({ claim }) => claim.chases >= chasesMax,
  },
  apply(state, event) {
    const { claim } = state;
    switch (event.type) {
      case 'filed':
        return { ...state, claim: { ...claim, claimId: event.claimId } };
      case 'chased':
        return { ...state, claim: { ...claim, chases: claim.chases + 1 } };
      case 'accepted_by_carrier':
        return { ...state, claim: { ...claim, chases: 0 } };
      case 'appealed':
        return { ...state, claim: { ...claim, appealed: true, chases: 0 } };
      case 'claim_paid':
        return { ...state, claim: { ...claim, paidMinor: event.amountMinor ?? claim.amountMinor } };
      default:
        return state;
    }
  },
};
const rules = claimRules as unknown as AnyRules;

export const claimRefusal = (state: ClaimState, command: Command, sla: SlaPolicy): Refusal | undefined =>
  refusalOf(rules, state, command, sla);
export const claimEventOfCommand = (state: ClaimState, command: Command, sla: SlaPolicy): ClaimEvent =>
  sharedEvent(rules, state, command, sla) ?? { type: 'written_off', by: command.actor, messageId: command.messageId };

export interface ClaimFacts {
  claim_answered: {
    eventId: string;
    outcome: 'accepted' | 'declined' | 'paid';
    amountMinor?: number;
    occurredAt: number;
  };
  parcel_turned_up: { eventId: string };
  retry_now: { eventId?: string; reason?: string };
}
export type ClaimFact = { [name in keyof ClaimFacts]: { name: name } & ClaimFacts[name] }[keyof ClaimFacts];

const answers = { accepted: 'accepted_by_carrier', declined: 'declined_by_carrier', paid: 'claim_paid' } as const;

/** The event of a fact; undefined: it has been told before, or says nothing here. */
export function claimEventOfFact(state: ClaimState, fact: ClaimFact): ClaimEvent | undefined {
  const messageId = fact.eventId && `${fact.name}/${fact.eventId}`;
  if (messageId && hasSeen(state, messageId)) return undefined;
  const legal = (move: string): boolean => rowOf(rules, state.stage)?.moves[move] !== undefined;
  switch (fact.name) {
    case 'claim_answered': {
      const told = { by: { id: 'carrier', role: 'partner' as const }, occurredAt: fact.occurredAt, messageId };
      const type = answers[fact.outcome];
      return legal(type)
        ? { type, ...told, amountMinor: fact.amountMinor }
        : { type: 'late_fact_noted', ...told, cause: fact.outcome };
    }
    case 'parcel_turned_up': {
      const told = { by: { id: 'return', role: 'system' as const }, messageId };
      return { type: legal('found') ? 'found' : 'late_fact_noted', ...told, cause: 'the parcel turned up' };
    }
    case 'retry_now':
      return state.stage === 'needs_attention'
        ? { type: 'retried', by: { id: 'operations', role: 'operator' }, messageId, cause: fact.reason }
        : undefined;
  }
}
