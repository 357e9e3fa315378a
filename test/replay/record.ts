/**
 * `node --import tsx test/replay/record.ts [folder]`: plays one return for each way it can end, and the roads that are hard on a replay,
 * and writes their histories. Run by hand once a release: what is written is what this release's open cases look like to later code.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { startMongo, startTemporal } from '../../dev/stack.ts';
import type { SlaPolicy } from '../../domain/case.ts';
import { storiesPath } from '../../worker/worker.ts';
import { orderOf, unwarned } from '../support/cases.ts';
import {
  accept,
  arrives,
  createStage,
  createTroubles,
  eventually,
  happily,
  hours,
  isGraded,
  newCaseId,
  untilStage,
  type Playing,
  type Stage,
} from '../support/stage.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const folder = process.argv[2] ?? fileURLToPath(new URL('./histories/return', import.meta.url));
const troubles = createTroubles();
const dayMs = 86_400_000;

/** A case to its end; its own run is written unless `runs` names others. */
type Play = (stage: Stage) => Promise<Playing>;

const no = (caseId: string, activity: 'issueReturnLabel' | 'voidReturnLabelIfPresent') =>
  troubles.strike({ caseId, activity, error: ApplicationFailure.nonRetryable('not today', 'partner_refused') });
const ended = async (rma: Playing): Promise<Playing> => {
  await rma.ended().catch(() => undefined); // cancelled from outside is an end as well
  return rma;
};
async function handedOut(stage: Stage, changes: Parameters<Stage['open']>[0] = {}): Promise<Playing> {
  const rma = await stage.open(changes);
  await accept(rma);
  await untilStage(rma, 'awaiting_handover');
  return rma;
}
/** The review's term in real time: so short that it runs out while no worker is there. */
const briefReview = (sla: SlaPolicy): SlaPolicy => ({
  ...sla,
  stages: { ...sla.stages, under_review: { limitMs: 3_000, warnMs: [], ruleId: 'sla.review' } },
});

