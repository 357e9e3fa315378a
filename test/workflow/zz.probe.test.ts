import { afterAll, beforeAll, it } from 'vitest';
import { givingUp } from '/work/main/test/support/cases.ts';
import { createStage, createTroubles, newCaseId, accept, untilStage } from '/work/main/test/support/stage.ts';
it('probe', async () => {
  const troubles = createTroubles();
  const stage = await createStage('probe', troubles.wrap);
  const caseId = newCaseId();
  troubles.strike({ caseId, activity: 'issueReturnLabel', error: new Error('away'), times: 1e9 });
  const rma = await stage.open({ caseId, sla: givingUp('issue_label', 600) });
  await accept(rma);
  await untilStage(rma, 'awaiting_handover');
  const h = await rma.handle.fetchHistory();
  for (const e of h.events ?? []) if (e.activityTaskTimedOutEventAttributes || e.activityTaskFailedEventAttributes) console.log(JSON.stringify(e, null, 1));
  await stage.close();
});
