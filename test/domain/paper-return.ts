/**
 * A return on paper: the reducer and the commands without a server, so that a test plays thousands of cases in seconds.
 * `work` stands for the story of workflows/return.ts: it does what the story does by itself, with the partners' answers given by the test;
 * `payEarly` and `runErrands` stand for what goes on beside the story, workflows/return-beside.ts.
 */
import { applyEvent } from '../../domain/reducer.ts';
import { cancelMove, defaultOf } from '../../domain/moves.ts';
import { eventOf, nextMilestone } from '../../domain/deadlines.ts';
import { hasSeen, isEnded, rowOf, type AnyRules, type SlaPolicy } from '../../domain/case.ts';
import type { Refusal } from '../../domain/commands.ts';
import { pendingErrands } from '../../domain/errands.ts';
import type { Lot } from '../../domain/goods.ts';
import { mendline, type CommandName, type Role } from '../../domain/permissions.ts';
import { owedBackMinor, restMinor, type PaidLine } from '../../domain/refunds.ts';
import { eventOfCommand, returnRefusal, type ReturnCommand } from '../../domain/return-commands.ts';
import { eventOfFact, settlesAll, type ReturnFact, type ReturnFacts } from '../../domain/return-facts.ts';
import { alreadyAnswered, assessGoods, reassessment, returnRules } from '../../domain/return.ts';
import { currentLeg } from '../../domain/return-request.ts';
import { isCharging, isDisputed, isPaid, mayCharge, nextDue, nextEarly, refundIntent } from '../../domain/return-money.ts';
import { type Leg, type ReturnEvent, type ReturnState } from '../../domain/return-state.ts';
import type { Reason, Verdict } from '../../domain/policy/verdict.ts';
import { stillToUndo } from '../../domain/undo.ts';
import { firstSla, kettles, openedAt, openedState, paperSla, type PaperOptions } from './paper-policy.ts';
import { PaperProvider, type PaperPayment } from './paper-provider.ts';

export const rules = returnRules as unknown as AnyRules;
const by = mendline;

/** How a partner answers a step: it does it, refuses it for good, or is away until the step's limit has run out. */
export type StepOutcome = 'done' | 'refused' | 'timed_out';
export type Assessed = Verdict['verdict'];
export interface Answer {
  readonly assessed?: Assessed;
  readonly verdict?: Partial<Verdict>;
  /** The provider takes it, and will tell later what became of it. */
  readonly pending?: boolean;
  /** What the backup carrier says once the main one has not made the label; absent: the same. */
  readonly backup?: StepOutcome;
}

let messages = 0;
export const freshId = (): string => `msg-${(messages += 1)}`;

export class PaperCase {
  state: ReturnState;
  now = openedAt;
  readonly sla: SlaPolicy;
  readonly provider: PaperProvider;
  readonly told: ReturnEvent[] = [];
  /** The stage in which the story rests: only another stage wakes it. */
  private restingIn?: string;
  private labels = 0;

  constructor(lines: readonly PaidLine[] = kettles, options: PaperOptions = {}) {
    this.sla = { ...(options.edition === 1 ? firstSla : paperSla), ...options.sla };
    this.state = openedState(lines, options.changes, options);
    this.provider = new PaperProvider(this.state.paidMinor);
    this.record({ type: 'opened', by: { id: 'cust-1', role: 'customer' } });
  }

  get stage(): string {
    return this.state.stage;
  }
  get ended(): boolean {
    return isEnded(rules, this.state);
  }
  /** Refunds at the provider: what was really paid, whatever the case believes. */
  get paid(): readonly PaperPayment[] {
    return this.provider.refunds;
  }

  record(event: ReturnEvent): void {
    this.state = applyEvent(returnRules, this.state, event, this.now, this.sla);
    this.told.push(event);
  }

