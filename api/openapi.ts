/** The OpenAPI 3.1 document, made from the schemas that also check the requests. A new command appears here by itself. */
import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import {
  caseCountsView,
  casePageView,
  caseView,
  openedView,
  pendingView,
  receiptView,
  timelineView,
} from '../contracts/answers.ts';
import { bulkBody, bulkCommands, bulkView } from '../contracts/bulk.ts';
import { commandBodies, openCaseBody, pathOf } from '../contracts/commands.ts';
import {
  carrierEventSchema,
  chargeEventSchema,
  claimEventSchema,
  disputeEventSchema,
  paymentEventSchema,
} from '../contracts/partners.ts';
import { listQuery, timelineQuery } from '../contracts/queries.ts';
import { commandNames, commandRoles, commandSummaries, routeRoles } from '../domain/permissions.ts';
import { describeExceptions, describeGuests } from './openapi-doors.ts';
import { describeHandover, describeReopening } from './openapi-more.ts';
import { caseId, ifMatch, ifNoneMatch, json, jsonBody, key, refused, security } from './openapi-parts.ts';

export function openApiDocument() {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
  describeCases(registry);
  describeCommands(registry);
  describeReopening(registry);
  describeHandover(registry);
  describeBulk(registry);
  describeExceptions(registry);
  describeGuests(registry);
  describeWebhooks(registry);
  describeHealth(registry);
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Mendline',
      version: '0.2.0',
      description: 'After-sales cases: opened, commanded and read. Money in integer minor units, instants in ISO-8601 UTC.',
    },
    servers: [{ url: '/' }],
  });
  return JSON.parse(JSON.stringify(document), plainPattern) as typeof document;
}

/** The generator leaves the flag of a pattern behind its last slash, where no text would fit it; patterns of a schema are `u` anyway. */
const plainPattern = (key: string, value: unknown): unknown =>
  key === 'pattern' && typeof value === 'string' ? value.replace(/\/u$/, '') : value;

