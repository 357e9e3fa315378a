/**
 * How a case keeps the read model level with itself, whenever its story rests. The worker saves as a sink: when the workflow has done its part of
 * a task and before Temporal hears of it, so that what was told can be read, no event is spent, and a save cannot come between other things when
 * the case is replayed (docs/decisions/0015). Where that fails, MongoDB being away, the worker says so by `save_failed` before the task ends, and
 * an activity goes on until it has succeeded.
 */
import { proxyActivities, proxyLocalActivities, proxySinks, setHandler } from '@temporalio/workflow';
import type { CaseSinks, ReturnActivities, SaveCaseInput } from '../contracts/workflow.ts';
import { saveFailed } from './messages.ts';

const { readModel } = proxySinks<CaseSinks>();
const { flushCase } = proxyActivities<ReturnActivities>({
  startToCloseTimeout: '5s',
  retry: { initialInterval: '1s', maximumInterval: '20s' },
  summary: 'Bring the read model up to date',
});
const { saveCase } = proxyLocalActivities<ReturnActivities>({ startToCloseTimeout: '2s', retry: { maximumAttempts: 2 } });

/** What is to be shown of a case, and when. */
export interface Shown {
  readonly state: { readonly revision: number };
  readonly atRest: boolean;
  until(holds: () => boolean): Promise<void>;
  quiet(loop: string, holds: () => boolean): Promise<void>;
  snapshot(from?: number): SaveCaseInput;
  showAttributes(): void;
}

export class ReadModel {
  private shown = -1;
  private isLate = false;

  /** `locally`: by local activities, as release 0.1.0 did, whose cases go on as they began. */
  constructor(
    private readonly file: Shown,
    private readonly locally: boolean,
  ) {
    setHandler(saveFailed, () => {
      this.isLate = true;
    });
  }

  /** It shows all of the case. */
  get isLevel(): boolean {
    return this.shown >= this.file.state.revision && !this.isLate;
  }

  /** Waits for a revision to be shown, or for word that MongoDB is away. */
  async shows(revision: number): Promise<void> {
    await this.file.until(() => this.shown >= revision || this.isLate);
  }

  /** Runs as long as the case: at most one save in flight, the newest state wins, passing stages are not worth one. */
  async keepLevel(): Promise<void> {
    const { file } = this;
    for (;;) {
      await file.quiet('read model', () => !this.isLevel && file.atRest);
      file.showAttributes();
      const { revision } = file.state;
      if (this.locally) await this.saveLocally();
      else if (!this.isLate) readModel.save(file.snapshot(this.shown + 1));
      if (this.isLate) await flushCase(file.snapshot()); // which of the saves before came through is not known
      this.isLate = false;
      this.shown = revision;
    }
  }

  private async saveLocally(): Promise<void> {
    await saveCase(this.file.snapshot(this.shown + 1)).catch(() => {
      this.isLate = true;
    });
  }
}