  give(
    name: CommandName,
    role: Role,
    payload: object,
    options: { messageId?: string; expectedRevision?: number; id?: string } = {},
  ): Refusal | undefined {
    const { messageId = freshId(), expectedRevision, id = `${role}-1` } = options;
    return this.command({ name, actor: { id, role }, messageId, expectedRevision, payload } as ReturnCommand);
  }
  /** As the Update's validator and handler do. */
  command(command: ReturnCommand): Refusal | undefined {
    const refusal = returnRefusal(this.state, { ...command, at: this.now }, this.sla);
    if (!refusal && !hasSeen(this.state, command.messageId)) this.record(eventOfCommand(this.state, command, this.sla));
    return refusal;
  }
  hear(fact: ReturnFact): void {
    const event = eventOfFact(this.state, fact);
    if (event) this.record(event);
  }
  /** The carrier's word about the parcel that the case is about now. */
  scan(code: string, more: Partial<ReturnFacts['parcel_scanned']> = {}): void {
    const back = this.stage === 'sending_back' ? this.state.legs?.findLast((leg) => leg.kind === 'send_back') : undefined;
    const { trackingNo = 'RT1' } = back ?? currentLeg(this.state) ?? {};
    this.hear({ name: 'parcel_scanned', eventId: freshId(), trackingNo, code, occurredAt: this.now, ...more });
  }
  cancelFromOutside(): void {
    this.record({ type: cancelMove(rules, this.state, this.sla) ?? 'cancel_noted', by: { id: 'temporal', role: 'operator' } });
  }

  /** The provider's own word on what is pending there, the newest first, with the amount that it really is about. */
  providerSays(status: 'succeeded' | 'failed', which?: string, eventId = freshId()): void {
    const { refunds, charges } = this.provider;
    const one = [...charges, ...refunds].findLast(({ id, status: now }) => (which ? id === which : now === 'pending'));
    if (!one) return;
    one.status = status;
    const told = { eventId, amountMinor: one.amountMinor, currency: this.state.currency, occurredAt: this.now };
    if (charges.includes(one))
      this.hear({ name: status === 'succeeded' ? 'payment_settled' : 'payment_failed', chargeId: one.id, ...told });
    else this.hear({ name: status === 'succeeded' ? 'refund_settled' : 'refund_failed', refundId: one.id, ...told });
  }

  /** Lets time run to the next milestone and rings it; false: no clock runs. */
  ring(): boolean {
    const milestone = nextMilestone(this.state);
    if (!milestone) return false;
    this.now = Math.max(this.now, milestone.at);
    this.record(eventOf(rules, this.state, milestone, this.sla) as ReturnEvent);
    return true;
  }
  /** Rings everything that falls due within this time. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (let next = nextMilestone(this.state); next && next.at <= until; next = nextMilestone(this.state)) this.ring();
    this.now = until;
  }

  /** What the story does without asking anybody; it stops at a partner's step, or where a person, a partner or the clock must act. */
  settleDown(): void {
    for (let before = -1; before !== this.state.revision; ) {
      before = this.state.revision;
      if (!this.ended) this.goOn();
      if (this.state.revision === before) this.restingIn = this.stage;
    }
    if (!this.ended) return;
    for (const { step } of stillToUndo(this.state.undo)) this.record({ type: 'undone', by, step, result: 'taken back' });
    this.runErrands();
  }

  private goOn(): void {
    const answered = this.restingIn === this.stage ? undefined : alreadyAnswered(this.state);
    if (answered) return this.record({ type: answered, by });
    switch (this.stage) {
      case 'requested':
        return this.arm('claim_units', 'releaseUnitsIfPresent');
      case 'under_review':
        return this.state.request?.toAssess ? this.arm('claim_units', 'releaseUnitsIfPresent') : undefined;
      case 'authorized':
        return this.ownWay ? this.record({ type: 'shipment_prepared', by }) : this.arm(this.step('issue_label'), undoLabel);
      case 'awaiting_handover':
        if (!this.wishes) return;
        if (this.ownWay) return this.record({ type: 'pickup_arranged', by });
        return this.samePlace
          ? this.arm(this.step('pickup'), 'cancelPickupIfPresent')
          : this.arm(this.step('issue_label'), undoLabel);
      case 'inspected':
        return this.record({ type: assessGoods(this.state), by, step: 'assess_goods' });
      case 'recovering_advance':
        return owedBackMinor(this.state) === 0 && !this.meansEarly && !isCharging(this.state)
          ? this.record({ type: 'recovered', by })
          : undefined;
      case 'refund_due':
        if (this.state.undo.some((entry) => entry.state === 'armed')) this.record({ type: 'disarmed', by });
        if (restMinor(this.state) > 0) this.record({ type: 'refund_planned', by });
        return isPaid(this.state) ? this.record({ type: 'refunded', by }) : undefined;
      default:
    }
  }

