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
  edit_request: ['customer'],
  decide_request: ['agent', 'manager'],
  request_evidence: ['agent', 'manager'],
  submit_evidence: ['customer', 'agent'],
  propose: ['agent', 'manager'],
  answer_proposal: ['customer'],
  choose_channel: ['customer', 'agent'],
  book_pickup: ['customer', 'agent'],
  reschedule_pickup: ['customer', 'agent'],
  cancel_pickup: ['customer', 'agent'],
  withdraw_case: ['customer'],
  cancel_case: ['agent', 'manager'],
  submit_tracking: ['customer', 'agent'],
  record_reception: ['warehouse'],
  record_inspection: ['warehouse'],
  settle_discrepancy: ['agent', 'manager'],
  declare_lost: ['agent', 'manager'],
  choose_remedy: ['customer'],
  pay_balance: ['customer', 'agent', 'manager'],
  write_off: ['manager'],
  resolve_attention: ['agent', 'manager'],
  hold_case: ['agent', 'manager'],
  resume_case: ['agent', 'manager'],
  assign_case: ['agent', 'manager'],
  link_case: ['agent', 'manager'],
  add_note: ['agent', 'manager'],
  send_message: ['customer', 'agent', 'manager'],
  request_escalation: ['customer', 'agent'],
  decide_escalation: ['manager'],
  de_escalate: ['manager'],
  waive_breach: ['manager'],
} as const satisfies Record<string, readonly Role[]>;

export type CommandName = keyof typeof commandRoles;
export const commandNames = Object.keys(commandRoles) as CommandName[];

/** What each command is for: the API's documentation and the message dialogs of the Temporal UI. */
export const commandSummaries: Readonly<Record<CommandName, string>> = {
  edit_request: 'Change lines, quantities, reason or wanted outcome of a request, as the customer',
  decide_request: 'Accept a return request, with or without the goods, or refuse it with the rules it fails',
  request_evidence: 'Ask the customer for photos, papers or an answer',
  submit_evidence: 'Answer with evidence',
  propose: 'Propose something else to the customer, for example a price reduction',
  answer_proposal: 'Accept or decline a proposal or a deduction, as the customer',
  choose_channel: 'Choose how the goods are handed over',
  book_pickup: 'Book a door pickup in a slot',
  reschedule_pickup: 'Move the pickup to another slot',
  cancel_pickup: 'Cancel the pickup; the goods go to a drop-off instead',
  withdraw_case: 'Take the request back, as the customer; goods that are here come back',
  cancel_case: 'Cancel the case; what was done is undone, goods on their way go back',
  submit_tracking: 'Tell the tracking number of a parcel that was handed over',
  record_reception: 'Record what arrived at the dock',
  record_inspection: 'Record grade and disposition of received units',
  settle_discrepancy: 'Decide about goods that differ from what was announced: waive, deduct, or send back',
  declare_lost: 'Declare a parcel lost that has not moved',
  choose_remedy: 'Choose what is done about a lost parcel, as the customer',
  pay_balance: 'Pay back an advance another way',
  write_off: 'Give up an advance that cannot be recovered; in a case of `fourEyesMinor` or more two managers must say so',
  resolve_attention: 'Settle a parked case: retry, skip, override or compensate',
  hold_case: 'Stop the pausable clocks for a reason',
  resume_case: 'Let the clocks run again',
  assign_case: 'Name the person who looks after the case',
  link_case: 'Link another case',
  add_note: 'Add a note to the timeline, among staff',
  send_message: 'Send a message between customer and staff',
  request_escalation: 'Ask that a manager looks at the case',
  decide_escalation: 'Grant or decline an escalation',
  de_escalate: 'End an escalation',
  waive_breach: 'Answer for a missed deadline, so that it counts against nobody',
};

/** Commands that change no stage and are legal wherever the case is open. */
export const anywhere = [
  'hold_case',
  'resume_case',
  'assign_case',
  'link_case',
  'add_note',
  'send_message',
  'request_escalation',
  'decide_escalation',
  'de_escalate',
  'waive_breach',
] as const satisfies readonly CommandName[];

export const routeRoles = {
  open_case: ['customer', 'agent', 'manager', 'service'],
  /** Set the day on which the customer's notice was sent, instead of now. */
  backdate_notice: ['agent', 'manager', 'service'],
  /** Go on with a case that has ended, as its next generation. */
  appeal: ['customer'],
  reopen_case: ['customer', 'manager'],
  rebuild_case: ['manager'],
  read_cases: roles,
} as const satisfies Record<string, readonly Role[]>;

export const mayCommand = (role: Role, command: CommandName): boolean =>
  (commandRoles[command] as readonly Role[]).includes(role);
export const mayRoute = (role: Role, route: keyof typeof routeRoles): boolean =>
  (routeRoles[route] as readonly Role[]).includes(role);
