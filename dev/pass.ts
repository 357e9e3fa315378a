/** Lets time pass for one case of a running `npm run dev` or demo: its deadlines ring as if one had waited. Nobody else's clock moves. */
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { workflowIdOf } from '../workflows/messages.ts';
import { fastForward, virtualNow } from './time-travel.ts';

const usage = `node --import tsx dev/pass.ts CASE HOURS [--generation N]
Skips HOURS for the case at TEMPORAL_ADDRESS (default 127.0.0.1:7233), whose generation is N (default 1).`;
const hourSeconds = 3_600;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { generation: { type: 'string', default: '1' }, help: { type: 'boolean', short: 'h' } },
  });
  const [caseId, hours] = positionals;
  if (values.help || !caseId || !(Number(hours) > 0)) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '127.0.0.1:7233' });
  try {
    const client = new Client({ connection, namespace: process.env.TEMPORAL_NAMESPACE ?? 'default' });
    const handle = client.workflow.getHandle(workflowIdOf('return', caseId, Number(values.generation)));
    const outcome = await fastForward(handle, Number(hours) * hourSeconds, 120_000);
    const now = new Date(await virtualNow(handle)).toISOString();
    console.log(outcome === 'ended' ? `${caseId} has come to its end` : `for ${caseId} it is ${now}`);
  } finally {
    await connection.close();
  }
}

await main().catch((err: unknown) => {
  console.error((err as Error).message);
  process.exitCode = 1;
});
