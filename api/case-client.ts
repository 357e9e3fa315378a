/**
 * The API's one way to a case: opens it, commands it, tells it facts. Temporal's answers come back as results or as ApiErrors.
 * Each call has a time limit; an Update that no worker has answered by then is `pending`, neither done nor refused.
 */
import {
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Receipt, ReturnInput, SaveCaseInput } from '../contracts/workflow.ts';
import type { CaseTypeName } from '../domain/case-types.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import type { Refusal } from '../domain/commands.ts';
import type { CommandName } from '../domain/permissions.ts';
import type { ReturnFacts } from '../domain/return-facts.ts';
import {
  claimFactSignal,
  commandUpdate,
  factSignal,
  getCarry,
  getSnapshot,
  openCase,
  taskQueue,
  workflowIdOf,
  workflowTaskTimeout,
  type SentCommand,
  askAgain,
} from '../workflows/messages.ts';
import type { returnCase } from '../workflows/return.ts';
import { CaseStage, CaseType, CustomerRef, MerchantId, NeedsAttention, OrderId } from '../workflows/search-attributes.ts';
import { ApiError, isProblemCode } from './errors.ts';

const patienceMs = 5_000;
const pingMs = 1_500;

export type Sent = { readonly kind: 'done'; readonly receipt: Receipt } | { readonly kind: 'pending' };
export type CaseClient = ReturnType<typeof createCaseClient>;
/** Which workflow a case is by now. */
export interface CaseAddress {
  readonly caseId: string;
  /** Absent: a return. */
  readonly type?: CaseTypeName;
  /** Absent: the first. */
  readonly generation?: number;
}

