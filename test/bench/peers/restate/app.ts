/** Restate: the case is one workflow, its provider calls are `ctx.run`, its messages resolve durable promises; the driver calls the ingress. */
import * as restate from '@restatedev/restate-sdk';
import type { Message } from '../door.ts';
import { bookPickup, payRefund, type ReturnInput } from '../provider/client.ts';

// The SDK is written for Node 22, which has this; on Node 20 each invocation would fail without it.
(Promise as { withResolvers?: unknown }).withResolvers ??= () => {
  const made: { promise?: Promise<unknown>; resolve?: unknown; reject?: unknown } = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const returns = restate.workflow({
  name: 'returns',
  handlers: {
    async run(ctx: restate.WorkflowContext, input: ReturnInput) {
      const caseId = ctx.key;
      await ctx.promise<Message>('approve');
      await ctx.run('book_pickup', () => bookPickup(caseId));
      const { units } = await ctx.promise<Message>('received');
      ctx.set('units', units);
      await ctx.promise<Message>('inspected');
      await ctx.run('refund', () => payRefund(caseId, input));
      ctx.set('stage', 'closed');
      return { stage: 'closed', units };
    },
    approve: async (ctx: restate.WorkflowSharedContext, message: Message) => ctx.promise<Message>('approve').resolve(message),
    received: async (ctx: restate.WorkflowSharedContext, message: Message) => ctx.promise<Message>('received').resolve(message),
    inspected: async (ctx: restate.WorkflowSharedContext, message: Message) => ctx.promise<Message>('inspected').resolve(message),
    look: async (ctx: restate.WorkflowSharedContext) => ({
      stage: (await ctx.get<string>('stage')) ?? 'open',
      units: (await ctx.get<number>('units')) ?? 0,
    }),
  },
});

await restate.serve({ services: [returns], port: Number(process.env.PORT) });
console.log('application listening');
