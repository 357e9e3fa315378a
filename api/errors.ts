/** One table from our error codes to HTTP, and the one place where an error becomes a problem+json body. Routes just throw. */
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { $ZodIssue } from 'zod/v4/core';
import type { Problem } from '../contracts/answers.ts';
import { isAway } from '../db/connection.ts';

export const problems = {
  invalid_input: [400, 'The request does not fit its schema'],
  invalid_json: [400, 'The body is not readable JSON'],
  filter_combination: [400, 'These filters cannot be combined'],
  idempotency_key_required: [400, 'A command needs an Idempotency-Key'],
  unauthenticated: [401, 'A valid token is needed'],
  invalid_code: [401, 'This code opens nothing'],
  invalid_signature: [401, 'The webhook is not signed as agreed'],
  forbidden: [403, 'This role may not do that'],
  not_found: [404, 'There is no such thing here'],
  order_not_found: [404, 'There is no such order here'],
  method_not_allowed: [405, 'This method is not offered here'],
  not_allowed_now: [409, 'The case does not allow this now'],
  in_flight: [409, 'The same command is being carried out'],
  already_counted: [409, 'This scan of the parcel has another count'],
  already_resolved: [409, 'Somebody has resolved this'],
  stale_revision: [412, 'The case has moved on'],
  too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body must be application/json'],
  over_limit: [422, 'More than there is'],
  unknown_line: [422, 'The order has no such line'],
  wrong_currency: [422, 'The order was paid in another currency'],
  unknown_rule: [422, 'No such rule binds this case'],
  impossible_date: [422, 'This date cannot be'],
  verb_not_allowed: [422, 'This verb is not possible here'],
  result_not_allowed: [422, 'This result is not possible here'],
  manager_required: [422, 'A manager must do this'],
  second_person_required: [422, 'Another person must agree'],
  unknown_clock: [422, 'There is no such clock'],
  not_offered: [422, 'This is not offered for this case'],
  proof_required: [422, 'Proof is needed'],
  idempotency_key_reused: [422, 'This Idempotency-Key stands for another request'],
  partner_refused: [422, 'A partner refused'],
  rate_limited: [429, 'Too many calls'],
  try_again: [503, 'Not possible at the moment'],
  internal: [500, 'Something went wrong on our side'],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemCode = keyof typeof problems;

export interface ProblemDetails {
  readonly detail?: string;
  readonly fields?: Problem['fields'];
  readonly availableMoves?: readonly string[];
  /** Sets Retry-After. */
  readonly retryAfterSeconds?: number;
}

export class ApiError extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly details: ProblemDetails = {},
    options?: ErrorOptions,
  ) {
    super(details.detail ?? code, options);
  }
}

export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);

const fieldsMax = 100;

/** Issues of zod as fields with JSON pointers, the first hundred. An unknown property is named by its own pointer. */
export function fieldsOf(issues: readonly $ZodIssue[]): NonNullable<Problem['fields']> {
  const fields = issues.flatMap((issue) => {
    const at = (path: readonly PropertyKey[]) =>
      path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.slice(0, fieldsMax).map((key) => ({
        pointer: at([...issue.path, key]),
        code: 'unknown_property',
        message: 'this property is not known',
      }));
    return [{ pointer: at(issue.path), code: issue.code, message: issue.message }];
  });
  return fields.slice(0, fieldsMax);
}

export function problemOf(err: ApiError, requestId: string): Problem {
  const [status, title] = problems[err.code];
  const { detail, fields, availableMoves } = err.details;
  return {
    type: `urn:mendline:problem:${err.code}`,
    title,
    status,
    code: err.code,
    ...(detail ? { detail } : {}),
    requestId,
    ...(fields ? { fields } : {}),
    ...(availableMoves ? { availableMoves: [...availableMoves] } : {}),
  };
}

/** What Express and its parsers throw, in our words; anything unknown is a bug of ours. */
export function asApiError(err: unknown): ApiError {
  if (err instanceof ApiError) return err;
  const { type, status } = (err ?? {}) as { type?: string; status?: number };
  if (type === 'entity.too.large') return new ApiError('too_large');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') return new ApiError('unsupported_media_type');
  if (isAway(err)) return new ApiError('try_again', { detail: 'the database does not answer' }, { cause: err });
  if (err instanceof URIError) return new ApiError('not_found');
  if (status !== undefined && status >= 400 && status < 500) return new ApiError('invalid_json', {}, { cause: err });
  return new ApiError('internal', {}, { cause: err });
}

/** The id under which the call stands in the log. */
export const requestIdOf = (res: Response): string => String(res.getHeader('x-request-id'));

export const errorHandler: ErrorRequestHandler = (err, req, res, _next) => {
  const error = asApiError(err);
  const problem = problemOf(error, requestIdOf(res));
  if (problem.status >= 500) req.log?.error({ err: error.cause ?? error }, error.code);
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const retryAfter = error.details.retryAfterSeconds ?? (problem.status === 503 ? 2 : undefined);
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter));
  if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
};

export const notFound: RequestHandler = () => {
  throw new ApiError('not_found');
};

export const methodNotAllowed =
  (...allowed: string[]): RequestHandler =>
  (_req, res) => {
    res.setHeader('Allow', allowed.join(', '));
    throw new ApiError('method_not_allowed', { detail: `possible: ${allowed.join(', ')}` });
  };
