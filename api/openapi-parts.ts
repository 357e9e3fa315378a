/** The words of which the OpenAPI document is made: bodies, refusals with their codes, and parameters that several routes share. */
import type { ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { problemView } from '../contracts/answers.ts';
import { problems } from './errors.ts';

export const json = <T extends z.ZodType>(schema: T, description: string): ResponseConfig => ({
  description,
  content: { 'application/json': { schema } },
});

export const jsonBody = (schema: z.ZodType) => ({ required: true, content: { 'application/json': { schema } } });

/** The statuses a route may answer with, each with the codes it stands for. */
export const refused = (...statuses: number[]): Record<string, ResponseConfig> =>
  Object.fromEntries(
    statuses.map((status) => {
      const codes = Object.entries(problems).flatMap(([code, [its]]) => (its === status ? [`\`${code}\``] : []));
      return [status, { description: codes.join(', '), content: { 'application/problem+json': { schema: problemView } } }];
    }),
  );

export const security = [{ bearer: [] }];
export const caseId = z.string().describe('For example `C-7Q2M4K8T1ZBA`.');
export const key = z
  .string()
  .min(1)
  .max(255)
  .describe('Names this command for ever: the same key and body give the same answer.');
export const ifNoneMatch = z.string().optional().describe('`"<revision>"`: answer with 304 if the case is still there.');
export const ifMatch = z
  .string()
  .regex(/^("\d{1,9}"|\*)$/)
  .optional()
  .describe('`"<revision>"`: refuse with 412 if the case has moved on.');
