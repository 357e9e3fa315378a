/**
 * Lists of cases, and how many there are. Every list names its index: what it filters by most, then the order, then all other
 * filters, so that they are judged on the index and only cases that are shown are fetched (docs/decisions/0007).
 */
import type { Model } from 'mongoose';
import type { ReturnState } from '../domain/return-state.ts';
import { caseSchema, lowered, type CaseDocument } from './case-document.ts';
import { maxTimeMS } from './connection.ts';

export interface CaseFilter {
  readonly type?: string;
  readonly stage?: string;
  readonly owner?: string;
  readonly customerId?: string;
  readonly orderId?: string;
  readonly assignee?: string;
  readonly needsAttention?: boolean;
  readonly escalated?: boolean;
  readonly open?: boolean;
  /** Epoch ms; a case without a deadline is due before nothing. */
  readonly dueBefore?: number;
}
/** The cases of one customer, or of one order of theirs; empty: all of the merchant. */
export type OwnCases = Pick<CaseFilter, 'customerId' | 'orderId'>;
export const caseSorts = ['-updated', 'due'] as const;
/** `-updated`: newest change first. `due`: earliest deadline first, cases without one last, longest open first. */
export type CaseSort = (typeof caseSorts)[number];
/** Where a page goes on: behind this document in that order. */
export interface Position {
  readonly sort: CaseSort;
  readonly at: number;
  readonly id: string;
}
export interface CaseQuestion {
  readonly merchantId: string;
  readonly filter: CaseFilter;
  readonly sort: CaseSort;
  readonly limit: number;
  readonly after?: Position;
}

// Many, or shown in no row: every field of every row is sent and taken apart.
const unlisted = ['about', 'state', 'verbs', 'searchKeys', 'stamp', 'merchantId', 'paymentId', 'compensationsRun'] as const;
/** A case in a list: what a row shows, and by what a page goes on. */
export type ListedCase = Omit<CaseDocument, (typeof unlisted)[number]> & {
  state: Pick<ReturnState, 'revision' | 'currency'>;
};
const fields = Object.keys(caseSchema.paths).filter((path) => !unlisted.some((one) => one === path));
const listed = Object.fromEntries([...fields, 'state.revision', 'state.currency'].map((path) => [path, 1 as const]));

const orders = {
  '-updated': { field: 'updatedAt', direction: -1, upTo: '$lte', shown: '$gte' },
  due: { field: 'dueSort', direction: 1, upTo: '$gte', shown: '$lte' },
} as const;

// What a list is bound by, in the order of how few cases it leaves. The last one binds every list: without a word on either field it takes both.
const leads = [
  { name: 'order', keys: ['orderId'] },
  { name: 'customer', keys: ['customerId'] },
  { name: 'assignee', keys: ['assignee'] },
  { name: 'stage', keys: ['stage'] },
  { name: 'owner', keys: ['owner'] },
  { name: 'all', keys: ['open', 'escalated'] },
] as const;
type Lead = (typeof leads)[number];
const judged = [
  ...new Set([...leads.flatMap(({ keys }) => keys as readonly string[]), 'needsAttention', 'caseType', 'dueSort', 'updatedAt']),
];

for (const sort of caseSorts)
  for (const { name, keys } of leads) {
    const { field, direction } = orders[sort];
    const bound = Object.fromEntries(keys.map((key) => [key, 1 as const]));
    const others = judged.filter((key) => !(key in bound) && key !== field);
    const rest = Object.fromEntries(others.map((key) => [key, 1 as const]));
    caseSchema.index({ merchantId: 1, ...bound, [field]: direction, _id: direction, ...rest }, { name: indexOf(name, sort) });
  }
caseSchema.index({ merchantId: 1, searchKeys: 1, orderId: 1 }, { name: 'search' });
caseSchema.index({ merchantId: 1, customerId: 1, searchKeys: 1, orderId: 1 }, { name: 'search_customer' });

function indexOf(lead: string, sort: CaseSort): string {
  return `${lead}_${sort === 'due' ? 'due' : 'updated'}`;
}

type Cases = Model<unknown>;

/** The query behind a page, not yet carried out. */
export function listing(cases: Cases, { merchantId, filter, sort, limit, after }: CaseQuestion) {
  const { dueBefore, type, ...rest } = filter;
  const equal = defined({
    ...rest,
    caseType: type,
    ...(filter.needsAttention ? { stage: filter.stage ?? 'needs_attention' } : {}),
  });
  const lead = leadOf(equal);
  const { field, direction, upTo, shown } = orders[sort];
  // The first condition bounds the index; of those at the very same instant the second leaves out what has been shown.
  // As $nor, for MongoDB would plan an $or for itself and then sort in memory.
  const onward = after ? [{ [field]: { [upTo]: after.at } }, { $nor: [{ [field]: after.at, _id: { [shown]: after.id } }] }] : [];
  const due = dueBefore === undefined ? [] : [{ dueSort: { $lt: dueBefore } }];
  return cases
    .find({ merchantId, ...unsaid(lead), ...equal, ...conjunction([...due, ...onward]) }, listed)
    .sort({ [field]: direction, _id: direction })
    .hint(indexOf(lead.name, sort))
    .limit(limit)
    .maxTimeMS(maxTimeMS);
}

/** Cases of which the id, the order's number or the RMA number begins so, in the order of what matched. */
export function search(cases: Cases, merchantId: string, words: string, limit: number, own: OwnCases) {
  const from = lowered(words);
  // As one condition on one element: two would bound the index on one side alone.
  const searchKeys = { $elemMatch: { $gte: from, $lt: `${from}\u{10ffff}` } };
  return cases
    .find({ merchantId, searchKeys, ...defined({ ...own }) }, listed)
    .hint(own.customerId === undefined ? 'search' : 'search_customer')
    .limit(limit)
    .maxTimeMS(maxTimeMS);
}

/** How many cases stand in each stage, and how many of those want somebody now; read from an index alone. */
export function counting(cases: Cases, merchantId: string, own: OwnCases, now: number) {
  const lead = leadOf(own);
  const sumIf = (condition: object) => ({ $sum: { $cond: [condition, 1, 0] } });
  return cases
    .aggregate<StageCount>([
      { $match: { merchantId, ...unsaid(lead), ...defined({ ...own }) } },
      {
        $group: {
          _id: '$stage',
          cases: { $sum: 1 },
          open: sumIf({ $eq: ['$open', true] }),
          needsAttention: sumIf({ $eq: ['$needsAttention', true] }),
          escalated: sumIf({ $and: ['$open', '$escalated'] }),
          overdue: sumIf({ $and: ['$open', { $lt: ['$dueSort', now] }] }),
        },
      },
    ])
    .hint(indexOf(lead.name, '-updated'))
    .option({ maxTimeMS });
}
export interface StageCount {
  readonly _id: string;
  readonly cases: number;
  readonly open: number;
  readonly needsAttention: number;
  readonly escalated: number;
  readonly overdue: number;
}

const defined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
const conjunction = (conditions: readonly object[]): object => (conditions.length > 0 ? { $and: conditions } : {});
const leadOf = (equal: object): Lead => leads.find(({ keys }) => keys.every((key) => key in defined({ ...equal }))) ?? leads[5];
/** A field of the index that nobody asked about: both its values, for the index is ordered behind it. */
const unsaid = ({ name, keys }: Lead): object =>
  name === 'all' ? Object.fromEntries(keys.map((key) => [key, { $in: [false, true] }])) : {};