export function createCaseClient(client: Client, options: { taskQueue?: string; patienceMs?: number } = {}) {
  const limited = <T>(call: () => Promise<T>): Promise<T> =>
    client.connection.withDeadline(Date.now() + (options.patienceMs ?? patienceMs), call);
  const handleOf = ({ caseId, type = 'return', generation }: CaseAddress) =>
    client.workflow.getHandle<typeof returnCase>(workflowIdOf(type, caseId, generation));

  const ping = async (): Promise<void> =>
    void (await client.connection.withDeadline(Date.now() + pingMs, () => client.workflowService.getSystemInfo({})));

  /** Pending if no worker answered in time; but that it was Temporal which did not answer looks the same. */
  async function pendingOrThrow(err: unknown): Promise<Sent> {
    if (!(err instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw asApiError(err);
    return ping().then(
      () => ({ kind: 'pending' }),
      (cause: unknown) => {
        throw asApiError(cause);
      },
    );
  }

  /** What became of an Update, also of one on a run that has ended; undefined: nothing is known of it. */
  async function outcome(at: CaseAddress, commandId: string): Promise<Sent | undefined> {
    try {
      return { kind: 'done', receipt: await limited(() => handleOf(at).getUpdateHandle<Receipt>(commandId).result()) };
    } catch (err) {
      if (err instanceof WorkflowNotFoundError || grpcCode(err) === 5) return undefined;
      return pendingOrThrow(err);
    }
  }

  const startOf = (input: ReturnInput, customerRef: string) => {
    const { caseId, merchantId, order, carried } = input;
    return {
      workflowId: workflowIdOf('return', caseId, carried?.generation),
      taskQueue: options.taskQueue ?? taskQueue,
      workflowTaskTimeout,
      args: [input] as [ReturnInput],
      staticSummary: `Return ${input.rmaNo} · order ${order.orderId}`.slice(0, 190),
      typedSearchAttributes: [
        { key: MerchantId, value: merchantId },
        { key: CaseType, value: 'return' },
        { key: CaseStage, value: input.reopened?.stage ?? 'requested' },
        { key: CustomerRef, value: customerRef },
        { key: OrderId, value: order.orderId },
        { key: NeedsAttention, value: false },
      ],
    };
  };

  return {
    outcome,
    /** Rejects if Temporal does not answer. */
    ping,

    /** Starts the case or its next generation, or meets what is there under its id; undefined if that has ended already, and knows nothing of this key. */
    async open(input: ReturnInput, commandId: string, customerRef: string): Promise<Sent | undefined> {
      const { caseId, carried } = input;
      const startWorkflowOperation = new WithStartWorkflowOperation<typeof returnCase>('returnCase', {
        ...startOf(input, customerRef),
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
      try {
        const call = () =>
          client.workflow.executeUpdateWithStart(openCase, { args: [], updateId: commandId, startWorkflowOperation });
        return { kind: 'done', receipt: await limited(call) };
      } catch (err) {
        if (err instanceof WorkflowExecutionAlreadyStartedError)
          return outcome({ caseId, generation: carried?.generation }, commandId);
        return pendingOrThrow(err);
      }
    },

    /** Gives a command. Throws ApiError with the case's own refusal, or `not_allowed_now` if the case has ended. */
    async command(at: CaseAddress, name: CommandName, commandId: string, sent: SentCommand): Promise<Sent> {
      try {
        const call = () => handleOf(at).executeUpdate(commandUpdate(name), { updateId: commandId, args: [sent] });
        return { kind: 'done', receipt: await limited(call) };
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError)) return pendingOrThrow(err);
        const before = await outcome(at, commandId);
        if (before) return before;
        throw new ApiError('not_allowed_now', { detail: 'the case has ended; a manager may reopen it', availableMoves: [] });
      }
    },

    /** Tells a return a fact; false if no open case is at this address. */
    tell: <Name extends keyof ReturnFacts>(at: CaseAddress, name: Name, fact: ReturnFacts[Name]): Promise<boolean> =>
      heard(() => handleOf(at).signal(factSignal(name), fact)),

    /** Tells a claim on a carrier; false if it has ended. */
    tellClaim: <Name extends keyof ClaimFacts>(claimCaseId: string, name: Name, fact: ClaimFacts[Name]): Promise<boolean> =>
      heard(() => handleOf({ caseId: claimCaseId, type: 'carrier_claim' }).signal(claimFactSignal(name), fact)),

    /** What the next generation of an ended return begins with; undefined: it is so long ago that nothing is left of it. Errors: `try_again`. */
    carryOf: (at: CaseAddress): Promise<ReturnInput | undefined> => unlessGone(() => handleOf(at).query(getCarry)),

    /** Tells a fact to the next generation of a return, and starts it if it is not there; false: it has been there, and has ended. */
    async reopenTelling<Name extends keyof ReturnFacts>(
      input: ReturnInput,
      customerRef: string,
      name: Name,
      fact: ReturnFacts[Name],
    ): Promise<boolean> {
      try {
        await limited(() =>
          client.workflow.signalWithStart<typeof returnCase>('returnCase', {
            ...startOf(input, customerRef),
            workflowIdConflictPolicy: 'USE_EXISTING',
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            signal: factSignal(name) as never,
            signalArgs: [fact] as never,
          }),
        );
        return true;
      } catch (err) {
        if (err instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw asApiError(err);
      }
    },

    /** The case as its workflow knows it, for the read model; undefined: there is no such workflow. */
    snapshotOf: (at: CaseAddress): Promise<SaveCaseInput | undefined> => unlessGone(() => handleOf(at).query(getSnapshot)),
  };

  /** undefined: there is no such workflow, or none that still runs. */
  async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await limited(call);
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw asApiError(err);
    }
  }

  async function heard(call: () => Promise<void>): Promise<boolean> {
    return (await unlessGone(() => call().then(() => true))) ?? false;
  }
}

function grpcCode(err: unknown): number | undefined {
  const grpc = isGrpcServiceError(err)
    ? err
    : err instanceof ServiceError && isGrpcServiceError(err.cause)
      ? err.cause
      : undefined;
  return grpc?.code;
}

/** Cancelled, out of time, out of resources, a task that failed and is tried again, unavailable. */
const unavailable = [1, 4, 8, 9, 14];
/** The case ended, or moved to another worker, before the command was looked at. */
const neverLookedAt = /wasn't processed by worker|workflow execution already completed|completed workflow/i;

/** A refusal of the case keeps its code and its pointer; Temporal away is `try_again`; all else is a bug of ours. */
function asApiError(err: unknown): ApiError {
  if (err instanceof WorkflowUpdateFailedError && neverLookedAt.test(`${err.message} ${err.cause?.message}`))
    return new ApiError('try_again', {}, { cause: err });
  if (String(err).includes(askAgain)) return new ApiError('try_again', {}, { cause: err });
  if (err instanceof WorkflowUpdateFailedError && err.cause instanceof ApplicationFailure) {
    const { type, message, details } = err.cause;
    const refusal = details?.[0] as Refusal | undefined;
    if (type && isProblemCode(type)) {
      const fields = refusal?.pointer ? [{ pointer: refusal.pointer, code: type, message }] : undefined;
      return new ApiError(type, { detail: message, fields, availableMoves: refusal?.availableMoves });
    }
  }
  const code = grpcCode(err);
  if (code !== undefined && unavailable.includes(code)) return new ApiError('try_again', {}, { cause: err });
  return new ApiError('internal', {}, { cause: err });
}
