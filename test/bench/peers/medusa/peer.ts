/**
 * Medusa: a plain shop of its packages, driven through its admin API as its own pages do: eight calls a return.
 * Its package has a lockfile of its own and is installed only when Medusa is asked for.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type RunningProcess, startProcess } from '../../../../dev/processes.ts';
import { ask, call } from '../http.ts';
import { type Peer, unitsOfCase } from '../peer.ts';
import type { ReturnInput } from '../provider/client.ts';
import type { Ground } from '../systems.ts';

const folder = fileURLToPath(new URL('./shop/', import.meta.url));
const program = join(folder, 'node_modules/@medusajs/cli/cli.js');
const admin = { email: 'admin@example.com', password: 'bench-admin' };
const version = '2.21.2';
const ordersAtOnce = 20;

interface Shop {
  readonly locationId: string;
  readonly regionId: string;
  readonly salesChannelId: string;
}
interface Order {
  readonly caseId: string;
  readonly orderId: string;
  readonly itemId: string;
  readonly inventoryItemId: string;
  readonly paymentId: string;
  readonly collectionId: string;
  readonly amount: number;
}
type Ask = (method: string, path: string, body?: object) => ReturnType<typeof ask>;

/** What every shop has: a region, a place for stock, and a way for goods to come back. */
async function openShop(ask: Ask): Promise<Shop & { shippingOptionId: string }> {
  const { region } = await ask('POST', '/admin/regions', { name: 'UK', currency_code: 'gbp', countries: ['gb'] });
  const { sales_channel: channel } = await ask('POST', '/admin/sales-channels', { name: 'web' });
  const { stock_location: location } = await ask('POST', '/admin/stock-locations', { name: 'warehouse' });
  await ask('POST', `/admin/stock-locations/${location.id}/fulfillment-providers`, { add: ['pickups_shared'] });
  await ask('POST', `/admin/stock-locations/${location.id}/sales-channels`, { add: [channel.id] });
  const sets = await ask('POST', `/admin/stock-locations/${location.id}/fulfillment-sets?fields=*fulfillment_sets`, {
    name: 'returns',
    type: 'shipping',
  });
  const { fulfillment_set: set } = await ask(
    'POST',
    `/admin/fulfillment-sets/${sets.stock_location.fulfillment_sets[0].id}/service-zones`,
    { name: 'UK', geo_zones: [{ type: 'country', country_code: 'gb' }] },
  );
  const { shipping_profile: profile } = await ask('POST', '/admin/shipping-profiles', { name: 'goods', type: 'goods' });
  const { shipping_option: option } = await ask('POST', '/admin/shipping-options', {
    name: 'Pickup',
    service_zone_id: set.service_zones[0].id,
    shipping_profile_id: profile.id,
    provider_id: 'pickups_shared',
    price_type: 'flat',
    type: { label: 'Pickup', description: 'Fetched at the door', code: 'pickup' },
    prices: [{ currency_code: 'gbp', amount: 0 }],
    rules: [{ attribute: 'is_return', operator: 'eq', value: 'true' }],
  });
  return { locationId: location.id, regionId: region.id, salesChannelId: channel.id, shippingOptionId: option.id };
}

