/**
 * The catalogue of bad input, B01 to B65, as data: what is sent, to which routes, and what must be answered; or which test elsewhere guards it; or
 * why nothing can be tested yet. What is sent to every route is tried by every-route.test.ts, and that nothing is missing by the same.
 */
import { gzipSync } from 'node:zlib';
import type { ProblemCode } from '../../../api/errors.ts';

/** A body sent to every operation that takes one: made from one that fits. */
export interface BodyTry {
  readonly what: string;
  readonly make: (json: string) => string | Buffer;
  readonly expected: readonly [number, ProblemCode];
  readonly headers?: Readonly<Record<string, string>>;
}
/** A test in another file, by its title as it stands there. */
export interface Guard {
  readonly file: string;
  readonly title: string;
}
export interface Row {
  readonly id: string;
  readonly what: string;
  readonly bodies?: readonly BodyTry[];
  /** Query strings for every operation that only reads: 400 where the document has it, else as if nothing was asked. */
  readonly queries?: readonly string[];
  /** Ids for every path that has one: there is no such thing. */
  readonly ids?: readonly string[];
  readonly guardedBy?: readonly Guard[];
  /** Why there is nothing to test. */
  readonly missing?: string;
}

const by = (name: string, ...titles: string[]): Guard[] => titles.map((title) => ({ file: `test/api/${name}.test.ts`, title }));

