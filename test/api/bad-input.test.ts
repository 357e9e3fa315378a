/**
 * What no route takes: the catalogue of bad input (docs: reliability, section 4), over every route with a body and every field.
 * B13 slow bodies needs minutes: the limits are main.ts's. B30 to B32 and B35 are rules of opening (opening.test.ts): no route takes a
 * currency, a price or an amount. B36 to B38, B49 and B52 to B54 are commands.test.ts and idempotency.test.ts; B41 to B46 reading.test.ts;
 * B47 and B48 tokens.test.ts; B55 to B60 webhooks.test.ts. Left out, for want of the feature: B44 search, B51 revocation, B61 outbound
 * addresses, B62 files, B63 rate limits, B65 quotas a customer.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../../contracts/commands.ts';
import { commandNames, type Role } from '../../domain/permissions.ts';
import { openDoor, type Door } from '../support/door.ts';
import { fitting, opened } from './journey.ts';

type Json = Record<string, unknown>;
type Kind = keyof typeof bad;

const noWord = [1, true, null, {}, [], ['a'], { $gt: '' }, ''];
const noNumber = ['1', '', null, true, [1], {}, 0, -1, 1.5, 0.1 + 0.2, 2 ** 53, 1e21, '１', '0x1'];
/** What each kind of field refuses: B17, B19 to B22, B26 to B29, B34. */
const bad = {
  id: [
    ...noWord,
    ' ',
    ' a',
    'a b',
    'a\n',
    '../a',
    'a/b',
    '%00',
    'a\0b',
    'a\u202Eb',
    'a\u200Bb',
    'a\u0301',
    '\uD800',
    '$ne',
    '-a',
    'x'.repeat(101),
  ],
  word: [...noWord, ' ', 'no_such_word', 'constructor', '__proto__', 'toString'],
  text: [
    ...noWord,
    ...['   ', '\n\t', 'x'.repeat(2_001), 'x'.repeat(10_000)],
    ...['a\0b', 'a\u0007b', 'a\u001B[31mb', 'a\u0085b', 'a\u007Fb'],
    ...['a\u202Eb', 'a\u2066b', 'a\u200Bb', 'a\u200Fb', 'a\u061Cb', '\uFEFFa', 'a\u2060b', 'a\uD800', '\uDC00b'],
    ...[`a${'\u0301'.repeat(40)}`, `Z${'\u0336\u0350\u0489'.repeat(10)}`],
  ],
  quantity: [...noNumber, 100_001],
  scan: [...noNumber, 1_001],
  instant: [
    ...noWord,
    1_790_000_000_000,
    ...['tomorrow', '2026-11-22', '10:61', '2026-11-22T10:00:00', '2026-11-22 10:00:00Z', '2026-11-22T10:00:00+9'],
    ...['2026-02-30T00:00:00Z', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-22T24:00:00Z', '2026-11-22T10:61:00Z'],
    ...['-0001-01-01T00:00:00Z', '+010000-01-01T00:00:00Z', '99999-01-01T00:00:00Z', '２０２６-11-22T10:00:00Z'],
    ...['2026-03-29T02:30:00[Europe/Berlin]', '2026-11-22T10:00:00Europe/Berlin', '2026-11-22T10:00:00+25:00'],
  ],
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
    '/handoverChannel': 'word',
    '/noticeSentAt': 'instant',
  },
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

describe('bad input', () => {
  let door: Door;
  let caseId: string;
  let before: unknown;
  const state = async () => {
    const { models } = door.stage.database.inbox;
    const counts = await Promise.all(
      [...models, ...door.stage.database.cases.models].map((model) => model.collection.countDocuments()),
    );
    return [counts, (await door.get(`/cases/${caseId}`)).body];
  };
  beforeAll(async () => {
    door = await openDoor('api-bad-input');
    caseId = await opened(door);
    before = await state();
  });
  // Nothing has changed, and no key was spent.
  afterEach(async () => {
    const was = before;
    before = await state();
    expect(before).toEqual(was);
  });
  afterAll(() => door.close());

  const routes = [
    {
      name: 'open_case',
      path: () => '/cases',
      role: 'agent' as Role,
      body: {
        type: 'return',
        orderId: 'O-1',
        lines: [{ lineId: '1', quantity: 1 }],
        reason: 'quality',
        handoverChannel: 'drop_off',
        noticeSentAt: '2026-11-01T10:00:00+01:00',
      } as object,
    },
    ...commandNames.map((name) => ({ name: name as string, path: () => `/cases/${caseId}/${pathOf(name)}`, ...fitting[name] })),
  ];
  type Route = (typeof routes)[number];
  const post = (route: Route, body: unknown) => door.send('POST', route.path(), { as: route.role, key: randomUUID(), body });
  async function bytes(route: Route, body: string | Buffer, headers: Record<string, string> = {}) {
    const all = {
      authorization: `Bearer ${await door.tokenOf(route.role)}`,
      'idempotency-key': randomUUID(),
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    };
    return door.raw(
      'POST',
      route.path(),
      Object.entries(all).filter(([, value]) => value !== ''),
      body,
    );
  }

  it('is tried on every route that takes a body, and on each of its fields', () => {
    expect(Object.keys(fields)).toEqual(['open_case', ...commandNames]);
    for (const { name, body } of routes)
      for (const key of Object.keys(body)) expect(Object.keys(fields[name]!)).toContain(`/${key}`);
  });

  const bomb = gzipSync(Buffer.alloc(100_000_000, ' '));
  const manyKeys = `{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',')}}`;
  /** Each key of the body once more. */
  const doubled = (json: string): string => (json === '{}' ? '{"a":1,"a":1}' : json.replace('{', `{${json.slice(1, -1)},`));
  const chunked = { 'content-length': '', 'transfer-encoding': 'chunked' };
  const typed = (type: string) => ({ 'content-type': type });

  it.each<[string, (json: string) => string | Buffer, [number, string], Record<string, string>?]>([
    ['B01 empty', () => '', [400, 'invalid_json']],
    ['B01 empty, in chunks', () => '', [400, 'invalid_json'], chunked],
    ['B01 blank', () => '  \n', [400, 'invalid_json']],
    ['B02 cut off', (json) => json.slice(0, -1), [400, 'invalid_json']],
    ['B02 with a tail', (json) => `${json}}`, [400, 'invalid_json']],
    ['B02 with a comment', (json) => `${json}//`, [400, 'invalid_json']],
    ['B02 with a trailing comma', () => '{"a":1,}', [400, 'invalid_json']],
    ['B03 with a list on top', (json) => `[${json}]`, [400, 'invalid_input']],
    ['B04 null', () => 'null', [400, 'invalid_input']],
    ['B04 a word', () => '"text"', [400, 'invalid_input']],
    ['B04 a number', () => '7', [400, 'invalid_input']],
    ['B05 with each key twice', doubled, [400, 'invalid_json']],
    ['B05 with a key twice, once written otherwise', () => '{"reason":"a","re\\u0061son":"b"}', [400, 'invalid_json']],
    ['B05 with a key twice, deep down', () => '{"a":[{"b":{"c":1},"d":2,"b":3}]}', [400, 'invalid_json']],
    ['B06 with a byte order mark', (json) => `\uFEFF${json}`, [400, 'invalid_json']],
    ['B06 in UTF-16', (json) => Buffer.from(json, 'utf16le'), [400, 'invalid_json']],
    [
      'B06 in UTF-16, and saying so',
      (json) => Buffer.from(json, 'utf16le'),
      [400, 'invalid_json'],
      typed('application/json; charset=utf-16le'),
    ],
    ['B06 in Latin-1', () => Buffer.from('{"note":"é"}', 'latin1'), [400, 'invalid_json']],
    [
      'B06 with bytes that are no UTF-8',
      () => Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
      [400, 'invalid_json'],
    ],
    ['B07 with NaN', () => '{"quantity":NaN}', [400, 'invalid_json']],
    ['B07 with Infinity', () => '{"quantity":-Infinity}', [400, 'invalid_json']],
    ['B07 with 1e400', () => '{"quantity":1e400}', [400, 'invalid_input']],
    ['B08 without a content type', (json) => json, [415, 'unsupported_media_type'], typed('')],
    ['B08 as text', (json) => json, [415, 'unsupported_media_type'], typed('text/plain')],
    ['B08 as a form', () => 'verdict=accept', [415, 'unsupported_media_type'], typed('application/x-www-form-urlencoded')],
    ['B08 as parts', (json) => json, [415, 'unsupported_media_type'], typed('multipart/form-data; boundary=x')],
    ['B08 as something like JSON', (json) => json, [415, 'unsupported_media_type'], typed('application/merge-patch+json')],
    ['B08 in an unknown encoding', (json) => json, [415, 'unsupported_media_type'], { 'content-encoding': 'rot13' }],
    ['B08 in an encoding it is not in', (json) => json, [400, 'invalid_json'], { 'content-encoding': 'gzip' }],
    ['B09 asking for XML', () => '{', [400, 'invalid_json'], { accept: 'text/xml' }],
    ['B10 of 2 MB', () => JSON.stringify({ a: 'x'.repeat(2_000_000) }), [413, 'too_large']],
    ['B10 just over the limit', () => JSON.stringify({ a: 'x'.repeat(256 * 1024) }), [413, 'too_large']],
    ['B10 that is large, in chunks', () => JSON.stringify({ a: 'x'.repeat(300_000) }), [413, 'too_large'], chunked],
    ['B11 that is a bomb', () => bomb, [413, 'too_large'], { 'content-encoding': 'gzip' }],
    ['B12 10,000 deep', () => `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, [400, 'invalid_json']],
    ['B12 10,000 deep in objects', () => `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, [400, 'invalid_json']],
    ['B12 of 20,000 keys', () => manyKeys, [400, 'invalid_input']],
  ])('%s is refused by every route', async (_, make, expected, headers) => {
    const replies = await Promise.all(routes.map((route) => bytes(route, make(JSON.stringify(route.body)), headers)));
    for (const [index, { status, body, text }] of replies.entries()) {
      expect([routes[index]!.name, status, body.code]).toEqual([routes[index]!.name, ...expected]);
      expect(text.length).toBeLessThan(20_000);
    }
  });

  it.each(routes)('B18, B24, B33, B50: $name refuses properties it does not know, on top and inside', async (route) => {
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
    for (const key of [...forbidden, ...money, '$where', '$set', 'a.b', 'constructor', 'prototype', 'toString']) {
      const reply = await post(route, { ...body, [key]: 'x' });
      expect([key, reply.status, reply.body.code]).toEqual([key, 400, 'invalid_input']);
      expect(reply.body.fields).toContainEqual({ pointer: `/${key}`, code: 'unknown_property', message: expect.any(String) });
    }
    const json = JSON.stringify(body);
    const proto = await bytes(route, json.replace('{', `{"__proto__":{"role":"manager"}${json === '{}' ? '' : ','}`));
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

  const eachField = routes.flatMap((route) =>
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
    for (const route of routes)
      for (const list of ['lines', 'units', 'ruleIds', 'proofIds'].filter((one) => one in route.body)) {
        const [entry] = (route.body as Record<string, unknown[]>)[list]!;
        for (const count of [201, 3_000]) {
          const reply = await post(route, { ...route.body, [list]: Array.from({ length: count }, () => entry) });
          expect([reply.status, reply.body.fields?.[0].pointer]).toEqual([400, `/${list}`]);
        }
      }
  });

  it('that names a line twice, or refuses without a rule or a reason, is told where', async () => {
    const [open, decide, resolve] = [
      routes[0]!,
      routes.find(({ name }) => name === 'decide_request')!,
      routes.find(({ name }) => name === 'resolve_attention')!,
    ];
    const cases: [Route, object, string][] = [
      [open, { ...open.body, lines: [1, 2].map((quantity) => ({ lineId: '1', quantity })) }, '/lines'],
      [decide, { verdict: 'refuse', reason: 'no' }, '/ruleIds'],
      [decide, { verdict: 'refuse', ruleIds: ['uk.strr'] }, '/ruleIds'],
      [resolve, { verb: 'skip' }, '/reason'],
      [resolve, { verb: 'retry', result: 'cleared' }, '/result'],
      [resolve, { verb: 'skip', reason: 'x', result: 'cleared' }, '/result'],
    ];
    for (const [route, body, pointer] of cases) {
      const reply = await post(route, body);
      expect([reply.status, reply.body.fields?.[0].pointer]).toEqual([400, pointer]);
    }
  });

  it('B39, B40: ids that can be none lead nowhere', async () => {
    const token = `Bearer ${await door.tokenOf('agent')}`;
    const ids = [
      ...[
        '..',
        '../',
        '..%2f..%2fetc%2fpasswd',
        '%2e%2e',
        '.',
        '%00',
        `${caseId}%00`,
        `${caseId}%0a`,
        `%20${caseId}`,
        `${caseId}%20`,
      ],
      ...['[object%20Object]', 'undefined', 'null', 'NaN', '$ne', '%7B%22$gt%22%3A%22%22%7D', '*', '%25', '%ff', '%zz', '%C0%AF'],
      ...[
        'x'.repeat(300),
        caseId.toLowerCase(),
        `return:${caseId}`,
        `return%3A${caseId}`,
        '__proto__',
        'constructor',
        `${caseId};a=1`,
      ],
    ];
    for (const id of ids)
      for (const [method, tail] of [
        ['GET', ''],
        ['GET', '/timeline'],
        ['GET', '/commands/abc'],
        ['POST', '/add-note'],
      ] as const) {
        const key: [string, string][] = [
          ['idempotency-key', randomUUID()],
          ['content-type', 'application/json'],
        ];
        const reply = await door.raw(
          method,
          `/cases/${id}${tail}`,
          [['authorization', token], ...key],
          method === 'POST' ? '{"note":"x"}' : '',
        );
        expect([id, tail, reply.status]).toEqual([id, tail, 404]);
      }
    for (const commandId of ['..', '%00', 'x'.repeat(300), '%7B%7D']) {
      const reply = await door.raw('GET', `/cases/${caseId}/commands/${commandId}`, [['authorization', token]]);
      expect([commandId, reply.status]).toEqual([commandId, 404]);
    }
  });

  it('B15: a body with two lengths, or headers that never end, gets the connection closed', async () => {
    const port = Number(new URL(door.base).port);
    const talk = async (text: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(text);
      return textOf(socket);
    };
    const head = 'POST /cases HTTP/1.1\r\nHost: x\r\n';
    for (const [text, status] of [
      [`${head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`, 400],
      [`${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}`, 400],
      [`${head}Content-Length: -1\r\n\r\n`, 400],
      [`${head}Transfer-Encoding: gzip, chunked, identity\r\n\r\n{}`, 400],
      [`${head}X-Many: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['GET /cases HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n', 400],
    ] as const) {
      const answer = await talk(text);
      expect(answer.split('\r\n')[0]).toContain(String(status));
      expect(answer).not.toContain('200 OK');
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
      ...[
        "O'Brien",
        'Nguyễn Thị Ánh',
        '李小龙',
        '김철수',
        'שלום עולם',
        'مرحبا بالعالم',
        'नमस्ते क्\u200Dष',
        'می\u200Cخواهم',
        'Zoë 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩‍👩‍👧‍👦 1️⃣',
      ],
      ...[
        '<img src=x onerror=alert(1)>',
        '&lt;b&gt;',
        "'; DROP TABLE cases; --",
        '{{7*7}} ${7*7} %s',
        '=cmd|calc',
        '\\u0000 as text',
        'a\tb\r\nc',
      ],
      ...['{"$gt":""}', '  spaces around  ', 'x'.repeat(2_000)],
    ];
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
