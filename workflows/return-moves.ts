/**
 * 退货 return: the chapters' longer passages, each one thing asked of a partner: labels and pickups, parcels, refunds, recoveries.
 * When each is due is the story's to say.
 */
import { currentLeg, straysOf } from '../domain/return-request.ts';
import { isDisputed, mayCharge, refundIntent } from '../domain/return-money.ts';
import type { ChargeAnswer, ClaimInput, LabelAnswer, RefundFound, ReturnInput } from '../contracts/workflow.ts';
import { mendline } from '../domain/permissions.ts';
import { refusedHere } from '../domain/goods.ts';
import { nextIntent, type MoneyLine } from '../domain/money.ts';
import { owedBackMinor, requestedMinor, valueMinor } from '../domain/refunds.ts';
import { eventOfFact, settlesAll, type ReturnFact } from '../domain/return-facts.ts';
import type { Handover, Leg } from '../domain/return-state.ts';
import { claimCaseIdOf } from './messages.ts';
import { paymentOf, type Rma, type Steps } from './return-steps.ts';

const by = mendline;
const undoLabel = 'voidReturnLabelIfPresent';

/** The label, from the backup carrier where the main one cannot; else the customer sends as they like, and we repay it. */
export async function handOut(rma: Rma, input: ReturnInput, { issueReturnLabel }: Steps): Promise<void> {
  const { handover, caseId } = rma.state;
  const channel = handover?.channel ?? input.handoverChannel;
  if (handover && channel === 'own_carrier') {
    rma.record({ type: 'shipment_prepared', by }); // the customer tells the tracking number
    return;
  }
  // The wish in force when the step began; a later one is arranged in the next chapter.
  const step = stepOf('issue_label', handover);
  rma.arm(step, undoLabel); // before the step that it undoes
  const ask = (key: string, more: object) => () => issueReturnLabel({ key, caseId, channel, ...placeOf(handover), ...more });
  if (!handover) {
    const shipment = await rma.insist('issue_label', ask(`${caseId}/${step}`, {}));
    if (shipment) rma.record({ type: 'shipment_prepared', by, shipment });
    return;
  }
  const { wish } = handover;
  const tried = await rma.attempt(ask(`${caseId}/${step}`, {}));
  if (!tried) return;
  if ('result' in tried) return prepared(rma, step, tried.result, wish);
  const backup = `${step}_backup`;
  rma.arm(backup, undoLabel);
  const shipment = await rma.insist('issue_label', ask(`${caseId}/${backup}`, { carrier: 'backup', slotId: undefined }));
  if (shipment) prepared(rma, backup, shipment, wish);
}

/** `arranged`: the wish that was in force when the step began. A later one is arranged in its turn. */
const prepared = (rma: Rma, step: string, { trackingNo, pickupAt, carrier }: LabelAnswer, arranged: number): void => {
  const leg = legOf(rma, step, trackingNo, carrier);
  rma.record({ type: 'shipment_prepared', by, handover: { arranged }, shipment: { trackingNo, pickupAt }, leg });
  hearStrays(rma, leg);
};

/** A label may be used before its answer has come to us. */
function hearStrays(rma: Rma, { trackingNo }: Leg): void {
  for (const scan of straysOf(rma.state, trackingNo)) hear(rma, { name: 'parcel_scanned', eventId: '', ...scan });
}

const legOf = (rma: Rma, step: string, trackingNo: string, carrier?: string, kind: Leg['kind'] = 'return'): Leg => ({
  legId: `${rma.state.caseId}/${step}`,
  kind,
  trackingNo,
  carrier,
  ours: true,
});
/** The first wish has the step's own name, later ones are numbered: `issue_label`, `issue_label/2`. */
const stepOf = (step: string, handover: Handover | undefined): string =>
  handover && handover.wish > 0 ? `${step}/${handover.wish + 1}` : step;
const placeOf = (handover: Handover | undefined): Pick<Handover, 'pointId' | 'addressId' | 'slotId'> =>
  handover ? { pointId: handover.pointId, addressId: handover.addressId, slotId: handover.slotId } : {};

