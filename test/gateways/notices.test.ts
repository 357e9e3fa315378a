/** Notices, the books of the stock, and what orders say of the customer: fakes and adapters against the simulators answer alike. */
import { describe, expect, it } from 'vitest';
import type { NoticeRequest, Order } from '../../contracts/partners.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { entryOf, noticeOf, orderOf, startSimulators } from './support.ts';

const implementations = [
  {
    name: 'fakes',
    open: async () => {
      const fakes = createFakePartners();
      return { ...fakes, sell: async (order: Order) => fakes.orders.add(order), sent: async () => fakes.notices };
    },
  },
  {
    name: 'adapters and simulators',
    open: async () => {
      const simulators = await startSimulators();
      const sent = async () =>
        ((await simulators.send('GET', '/notifications?caseId=C-1')).body as { notices: NoticeRequest[] }).notices;
      return { ...simulators, sent };
    },
  },
];

describe.each(implementations)('$name', ({ open }) => {
  it('sends one notice a key for ever', async () => {
    const { notifications, sent } = await open();
    expect(await notifications.findNotice(noticeOf())).toBeUndefined();
    const first = await notifications.sendNotice(noticeOf());
    expect(first).toEqual({ noticeId: first.noticeId, key: noticeOf().key, status: 'accepted' });
    expect(await notifications.sendNotice(noticeOf())).toEqual(first);
    expect(await notifications.findNotice(noticeOf())).toEqual(first);
    const other = notifications.sendNotice(noticeOf({ text: 'Other words.' }));
    await expect(other).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'idempotency_key_reused' });
    expect(await sent()).toMatchObject([noticeOf()]);
  });

  it.each(['jo@example.org', '+442071234567', ''])('refuses the address “%s” where a reference belongs', async (to) => {
    const { notifications, sent } = await open();
    const refused = notifications.sendNotice(noticeOf({ to }));
    await expect(refused).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'invalid_input' });
    expect(await sent()).toEqual([]);
  });

  it('books units in once a key for ever', async () => {
    const { stock } = await open();
    expect(await stock.findEntry(entryOf())).toBeUndefined();
    const first = await stock.bookIn(entryOf());
    expect(first).toEqual({ entryId: first.entryId, key: entryOf().key, status: 'booked' });
    expect(await stock.bookIn(entryOf())).toEqual(first);
    expect(await stock.findEntry(entryOf())).toEqual(first);
    const other = stock.bookIn(entryOf({ quantity: 3 }));
    await expect(other).rejects.toMatchObject({ name: 'PartnerRefusal', code: 'idempotency_key_reused' });
    await expect(stock.bookIn(entryOf({ key: 'k2', quantity: 0 }))).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('keeps how the customer of an order is reached', async () => {
    const { orders, sell } = await open();
    const order = orderOf({ contactRef: 'contact-7', language: 'zh-CN', timezone: 'Asia/Shanghai' });
    await sell(order);
    expect(await orders.findOrder(order)).toEqual(order);
  });
});

describe('the simulators', () => {
  it('total notices by template, and units by what became of them', async () => {
    const { notifications, stock, totals } = await startSimulators();
    await notifications.sendNotice(noticeOf());
    await notifications.sendNotice(noticeOf({ key: 'n2' }));
    await notifications.sendNotice(noticeOf({ key: 'n3', template: 'one_time_code' }));
    await stock.bookIn(entryOf());
    await stock.bookIn(entryOf({ key: 's2', quantity: 1, disposition: 'scrap', caseId: 'C-2' }));
    const { notifications: notices, stock: units } = await totals();
    expect(notices).toEqual({ count: 3, byTemplate: { return_accepted: 2, one_time_code: 1 } });
    expect(units).toEqual({
      entries: 2,
      onHand: { KETTLE: 2 },
      byDisposition: { restock: { KETTLE: 2 }, scrap: { KETTLE: 1 } },
      byCase: { 'C-1': 2, 'C-2': 1 },
    });
  });
});
