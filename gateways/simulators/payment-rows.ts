/** The rows of the payment provider's ledger: money given back and taken, disputes and their proofs. Folded by payment-state.ts. */
import type { Charge, DisputeProof, Refund } from '../../contracts/partners.ts';
import type { OutgoingEvent } from './outbox.ts';
import type { Answer } from './wire.ts';

/** When pending money fails by itself (epoch ms), and with which code. */
export interface FailsAt {
  at: number;
  code: string;
}

export interface CreatedRow<Move> {
  key: string;
  requestHash: string;
  effect: Move;
  failsAt?: FailsAt;
  answer: Answer;
  /** Absent while it is pending. */
  event?: OutgoingEvent;
}
export interface EndedRow<Move> {
  effect: Move;
  event: OutgoingEvent;
}

/** The customer's bank takes the money back until somebody wins. */
export interface Dispute {
  disputeId: string;
  merchantId: string;
  paymentId: string;
  amountMinor: number;
  currency: string;
  status: 'open' | 'won' | 'lost';
}

/** `ms` null: keys are never forgotten. */
export type PaymentRow =
  | ({ type: 'refund_created' } & CreatedRow<Refund>)
  | ({ type: 'refund_ended' } & EndedRow<Refund>)
  | ({ type: 'charge_created' } & CreatedRow<Charge>)
  | ({ type: 'charge_ended' } & EndedRow<Charge>)
  | { type: 'dispute_opened' | 'dispute_closed'; effect: Dispute; event: OutgoingEvent }
  | { type: 'dispute_proof_received'; key: string; requestHash: string; effect: DisputeProof; answer: Answer }
  | { type: 'key_expiry_set'; effect: { ms: number | null } };
