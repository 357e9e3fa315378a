import { describe, expect, it } from 'vitest';
import { type SlaPolicy } from '../../domain/case.ts';
import { eventOf, nextMilestone } from '../../domain/deadlines.ts';
import { applyEvent } from '../../domain/reducer.ts';
import { availableMoves } from '../../domain/moves.ts';
import { mendline, type Actor } from '../../domain/permissions.ts';
import { returnRules } from '../../domain/return.ts';
import { type ReturnEvent, type ReturnState } from '../../domain/return-state.ts';
import { returnTable } from '../../domain/return-table.ts';
import { type AnyRules } from '../../domain/case.ts';

const rules = returnRules as unknown as AnyRules;
const hour = 3_600_000;
const monday = Date.UTC(2026, 10, 23);
const at = (day: number, hours: number): number => monday + (day * 24 + hours) * hour;
const limit = (hours: number, more: object = {}) => ({ limitMs: hours * hour, warnMs: [], ruleId: 'sla.paper', ...more });
/** Nine to six, Monday to Friday and again. */
const calendar = {
  id: 'paper',
  version: '1',
  open: [0, 1, 2, 3, 4, 7, 8, 9, 10, 11].flatMap((day) => [at(day, 9) / 60_000, at(day, 18) / 60_000]),
  knownUntil: at(14, 0),
};
const sla: SlaPolicy = {
  holdMs: 336 * hour,
  stages: Object.fromEntries(
    Object.entries(returnTable).map(([stage, { owner }]) => [stage, limit(48, owner === 'customer' ? { pausable: false } : {})]),
  ),
  steps: { firstRetryMs: 1, maxRetryMs: 1, limitMs: {} },
  calendar,
  escalation: { decideMs: 4 * hour, raiseMs: [4 * hour, 20 * hour], progressMs: 9 * hour },
};
const manager: Actor = { id: 'manager-1', role: 'manager' };
const customer: Actor = { id: 'cust-1', role: 'customer' };

class Sheet {
  now = at(0, 10);
  state: ReturnState = {
    caseId: 'C-1',
    merchantId: 'm1',
    run: 1,
    revision: 0,
    stage: 'requested',
    openedAt: this.now,
    at: this.now,
    currency: 'GBP',
    paidMinor: 5_000,
    lines: [{ lineId: '1', quantity: 2, unitPriceMinor: 2_500 }],
    lots: [{ lineId: '1', quantity: 2, reception: 'with_customer' }],
    clocks: [],
    undo: [],
    money: [],
    parcels: [],
    legs: [],
    seen: [],
    timersFired: 0,
  };
  constructor(...events: (string | ReturnEvent)[]) {
    for (const event of ['referred', ...events]) this.tell(event);
  }
  tell(event: string | ReturnEvent, by: Actor = mendline): this {
    this.state = applyEvent(returnRules, this.state, typeof event === 'string' ? { type: event, by } : event, this.now, sla);
    return this;
  }
  /** Rings the next clock; tells what that meant. */
  ring(): string {
    const milestone = nextMilestone(this.state)!;
    this.now = Math.max(this.now, milestone.at);
    const event = eventOf(rules, this.state, milestone, sla) as ReturnEvent;
    this.tell(event);
    return event.type;
  }
  ringUntil(type: string): this {
    while (this.ring() !== type);
    return this;
  }
  due(stage: string): number | undefined {
    return this.state.clocks.find((clock) => clock.stage === stage && clock.running)?.dueAt;
  }
  get escalation() {
    return this.state.escalation;
  }
}
const asked = () => new Sheet({ type: 'escalation_requested', by: customer, cause: 'no_answer' });
const granted = () => asked().tell({ type: 'escalation_granted', by: manager, sponsor: 'manager-1' });

