import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'mendline-demo-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const demo = (...args: string[]) => run(process.execPath, ['--import', 'tsx', 'dev/demo/main.ts', ...args], { timeout: 150_000 });

describe('the demo', () => {
  it('drives a file of its own columns, and reports every return once with money that adds up', {
    timeout: 180_000,
  }, async () => {
    const rows = Array.from({ length: 8 }, (_, n) => [
      `R-${n},SKU${n},"Tee, ""großes"" 杯 ${n}",${n + 1},2024-02-${10 + n}T08:00:00Z,${n === 3 ? '0.00' : `${n}.5`},${n % 2 ? 'EUR' : 'GBP'},C${n},Germany`,
      ...(n === 0 ? [`R-0,EXTRA,Second line,2,2024-02-10T08:00:00Z,1.25,GBP,C0,Germany`] : []),
    ]).flat();
    const data = join(dir, 'returns.csv');
    const report = join(dir, 'report.json');
    writeFileSync(
      data,
      `return_no,sku,description,quantity,returned_at,unit_price,currency,customer_id,country\n${rows.join('\n')}\n`,
    );
    const { stdout } = await demo('--data', data, '--exit', '--seed', '5', '--report', report);
    expect(stdout).toContain('agrees');
    const told = JSON.parse(readFileSync(report, 'utf8'));
    expect(told.cases.map((one: { returnNo: string }) => one.returnNo)).toEqual(Array.from({ length: 8 }, (_, n) => `R-${n}`));
    const ends = ['refunded', 'rejected', 'expired', 'withdrawn', 'cancelled'];
    for (const one of told.cases) {
      expect(ends).toContain(one.outcome);
      const n = Number(one.returnNo.slice(2));
      const price = n === 3 ? 0 : n * 100 + 50;
      const due = n === 0 ? price + 250 : price * (n + 1);
      expect(one).toMatchObject({
        refundMinor: one.outcome === 'refunded' ? due : 0,
        unitsRequested: n === 0 ? 3 : n + 1,
        needsAttention: false,
      });
    }
    expect(new Set(told.cases.map((one: { outcome: string }) => one.outcome)).size).toBeGreaterThan(3);
    expect(told.ledgers).toMatchObject({ agree: true, paymentsRefundedMinor: told.totals.refundedMinor });
    expect(told.totals.timersFired).toBeGreaterThan(0);
    expect(told.totals.compensationsRun).toBeGreaterThan(0);
  });

  it('told by a SIGTERM to npm to stop while it drives, ends soon and leaves nothing behind', { timeout: 180_000 }, async () => {
    // In a group of its own: the signal is for npm alone.
    const npmRun = spawn('npm', ['run', 'demo', '--', '--plain'], { stdio: ['ignore', 'inherit', 'pipe'], detached: true });
    let told = '';
    npmRun.stderr.on('data', (chunk) => (told += chunk));
    await vi.waitFor(() => expect(told).toMatch(/returns \d+\//), { timeout: 120_000 });
    const started = descendantsOf(npmRun.pid!);
    expect(started.length).toBeGreaterThan(10); // five servers, each with its guard
    npmRun.kill('SIGTERM');
    const left = () => started.filter(isAlive);
    try {
      await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 30_000 });
    } finally {
      for (const pid of left()) process.kill(pid, 'SIGKILL');
    }
  });

  it('refuses a bad file and bad options in words, before anything starts', async () => {
    const data = join(dir, 'bad.csv');
    writeFileSync(data, 'return_no,sku\nR1,A\n');
    await expect(demo('--data', data, '--exit')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('lacks the columns'),
    });
    await expect(demo('--lines', 'many')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--lines takes a whole number'),
    });
    await expect(demo('--speed', '9')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--help') });
    expect((await demo('--help')).stdout).toContain('--report FILE.json');
  });
});

/** Every process that this one has started, and those have. */
function descendantsOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/ +/).map(Number) as [number, number]);
  const below = (one: number): number[] => pairs.flatMap(([child, parent]) => (parent === one ? [child, ...below(child)] : []));
  return below(pid);
}
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
