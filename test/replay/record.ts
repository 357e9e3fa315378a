/**
 * `node --import tsx test/replay/record.ts [release] [folder]`: plays one return for each way it can end, and the roads that are hard on a replay,
 * and writes their histories. Run by hand once a release: what is written is what this release's open cases look like to later code.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { startMongo, startTemporal } from '../../dev/stack.ts';
import { claimCaseIdOf, workflowIdOf } from '../../workflows/messages.ts';
import { storiesPath } from '../../worker/worker.ts';
import { createStage, type Playing, type Stage } from '../support/stage.ts';
import { scenarios, troubles } from './scenarios.ts';

const release =
  process.argv[2] ??
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
const folder = process.argv[3] ?? fileURLToPath(new URL('./histories', import.meta.url));
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
    for (const type of ['return', 'carrier_claim']) mkdirSync(join(folder, type), { recursive: true });
    for (const [scenario, play] of Object.entries(scenarios)) {
      const rma = await play(stage);
      const { workflowId } = rma.handle;
      for (const [nth, runId] of (await runsOf(stage, rma)).entries())
        await write(stage, 'return', { workflowId, runId }, nth === 0 ? scenario : `${scenario}-${nth + 1}`);
      const claim = workflowIdOf('carrier_claim', claimCaseIdOf(rma.caseId, 1));
      const isClaimed = (await rma.state()).links?.some((link) => link.kind === 'claim_for');
      if (isClaimed) await write(stage, 'carrier_claim', { workflowId: claim }, scenario);
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

async function write(
  { client }: Stage,
  type: string,
  { workflowId, runId }: { workflowId: string; runId?: string },
  scenario: string,
): Promise<void> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const file = join(folder, type, `${scenario}.${release}.json`);
  const told = { workflowId, history: JSON.parse(historyToJSON(history)) as unknown };
  writeFileSync(file, `${withoutThisMachine(JSON.stringify(told, undefined, 1))}\n`);
  console.log(`${file}: ${history.events?.length ?? 0} events`);
}

await main();

/** What a replay does not need and nobody should read: paths in stack traces, process and host names. */
function withoutThisMachine(text: string): string {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  return text.replaceAll(project, '').replace(/"identity": "[^"]*"/g, '"identity": "recorded"');
}
