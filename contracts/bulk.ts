/** One command for many cases: what staff do with a list they have ticked. Each case answers for itself. */
import { z } from 'zod';
import type { CommandName } from '../domain/permissions.ts';
import { receiptView } from './answers.ts';
import { commandBodies } from './commands.ts';
import { id } from './fields.ts';

/**
 * Commands whose payload makes sense for several cases alike: a lorry that burnt, a recall, a shop that was closed. Counting and grading goods does
 * not, nor what names units, a proposal or a clock, nor what a second person has to look at.
 */
export const bulkCommands = [
  'decide_request',
  'cancel_case',
  'resolve_attention',
  'declare_lost',
  'hold_case',
  'resume_case',
  'assign_case',
  'link_case',
  'add_note',
  'send_message',
  'decide_escalation',
  'de_escalate',
] as const satisfies readonly CommandName[];

const caseIds = z
  .array(id)
  .min(1)
  .max(100)
  .refine((ids) => new Set(ids).size === ids.length, 'each case once')
  .meta({ uniqueItems: true, description: 'At most 100, each once.' });

const bodyOf = <Name extends (typeof bulkCommands)[number]>(name: Name) =>
  z.strictObject({ command: z.literal(name), caseIds, payload: commandBodies[name] });
const [first, ...others] = bulkCommands.map(bodyOf);
export const bulkBody = z.discriminatedUnion('command', [first!, ...others]);

export const bulkView = z
  .object({
    results: z.array(
      z.object({
        caseId: z.string(),
        status: z.int().describe('What the command alone would have been answered with.'),
        code: z.string().optional(),
        detail: z.string().optional(),
        commandId: z.string().optional().describe('With 202: ask for it at `/cases/{caseId}/commands/{commandId}`.'),
        receipt: receiptView.optional(),
      }),
    ),
  })
  .meta({ id: 'BulkResults' });
