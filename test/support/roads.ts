/** Roads that many stories begin with, and what they look at in the end. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { RefundTrigger, SlaPolicy } from '../../domain/case.ts';
import { unwarned } from './cases.ts';
import { accept, eventually, untilStage, type Playing, type Stage } from './stage.ts';

type Changes = Parameters<Stage['open']>[0];

/** Authorized, with a label in the customer's hands; no warnings, for each costs a second. */
export async function handedOut(stage: Stage, changes: Changes = {}): Promise<Playing> {
  const rma = await stage.open({ sla: unwarned, ...changes });
  if (rma.opened.stage === 'under_review') await accept(rma);
  await untilStage(rma, 'awaiting_handover');
  return rma;
}
export async function travelling(stage: Stage, changes: Changes = {}): Promise<Playing> {
  const rma = await handedOut(stage, changes);
  await rma.scan('picked_up');
  await untilStage(rma, 'in_transit');
  return rma;
}

export const counted = (rma: Playing, units: readonly object[], parcelId = 'P1', more: object = {}) =>
  rma.give('record_reception', 'warehouse', { parcelId, scanNo: 1, units, ...more });
export const graded = (rma: Playing, quantity: number, grade: string, lineId = '1') =>
  rma.give('record_inspection', 'warehouse', { units: [{ lineId, quantity, grade, disposition: 'restock' }] });

export const refundRowsOf = (stage: Stage, { caseId }: Playing) =>
  stage.partners.refunds.filter((refund) => refund.caseId === caseId);
/** Intent and sum of each refund. */
export const refundsOf = (stage: Stage, rma: Playing) =>
  refundRowsOf(stage, rma).map(({ key, amountMinor }) => [key.slice(rma.caseId.length + 1), amountMinor]);
export const labelsOf = (stage: Stage, { caseId }: Playing) =>
  stage.partners.shipments.filter((shipment) => shipment.caseId === caseId);
/** Names of the notices that were sent, oldest first. */
export const noticesOf = (stage: Stage, { caseId }: Playing): string[] =>
  stage.partners.notices.filter((notice) => notice.caseId === caseId).map((notice) => notice.template);
export const exceptionsOf = async (stage: Stage, { caseId }: Playing): Promise<string[]> => {
  const all = await stage.database.exceptions.list({ merchantIds: ['m1'], limit: 500 });
  return all.filter((one) => one.caseId === caseId).map((one) => one.why);
};
export const typesOf = async (stage: Stage, rma: Playing): Promise<string[]> => {
  const { revision } = await rma.state();
  await eventually(async () => {
    if (((await rma.read())?.state.revision ?? 0) < revision) throw new Error('the read model is behind');
  });
  return (await stage.database.cases.timeline(rma.caseId, revision, 0, 300)).map((row) => row.event.type);
};

/** The rows of the timeline as the read model has them, by number; and how they are when none is missing. */
export const seqsOf = async (stage: Stage, rma: Playing): Promise<number[]> => {
  const document = await rma.read();
  return (await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 300)).map((row) => row.seq);
};
export const upTo = (revision: number): number[] => Array.from({ length: revision }, (_, index) => index + 1);

export const codeOf = (refused: Promise<unknown>): Promise<unknown> =>
  refused.then(
    () => 'done',
    (err: unknown) => (err instanceof WorkflowUpdateFailedError ? (err.cause as ApplicationFailure).type : err),
  );

/** 极速退款: money before the goods were looked at. */
export const instantly =
  (trigger: RefundTrigger) =>
  (sla: SlaPolicy): SlaPolicy => ({ ...unwarned(sla), refund: { trigger, maxMinor: 100_000, ruleId: 'merchant.instant' } });
export const mayBeTakenBack = { input: { consents: ['claw_back' as const] } };
