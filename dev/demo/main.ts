/** `npm run demo`: starts everything, drives real return lines through the whole flow over HTTP, says what came of it, and stays up. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UsageError, wholeNumber } from '../options.ts';
import { startSystem, type System } from '../system.ts';
import { BadData, readReturns, type DemoReturn } from './data.ts';
import { drive, type Driven } from './drive.ts';
import { meetPeople, type People } from './people.ts';
import { planned, type Planned } from './plan.ts';
import { progress } from './progress.ts';
import { reportOf, screenOf, type Failed, type Oracle } from './report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const concurrency = 16;
/** How often partners answer late, twice, not at all, or not as agreed: what a case must come through all the same. */
const lies = {
  duplicate: 0.1,
  reorder: 0.03,
  late: 0.03,
  lost: 0.01,
  timeoutAfterEffect: 0.01,
  rateLimited: 0.01,
  unavailable: 0.02,
  latencyMs: 1_500,
};

const usage = `npm run demo [-- OPTIONS]
Starts Temporal, MongoDB, simulated partners, a worker and the API on this machine, and drives returns through them over HTTP.

  --data FILE.csv     return lines with the columns return_no, sku, description, quantity, returned_at, unit_price, currency,
                      customer_id, country (default: dev/demo/online-retail-returns.csv)
  --lines N           only the first N lines of the file
  --seed N            which returns take a detour (default 1)
  --plain             all go the happy way
  --exit              stop after the report; exit code 0 only if every case ended as it should and the ledgers agree
  --report FILE.json  write the report there
  --help              this text

Without --exit everything stays up until Ctrl-C, and one case is left parked for you to mend.`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      lines: { type: 'string' },
      seed: { type: 'string', default: '1' },
      plain: { type: 'boolean', default: false },
      exit: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const here = process.env.INIT_CWD ?? process.cwd();
  return {
    ...values,
    data: values.data === undefined ? join(root, 'dev/demo/online-retail-returns.csv') : resolve(here, values.data),
    lines: values.lines === undefined ? undefined : wholeNumber('lines', values.lines),
    seed: wholeNumber('seed', values.seed, 0),
    report: values.report === undefined ? undefined : resolve(here, values.report),
  };
}

