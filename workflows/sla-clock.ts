/**
 * One rolling timer a case: armed for the nearest milestone of the state, re-armed only when that moves.
 * A step of ours, a pause or the end leave it pending. What it means when it rings is domain/case.ts.
 */
import type { Milestone } from '../domain/clocks.ts';

export interface Ticking {
  inTurn<T>(effect: () => T): T | Promise<T>;
  quiet(loop: string, holds: () => boolean): Promise<void>;
  quietOrLate(loop: string, holds: () => boolean, timeoutMs: number, options: { summary: string }): Promise<boolean>;
  nextMilestone(): Milestone | undefined;
  ring(milestone: Milestone): void;
  timerSummary(milestone: Milestone): string;
}

/** Runs as long as the case; whoever starts it never awaits it. */
export async function keepTime(file: Ticking): Promise<void> {
  for (;;) {
    const armed = file.nextMilestone();
    if (!armed) {
      await file.quiet('clock', () => file.nextMilestone() !== undefined);
      continue;
    }
    const hasMoved = () => {
      const next = file.nextMilestone();
      return next !== undefined && (next.at !== armed.at || next.clockId !== armed.clockId);
    };
    // Never 0: condition(fn, 0) would mean something else to the SDK.
    const inMs = Math.max(1, armed.at - Date.now());
    const rang = !(await file.quietOrLate('clock', hasMoved, inMs, { summary: file.timerSummary(armed) }));
    if (!rang) continue;
    await file.inTurn(() => {
      // Decided from the state, not from which promise won: a command in the same task may have moved the deadline.
      const due = file.nextMilestone();
      if (due && due.clockId === armed.clockId && due.at <= armed.at) file.ring(armed);
    });
  }
}
