/**
 * Flaws that a harness must find, one at a time: each replaces a piece of the product's source before it is built elsewhere. The product knows
 * nothing of them. `find` stands exactly once in its file; a test holds the list to that.
 */
export interface Mutant {
  readonly id: string;
  /** What is wrong, in words. */
  readonly flaw: string;
  readonly patches: readonly Patch[];
}
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const one = (id: string, flaw: string, file: string, find: string, put: string): Mutant => ({
  id,
  flaw,
  patches: [{ file, find, put }],
});

export const mutants: readonly Mutant[] = [
  one(
    'refund-key-per-attempt',
    'the key of a refund contains the attempt',
    'activities/payments.ts',
    'const { key, caseId, paymentId, amountMinor, currency, failed = [] } = input;',
    'const { caseId, paymentId, amountMinor, currency, failed = [] } = input; const key = `${input.key}~${Date.now()}`;',
  ),
  one(
    'refund-without-look-up',
    'a refund is made without being looked for first',
    'activities/payments.ts',
    '(await payments.findRefund({ caseId, key })) ?? payments.createRefund(request)',
    'payments.createRefund(request)',
  ),
  one(
    'refund-of-the-case',
    'any refund of the case is taken for this one',
    'gateways/payments.ts',
    'move.caseId === caseId && move.key === key)',
    'move.caseId === caseId && key !== undefined)',
  ),
  one(
    'pending-is-paid',
    'what the provider has only taken on is read as paid',
    'activities/payments.ts',
    "return { refundId: refund.refundId, settled: refund.status === 'succeeded' };",
    'return { refundId: refund.refundId, settled: true };',
  ),
  one(
    'away-is-no',
    'a partner that is away is read as a refusal for good',
    'activities/failures.ts',
    'throw ApplicationFailure.create({',
    'throw ApplicationFailure.create({ nonRetryable: true,',
  ),
  one(
    'label-key-per-attempt',
    'the key of a label contains the attempt',
    'activities/carrier.ts',
    'async issueReturnLabel({ key, caseId, channel, sendBack, ...place }: LabelInput): Promise<LabelAnswer> {',
    'async issueReturnLabel({ key: meant, caseId, channel, sendBack, ...place }: LabelInput): Promise<LabelAnswer> { const key = `${meant}~${Date.now()}`;',
  ),
  one(
    'label-not-voided',
    'a label is said to be voided and is not',
    'activities/carrier.ts',
    'const { voided, reason } = await asking(() => carrier.voidShipmentIfPresent({ key }));',
    "const { voided, reason } = { voided: true, reason: `${key}${replaced ?? ''}` };",
  ),
  one(
    'undo-after-its-step',
    'an undo is registered after the step that it takes back',
    'workflows/return-moves.ts',
    'rma.arm(step, undoLabel); // before the step that it undoes',
    '',
  ),
  one(
    'undo-not-shown-to-fail',
    'nothing is taken back when a case is called off',
    'domain/undo.ts',
    "entries.filter((entry) => entry.state === 'armed' || entry.state === 'undo_failed').reverse();",
    "entries.filter((entry) => entry.state === 'undo_failed').reverse();",
  ),
  one(
    'units-not-released',
    'a case that ends keeps its units claimed',
    'activities/orders.ts',
    'const lines = await ledgers.release({ merchantId, orderId, caseId });',
    'const lines = [ledgers, merchantId, orderId, caseId].length;',
  ),
  one(
    'units-claimed-unguarded',
    'units are claimed without looking whether they are free',
    'db/ledgers.ts',
    "{ _id, 'by.caseId': { $ne: caseId }, claimed: { $lte: bought - quantity } };",
    "{ _id, 'by.caseId': { $ne: caseId }, claimed: { $lte: bought + quantity } };",
  ),
  one(
    'stock-key-per-attempt',
    'goods are booked into stock under a new key each time',
    'activities/errands.ts',
    'const entry = { key: `${caseId}/${key}`,',
    'const entry = { key: `${caseId}/${key}~${Date.now()}`,',
  ),
  one(
    'notice-key-per-attempt',
    'a notice is sent under a new key each time',
    'activities/errands.ts',
    'const noticeKey = `${caseId}/${key}`;',
    'const noticeKey = `${caseId}/${key}~${Date.now()}`;',
  ),
  one(
    'save-guard-dropped',
    'a late save overwrites a newer one',
    'db/cases.ts',
    '$or: [{ stamp: { $lt: stamp } }, { stamp, updatedAt: { $lte: state.at } }],',
    '',
  ),
  one(
    'save-failure-untold',
    'a save that failed is told to nobody',
    'worker/saving.ts',
    'inTime(saveCase(input)).catch(() => client.workflow.getHandle(workflowId, runId).signal(saveFailed)),',
    'inTime(saveCase(input)).catch(() => void [client, workflowId, runId, saveFailed]),',
  ),
  one(
    'flush-forgotten',
    'a case that was told of a failed save does nothing about it',
    'workflows/read-model.ts',
    'if (this.isLate) await flushCase(file.snapshot());',
    'if (this.isLate && this.shown === -2) await flushCase(file.snapshot());',
  ),
  one(
    'timeline-row-lost',
    'of several revisions saved together only the last leaves a line',
    'workflows/read-model.ts',
    'readModel.save(file.snapshot(this.shown + 1));',
    'readModel.save(file.snapshot(revision));',
  ),
  one(
    'commands-unchecked',
    'a command is taken whatever the stage',
    'workflows/handlers.ts',
    'function refuse(refusal: Refusal | undefined): void {',
    "function refuse(refusal: Refusal | undefined): void { if (refusal?.code === 'not_allowed_now') return;",
  ),
  one(
    'facts-heard-twice',
    'a word of a partner that comes again has its effect again',
    'domain/return-facts.ts',
    'if (messageId && hasSeen(state, messageId)) return undefined;',
    'if (messageId && hasSeen(state, messageId) && state.revision < 0) return undefined;',
  ),
  one(
    'answered-before-done',
    'a command is answered with yes before the case has it',
    'api/case-client.ts',
    'const call = () => handleOf(at).executeUpdate(commandUpdate(name), { updateId: commandId, args: [sent] });',
    'const call = async (): Promise<Receipt> => { setTimeout(() => void handleOf(at).executeUpdate(commandUpdate(name), { updateId: commandId, args: [sent] }).catch(() => undefined), 300); return { revision: 0, stage: sent.actor.role, availableMoves: [] }; };',
  ),
  one(
    'commands-without-a-key',
    'the same call sent twice is two commands',
    'api/idempotency.ts',
    '.update(JSON.stringify([caller.merchantId, caller.role, caller.id, key]))',
    '.update(JSON.stringify([caller.merchantId, caller.role, caller.id, key, Math.random()]))',
  ),
  one(
    'lease-never-ends',
    'a key whose holder died is held for ever',
    'db/inbox.ts',
    'const leaseMs = 15_000;',
    'const leaseMs = 15_000_000;',
  ),
  one(
    'facts-after-the-end-dropped',
    'what a partner says of an ended case is dropped',
    'api/facts.ts',
    'const reopened = await reopenWith(deps, doc, fact);',
    'const reopened = [reopenWith].length > 0 ? false : await reopenWith(deps, doc, fact);',
  ),
  one(
    'told-before-the-case-heard',
    'a webhook is acknowledged before its case has heard of it',
    'api/routes/webhooks.ts',
    'const reached = told !== undefined && (await tell(deps, told));',
    'const reached = told !== undefined && (void tell(deps, told).catch(() => false), Math.random() < 0.5);',
  ),
  one(
    'clock-never-rings',
    'a deadline that passes does nothing',
    'workflows/sla-clock.ts',
    'if (!rang) continue;',
    'if (!rang || rang) continue;',
  ),
  one(
    'stack-in-the-answer',
    'an error shows the inside of the program',
    'api/errors.ts',
    '...(detail ? { detail } : {}),',
    "...(detail ? { detail: `${detail} ${err.stack ?? ''}` } : {}),",
  ),
  one(
    'revision-goes-back',
    'readers are shown an older state now and then',
    'api/case-view.ts',
    'return Object.assign(summaryOf(doc, caller), facts, parts);',
    'return Object.assign(summaryOf(doc, caller), facts, parts, Math.random() < 0.05 ? { revision: Math.max(0, (state.revision ?? 0) - 2) } : {});',
  ),
];
