/** What the OpenAPI document says of the doors beside cases: facts that match no case, and guests. */
import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import {
  exceptionPageView,
  exceptionQuery,
  exceptionView,
  guestCodeBody,
  guestCodeView,
  guestSessionBody,
  guestSessionView,
  resolveBody,
} from '../contracts/doors.ts';
import { json, jsonBody, refused, security } from './openapi-parts.ts';
import { exceptionRoles } from './routes/exceptions.ts';

export function describeExceptions(registry: OpenAPIRegistry): void {
  registry.registerPath({
    method: 'get',
    path: '/exceptions',
    operationId: 'list_exceptions',
    tags: ['exceptions'],
    summary: 'List facts from partners that match no open case, newest first',
    description: `Those of the caller's merchant. Roles: ${exceptionRoles.read.join(', ')}.`,
    security,
    request: { query: exceptionQuery },
    responses: { 200: json(exceptionPageView, 'A page of exceptions'), ...refused(400, 401, 403, 429, 500, 503) },
  });
  registry.registerPath({
    method: 'post',
    path: '/exceptions/{id}/resolve',
    operationId: 'resolve_exception',
    tags: ['exceptions'],
    summary: 'Write down what came of such a fact',
    description: `Once: a repeat by the same person answers again. Roles: ${exceptionRoles.resolve.join(', ')}.`,
    security,
    request: { params: z.object({ id: z.string().describe('For example `carrier:evt_1`.') }), body: jsonBody(resolveBody) },
    responses: { 200: json(exceptionView, 'Resolved'), ...refused(400, 401, 403, 404, 409, 413, 415, 429, 500, 503) },
  });
}

export function describeGuests(registry: OpenAPIRegistry): void {
  registry.registerPath({
    method: 'post',
    path: '/guest/codes',
    operationId: 'send_guest_code',
    tags: ['guests'],
    summary: 'Have a one-time code sent to the contact of an order',
    description: 'The same answer whether there is such an order or not. A code is good for 10 minutes and 5 tries; 3 an hour.',
    request: { body: jsonBody(guestCodeBody) },
    responses: { 202: json(guestCodeView, 'Sent, if the order is known'), ...refused(400, 413, 415, 429, 500) },
  });
  registry.registerPath({
    method: 'post',
    path: '/guest/sessions',
    operationId: 'open_guest_session',
    tags: ['guests'],
    summary: 'Exchange a one-time code for a token',
    description: 'The token is a customer of that order alone, for two hours.',
    request: { body: jsonBody(guestSessionBody) },
    responses: { 201: json(guestSessionView, 'Let in'), ...refused(400, 401, 413, 415, 429, 500, 503) },
  });
}
