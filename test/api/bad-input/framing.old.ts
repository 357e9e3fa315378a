/**
 * What no route takes, before any field is looked at: bodies and paths of the catalogue of bad input. Fields are fields.test.ts.
 * Elsewhere: B30 to B32, B35 opening.test.ts; B36 to B38, B49, B52, B53 commands.test.ts; B41 to B46 reading.test.ts; B47, B48
 * tokens.test.ts; B54 idempotency.test.ts; B55 to B60 webhooks.test.ts. Left out, for want of the feature: B44 search, B51
 * revocation, B61 outbound addresses, B62 files, B63 rate limits, B65 quotas; B13, slow bodies, since it would take minutes.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDoor, type Door } from '../support/door.ts';
import { opened, routesWithBody, traces, type RouteWithBody } from './journey.ts';

describe('bad input', () => {
  let door: Door;
  let caseId: string;
  let before: unknown;
  beforeAll(async () => {
    door = await openDoor('api-bad-input');
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

  async function bytes(route: RouteWithBody, body: string | Buffer, headers: Record<string, string> = {}) {
    const all = {
      authorization: `Bearer ${await door.tokenOf(route.role)}`,
      'idempotency-key': randomUUID(),
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    };
    const given = Object.entries(all).filter(([, value]) => value !== '');
    return door.raw('POST', route.path(caseId), given, body);
  }

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
    const replies = await Promise.all(routesWithBody.map((route) => bytes(route, make(JSON.stringify(route.body)), headers)));
    for (const [index, { status, body, text }] of replies.entries()) {
      expect([routesWithBody[index]!.name, status, body.code]).toEqual([routesWithBody[index]!.name, ...expected]);
      expect(text.length).toBeLessThan(20_000);
    }
  });

  it('B39, B40: ids that can be none lead nowhere', async () => {
    const token = `Bearer ${await door.tokenOf('agent')}`;
    const ids = [
      [
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
      ['[object%20Object]', 'undefined', 'null', 'NaN', '$ne', '%7B%22$gt%22%3A%22%22%7D', '*', '%25', '%ff', '%zz', '%C0%AF'],
      [
        'x'.repeat(300),
        caseId.toLowerCase(),
        `return:${caseId}`,
        `return%3A${caseId}`,
        '__proto__',
        'constructor',
        `${caseId};a=1`,
      ],
    ].flat();
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
