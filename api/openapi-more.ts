/** What the OpenAPI document says of a case beside its commands: going on after the end, making the read model anew, ways to hand over. */
import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { pointsView, rebuiltView, reopenedView, slotsView } from '../contracts/answers.ts';
import { appealBody, reopenBody } from '../contracts/commands.ts';
import { pointsQuery, slotsQuery } from '../contracts/queries.ts';
import { routeRoles } from '../domain/permissions.ts';
import { caseId, ifMatch, json, jsonBody, key, refused, security } from './openapi-parts.ts';

export function describeReopening(registry: OpenAPIRegistry): void {
  const routes = [
    {
      name: 'appeal',
      schema: appealBody,
      roles: routeRoles.appeal,
      summary: 'Have a refusal or an expiry looked at by somebody else',
    },
    { name: 'reopen', schema: reopenBody, roles: routeRoles.reopen_case, summary: 'Go on with a case that has ended' },
  ];
  for (const { name, schema, roles, summary } of routes)
    registry.registerPath({
      method: 'post',
      path: `/cases/{caseId}/${name}`,
      operationId: name === 'appeal' ? 'appeal' : 'reopen_case',
      tags: ['cases'],
      summary,
      description: `The case goes on as its next generation, under the same id. Customers within 7 days of the end. Roles: ${roles.join(', ')}.`,
      security,
      request: {
        params: z.object({ caseId }),
        headers: z.object({ 'Idempotency-Key': key, 'If-Match': ifMatch }),
        body: jsonBody(schema),
      },
      responses: {
        200: json(reopenedView, 'The case goes on'),
        ...refused(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503),
      },
    });
  registry.registerPath({
    method: 'post',
    path: '/cases/{caseId}/rebuild',
    operationId: 'rebuild_case',
    tags: ['cases'],
    summary: 'Write what is read of a case anew from its workflow',
    description: `After a reset of the workflow, or when MongoDB came back from a backup. Roles: ${routeRoles.rebuild_case.join(', ')}.`,
    security,
    request: { params: z.object({ caseId }) },
    responses: { 200: json(rebuiltView, 'As the workflow has it'), ...refused(400, 401, 403, 404, 413, 429, 500, 503) },
  });
}

export function describeHandover(registry: OpenAPIRegistry): void {
  registry.registerPath({
    method: 'get',
    path: '/cases/{caseId}/pickup-slots',
    operationId: 'list_pickup_slots',
    tags: ['handover'],
    summary: 'List free slots for a door pickup',
    security,
    request: { params: z.object({ caseId }), query: slotsQuery },
    responses: { 200: json(slotsView, 'Earliest first'), ...refused(400, 401, 404, 422, 429, 500, 503) },
  });
  registry.registerPath({
    method: 'get',
    path: '/cases/{caseId}/handover-points',
    operationId: 'list_handover_points',
    tags: ['handover'],
    summary: 'List counters or lockers where goods can be handed over',
    security,
    request: { params: z.object({ caseId }), query: pointsQuery },
    responses: { 200: json(pointsView, 'The points'), ...refused(400, 401, 404, 422, 429, 500, 503) },
  });
}