const scenarios: Record<string, Play> = {
  refunded: async (stage) => {
    const rma = await stage.open({ quantities: { 1: 2, 2: 3 } });
    await happily(rma);
    return ended(rma);
  },
  'refunded-by-scans-pending': async (stage) => {
    const rma = await handedOut(stage);
    for (const code of ['picked_up', 'in_transit', 'in_transit', 'delivered']) await rma.scan(code);
    await untilStage(rma, 'received');
    stage.partners.pendNextRefund();
    await arrives(rma);
    await isGraded(rma);
    const [refund] = await eventually(async () => {
      const { money } = await rma.state();
      if (money[0]?.state !== 'sent') throw new Error('not sent yet');
      return money;
    });
    await rma.tell('refund_settled', {
      eventId: 'evt-1',
      refundId: refund!.providerId!,
      amountMinor: 5_000,
      occurredAt: Date.now(),
    });
    return ended(rma);
  },
  'rejected-by-policy': async (stage) => {
    const deliveredAt = new Date(Date.now() - 400 * dayMs).toISOString();
    const placedAt = new Date(Date.now() - 405 * dayMs).toISOString();
    return ended(await stage.open({ order: orderOf('O-long-ago', { deliveredAt, placedAt }) }));
  },
  'rejected-by-agent': async (stage) => {
    const rma = await stage.open();
    await rma.give('decide_request', 'agent', { verdict: 'refuse', ruleIds: ['uk.strr'] });
    return ended(rma);
  },
  expired: async (stage) => {
    const rma = await handedOut(stage);
    await rma.pass(169 * hours);
    return ended(rma);
  },
  withdrawn: async (stage) => {
    const rma = await handedOut(stage);
    await rma.give('withdraw_case', 'customer', {});
    return ended(rma);
  },
  cancelled: async (stage) => {
    const rma = await stage.open();
    await rma.give('cancel_case', 'manager', {});
    return ended(rma);
  },
  'cancelled-from-outside': async (stage) => {
    const rma = await handedOut(stage);
    await rma.handle.cancel();
    return ended(rma);
  },
  'cancel-noted': async (stage) => {
    const rma = await handedOut(stage);
    await rma.scan('picked_up');
    await rma.handle.cancel();
    await arrives(rma);
    await isGraded(rma);
    return ended(rma);
  },
  'silent-life': async (stage) => {
    const rma = await stage.open({ sla: unwarned });
    await rma.pass(49 * hours);
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    await rma.pass(241 * hours);
    return ended(rma);
  },
  'held-and-resumed': async (stage) => {
    const rma = await stage.open();
    await rma.give('hold_case', 'agent', { reason: 'customs' });
    await rma.pass(100 * hours);
    await rma.give('resume_case', 'agent', {});
    await rma.give('withdraw_case', 'customer', {});
    return ended(rma);
  },
  'needs-attention-retried': async (stage) => {
    const caseId = newCaseId();
    no(caseId, 'issueReturnLabel');
    no(caseId, 'issueReturnLabel');
    const rma = await stage.open({ caseId, sla: unwarned });
    await accept(rma);
    await untilStage(rma, 'needs_attention');
    await rma.pass(4.1 * hours); // a rung is climbed, and the step is refused once more
    await eventually(async () => {
      if ((await rma.state()).attention?.attempts !== 2) throw new Error('not refused twice yet');
    });
    await rma.tell('retry_now', { reason: 'carrier back' });
    await untilStage(rma, 'awaiting_handover');
    await arrives(rma);
    await isGraded(rma);
    return ended(rma);
  },
  'lost-and-overridden': async (stage) => {
    const rma = await handedOut(stage, { sla: unwarned });
    await rma.scan('picked_up');
    await untilStage(rma, 'in_transit');
    await rma.pass(121 * hours);
    await untilStage(rma, 'needs_attention');
    await rma.give('resolve_attention', 'manager', { verb: 'override', result: 'presumed_lost', proofIds: ['proof-1'] });
    return ended(rma);
  },
  'undo-failed-and-retried': async (stage) => {
    const caseId = newCaseId();
    const rma = await handedOut(stage, { caseId });
    no(caseId, 'voidReturnLabelIfPresent');
    await rma.give('withdraw_case', 'customer', {});
    await untilStage(rma, 'needs_attention');
    await rma.give('resolve_attention', 'agent', { verb: 'retry' });
    return ended(rma);
  },
  'mongo-away': async (stage) => {
    const caseId = newCaseId();
    const rma = await stage.open({ caseId });
    troubles.strike({ caseId, activity: 'saveCase', error: new Error('no primary answers'), times: 4 });
    await happily(rma);
    return ended(rma);
  },
  'continue-as-new': async (stage) => {
    const rma = await stage.open({ historyBudget: 12 });
    await happily(rma);
    return ended(rma);
  },
  'update-and-timer': async (stage) => {
    const rma = await stage.open({ sla: briefReview });
    await stage.stopWorkers();
    await eventually(async () => {
      const { events } = await rma.handle.fetchHistory();
      if (!events?.some((event) => event.timerFiredEventAttributes)) throw new Error('the timer has not fired yet');
    });
    const withdrawal = rma.give('withdraw_case', 'customer', {}); // both wait for the worker, in one task
    await stage.startWorker();
    await withdrawal;
    return ended(rma);
  },
};

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'mendline-record-'));
  const [temporal, mongo, { code }] = await Promise.all([
    startTemporal({ dataDir, ui: false }),
    startMongo({ dataDir }),
    bundleWorkflowCode({ workflowsPath: storiesPath, logger: new DefaultLogger('WARN') }),
  ]);
  const codePath = join(dataDir, 'workflow-bundle.js');
  writeFileSync(codePath, code);
  try {
    const stage = await createStage('record', troubles.wrap, { address: temporal.address, mongoUri: mongo.uri, codePath });
    mkdirSync(folder, { recursive: true });
    for (const [scenario, play] of Object.entries(scenarios)) {
      const rma = await play(stage);
      for (const [nth, runId] of (await runsOf(stage, rma)).entries())
        await write(stage, rma, runId, nth === 0 ? scenario : `${scenario}-${nth + 1}`);
    }
    await stage.close();
  } finally {
    await Promise.all([temporal.stop(), mongo.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The runs of a case, oldest first: more than one if it continued as new. */
async function runsOf({ client }: Stage, { handle }: Playing): Promise<string[]> {
  const runs: string[] = [];
  let runId: string | undefined =
    (await handle.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? '';
  while (runId) {
    runs.push(runId);
    const { events } = await client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  }
  return runs;
}

async function write({ client }: Stage, { handle }: Playing, runId: string, scenario: string): Promise<void> {
  const history = await client.workflow.getHandle(handle.workflowId, runId).fetchHistory();
  const file = join(folder, `${scenario}.${version}.json`);
  const told = { workflowId: handle.workflowId, history: JSON.parse(historyToJSON(history)) as unknown };
  writeFileSync(file, `${withoutThisMachine(JSON.stringify(told, undefined, 1))}\n`);
  console.log(`${file}: ${history.events?.length ?? 0} events`);
}

await main();

/** What a replay does not need and nobody should read: paths in stack traces, process and host names. */
function withoutThisMachine(text: string): string {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  return text.replaceAll(project, '').replace(/"identity": "[^"]*"/g, '"identity": "recorded"');
}