/** Waits for the goods to be handed over; meanwhile what the customer wishes otherwise is arranged, once the carrier says yes. */
export async function rearrange(rma: Rma, steps: Steps): Promise<void> {
  const { handover } = rma.state;
  if (!handover || handover.wish === handover.arranged) {
    if (await replacedVoided(rma, steps)) return;
    await askCarrier(
      rma,
      steps,
      () => rma.state.handover !== undefined && rma.state.handover.wish !== rma.state.handover.arranged,
    );
    return;
  }
  const { caseId } = rma.state;
  const { channel, wish: arranged } = handover;
  const label = currentLeg(rma.state);
  const samePlace = handover.channel === 'door_pickup' && label?.ours === true && isPickup(rma, label);
  if (handover.channel === 'own_carrier') {
    rma.record({ type: 'pickup_arranged', by });
    return;
  }
  const step = stepOf(samePlace ? 'pickup' : 'issue_label', handover);
  rma.arm(step, samePlace ? 'cancelPickupIfPresent' : undoLabel);
  if (samePlace) {
    const booked = await rma.attempt(() =>
      steps.arrangePickup({ key: `${caseId}/${step}`, shipmentKey: label.legId, slotId: handover.slotId }),
    );
    if (booked && 'result' in booked) {
      const { bookingId, slotAt } = booked.result;
      rma.record({
        type: 'pickup_arranged',
        by,
        handover: { bookingId, slotAt, arranged },
        shipment: { trackingNo: label.trackingNo, pickupAt: slotAt },
      });
    } else if (booked) rma.record({ type: 'pickup_refused', by, step, cause: booked.cause, handover: { arranged } });
    return;
  }
  const made = await rma.attempt(() =>
    steps.issueReturnLabel({ key: `${caseId}/${step}`, caseId, channel, ...placeOf(handover) }),
  );
  if (made && 'result' in made) {
    const { trackingNo, pickupAt, carrier } = made.result;
    const leg = legOf(rma, step, trackingNo, carrier);
    rma.record({ type: 'pickup_arranged', by, leg, shipment: { trackingNo, pickupAt }, handover: { arranged } });
  } else if (made) rma.record({ type: 'pickup_refused', by, step, cause: made.cause, handover: { arranged } });
}

/** Takes back a label in whose place another has come, and its driver with it; one label a call. False: there is none. */
export async function replacedVoided(rma: Rma, { undoSteps }: Steps): Promise<boolean> {
  const { caseId, handover } = rma.state;
  if (!handover) return false;
  const inUse = handover.channel === 'own_carrier' ? undefined : currentLeg(rma.state)?.legId;
  const replaced = rma.undo.find(
    (entry) => entry.undo === undoLabel && entry.state === 'armed' && `${caseId}/${entry.step}` !== inUse,
  );
  if (!replaced) return false;
  const { step } = replaced;
  const undone = await rma.attempt(() => undoSteps[undoLabel]({ ...rma.undoInput(replaced), replaced: true }), true);
  if (undone && 'result' in undone) rma.record({ type: 'undone', by, step, result: undone.result.result });
  else if (undone) rma.record({ type: 'undo_failed', by, step, cause: undone.cause });
  return true;
}

/** The label in use was made for a pickup at the door. */
const isPickup = (rma: Rma, label: Leg): boolean =>
  rma.state.shipment?.trackingNo === label.trackingNo && rma.state.shipment.pickupAt !== undefined;

/** When a clock last warned, epoch ms. */
const warnedAt = (rma: Rma): number =>
  Math.max(0, ...rma.state.clocks.flatMap(({ log }) => log.flatMap(({ what, at }) => (what === 'warned' ? [at] : []))));

/** Whether a clock has warned since now; cases of the first edition have no partner asked. */
function warnedSince(rma: Rma): () => boolean {
  const before = warnedAt(rma);
  return () => rma.state.legs !== undefined && warnedAt(rma) > before;
}

/** Waits for the carrier's word. When a warning finds none, the carrier is asked: a webhook may have been lost. */
export async function askCarrier(rma: Rma, { trackParcel }: Steps, unless: () => boolean = () => false): Promise<void> {
  const { stage } = rma;
  const warned = warnedSince(rma);
  await rma.left(stage, () => unless() || warned());
  const leg = currentLeg(rma.state);
  if (rma.stage !== stage || unless() || !leg?.ours || !warned()) return;
  const { trackingNo } = leg;
  const found = await rma.attempt(() => trackParcel({ caseId: rma.state.caseId, trackingNo }));
  if (!found || !('result' in found)) return;
  for (const scan of found.result.scans)
    if (scan.occurredAt > (leg.scannedAt ?? 0)) hear(rma, { name: 'parcel_scanned', trackingNo, ...scan });
}

function hear(rma: Rma, fact: ReturnFact): void {
  const event = eventOfFact(rma.state, fact);
  if (event) rma.record(event);
}

