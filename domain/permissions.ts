/**
 * Who may do what: one table of command and role, read by the API (403) and by the list of available moves.
 * Whether a command fits the case's stage is the stage table's question, not this one's.
 */
export const roles = ['customer', 'agent', 'manager', 'warehouse', 'technician', 'auditor', 'service'] as const;
export type Role = (typeof roles)[number];

/** Who acts: a person or a service with a role. The rest of the world: the clock, a partner, Temporal, or Mendline itself. */
export interface Actor {
  readonly id: string;
  readonly role: Role | 'clock' | 'partner' | 'operator' | 'system';
}
export const theClock: Actor = { id: 'clock', role: 'clock' };
export const mendline: Actor = { id: 'mendline', role: 'system' };

export const commandRoles = {
  decide_request: ['agent', 'manager'],
  withdraw_case: ['customer'],
  cancel_case: ['agent', 'manager'],
  submit_tracking: ['customer', 'agent'],
  record_reception: ['warehouse'],
  record_inspection: ['warehouse'],
  resolve_attention: ['agent', 'manager'],
  hold_case: ['agent', 'manager'],
  resume_case: ['agent', 'manager'],
  assign_case: ['agent', 'manager'],
  add_note: ['agent', 'manager'],
} as const satisfies Record<string, readonly Role[]>;

export type CommandName = keyof typeof commandRoles;
export const commandNames = Object.keys(commandRoles) as CommandName[];

/** What each command is for: the API's documentation and the message dialogs of the Temporal UI. */
export const commandSummaries: Readonly<Record<CommandName, string>> = {
  decide_request: 'Accept a return request, or refuse it with the rules it fails',
  withdraw_case: 'Take the request back, as the customer',
  cancel_case: 'Cancel the case; what was done is undone',
  submit_tracking: 'Tell the tracking number of a parcel that was handed over',
  record_reception: 'Record what arrived at the dock',
  record_inspection: 'Record grade and disposition of received units',
  resolve_attention: 'Settle a parked case: retry, skip, override or compensate',
  hold_case: 'Stop the pausable clocks for a reason',
  resume_case: 'Let the clocks run again',
  assign_case: 'Name the person who looks after the case',
  add_note: 'Add a note to the timeline',
};

/** Commands that change no stage and are legal wherever the case is open. */
export const anywhere = ['hold_case', 'resume_case', 'assign_case', 'add_note'] as const satisfies readonly CommandName[];

export const routeRoles = {
  open_case: ['customer', 'agent', 'manager', 'service'],
  /** Set the day on which the customer's notice was sent, instead of now. */
  backdate_notice: ['agent', 'manager', 'service'],
  read_cases: roles,
} as const satisfies Record<string, readonly Role[]>;

export const mayCommand = (role: Role, command: CommandName): boolean =>
  (commandRoles[command] as readonly Role[]).includes(role);
export const mayRoute = (role: Role, route: keyof typeof routeRoles): boolean =>
  (routeRoles[route] as readonly Role[]).includes(role);
