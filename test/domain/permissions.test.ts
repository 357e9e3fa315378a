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
  customer: ['withdraw_case', 'submit_tracking'],
  agent: [
    'decide_request',
    'cancel_case',
    'submit_tracking',
    'resolve_attention',
    'hold_case',
    'resume_case',
    'assign_case',
    'add_note',
  ],
  manager: ['decide_request', 'cancel_case', 'resolve_attention', 'hold_case', 'resume_case', 'assign_case', 'add_note'],
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

  it('give every command to somebody, and the commands that are legal anywhere to staff alone', () => {
    for (const command of commandNames) expect(commandRoles[command].length).toBeGreaterThan(0);
    for (const command of anywhere) expect(commandRoles[command]).toEqual(['agent', 'manager']);
  });

  it('let everybody read, the auditor nothing else, and no customer backdate a notice', () => {
    expect(roles.every((role) => mayRoute(role, 'read_cases'))).toBe(true);
    expect([mayRoute('auditor', 'open_case'), mayRoute('customer', 'open_case')]).toEqual([false, true]);
    expect([mayRoute('customer', 'backdate_notice'), mayRoute('agent', 'backdate_notice')]).toEqual([false, true]);
  });
});
