/**
 * When a case hears what comes. A save is a local activity: the server may hand its end over before, along with or after what else came
 * meanwhile, and in another of these ways when the case is replayed (docs/decisions/0003). So while a save is in flight a case hears nothing:
 * the save has its effects first, then everything else in the order in which it came.
 */
import { CancellationScope, condition, type TimerOptions } from '@temporalio/workflow';

export class Hearing {
  private passed = 0;
  private saving = false;

  /** `hearsWhileSaving`: as release 0.1.0 did, whose cases go on as they began. */
  constructor(private readonly hearsWhileSaving: boolean) {}

  /** The SDK's `condition`, for every wait of a case but those for answers: counted, so that one can tell when nothing moves any more. */
  async until(fn: () => boolean): Promise<void>;
  async until(fn: () => boolean, timeoutMs: number, options: TimerOptions): Promise<boolean>;
  async until(fn: () => boolean, timeoutMs?: number, options: TimerOptions = {}): Promise<boolean | void> {
    const counted = (): boolean => {
      const holds = fn();
      if (holds) this.passed += 1;
      return holds;
    };
    return timeoutMs === undefined ? condition(counted) : condition(counted, timeoutMs, options);
  }

  /** Has an effect on the case: at once, or when the save in flight is over. */
  afterSave<T>(effect: () => T): T | Promise<T> {
    if (!this.saving) return effect();
    return CancellationScope.nonCancellable(async () => {
      await this.until(() => !this.saving);
      return effect();
    });
  }

  /** An answer, or its failure, once the case hears it. */
  heard<T>(answer: Promise<T>): Promise<T> {
    return answer.then(
      (result) => this.afterSave(() => result),
      (err: unknown) =>
        this.afterSave(() => {
          throw err;
        }),
    );
  }

  /** Nothing is heard until `save` has ended and, by `ended`, all who waited for that have gone as far as they can. */
  protected async deafWhile(save: () => Promise<unknown>, ended: (inTime: boolean) => void): Promise<void> {
    this.saving = !this.hearsWhileSaving;
    const inTime = await save().then(
      () => true,
      () => false,
    );
    ended(inTime);
    if (!this.saving) return;
    await this.nothingMoves();
    this.saving = false;
  }

  private async nothingMoves(): Promise<void> {
    for (let before = -1; before !== this.passed; ) {
      before = this.passed;
      let asked = false;
      await condition(() => asked || !(asked = true)); // not at once: the SDK asks again when everything else has gone as far as it can
    }
  }
}
