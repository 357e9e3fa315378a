import { describe, expect, it } from 'vitest';
import { isEnded, type AnyRules, type SlaPolicy } from '../../domain/case.ts';
import {
  claimEnds,
  claimEventOfCommand,
  claimEventOfFact,
  claimGuardNames,
  claimRefusal,
  claimRules,
  claimTable,
  openedClaim,
  type ClaimFact,
  type ClaimState,
} from '../../domain/claim.ts';
import { type Command } from '../../domain/commands.ts';
import { eventOf, nextMilestone } from '../../domain/deadlines.ts';
import { mendline } from '../../domain/permissions.ts';
import { applyEvent } from '../../domain/reducer.ts';
import { flawsOf } from '../../domain/stage-table.ts';
import { claimOfParcel } from './paper-claim.ts';

const rules = claimRules as unknown as AnyRules;
const hour = 3_600_000;
const openedAt = Date.UTC(2026, 10, 23, 9);
const limit = (hours: number, againHours = hours) => ({
  limitMs: hours * hour,
  againMs: againHours * hour,
  warnMs: [],
  ruleId: 'sla.claim',
});
const sla: SlaPolicy = {
  holdMs: hour,
  stages: {
    drafted: limit(168),
    awaiting_carrier: limit(336, 48),
    claim_declined: limit(48),
    awaiting_payment: limit(336, 168),
    needs_attention: limit(4),
  },
  steps: { firstRetryMs: 1, maxRetryMs: 1, limitMs: {} },
};

class PaperClaim {
  now = openedAt;
  private told = 0;
  state: ClaimState = openedClaim({ ...claimOfParcel, openedAt });
  tell(type: string, more: object = {}): this {
    this.state = applyEvent(claimRules, this.state, { type, by: mendline, ...more }, this.now, sla);
    return this;
  }
  ring(): string {
    const milestone = nextMilestone(this.state)!;
    this.now = milestone.at;
    const event = eventOf(rules, this.state, milestone, sla);
    this.state = applyEvent(claimRules, this.state, event, this.now, sla);
    return event.type;
  }
  hear(fact: ClaimFact): this {
    const event = claimEventOfFact(this.state, fact);
    if (event) this.state = applyEvent(claimRules, this.state, event, this.now, sla);
    return this;
  }
  answer(outcome: 'accepted' | 'declined' | 'paid', amountMinor?: number): this {
    this.told += 1;
    return this.hear({ name: 'claim_answered', eventId: `e${this.told}`, outcome, amountMinor, occurredAt: this.now });
  }
  give(name: string, payload: object = {}, role = 'manager') {
    const command = { name, actor: { id: `${role}-1`, role }, messageId: `m${this.state.revision}`, payload } as Command;
    const refusal = claimRefusal(this.state, command, sla);
    if (!refusal) this.state = applyEvent(claimRules, this.state, claimEventOfCommand(this.state, command, sla), this.now, sla);
    return refusal?.code;
  }
  get stage(): string {
    return this.state.stage;
  }
}
const filed = () => new PaperClaim().tell('filed', { claimId: 'cl_1' });

it('the table of claims has no flaw: every wait has a clock, a default and an owner', () => {
  expect(flawsOf(claimTable, claimEnds, 'drafted', claimGuardNames)).toEqual([]);
});

describe('a carrier that does not answer', () => {
  it.each<[string, () => PaperClaim]>([
    ['to the claim', filed],
    ['with the money', () => filed().answer('accepted')],
  ])('%s is chased three times, in shorter terms, and then a buyer takes over', (_, given) => {
    const claim = given();
    const { stage } = claim;
    const waits: number[] = [];
    const rung: string[] = [];
    for (let before = claim.now; claim.stage === stage; before = claim.now) {
      rung.push(claim.ring());
      waits.push((claim.now - before) / hour);
    }
    expect(rung).toEqual(['chased', 'chased', 'chased', 'buyer_asked']);
    expect(waits).toEqual([336, ...Array.from({ length: 3 }, () => (stage === 'awaiting_carrier' ? 48 : 168))]);
    expect(claim.stage).toBe('needs_attention');
  });

  it('may still pay while the buyer is at it', () => {
    const claim = filed();
    while (claim.stage !== 'needs_attention') claim.ring();
    expect(claim.answer('paid', 4_000).stage).toBe('paid');
  });

  it('is reminded of the money anew once it has accepted', () => {
    const claim = filed();
    claim.ring();
    expect(claim.answer('accepted').state.claim.chases).toBe(0);
  });
});

