/** docker-compose.yml and the files beside it, read as data: what can be known of them without a container engine. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigError, developmentIssuer, readApiConfig, readWorkerConfig } from '../../config/index.ts';
import { searchAttributes } from '../../dev/stack.ts';
import { taskQueue } from '../../workflows/messages.ts';

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly restart: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

const file = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(file(name), 'utf8');

const text = read('docker-compose.yml');
const example = read('deploy/.env.example');
const development = parseEnv(read('deploy/dev.env')) as Record<string, string>;
const inUse = text.replace(/^\s*#.*$/gm, '');
const variables = [...inUse.matchAll(/\$\{(\w+)(:\?|:-)?/g)].map(([, name = '', kind]) => ({ name, needed: kind === ':?' }));

const filledIn = (values: Record<string, string>): string =>
  text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, rest?: string) => {
    const value = values[name] || (kind === '-' ? rest : undefined);
    if (value === undefined) throw new Error(`${name} has no value`);
    return value;
  });
const servicesOf = (yaml: string) =>
  Object.entries((parse(yaml, { merge: true }) as { services: Record<string, Service> }).services);

const services = servicesOf(text);
const inDevelopment = Object.fromEntries(servicesOf(filledIn(development)));
const serviceNamed = (name: string): Service => services.find(([known]) => known === name)![1];
const isJob = (service: Service): boolean => service.restart === 'no';
const environmentOf = (service: Service | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(service?.environment ?? {}).map(([name, value]) => [name, String(value)]));

describe('docker-compose.yml', () => {
  const { $schema, ...schema } = JSON.parse(read('test/deploy/compose-spec.json')) as { $schema: string };
  const formats = { ports: true, expose: true, duration: true, subnet_ip_address: true } as const;
  const fits = new Ajv({ strict: false, allErrors: true, formats }).compile(schema);

  it('fits the Compose Specification, whose schema refuses a misspelt or mistyped key', () => {
    expect($schema).toContain('draft-07');
    const compose = parse(text, { merge: true }) as { services: Record<string, object> };
    expect(fits(compose), JSON.stringify(fits.errors, null, 1)).toBe(true);
    for (const wrong of [{ healtcheck: {} }, { depends_on: { mongo: { condition: 'ready' } } }, { read_only: [] }])
      expect(fits({ services: { ...compose.services, api: { ...compose.services.api, ...wrong } } })).toBe(false);
  });

  it.each(services)('%s has an image of one exact version', (_, { image, build }) => {
    const tag = /:([^/:]+)$/.exec(image.replace(/\$\{\w+:-(\w+)\}/, '$1'))?.[1];
    expect(tag).toBeDefined();
    expect(tag).not.toBe('latest');
    if (!build) expect(tag).toMatch(/^\d+\.\d+(\.\d+)?/);
  });

  it('takes server and tools of Temporal from one release', () => {
    const tags = services.flatMap(([, { image }]) => /^temporalio\/(?:server|admin-tools):(.+)$/.exec(image)?.[1] ?? []);
    expect(new Set(tags).size).toBe(1);
  });

  it('holds no password: each comes from a variable that must be set', () => {
    for (const [name, { environment, ...rest }] of services) {
      expect(JSON.stringify(rest), name).not.toMatch(/password|secret/i);
      for (const [key, value] of Object.entries(environment ?? {})) {
        const secrets = [/:\/\/[^/@:]*:([^@]*)@/.exec(String(value))?.[1] ?? []].flat();
        if (/PASSWORD|PWD|SECRET|_KEY$|JWKS/.test(key)) secrets.push(String(value));
        for (const secret of secrets) expect(secret, `${name}: ${key}`).toMatch(/^\$\{\w+:\?[^}]+\}$/);
      }
    }
  });

  it.each(services)('%s either runs on, with a health check, or is a job that ends', (_, service) => {
    if (isJob(service)) expect(service.healthcheck).toBeUndefined();
    else expect(service).toMatchObject({ restart: 'unless-stopped', healthcheck: { test: expect.any(Array) as string[] } });
  });

  it.each(services)('%s waits for jobs to have ended well and for servers to be healthy', (_, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const known = services.find(([name]) => name === other)?.[1];
      expect(known, other).toBeDefined();
      expect(condition, other).toBe(isJob(known!) ? 'service_completed_successfully' : 'service_healthy');
      if (!service.profiles) expect(known?.profiles, `${other} is not always there`).toBeUndefined();
    }
  });

  it('has somebody waiting for every job: else `up --wait` would take its end for a crash', () => {
    const awaited = new Set(services.flatMap(([, service]) => Object.keys(service.depends_on ?? {})));
    expect(services.filter(([name, service]) => isJob(service) && !awaited.has(name)).map(([name]) => name)).toEqual([]);
  });

  it('publishes ports on loopback alone', () => {
    for (const [name, { ports = [] }] of services) for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
  });

  it('mounts files that exist', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
    for (const path of mounted.filter((source) => source.startsWith('./'))) expect(existsSync(file(path)), path).toBe(true);
    for (const [, { command = [] }] of services.filter(([, { image }]) => image.startsWith('temporalio/admin-tools')))
      expect(existsSync(file(command[1]!.replace('/deploy/', 'deploy/temporal/'))), command[1]).toBe(true);
  });

  it('gives the worker longer to stop than it gives its running activities', () => {
    const [, amount, unit] = /^(\d+)(s|m)$/.exec(serviceNamed('worker').stop_grace_period ?? '') ?? [];
    const seconds = Number(amount) * (unit === 'm' ? 60 : 1);
    expect(seconds).toBeGreaterThan(readWorkerConfig(environmentOf(inDevelopment.worker)).SHUTDOWN_GRACE_SECONDS + 10);
  });
});

describe('what the containers are told', () => {
  const source = read('config/index.ts');
  const namesIn = (part: string): string[] => [...part.matchAll(/^ {2}([A-Z][A-Z\d_]+): /gm)].map(([, name]) => name!);
  const [common = '', worker = '', api = ''] = source.split(/^const (?:worker|api)Schema = /m);
  /** Theirs to read: @temporalio/envconfig. */
  const temporal = ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
  /** The image's own folder of packs is right. */
  const leftOut = ['POLICIES_DIR'];

  it.each([
    ['worker', namesIn(worker)],
    ['api', namesIn(api)],
  ])('%s knows every name it is given, and is given every name it knows', (name, own) => {
    expect(own.length).toBeGreaterThan(3);
    const known = [...namesIn(common), ...own].filter((one) => !leftOut.includes(one));
    expect(Object.keys(environmentOf(serviceNamed(name))).sort()).toEqual([...known, ...temporal].sort());
  });

  it('simulators know every name they are given', () => {
    const known = [...read('gateways/simulators/main.ts').matchAll(/^ {4}([A-Z][A-Z\d_]+): /gm)].map(([, name]) => name);
    expect(known).toEqual(expect.arrayContaining(Object.keys(environmentOf(serviceNamed('simulators')))));
  });

  it('starts API and worker in development, and production refuses the same values', () => {
    expect(readWorkerConfig(environmentOf(inDevelopment.worker)).NODE_ENV).toBe('development');
    const env = environmentOf(inDevelopment.api);
    expect(readApiConfig(env)).toMatchObject({ NODE_ENV: 'development', HOST: '0.0.0.0' });
    expect(() => readApiConfig({ ...env, NODE_ENV: 'production' })).toThrow(ConfigError);
  });

  it('is listed in deploy/.env.example, nothing else is, and no secret has a value there', () => {
    const listed = [...example.matchAll(/^#?([A-Z][A-Z\d_]*)=(.*)$/gm)].map(([line, name = '', value]) => ({
      line,
      name,
      value,
    }));
    expect(listed.map(({ name }) => name).sort()).toEqual([...new Set(variables.map(({ name }) => name))].sort());
    for (const { name } of variables.filter(({ needed }) => needed))
      expect(
        listed.find((one) => one.name === name),
        name,
      ).toMatchObject({ line: `${name}=`, value: '' });
  });

  it('is complete in deploy/dev.env, which sets nothing that is not used', () => {
    for (const { name } of variables.filter(({ needed }) => needed)) expect(development[name], name).toBeTruthy();
    for (const name of Object.keys(development)) expect(variables.map((one) => one.name)).toContain(name);
  });
});

describe('the jobs and the image', () => {
  it('register the search attributes of the local stack', () => {
    const listed = read('deploy/temporal/namespace.sh').matchAll(/^(\w+) (Keyword|KeywordList|Text|Int|Double|Bool|Datetime)$/gm);
    expect(Object.fromEntries([...listed].map(([, name, type]) => [name, type]))).toEqual(searchAttributes);
  });

  it('name the issuer that production refuses', () => {
    expect(read('deploy/dev-token.mjs')).toContain(`const issuer = '${developmentIssuer}';`);
    expect(development.AUTH_ISSUER).toBe(developmentIssuer);
  });

  it('look for a worker on the task queue that cases are started on', () => {
    expect(read('deploy/worker-health.mjs')).toContain(`const taskQueue = '${taskQueue}';`);
  });

  it('are built from one exact version of Node and from all the folders of the product', () => {
    const bases = [...read('Dockerfile').matchAll(/^FROM (node\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
    const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
    const letIn = read('.dockerignore').match(/^!.*$/gm) ?? [];
    for (const path of [...include, 'policies', 'dev/build.mjs']) expect(letIn).toContain(`!${path}`);
  });
});
