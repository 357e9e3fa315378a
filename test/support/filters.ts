/** What people ask a list of cases for, among seeded cases (seeds.ts): every filter alone, every two together, and what is asked besides. */
import type { CaseFilter, OwnCases } from '../../db/case-lists.ts';
import { seededAt } from './seeds.ts';

const values: Required<CaseFilter> = {
  type: 'return',
  stage: 'received',
  owner: 'warehouse',
  customerId: 'cust-126',
  orderId: 'O-126-2',
  assignee: 'agent-4',
  needsAttention: true,
  escalated: true,
  open: true,
  dueBefore: seededAt + 600 * 60_000,
};
const others: CaseFilter[] = [
  { needsAttention: false },
  { escalated: false },
  { open: false },
  { open: false, escalated: false },
  { open: true, escalated: true, owner: 'carrier_desk', type: 'return' },
  { open: true, assignee: 'agent-4', owner: 'agent', escalated: false, dueBefore: values.dueBefore },
  { needsAttention: true, stage: 'received' },
  { needsAttention: true, owner: 'team_lead', escalated: true, assignee: 'agent-4' },
];

/** Nothing, every filter alone, every two of them, and what people ask for besides. */
export function filterCombinations(): CaseFilter[] {
  const names = Object.keys(values) as (keyof CaseFilter)[];
  const pairs = names.flatMap((one, index) =>
    names.slice(index).map((other) => ({ [one]: values[one], [other]: values[other] })),
  );
  return [{}, ...pairs, ...others];
}

/** Words, and whose cases alone. */
export const searches: readonly [string, OwnCases][] = [
  ['C-M-BUSY-0000', {}],
  ['o-126-2', {}],
  ['rma-2611-01', {}],
  ['rma', { customerId: 'cust-126' }],
  ['rma', { customerId: 'cust-126', orderId: 'O-126-2' }],
];