const interrupted = 130;

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.report && !existsSync(dirname(options.report)))
    throw new UsageError(`--report: there is no folder ${dirname(options.report)}`);
  const returns = readReturns(options.data, options.lines);
  mkdirSync(join(root, '.data'), { recursive: true });
  sweep(join(root, '.data'));
  const dataDir = mkdtempSync(join(root, `.data/demo-${process.pid}-`));
  // Heard from the very start, and every time: whoever presses Ctrl-C twice must not leave servers behind.
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => done());
  });
  void stopped.then(() => console.error('\nStopping …'));
  console.error('Starting Temporal, MongoDB, partners, worker and API …');
  const system = await startSystem({ dataDir, onReady: (what) => console.error(`  ${what} ready`) });
  try {
    const run = tell(system, returns, options);
    const problems = await Promise.race([run, stopped.then(() => undefined)]);
    if (problems === undefined) return interrupted;
    if (!options.exit) {
      await stopped;
      return 0;
    }
    return problems.length === 0 ? 0 : 1;
  } finally {
    await system.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes what demos left behind that were killed: their folder names the process. */
function sweep(dir: string): void {
  for (const name of readdirSync(dir)) {
    const [, pid] = /^demo-(\d+)-/.exec(name) ?? [];
    if (pid && !isAlive(Number(pid))) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Drives all returns and tells what came of it; the problems it found. */
async function tell(
  system: System,
  returns: readonly DemoReturn[],
  { seed, plain, exit, report: reportFile }: ReturnType<typeof readOptions>,
): Promise<string[]> {
  const plans = planned(returns, { seed, plain, keepParked: !exit && !plain });
  const people = meetPeople(system);
  const startedAt = Date.now();
  if (!plain) await people.simulate('POST', '/control/lies', { seed, ...lies });
  const { driven, failed } = await driveAll(plans, people, system);
  const oracle = await people.simulate<Oracle>('GET', '/control/totals');
  const { report, problems } = reportOf(driven, failed, oracle, Date.now() - startedAt);
  if (reportFile) writeFileSync(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  const mended = driven.filter(({ plan, view }) => plan.road === 'parked' && view.stage === 'refunded').length;
  console.log(`\n${returns.length} returns, seed ${seed}\n\n${screenOf(report)}`);
  console.log(`  webhooks lost on purpose   ${oracle.webhooks.lost} of ${oracle.webhooks.lost + oracle.webhooks.delivered}`);
  if (mended > 0) console.log(`  parked and mended          ${mended} (the payment provider refused, a manager retried)`);
  if (reportFile) console.log(`  report                     ${reportFile}`);
  for (const problem of problems.slice(0, 20)) console.log(`  PROBLEM ${problem}`);
  if (!exit) console.log(await closingLines(system, driven));
  return problems;
}

async function driveAll(
  plans: readonly Planned[],
  people: People,
  system: System,
): Promise<{ driven: Driven[]; failed: Failed[] }> {
  const driven: Driven[] = [];
  const failed: Failed[] = [];
  const show = progress(plans.length, 'returns');
  const queue = [...plans];
  const worker = async () => {
    for (let plan = queue.shift(); plan; plan = queue.shift()) {
      await drive(plan, people, system.client).then(
        (one) => driven.push(one),
        (err: unknown) => failed.push({ plan, error: (err as Error).message }),
      );
      show(driven.length + failed.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const position = new Map(plans.map((plan, index) => [plan.what.returnNo, index]));
  driven.sort((a, b) => position.get(a.plan.what.returnNo)! - position.get(b.plan.what.returnNo)!);
  return { driven, failed };
}

async function closingLines(
  { apiUrl, temporalUiUrl, issuer, temporalAddress }: System,
  driven: readonly Driven[],
): Promise<string> {
  const parked = driven.find((one) => one.plan.leftParked)?.view;
  const temporal = relative(process.cwd(), process.env.TEMPORAL_CLI_PATH ?? 'temporal');
  const list = `${temporalUiUrl}/namespaces/default/workflows?query=${encodeURIComponent('NeedsAttention=true')}`;
  const token = await issuer.sign({ id: 'manager-1', role: 'manager', merchantId: 'demo-store' });
  const lines = [`  API documentation          ${apiUrl}/docs`, `  Temporal UI                ${temporalUiUrl}`];
  if (parked)
    lines.push(
      '',
      `One case waits for a person: ${parked.rmaNo}, ${parked.caseId}. The payment provider refused its refund; the cause is gone now.`,
      `  find it   ${list}`,
      `            or: ${temporal} workflow list --address ${temporalAddress} --query 'NeedsAttention=true'`,
      `  read it   its page in the Temporal UI says under "User Metadata" what failed and what to do`,
      `  mend it   there: send the Signal retry_now with the input {} — or from a shell:`,
      `            ${temporal} workflow signal --address ${temporalAddress} --workflow-id 'return:${parked.caseId}' --name retry_now --input '{}'`,
      `            or over the API, as a manager:`,
      `            curl -X POST ${apiUrl}/cases/${parked.caseId}/resolve-attention -H 'Idempotency-Key: mend-1' \\`,
      `              -H 'Content-Type: application/json' -H 'Authorization: Bearer ${token}' -d '{"verb":"retry"}'`,
    );
  lines.push('', 'Everything stays up until Ctrl-C.');
  return lines.join('\n');
}

try {
  process.exitCode = await main();
  // Who drives the returns would go on asking servers that have been stopped.
  if (process.exitCode === interrupted) process.exit();
} catch (err) {
  const told =
    err instanceof BadData || err instanceof UsageError || (err as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(told ? `${(err as Error).message}\nSee npm run demo -- --help` : err);
  process.exitCode = told ? 2 : 1;
}
