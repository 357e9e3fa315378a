import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf } from '../support/cases.ts';
import { openDoor, type Door } from '../support/door.ts';

describe('opening a return of an order whose lines cost more than was paid', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-order');
  });
  afterAll(() => door.close());

  it('is refused, and leaves no case that could give back more than came in', async () => {
    const order = orderOf('O-discounted', { paidMinor: 9_999 });
    const reply = await door.opened({}, order);
    expect(reply).toMatchObject({ status: 422, body: { code: 'partner_refused' } });
    expect((await door.get('/cases?orderId=O-discounted')).body.cases).toEqual([]);
    expect((await door.opened({}, orderOf('O-shipped', { paidMinor: 10_500 }))).status).toBe(201);
  });
});
