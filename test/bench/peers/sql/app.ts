/**
 * The home-made rival: a guarded row per case and a row per event in PostgreSQL, seven transactions a return, no engine.
 * Each move is one statement that wins or finds the row moved on. What was cut off is carried on at the next start, by one query of ours.
 */
import { Pool } from 'pg';
import { type Application, Refused, serve } from '../door.ts';
import { bookPickup, payRefund, type ReturnInput } from '../provider/client.ts';

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 20 });

const schema = `
  CREATE TABLE IF NOT EXISTS cases (
    id text PRIMARY KEY, stage text NOT NULL, units int NOT NULL DEFAULT 0, input jsonb NOT NULL, changed_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX IF NOT EXISTS unfinished ON cases (stage) WHERE stage IN ('approved', 'inspected', 'refunded');
  CREATE TABLE IF NOT EXISTS case_events (
    case_id text NOT NULL, event text NOT NULL, data jsonb, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (case_id, event))`;

const move = `
  WITH moved AS (
    UPDATE cases SET stage = $3, units = units + $4, changed_at = now() WHERE id = $1 AND stage = $2 RETURNING id)
  INSERT INTO case_events (case_id, event, data) SELECT id, $3, $5 FROM moved`;

/** False: the case is not, or no longer, in `from`. */
async function moves(caseId: string, from: string, to: string, data: object = {}, units = 0): Promise<boolean> {
  const { rowCount } = await pool.query({ name: 'move', text: move, values: [caseId, from, to, units, JSON.stringify(data)] });
  return rowCount === 1;
}

async function must(...args: Parameters<typeof moves>): Promise<void> {
  if (!(await moves(...args))) throw new Refused(`not in ${args[1]}`);
}

async function row(caseId: string): Promise<{ stage: string; units: number; input: ReturnInput } | undefined> {
  const { rows } = await pool.query({
    name: 'row',
    text: 'SELECT stage, units, input FROM cases WHERE id = $1',
    values: [caseId],
  });
  return rows[0] as { stage: string; units: number; input: ReturnInput } | undefined;
}

/** The steps that follow a message by themselves. Each may be called again after a cut. */
const afterwards: Record<string, (caseId: string) => Promise<void>> = {
  approved: async (caseId) => void (await moves(caseId, 'approved', 'pickup_booked', { bookingId: await bookPickup(caseId) })),
  inspected: async (caseId) => {
    const refundId = await payRefund(caseId, (await row(caseId))!.input);
    if (await moves(caseId, 'inspected', 'refunded', { refundId })) await moves(caseId, 'refunded', 'closed');
  },
  refunded: async (caseId) => void (await moves(caseId, 'refunded', 'closed')),
};

async function carryOn(): Promise<void> {
  const { rows } = await pool.query(`SELECT id, stage FROM cases WHERE stage IN ('approved', 'inspected', 'refunded')`);
  for (const { id, stage } of rows as { id: string; stage: string }[])
    afterwards[stage]!(id).catch((err: Error) => console.error(`${id}: ${err.message}`));
}

const app: Application = {
  async open(caseId, input) {
    const text = `WITH made AS (INSERT INTO cases (id, stage, input) VALUES ($1, 'opened', $2) RETURNING id)
      INSERT INTO case_events (case_id, event) SELECT id, 'opened' FROM made`;
    await pool.query({ name: 'open', text, values: [caseId, JSON.stringify(input)] });
  },
  async message(caseId, name, { units }) {
    if (name === 'approve') await must(caseId, 'opened', 'approved');
    else if (name === 'received') return must(caseId, 'pickup_booked', 'received', { units }, units);
    else await must(caseId, 'received', 'inspected');
    await afterwards[name === 'approve' ? 'approved' : 'inspected']!(caseId);
  },
  closed: async () => undefined, // the answer to `inspected` comes after the end
  look: async (caseId) => (await row(caseId)) ?? { stage: 'unknown', units: 0 },
};

await pool.query(schema);
serve(app);
await carryOn();
