/**
 * Starts the simulated partners from the environment and stops them on SIGTERM or SIGINT.
 * Everything else is in app.ts.
 */
import { pino } from 'pino';
import { z } from 'zod';
import { createSimulators } from './app.ts';

const help = `Simulated partners of Mendline: shop orders, payment provider, carrier, notices and stock, in one process.

Usage: node --import tsx gateways/simulators/main.ts [--help]

Environment:
  PORT                     port, 0 for any free one (default 4100)
  HOST                     address to bind to (default 127.0.0.1)
  SIMULATORS_DATA_DIR      directory of the ledgers (default .data/simulators)
  WEBHOOK_BASE_URL         webhooks go to <it>/payments and <it>/carrier, e.g. http://127.0.0.1:3000/webhooks;
                           unset, they wait in the ledgers
  PAYMENTS_WEBHOOK_SECRET  Standard Webhooks secret, whsec_ and base64; needed with WEBHOOK_BASE_URL
  CARRIER_WEBHOOK_SECRET   the same for the carrier
  WEBHOOK_TRIES_MAX        tries before a webhook is given up (default 30)
  ALLOW_CONTROL            1 keeps /control open although NODE_ENV is production
`;

const secret = z.string().regex(/^(whsec_)?[A-Za-z0-9+/]{32,}={0,2}$/, 'base64 of at least 24 bytes, with or without whsec_');
const environmentSchema = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
    HOST: z.string().default('127.0.0.1'),
    SIMULATORS_DATA_DIR: z.string().default('.data/simulators'),
    WEBHOOK_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
    PAYMENTS_WEBHOOK_SECRET: secret.optional(),
    CARRIER_WEBHOOK_SECRET: secret.optional(),
    WEBHOOK_TRIES_MAX: z.coerce.number().int().positive().optional(),
    NODE_ENV: z.string().optional(),
    ALLOW_CONTROL: z.string().optional(),
  })
  .refine((env) => !env.WEBHOOK_BASE_URL || (env.PAYMENTS_WEBHOOK_SECRET && env.CARRIER_WEBHOOK_SECRET), {
    message: 'WEBHOOK_BASE_URL needs PAYMENTS_WEBHOOK_SECRET and CARRIER_WEBHOOK_SECRET',
  });

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return void process.stdout.write(help);
  const set = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const env = environmentSchema.safeParse(set);
  if (!env.success) {
    process.stderr.write(`${z.prettifyError(env.error)}\n`);
    process.exitCode = 2;
    return;
  }
  const { data } = env;
  const base = data.WEBHOOK_BASE_URL?.replace(/\/+$/, '');
  const simulators = await createSimulators({
    dataDir: data.SIMULATORS_DATA_DIR,
    webhookTargets: base ? { payments: `${base}/payments`, carrier: `${base}/carrier` } : {},
    secrets: { payments: data.PAYMENTS_WEBHOOK_SECRET, carrier: data.CARRIER_WEBHOOK_SECRET },
    delivery: data.WEBHOOK_TRIES_MAX ? { triesMax: data.WEBHOOK_TRIES_MAX } : {},
    allowControl: data.NODE_ENV !== 'production' || data.ALLOW_CONTROL === '1',
    log: pino({ level: 'warn' }, pino.destination(2)),
  });

  let leaving = false;
  const leave = () => {
    if (leaving) return;
    leaving = true;
    simulators.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);

  const { url } = await simulators.listen({ port: data.PORT, host: data.HOST });
  process.stdout.write(`simulators listening on ${url}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`simulators could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
