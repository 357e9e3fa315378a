/**
 * `npm run -s bench:peers`: the same six-step return on other systems and on Mendline, in one run, and the same attacks on each.
 * Everything is started here and stopped here. Prints one JSON object; everything else goes to standard error.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measuring, saveResult } from '../results.ts';
import { killed, receptionTwice, refundTwice } from './attacks.ts';
import { randomFrom } from '../../../dev/random.ts';
import { createInputs, shuffled } from './inputs.ts';
import { startMedusa } from './medusa/peer.ts';
import { startMendline } from './mendline/peer.ts';
import { type Peer, startApp, type Weight } from './peer.ts';
import { notMeasured, ratios, table } from './report.ts';
import { type Block, block, summary } from './speed.ts';
import { createGround, type Ground, startBullmq, startDbos, startRestatePeer, startSkeleton, startSql } from './systems.ts';

/** Mendline first: it brings the Temporal server that the skeleton runs on too. */
const systems: Record<string, (ground: Ground) => Promise<Peer>> = {
  mendline: startMendline,
  temporal: startSkeleton,
  restate: startRestatePeer,
  dbos: startDbos,
  bullmq: startBullmq,
  sql: startSql,
  medusa: startMedusa,
};
const concurrencies = [32, 8];
/** A slow system's block is cut short of its cases, a fast one's goes on beyond them. */
const blockSeconds = { min: 3, max: 20 };
const blockCasesMax = 6_000;
const warmUpCases = 60;
/** With --strict a block beside which others used more of the machine than this is run again; what the last says is taken, with its share. */
const othersMax = 0.1;
const strictTriesMax = 4;

const usage = `npm run -s bench:peers [-- OPTIONS]
The same six-step return on ${Object.keys(systems).join(', ')}, interleaved in one run, and three attacks on each.

  --only NAMES    some of them, with commas
  --cases N       cases a block (100), but for ${blockSeconds.min} to ${blockSeconds.max} s
  --rounds N      blocks of each system at each concurrency (3)
  --tries N       tries of each attack (20); 0: none
  --seed N        of the goods and of the order of the blocks (1)
  --strict        a block beside which others took over a tenth of the machine is run again, up to three times
  --save          writes test/bench/results/peers.json
  --help          this text`;

interface Options {
  readonly names: readonly string[];
  readonly cases: number;
  readonly rounds: number;
  readonly tries: number;
  readonly seed: number;
  readonly strict: boolean;
  readonly save: boolean;
}
const say = (line: string): void => console.error(line);

async function main(options: Options): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-peers-'));
  chmodSync(dataDir, 0o755); // PostgreSQL runs as another user
  const logs = join(dataDir, 'logs');
  mkdirSync(logs);
  const stops: (() => Promise<unknown>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop().catch((err: Error) => say(`stopping: ${err.message}`));
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stopAll().finally(() => process.exit(1)));
  try {
    const done = measuring();
    const provider = await startApp('provider', './provider/main.ts', logs, { LEDGER: join(dataDir, 'provider.jsonl') });
    stops.push(() => provider.stop());
    const ground = createGround(dataDir, logs, provider.url);
    stops.push(() => ground.stop());
    const peers: Peer[] = [];
    for (const name of options.names) {
      say(`starting ${name} …`);
      const peer = await systems[name]!(ground);
      stops.push(() => peer.stop());
      peers.push(peer);
    }
    const result = await measure(peers, provider, options);
    const { versions, ...rest } = result;
    const report = { ...done(versions), ...rest };
    if (options.save) saveResult('peers', report);
    say(table(report.peers));
    console.log(JSON.stringify(report));
  } finally {
    await stopAll();
  }
}

