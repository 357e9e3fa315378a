/**
 * 升级 escalation, an overlay on any stage: asked for by a customer or an agent and granted by a manager (or by the manager's silence), or begun
 * by our own missed deadline. While it is active what is left of our clocks is halved, and the customer hears a word each working day.
 */
import { type CaseEvent, type CaseState, type Escalation, type EscalationTerms, type SlaPolicy } from './case.ts';
import { fulfilClock, hastenClock, startClock, type Clock } from './clocks.ts';
import { type Owner } from './stage-table.ts';

const escalationLevelMax = 4;
const overlays = ['escalation', 'progress'];
/** A breach is ours while the case waits for one of us. */
const isOurs = (owner: Owner): boolean => owner !== 'customer' && owner !== 'carrier' && owner !== 'system';

/** What an event does to the escalation of a case; `owner` is whom the case waits for after the event, `late` whose deadline it has missed. */
export function escalate<S extends CaseState>(
  state: S,
  event: CaseEvent,
  { owner, late, ended }: { owner: Owner; late?: Owner; ended: boolean },
  sla: SlaPolicy,
): S {
  const terms = sla.escalation;
  if (!terms || ended) return state;
  const now = state.escalation;
  switch (event.type) {
    case 'escalation_requested':
      if (now?.state === 'active') return state;
      return timed(state, requestedBy(event, state.at), terms, sla);
    case 'escalation_granted':
      return begun(state, now?.reason ?? event.cause ?? 'requested', terms, sla, event.sponsor);
    case 'escalation_raised':
      if (now?.state !== 'active') return state;
      return timed(state, { ...now, level: Math.min(now.level + 1, escalationLevelMax) }, terms, sla);
    case 'progress_due':
      return now?.state === 'active' ? withOverlay(state, 'progress', terms.progressMs, sla) : state;
    case 'escalation_declined':
    case 'de_escalated':
      return now ? over(state, now) : state;
    default:
      return byDeadline(state, owner, late, terms, sla);
  }
}

const requestedBy = ({ by, cause = 'requested' }: CaseEvent, since: number): Escalation => ({
  state: 'requested',
  level: 0,
  reason: cause,
  since,
  ...(by.role === 'customer' ? {} : { ours: true }),
});

/** Our own missed deadline escalates while the case stays with us, and no longer. */
function byDeadline<S extends CaseState>(
  state: S,
  owner: Owner,
  late: Owner | undefined,
  terms: EscalationTerms,
  sla: SlaPolicy,
): S {
  const now = state.escalation;
  if (now?.state === 'active' && now.reason === 'own_deadline' && !isOurs(owner)) return over(state, now);
  const missed = late !== undefined && isOurs(late) && isOurs(owner);
  return missed && now?.state !== 'active' ? begun(state, 'own_deadline', terms, sla) : state;
}

function begun<S extends CaseState>(state: S, reason: string, terms: EscalationTerms, sla: SlaPolicy, sponsor?: string): S {
  const asked = state.escalation;
  const ours = asked?.state === 'requested' && asked.reason === reason && asked.ours ? { ours: true as const } : {};
  const escalation: Escalation = { state: 'active', level: 1, reason, since: state.at, ...(sponsor ? { sponsor } : {}), ...ours };
  const next = timed(state, escalation, terms, sla);
  if (reason === 'own_deadline') return next;
  const hastened = { ...next, clocks: next.clocks.map((clock) => hastenClock(clock, state.at, sla.calendar)) };
  return withOverlay(hastened, 'progress', terms.progressMs, sla);
}

/** The escalation's own clock: the manager's decision, or the next level. */
function timed<S extends CaseState>(state: S, escalation: Escalation, terms: EscalationTerms, sla: SlaPolicy): S {
  const limitMs = escalation.state === 'requested' ? terms.decideMs : terms.raiseMs[escalation.level - 1];
  const next = { ...state, escalation };
  return limitMs === undefined
    ? { ...next, clocks: without(state, ['escalation']) }
    : withOverlay(next, 'escalation', limitMs, sla);
}

const over = <S extends CaseState>(state: S, escalation: Escalation): S => ({
  ...state,
  escalation: { ...escalation, state: 'de_escalated' },
  clocks: without(state, overlays),
});

const without = (state: CaseState, stages: readonly string[]): Clock[] =>
  state.clocks.map((clock) => (stages.includes(clock.stage) ? fulfilClock(clock, state.at) : clock));

/** A clock that lies over all stages; an earlier one of the same name stops. */
export function withOverlay<S extends CaseState>(
  state: S,
  name: string,
  limitMs: number,
  sla: SlaPolicy,
  ruleId = `sla.${name}`,
): S {
  const { at, revision } = state;
  const id = `${name}#${revision}`;
  const clock = startClock(
    { id, stage: name, at, calendar: sla.calendar, overlay: true },
    { limitMs, warnMs: [], ruleId, pausable: false, ...(name === 'statutory' ? {} : { unit: 'working' as const }) },
  );
  return { ...state, clocks: [...without(state, [name]), clock] };
}
