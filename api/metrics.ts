/** What the API counts of itself, for Prometheus: the process, calls by route template, and calls that are open. Never a path or an id. */
import { createServer, type Server } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time until a call was answered, by route template.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const open = new Gauge({ name: 'http_requests_open', help: 'Calls that are not answered yet.', registers });

  const observe: RequestHandler = (req, res, next) => {
    const end = duration.startTimer();
    open.inc();
    // Not "finish": a caller who hangs up must not stay open for ever.
    res.once('close', () => {
      open.dec();
      end({ method: req.method, route: templateOf(req), status: String(res.statusCode) });
    });
    next();
  };
  return {
    observe,
    /** Answers `GET /metrics` and nothing else; for a port of its own. */
    server: (): Server =>
      createServer((req, res) => {
        if (req.method !== 'GET' || req.url !== '/metrics') return void res.writeHead(404).end();
        registry.metrics().then(
          (text) => res.setHeader('content-type', registry.contentType).end(text),
          () => res.writeHead(500).end(),
        );
      }),
  };
}

/** `/cases/:caseId`; `none` for what came to no route: unknown paths, and calls that were refused before. */
function templateOf({ route }: Request): string {
  const { path } = (route ?? {}) as { path?: unknown };
  return typeof path === 'string' ? path : 'none';
}
