/**
 * 退货 return: what the dock records of goods, which of it is refused and why, and the event that it becomes. Pure.
 * All other commands are return-commands.ts.
 */
import { rowOf, type AnyRules } from './case.ts';
import { type Command, type Refusal } from './commands.ts';
import { countUnits, gradeUnits, miscounted, misgraded, type Counted, type Extra, type Inspected } from './goods.ts';
import { countText, fullyInspected, goesBack, isCounted, returnRules } from './return.ts';
import { type ReturnEvent, type ReturnState } from './return-state.ts';

export interface DockPayloads {
  record_reception: { parcelId: string; scanNo: number; units: readonly Counted[]; extras?: readonly Extra[] };
  record_inspection: { units: readonly Inspected[] };
}
type DockCommand = { [name in keyof DockPayloads]: Command<name, DockPayloads[name]> }[keyof DockPayloads];

const rules = returnRules as unknown as AnyRules;
const parcelKey = ({ parcelId, scanNo }: { parcelId: string; scanNo: number }): string => `${parcelId}/${scanNo}`;

export function dockRefusal(state: ReturnState, command: DockCommand): Refusal | undefined {
  if (command.name === 'record_reception' && isCounted(state, parcelKey(command.payload)))
    return recountRefusal(state, command.payload);
  const unknown = unknownLine(state, command.payload.units);
  if (unknown) return unknown;
  return command.name === 'record_inspection'
    ? overLimit(misgraded(state.lots, command.payload.units), 'more units than were received and not yet inspected')
    : overLimit(miscounted(state.lots, command.payload.units), 'more units than the case still expects');
}

/** A repeat is noted; another count of the same scan would be lost. */
function recountRefusal({ counts }: ReturnState, payload: DockPayloads['record_reception']): Refusal | undefined {
  const { parcelId, scanNo, units, extras } = payload;
  const before = counts?.[parcelKey(payload)];
  return before === undefined || before === countText({ counted: units, extras })
    ? undefined
    : {
        code: 'already_counted',
        message: `scan ${scanNo} of parcel ${parcelId} says: ${before}. What came besides needs a scanNo of its own`,
        pointer: '/scanNo',
      };
}

function unknownLine({ lines }: ReturnState, units: readonly { lineId: string }[]): Refusal | undefined {
  const index = units.findIndex(({ lineId }) => !lines.some((line) => line.lineId === lineId));
  return index < 0
    ? undefined
    : { code: 'unknown_line', message: 'this line is not in the request', pointer: `/units/${index}/lineId` };
}

const overLimit = (index: number | undefined, message: string): Refusal | undefined =>
  index === undefined ? undefined : { code: 'over_limit', message, pointer: `/units/${index}/quantity` };

export function eventOfDock(state: ReturnState, command: DockCommand): ReturnEvent {
  const told = { by: command.actor, messageId: command.messageId };
  if (command.name === 'record_inspection') {
    const inspected = command.payload.units;
    const last = inspects.includes(state.stage) && fullyInspected({ lots: gradeUnits(state.lots, inspected) });
    return { type: last ? 'inspected' : 'inspection_recorded', ...told, inspected };
  }
  const parcel = parcelKey(command.payload);
  if (isCounted(state, parcel)) return { type: 'repeat_noted', ...told };
  const { units: counted, extras } = command.payload;
  // Goods that nobody announced, and none that was: of those that were it says nothing.
  if (counted.length === 0) return { type: 'reception_recorded', ...told, parcel, counted, extras };
  // Counted units that all went wrong still end the journey: the case is at the dock either way.
  const arrives = rowOf(rules, state.stage)?.moves.received !== undefined;
  // The last count may leave nothing to inspect: what came has been graded, the rest is missing or wrong.
  const lots = countUnits(state.lots, counted);
  const here = state.stage === 'received';
  const last =
    here && goesBack({ ...state, lots }) ? 'goods_refused' : here && fullyInspected({ lots }) ? 'inspected' : undefined;
  return {
    type: arrives ? 'received' : (last ?? 'reception_recorded'),
    ...told,
    parcel,
    counted,
    ...(extras ? { extras } : {}),
  };
}

/** Where the last finding leads on: what was missing and came late, or was looked at late, is assessed once more. */
const inspects = ['received', 'discrepancy'];
