/** A command as people send it, and what the pure rules say must be answered in a given state. */
import type { z } from 'zod';
import { problems, type ProblemCode } from '../../api/errors.ts';
import { commandBodies } from '../../contracts/commands.ts';
import { isEnded } from '../../domain/case.ts';
import type { CommandName } from '../../domain/permissions.ts';
import { mayCommand } from '../../domain/permissions.ts';
import { eventOfCommand, returnRefusal, type ReturnCommand } from '../../domain/return-commands.ts';
import type { ReturnEvent, ReturnState } from '../../domain/return-state.ts';
import type { Person } from '../../dev/tokens.ts';
import type { Order } from '../../contracts/partners.ts';
import type { ReturnInput } from '../../contracts/workflow.ts';
import { rules } from '../domain/paper-case.ts';
import type { Lane } from './lane.ts';
import { idOfCall } from '../support/door.ts';

export interface Given {
  readonly name: CommandName;
  readonly person: Person;
  readonly key: string;
  readonly body: Record<string, unknown>;
  readonly expectedRevision?: number;
}
/** What the answer rests on beside the case. */
export interface Circumstances {
  readonly order: Order;
  readonly input: ReturnInput;
  readonly policies: Lane['policies'];
  /** The workflow's clock, epoch ms. */
  readonly now: number;
}
export interface Verdict {
  readonly status: number;
  readonly code?: ProblemCode;
  /** What is recorded where it is accepted. */
  readonly event?: ReturnEvent;
}
const no = (code: ProblemCode): Verdict => ({ status: problems[code][0], code });

type Payload = Record<string, unknown> & { lines?: readonly { lineId: string; quantity: number }[] };
const words = 'as agreed';
const pointed = ['drop_off', 'locker'];

/** The body that says the same over HTTP: free text in the place of its reference, instants in words, nothing of what the API looks up itself. */
export function bodyOf(name: CommandName, payload: Payload): Record<string, unknown> {
  const { textRef: _, until, lines, result, amountMinor, currency, pointId, ...rest } = payload;
  const { shape } = commandBodies[name] as unknown as { shape: object };
  return {
    ...rest,
    ...('note' in shape ? { note: words } : {}),
    ...('reason' in shape && name !== 'edit_request' && !('reason' in rest) ? { reason: words } : {}),
    ...(until === undefined ? {} : { until: new Date(until as number).toISOString() }),
    ...(lines ? { lines: lines.map(({ lineId, quantity }) => ({ lineId, quantity })) } : {}),
    ...(result !== undefined && rest.verb === 'override' ? { result } : {}),
    ...(amountMinor !== undefined && (name !== 'propose' || rest.kind === 'price_reduction') ? { amountMinor } : {}),
    ...(currency !== undefined && rest.kind === 'price_reduction' ? { currency } : {}),
    ...(pointId !== undefined && pointed.includes(rest.channel as string) ? { pointId: `pt_station` } : {}),
    ...(name === 'request_evidence' ? { items: ['photo_of_fault'] } : {}),
  };
}

/** The command as the case is given it. */
function commandOf({ name, person, key, body, expectedRevision }: Given, order: Order, now: number): ReturnCommand {
  const messageId = idOfCall(person, key);
  const { id, role } = person;
  const parsed = (commandBodies[name] as z.ZodType<Record<string, unknown>>).parse(body);
  const command = { name, actor: { id, role }, messageId, at: now, expectedRevision };
  if (name === 'edit_request') {
    const lines = (parsed.lines as Payload['lines'])?.map(({ lineId, quantity }) => {
      const { sku, category, unitPriceMinor, quantity: bought } = order.lines.find((line) => line.lineId === lineId)!;
      return { lineId, sku, category, quantity, bought, unitPriceMinor };
    });
    return { ...command, payload: { ...parsed, lines } } as ReturnCommand;
  }
  if (name === 'hold_case') {
    const until = parsed.until === undefined ? undefined : Date.parse(parsed.until as string);
    return { ...command, payload: { ...parsed, until } } as ReturnCommand;
  }
  const { reason, note, ...payload } = parsed;
  return { ...command, payload: { ...payload, ...((reason ?? note) ? { textRef: messageId } : {}) } } as ReturnCommand;
}

/** What the API says before it asks the case. */
function beforeTheCase(
  state: ReturnState,
  { name, body }: Given,
  { order, input, policies }: Circumstances,
): Verdict | undefined {
  if (name === 'submit_evidence') {
    const all = new Set([...(state.request?.evidenceIds ?? []), ...((body.evidenceIds ?? []) as string[])]);
    if (all.size > 200) return no('over_limit');
  }
  if (name === 'hold_case' && body.until !== undefined && Date.parse(body.until as string) <= Date.now())
    return no('impossible_date');
  if (Array.isArray(body.ruleIds)) {
    const packs = policies.packs.filter((pack) =>
      input.policy.packs.some(({ id, version }) => id === pack.id && version === pack.version),
    );
    const known = new Set(packs.flatMap((pack) => pack.rules.map((rule) => rule.id)));
    if (body.ruleIds.some((ruleId) => !known.has(ruleId as string))) return no('unknown_rule');
  }
  if (name === 'edit_request')
    for (const { lineId, quantity } of (body.lines ?? []) as NonNullable<Payload['lines']>) {
      const line = order.lines.find((one) => one.lineId === lineId);
      if (!line) return no('unknown_line');
      if (quantity > line.quantity) return no('over_limit');
    }
  return undefined;
}

/** What must be answered in that state. */
export function verdictOn(state: ReturnState, given: Given, around: Circumstances): Verdict {
  const { name, person, body } = given;
  if (!mayCommand(person.role, name)) return no('forbidden');
  if (!commandBodies[name].safeParse(body).success) return no('invalid_input');
  if (person.merchantId !== state.merchantId) return no('not_found');
  if (person.role === 'customer' && person.id !== around.order.customerId) return no('not_found');
  const before = beforeTheCase(state, given, around);
  if (before) return before;
  if (isEnded(rules, state)) return no('not_allowed_now');
  const command = commandOf(given, around.order, around.now);
  const refusal = returnRefusal(state, command, around.input.policy.sla);
  if (refusal) return no(refusal.code);
  return { status: 200, event: eventOfCommand(state, command, around.input.policy.sla) };
}
