import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PartnerRefusal } from '../../gateways/http.ts';
import { accept, arrives, createStage, eventually, happily, untilStage, type Playing, type Stage } from '../support/stage.ts';

const keys = {
  stage: defineSearchAttributeKey('CaseStage', SearchAttributeType.KEYWORD),
  team: defineSearchAttributeKey('Team', SearchAttributeType.KEYWORD),
  needsAttention: defineSearchAttributeKey('NeedsAttention', SearchAttributeType.BOOL),
  reason: defineSearchAttributeKey('AttentionReason', SearchAttributeType.KEYWORD),
  dueAt: defineSearchAttributeKey('SlaDueAt', SearchAttributeType.DATETIME),
};

let stage: Stage;
beforeAll(async () => {
  stage = await createStage('visibility');
});
afterAll(() => stage.close());

async function shown(rma: Playing) {
  const { typedSearchAttributes: found } = await rma.handle.describe();
  return {
    stage: found.get(keys.stage),
    team: found.get(keys.team),
    needsAttention: found.get(keys.needsAttention),
    reason: found.get(keys.reason),
    dueAt: found.get(keys.dueAt)?.getTime(),
  };
}
const listed = async (query: string): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { workflowId } of stage.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
};
const detailsOf = async (rma: Playing): Promise<string> =>
  ((await rma.handle.query('__temporal_workflow_metadata')) as { currentDetails?: string }).currentDetails ?? '';
const minute = (at: number | undefined): string => new Date(at ?? 0).toISOString().slice(0, 16).replace('T', ' ');

describe('a manager who looks at Temporal alone', () => {
  it.concurrent('sees in each stage that waits whom it waits for, and until when', async () => {
    const rma = await stage.open({ firstEdition: true });
    await eventually(async () =>
      expect(await shown(rma)).toMatchObject({
        stage: 'under_review',
        team: 'agent',
        dueAt: rma.opened.dueAt,
      }),
    );
    await accept(rma);
    const waiting = await untilStage(rma, 'awaiting_handover');
    await eventually(async () =>
      expect(await shown(rma)).toMatchObject({
        stage: 'awaiting_handover',
        team: 'customer',
        dueAt: waiting.clocks.find((clock) => clock.running)?.dueAt,
      }),
    );
    await arrives(rma);
    await eventually(async () => expect(await shown(rma)).toMatchObject({ stage: 'received', team: 'warehouse' }));
    await rma.give('hold_case', 'agent', { reason: 'customs' });
    await eventually(async () => expect((await shown(rma)).dueAt).toBeUndefined());
  });

  it('sees a refund that waits for the provider as finance’s', async () => {
    const rma = await stage.open();
    stage.partners.pendNextRefund();
    await happily(rma);
    await eventually(async () => expect((await rma.state()).money).toMatchObject([{ state: 'sent' }]));
    await eventually(async () =>
      expect(await shown(rma)).toMatchObject({ stage: 'refund_due', team: 'finance', dueAt: expect.any(Number) }),
    );
  });

  it('finds the case that needs a person in the list, with the step that failed, and no more once it is mended', async () => {
    const refusal = new PartnerRefusal('address_unknown', 'no pickup for Eve <eve@example.com>, card 4111111111111111');
    stage.partners.failNext('prepare_shipment', refusal);
    const rma = await stage.open({ firstEdition: true });
    const mine = `WorkflowId="${rma.handle.workflowId}"`;
    await accept(rma);
    await untilStage(rma, 'needs_attention');
    await eventually(async () =>
      expect(
        await listed(`${mine} AND NeedsAttention=true AND AttentionReason="issue_label" AND CaseStage="needs_attention"`),
      ).toHaveLength(1),
    );
    expect(await shown(rma)).toMatchObject({ team: 'team_lead' });

    const details = await detailsOf(rma);
    expect(details).toContain('`issue_label` failed in stage authorized: **address_unknown: no pickup for Eve … card …**');
    expect(details).toContain('1 attempt');
    expect(details).toContain('retry_now');
    expect(details).toContain(`POST /cases/${rma.caseId}/resolve-attention`);
    for (const verb of ['retry', 'skip', 'compensate']) expect(details).toContain(`- \`${verb}\``);
    expect(details).not.toContain('- `override`');

    await rma.tell('retry_now', {});
    await untilStage(rma, 'awaiting_handover');
    await eventually(async () => expect(await listed(`${mine} AND NeedsAttention=true`)).toEqual([]));
    expect(await listed(`${mine} AND NeedsAttention=false AND CaseStage="awaiting_handover"`)).toHaveLength(1);
    expect(await detailsOf(rma)).not.toContain('A person is needed');
  });

  it.concurrent('reads where the case is, who holds it, what happens if nobody acts, and what a person may put in place', async () => {
    const rma = await stage.open({ firstEdition: true });
    const review = await detailsOf(rma);
    expect(review).toContain(`**under review** · return ${rma.input.rmaNo} · order ${rma.input.order.orderId}`);
    expect(review).toContain('Waits for: **agent**');
    expect(review).toContain(`If nobody acts by **${minute(rma.opened.dueAt)} UTC**: the return is agreed to`);
    await rma.give('assign_case', 'manager', { assignee: 'agent-7' });
    expect(await detailsOf(rma)).toContain('Waits for: **agent** (agent-7)');
    await rma.give('hold_case', 'agent', { reason: 'authority_or_court' });
    expect(await detailsOf(rma)).toContain('On hold: authority or court, until');
    await rma.give('resume_case', 'agent', {});
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    await rma.scan('picked_up');
    await rma.scan('lost');
    await untilStage(rma, 'needs_attention');
    expect(await detailsOf(rma)).toContain('one of: received, presumed_lost');
  });

  it.concurrent('reads how it ended, and with what money', async () => {
    const rma = await stage.open();
    await happily(rma);
    await rma.ended();
    const details = await detailsOf(rma);
    expect(details).toContain('**refunded**');
    expect(details).toContain('The case has ended.');
    expect(details).toContain('Money: 50.00 GBP settled');
    expect(details).not.toContain('If nobody acts');
  });

  it.concurrent('reads nothing about a person: neither in attributes nor in details is the customer named', async () => {
    const rma = await stage.open();
    await accept(rma);
    await untilStage(rma, 'awaiting_handover');
    const { typedSearchAttributes, memo } = await rma.handle.describe();
    const told = JSON.stringify([typedSearchAttributes, memo ?? '']) + (await detailsOf(rma));
    for (const personal of [rma.input.customerId, rma.input.order.paymentId]) expect(told).not.toContain(personal);
  });
});
