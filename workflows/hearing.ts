/**
 * When a case goes on, and when it hears what comes: one thing at a time, and the next when all that came of the last is done. What came in tasks
 * of its own may come in one when a case is fetched back into memory, and the other way round when it is replayed (docs/decisions/0015); in turn,
 * both come to the same. All its waits stand behind one `condition` of the SDK, which costs half a dozen promises each time (docs/decisions/0016).
 */
import { CancellationScope, condition, sleep, type TimerOptions } from '@temporalio/workflow';

interface Wait {
  readonly holds: () => boolean;
  readonly goOn: () => void;
}

export class Hearing {
  private readonly waits = new Set<Wait>();
  private readonly unheard: (() => void)[] = [];

  /** `atOnce`: waits and hears everything as it comes, as release 0.1.0 did, whose cases go on as they began. */
  constructor(private readonly atOnce: boolean) {}

  /** Every wait of a case but those for answers: until that holds, or until it is too late; true if it held before. */
  until(holds: () => boolean): Promise<void>;
  until(holds: () => boolean, timeoutMs: number, options: TimerOptions): Promise<boolean>;
  until(holds: () => boolean, timeoutMs?: number, options: TimerOptions = {}): Promise<boolean | void> {
    if (this.atOnce) return timeoutMs === undefined ? condition(holds) : condition(holds, timeoutMs, options);
    return timeoutMs === undefined ? this.wait(holds) : this.waitOrRing(holds, timeoutMs, options);
  }

  private wait(holds: () => boolean): Promise<void> {
    return holds() ? Promise.resolve() : new Promise((goOn) => void this.waits.add({ holds, goOn }));
  }

  private async waitOrRing(holds: () => boolean, timeoutMs: number, options: TimerOptions): Promise<boolean> {
    let hasRung = false;
    const timer = new CancellationScope();
    const ring = () => {
      hasRung = true;
    };
    timer.run(() => sleep(timeoutMs, options)).then(ring, () => undefined);
    await this.wait(() => hasRung || holds());
    timer.cancel();
    return !hasRung;
  }

  /** Has an effect on the case when its turn has come. */
  inTurn<T>(effect: () => T): T | Promise<T> {
    if (this.atOnce) return effect();
    return new Promise<T>((resolve, reject) =>
      this.unheard.push(() => {
        try {
          resolve(effect());
        } catch (err) {
          reject(err);
        }
      }),
    );
  }

  /** An answer, or its failure, when its turn has come. */
  heard<T>(answer: Promise<T>): Promise<T> {
    if (this.atOnce) return answer;
    return answer.then(
      (result) => this.inTurn(() => result),
      (err: unknown) =>
        this.inTurn(() => {
          throw err;
        }),
    );
  }

  get hasHeardAll(): boolean {
    return this.unheard.length === 0;
  }

  /** Runs as long as the case: whoever's wait is over goes on, and when nobody's is, the next thing is heard. */
  async keepHearing(): Promise<void> {
    for (;;) {
      let asked = false;
      // Not at once: the SDK asks again when everything else has gone as far as it can.
      await condition(() => (asked ? !this.hasHeardAll || this.over().length > 0 : !(asked = true)));
      let over = this.over();
      if (over.length === 0) {
        this.unheard.shift()!();
        over = this.over();
      }
      for (const wait of over) {
        this.waits.delete(wait);
        wait.goOn();
      }
    }
  }

  private over(): Wait[] {
    return [...this.waits].filter((wait) => wait.holds());
  }
}