const bomb = gzipSync(Buffer.alloc(100_000_000, ' '));
const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`;
/** Each key of the body once more. */
const doubled = (json: string): string => (json === '{}' ? '{"a":1,"a":1}' : json.replace('{', `{${json.slice(1, -1)},`));
const chunked = { 'content-length': '', 'transfer-encoding': 'chunked' };
const typed = (type: string) => ({ 'content-type': type });
const unreadable: BodyTry['expected'] = [400, 'invalid_json'];
const unfit: BodyTry['expected'] = [400, 'invalid_input'];
const otherType: BodyTry['expected'] = [415, 'unsupported_media_type'];
const large: BodyTry['expected'] = [413, 'too_large'];
const body = (what: string, make: BodyTry['make'], expected: BodyTry['expected'], headers?: BodyTry['headers']): BodyTry => ({
  what,
  make,
  expected,
  headers,
});

const framing: readonly Row[] = [
  {
    id: 'B01',
    what: 'an empty body',
    bodies: [
      body('empty', () => '', unreadable),
      body('empty, in chunks', () => '', unreadable, chunked),
      body('blank', () => '  \n', unreadable),
    ],
  },
  {
    id: 'B02',
    what: 'JSON that is cut off, or goes on',
    bodies: [
      body('cut off', (json) => json.slice(0, -1), unreadable),
      body('with a tail', (json) => `${json}}`, unreadable),
      body('with a comment', (json) => `${json}//`, unreadable),
      body('with a trailing comma', () => '{"a":1,}', unreadable),
    ],
  },
  { id: 'B03', what: 'a list on top', bodies: [body('in a list', (json) => `[${json}]`, unfit)] },
  {
    id: 'B04',
    what: 'null and other things that are no object',
    bodies: [body('null', () => 'null', unfit), body('a word', () => '"text"', unfit), body('a number', () => '7', unfit)],
  },
  {
    id: 'B05',
    what: 'a key twice',
    bodies: [
      body('each key twice', doubled, unreadable),
      body('a key twice, once written otherwise', () => '{"reason":"a","re\\u0061son":"b"}', unreadable),
      body('a key twice, deep down', () => '{"a":[{"b":{"c":1},"d":2,"b":3}]}', unreadable),
    ],
  },
  {
    id: 'B06',
    what: 'a byte order mark, UTF-16, bytes that are no UTF-8',
    bodies: [
      body('a byte order mark', (json) => `\uFEFF${json}`, unreadable),
      body('UTF-16', (json) => Buffer.from(json, 'utf16le'), unreadable),
      body(
        'UTF-16, and saying so',
        (json) => Buffer.from(json, 'utf16le'),
        unreadable,
        typed('application/json; charset=utf-16le'),
      ),
      body('Latin-1', () => Buffer.from('{"note":"é"}', 'latin1'), unreadable),
      body('no UTF-8', () => Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), unreadable),
    ],
  },
  {
    id: 'B07',
    what: 'numbers that are none',
    bodies: [
      body('NaN', () => '{"quantity":NaN}', unreadable),
      body('Infinity', () => '{"quantity":-Infinity}', unreadable),
      body('1e400', () => '{"quantity":1e400}', unfit),
    ],
  },
  {
    id: 'B08',
    what: 'no content type, or another',
    bodies: [
      body('no content type', (json) => json, otherType, typed('')),
      body('text', (json) => json, otherType, typed('text/plain')),
      body('a form', () => 'verdict=accept', otherType, typed('application/x-www-form-urlencoded')),
      body('parts', (json) => json, otherType, typed('multipart/form-data; boundary=x')),
      body('something like JSON', (json) => json, otherType, typed('application/merge-patch+json')),
      body('an unknown encoding', (json) => json, otherType, { 'content-encoding': 'rot13' }),
      body('an encoding it is not in', (json) => json, unreadable, { 'content-encoding': 'gzip' }),
    ],
  },
  {
    id: 'B09',
    what: 'Accept: text/xml',
    bodies: [body('asking for XML', () => '{', unreadable, { accept: 'text/xml' })],
    guardedBy: by('fields', 'in a charset parameter, packed, or with an Accept nobody serves, is taken'),
  },
  {
    id: 'B10',
    what: 'a body of 2 MB',
    bodies: [
      body('2 MB', () => JSON.stringify({ a: 'x'.repeat(2_000_000) }), large),
      body('just over the limit', () => JSON.stringify({ a: 'x'.repeat(256 * 1024) }), large),
      body('large, in chunks', () => JSON.stringify({ a: 'x'.repeat(300_000) }), large, chunked),
    ],
    guardedBy: by('webhooks', 'larger than 64 kB, also when it was packed'),
  },
  { id: 'B11', what: 'a gzip bomb', bodies: [body('a bomb', () => bomb, large, { 'content-encoding': 'gzip' })] },
  {
    id: 'B12',
    what: '10,000 deep, 100,000 keys',
    bodies: [
      body('10,000 deep', () => `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, unreadable),
      body('10,000 deep in objects', () => `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, unreadable),
      body('20,000 keys', () => keys(20_000), unfit),
      body('100,000 keys', () => keys(100_000), large),
    ],
  },
  {
    id: 'B13',
    what: 'slow headers, a slow body',
    missing:
      'the time limits are those of Node’s server (10 s and 30 s, api/main.ts): to wait them out takes longer than a suite may',
  },
  { id: 'B14', what: 'a wrong method', guardedBy: by('surface', 'a method that is not offered with 405 and those that are') },
  {
    id: 'B15',
    what: 'two lengths, smuggling',
    guardedBy: by('bad-input/every-route', 'B15: a body with two lengths, or headers that never end, gets the connection closed'),
  },
];

const eachField = 'refuses what $pointer cannot be, and says where';
const unknownProperties = 'refuses properties it does not know, on top and inside';
const fields: readonly Row[] = [
  ['B16 a field that must be there is missing', 'B17 a wrong type', 'B19 empty or blank', 'B20 a reason of 10,000 characters'],
  ['B21 NUL and controls', 'B22 marks that hide or forge', 'B26 a negative amount', 'B27 nothing', 'B28 fractions'],
  ['B29 beyond what a number holds', 'B34 dates that cannot be'],
]
  .flat()
  .map((row): Row => ({ id: row.slice(0, 3), what: row.slice(4), guardedBy: by('fields', eachField) }));