describe('a carrier that declines', () => {
  it('is appealed to once, by the clock; a second no ends the claim', () => {
    const claim = filed().answer('declined');
    expect(claim.stage).toBe('claim_declined');
    expect(claim.ring()).toBe('appealed');
    expect(claim.stage).toBe('awaiting_carrier');
    expect(claim.state.claim).toMatchObject({ appealed: true, chases: 0 });
    expect(claim.answer('declined').stage).toBe('written_off');
  });

  it('and accepts the appeal is asked for the money', () => {
    const claim = filed().answer('declined');
    claim.ring();
    expect(claim.answer('accepted').stage).toBe('awaiting_payment');
    expect(claim.answer('paid').state.claim.paidMinor).toBe(5_000);
  });

  it('may be given up on by a manager', () => {
    const claim = filed().answer('declined');
    expect(claim.give('write_off')).toBeUndefined();
    expect(claim.stage).toBe('written_off');
  });
});

describe('a claim', () => {
  it('is paid with what the carrier has paid', () => {
    expect(filed().answer('paid', 3_210).state.claim.paidMinor).toBe(3_210);
  });

  it.each<[string, () => PaperClaim]>([
    ['before it is filed', () => new PaperClaim()],
    ['while the carrier looks', filed],
    ['after a no', () => filed().answer('declined')],
    ['after a yes', () => filed().answer('accepted')],
    ['while a buyer is at it', () => filed().tell('step_failed', { step: 'chase' })],
  ])('is withdrawn when the parcel is found: %s', (_, given) => {
    const claim = given().hear({ name: 'parcel_turned_up', eventId: 'found' });
    expect(claim.stage).toBe('claim_withdrawn');
    expect(nextMilestone(claim.state)).toBeUndefined();
  });

  it('that has ended stays so: later words are noted', () => {
    const claim = filed().answer('paid');
    claim.hear({ name: 'parcel_turned_up', eventId: 'found' }).answer('declined');
    expect(claim.stage).toBe('paid');
    expect(isEnded(rules, claim.state)).toBe(true);
    expect(claim.give('write_off')).toBe('not_allowed_now');
  });

  it('hears each word once', () => {
    const claim = filed().hear({ name: 'claim_answered', eventId: 'e1', outcome: 'declined', occurredAt: openedAt });
    claim.ring();
    const { state } = claim;
    expect(claim.hear({ name: 'claim_answered', eventId: 'e1', outcome: 'declined', occurredAt: openedAt }).state).toBe(state);
  });

  it('that cannot be filed is parked, tried again on request, and never left in silence', () => {
    const claim = new PaperClaim().tell('step_failed', { step: 'file_claim', cause: 'carrier down' });
    expect(claim.stage).toBe('needs_attention');
    expect(nextMilestone(claim.state)?.at).toBe(openedAt + 4 * hour);
    expect(claim.give('resolve_attention', { verb: 'retry' })).toBeUndefined();
    expect(claim.stage).toBe('drafted');
    claim.tell('step_failed', { step: 'file_claim' });
    expect(claim.ring()).toBe('rung_climbed');
    expect(claim.stage).toBe('drafted');
  });

  it('parked while it waits is settled by a person’s result', () => {
    const claim = filed();
    while (claim.stage !== 'needs_attention') claim.ring();
    expect(claim.give('resolve_attention', { verb: 'override', result: 'written_off', proofIds: ['p1'] })).toBeUndefined();
    expect(claim.stage).toBe('written_off');
  });

  it('goes on after a buyer’s retry, and asks the buyer again: the carrier is not chased a fourth time', () => {
    const claim = filed();
    while (claim.stage !== 'needs_attention') claim.ring();
    claim.give('resolve_attention', { verb: 'retry' });
    expect(claim.stage).toBe('awaiting_carrier');
    expect(claim.ring()).toBe('buyer_asked');
  });
});
