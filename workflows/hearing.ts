/**
 * When a case hears what comes: one thing at a time, and the next when all that came of the last is done. What came in tasks of its own may come
 * in one when a case is fetched back into memory, and the other way round when it is replayed (docs/decisions/0015); in turn, both come to the same.
 */
import { condition, type TimerOptions } from '@temporalio/workflow';

export class Hearing {
  private passed = 0;
  private readonly unheard: (() => void)[] = [];

  /** `atOnce`: everything as it comes, as release 0.1.0 did, whose cases go on as they began. */
  constructor(private readonly atOnce: boolean) {}

  /** The SDK's `condition`, for every wait of a case but those for answers: counted, so that one can tell when nothing moves any more. */
  until(fn: () => boolean): Promise<void>;
  until(fn: () => boolean, timeoutMs: number, options: TimerOptions): Promise<boolean>;
  until(fn: () => boolean, timeoutMs?: number, options: TimerOptions = {}): Promise<boolean | void> {
    const counted = (): boolean => {
      const holds = fn();
      if (holds) this.passed += 1;
      return holds;
    };
    return timeoutMs === undefined ? condition(counted) : condition(counted, timeoutMs, options);
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

  /** Runs as long as the case: lets everything have its effect in the order in which it came. */
  async keepHearing(): Promise<void> {
    for (;;) {
      await this.until(() => !this.hasHeardAll);
      this.unheard.shift()!();
      await this.nothingMoves();
    }
  }

  private async nothingMoves(): Promise<void> {
    for (let before = -1; before !== this.passed; ) {
      before = this.passed;
      let asked = false;
      await condition(() => asked || !(asked = true)); // not at once: the SDK asks again when everything else has gone as far as it can
    }
  }
}
