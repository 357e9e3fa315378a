/**
 * A partner's ledger and the outbox for what its rows caused, as one: a row is durable first and its webhook leaves afterwards.
 * What rows mean is folded by the states of the books that share the log.
 */
import { openLedger, type Stamped } from './ledger.ts';
import { createOutbox, type OutboxDeps, type OutgoingEvent, type WebhookEndRow } from './outbox.ts';

export type PartnerLog<Row> = Awaited<ReturnType<typeof openPartnerLog<Row & object>>>;

/** What folds rows; each state takes those that concern it. */
export interface RowState<Row> {
  apply(row: Stamped<Row>): void;
}

type EventRow = { type: string; event?: OutgoingEvent };

export async function openPartnerLog<Row extends object>(file: string, deps: OutboxDeps, states: readonly RowState<Row>[]) {
  const outbox = createOutbox(deps, (row) => ledger.append(row));
  const ledger = await openLedger<Row | WebhookEndRow>(file, (row) => {
    outbox.note(row as EventRow);
    for (const state of states) state.apply(row as Stamped<Row>);
  });

  return {
    async append(row: Row): Promise<void> {
      await ledger.append(row);
      const { event } = row as EventRow;
      if (event) outbox.send(event);
    },
    durable: () => ledger.durable(),
    rows: () => ledger.rows(),
    webhooks: () => outbox.totals(),
    resend: () => outbox.resend(),
    /** Sends what an earlier process left undelivered. */
    start: () => outbox.start(),
    async stop(): Promise<void> {
      await outbox.stop();
      await ledger.close();
    },
  };
}
