/** One-shot timers that a stop clears; they do not keep the process alive. */
import type { Logger } from 'pino';

export type Timers = ReturnType<typeof createTimers>;

export function createTimers(log: Logger) {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  return {
    /** `instant` in epoch ms. */
    at(instant: number, work: () => Promise<void>): void {
      if (stopped) return;
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          work().catch((err: unknown) => log.error({ err }, 'a pending payment could not be ended'));
        },
        Math.max(0, instant - Date.now()),
      ).unref();
      timers.add(timer);
    },
    stop(): void {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