  private arm(step: string, undo: string): void {
    if (!this.state.undo.some((entry) => entry.step === step && entry.state === 'armed'))
      this.record({ type: 'armed', by, step, undo });
  }
  private get ownWay(): boolean {
    return this.state.handover?.channel === 'own_carrier';
  }
  private get wishes(): boolean {
    return this.state.handover !== undefined && this.state.handover.wish !== this.state.handover.arranged;
  }
  /** The label in use was made for a pickup at the door, and that is still wished. */
  private get samePlace(): boolean {
    const { handover, shipment } = this.state;
    const label = currentLeg(this.state);
    const isPickup = shipment?.pickupAt !== undefined && shipment.trackingNo === label?.trackingNo;
    return handover?.channel === 'door_pickup' && label?.ours === true && isPickup;
  }
  private step(name: string): string {
    const wish = this.state.handover?.wish ?? 0;
    return wish > 0 ? `${name}/${wish + 1}` : name;
  }
  private get meansEarly(): boolean {
    return this.state.money.some((line) => line.early && (line.state === 'due' || line.state === 'dispute_hold'));
  }

  /** A partner's answer to the step that runs in this stage; without effect where none runs. */
  work(outcome: StepOutcome, answer: Answer = {}): void {
    this.settleDown();
    this.tried(outcome, answer);
    this.settleDown();
  }

  private tried(outcome: StepOutcome, answer: Answer): void {
    switch (this.stage) {
      case 'requested':
        return outcome === 'done' ? this.assessed(answer) : this.failed('assess', outcome);
      case 'under_review':
        if (!this.state.request?.toAssess) return;
        return outcome === 'done' ? this.assessedAgain(answer) : this.failed('assess', outcome);
      case 'authorized':
        return this.handOut(outcome, answer);
      case 'awaiting_handover':
        return this.wishes ? this.rearrange(outcome) : undefined;
      case 'lost_suspected':
        return this.claim(outcome);
      case 'sending_back':
        return this.sendBack(outcome);
      case 'recovering_advance':
        return this.withoutEarly(outcome) ? this.recover(outcome, answer.pending ?? false) : undefined;
      case 'refund_due':
        return this.refund(outcome, answer.pending ?? false);
      case 'unwinding':
        return this.withoutEarly('done') ? this.unwind(outcome) : undefined;
      default:
    }
  }

  /** As CaseFile.insist: refused for good, or out of time, which is a default only where the stage has no clock of its own. */
  private failed(step: string, outcome: StepOutcome): void {
    const row = rowOf(rules, this.stage);
    const late = row?.clockFrom === 'entry' ? 'step_failed' : defaultOf(rules, this.state, this.sla, row?.onTimeout ?? '');
    this.record({ type: outcome === 'refused' ? 'step_failed' : late!, by, step, cause: 'no answer' });
  }

  private assessed({ assessed = 'accepted', verdict: more }: Answer): void {
    const verdict = { ...verdictOf(assessed, this.state.request?.reason), ...more };
    const leg: Leg = { legId: 'outbound', kind: 'outbound', trackingNo: 'OUT1', ours: true };
    this.record({ type: assessed, by, verdict, ruleIds: verdict.ruleIds, ...(this.state.legs ? { leg } : {}) });
  }
  private assessedAgain({ assessed = 'referred', verdict: more }: Answer): void {
    const verdict = { ...verdictOf(assessed, this.state.request?.reason), ...more };
    this.record({ type: reassessment(this.state, verdict), by, verdict, ruleIds: verdict.ruleIds });
  }