function describeCases(registry: OpenAPIRegistry): void {
  registry.registerPath({
    method: 'post',
    path: '/cases',
    operationId: 'open_case',
    tags: ['cases'],
    summary: 'Open a return',
    description: `Answers with the verdict and the rules it cites. A refusal by policy is a result, not an error: stage \`rejected\`. Roles: ${routeRoles.open_case.join(', ')}.`,
    security,
    request: {
      headers: z.object({ 'Idempotency-Key': key }),
      body: jsonBody(openCaseBody),
    },
    responses: {
      201: json(openedView, 'The case is open, or has ended as refused'),
      202: json(pendingView, 'No worker answered in time; send it again with the same key'),
      ...refused(400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/cases',
    operationId: 'list_cases',
    tags: ['cases'],
    summary: 'List or find cases',
    description:
      'Customers see their own cases, everyone else those of their merchant. Filters may be combined freely, and every combination costs what it shows; `q` stands alone and has no further page: type more of it.',
    security,
    request: { query: listQuery },
    responses: { 200: json(casePageView, 'A page of cases'), ...refused(400, 401, 429, 500, 503) },
  });
  registry.registerPath({
    method: 'get',
    path: '/cases/counts',
    operationId: 'count_cases',
    tags: ['cases'],
    summary: 'How many cases there are in each stage',
    description: 'Of the merchant; customers: of their own.',
    security,
    responses: { 200: json(caseCountsView, 'Counts'), ...refused(400, 401, 429, 500, 503) },
  });
  registry.registerPath({
    method: 'get',
    path: '/cases/{caseId}',
    operationId: 'get_case',
    tags: ['cases'],
    summary: 'Read a case',
    description: 'The `ETag` is the revision, for `If-Match`.',
    security,
    request: { params: z.object({ caseId }), headers: z.object({ 'If-None-Match': ifNoneMatch }) },
    responses: {
      200: json(caseView, 'The case'),
      304: { description: 'The case is still at the revision named in `If-None-Match`' },
      ...refused(401, 404, 429, 500, 503),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/cases/{caseId}/timeline',
    operationId: 'get_timeline',
    tags: ['cases'],
    summary: 'Read what happened to a case',
    description: 'What staff note among themselves is not shown to customers.',
    security,
    request: { params: z.object({ caseId }), query: timelineQuery },
    responses: {
      200: json(timelineView, 'Events, oldest first'),
      ...refused(400, 401, 404, 429, 500, 503),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/cases/{caseId}/commands/{commandId}',
    operationId: 'get_command',
    tags: ['cases'],
    summary: 'Ask what became of a pending command',
    security,
    request: { params: z.object({ caseId, commandId: z.string() }) },
    responses: {
      200: json(receiptView, 'It was carried out'),
      202: json(pendingView, 'Still pending'),
      ...refused(401, 404, 409, 412, 422, 429, 500, 503),
    },
  });
}

function describeCommands(registry: OpenAPIRegistry): void {
  for (const name of commandNames)
    registry.registerPath({
      method: 'post',
      path: `/cases/{caseId}/${pathOf(name)}`,
      operationId: name,
      tags: ['commands'],
      summary: commandSummaries[name],
      description: `Roles: ${commandRoles[name].join(', ')}.`,
      security,
      request: {
        params: z.object({ caseId }),
        headers: z.object({ 'Idempotency-Key': key, 'If-Match': ifMatch }),
        body: jsonBody(commandBodies[name]),
      },
      responses: {
        200: json(receiptView, 'Done'),
        202: json(pendingView, 'No worker answered in time; send it again with the same key'),
        ...refused(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503),
      },
    });
}

function describeBulk(registry: OpenAPIRegistry): void {
  registry.registerPath({
    method: 'post',
    path: '/cases/bulk',
    operationId: 'give_to_many',
    tags: ['commands'],
    summary: 'Give one command to many cases',
    description: `Each case is given the command as if alone and answers for itself, in the order asked. Possible: ${bulkCommands.join(', ')}; roles as for each of them.`,
    security,
    request: {
      headers: z.object({ 'Idempotency-Key': key }),
      body: jsonBody(bulkBody),
    },
    responses: {
      200: json(bulkView, 'What became of each'),
      ...refused(400, 401, 403, 409, 413, 415, 422, 429, 500, 503),
    },
  });
}

function describeWebhooks(registry: OpenAPIRegistry): void {
  const bodies = {
    carrier: z.union([carrierEventSchema, claimEventSchema]),
    payments: z.union([paymentEventSchema, chargeEventSchema, disputeEventSchema]),
  };
  for (const [partner, schema] of Object.entries(bodies))
    registry.registerPath({
      method: 'post',
      path: `/webhooks/${partner}`,
      operationId: `webhook_${partner}`,
      tags: ['webhooks'],
      summary: `Facts from the ${partner === 'carrier' ? 'carrier' : 'payment provider'} (Standard Webhooks)`,
      request: {
        headers: z.object({ 'webhook-id': z.string(), 'webhook-timestamp': z.string(), 'webhook-signature': z.string() }),
        body: jsonBody(schema),
      },
      responses: {
        200: json(z.object({ status: z.enum(['told', 'repeated', 'noted']) }), 'Taken; a repeat has no effect'),
        ...refused(400, 401, 413, 415, 429, 500, 503),
      },
    });
}

function describeHealth(registry: OpenAPIRegistry): void {
  const health = z.object({ status: z.string(), mongodb: z.string().optional(), temporal: z.string().optional() });
  registry.registerPath({
    method: 'get',
    path: '/healthz',
    operationId: 'healthz',
    tags: ['health'],
    summary: 'Is the process alive',
    responses: { 200: json(health, 'Yes') },
  });
  registry.registerPath({
    method: 'get',
    path: '/readyz',
    operationId: 'readyz',
    tags: ['health'],
    summary: 'Can it do its work',
    responses: { 200: json(health, 'MongoDB and Temporal answer'), 503: json(health, 'One of them does not') },
  });
}
