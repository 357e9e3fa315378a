/**
 * The environment as one typed, validated object, read once by the main files. Secrets may also come as NAME_FILE.
 * Temporal's own variables (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS …) are read by @temporalio/envconfig.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Tokens of this issuer are made by dev/; production refuses it. */
export const developmentIssuer = 'mendline-dev';
const developmentSecrets = ['development-only-customer-ref-key'];

const url = z.url();
const port = z.coerce.number().int().min(0).max(65_535);
/** Calls a minute; 0: no limit. */
const rate = z.coerce.number().int().min(0).max(10_000_000);
const database = {
  MONGODB_URI: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must be a mongodb:// address'),
  MONGODB_DATABASE: z.string().min(1).default('mendline'),
};
const common = {
  NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ...database,
  ORDERS_URL: url,
  PAYMENTS_URL: url,
  CARRIER_URL: url,
  NOTIFICATIONS_URL: url,
  STOCK_URL: url,
  /** Where Prometheus may ask; absent: nowhere. Not for the public. */
  METRICS_PORT: port.optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  POLICIES_DIR: z.string().default(fileURLToPath(new URL('../policies', import.meta.url))),
};

const workerSchema = z.object({
  ...common,
  /** How often the read model is held against the workflows; takes effect when the Schedule is first made. */
  RECONCILE_MINUTES: z.coerce.number().positive().max(10_080).default(10),
  /** The bundle made by `npm run build`; without it the stories are bundled at start. */
  WORKFLOW_BUNDLE: z.string().optional(),
  BUILD_ID: z.string().optional(),
  SHUTDOWN_GRACE_SECONDS: z.coerce.number().positive().default(30),
  /** How soon a task goes to another worker when this one has died. */
  STICKY_TIMEOUT_SECONDS: z.coerce.number().positive().default(3),
  /** Frames of stack traces in workflows, for whoever looks for a flaw; more make every case slower. */
  WORKFLOW_STACK_FRAMES: z.coerce.number().int().min(0).max(100).default(2),
});
export type WorkerConfig = z.infer<typeof workerSchema>;

const apiSchema = z.object({
  ...common,
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  AUTH_ISSUER: z.string().min(1),
  AUTH_AUDIENCE: z.string().min(1).default('mendline-api'),
  /** Public keys of the issuer: an address, or the JWKS itself as JSON. */
  AUTH_JWKS: z.string().min(1),
  CARRIER_WEBHOOK_SECRET: z.string().startsWith('whsec_'),
  PAYMENTS_WEBHOOK_SECRET: z.string().startsWith('whsec_'),
  /** Turns a customer's id into the reference that search attributes may show. */
  CUSTOMER_REF_KEY: z.string().min(16),
  TEMPORAL_UI_URL: url.optional(),
  RATE_LIMIT_PER_MINUTE: rate.default(600),
  WEBHOOK_RATE_LIMIT_PER_MINUTE: rate.default(6_000),
  CASE_RATE_LIMIT_PER_MINUTE: rate.default(120),
  /** Proxies before this process whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Who is shown facts that no merchant is known for; right where there is one merchant alone. */
  DEFAULT_MERCHANT_ID: z.string().max(100).optional(),
});
export type ApiConfig = z.infer<typeof apiSchema>;

export class ConfigError extends Error {}

const secrets = ['MONGODB_URI', 'CARRIER_WEBHOOK_SECRET', 'PAYMENTS_WEBHOOK_SECRET', 'CUSTOMER_REF_KEY'];

function read<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const values: Record<string, string | undefined> = { ...env };
  for (const name of secrets) {
    const file = env[`${name}_FILE`];
    if (file) values[name] = contentOf(file, `${name}_FILE`);
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`The environment is not complete:\n${problems.join('\n')}\nSee docs/operations.md, "Configuration".`);
}

function contentOf(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const { code = 'unknown' } = cause as { code?: string };
    throw new ConfigError(`${name}: ${file} cannot be read (${code})`, { cause });
  }
}

/** What the rebuild of the read model needs. */
export const readDatabaseConfig = (env: NodeJS.ProcessEnv = process.env) => read(z.object(database), env);
export const readWorkerConfig = (env: NodeJS.ProcessEnv = process.env): WorkerConfig => read(workerSchema, env);

/** Demo and tests call faster than people do; who wants limits there says so. */
const unlimited = { RATE_LIMIT_PER_MINUTE: '0', WEBHOOK_RATE_LIMIT_PER_MINUTE: '0', CASE_RATE_LIMIT_PER_MINUTE: '0' };

export function readApiConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const config = read(apiSchema, env.NODE_ENV === 'development' || env.NODE_ENV === 'test' ? { ...unlimited, ...env } : env);
  if (config.NODE_ENV === 'production') refuseUnsafe(config);
  return config;
}

const webhookKeyBytesMin = 24;

/** What is fine on one machine and a hole where others can reach it. */
function refuseUnsafe(config: ApiConfig): void {
  if (config.AUTH_ISSUER === developmentIssuer)
    throw new ConfigError(`AUTH_ISSUER=${developmentIssuer} is refused in production: name your own identity provider`);
  if (developmentSecrets.includes(config.CUSTOMER_REF_KEY))
    throw new ConfigError('CUSTOMER_REF_KEY is the development key: set your own');
  if (/^http:/i.test(config.AUTH_JWKS.trim()))
    throw new ConfigError(
      'AUTH_JWKS is refused in production over plain http: whoever is on the way could give keys of their own',
    );
  // Standard Webhooks: a secret has 24 to 64 bytes.
  for (const name of ['CARRIER_WEBHOOK_SECRET', 'PAYMENTS_WEBHOOK_SECRET'] as const)
    if (Buffer.from(config[name].slice('whsec_'.length), 'base64').length < webhookKeyBytesMin)
      throw new ConfigError(`${name} is too short for production: ${webhookKeyBytesMin} bytes or more behind whsec_, in base64`);
}