async function measure(started: readonly Peer[], provider: { url: string; pid(): number }, options: Options) {
  const { cases, rounds, tries, seed, strict } = options;
  const random = randomFrom(seed);
  const inputs = createInputs(random, `${seed}-${Date.now().toString(36)}`);
  const found: Record<string, object> = {};
  const before = new Map<Peer, Weight>();
  const sizes = new Map<Peer, number>();
  const peers: Peer[] = [];
  for (const peer of started) {
    const warm = await block(peer, inputs(warmUpCases), 8, provider.pid());
    sizes.set(peer, sizeOf(cases, warm.casesPerSecond));
    say(`warm ${peer.name}: ${warm.casesPerSecond} cases/s, ${warm.failed} failed ${warm.failures.join('; ')}`);
    if (warm.cases < warmUpCases)
      found[peer.name] = { notUp: `${warm.failed} of ${warmUpCases} failed: ${warm.failures.join('; ')}` };
    else peers.push(peer);
    before.set(peer, await peer.bytes());
  }
  const blocks: (Block & { name: string })[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const concurrency of concurrencies)
      for (const peer of shuffled(peers, random)) {
        const run = () => block(peer, inputs(sizes.get(peer)!), concurrency, provider.pid());
        let taken = await run();
        for (let again = 1; strict && taken.others > othersMax && again < strictTriesMax; again++) taken = await run();
        blocks.push({ name: peer.name, ...taken });
        say(
          `round ${round}, c=${concurrency}, ${peer.name}: ${taken.casesPerSecond} cases/s, ${taken.failed} failed, others ${taken.others}`,
        );
      }
  for (const peer of peers) {
    const { name, used, answers } = peer;
    const own = blocks.filter((one) => one.name === name);
    const of = (concurrency: number) => summary(own.filter((one) => one.concurrency === concurrency));
    const bytes = weigh(before.get(peer)!, await peer.bytes(), own);
    found[name] = { used, answers, c32: of(32), c8: of(8), bytes };
  }
  for (const peer of tries > 0 ? peers : []) {
    say(`attacks on ${peer.name} …`);
    const field = { peer, provider: provider.url, tries, inputs };
    const attacks = {
      refundTwiceOneKey: await refundTwice(field, 'one_key'),
      refundTwiceTwoKeys: await refundTwice(field, 'two_keys'),
      receptionTwice: await receptionTwice(field),
      killedKeysHonoured: await killed(field, true),
      killedKeysIgnored: await killed(field, false),
    };
    found[peer.name] = { ...found[peer.name], attacks };
    say(JSON.stringify(attacks));
  }
  return {
    versions: Object.assign({}, ...peers.map((peer) => peer.versions)) as Record<string, string>,
    seed,
    setting: { cases, rounds, warmUpCases, concurrencies, loop: 'closed', pacing: 'back to back', unitsPerCase: 2 },
    peers: found,
    ratios: ratios(blocks),
    notMeasured,
  };
}

const sizeOf = (cases: number, rate: number): number =>
  Math.ceil(Math.min(blockCasesMax, Math.max(rate * blockSeconds.min, Math.min(cases, rate * blockSeconds.max))));

/** A system whose store only grows is weighed by its growth over the blocks. */
function weigh(before: Weight, after: Weight, blocks: readonly Block[]): { perCase: number; of: string } {
  const cases = blocks.reduce((sum, one) => sum + one.cases, 0);
  const perCase = 'each' in after ? after.each : (after.all - ('all' in before ? before.all : 0)) / Math.max(1, cases);
  return { perCase: Math.round(perCase), of: after.of };
}

function optionsOf(): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      only: text,
      cases: { ...text, default: '100' },
      rounds: { ...text, default: '3' },
      tries: { ...text, default: '20' },
      seed: { ...text, default: '1' },
      strict: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  const names = values.only
    ? Object.keys(systems).filter((name) => values.only!.split(',').includes(name))
    : Object.keys(systems);
  const numbers = {
    cases: Number(values.cases),
    rounds: Number(values.rounds),
    tries: Number(values.tries),
    seed: Number(values.seed),
  };
  const known = (values.only ?? '').split(',').every((name) => name === '' || name in systems);
  if (names.length > 0 && known && Object.values(numbers).every((one) => Number.isInteger(one) && one >= 0))
    return { names, ...numbers, strict: values.strict, save: values.save };
  console.error(usage);
  process.exitCode = 2;
  return undefined;
}

const options = optionsOf();
if (options) await main(options);