  private handOut(outcome: StepOutcome, { backup = outcome }: Answer): void {
    const step = this.step('issue_label');
    if (!this.state.handover)
      return outcome === 'done'
        ? this.record({ type: 'shipment_prepared', by, shipment: { trackingNo: 'RT1' } })
        : this.failed('issue_label', outcome);
    if (outcome === 'done') return this.record({ type: 'shipment_prepared', by, ...this.label(step) });
    this.arm(`${step}_backup`, undoLabel);
    if (backup === 'done') this.record({ type: 'shipment_prepared', by, ...this.label(`${step}_backup`) });
    else this.failed('issue_label', backup);
  }
  private label(step: string, kind: Leg['kind'] = 'return'): Pick<ReturnEvent, 'leg' | 'shipment'> {
    const trackingNo = `RT${(this.labels += 1)}`;
    const pickupAt = this.state.handover?.channel === 'door_pickup' ? this.now + 86_400_000 : undefined;
    const leg = { legId: `${this.state.caseId}/${step}`, kind, trackingNo, carrier: 'main', ours: true };
    return kind === 'return' ? { leg, shipment: { trackingNo, pickupAt } } : { leg };
  }
  private rearrange(outcome: StepOutcome): void {
    const step = this.step(this.samePlace ? 'pickup' : 'issue_label');
    if (outcome !== 'done') return this.record({ type: 'pickup_refused', by, step, cause: 'no answer' });
    if (!this.samePlace) return this.record({ type: 'pickup_arranged', by, ...this.label(step) });
    const slotAt = this.now + 86_400_000;
    const { trackingNo } = this.state.shipment!;
    this.record({
      type: 'pickup_arranged',
      by,
      handover: { bookingId: step, slotAt },
      shipment: { trackingNo, pickupAt: slotAt },
    });
  }

  private claim(outcome: StepOutcome): void {
    const leg = currentLeg(this.state);
    const otherId = `claim:${leg?.legId}`;
    if (!leg?.ours || this.state.links?.some((link) => link.kind === 'claim_for' && link.otherId === otherId)) return;
    if (outcome === 'done') this.record({ type: 'linked', by, link: { otherId, kind: 'claim_for' } });
    else this.record({ type: 'noted', by, step: 'claim', cause: 'no answer' });
  }
  private sendBack(outcome: StepOutcome): void {
    const labels = (this.state.legs ?? []).filter((leg) => leg.kind === 'send_back');
    const number = labels.length;
    const { code = '', scannedAt } = labels.at(-1) ?? {};
    const stillHere = this.state.lots.some((lot) => lot.acceptance === 'rejected' && lot.reception === 'received');
    const isUsedUp = ['delivered', 'lost', 'returned_to_sender'].includes(code) || (scannedAt !== undefined && stillHere);
    if (number > 0 && !isUsedUp) return;
    if (outcome !== 'done') return this.failed('send_back', outcome);
    this.record({
      type: 'send_back_prepared',
      by,
      ...this.label(number === 0 ? 'send_back' : `send_back/${number + 1}`, 'send_back'),
    });
  }
  private unwind(outcome: StepOutcome): void {
    for (const { step } of stillToUndo(this.state.undo))
      this.record(
        outcome === 'done'
          ? { type: 'undone', by, step, result: 'taken back' }
          : { type: 'undo_failed', by, step, cause: 'no answer' },
      );
    const clean = stillToUndo(this.state.undo).length === 0;
    this.record({ type: clean ? 'unwound' : 'step_failed', by, step: 'unwind' });
  }

