/**
 * The stage on which stories are played: a worker of its own on the shared servers, fakes for partners, a database of its own.
 * Knows how to open, command and fast-forward a case; what a story must do is said by the tests.
 */
import { randomUUID } from 'node:crypto';
import { Client, Connection, WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, type LogEntry, type Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { Order } from '../../contracts/partners.ts';
import type { Receipt, ReturnActivities, ReturnInput } from '../../contracts/workflow.ts';
import { openDatabase } from '../../db/database.ts';
import { fastForward } from '../../dev/time-travel.ts';
import type { CommandName, Role } from '../../domain/permissions.ts';
import type { ReturnFacts } from '../../domain/return-facts.ts';
import type { ReturnState } from '../../domain/return-state.ts';
import { createFakePartners } from '../../gateways/fake/fake-partners.ts';
import { createCompanions } from '../../worker/companions.ts';
import { createCaseWorker } from '../../worker/worker.ts';
import { commandUpdate, factSignal, getCase, openCase, workflowIdOf } from '../../workflows/messages.ts';
import type { returnCase } from '../../workflows/return.ts';
import { inputFor, orderOf, policies, type InputChanges } from './cases.ts';
import { replayAll } from './replaying.ts';

// Once a process, before the first connection: only warnings are worth reading in a test run, and failures of activities are planned.
const logger = new DefaultLogger('WARN');
const unplanned = ({ message }: LogEntry): boolean => !/^(Activity|Local activity) failed|^WASM/.test(message);
Runtime.install({
  logger: new DefaultLogger('WARN', (entry) => unplanned(entry) && logger.log(entry.level, entry.message, entry.meta)),
});

export type Stage = Awaited<ReturnType<typeof createStage>>;
/** What a caller hears: the receipt, and whether it could be read at once. */
export type Answer = Receipt & { readonly projected: boolean };
export const hours = 3_600;

/** Where a stage finds its servers and the bundled stories; a test run's own unless said. */
export interface Theatre {
  readonly address: string;
  readonly mongoUri: string;
  readonly codePath: string;
  /** 0: each task finds the case forgotten and begins with its whole history. */
  readonly maxCachedWorkflows?: number;
}
export const ofThisRun = (): Theatre => ({
  address: inject('temporalAddress'),
  mongoUri: inject('mongoUri'),
  codePath: inject('workflowBundle'),
});

export async function createStage(
  name: string,
  wrap: (activities: ReturnActivities) => ReturnActivities = (same) => same,
  { address, mongoUri, codePath, maxCachedWorkflows }: Theatre = ofThisRun(),
) {
  const id = `${name}-${randomUUID().slice(0, 8)}`;
  const [connection, native, database] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
    openDatabase(mongoUri, id),
  ]);
  await database.prepare();
  const client = new Client({ connection });
  const partners = createFakePartners();
  const companions = createCompanions({ client, taskQueue: id, database });
  const activities = wrap(createActivities({ database, ...partners, policies, companions }));
  const workers: { worker: Worker; running: Promise<void> }[] = [];
  /** `stories`: another bundle than that of the run. */
  const startWorker = async (stories = codePath) => {
    const worker = await createCaseWorker({
      connection: native,
      client,
      namespace: 'default',
      taskQueue: id,
      activities,
      workflowBundle: { codePath: stories },
      maxCachedWorkflows,
    });
    workers.push({ worker, running: worker.run() });
  };
  await startWorker();

  return {
    client,
    database,
    partners,
    taskQueue: id,
    startWorker,
    async stopWorkers() {
      for (const { worker, running } of workers.splice(0)) {
        worker.shutdown();
        await running;
      }
    },

    async open(changes: InputChanges & { order?: Order; caseId?: string; workflowTaskTimeout?: Duration } = {}) {
      const { caseId = newCaseId(), workflowTaskTimeout } = changes;
      const order = changes.order ?? orderOf(`O-${caseId}`);
      partners.orders.add(order);
      const input = inputFor(caseId, order, changes);
      const startWorkflowOperation = new WithStartWorkflowOperation<typeof returnCase>('returnCase', {
        workflowId: workflowIdOf('return', caseId),
        taskQueue: id,
        args: [input],
        workflowTaskTimeout,
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
      const receipt = await client.workflow.executeUpdateWithStart(openCase, {
        args: [],
        updateId: `${caseId}-open`,
        startWorkflowOperation,
      });
      const handle = (await startWorkflowOperation.workflowHandle()) as WorkflowHandle<typeof returnCase>;
      return playing(handle, input, await answerOf(caseId, receipt));
    },

    /** Fails where a case that was played here does not come to the same when it is played again. */
    replayAll: () => replayAll(client, id, codePath),

    async close() {
      await this.stopWorkers();
      await this.replayAll();
      await database.close();
      await native.close();
      await connection.close();
    },
  };

  async function answerOf(caseId: string, receipt: Receipt): Promise<Answer> {
    return { ...receipt, projected: await database.cases.shows(caseId, receipt.revision) };
  }

  function playing(handle: WorkflowHandle<typeof returnCase>, input: ReturnInput, opened: Answer) {
    const { caseId } = input;
    return {
      caseId,
      handle,
      input,
      opened,
      /** Gives a command, and once more where the case says `try_again`, as every client must: it was just being carried over. */
      give: async (
        name: CommandName,
        role: Role,
        payload: object,
        { updateId = randomUUID(), expectedRevision }: { updateId?: string; expectedRevision?: number } = {},
      ): Promise<Answer> => {
        const args = [{ actor: { id: `${role}-1`, role }, expectedRevision, payload } as never] as const;
        for (;;) {
          try {
            return await answerOf(caseId, await handle.executeUpdate(commandUpdate(name), { updateId, args: [...args] }));
          } catch (err) {
            if ((err as { cause?: { type?: string } }).cause?.type !== 'try_again') throw err;
          }
        }
      },
      tell: <Name extends keyof ReturnFacts>(name: Name, fact: ReturnFacts[Name]): Promise<void> =>
        handle.signal(factSignal(name), fact),
      /** A scan of the parcel that the case waits for, unless another is named. */
      scan: async (code: string, eventId: string = randomUUID(), more: object = {}): Promise<void> => {
        const { shipment } = await eventually(() => handle.query(getCase) as Promise<ReturnState>);
        const trackingNo = shipment?.trackingNo ?? 'RT1';
        await handle.signal(factSignal('parcel_scanned'), { eventId, trackingNo, code, occurredAt: Date.now(), ...more });
      },
      /** Between two runs of a case, and between an event and its task, nobody answers; that is over in a moment. */
      state: () => eventually(() => handle.query(getCase) as Promise<ReturnState>),
      pass: (seconds: number) => fastForward(handle, seconds),
      ended: () => handle.result(),
      read: () => database.cases.find('m1', caseId),
    };
  }
}

export const newCaseId = (): string => `C-${randomUUID().slice(0, 8)}`;

export type Playing = Awaited<ReturnType<Stage['open']>>;
export const allUnits = (input: ReturnInput, more: object) =>
  input.lines.map(({ lineId, quantity }) => ({ lineId, quantity, ...more }));

/** The goods arrive, every unit of them. */
export const arrives = (rma: Playing, condition = 'received', parcelId = 'P1'): Promise<Answer> =>
  rma.give('record_reception', 'warehouse', { parcelId, scanNo: 1, units: allUnits(rma.input, { condition }) });
/** Every unit is looked at. */
export const isGraded = (rma: Playing, grade = 'A'): Promise<Answer> =>
  rma.give('record_inspection', 'warehouse', { units: allUnits(rma.input, { grade, disposition: 'restock' }) });
export const accept = (rma: Playing): Promise<Answer> => rma.give('decide_request', 'agent', { verdict: 'accept', ruleIds: [] });

/** From the request to the dock and through inspection, all units well. */
export async function happily(rma: Playing): Promise<void> {
  await accept(rma);
  await untilStage(rma, 'awaiting_handover');
  await arrives(rma);
  await isGraded(rma);
}

/** A door that stays shut until it is opened: `until` of a trouble. */
export function gate(): { shut: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const shut = new Promise<void>((resolve) => (open = resolve));
  return { shut, open };
}

/** Trouble of one case with one activity, so that cases can share a stage and not each other's bad luck. */
export interface Trouble {
  readonly caseId: string;
  readonly activity: keyof ReturnActivities;
  /** Thrown in its place, or after its effect, that often (default once). */
  readonly error?: Error;
  readonly afterEffect?: boolean;
  readonly times?: number;
  /** Only calls like this one. */
  readonly when?: (input: never) => boolean;
  /** It takes no effect before this. */
  readonly from?: Promise<unknown>;
  /** It does not answer before this. */
  readonly until?: Promise<unknown>;
}

/** `wrap` is for createStage; `strike` says what goes wrong, later troubles of an activity behind earlier ones. */
export function createTroubles() {
  const waiting: { trouble: Trouble; left: number }[] = [];
  const met = (activity: string, caseId: string, input: never): Trouble | undefined => {
    const next = waiting.find(
      ({ trouble, left }) =>
        left > 0 && trouble.activity === activity && trouble.caseId === caseId && (trouble.when?.(input) ?? true),
    );
    if (next) next.left -= 1;
    return next?.trouble;
  };
  const troubled = (name: string, work: (input: never) => Promise<unknown>) => async (input: never) => {
    const { caseId, state } = input as { caseId?: string; state?: { caseId: string } };
    const trouble = met(name, caseId ?? state?.caseId ?? '', input);
    await trouble?.from;
    const result = trouble?.error && !trouble.afterEffect ? undefined : await work(input);
    await trouble?.until;
    if (trouble?.error) throw trouble.error;
    return result;
  };
  return {
    strike: (trouble: Trouble): void => void waiting.push({ trouble, left: trouble.times ?? 1 }),
    wrap: (activities: ReturnActivities): ReturnActivities =>
      Object.fromEntries(
        Object.entries(activities).map(([name, work]) => [name, troubled(name, work as never)]),
      ) as unknown as ReturnActivities,
  };
}

/** Waits for a condition that becomes true by itself: for the first time the check does not throw. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  for (const giveUpAt = Date.now() + 20_000; ; ) {
    try {
      return await check();
    } catch (err) {
      if (Date.now() > giveUpAt) throw err;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until the case has come to a stage; fails with where it is instead. */
export const untilStage = (rma: Playing, ...stages: string[]): Promise<ReturnState> =>
  eventually(async () => {
    const state = await rma.state();
    if (stages.includes(state.stage)) return state;
    const { caseId, stage, attention } = state;
    throw new Error(`${caseId} is in ${stage}, not in ${stages.join(' or ')}: ${JSON.stringify(attention ?? '')}`);
  });
