/**
 * A step that takes longer than a moment says that its worker lives: one whose worker died is another's within seconds, and a slow partner is
 * waited for all the same. Quick steps say nothing, so it costs them nothing.
 */
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** The SDK sends no more than one in four fifths of the time that a step may be silent (workflows/steps.ts). */
const beatMs = 1_000;

export const heartbeating: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      const beat = setInterval(() => context.heartbeat(), beatMs);
      try {
        return await next(input);
      } finally {
        clearInterval(beat);
      }
    },
  },
});