describe('an escalation that is asked for', () => {
  it('waits for a manager, with a time for that, and hastens nothing yet', () => {
    const sheet = asked();
    expect(sheet.escalation).toEqual({ state: 'requested', level: 0, reason: 'no_answer', since: at(0, 10) });
    expect(sheet.due('escalation')).toBe(at(0, 14));
    expect(sheet.due('under_review')).toBe(at(2, 10));
    expect(availableMoves(rules, sheet.state, 'manager')).toContain('decide_escalation');
  });

  it('is granted by the manager’s silence', () => {
    const sheet = asked();
    expect(sheet.ring()).toBe('escalation_granted');
    expect(sheet.escalation).toMatchObject({ state: 'active', level: 1, reason: 'no_answer', since: at(0, 14) });
  });

  it('is active once granted: its sponsor named, what is left of our clock halved, a word to the customer within a working day', () => {
    const sheet = granted();
    expect(sheet.escalation).toEqual({
      state: 'active',
      level: 1,
      reason: 'no_answer',
      since: at(0, 10),
      sponsor: 'manager-1',
    });
    expect(sheet.due('under_review')).toBe(at(1, 10));
    expect(sheet.due('progress')).toBe(at(1, 10));
    expect(sheet.due('escalation')).toBe(at(0, 14));
    expect(availableMoves(rules, sheet.state, 'customer')).not.toContain('request_escalation');
  });

  it('rises by itself to the last level that has a time, and stays there', () => {
    const sheet = granted().tell({ type: 'held', by: manager, cause: 'linked_case' });
    sheet.ringUntil('escalation_raised');
    expect(sheet.escalation).toMatchObject({ level: 2 });
    expect(sheet.now).toBe(at(0, 14));
    sheet.ringUntil('escalation_raised');
    expect(sheet.escalation).toMatchObject({ level: 3 });
    expect(sheet.now).toBe(at(2, 16));
    expect(sheet.due('escalation')).toBeUndefined();
  });

  it('tells the customer a word each working day for as long as it lasts, and none after it', () => {
    const sheet = granted().tell({ type: 'held', by: manager, cause: 'linked_case' });
    const words = [1, 2, 3, 4, 7].map(() => sheet.ringUntil('progress_due').now);
    expect(words).toEqual([1, 2, 3, 4, 7].map((day) => at(day, 10)));
    sheet.tell('de_escalated', manager);
    expect(sheet.due('progress')).toBeUndefined();
  });

  it.each(['escalation_declined', 'de_escalated'])('is over when it is %s, and may be asked for again', (type) => {
    const sheet = (type === 'de_escalated' ? granted() : asked()).tell(type, manager);
    expect(sheet.escalation?.state).toBe('de_escalated');
    expect(sheet.due('escalation')).toBeUndefined();
    expect(availableMoves(rules, sheet.state, 'customer')).toContain('request_escalation');
    sheet.tell({ type: 'escalation_requested', by: customer, cause: 'no_progress' });
    expect(sheet.escalation).toMatchObject({ state: 'requested', reason: 'no_progress' });
  });

  it('does not stop with the stage, but with the case', () => {
    const moved = granted().tell('accepted', manager);
    expect(moved.escalation?.state).toBe('active');
    expect(moved.due('progress')).toBe(at(1, 10));
    const ended = granted().tell('refused', manager);
    expect(ended.state.clocks.filter((clock) => clock.running)).toEqual([]);
  });

  it('asked for while one is active changes nothing', () => {
    const sheet = granted();
    const before = sheet.escalation;
    expect(sheet.tell({ type: 'escalation_requested', by: customer, cause: 'media' }).escalation).toEqual(before);
  });
});

describe('our own missed deadline', () => {
  const came: ReturnEvent = {
    type: 'received',
    by: mendline,
    parcel: 'P1/1',
    counted: [{ lineId: '1', quantity: 2, condition: 'damaged' }],
  };
  const atTheDock = () => new Sheet('accepted', 'shipment_prepared', 'handed_over', came);

  it('escalates by itself, without a word to the customer and without hastening', () => {
    const sheet = atTheDock().tell('inspected').tell('discrepancy_found');
    expect(sheet.ring()).toBe('manager_asked');
    expect(sheet.escalation).toEqual({ state: 'active', level: 1, reason: 'own_deadline', since: at(2, 10) });
    expect(sheet.due('discrepancy')).toBe(at(4, 10));
    expect(sheet.due('escalation')).toBe(at(2, 14));
    expect(sheet.due('progress')).toBeUndefined();
  });

  it('ends the escalation it began once the case waits for the customer again', () => {
    const sheet = atTheDock().tell('inspected').tell('discrepancy_found');
    sheet.ring();
    sheet.tell('deduction_proposed', manager);
    expect(sheet.state.stage).toBe('deduction_offered');
    expect(sheet.escalation).toMatchObject({ state: 'de_escalated', reason: 'own_deadline' });
    expect(sheet.due('escalation')).toBeUndefined();
  });

  it('after which the case goes on without one of us escalates nothing', () => {
    const sheet = new Sheet();
    expect(sheet.ring()).toBe('agreed_by_silence');
    expect(sheet.escalation).toBeUndefined();
  });

  it('counts on through stages that are ours', () => {
    const sheet = atTheDock();
    expect(sheet.ring()).toBe('accepted_as_is');
    expect(sheet.state.stage).toBe('refund_due');
    expect(sheet.escalation).toMatchObject({ state: 'active', reason: 'own_deadline' });
    sheet.tell({ type: 'refunded', by: mendline, providerId: 're_1' });
    expect(sheet.state.clocks.filter((clock) => clock.running)).toEqual([]);
  });

  it.each<[string, (string | ReturnEvent)[], string]>([
    ['evidence that did not come', [{ type: 'evidence_requested', by: manager }], 'no_reply'],
    [
      'an offer that was not answered',
      [{ type: 'proposed', by: manager, proposal: { no: 1, kind: 'price_reduction', amountMinor: 500, by: 'manager-1' } }],
      'proposal_lapsed',
    ],
  ])('is not one of the customer: %s escalates nothing, though the case comes back to us', (_, events, rung) => {
    const sheet = new Sheet(...events);
    expect(sheet.ring()).toBe(rung);
    expect(sheet.state.stage).toBe('under_review');
    expect(sheet.escalation).toBeUndefined();
  });

  it('does not begin anew what a customer has asked for already', () => {
    const sheet = granted();
    sheet.tell('accepted', manager).tell({ type: 'step_failed', by: mendline, step: 'issue_label' });
    sheet.ringUntil('rung_climbed');
    expect(sheet.escalation).toMatchObject({ state: 'active', reason: 'no_answer' });
  });
});

it('a policy without terms has no escalations', () => {
  const sheet = new Sheet();
  const { escalation: _, ...plain } = sla;
  const state = applyEvent(returnRules, sheet.state, { type: 'escalation_requested', by: customer }, sheet.now, plain);
  expect(state.escalation).toBeUndefined();
});
