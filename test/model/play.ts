/** One sequence: what is done to the real case, waiting until it rests, and holding all of it against the model. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { documentOf } from '../../db/case-document.ts';
import { fastForward, virtualNow } from '../../dev/time-travel.ts';
import { pathOf } from '../../contracts/commands.ts';
import { pendingErrands } from '../../domain/errands.ts';
import { availableMoves } from '../../domain/moves.ts';
import { nextDue, nextEarly } from '../../domain/return-money.ts';
import { eventOfFact, type ReturnFact } from '../../domain/return-facts.ts';
import type { ReturnState } from '../../domain/return-state.ts';
import type { SaveCaseInput } from '../../contracts/workflow.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { rules } from '../domain/paper-case.ts';
import { signed, type Reply } from '../support/door.ts';
import { eventually } from '../support/stage.ts';
import { verdictOn, type Given } from './calls.ts';
import type { Lane, Opened } from './lane.ts';
import { bare, plain } from './plain.ts';
import { Shadow, type Expected, type Told } from './shadow.ts';

/** Something of ours is still under way: what comes next would meet the case in the middle of it. */
function isBusy({ stage, request, errands, handover, disputes = [], ...state }: ReturnState): boolean {
  const all = { stage, request, errands, handover, disputes, ...state } as ReturnState;
  const held = disputes.some((one) => one.state === 'open');
  if (pendingErrands(errands).length > 0) return true;
  if (['requested', 'authorized', 'inspected', 'unwinding'].includes(stage)) return true;
  if (stage === 'under_review') return request?.toAssess === true;
  if (stage === 'awaiting_handover' && handover && handover.wish !== handover.arranged) return true;
  if (stage === 'refund_due') return !held && nextDue(all) !== undefined;
  return !held && stage !== 'recovering_advance' && nextEarly(all) !== undefined;
}

/** How long a case may be busy before the sequence goes on all the same: a step that is tried again and again is part of the game. */
const restMs = 3_000;

export type Sequence = Awaited<ReturnType<typeof begin>>;