/** A claim on the carrier for our lost parcel: a workflow of its own, started once for each parcel. */
export async function claimOn(rma: Rma, input: ReturnInput, { openCarrierClaim }: Steps): Promise<void> {
  const { state, about } = rma;
  const leg = currentLeg(state);
  if (!leg?.ours || state.links?.some((link) => link.kind === 'claim_for' && link.otherId === claimIdOf(rma, leg))) return;
  const { caseId, merchantId, currency } = state;
  const claim: ClaimInput = {
    claimCaseId: claimIdOf(rma, leg),
    caseId,
    merchantId,
    legId: leg.legId,
    trackingNo: leg.trackingNo,
    amountMinor: Math.max(1, valueMinor(state.lines, state.lots, (lot) => !lot.acceptance) || requestedMinor(state.lines)),
    currency,
    openedAt: state.at,
    about,
    sla: rma.sla,
    historyBudget: input.historyBudget,
  };
  // Known of before it is opened, and waited for whatever comes: a parcel that turns up meanwhile must find it, to withdraw it.
  rma.record({ type: 'linked', by, link: { otherId: claim.claimCaseId, kind: 'claim_for' } });
  const opened = await rma.beside('claim', () => openCarrierClaim(claim));
  if (opened && !('result' in opened)) rma.record({ type: 'noted', by, step: 'claim', cause: opened.cause });
}
const claimIdOf = (rma: Rma, leg: Leg): string =>
  claimCaseIdOf(rma.state.caseId, (rma.state.legs ?? []).findIndex((one) => one.legId === leg.legId) + 1);

/** What we do not take goes back: a label to the customer, then the carrier's word. */
export async function sendBack(rma: Rma, input: ReturnInput, steps: Steps): Promise<void> {
  const { caseId, legs = [] } = rma.state;
  const labels = legs.filter((leg) => leg.kind === 'send_back');
  if (labels.length > 0 && !isUsedUp(rma, labels.at(-1)!)) {
    await rma.left();
    return;
  }
  const number = labels.length;
  const step = number === 0 ? 'send_back' : `send_back/${number + 1}`;
  const channel = input.handoverChannel;
  const label = await rma.insist('send_back', () =>
    steps.sendBackLabel({ key: `${caseId}/${step}`, caseId, channel, sendBack: true }),
  );
  if (!label) return;
  const leg = legOf(rma, step, label.trackingNo, label.carrier, 'send_back');
  rma.record({ type: 'send_back_prepared', by, leg });
  hearStrays(rma, leg);
}

/** The parcel of this label has come to its end, or has gone with other goods than those that are here. */
const isUsedUp = (rma: Rma, { code = '', scannedAt }: Leg): boolean =>
  ['delivered', 'lost', 'returned_to_sender'].includes(code) || (scannedAt !== undefined && rma.state.lots.some(refusedHere));

/** One line of the refund. Its answer may say pending: then the provider's word is awaited. */
export async function refundLine(rma: Rma, input: ReturnInput, steps: Steps, line: MoneyLine): Promise<void> {
  const { refundPayment } = steps;
  const { intent, amountMinor } = line;
  const key = `${rma.state.caseId}/${intent}`;
  const failed = rma.state.money
    .filter((one) => one.state === 'failed' && one.kind !== 'recovery')
    .map((one) => ({ key: `${rma.state.caseId}/${one.intent}`, amountMinor: one.amountMinor }));
  const more = failed.length > 0 && input.edition ? { failed } : {};
  const tried = await rma.attempt(() => refundPayment({ key, ...paymentOf(input, amountMinor), ...more }));
  if (!tried) {
    // A dispute has stopped the trying: should the provider know nothing of it, the line waits for the bank.
    if (isDisputed(rma.state)) await whatStands(rma, steps, intent);
    return;
  }
  if (!('result' in tried)) {
    // The provider has taken it on and failed: under its key nothing more can be sent, a retry needs a new one.
    if (rma.state.legs && tried.forGood && tried.cause.startsWith('refund_failed'))
      rma.record({ type: 'refund_failed', by, step: 'refund', intent, cause: tried.cause });
    else rma.gaveUp('refund', tried);
    return;
  }
  const sent = tried.result;
  const type = !sent.settled ? 'refund_sent' : settlesAll(rma.state, intent) ? 'refunded' : 'refund_settled';
  rma.record({ type, by, providerId: sent.refundId, ...(intent === refundIntent ? {} : { intent }) });
  // That it failed may have been said before its answer came to us.
  const isSaidToFail = rma.state.legs !== undefined && rma.state.strayRefunds?.includes(sent.refundId);
  if (!sent.settled && isSaidToFail) await lookUp(rma, steps);
}

