/** Metrics of the worker: Temporal Core counts tasks, slots, latencies and failures by itself, and answers Prometheus on a port of its own. */
import type { TelemetryOptions } from '@temporalio/worker';
import type { WorkerConfig } from '../config/index.ts';

/** Undefined without METRICS_PORT. */
export function telemetryOf({
  METRICS_HOST: host,
  METRICS_PORT: port,
}: Pick<WorkerConfig, 'METRICS_HOST' | 'METRICS_PORT'>): TelemetryOptions | undefined {
  if (port === undefined) return undefined;
  const bindAddress = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { metrics: { prometheus: { bindAddress, countersTotalSuffix: true, useSecondsForDurations: true } } };
}
