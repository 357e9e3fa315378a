/** The failure of an activity as a person reads it in the timeline and in the Temporal UI. */
import { ActivityFailure, ApplicationFailure, rootCause, TimeoutFailure } from '@temporalio/workflow';

/** The partner's code before its words; of a limit that ran out, what went wrong last. */
export function inWords(failure: unknown): string {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  // The SDK drops what lies beneath a timeout; the failure as the server sent it still has it.
  const last = cause instanceof TimeoutFailure ? cause.failure?.cause?.message : undefined;
  const words = last ?? rootCause(failure) ?? String(failure);
  return cause instanceof ApplicationFailure && cause.type ? `${cause.type}: ${words}` : words;
}
