/** `npm run rebuild`: writes the read model anew from the workflows, of one case or of all: after a reset, or when MongoDB came back from a backup. */
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError, readDatabaseConfig } from '../config/index.ts';
import { openDatabase } from '../db/database.ts';
import { reconcile } from './reconcile.ts';

const usage = `npm run rebuild -- --case CASE_ID | --all
Writes the read model anew from the workflows. Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, MONGODB_URI, MONGODB_DATABASE.

  --case CASE_ID  this case alone, whatever MongoDB shows of it
  --all           every case that MongoDB lacks, or shows otherwise than its workflow; needs a running worker
  --help          this text`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { case: { type: 'string' }, all: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help || (values.case === undefined) === (values.all !== true)) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const config = readDatabaseConfig();
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const [connection, database] = await Promise.all([
    Connection.connect(connectionOptions),
    openDatabase(config.MONGODB_URI, config.MONGODB_DATABASE),
  ]);
  try {
    const client = new Client({ connection, namespace });
    const onProgress = (looked: number) => process.stderr.isTTY && process.stderr.write(`\r${looked} cases looked at`);
    const found = await reconcile({ client, database }, { caseId: values.case, onProgress });
    if (process.stderr.isTTY) process.stderr.write('\n');
    console.log(JSON.stringify(found));
    return found.unanswered > 0 || (values.case !== undefined && found.looked === 0) ? 1 : 0;
  } finally {
    await Promise.all([connection.close(), database.close()]);
  }
}

try {
  process.exitCode = await main();
} catch (err) {
  console.error(err instanceof ConfigError ? err.message : err);
  process.exitCode = 1;
}
