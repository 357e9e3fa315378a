/** What a manager reads in the Temporal UI: where the case is, who holds it, until when, and what to do. No personal data. */
import type { CaseAbout } from '../contracts/workflow.ts';
import { attentionVerbs, isEnded, ladder, ownerOf, rowOf, type AnyRules, type CaseState } from '../domain/case.ts';
import { movesOf } from '../domain/stage-table.ts';
import { dueAtOf } from '../domain/deadlines.ts';
import { verbsOf } from '../domain/moves.ts';
import type { Milestone } from '../domain/clocks.ts';
import { formatMinor } from '../domain/money.ts';

const minute = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const plain = (word: string): string => word.replaceAll('_', ' ');

/** `waits for agent until 2026-11-24 10:00 UTC`: the text beside a timer. */
export function timerSummary(rules: AnyRules, state: CaseState, { at, kind, clockId }: Milestone): string {
  if (clockId === 'hold') return `on hold until ${minute(at)}`;
  const who = plain(ownerOf(rules, state));
  return kind === 'warned' ? `waits for ${who}, reminder ${minute(at)}` : `waits for ${who} until ${minute(at)}`;
}

/** What a default action means, in words. */
const defaults: Readonly<Record<string, string>> = {
  agreed_by_silence: 'the return is agreed to',
  no_reply: 'the case is decided on what is on file',
  proposal_lapsed: 'the proposal lapses; the first request goes on',
  presumed_lost: 'the parcel counts as lost: ours is paid for, else a person decides',
  waived: 'what differs is let pass up to the limit; above it a manager is asked, then the deduction is offered',
  deduction_applied: 'the deduction is made, and the rest is paid',
  written_off: 'the advance is asked for again, or given up within the limit',
  expired: 'the return expires; label and claim are taken back',
  no_movement: 'the parcel counts as missing, and is looked for',
  buyer_asked: 'the carrier is reminded; after three times a person takes over',
  appealed: 'the carrier is asked once more',
  goods_refused: 'the case is cancelled: what has come goes back to the customer',
  accepted_as_is: 'the goods count as accepted, and the refund is paid in full',
  settlement_overdue: 'the refund counts as stuck, and a person is asked',
  rung_climbed: 'the step is tried again, and the next in line is told',
};

export function detailsOf(rules: AnyRules, state: CaseState, about: CaseAbout): string {
  const due = dueAtOf(state);
  const row = rowOf(rules, state.stage);
  const [silence = ''] = row ? movesOf(row.onTimeout) : [];
  const money = state.money.map((line) => `${formatMinor(line.amountMinor, state.currency)} ${line.state}`).join(', ');
  const rows = [
    `**${plain(state.stage)}** · ${about.caseType} ${about.rmaNo} · order ${about.orderId}`,
    isEnded(rules, state)
      ? 'The case has ended.'
      : `Waits for: **${plain(ownerOf(rules, state))}**${state.assignee ? ` (${state.assignee})` : ''}`,
    due === undefined ? '' : `If nobody acts by **${minute(due)}**: ${defaults[silence] ?? plain(silence)}.`,
    state.hold ? `On hold: ${plain(state.hold.reason)}, until ${minute(state.hold.until)}` : '',
    state.escalation?.state === 'active'
      ? `**Escalated**, level ${state.escalation.level}: ${plain(state.escalation.reason)}`
      : '',
    state.approval ? `One person (${state.approval.by}) has agreed to: ${state.approval.what}. A second one is needed.` : '',
    money ? `Money: ${money}` : '',
    ...(state.stage === 'needs_attention' ? whatToDo(rules, state) : []),
  ];
  return rows.filter(Boolean).join('\n\n');
}

const meaning: Record<(typeof attentionVerbs)[number], string> = {
  retry: 'do the step again, with the same key',
  skip: 'go on without it (a reason is needed)',
  override: 'put a result in its place (proof and a manager where money moves)',
  compensate: 'take everything back and end as cancelled',
};

const passedOn = (rung: number): string => (rung === 0 ? '' : `, passed on to the ${plain(ladder[rung] ?? 'operations')}`);

function whatToDo(rules: AnyRules, state: CaseState): string[] {
  const { attention, from = '' } = state;
  if (!attention) return [];
  const results = rowOf(rules, from)?.results ?? [];
  const verbs = verbsOf(rules, state).map((verb) => {
    const which = verb === 'override' ? `, one of: ${results.join(', ')}` : '';
    return `- \`${verb}\`: ${meaning[verb]}${which}`;
  });
  return [
    `### A person is needed\n\`${attention.step}\` failed in stage ${plain(from)}: **${attention.cause}**`,
    `Since ${minute(attention.since)}, ${attention.attempts} ${attention.attempts === 1 ? 'attempt' : 'attempts'}${passedOn(attention.rung)}.`,
    `**What to do.** Mend the cause, then send the Signal \`retry_now\` with input \`{}\` from this page. For any other way, \`POST /cases/${state.caseId}/resolve-attention\` with a \`verb\`:`,
    verbs.join('\n'),
  ];
}