/** The bank may pay in our place: nothing is tried again until it has decided. */
export function stopPaying(rma: Rma): void {
  if (rma.stage === 'refund_due') rma.callOffStep();
  rma.stopTrying('early');
}

/** The trying was stopped: what the provider knows of by now stands. False: it could not be asked. */
export async function whatStands(rma: Rma, { lookUpRefund }: Steps, intent: string): Promise<boolean> {
  const { caseId } = rma.state;
  const found = await rma.insist('look_up', () => lookUpRefund({ caseId, key: `${caseId}/${intent}` }));
  if (found) noteStanding(rma, intent, found);
  return found !== undefined;
}

export function noteStanding(rma: Rma, intent: string, { refundId: providerId, status }: RefundFound): void {
  if (providerId && status !== 'failed')
    rma.record({ type: status === 'succeeded' ? 'refund_settled' : 'refund_sent', by, intent, providerId });
}

/** Waits for the provider's word. When a warning finds none, or a person wants it tried again, the provider is asked: a webhook may be lost. */
export async function askProvider(rma: Rma, steps: Steps): Promise<void> {
  const { money, disputes } = rma.state;
  const told = () => rma.state.money !== money || rma.state.disputes !== disputes;
  const atOnce = rma.state.legs !== undefined && rma.state.attention !== undefined;
  if (atOnce) await lookUp(rma, steps);
  const warned = warnedSince(rma);
  if (!told()) await rma.left('refund_due', () => told() || warned());
  if (rma.stage === 'refund_due' && !told() && warned()) await lookUp(rma, steps);
}

async function lookUp(rma: Rma, { lookUpRefund }: Steps): Promise<void> {
  for (const { intent, state } of rma.state.money) {
    if (state !== 'sent') continue;
    const key = `${rma.state.caseId}/${intent}`;
    const found = await rma.attempt(() => lookUpRefund({ caseId: rma.state.caseId, key }));
    const { refundId, status, amountMinor = 0, currency, code } = found && 'result' in found ? found.result : {};
    const fact = { eventId: `look/${key}/${status}`, refundId: refundId ?? '', occurredAt: rma.state.at };
    if (status === 'succeeded') hear(rma, { name: 'refund_settled', ...fact, amountMinor, currency });
    if (status === 'failed') hear(rma, { name: 'refund_failed', ...fact, code });
  }
}

/** What was advanced and is not due is charged back; if that cannot be, the customer pays it otherwise, or managers give it up. */
export async function recover(rma: Rma, input: ReturnInput, { recoverAdvance, lookUpCharge }: Steps): Promise<void> {
  const { money } = rma.state;
  if (!mayCharge(rma.state)) {
    await rma.left(rma.stage, () => rma.state.money !== money); // the provider's word on what is under way, or a person's
    return;
  }
  if (!rma.state.money.some((line) => line.kind === 'recovery' && line.state === 'due'))
    rma.record({ type: 'recovery_due', by, intent: nextIntent(rma.state.money, 'recovery') });
  const line = rma.state.money.find((one) => one.kind === 'recovery' && one.state === 'due');
  if (!line || owedBackMinor(rma.state) === 0) return;
  const key = `${rma.state.caseId}/${line.intent}`;
  const tried = await rma.attempt(() => recoverAdvance({ key, ...paymentOf(input, line.amountMinor) }), true);
  if (!tried) {
    // The goods have come, and it is not tried again: before the case goes on it is asked whether the customer was charged.
    const found = await rma.throughout('charge', () => lookUpCharge({ caseId: rma.state.caseId, key }));
    if (found && 'result' in found) noteCharge(rma, line.intent, found.result);
    else rma.record({ type: 'charge_unknown', by, intent: line.intent, cause: found?.cause });
    return;
  }
  if (!('result' in tried)) rma.record({ type: 'recovery_refused', by, intent: line.intent, cause: tried.cause });
  else noteCharge(rma, line.intent, tried.result);
}

function noteCharge(rma: Rma, intent: string, { chargeId: providerId, settled }: Partial<ChargeAnswer>): void {
  if (!providerId) return;
  rma.record({ type: 'recovery_sent', by, intent, providerId });
  if (settled) rma.record({ type: 'recovered', by, intent, providerId });
}
