/**
 * Notices to the customer, sent by a provider that knows the address behind a reference: no address ever passes through here.
 * Which notice is due, in which words and language, is decided elsewhere.
 */
import { type Notice, type NoticeRequest, noticeSchema } from '../contracts/partners.ts';
import { createPartnerClient, type PartnerOptions, PartnerRefusal, unlessRefused } from './http.ts';

export interface NotificationsGateway {
  findNotice(query: { key: string }): Promise<Notice | undefined>;
  /** The same key is one notice for ever. Refusals: `idempotency_key_reused`, `contact_unknown`, `invalid_input` (an address where a reference belongs). */
  sendNotice(request: NoticeRequest): Promise<Notice>;
}

/** Base URL e.g. `http://127.0.0.1:4100/notifications`. Errors: PartnerRefusal (`answer_mismatch`, or the provider's), PartnerUnavailable. */
export function createNotificationsGateway(options: PartnerOptions): NotificationsGateway {
  const call = createPartnerClient('notifications', options);

  return {
    findNotice: ({ key }) =>
      unlessRefused('notice_not_found', async () => {
        const notice = await call({ method: 'GET', path: '/', query: { key }, answer: noticeSchema });
        ensureSame(notice, key);
        return notice;
      }),

    async sendNotice(request) {
      const headers = { 'idempotency-key': request.key };
      const notice = await call({ method: 'POST', path: '/', headers, body: request, answer: noticeSchema });
      ensureSame(notice, request.key);
      return notice;
    },
  };
}

function ensureSame(notice: Notice, key: string): void {
  if (notice.key !== key) throw new PartnerRefusal('answer_mismatch', 'The provider answered with another notice');
}
