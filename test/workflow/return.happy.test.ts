import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStage, happily, type Stage } from '../support/stage.ts';

describe('a return on the happy road', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage('happy');
  });
  afterAll(() => stage.close());

  it('goes from request to refund, pays price times units once, and leaves a level read model', async () => {
    const rma = await stage.open({ quantities: { 1: 2, 2: 3 } });
    expect(rma.opened).toMatchObject({ stage: 'under_review', projected: true, verdict: { verdict: 'referred' } });
    await happily(rma);
    expect(await rma.ended()).toEqual({ stage: 'refunded', refundedMinor: 6_500 });
    expect(stage.partners.refunds.filter((refund) => refund.caseId === rma.caseId)).toMatchObject([
      { amountMinor: 6_500, currency: 'GBP' },
    ]);
    const document = await rma.read();
    expect(document).toMatchObject({ stage: 'refunded', refundedMinor: 6_500, unitsReceived: 5, needsAttention: false });
    const rows = await stage.database.cases.timeline(rma.caseId, document!.state.revision, 0, 100);
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.at(-1)).toMatchObject({ seq: document!.state.revision, stage: 'refunded' });
  });
});
