/** Is the process alive, and can it do its work? */
import { Router } from 'express';
import type { AppDeps } from '../app.ts';
import { methodNotAllowed } from '../errors.ts';

export function healthRoutes({ database, cases }: Pick<AppDeps, 'database' | 'cases'>): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const asked = { mongodb: database.ping(), temporal: cases.ping() };
    const [mongodb, temporal] = await Promise.all(
      Object.values(asked).map((answer) =>
        answer.then(
          () => 'ok',
          () => 'away',
        ),
      ),
    );
    const ready = mongodb === 'ok' && temporal === 'ok';
    res.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'degraded', mongodb, temporal });
  });
  router.all(['/healthz', '/readyz'], methodNotAllowed('GET'));
  return router;
}