const meanings: readonly Row[] = [
  { id: 'B18', what: 'an unknown property', guardedBy: by('fields', unknownProperties) },
  { id: 'B23', what: 'emoji, right-to-left, O’Brien', guardedBy: by('fields', 'B23, B25: names and words of any language') },
  { id: 'B24', what: '__proto__, constructor.prototype', guardedBy: by('fields', unknownProperties) },
  { id: 'B25', what: 'markup in a note', guardedBy: by('fields', 'B23, B25: names and words of any language') },
  {
    id: 'B30',
    what: 'eur, XXX, another currency than the order’s',
    guardedBy: [
      ...by('fields', eachField),
      ...by('flows', 'never says how much: an amount in an answer, a proposal or a deduction of theirs is refused'),
    ],
  },
  {
    id: 'B31',
    what: 'a refund of more than was captured or is left',
    guardedBy: by('refunding', 'exceeds it where nothing was charged, or the charge is pending or has failed'),
  },
  {
    id: 'B32',
    what: 'more units than were bought, also over two cases at once',
    guardedBy: by(
      'opening',
      'for more units than were bought',
      'lets exactly one of two openings at once have the same units; the other says why, and is in no list',
    ),
  },
  { id: 'B33', what: 'a price from the client', guardedBy: by('fields', unknownProperties) },
  {
    id: 'B35',
    what: 'bought in the future; the window’s end to the millisecond',
    guardedBy: by(
      'opening',
      'for a notice of tomorrow',
      'counts the notice up to the last millisecond of the window, and not after it',
    ),
  },
];

const oneCell = 'holds in every cell: operation, role, and whose case it is';
const paths: readonly Row[] = [
  ...['B36 an unknown id', 'B37 another tenant’s', 'B38 another customer’s'].map(
    (row): Row => ({ id: row.slice(0, 3), what: row.slice(4), guardedBy: by('matrix', oneCell) }),
  ),
  {
    id: 'B39',
    what: 'ids that can be none',
    ids: [
      ['..%2f..%2fetc%2fpasswd', '%00', 'CASE%00', 'CASE%0a', '%20CASE', 'CASE%20', '[object%20Object]', 'undefined', 'null'],
      ['NaN', '$ne', '%7B%22$gt%22%3A%22%22%7D', '*', '%25', '%ff', '%zz', '%C0%AF', 'x'.repeat(300), 'CASE;a=1'],
      ['__proto__', 'constructor'],
    ].flat(),
  },
  {
    id: 'B40',
    what: 'an id of another kind',
    ids: ['return:CASE', 'return%3ACASE', 'carrier_claim:CASE.claim1', 'O-1', 'RMA-2611-AAAAAA'],
  },
];

const lists = by('reading', 'refuses what it does not know: cursors, limits, filters, sorts, operators');
const queries: readonly Row[] = [
  { id: 'B41', what: 'operators', queries: ['status[$ne]=x', 'limit[$gt]=', 'cursor[$ne]=x'], guardedBy: lists },
  { id: 'B42', what: 'an operator in the place of a word', queries: ['email[$gt]='], guardedBy: by('fields', eachField) },
  {
    id: 'B43',
    what: '$where, $expr, $nor, nested populate.match',
    queries: ['$where=sleep(1000)', '$expr=1', '$nor[]=1', 'populate[match][$where]=1'],
    guardedBy: [...lists, ...by('webhooks', 'with operators for keys')],
  },
  { id: 'B44', what: '(a+)+$ as search', queries: ['search=(a%2B)%2B%24'], guardedBy: lists },
  { id: 'B45', what: 'sorting and choosing fields', queries: ['sort=passwordHash', 'fields=*'], guardedBy: lists },
  {
    id: 'B46',
    what: 'limits, cursors and repeats that cannot be',
    queries: ['limit=-1', 'limit=0', 'limit=1e9', 'limit=abc', 'cursor=forged!', 'a=1&a=2', 'limit=1&limit=2'],
    guardedBy: [
      ...lists,
      ...by('reading', 'refuses cursors and limits that are none'),
      ...by('exceptions', 'are not asked for what they do not know'),
    ],
  },
];

