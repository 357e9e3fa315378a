/** How a case lies in MongoDB: the fields that lists filter and sort by, worked out from its state when it is saved. Lists are case-lists.ts. */
import { Schema, type InferSchemaType } from 'mongoose';
import type { SaveCaseInput } from '../contracts/workflow.ts';
import { isEnded, ownerOf } from '../domain/case.ts';
import { rulesOf } from '../domain/case-types.ts';
import { dueAtOf } from '../domain/deadlines.ts';
import { unitsWhere } from '../domain/goods.ts';
import { settledMinor } from '../domain/money.ts';
import { verbsOf } from '../domain/moves.ts';
import { neverBegan } from '../domain/return-request.ts';
import type { ReturnState } from '../domain/return-state.ts';

/** The state itself rides along as it is. */
export const caseSchema = new Schema(
  {
    _id: { type: String, required: true },
    stamp: { type: Number, required: true },
    merchantId: { type: String, required: true },
    caseType: { type: String, required: true },
    rmaNo: { type: String, required: true },
    customerId: { type: String, required: true },
    orderId: { type: String, required: true },
    paymentId: String,
    stage: { type: String, required: true },
    owner: { type: String, required: true },
    open: { type: Boolean, required: true },
    needsAttention: { type: Boolean, required: true },
    escalated: { type: Boolean, required: true },
    escalationLevel: Number,
    assignee: String,
    generation: { type: Number, required: true },
    dueAt: Number,
    dueSort: { type: Number, required: true },
    openedAt: { type: Number, required: true },
    updatedAt: { type: Number, required: true },
    unitsRequested: { type: Number, required: true },
    unitsReceived: { type: Number, required: true },
    refundedMinor: { type: Number, required: true },
    compensationsRun: { type: Number, required: true },
    verbs: [String],
    searchKeys: [String],
    about: { type: Object, required: true },
    state: { type: Object, required: true },
  },
  { collection: 'cases', versionKey: false, minimize: false },
);

export type CaseDocument = Omit<InferSchemaType<typeof caseSchema>, '_id' | 'about' | 'state'> & {
  _id: string;
  about: SaveCaseInput['about'];
  state: ReturnState;
};

/** Behind every real deadline, and in the order of opening among themselves: no two of them lie at one place of the index. */
const never = 1e14;
export const lowered = (key: string): string => key.toLowerCase();

export function documentOf(stamp: number, state: ReturnState, about: SaveCaseInput['about']) {
  const { escalation, generation = 1 } = state;
  const rules = rulesOf(about.caseType);
  const escalated = escalation?.state === 'active';
  const dueAt = dueAtOf(state);
  // In nobody's lists, and of nobody's payment: it can be read by its id alone.
  const hidden = neverBegan(state);
  return {
    stamp,
    merchantId: hidden ? '' : state.merchantId,
    caseType: about.caseType,
    rmaNo: about.rmaNo,
    // A claim on the carrier is no affair of the customer's.
    customerId: about.caseType === 'return' ? about.customerId : '',
    orderId: about.orderId,
    paymentId: about.caseType === 'return' && !hidden ? (about.paymentId ?? null) : null,
    stage: state.stage,
    owner: ownerOf(rules, state),
    open: !isEnded(rules, state),
    needsAttention: state.stage === 'needs_attention',
    escalated,
    escalationLevel: escalated ? (escalation.level ?? null) : null,
    assignee: state.assignee ?? null,
    generation,
    dueAt: dueAt ?? null,
    dueSort: dueAt ?? never + state.openedAt,
    openedAt: state.openedAt,
    updatedAt: state.at,
    unitsRequested: unitsWhere(state.lots, () => true),
    unitsReceived: unitsWhere(state.lots, (lot) => lot.reception === 'received'),
    refundedMinor: settledMinor(state.money),
    compensationsRun: state.undo.filter((entry) => entry.state === 'undone').length,
    verbs: verbsOf(rules, state),
    searchKeys: [state.caseId, about.orderId, about.rmaNo].map(lowered),
    about,
    state,
  };
}