  private key(intent: string): string {
    return `${this.state.caseId}/${intent}`;
  }
  /** One line of the refund; without one the provider's word is awaited. */
  private refund(outcome: StepOutcome, pending: boolean): void {
    const line = isDisputed(this.state) ? undefined : nextDue(this.state);
    if (!line) return;
    const { intent, amountMinor } = line;
    const made = outcome === 'done' ? this.provider.refund(this.key(intent), amountMinor, pending) : undefined;
    if (!made) return this.failed('refund', outcome === 'done' ? 'refused' : outcome);
    if (made.status === 'failed') return this.record({ type: 'step_failed', by, step: 'refund', cause: 'refund_failed' });
    const type = made.status === 'pending' ? 'refund_sent' : settlesAll(this.state, intent) ? 'refunded' : 'refund_settled';
    this.record({ type, by, providerId: made.id, ...(intent === refundIntent ? {} : { intent }) });
  }
  /** Money beside the goods' way: an advance, or the part of a refund that nobody contests. */
  payEarly(outcome: StepOutcome = 'done', pending = false): void {
    const line = ['unwinding', 'recovering_advance'].includes(this.stage) || this.ended ? undefined : nextEarly(this.state);
    if (!line) return;
    const { intent, amountMinor } = line;
    const made = outcome === 'done' ? this.provider.refund(this.key(intent), amountMinor, pending) : undefined;
    if (made && made.status !== 'failed')
      this.record({ type: made.status === 'pending' ? 'refund_sent' : 'refund_settled', by, intent, providerId: made.id });
    else
      this.record({
        type: outcome === 'timed_out' ? 'noted' : 'advance_refused',
        by,
        intent,
        step: 'refund',
        cause: 'no answer',
      });
    this.settleDown();
  }
  /** What the provider does not know of is called off; false: it could not be asked. */
  private withoutEarly(outcome: StepOutcome): boolean {
    for (const { intent, state, early } of this.state.money) {
      if (!early || state !== 'due') continue;
      if (outcome !== 'done') {
        this.failed('look_up', outcome);
        return false;
      }
      const found = this.provider.refundOf(this.key(intent));
      if (found && found.status !== 'failed')
        this.record({
          type: found.status === 'succeeded' ? 'refund_settled' : 'refund_sent',
          by,
          intent,
          providerId: found.id,
        });
    }
    if (this.meansEarly) this.record({ type: 'early_cancelled', by });
    return true;
  }
  private recover(outcome: StepOutcome, pending: boolean): void {
    const { money } = this.state;
    if (owedBackMinor(this.state) === 0) return;
    if (!mayCharge(this.state)) return;
    if (!money.some((line) => line.kind === 'recovery' && line.state === 'due')) this.record({ type: 'recovery_due', by });
    const line = this.state.money.find((one) => one.kind === 'recovery' && one.state === 'due');
    if (!line) return;
    const { intent } = line;
    if (outcome !== 'done') return this.record({ type: 'recovery_refused', by, intent, cause: 'no answer' });
    const made = this.provider.charge(this.key(intent), line.amountMinor, pending);
    this.record({ type: 'recovery_sent', by, intent, providerId: made.id });
    if (made.status === 'succeeded') this.record({ type: 'recovered', by, intent });
  }

  /** Does what is planned outside, all of it; with a cause, none of it can be done. */
  runErrands(cause?: string): void {
    for (const { key } of pendingErrands(this.state.errands))
      this.record(cause ? { type: 'errand_failed', by, errand: key, cause } : { type: 'errand_done', by, errand: key });
  }
}

const undoLabel = 'voidReturnLabelIfPresent';

export const verdictOf = (verdict: Assessed, reason: Reason = 'quality'): Verdict => ({
  verdict,
  reason,
  ruleIds: ['uk.strr'],
  because: [],
  freight: 'merchant',
});

const every = (lots: readonly Lot[], more: object) => lots.map(({ lineId, quantity }) => ({ lineId, quantity, ...more }));
export const allCounted = (state: ReturnState, condition = 'received') => every(state.lots, { condition });
export const allGraded = (state: ReturnState, grade = 'A') => every(state.lots, { grade, disposition: 'restock' });
