/** The shape of `results/grow.json`; the model reads it. */
import type { Latency } from '../drivers/samples.ts';
import type { Provenance } from '../results.ts';
import type { Disk, Gauged, PerPart } from './gauges.ts';
import type { Drain } from './storm.ts';

export const probeKinds = ['open', 'command', 'get', 'inbox'] as const;
export type ProbeKind = (typeof probeKinds)[number];
export type Probe = Latency & { readonly gauged: Gauged };

/** Medians over a sample of the open cases. */
export interface OpenCase {
  readonly events: number;
  readonly transitions: number;
  readonly bytes: number;
}
export interface GrowStep {
  readonly openCases: number;
  /** The filling from the step before up to this one, over HTTP, so many cases at once. */
  readonly fill: Gauged & { readonly cases: number; readonly casesPerSecond: number };
  readonly cached: number;
  readonly rssMiB: PerPart;
  readonly disk: Disk;
  readonly perOpenCase: OpenCase;
  readonly probes: Readonly<Record<ProbeKind, Probe>>;
}
export interface StormResult extends Drain {
  readonly cases: number;
  readonly dueWithinSeconds: number;
  readonly openCases: number;
  /** Of a case that was hit: what the deadline added to it. */
  readonly perCase: OpenCase;
  readonly gauged: Gauged;
  /** Calls at a constant rate while the storm lasted, by kind and all together; empty where nobody called. */
  readonly calls: Readonly<Record<string, Latency>>;
  readonly callsPerSecond: number;
  /** Calls that were not answered with success, by kind and status. */
  readonly failures: Readonly<Record<string, number>>;
  /** Cases opened in between, so that the worker has forgotten those of the storm. */
  readonly strangers: number;
}
export interface GrowResult {
  readonly provenance: Provenance;
  readonly notes: readonly string[];
  readonly cores: number;
  readonly fillWidth: number;
  /** How many cases the worker keeps in memory, by the size of its heap. */
  readonly cacheLimit: number;
  /** Calls that had to be made once more, since the answer was "not at the moment". */
  readonly repeats: number;
  readonly empty: { readonly rssMiB: PerPart; readonly disk: Disk };
  readonly steps: readonly GrowStep[];
  /** A small storm among the cases of the first step, all of them in the worker's memory. */
  readonly rehearsal?: StormResult;
  readonly storm?: StormResult;
  /** p99 at the last step over p99 at the first. */
  readonly p99LastOverFirst: Readonly<Record<ProbeKind, number>>;
  readonly workerMiBPer10k: { readonly cached?: number; readonly uncached?: number };
  readonly diskBytesPerOpenCase: { readonly temporal: number; readonly mongoStored: number; readonly mongoIndex: number };
}
