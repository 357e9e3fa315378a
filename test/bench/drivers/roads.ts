/** What people do to a return, road by road, by whichever door: the same commands for the skeleton, the product's workflow and the API. */
import type { WorkflowHandle } from '@temporalio/client';
import type { CommandName, Role } from '../../../domain/permissions.ts';
import { afterActivity, atRest } from './pacing.ts';

export const roads = ['happy', 'everyDeadline', 'undone'] as const;
/** `happy`: refunded. `everyDeadline`: nobody acts, all that can ring rings. `undone`: withdrawn once the label is out. */
export type Road = (typeof roads)[number];
/** `paced`: a message goes out only when the case rests. `back_to_back`: as soon as the one before is acknowledged and the world allows it. */
export type Pace = 'paced' | 'back_to_back';

export interface Command {
  readonly name: CommandName;
  readonly role: Extract<Role, 'agent' | 'customer' | 'warehouse'>;
  readonly payload: object;
  /** Not before the label is out: nothing can be sent or taken back without one. */
  readonly afterLabel?: true;
}
/** How messages reach a case. */
export interface Door {
  /** Gets ready what must be there before; the function it gives opens the case. */
  ready(caseId: string, road: Road): Promise<() => Promise<WorkflowHandle>>;
  give(handle: WorkflowHandle, command: Command): Promise<void>;
}
/** Told of every call: what it was, and how to make it. */
export type Timed = <T>(what: 'open' | 'message', call: () => Promise<T>) => Promise<T>;

const units = [{ lineId: '1', quantity: 2 }];
const arrived = units.map((unit) => ({ ...unit, condition: 'received' }));
const graded = units.map((unit) => ({ ...unit, grade: 'A', disposition: 'restock' }));
export const accept: Command = { name: 'decide_request', role: 'agent', payload: { verdict: 'accept', ruleIds: [] } };
const commands: Record<Road, readonly Command[]> = {
  happy: [
    accept,
    { name: 'record_reception', role: 'warehouse', payload: { parcelId: 'P1', scanNo: 1, units: arrived }, afterLabel: true },
    { name: 'record_inspection', role: 'warehouse', payload: { units: graded } },
  ],
  everyDeadline: [],
  undone: [accept, { name: 'withdraw_case', role: 'customer', payload: {}, afterLabel: true }],
};

/** Takes one case from its opening as far as people bring it. */
export async function drive(
  door: Door,
  caseId: string,
  { road = 'happy', pace, timed = (_, call) => call() }: { road?: Road; pace: Pace; timed?: Timed },
): Promise<WorkflowHandle> {
  const open = await door.ready(caseId, road);
  const handle = await timed('open', open);
  for (const command of commands[road]) {
    if (pace === 'paced') await atRest(handle);
    else if (command.afterLabel) await afterActivity(handle, 'issueReturnLabel');
    await timed('message', () => door.give(handle, command));
  }
  return handle;
}