export async function startMedusa(ground: Ground): Promise<Peer> {
  const postgres = await ground.postgres();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env: Record<string, string> = {
    DATABASE_URL: await postgres.database('medusa'),
    PROVIDER_URL: ground.provider,
    NODE_ENV: 'production',
    MEDUSA_DISABLE_TELEMETRY: 'true',
    LOG_LEVEL: 'warn',
  };
  const cli = (...args: string[]) =>
    execFileSync(process.execPath, [program, ...args], { cwd: folder, env: { ...process.env, ...env }, stdio: 'ignore' });
  cli('db:migrate', '--skip-scripts');
  cli('user', '-e', admin.email, '-p', admin.password);
  const start = (): Promise<RunningProcess> =>
    startProcess({
      name: 'medusa',
      // Medusa finds its shop by the working directory; exec keeps the pid that is killed later.
      command: 'sh',
      args: ['-c', 'cd "$0" && exec "$@"', folder, process.execPath, program, 'start', '-p', String(port)],
      env,
      logFile: join(ground.logs, 'medusa.log'),
      ready: { probe: async () => (await call('GET', `${url}/health`, { timeoutMs: 2_000 })).status === 200 },
      readyTimeoutMs: 180_000,
    });
  let app = await start();
  const { token } = await ask('POST', `${url}/auth/user/emailpass`, { body: admin });
  const headers = { authorization: `Bearer ${token}` };
  const asked: Ask = (method, path, body) => ask(method, url + path, { headers, ...(body ? { body } : {}) });
  const { shippingOptionId, ...shop } = await openShop(asked);
  const prepared = new Map<string, Order>();
  const returns = new Map<string, Order>();

  const prepare = async (inputs: readonly ReturnInput[]) => {
    for (let first = 0; first < inputs.length; first += ordersAtOnce) {
      const orders = inputs
        .slice(first, first + ordersAtOnce)
        .map(({ orderId, lines: [line] }) => ({ caseId: orderId, units: unitsOfCase, unitPrice: line!.unitPriceMinor / 100 }));
      const { made } = await ask('POST', `${url}/bench/orders`, { body: { shop, orders } });
      for (const [nth, one] of (made as Order[]).entries())
        prepared.set(orders[nth]!.caseId, { ...one, amount: unitsOfCase * orders[nth]!.unitPrice });
    }
  };
  const send: Peer['send'] = async (id, name, key) => {
    const { paymentId, amount } = returns.get(id)!;
    const paths = {
      approve: `/admin/returns/${id}/request`,
      received: `/admin/returns/${id}/receive/confirm`,
      inspected: `/admin/payments/${paymentId}/refund`,
    };
    const body = name === 'inspected' ? { amount } : {};
    return (await call('POST', url + paths[name], { body, headers: { ...headers, 'idempotency-key': key } })).status;
  };
  return {
    name: 'medusa',
    used: 'its own return by the admin API, eight calls; an Idempotency-Key is sent, and Medusa does not read it; events, locks and workflow engine in memory, as they come',
    answers: 'once the work of the call is done',
    versions: { medusa: version, postgresql: postgres.version },
    ledgerId: (id) => returns.get(id)!.caseId,
    prepare,
    async open(_caseId, { orderId }) {
      const order = prepared.get(orderId)!;
      const made = await asked('POST', '/admin/returns', { order_id: order.orderId, location_id: shop.locationId });
      const id = made.return.id as string;
      returns.set(id, order);
      await asked('POST', `/admin/returns/${id}/request-items`, { items: [{ id: order.itemId, quantity: unitsOfCase }] });
      await asked('POST', `/admin/returns/${id}/shipping-method`, { shipping_option_id: shippingOptionId });
      return id;
    },
    send,
    async ready(id, name) {
      if (name !== 'received') return;
      // What the warehouse counts before it confirms.
      await asked('POST', `/admin/returns/${id}/receive`, {});
      const { itemId } = returns.get(id)!;
      await asked('POST', `/admin/returns/${id}/receive-items`, { items: [{ id: itemId, quantity: unitsOfCase }] });
    },
    async finish(id, key) {
      const status = await send(id, 'inspected', key);
      if (status > 299) throw new Error(`refund: ${status}`);
    },
    async look(id) {
      const { collectionId, inventoryItemId } = returns.get(id)!;
      const found = await ask('GET', `${url}/bench/look?${new URLSearchParams({ collectionId, inventoryItemId }).toString()}`);
      return { stage: found.refunded > 0 ? 'closed' : 'open', units: found.units as number };
    },
    pids: () => ({ server: [postgres.server.pid], app: [app.pid] }),
    bytes: async () => ({
      all: await postgres.bytes('medusa'),
      of: 'size of the database, orders and products of the returns included',
    }),
    crash: async () => {
      app.kill9();
      await app.exited;
    },
    revive: async () => {
      app = await start();
    },
    stop: () => app.stop(),
  };
}
