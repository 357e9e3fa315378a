/** What the customer was told, by the ledger of notices: I21. */
import { errandKeys, type Evidence } from './evidence.ts';
import type { Violation } from './index.ts';

/** The last word of an end. */
const endings: Readonly<Record<string, string>> = {
  refunded: 'refunded',
  rejected: 'request_refused',
  withdrawn: 'case_withdrawn',
  cancelled: 'case_cancelled',
  expired: 'case_expired',
  returned_to_customer: 'sent_back_arrived',
};

/** An end is told of; no other end is told of after it; no text reaches the customer twice under one key. */
export function notices({ cases }: Evidence): Violation[] {
  return [...cases.values()].flatMap(({ caseId, notices: told, doc, runs }) => {
    if (!doc || doc.open || doc.merchantId === '') return []; // in nobody's lists: refused at the door, by its answer
    const keys = told.map(({ key }) => key);
    const twice = keys.filter((key, index) => keys.indexOf(key) < index);
    const planned = errandKeys(runs);
    const unplanned = keys.filter((key) => !planned.has(key));
    const due = endings[doc.stage];
    const ends = told.filter(({ template }) => Object.values(endings).includes(template)).map(({ template }) => template);
    return [
      ...unplanned.map((key) => ({ invariant: 'I21', caseId, what: `${key} was sent, and the case never planned it` })),
      ...twice.map((key) => ({ invariant: 'I21', caseId, what: `${key} was sent twice` })),
      ...(due && !told.some(({ template }) => template === due)
        ? [{ invariant: 'I21', caseId, what: `ended ${doc.stage}, and nobody was told ${due}` }]
        : []),
      ...(due && ends.length > 0 && ends.at(-1) !== due
        ? [{ invariant: 'I21', caseId, what: `ended ${doc.stage}, and the last word was ${ends.at(-1)}` }]
        : []),
    ];
  });
}
