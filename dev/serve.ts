/** `npm run dev`: the whole product on this machine with an order in it, tokens to try it with, until Ctrl-C. Data last from one start to the next. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { roles } from '../domain/permissions.ts';
import { DataInUse } from './stack.ts';
import { startSystem } from './system.ts';
import type { Person } from './tokens.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `npm run dev [-- OPTIONS]
Starts Temporal (with its UI), MongoDB, simulated partners, a worker and the API on this machine, and prints their addresses,
a token for each role, and how to open a first return. Data are kept in .data/dev; Ctrl-C stops everything.

  --token ROLE:ID[:MERCHANT]   a token for that person too, of dev-store unless told otherwise; as often as you like
  --help                       this text`;

const order = {
  orderId: 'O-1001',
  merchantId: 'dev-store',
  customerId: 'customer-1',
  jurisdiction: 'GB',
  currency: 'GBP',
  paymentId: 'pay-O-1001',
  paidMinor: 7_400,
  lines: [
    { lineId: '1', sku: 'KETTLE-RED', title: 'Red kettle', category: 'home_appliance', quantity: 2, unitPriceMinor: 2_950 },
    { lineId: '2', sku: 'TEA-TOWEL', title: 'Tea towel', category: 'textiles', quantity: 3, unitPriceMinor: 500 },
  ],
};

/** `customer:customer-2:other-store`. Undefined: it names no role, or nobody. */
function personOf(told: string): Person | undefined {
  const [name, id, merchantId = order.merchantId] = told.split(':');
  const role = roles.find((one) => one === name);
  return role && id ? { id, role, merchantId } : undefined;
}

async function main(others: readonly Person[]): Promise<void> {
  const dataDir = join(root, '.data/dev');
  mkdirSync(dataDir, { recursive: true });
  console.error('Starting Temporal, MongoDB, partners, worker and API …');
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => done());
  });
  const system = await startSystem({ dataDir, onReady: (what) => console.error(`  ${what} ready`) });
  try {
    const dayMs = 86_400_000;
    const today = Math.floor(Date.now() / dayMs) * dayMs;
    const dates = { placedAt: new Date(today - 6 * dayMs).toISOString(), deliveredAt: new Date(today - 2 * dayMs).toISOString() };
    // Of an earlier start on another day the order is there already, with that day's dates.
    await fetch(`${system.simulatorsUrl}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...order, ...dates }),
    });
    const tokens = await Promise.all(
      roles.map(async (role) => {
        const id = role === 'customer' ? order.customerId : `${role}-1`;
        return `export ${role.toUpperCase()}=${await system.issuer.sign({ id, role, merchantId: order.merchantId })}`;
      }),
    );
    const more = await Promise.all(
      others.map(
        async (person, index) =>
          `export TOKEN_${index + 1}=${await system.issuer.sign(person)} # ${person.id}, ${person.role} of ${person.merchantId}`,
      ),
    );
    console.log(`
  API documentation   ${system.apiUrl}/docs
  Temporal UI         ${system.temporalUiUrl}
  partners            ${system.simulatorsUrl} (POST /control/scans, /control/faults …)
  logs                ${system.logs}

Addresses, and tokens for 12 hours, to paste into a shell:
export API=${system.apiUrl}
export PARTNERS=${system.simulatorsUrl}
export TEMPORAL_ADDRESS=${system.temporalAddress}
${[...tokens, ...more].join('\n')}

Open a return of the order ${order.orderId}; what comes next is in the README, under "By hand":
curl -X POST $API/cases -H "Authorization: Bearer $CUSTOMER" -H 'Idempotency-Key: first' \\
  -H 'Content-Type: application/json' \\
  -d '{"orderId":"${order.orderId}","lines":[{"lineId":"1","quantity":1}],"reason":"quality"}'

Everything stays up until Ctrl-C.`);
    await stopped;
    console.error('\nStopping …');
  } finally {
    await system.stop();
  }
}

const { values } = parseArgs({
  options: { token: { type: 'string', multiple: true, default: [] }, help: { type: 'boolean', short: 'h' } },
});
const people = values.token.flatMap((told) => personOf(told) ?? []);
if (values.help) console.log(usage);
else if (people.length < values.token.length) {
  console.error(`--token takes ROLE:ID[:MERCHANT], with one of the roles ${roles.join(', ')}`);
  process.exitCode = 2;
} else
  await main(people).catch((err: unknown) => {
    console.error(err instanceof DataInUse ? err.message : err);
    process.exitCode = 1;
  });
