/** What a customer can choose from before the goods are handed over: free pickup slots, counters and lockers. Asked of the carrier each time. */
import { Router } from 'express';
import { pointsQuery, slotsQuery } from '../../contracts/queries.ts';
import { PartnerRefusal, PartnerUnavailable } from '../../gateways/http.ts';
import type { AppDeps } from '../app.ts';
import { callerOf } from '../auth.ts';
import { ApiError, methodNotAllowed } from '../errors.ts';
import { parsed, pathId } from '../requests.ts';
import { visibleCase } from '../visible.ts';

export function handoverRoutes(deps: AppDeps): Router {
  const router = Router();
  const carrier = () => {
    if (!deps.carrier) throw new ApiError('try_again', { detail: 'no carrier is configured' });
    return deps.carrier;
  };

  router.get('/cases/:caseId/pickup-slots', async (req, res) => {
    const { state } = await visibleCase(deps, callerOf(req), pathId(req, 'caseId'));
    const { from = new Date().toISOString(), days = 7 } = parsed(slotsQuery, req.query);
    // The first day is the customer's tomorrow, not that of Greenwich.
    const { timezone } = state.contact ?? {};
    res.json({ slots: await asked(() => carrier().listSlots({ from, days, ...(timezone ? { timezone } : {}) })) });
  });

  router.get('/cases/:caseId/handover-points', async (req, res) => {
    await visibleCase(deps, callerOf(req), pathId(req, 'caseId'));
    const { channel } = parsed(pointsQuery, req.query);
    res.json({ points: await asked(() => carrier().listPoints({ channel })) });
  });

  router.all(['/cases/:caseId/pickup-slots', '/cases/:caseId/handover-points'], methodNotAllowed('GET'));
  return router;
}

const asked = <T>(call: () => Promise<T>): Promise<T> =>
  call().catch((cause: unknown) => {
    if (cause instanceof PartnerUnavailable)
      throw new ApiError('try_again', { detail: 'the carrier does not answer' }, { cause });
    if (cause instanceof PartnerRefusal) throw new ApiError('partner_refused', { detail: 'the carrier refused' }, { cause });
    throw cause;
  });
