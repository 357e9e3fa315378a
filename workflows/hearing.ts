/**
 * When a case goes on, and when it hears what comes: one thing at a time, and the next when all that came of the last is done. What goes on beside
 * the story has its turn when nothing is left to be heard, always in the same order. What came in tasks of its own may come in one when a case is
 * fetched back into memory, and the other way round when it is replayed (docs/decisions/0015); so both come to the same. All its waits stand behind
 * one `condition` of the SDK at a time, which costs half a dozen promises each time (docs/decisions/0016).
 */
import { CancellationScope, condition, sleep, workflowInfo, type TimerOptions } from '@temporalio/workflow';
import { askAgain } from './messages.ts';

interface Wait {
  readonly holds: () => boolean;
  readonly goOn: () => void;
}

/** What was asked beside the story is heard first: it may have been answered before all else, in a task of its own. */
type Kind = 'beside' | 'story';

export class Hearing {
  private readonly waits = new Set<Wait>();
  /** Of what goes on beside the story, by name, in the order in which it began; undefined: it is at work. */
  private readonly loops = new Map<string, Wait | undefined>();
  private readonly unheard: Record<Kind, (() => void)[]> = { beside: [], story: [] };
  private task?: { readonly historyLength: number; readonly historySize: number; readonly at: number };

  /** `atOnce`: waits and hears everything as it comes, as release 0.1.0 did, whose cases go on as they began. */
  constructor(private readonly atOnce: boolean) {}

  /** Every wait of a story, and of those who ask: until that holds. */
  until(holds: () => boolean): Promise<void> {
    if (this.atOnce) return condition(holds);
    return holds() ? Promise.resolve() : new Promise((goOn) => void this.waits.add({ holds, goOn }));
  }

  /** Every wait of what goes on beside the story, which has a name: until all is heard, the story has gone as far as it can, and that holds. */
  quiet(loop: string, holds: () => boolean): Promise<void> {
    if (this.atOnce) return condition(holds);
    return new Promise((goOn) => void this.loops.set(loop, { holds, goOn }));
  }

  /** The same, or until it is too late; true if it held before. */
  async quietOrLate(loop: string, holds: () => boolean, timeoutMs: number, options: TimerOptions): Promise<boolean> {
    if (this.atOnce) return condition(holds, timeoutMs, options);
    let hasRung = false;
    const timer = new CancellationScope();
    const ring = () => {
      hasRung = true;
    };
    timer.run(() => sleep(timeoutMs, options)).then(ring, () => undefined);
    await this.quiet(loop, () => hasRung || holds());
    timer.cancel();
    return !hasRung;
  }

  /** Has an effect on the case when its turn has come. */
  inTurn<T>(effect: () => T, kind: Kind = 'story'): T | Promise<T> {
    if (this.atOnce) return effect();
    return new Promise<T>((resolve, reject) =>
      this.unheard[kind].push(() => {
        try {
          resolve(effect());
        } catch (err) {
          reject(err);
        }
      }),
    );
  }

  /** An answer, or its failure, when its turn has come. */
  heard<T>(answer: Promise<T>, kind: Kind = 'story'): Promise<T> {
    if (this.atOnce) return answer;
    return answer.then(
      (result) => this.inTurn(() => result, kind),
      (err: unknown) =>
        this.inTurn(() => {
          throw err;
        }, kind),
    );
  }

  get hasHeardAll(): boolean {
    return this.unheard.beside.length === 0 && this.unheard.story.length === 0;
  }

  /** Runs as long as the case: whoever's wait is over goes on; when nobody's is, the next thing is heard; when nothing is, the loops go on. */
  async keepHearing(): Promise<void> {
    for (;;) {
      await condition(() => {
        this.checkTask();
        return this.hasMore;
      });
      for (await allHaveSettled(); this.hasMore; await allHaveSettled()) this.goOn();
    }
  }

  private get hasMore(): boolean {
    return !this.hasHeardAll || this.over().length > 0 || this.loopsOver().length > 0;
  }

  private goOn(): void {
    if (this.over().length === 0) {
      if (this.hasHeardAll) return this.goOnBeside();
      (this.unheard.beside.shift() ?? this.unheard.story.shift())!();
    }
    for (const wait of this.over()) {
      this.waits.delete(wait);
      wait.goOn();
    }
  }

  private goOnBeside(): void {
    for (const [name, { goOn }] of this.loopsOver()) {
      this.loops.set(name, undefined);
      goOn();
    }
  }

  /**
   * Where a question finds the case forgotten, core tells it of events whose task has not begun: there is more history than before, and the same
   * time and size. What it commanded then would go with the next task, before its messages, and a replay has it behind them. So it answers nothing
   * and is forgotten again.
   */
  private checkTask(): void {
    const { historyLength, historySize } = workflowInfo();
    const [before, task] = [this.task, { historyLength, historySize, at: Date.now() }];
    if (before && historyLength !== before.historyLength && historySize === before.historySize && task.at === before.at)
      throw new Error(askAgain);
    this.task = task;
  }

  private over(): Wait[] {
    return [...this.waits].filter((wait) => wait.holds());
  }

  private loopsOver(): [string, Wait][] {
    return [...this.loops].filter((entry): entry is [string, Wait] => entry[1]?.holds() === true);
  }
}

/** The SDK asks at once, after each message of a task, and again when all have gone as far as they can: only then is all here that came. */
function allHaveSettled(): Promise<void> {
  let asked = false;
  return condition(() => asked || !(asked = true));
}
