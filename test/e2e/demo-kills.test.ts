import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { commandIdOf } from '../../api/idempotency.ts';
import { openDatabase } from '../../db/database.ts';
import { readReturns } from '../../dev/demo/data.ts';
import { drive } from '../../dev/demo/drive.ts';
import { meetPeople, merchantId, type Manners } from '../../dev/demo/people.ts';
import { planned, type Planned } from '../../dev/demo/plan.ts';
import { reportOf, type Oracle } from '../../dev/demo/report.ts';
import { detours, type RoadName } from '../../dev/demo/roads.ts';
import { startSystem, type System } from '../../dev/system.ts';
import { getSnapshot, workflowIdOf } from '../../workflows/messages.ts';

type Done = Parameters<NonNullable<Manners['onDone']>>[0];

/** Roads on which time is skipped need the server they skip it on. */
const waiting: readonly RoadName[] = ['unanswered', 'never_sent', 'lost'];
const csv = fileURLToPath(new URL('../../dev/demo/online-retail-returns.csv', import.meta.url));
const patient = { timeout: 90_000, interval: 250 };
const atOnce = 6;

/** One return for every road that needs no skipped time. */
function plansOf(): Planned[] {
  const plans = planned(readReturns(csv), { seed: 7, plain: false, keepParked: false });
  const wanted = ['happy', ...detours.filter((road) => !waiting.includes(road))];
  return wanted.flatMap((road) => plans.find((plan) => plan.road === road) ?? []);
}

let system: System;
const dataDir = mkdtempSync(join(tmpdir(), 'mendline-demo-kills-'));
beforeAll(async () => {
  system = await startSystem({ dataDir, ui: false });
});
afterAll(async () => {
  await system.stop();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

it('worker, API, MongoDB and Temporal killed with -9 in turn during the demo: no acknowledged command is lost, nothing is paid twice, and what is read is what the workflows know', async () => {
  const done: Done[] = [];
  const people = meetPeople(system, { triesMax: 60, onDone: (one) => void done.push(one) });
  const queue = plansOf();
  const driven: Awaited<ReturnType<typeof drive>>[] = [];
  const failed: { plan: Planned; error: string }[] = [];
  let isOver = false;
  const playing = Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let plan = queue.shift(); plan; plan = queue.shift())
        await drive(plan, people, system.client, 90_000).then(
          (one) => driven.push(one),
          (err: unknown) => failed.push({ plan: plan!, error: (err as Error).message }),
        );
    }),
  ).finally(() => (isOver = true));
  const kills = await killInTurn(() => isOver);
  await playing;

  expect(kills).toBeGreaterThanOrEqual(4);
  const oracle = await people.simulate<Oracle>('GET', '/control/totals');
  expect(reportOf(driven, failed, oracle, 0).problems).toEqual([]);

  const database = await openDatabase(system.mongo.uri);
  try {
    for (const { view } of driven)
      await vi.waitFor(async () => {
        const shown = await database.cases.find(merchantId, view.caseId);
        const known = await snapshotOf(view.caseId, shown?.generation ?? 1);
        expect(shown?.state).toEqual(JSON.parse(JSON.stringify(known.state)));
        const heard = done.filter((one) => one.caseId === view.caseId && !/\/(appeal|reopen)\//.test(one.key));
        for (const { role, id, key } of heard) {
          const updateId = commandIdOf({ get: () => key } as never, { id, role, merchantId });
          expect(
            known.state.seen.filter((one) => one === updateId),
            `${view.caseId} ${key}`,
          ).toHaveLength(1);
        }
      }, patient);
  } finally {
    await database.close();
  }
}, 420_000);

const snapshotOf = (caseId: string, generation: number) =>
  system.client.workflow.getHandle(workflowIdOf('return', caseId, generation)).query(getSnapshot);

/** One after the other, each once it is back for a moment; at least once around. */
async function killInTurn(isOver: () => boolean): Promise<number> {
  let { worker, api } = system;
  const turns = [
    async () => {
      worker.kill9();
      await worker.exited;
      worker = await system.startWorker();
    },
    async () => {
      api.kill9();
      await api.exited;
      api = await system.startApi();
    },
    async () => {
      await system.mongo.kill9();
      await system.mongo.restart();
    },
    async () => {
      await system.temporal.kill9();
      await system.temporal.restart();
    },
  ];
  let kills = 0;
  while (!isOver() || kills < turns.length) {
    const answered = Date.now() + 3_000;
    await vi.waitFor(() => expect(isOver() || Date.now() > answered).toBe(true), { timeout: 10_000, interval: 100 });
    if (isOver() && kills >= turns.length) break;
    await turns[kills % turns.length]!();
    kills += 1;
  }
  return kills;
}
