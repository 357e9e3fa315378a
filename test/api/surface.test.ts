/** What the API looks like from outside: methods, paths, headers, the contract it publishes, the page that shows it, its health. */
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../../contracts/commands.ts';
import { commandNames, roles, commandRoles } from '../../domain/permissions.ts';
import { openDoor, type Door } from '../support/door.ts';

type Json = Record<string, unknown>;
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security?: Json[];
  readonly parameters?: { name: string; in: string; required?: boolean; schema: Json }[];
  readonly requestBody?: { required: boolean; content: Record<string, { schema: Json }> };
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>;
}
const require = createRequire(import.meta.url);
const manifest = require('../../package.json') as { version: string };
const Ajv2020 = require('ajv/dist/2020.js').default as typeof import('ajv/dist/2020.js').default;

describe('the API from outside', () => {
  let door: Door;
  let document: Json & { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Json> } };
  let operations: { path: string; method: string; operation: Operation }[];
  beforeAll(async () => {
    door = await openDoor('api-surface');
    document = (await door.send('GET', '/openapi.json')).body;
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );
  });
  afterAll(() => door.close());

  describe('answers', () => {
    it('a method that is not offered with 405 and those that are', async () => {
      const offered: [string, string][] = [
        ['/cases', 'GET, POST'],
        ['/cases/counts', 'GET'],
        ['/cases/bulk', 'POST'],
        ['/cases/C-1', 'GET'],
        ['/cases/C-1/timeline', 'GET'],
        ['/cases/C-1/commands/x', 'GET'],
        ...commandNames.map((name): [string, string] => [`/cases/C-1/${pathOf(name)}`, 'POST']),
        ['/cases/C-1/appeal', 'POST'],
        ['/cases/C-1/reopen', 'POST'],
        ['/cases/C-1/rebuild', 'POST'],
        ['/cases/C-1/pickup-slots', 'GET'],
        ['/cases/C-1/handover-points', 'GET'],
        ['/exceptions', 'GET'],
        ['/exceptions/carrier:x/resolve', 'POST'],
        ['/guest/codes', 'POST'],
        ['/guest/sessions', 'POST'],
        ['/webhooks/carrier', 'POST'],
        ['/webhooks/payments', 'POST'],
        ['/healthz', 'GET'],
        ['/readyz', 'GET'],
        ['/openapi.json', 'GET'],
        ['/docs', 'GET'],
      ];
      for (const [path, allow] of offered)
        for (const method of [
          'PUT',
          'PATCH',
          'DELETE',
          'OPTIONS',
          ...(allow === 'GET' ? ['POST'] : []),
          ...(allow === 'POST' ? ['GET'] : []),
        ]) {
          const reply = await door.send(method, path, { as: 'manager' });
          expect([method, path, reply.status, reply.headers.get('allow')]).toEqual([method, path, 405, allow]);
          expect(reply.body).toMatchObject({ code: 'method_not_allowed', requestId: expect.any(String) });
        }
    });

    it('a path that is not there with 404, as problem+json', async () => {
      for (const path of [
        '/case',
        '/admin',
        '/cases/C-1/x/y',
        '/webhooks',
        '/webhooks/',
        '/.env',
        '/docs/assets/',
        '/metrics',
        '/__proto__',
        '/%ff',
        '//cases',
      ])
        for (const method of ['GET', 'POST']) {
          const reply = await door.send(method, path, { as: 'manager' });
          expect([method, path, reply.status, reply.body?.code]).toEqual([method, path, 404, 'not_found']);
        }
    });

    it('a GET without looking at the body it came with', async () => {
      const headers = { authorization: `Bearer ${await door.tokenOf('agent')}`, 'content-type': 'application/json' };
      for (const body of ['{"a":', 'x'.repeat(300_000)]) {
        const given = Object.entries({ ...headers, 'content-length': String(body.length) });
        expect((await door.raw('GET', '/cases/C-1', given, body)).status).toBe(404);
        expect((await door.raw('GET', '/cases', given, body)).status).toBe(200);
      }
    });

    it('HEAD like GET, without the body', async () => {
      const reply = await door.send('HEAD', '/cases', { as: 'agent' });
      expect([reply.status, reply.text]).toEqual([200, '']);
    });

    it('with the caller’s X-Request-Id if it is a plain word, else with one of its own, in header and body', async () => {
      for (const given of ['req-1', 'A_b-9', 'x'.repeat(100)]) {
        const reply = await door.send('GET', '/cases/C-1', { as: 'agent', headers: { 'x-request-id': given } });
        expect([reply.headers.get('x-request-id'), reply.body.requestId]).toEqual([given, given]);
      }
      for (const given of ['', 'a b', 'a\tb', '<script>', '{"a":1}', 'x'.repeat(101), '../x', 'a,b']) {
        const reply = await door.send('GET', '/cases/C-1', { as: 'agent', headers: { 'x-request-id': given } });
        expect(reply.headers.get('x-request-id')).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
        expect(reply.body.requestId).toBe(reply.headers.get('x-request-id'));
      }
      const twice = await door.raw('GET', '/healthz', [
        ['x-request-id', 'one'],
        ['x-request-id', 'two'],
      ]);
      expect(twice.headers.get('x-request-id')).not.toContain('one');
    });

    it('with headers that browsers need to be told, and without naming what it runs on', async () => {
      for (const path of ['/cases', '/cases/C-1', '/healthz', '/openapi.json', '/docs', '/nowhere']) {
        const { headers } = await door.get(path);
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('content-security-policy')).toContain("default-src 'self'");
        expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
        expect(headers.get('strict-transport-security')).toContain('max-age=');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect([headers.get('x-powered-by'), headers.get('server')]).toEqual([null, null]);
        expect(headers.get('access-control-allow-origin')).toBeNull();
      }
    });

    it('to nobody by another name: Host, X-Forwarded-* and method overrides change nothing', async () => {
      const token = await door.tokenOf('auditor');
      const reply = await door.raw('GET', '/cases/C-1', [
        ['authorization', `Bearer ${token}`],
        ['x-forwarded-host', 'evil.example'],
        ['x-forwarded-for', '127.0.0.1'],
        ['x-http-method-override', 'DELETE'],
        ['x-original-url', '/healthz'],
      ]);
      expect(reply.status).toBe(404);
      expect(JSON.stringify([reply.text, ...reply.headers])).not.toContain('evil.example');
      const home = await door.raw('GET', '/', [['x-forwarded-host', 'evil.example']]);
      expect([home.status, home.headers.get('location')]).toEqual([302, '/docs']);
    });
  });

  describe('its document', () => {
    it('names every route of the router, and no other', () => {
      interface Layer {
        readonly route?: { readonly path: string | string[]; readonly methods: Record<string, boolean> };
        readonly handle?: { readonly stack?: Layer[] };
      }
      const routesIn = (stack: readonly Layer[]): string[] =>
        stack.flatMap(({ route, handle }) =>
          route
            ? [route.path]
                .flat()
                .flatMap((path) =>
                  Object.keys(route.methods).flatMap((method) =>
                    method === '_all' ? [] : `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
                  ),
                )
            : routesIn(handle?.stack ?? []),
        );
      const router = (door.app as unknown as { router: { stack: Layer[] } }).router;
      const ownPages = [
        'get /',
        'get /openapi.json',
        'get /docs',
        'get /docs/start.js',
        'get /docs/assets/swagger-ui.css',
        'get /docs/assets/swagger-ui-bundle.js',
      ];
      const found = routesIn(router.stack).filter((route) => !ownPages.includes(route));
      expect(found.toSorted()).toEqual(operations.map(({ path, method }) => `${method} ${path}`).toSorted());
      expect(new Set(found).size).toBe(found.length);
    });

    it('names patterns that other programs read as this one does', () => {
      const texts = {
        '\\p{L}\\p{N}][': ['C-1', 'O-536365', '订单-7'],
        '\\u202a': ['The handle came off.', '把手掉了'],
      };
      const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
        ([, text]) => JSON.parse(text!) as string,
      );
      for (const [part, examples] of Object.entries(texts)) {
        const found = patterns.filter((pattern) => pattern.includes(part));
        expect(found.length, part).toBeGreaterThan(0);
        for (const pattern of found)
          for (const example of examples)
            expect(new RegExp(pattern, 'u').test(example), `${pattern} takes ${example}`).toBe(true);
      }
      for (const pattern of patterns) expect(() => new RegExp(pattern, 'u'), pattern).not.toThrow();
    });

    it('shows free text by words, not by signs that merely fit', () => {
      const free: Json[] = [];
      JSON.parse(JSON.stringify(document), (_, part: Json | null) => {
        if (part?.type === 'string' && part.maxLength === 2_000) free.push(part);
        return part;
      });
      expect(free.length).toBeGreaterThan(20);
      for (const { example } of free) expect(example).toMatch(/^[A-Z][a-z ,]+\.$/);
    });

    it('is OpenAPI 3.1: complete, without a loose end, with names that are unique', () => {
      expect(document).toMatchObject({
        openapi: '3.1.0',
        info: { title: 'Mendline', version: manifest.version },
      });
      const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!);
      for (const ref of refs) {
        const found = ref
          .replace('#/', '')
          .split('/')
          .reduce<unknown>((at, part) => (at as Json)?.[part], document);
        expect(found, ref).toBeTypeOf('object');
      }
      const ids = operations.map(({ operation }) => operation.operationId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { path, method, operation } of operations) {
        const told = `${method} ${path}`;
        expect(operation.summary, told).toMatch(/\S/);
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const declared = (operation.parameters ?? []).filter((one) => one.in === 'path');
        expect(
          declared.map((one) => [one.name, one.required]),
          told,
        ).toEqual(inPath.map((name) => [name, true]));
        for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
          expect(status, told).toMatch(/^[2345]\d\d$/);
          expect(description, `${told} ${status}`).toMatch(/\S/);
          for (const type of Object.keys(content))
            expect(type, `${told} ${status}`).toBe(
              Number(status) < 400 || path === '/readyz' ? 'application/json' : 'application/problem+json',
            );
        }
        if (/^\/(cases|exceptions)/.test(path)) {
          expect(operation.security, told).toEqual([{ bearer: [] }]);
          expect(Object.keys(operation.responses), told).toEqual(expect.arrayContaining(['401', '500', '503']));
        }
      }
    });

    it('has schemas that a validator can read, and examples of wrong bodies that they refuse', () => {
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      for (const [name, schema] of Object.entries(document.components.schemas))
        ajv.addSchema(JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', 'mem:')), `mem:${name}`);
      for (const name of Object.keys(document.components.schemas))
        expect(ajv.getSchema(`mem:${name}`), name).toBeTypeOf('function');
      for (const { operation } of operations.filter((one) => one.operation.requestBody && one.path.startsWith('/cases'))) {
        const { schema } = operation.requestBody!.content['application/json']!;
        const fits = ajv.compile(schema);
        expect([operation.operationId, fits({ nonsense: true }), fits(null)]).toEqual([operation.operationId, false, false]);
      }
    });

    it('says of every command who may give it, and that it needs a key', () => {
      for (const name of commandNames) {
        const { operation } = operations.find((one) => one.operation.operationId === name)!;
        for (const role of roles)
          expect(operation.description!.includes(role)).toBe((commandRoles[name] as readonly string[]).includes(role));
        expect(operation.parameters).toContainEqual(
          expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: true }),
        );
      }
    });
  });

  describe('its page', () => {
    it('loads with all it needs, under its own policy, from nowhere else', async () => {
      const page = await door.send('GET', '/docs');
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toContain('text/html');
      const policy = page.headers.get('content-security-policy')!;
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
      expect(page.text).not.toMatch(/<script>|\son\w+=|https?:\/\/|\/\/\w/); // what its policy would not run, or what is elsewhere
      const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)]
        .map(([, link]) => link!)
        .filter((link) => !link.startsWith('data:'));
      expect(parts).toHaveLength(3);
      for (const part of parts) {
        const reply = await door.send('GET', part);
        expect([part, reply.status]).toEqual([part, 200]);
        expect(reply.headers.get('content-type')).toMatch(part.endsWith('.css') ? /^text\/css/ : /javascript/);
      }
      const start = (await door.send('GET', '/docs/start.js')).text;
      expect(start).toContain("url: '/openapi.json'");
      expect(start).toContain('validatorUrl: null'); // Swagger UI would show the document to a validator on the net
      expect(start).not.toMatch(/https?:/);
    });

    it('serves its own files and no others', async () => {
      const others = [
        'index.html',
        'package.json',
        'swagger-initializer.js',
        'README.md',
        '..%2fpackage.json',
        '..%2f..%2fapi%2fapp.ts',
        '.',
      ];
      for (const file of others) {
        const reply = await door.raw('GET', `/docs/assets/${file}`, []);
        expect([file, reply.status]).toEqual([file, 404]);
      }
    });
  });

  describe('its health', () => {
    it('is told without a token: alive, and ready with both servers', async () => {
      expect((await door.send('GET', '/healthz')).body).toEqual({ status: 'ok' });
      const ready = await door.send('GET', '/readyz');
      expect([ready.status, ready.body]).toEqual([200, { status: 'ok', mongodb: 'ok', temporal: 'ok' }]);
    });
  });
});
