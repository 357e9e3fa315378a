/** Runs that are kept side by side in test/bench/results/chaos.json: what none of them found, none of all their returns showed. */
import { readResults, saveResult, type Provenance } from '../bench/results.ts';
import type { ChaosReport } from './run.ts';

export type KeptRun = ChaosReport & { readonly provenance: Provenance };
export interface KeptRuns {
  readonly runs: readonly KeptRun[];
}

/** Beside the others, whatever came of it. */
export function keepRun(run: KeptRun): void {
  const { runs } = (readResults().chaos ?? { runs: [] }) as KeptRuns;
  saveResult('chaos', { runs: [...runs, run] });
}
