/**
 * A durable, append-only ledger: one JSON row a line, synced to disk before anybody hears of it, replayed on opening.
 * Many rows may share one sync. What a row means is the business of whoever opened the ledger.
 */
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** `seq` counts from 1 without gaps; `at` is ISO-8601 UTC. */
export type Stamped<Row> = Row & { seq: number; at: string };

export interface Ledger<Row> {
  /** Applies the row at once, resolves when it is on disk. Rejects if the disk refused; then the ledger stays broken until reopened. */
  append(row: Row): Promise<void>;
  /** Resolves when all rows applied so far are on disk. A reader waits for it, so that nobody is told what a crash could take back. */
  durable: () => Promise<void>;
  /** All rows on disk, oldest first. */
  rows(): Promise<Stamped<Row>[]>;
  close(): Promise<void>;
}

/** `apply` sees every row once: on opening those of the file, later each new one, before it is durable. One process per file. */
export async function openLedger<Row extends object>(file: string, apply: (row: Stamped<Row>) => void): Promise<Ledger<Row>> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'a+');
  const rows = await recover<Row>(handle, file).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  for (const row of rows) apply(row);

  let seq = rows.at(-1)?.seq ?? 0;
  let waiting: Waiting[] = [];
  let last = Promise.resolve();
  let flushing: Promise<void> | undefined;
  let broken: Error | undefined;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        if (broken) throw broken;
        await handle.appendFile(batch.map(({ line }) => line).join(''));
        await handle.datasync();
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        broken = cause instanceof Error ? cause : new Error(String(cause));
        for (const { reject } of batch) reject(broken);
      }
    }
    flushing = undefined;
  }

  return {
    append(row) {
      if (broken) return Promise.reject(broken);
      const stamped: Stamped<Row> = { ...row, seq: (seq += 1), at: new Date().toISOString() };
      apply(stamped);
      last = new Promise((resolve, reject) => waiting.push({ line: `${JSON.stringify(stamped)}\n`, resolve, reject }));
      flushing ??= flush();
      return last;
    },
    durable: () => last,
    async rows() {
      await last;
      return parseRows<Row>(await readFile(file), file).rows;
    },
    async close() {
      await flushing;
      broken ??= new Error(`The ledger ${file} is closed`);
      await handle.close();
    },
  };
}

/** Reads the rows and cuts off a torn end, so that the next row starts on a line of its own. */
async function recover<Row>(handle: FileHandle, file: string): Promise<Stamped<Row>[]> {
  await syncDirectory(dirname(file));
  const content = await readFile(file);
  const { rows, bytes } = parseRows<Row>(content, file);
  if (bytes < content.length) await handle.truncate(bytes);
  return rows;
}

interface Waiting {
  line: string;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A process killed in mid-write leaves a torn last line: nobody was told of it, so it is dropped. Any other bad line stops the start. */
function parseRows<Row>(content: Buffer, file: string): { rows: Stamped<Row>[]; bytes: number } {
  const rows: Stamped<Row>[] = [];
  let from = 0;
  for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, from)) {
    try {
      rows.push(JSON.parse(content.toString('utf8', from, end)) as Stamped<Row>);
    } catch (cause) {
      if (end + 1 < content.length) throw new Error(`${file}: row ${rows.length + 1} cannot be read`, { cause });
      break;
    }
    from = end + 1;
  }
  return { rows, bytes: from };
}

/** A new file's name lives in its directory, which has to reach the disk too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
