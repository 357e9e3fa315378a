/**
 * BullMQ: one job a message, deduplicated by its job id (case and message), retried with backoff; the case itself is a hash in the same Redis.
 * A job that comes before its turn goes back as delayed. Finished jobs are kept, as they are by default: they are what deduplicates.
 */
import { DelayedError, type Job, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Application, type Message, type MessageName, serve } from '../door.ts';
import { bookPickup, payRefund, type ReturnInput } from '../provider/client.ts';

const at = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };
const redis = new Redis(at);
const queue = new Queue('returns', {
  connection: at,
  defaultJobOptions: { attempts: 20, backoff: { type: 'exponential', delay: 200 } },
});
const events = new QueueEvents('returns', { connection: at });
const notYetMs = 10;

type Work = { readonly caseId: string; readonly input?: ReturnInput; readonly message?: Message };
const hashOf = (caseId: string) => `case:${caseId}`;
const idOf = (caseId: string, name: string) => `${caseId}-${name}`;

/** From which stages a job may run: its own too, for a run that was cut off. */
const turn: Record<MessageName, readonly string[]> = {
  approve: ['opened'],
  received: ['pickup_booked'],
  inspected: ['received', 'inspected'],
};

async function work(job: Job<Work>, token?: string): Promise<void> {
  const { caseId, input, message } = job.data;
  const hash = hashOf(caseId);
  if (job.name === 'open') return void (await redis.hset(hash, { stage: 'opened', units: 0, input: JSON.stringify(input) }));
  const stage = (await redis.hget(hash, 'stage')) ?? 'none';
  if (!turn[job.name as MessageName].includes(stage)) {
    await job.moveToDelayed(Date.now() + notYetMs, token);
    throw new DelayedError();
  }
  if (job.name === 'approve') await redis.hset(hash, { bookingId: await bookPickup(caseId), stage: 'pickup_booked' });
  else if (job.name === 'received')
    await redis.multi().hincrby(hash, 'units', message!.units).hset(hash, 'stage', 'received').exec();
  else {
    await redis.hset(hash, 'stage', 'inspected');
    const known = JSON.parse((await redis.hget(hash, 'input'))!) as ReturnInput;
    await redis.hset(hash, { refundId: await payRefund(caseId, known), stage: 'closed' });
  }
}

const app: Application = {
  open: async (caseId, input) => void (await queue.add('open', { caseId, input }, { jobId: idOf(caseId, 'open') })),
  message: async (caseId, name, message) => void (await queue.add(name, { caseId, message }, { jobId: idOf(caseId, name) })),
  async closed(caseId) {
    const job = await queue.getJob(idOf(caseId, 'inspected'));
    await job!.waitUntilFinished(events, 60_000);
  },
  async look(caseId) {
    const [stage, units] = await redis.hmget(hashOf(caseId), 'stage', 'units');
    return { stage: stage ?? 'unknown', units: Number(units) };
  },
};

await events.waitUntilReady();
// A lock of 10 s and a check every 5 s in the place of 30 and 30: with the defaults a killed job comes back after up to a minute.
const worker = new Worker<Work>('returns', work, {
  connection: at,
  concurrency: 50,
  lockDuration: 10_000,
  stalledInterval: 5_000,
});
worker.on('error', (err) => console.error(err.message));
await worker.waitUntilReady();
serve(app);
