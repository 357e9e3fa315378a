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
const common = {
  NODE_ENV: z.enum(['development', 'test', 'production']).default('production'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  MONGODB_URI: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must be a mongodb:// address'),
  MONGODB_DATABASE: z.string().min(1).default('mendline'),
  ORDERS_URL: url,
  PAYMENTS_URL: url,
  CARRIER_URL: url,
  POLICIES_DIR: z.string().default(fileURLToPath(new URL('../policies', import.meta.url))),
};

const workerSchema = z.object({
  ...common,
  /** The bundle made by `npm run build`; without it the stories are bundled at start. */
  WORKFLOW_BUNDLE: z.string().optional(),
  BUILD_ID: z.string().optional(),
  SHUTDOWN_GRACE_SECONDS: z.coerce.number().positive().default(30),
  /** How soon a task goes to another worker when this one has died. */
  STICKY_TIMEOUT_SECONDS: z.coerce.number().positive().default(3),
});
export type WorkerConfig = z.infer<typeof workerSchema>;

const apiSchema = z.object({
  ...common,
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  AUTH_ISSUER: z.string().min(1),
  AUTH_AUDIENCE: z.string().min(1).default('mendline-api'),
  /** Public keys of the issuer: an address, or the JWKS itself as JSON. */
  AUTH_JWKS: z.string().min(1),
  CARRIER_WEBHOOK_SECRET: z.string().startsWith('whsec_'),
  PAYMENTS_WEBHOOK_SECRET: z.string().startsWith('whsec_'),
  /** Turns a customer's id into the reference that search attributes may show. */
  CUSTOMER_REF_KEY: z.string().min(16),
  TEMPORAL_UI_URL: url.optional(),
});
export type ApiConfig = z.infer<typeof apiSchema>;

export class ConfigError extends Error {}

const secrets = ['MONGODB_URI', 'CARRIER_WEBHOOK_SECRET', 'PAYMENTS_WEBHOOK_SECRET', 'CUSTOMER_REF_KEY'];

function read<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const values: Record<string, string | undefined> = { ...env };
  for (const name of secrets) {
    const file = env[`${name}_FILE`];
    if (file) values[name] = readFileSync(file, 'utf8').trim();
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`The environment is not complete:\n${problems.join('\n')}\nSee docs/operations.md, "Configuration".`);
}

export const readWorkerConfig = (env: NodeJS.ProcessEnv = process.env): WorkerConfig => read(workerSchema, env);

export function readApiConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const config = read(apiSchema, env);
  if (config.NODE_ENV === 'production' && config.AUTH_ISSUER === developmentIssuer)
    throw new ConfigError(`AUTH_ISSUER=${developmentIssuer} is refused in production: name your own identity provider`);
  if (config.NODE_ENV === 'production' && developmentSecrets.includes(config.CUSTOMER_REF_KEY))
    throw new ConfigError('CUSTOMER_REF_KEY is the development key: set your own');
  return config;
}
