import { describe, expect, it } from 'vitest';
import {
  anywhere,
  commandNames,
  commandRoles,
  mayCommand,
  mayRoute,
  roles,
  type CommandName,
  type Role,
} from '../../domain/permissions.ts';

/** Written out once more, so that nobody widens a right by a slip. */
const expected: Record<Role, readonly CommandName[]> = {
  customer: [
    'edit_request',
    'submit_evidence',
    'answer_proposal',
    'choose_channel',
    'book_pickup',
    'reschedule_pickup',
    'cancel_pickup',
    'withdraw_case',
    'submit_tracking',
    'choose_remedy',
    'pay_balance',
    'send_message',
    'request_escalation',
  ],
  agent: [
    'decide_request',
    'request_evidence',
    'submit_evidence',
    'propose',
    'choose_channel',
    'book_pickup',
    'reschedule_pickup',
    'cancel_pickup',
    'cancel_case',
    'submit_tracking',
    'settle_discrepancy',
    'declare_lost',
    'pay_balance',
    'resolve_attention',
    'hold_case',
    'resume_case',
    'assign_case',
    'link_case',
    'add_note',
    'send_message',
    'request_escalation',
  ],
  manager: [
    'decide_request',
    'request_evidence',
    'propose',
    'cancel_case',
    'settle_discrepancy',
    'declare_lost',
    'pay_balance',
    'write_off',
    'resolve_attention',
    'hold_case',
    'resume_case',
    'assign_case',
    'link_case',
    'add_note',
    'send_message',
    'decide_escalation',
    'de_escalate',
    'waive_breach',
  ],
  warehouse: ['record_reception', 'record_inspection'],
  technician: [],
  auditor: [],
  service: [],
};

describe('permissions', () => {
  it.each(roles)('give a %s these commands and no others', (role) => {
    expect(commandNames.filter((command) => mayCommand(role, command))).toEqual(
      commandNames.filter((command) => expected[role].includes(command)),
    );
  });

  it('give every command to somebody, and what is legal anywhere to staff: customers speak and escalate, no more', () => {
    for (const command of commandNames) expect(commandRoles[command].length).toBeGreaterThan(0);
    const customers = anywhere.filter((command) => mayCommand('customer', command));
    expect(customers).toEqual(['send_message', 'request_escalation']);
    for (const command of anywhere)
      for (const role of ['warehouse', 'technician', 'auditor', 'service'] as const)
        expect([command, role, mayCommand(role, command)]).toEqual([command, role, false]);
  });

  it('let managers alone give up money, decide escalations and answer for a breach', () => {
    for (const command of ['write_off', 'decide_escalation', 'de_escalate', 'waive_breach'] as const)
      expect(commandRoles[command]).toEqual(['manager']);
  });

  it('let everybody read, the auditor nothing else, and no customer backdate a notice', () => {
    expect(roles.every((role) => mayRoute(role, 'read_cases'))).toBe(true);
    expect([mayRoute('auditor', 'open_case'), mayRoute('customer', 'open_case')]).toEqual([false, true]);
    expect([mayRoute('customer', 'backdate_notice'), mayRoute('agent', 'backdate_notice')]).toEqual([false, true]);
  });
});
