/** Notices and the books of the stock in memory: one entry a key, for ever. */
import {
  type NoticeRequest,
  noticeRequestSchema,
  type StockEntryRequest,
  stockEntryRequestSchema,
} from '../../contracts/partners.ts';
import type { NotificationsGateway } from '../notifications.ts';
import { parse } from '../simulators/wire.ts';
import type { StockGateway } from '../stock.ts';
import { createOnce, type Perform } from './fake-calls.ts';

/** What was sent, with the provider's id. */
export type SentNotice = NoticeRequest & { noticeId: string };
/** What was booked, with the warehouse's id. */
export type BookedEntry = StockEntryRequest & { entryId: string };

export function createFakeNotifications(notices: SentNotice[], perform: Perform): NotificationsGateway {
  const once = createOnce<SentNotice>();
  const answer = ({ noticeId, key }: SentNotice) => ({ noticeId, key, status: 'accepted' as const });

  return {
    findNotice: ({ key }) =>
      perform('find_notice', key, () => {
        const notice = notices.find((sent) => sent.key === key);
        return notice && answer(notice);
      }),
    sendNotice: (request) =>
      perform('send_notice', request.key, () =>
        answer(
          once(parse(noticeRequestSchema, request), () => {
            const notice = { ...request, noticeId: `ntc_${notices.length + 1}` };
            notices.push(notice);
            return notice;
          }),
        ),
      ),
  };
}

export function createFakeStock(entries: BookedEntry[], perform: Perform): StockGateway {
  const once = createOnce<BookedEntry>();
  const answer = ({ entryId, key }: BookedEntry) => ({ entryId, key, status: 'booked' as const });

  return {
    findEntry: ({ key }) =>
      perform('find_entry', key, () => {
        const entry = entries.find((booked) => booked.key === key);
        return entry && answer(entry);
      }),
    bookIn: (request) =>
      perform('book_in', request.key, () =>
        answer(
          once(parse(stockEntryRequestSchema, request), () => {
            const entry = { ...request, entryId: `stk_${entries.length + 1}` };
            entries.push(entry);
            return entry;
          }),
        ),
      ),
  };
}