const others: readonly Row[] = [
  {
    id: 'B47',
    what: 'no token, one out of date, of another issuer or audience',
    guardedBy: by(
      'tokens',
      'that has expired',
      'that is not valid yet',
      'of another issuer',
      'for another audience',
      'must be there once, as a Bearer in the Authorization header',
    ),
  },
  {
    id: 'B48',
    what: 'alg none, confusion, kid, jku, huge, two headers',
    guardedBy: by(
      'tokens',
      'with alg none',
      'with HS256 over the public key as PEM',
      'with a path for a kid',
      'that says where its key is',
      'of 5,000 characters',
    ),
  },
  {
    id: 'B49',
    what: 'a role on the route of another; above the limit',
    guardedBy: [
      ...by('matrix', oneCell),
      ...by('commands', 'resolve_attention wants a verb and a result that are possible here, and for money a manager with proof'),
    ],
  },
  { id: 'B50', what: 'state, tenantId, approvedBy in the body', guardedBy: by('fields', unknownProperties) },
  {
    id: 'B51',
    what: 'a revoked user with a live token',
    missing: 'tokens are the issuer’s and end by their own exp; no list of revoked ones is read',
  },
  {
    id: 'B52',
    what: 'commands that the stage does not allow, unknown ones',
    guardedBy: by(
      'commands',
      'is refused where it is not possible, with what this role may do instead, and changes nothing',
      'finds an ended case ended',
      'an unknown command is not there',
    ),
  },
  {
    id: 'B53',
    what: 'a stale If-Match',
    guardedBy: by('commands', 'does not act on a case that has moved on since the caller looked'),
  },
  {
    id: 'B54',
    what: 'the Idempotency-Key: none, too long, reused, in flight, of somebody else',
    guardedBy: [
      ...by('commands', 'asks for an Idempotency-Key of 1 to 255 visible characters'),
      ...by(
        'idempotency',
        'is refused for another body, another path, another case and another If-Match',
        'makes a twin wait while the first is being carried out, then gives it the same answer',
        'belongs to one caller in one role of one merchant',
      ),
    ],
  },
  {
    id: 'B55',
    what: 'webhooks that are not signed as agreed',
    guardedBy: by('webhooks', 'without a signature', 'with the same body written anew', 'with a secret of somebody else'),
  },
  {
    id: 'B56',
    what: 'webhooks out of time',
    guardedBy: by('webhooks', 'six minutes late', 'six minutes early', 'with a time that is no whole number'),
  },
  { id: 'B57', what: 'a repeat', guardedBy: by('webhooks', 'when it is repeated') },
  { id: 'B58', what: 'an unknown kind', guardedBy: by('webhooks', 'of an unknown kind') },
  {
    id: 'B59',
    what: 'a thousand signatures, a dot in the id',
    guardedBy: by('webhooks', 'with a thousand signatures', 'with a dot in its id'),
  },
  {
    id: 'B60',
    what: 'for a case that has ended',
    guardedBy: by('webhooks', 'for a case that has ended, and twenty at once are one exception'),
  },
  {
    id: 'B61',
    what: 'addresses that lead inward',
    missing: 'no address comes from a request: partners are configured, and nothing is sent to merchants',
  },
  { id: 'B62', what: 'photos', missing: 'files are not uploaded here: evidence is named by an id of the shop’s' },
  {
    id: 'B63',
    what: 'a thousand calls a second',
    guardedBy: by('rate-limits', 'counts for each caller by themselves, and tells them what is left'),
  },
  { id: 'B64', what: '10,000 lines in one case', guardedBy: by('fields', 'B64: more entries than a case can have are refused') },
  {
    id: 'B65',
    what: '500 open cases by one customer',
    missing: 'no quota of cases for a customer: units cannot be claimed twice, and callers are limited (B63)',
  },
];

export const catalogue: readonly Row[] = [...framing, ...fields, ...meanings, ...paths, ...queries, ...others].toSorted((a, b) =>
  a.id.localeCompare(b.id),
);