export async function begin(lane: Lane, opened: Opened) {
  const { caseId, order, input } = opened;
  const { stage } = lane.door;
  const prices = Object.fromEntries(order.lines.map((line) => [line.lineId, line.unitPriceMinor]));
  const shadow = new Shadow(input, { paidMinor: order.paidMinor, prices });
  const sent: { given?: Given; reply?: Reply; fact?: { partner: string; text: string; id: string } }[] = [];

  const generation = (): number => shadow.state.generation ?? 1;
  const handle = () => stage.client.workflow.getHandle(workflowIdOf('return', caseId, generation()));

  /** As good as the workflow's clock, and cheaper: never before its newest event. */
  const now = (): number => Math.max(Date.now(), shadow.state.at);

  /** What the workflow says; of the next generation, once there is one. */
  async function snapshot(): Promise<SaveCaseInput> {
    const { cases } = lane;
    if (shadow.ended) {
      const next = await cases.snapshotOf({ caseId, generation: generation() + 1 });
      if (next) return next;
    }
    const now = await cases.snapshotOf({ caseId, generation: generation() });
    if (!now) throw new Error(`${caseId} is gone`);
    return now;
  }

  async function atRest(): Promise<ReturnState> {
    const patienceEnds = Date.now() + restMs;
    return eventually(async () => {
      const { state } = await snapshot();
      const doc = await stage.database.cases.findAny(caseId);
      const isLevel = doc?.state.revision === state.revision;
      if ((isBusy(state as ReturnState) && Date.now() < patienceEnds) || !isLevel)
        throw new Error(`${caseId} is at revision ${state.revision} in ${state.stage}, MongoDB shows ${doc?.state.revision}`);
      const shown = { _id: caseId, ...documentOf(doc.stamp, state as ReturnState, doc.about) };
      if (!isDeepStrictEqual(plain(shown), plain(doc))) throw new Error(`MongoDB does not show what the workflow knows`);
      return plain(state) as ReturnState;
    });
  }

  /** Lets the model follow, and tells what has happened. */
  async function settle(expected?: Expected): Promise<Told[]> {
    const actual = await atRest();
    if (actual.revision < shadow.state.revision)
      throw new Error(`the revision fell from ${shadow.state.revision} to ${actual.revision}`);
    const rows = await stage.database.cases.timeline(caseId, actual.revision, shadow.state.revision, 10_000);
    const { refunds, charges } = stage.partners;
    const ours = <T extends { caseId: string }>(all: readonly T[]) => all.filter((one) => one.caseId === caseId);
    const told = shadow.follow(
      plain(rows),
      actual,
      {
        refunds: ours(refunds).map(({ refundId, key, amountMinor, status }) => ({ id: refundId, key, amountMinor, status })),
        charges: ours(charges).map(({ chargeId, key, amountMinor, status }) => ({ id: chargeId, key, amountMinor, status })),
      },
      expected,
    );
    for (const { before, after } of told)
      if (after.stage !== before.stage) lane.reached.set(after.stage, (lane.reached.get(after.stage) ?? 0) + 1);
    await looksRight();
    return told;
  }

  async function looksRight(): Promise<void> {
    const { body } = await lane.door.get(`/cases/${caseId}`, 'manager');
    const { revision, stage: at } = shadow.state;
    if (body.revision < revision) throw new Error(`a reader sees revision ${body.revision}, after ${revision}`);
    if (body.revision > revision) return; // something of ours has come to an answer meanwhile
    const moves = availableMoves(rules, shadow.state, 'manager');
    if (body.stage !== at || !isDeepStrictEqual(body.availableMoves, moves))
      throw new Error(`a manager is shown ${body.stage} and ${body.availableMoves}, the rules say ${at} and ${moves.join()}`);
    const claimed = await stage.database.ledgers.claimed(order.merchantId, order.orderId, '');
    for (const line of order.lines)
      if ((claimed.get(line.lineId) ?? 0) > line.quantity)
        throw new Error(`more units of ${line.lineId} are claimed than were bought`);
  }

  async function give(given: Given): Promise<void> {
    const from = shadow.state;
    const around = {
      order,
      input: shadow.input,
      policies: lane.policies,
      now: given.name === 'hold_case' ? await virtualNow(handle()) : now(),
    };
    const ifMatch = given.expectedRevision === undefined ? {} : { headers: { 'if-match': `"${given.expectedRevision}"` } };
    const call = () => lane.door.command(caseId, pathOf(given.name), given.person, given.body, { key: given.key, ...ifMatch });
    // Where nobody has answered or the case is just being carried over, a client asks again with the same key.
    const reply = await eventually(async () => {
      const answer = await call();
      if ([202, 503].includes(answer.status)) throw new Error(`${given.name} answered ${answer.status}: ${answer.text}`);
      return answer;
    });
    const isTheirs: Expected = (state, { id, role }) =>
      id === given.person.id && role === given.person.role ? verdictOn(state, given, around).event : undefined;
    const told = await settle(isTheirs);
    const { status } = reply;
    const code = status === 200 ? undefined : (reply.body.code as string);
    const recorded = told.filter(({ event }) => event.by.id === given.person.id && event.by.role === given.person.role);
    // Our own steps go on meanwhile: the command met the case as it was after one of the events, and before its own.
    const own = recorded[0] ? told.indexOf(recorded[0]) : told.length;
    const met = [from, ...told.slice(0, own).map(({ after }) => after)];
    const verdicts = met.map((state) => verdictOn(state, given, around));
    if (!verdicts.some((one) => one.status === status && one.code === code))
      throw new Error(
        `${given.name} ${JSON.stringify(given.body)} in ${from.stage} answered ${status} ${code ?? ''}, the rules say ${verdicts.map((one) => `${one.status} ${one.code ?? ''}`).join(' or ')}`,
      );
    if (recorded.length !== (status === 200 ? 1 : 0))
      throw new Error(`${given.name} answered ${status} and recorded ${recorded.length} events`);
    if (status === 200) meansTheSame(recorded[0]!, verdictOn(recorded[0]!.before, given, around).event, given.name);
    if (status === 200 && reply.body.revision < recorded[0]!.after.revision)
      throw new Error('the receipt is older than the command');
    sent.push({ given, reply });
  }

  async function tell(partner: 'carrier' | 'payments', type: string, data: object, fact: ReturnFact): Promise<void> {
    const id = fact.eventId ?? randomUUID();
    const text = JSON.stringify({ type, data });
    const from = shadow.state;
    const reply = await lane.door.send('POST', `/webhooks/${partner}`, { body: text, headers: signed(text, { id }) });
    if (reply.status !== 200) throw new Error(`a webhook was answered with ${reply.status}: ${reply.text}`);
    const { status } = reply.body as { status: string };
    const told = await settle((state, { id: whose, role }) =>
      role === 'partner' && whose === partner ? eventOfFact(state, fact) : undefined,
    );
    const its = told.filter(({ event }) => event.by.role === 'partner' && event.by.id === partner);
    const heard = its.filter(({ before, event }) => isDeepStrictEqual(bare(eventOfFact(before, fact) ?? {}), bare(event)));
    const wasEnded = rules.ends.includes(from.stage);
    if (
      its.length !== heard.length &&
      !(wasEnded && its.every(({ event }, index) => event.type === 'reopened' || heard.includes(its[index]!)))
    )
      throw new Error(
        `${type} is told as ${JSON.stringify(its.map(({ event }) => event))}, the rules say ${JSON.stringify(its.map(({ before }) => eventOfFact(before, fact)))}`,
      );
    if (status === 'told' && heard.length === 0 && eventOfFact(from, fact) !== undefined && !wasEnded)
      throw new Error(`${type} was told, and the case knows nothing of it`);
    sent.push({ fact: { partner, text, id } });
  }

  /** What was sent before is sent again, to the letter: nothing may come of it, and the answer is the same. */
  async function repeat(nth: number): Promise<boolean> {
    const one = sent[nth % Math.max(1, sent.length)];
    if (!one) return false;
    const before = shadow.state;
    if (one.given && one.reply) {
      const { name, person, body, key, expectedRevision } = one.given;
      const headers: Record<string, string> = expectedRevision === undefined ? {} : { 'if-match': `"${expectedRevision}"` };
      const again = await lane.door.command(caseId, pathOf(name), person, body, { key, headers });
      const isKept = ![400, 403, 404].includes(one.reply.status);
      const same = isKept ? again.text === one.reply.text : again.body.code === one.reply.body.code;
      if (again.status !== one.reply.status || !same)
        throw new Error(
          `${name} sent again answered ${again.status} ${again.text}, before ${one.reply.status} ${one.reply.text}`,
        );
    }
    if (one.fact) {
      const { partner, text, id } = one.fact;
      const again = await lane.door.send('POST', `/webhooks/${partner}`, { body: text, headers: signed(text, { id }) });
      if (again.body.status !== 'repeated') throw new Error(`a repeated webhook was answered ${again.text}`);
    }
    const told = await settle();
    const theirs = told.filter(({ event }) => !['system', 'clock'].includes(event.by.role));
    if (theirs.length > 0) throw new Error(`a repeat had an effect: ${JSON.stringify(theirs.map(({ event }) => event))}`);
    return before === shadow.state;
  }

  /** Time passes; clocks ring in their order. */
  async function wait(seconds: number): Promise<void> {
    if (shadow.ended) return;
    await fastForward(handle(), seconds, 60_000);
    await settle();
  }

  await settle();
  return { lane, caseId, order, shadow, give, tell, repeat, wait, settle, handle, now };
}

function meansTheSame({ event }: Told, expected: object | undefined, name: string): void {
  if (!expected || !isDeepStrictEqual(bare(event), bare(expected)))
    throw new Error(`${name} was recorded as ${JSON.stringify(event)}, the rules say ${JSON.stringify(expected)}`);
}
