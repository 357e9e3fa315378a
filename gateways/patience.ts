/** Start-up order does not matter: a process waits for the servers it needs, and says so. */
import { setTimeout as pause } from 'node:timers/promises';

/** Tries until it works, with a growing pause of at most 5 s; `onFailure` is told each time. */
export async function retrying<T>(attempt: () => Promise<T>, onFailure: (err: unknown) => void): Promise<T> {
  for (let pauseMs = 250; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      return await attempt();
    } catch (err) {
      onFailure(err);
      await pause(pauseMs);
    }
  }
}
