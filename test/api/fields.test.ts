/**
 * Every field of every body, against what its kind cannot be (B16 to B29, B33, B34, B50, B64 of the catalogue of bad input),
 * and what must be taken as it is (B23, B25).
 */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDoor, type Door } from '../support/door.ts';
import { opened, routesWithBody, traces, type RouteWithBody } from './journey.ts';

type Json = Record<string, unknown>;
type Kind = keyof typeof bad;

const noWord = [1, true, null, {}, [], ['a'], { $gt: '' }, ''];
const noNumber = ['1', '', null, true, [1], {}, 0, -1, 1.5, 0.1 + 0.2, 2 ** 53, 1e21, '１', '0x1'];
/** What each kind of field refuses. */
const bad = {
  id: [
    noWord,
    [' ', ' a', 'a b', 'a\n', '../a', 'a/b', '%00', '$ne', '-a', 'x'.repeat(101)],
    ['a\0b', 'a\u202Eb', 'a\u200Bb', 'a\u0301', '\uD800'],
  ].flat(),
  word: [noWord, [' ', 'no_such_word', 'constructor', '__proto__', 'toString']].flat(),
  text: [
    noWord,
    ['   ', '\n\t', 'x'.repeat(2_001), 'x'.repeat(10_000)],
    ['a\0b', 'a\u0007b', 'a\u001B[31mb', 'a\u0085b', 'a\u007Fb'],
    ['a\u202Eb', 'a\u2066b', 'a\u200Bb', 'a\u200Fb', 'a\u061Cb', '\uFEFFa', 'a\u2060b', 'a\uD800', '\uDC00b'],
    [`a${'\u0301'.repeat(40)}`, `Z${'\u0336\u0350\u0489'.repeat(10)}`],
  ].flat(),
  amount: noNumber,
  currency: [noWord, ['eur', 'EURO', 'E', 'GBP ', '€€€', 'G B']].flat(),
  clock: [noWord, ['under_review', 'under_review#', '#1', 'a b#1', '../x#1', 'X#1', 'x#1e3', 'x#1234567890']].flat(),
  code: [noWord, [123456, '12345', '1234567', '12345a', ' 123456', '１２３４５６']].flat(),
  quantity: [...noNumber, 100_001],
  scan: [...noNumber, 1_001],
  instant: [
    noWord,
    [
      1_790_000_000_000,
      'tomorrow',
      '2026-11-22',
      '10:61',
      '2026-11-22T10:00:00',
      '2026-11-22 10:00:00Z',
      '2026-11-22T10:00:00+9',
    ],
    ['2026-02-30T00:00:00Z', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-22T24:00:00Z', '2026-11-22T10:61:00Z'],
    ['-0001-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', '99999-01-01T00:00:00Z', '２０２６-11-22T10:00:00Z'],
    ['2026-03-29T02:30:00[Europe/Berlin]', '2026-11-22T10:00:00Europe/Berlin', '2026-11-22T10:00:00+25:00'],
  ].flat(),
  object: [null, [], 'a', 1, true],
  list: [null, {}, 'a', 1, [null], [[]]],
  lists: [null, {}, 'a', 1, [null], [[]], []],
} satisfies Record<string, unknown[]>;

/** Every field of every body, by pointer; `!`: it must be there. */
const fields: Record<string, Record<string, Kind | `${Kind}!`>> = {
  open_case: {
    '/type': 'word',
    '/orderId': 'id!',
    '/lines': 'lists!',
    '/lines/0/lineId': 'id!',
    '/lines/0/quantity': 'quantity!',
    '/reason': 'word!',
    '/wantedOutcome': 'word',
    '/evidenceIds': 'list',
    '/evidenceIds/0': 'id',
    '/consents': 'list',
    '/consents/0': 'word',
    '/handoverChannel': 'word',
    '/pointId': 'id',
    '/slotId': 'id',
    '/addressId': 'id',
    '/language': 'word',
    '/noticeSentAt': 'instant',
  },
  give_to_many: {
    '/command': 'word!',
    '/caseIds': 'lists!',
    '/caseIds/0': 'id',
    '/payload': 'object!',
    '/payload/note': 'text!',
  },
  resolve_exception: { '/note': 'text!' },
  send_guest_code: { '/merchantId': 'id!', '/orderId': 'id!' },
  open_guest_session: { '/merchantId': 'id!', '/orderId': 'id!', '/code': 'code!' },
  appeal: { '/reason': 'text!' },
  reopen_case: { '/cause': 'word!', '/entry': 'word', '/reason': 'text' },
  edit_request: {
    '/lines': 'lists',
    '/lines/0/lineId': 'id!',
    '/lines/0/quantity': 'quantity!',
    '/reason': 'word',
    '/wantedOutcome': 'word',
  },
  request_evidence: { '/items': 'lists!', '/items/0': 'word', '/reason': 'text' },
  submit_evidence: { '/evidenceIds': 'list', '/evidenceIds/0': 'id', '/reason': 'text' },
  propose: { '/kind': 'word!', '/amountMinor': 'amount!', '/currency': 'currency', '/reason': 'text' },
  answer_proposal: { '/answer': 'word!', '/proposalNo': 'scan', '/reason': 'text' },
  choose_channel: { '/channel': 'word!', '/pointId': 'id' },
  book_pickup: { '/slotId': 'id', '/addressId': 'id' },
  reschedule_pickup: { '/slotId': 'id!' },
  cancel_pickup: {},
  settle_discrepancy: {
    '/decision': 'word!',
    '/deductions': 'list',
    '/ruleIds': 'list',
    '/ruleIds/0': 'id',
    '/reason': 'text!',
  },
  declare_lost: { '/reason': 'text', '/proofIds': 'list', '/proofIds/0': 'id' },
  choose_remedy: { '/remedy': 'word!' },
  pay_balance: { '/proofIds': 'lists!', '/proofIds/0': 'id', '/reason': 'text' },
  write_off: { '/reason': 'text!' },
  link_case: { '/otherId': 'id!', '/kind': 'word!' },
  send_message: { '/note': 'text!' },
  request_escalation: { '/cause': 'word!', '/reason': 'text' },
  decide_escalation: { '/verdict': 'word!', '/sponsor': 'id', '/reason': 'text' },
  de_escalate: { '/reason': 'text' },
  waive_breach: { '/clockId': 'clock!', '/reason': 'text!' },
  decide_request: { '/verdict': 'word!', '/ruleIds': 'list', '/ruleIds/0': 'id', '/reason': 'text' },
  withdraw_case: { '/reason': 'text' },
  cancel_case: { '/reason': 'text!' },
  submit_tracking: { '/carrier': 'id!', '/trackingNo': 'id!' },
  record_reception: {
    '/parcelId': 'id!',
    '/scanNo': 'scan',
    '/units': 'lists!',
    '/units/0/lineId': 'id!',
    '/units/0/quantity': 'quantity!',
    '/units/0/condition': 'word',
  },
  record_inspection: {
    '/units': 'lists!',
    '/units/0/lineId': 'id!',
    '/units/0/quantity': 'quantity!',
    '/units/0/grade': 'word!',
    '/units/0/disposition': 'word!',
  },
  resolve_attention: { '/verb': 'word!', '/result': 'word', '/reason': 'text!', '/proofIds': 'list', '/proofIds/0': 'id' },
  hold_case: { '/reason': 'word!', '/until': 'instant' },
  resume_case: {},
  assign_case: { '/assignee': 'id!' },
  add_note: { '/note': 'text!' },
};

/** A copy of the body with the field at the pointer set, or taken away. */
function withField(body: object, pointer: string, value?: unknown): object {
  const copy = structuredClone(body);
  const parts = pointer.split('/').slice(1);
  const last = parts.pop()!;
  let at = copy as Json;
  for (const part of parts) at = at[part] as Json;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

describe('a field', () => {
  let door: Door;
  let caseId: string;
  let before: unknown;
  beforeAll(async () => {
    door = await openDoor('api-fields');
    caseId = await opened(door);
    before = await traces(door, caseId);
  });
  // Nothing has changed, and no key was spent.
  afterEach(async () => {
    const was = before;
    before = await traces(door, caseId);
    expect(before).toEqual(was);
  });
  afterAll(() => door.close());

  const post = (route: RouteWithBody, body: unknown) =>
    door.send('POST', route.path(caseId), { as: route.role, key: randomUUID(), body });

  it('is tried on every route that takes a body', () => {
    expect(Object.keys(fields).toSorted()).toEqual(routesWithBody.map(({ name }) => name).toSorted());
    for (const { name, body } of routesWithBody)
      for (const key of Object.keys(body)) expect(Object.keys(fields[name]!)).toContain(`/${key}`);
  });

  it.each(routesWithBody)('B18, B24, B33, B50: $name refuses properties it does not know, on top and inside', async (route) => {
    const { body } = route;
    const forbidden = [
      'state',
      'stage',
      'status',
      'merchantId',
      'tenantId',
      'customerId',
      'caseId',
      'approvedBy',
      'actor',
      'role',
    ];
    const money = [
      'amountMinor',
      'amountRefunded',
      'refundedMinor',
      'unitPriceMinor',
      'price',
      'currency',
      'revision',
      'textRef',
    ];
    for (const key of [
      ...forbidden.filter((one) => !(one in body)),
      ...money.filter((one) => !(one in body)),
      '$where',
      '$set',
      'a.b',
      'constructor',
      'prototype',
      'toString',
    ]) {
      const reply = await post(route, { ...body, [key]: 'x' });
      expect([key, reply.status, reply.body.code]).toEqual([key, 400, 'invalid_input']);
      expect(reply.body.fields).toContainEqual({ pointer: `/${key}`, code: 'unknown_property', message: expect.any(String) });
    }
    const json = JSON.stringify(body);
    const proto = await post(route, json.replace('{', `{"__proto__":{"role":"manager"}${json === '{}' ? '' : ','}`));
    expect([proto.status, proto.body.fields?.[0].pointer]).toEqual([400, '/__proto__']);
    expect((await post(route, { ...body, constructor: { prototype: { role: 'manager' } } })).status).toBe(400);
    expect(({} as Json).role).toBeUndefined();
    for (const list of ['lines', 'units'].filter((one) => one in body)) {
      const [first] = (body as Record<string, Json[]>)[list]!;
      for (const key of ['unitPriceMinor', '__proto__x', 'sku']) {
        const reply = await post(route, { ...body, [list]: [{ ...first, [key]: 1 }] });
        expect([key, reply.status, reply.body.fields?.[0].pointer]).toEqual([key, 400, `/${list}/0/${key}`]);
      }
    }
  });

  const eachField = routesWithBody.flatMap((route) =>
    Object.entries(fields[route.name]!).map(([pointer, marked]) => ({ route, name: route.name, pointer, marked })),
  );
  it.each(eachField)('$name refuses what $pointer cannot be, and says where', async ({ route, pointer, marked }) => {
    const kind = marked.replace('!', '') as Kind;
    await Promise.all(
      bad[kind].map(async (value) => {
        const reply = await post(route, withField(route.body, pointer, value));
        const told = `${pointer} = ${JSON.stringify(value).slice(0, 60)}: ${reply.text.slice(0, 300)}`;
        expect([reply.status, reply.body.code], told).toEqual([400, 'invalid_input']);
        expect(reply.body.fields.map((field: Json) => field.pointer).join(' '), told).toContain(pointer);
      }),
    );
    if (!marked.endsWith('!')) return;
    const without = await post(route, withField(route.body, pointer)); // B16
    expect(without.status, `without ${pointer}`).toBe(400);
    expect(without.body.fields.map((field: Json) => field.pointer)).toContain(pointer);
  });

  it('B64: more entries than a case can have are refused', async () => {
    for (const route of routesWithBody)
      for (const list of ['lines', 'units', 'ruleIds', 'proofIds', 'evidenceIds', 'consents', 'items'].filter(
        (one) => one in route.body,
      )) {
        const [entry] = (route.body as Record<string, unknown[]>)[list]!;
        for (const count of [201, 3_000]) {
          const reply = await post(route, { ...route.body, [list]: Array.from({ length: count }, () => entry) });
          expect([reply.status, reply.body.fields?.[0].pointer]).toEqual([400, `/${list}`]);
        }
      }
  });

  it('that names a line twice, goes with no other field, or refuses without a rule or a reason, is told where', async () => {
    const named = (name: string) => routesWithBody.find((route) => route.name === name)!;
    const [open, decide, resolve] = [named('open_case'), named('decide_request'), named('resolve_attention')];
    const cases: [RouteWithBody, object, string][] = [
      [open, { ...open.body, lines: [1, 2].map((quantity) => ({ lineId: '1', quantity })) }, '/lines'],
      [decide, { verdict: 'refuse', reason: 'no' }, '/ruleIds'],
      [decide, { verdict: 'refuse', ruleIds: ['uk.strr'] }, '/ruleIds'],
      [open, { ...open.body, handoverChannel: 'door_pickup' }, '/pointId'],
      [open, { ...open.body, slotId: 'slot_1' }, '/slotId'],
      [open, { ...open.body, addressId: 'home' }, '/addressId'],
      [named('choose_channel'), { channel: 'own_carrier', pointId: 'pt_station' }, '/pointId'],
      [named('edit_request'), {}, ''],
      [named('edit_request'), { lines: [1, 2].map((quantity) => ({ lineId: '1', quantity })) }, '/lines'],
      [named('submit_evidence'), {}, ''],
      [named('propose'), { kind: 'return', amountMinor: 1 }, '/amountMinor'],
      [named('settle_discrepancy'), { decision: 'deduct' }, '/reason'],
      [named('settle_discrepancy'), { decision: 'deduct', reason: 'worn' }, '/ruleIds'],
      [named('settle_discrepancy'), { decision: 'refuse_goods', reason: 'worn' }, '/ruleIds'],
      [
        named('settle_discrepancy'),
        { decision: 'waive', deductions: [{ lineId: '1', quantity: 1, amountMinor: 1 }] },
        '/deductions',
      ],
      [named('settle_discrepancy'), { decision: 'deduct', ruleIds: ['uk.strr'], reason: 'worn', deductions: [] }, '/deductions'],
      [resolve, { verb: 'skip' }, '/reason'],
      [resolve, { verb: 'retry', result: 'cleared' }, '/result'],
      [resolve, { verb: 'skip', reason: 'x', result: 'cleared' }, '/result'],
    ];
    for (const [route, body, pointer] of cases) {
      const reply = await post(route, body);
      expect([reply.status, reply.body.fields?.[0].pointer]).toEqual([400, pointer]);
    }
  });
});

describe('good input', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor('api-good-input');
  });
  afterAll(() => door.close());

  it('B23, B25: names and words of any language, and markup, are kept as they are', async () => {
    const caseId = await opened(door);
    const texts = [
      ["O'Brien", 'Nguyễn Thị Ánh', '李小龙', '김철수', 'שלום עולם', 'مرحبا بالعالم', 'नमस्ते क्\u200Dष', 'می\u200Cخواهم'],
      ['Zoë 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩‍👩‍👧‍👦 1️⃣', '<img src=x onerror=alert(1)>', '&lt;b&gt;', "'; DROP TABLE cases; --", '{{7*7}} ${7*7} %s'],
      ['=cmd|calc', '\\u0000 as text', 'a\tb\r\nc', '{"$gt":""}', '  spaces around  ', 'x'.repeat(2_000)],
    ].flat();
    for (const note of texts) expect((await door.command(caseId, 'add-note', 'agent', { note })).status, note).toBe(200);
    const { rows } = (await door.get(`/cases/${caseId}/timeline?limit=200`)).body;
    expect(rows.flatMap((row: Json) => row.text ?? [])).toEqual(texts);
  });

  it('in a charset parameter, packed, or with an Accept nobody serves, is taken', async () => {
    const caseId = await opened(door);
    const note = async (body: string | Buffer, headers: Record<string, string>) => {
      const all = { authorization: `Bearer ${await door.tokenOf('agent')}`, 'idempotency-key': randomUUID(), ...headers };
      return (await door.raw('POST', `/cases/${caseId}/add-note`, Object.entries(all), body)).status;
    };
    const [type, json] = ['application/json', '{"note":"李"}'];
    expect(await note(json, { 'content-type': 'Application/JSON; charset=UTF-8' })).toBe(200);
    expect(await note(gzipSync(json), { 'content-type': type, 'content-encoding': 'gzip' })).toBe(200);
    expect(await note(json, { 'content-type': type, accept: 'text/xml' })).toBe(200);
    expect(await note('{ "note" : "a \\"quoted\\" {[,:]} word" }\n', { 'content-type': type })).toBe(200);
  });
});
