/**
 * Where the units of a case are, whether we accept them, and what becomes of them: three separate questions.
 * Units of a line that stand alike travel as one lot, so that a line of 600 tissues is one record; a lot splits when its units part.
 */
export const receptions = [
  'with_customer',
  'awaiting',
  'in_transit',
  'received',
  'short_shipped',
  'shipped_wrong_item',
  'lost_in_transit',
  'kept',
  'sent_back',
  'undelivered',
] as const;
export type Reception = (typeof receptions)[number];
export const grades = ['A', 'B', 'C', 'D', 'no_fault_found', 'dead_on_arrival'] as const;
export type Grade = (typeof grades)[number];
export const dispositions = [
  'hold_for_evidence',
  'restock',
  'refurbish',
  'repair',
  'return_to_vendor',
  'liquidate',
  'donate',
  'scrap',
] as const;
export type Disposition = (typeof dispositions)[number];
/** What the dock says of a unit: it is here, here but damaged, it was not in the parcel, or something else was. */
export const conditions = ['received', 'damaged', 'missing', 'wrong_item'] as const;
export type Condition = (typeof conditions)[number];

export interface Lot {
  readonly lineId: string;
  readonly quantity: number;
  readonly reception: Reception;
  readonly acceptance?: 'accepted' | 'rejected';
  readonly grade?: Grade;
  readonly disposition?: Disposition;
  /** It came damaged, as the dock saw it. */
  readonly damaged?: true;
  /** Lost on a way that was the customer's to answer for: no money without proof of dispatch. */
  readonly risk?: 'customer';
  /** It did not come, or not as agreed, and is paid for all the same. */
  readonly waived?: true;
}

/** Goods that nobody announced: outside the counts, with a task for a person. */
export interface Extra {
  readonly sku: string;
  readonly quantity: number;
}

export interface Counted {
  readonly lineId: string;
  readonly quantity: number;
  readonly condition: Condition;
}

export interface Inspected {
  readonly lineId: string;
  readonly quantity: number;
  readonly grade: Grade;
  readonly disposition: Disposition;
}

/** Units somebody put on the way or in a parcel: they are expected at the dock. Found parcels arrive from `lost_in_transit` too, refused units never again. */
export const expected = (lot: Lot): boolean =>
  !rejected(lot) && ['with_customer', 'awaiting', 'in_transit', 'lost_in_transit'].includes(lot.reception);
/** What a count can take: a unit that was missing, wrong or lost at first may still turn up; one that is lost cannot go missing. */
export const countable = (condition: Condition) => (lot: Lot) =>
  isHere(condition)
    ? !rejected(lot) && !['received', 'kept', 'sent_back'].includes(lot.reception)
    : expected(lot) && lot.reception !== 'lost_in_transit';
const isHere = (condition: Condition): boolean => condition === 'received' || condition === 'damaged';
/** Nothing is taken back any more by letting go: what came would have to be sent back. */
export const goodsAreHere = (lots: readonly Lot[]): boolean => lots.some((lot) => lot.reception === 'received');
/** Something is here that we could still send back. */
export const goodsMayGoBack = (lots: readonly Lot[]): boolean => lots.some(undecided);
/** Nothing has happened to it yet. */
export const untouched = (lot: Lot): boolean => lot.reception === 'with_customer' && !lot.acceptance;
export const ungraded = (lot: Lot): boolean => lot.reception === 'received' && lot.grade === undefined;

const legalReceptions: Record<Reception, readonly Reception[]> = {
  with_customer: ['awaiting', 'in_transit', 'received', 'kept', 'undelivered'],
  awaiting: ['in_transit', 'received', 'with_customer', 'short_shipped', 'shipped_wrong_item', 'lost_in_transit'],
  in_transit: ['received', 'awaiting', 'short_shipped', 'shipped_wrong_item', 'lost_in_transit'],
  received: ['sent_back'],
  short_shipped: ['received'],
  shipped_wrong_item: ['received'],
  lost_in_transit: ['received', 'in_transit'],
  kept: [],
  sent_back: ['with_customer', 'lost_in_transit'],
  undelivered: ['in_transit', 'lost_in_transit', 'with_customer'],
};

/** Moves every lot that stands in one of `from`; lots elsewhere stay: a late fact never sets a unit back. */
export const moveAll = (lots: readonly Lot[], from: readonly Reception[], to: Reception): Lot[] =>
  merged(
    lots.map((lot) =>
      from.includes(lot.reception) && legalReceptions[lot.reception].includes(to) ? { ...lot, reception: to } : lot,
    ),
  );

export const unitsWhere = (lots: readonly Lot[], test: (lot: Lot) => boolean): number =>
  lots.reduce((sum, lot) => sum + (test(lot) ? lot.quantity : 0), 0);

/**
 * Takes units of a line out of the lots that pass the test, and changes them. `unplaced` is the index of the first entry
 * for which there are not enough units; then `lots` is worth nothing.
 */
function place<U extends { readonly lineId: string; readonly quantity: number }>(
  lots: readonly Lot[],
  units: readonly U[],
  test: (unit: U) => (lot: Lot) => boolean,
  change: (unit: U, lot: Lot) => Partial<Lot>,
): { lots: Lot[]; unplaced?: number } {
  let now = [...lots];
  for (const [index, unit] of units.entries()) {
    let left = unit.quantity;
    now = now.flatMap((lot) => {
      const taken = lot.lineId === unit.lineId && test(unit)(lot) ? Math.min(lot.quantity, left) : 0;
      if (taken === 0) return [lot];
      left -= taken;
      const changed = { ...lot, ...change(unit, lot), quantity: taken };
      return taken === lot.quantity ? [changed] : [{ ...lot, quantity: lot.quantity - taken }, changed];
    });
    if (left > 0) return { lots: now, unplaced: index };
  }
  return { lots: merged(now) };
}

const arrival: Record<Condition, Reception> = {
  received: 'received',
  damaged: 'received',
  missing: 'short_shipped',
  wrong_item: 'shipped_wrong_item',
};

const counting = (lots: readonly Lot[], units: readonly Counted[]) =>
  place(
    lots,
    units,
    (unit) => countable(unit.condition),
    // Units lost at our risk are paid for: when they turn up they are accepted, or the money would have no unit to stand on.
    (unit, lot) => ({
      reception: arrival[unit.condition],
      ...(unit.condition === 'damaged' ? { damaged: true as const } : {}),
      ...(lot.reception === 'lost_in_transit' && lot.risk !== 'customer' ? { acceptance: 'accepted' } : {}),
    }),
  );
const grading = (lots: readonly Lot[], units: readonly Inspected[]) =>
  place(
    lots,
    units,
    () => ungraded,
    ({ grade, disposition }) => ({ grade, disposition }),
  );

/** Index of the first entry that names more units than are expected, or received and not yet graded; undefined: all fit. */
export const miscounted = (lots: readonly Lot[], units: readonly Counted[]): number | undefined => counting(lots, units).unplaced;
export const misgraded = (lots: readonly Lot[], units: readonly Inspected[]): number | undefined => grading(lots, units).unplaced;

export const countUnits = (lots: readonly Lot[], units: readonly Counted[]): Lot[] => placed(counting(lots, units));
export const gradeUnits = (lots: readonly Lot[], units: readonly Inspected[]): Lot[] => placed(grading(lots, units));

function placed({ lots, unplaced }: { lots: Lot[]; unplaced?: number }): Lot[] {
  if (unplaced !== undefined) throw new Error(`entry ${unplaced} names units that are not there`);
  return lots;
}

/** Accepts what has been received and is not yet accepted or rejected. */
export const acceptReceived = (lots: readonly Lot[]): Lot[] =>
  merged(
    lots.map((lot) => (lot.reception === 'received' && !lot.acceptance ? { ...lot, acceptance: 'accepted' as const } : lot)),
  );

/** Changes what is said of every lot that passes the test. */
export const mark = (lots: readonly Lot[], test: (lot: Lot) => boolean, change: Partial<Lot>): Lot[] =>
  merged(lots.map((lot) => (test(lot) ? { ...lot, ...change } : lot)));

/** Received, and nobody has said yet whether we take it. */
export const undecided = (lot: Lot): boolean => lot.reception === 'received' && !lot.acceptance;
export const rejected = (lot: Lot): boolean => lot.acceptance === 'rejected';
/** We do not take it, and it has not gone back yet. */
export const refusedHere = (lot: Lot): boolean => rejected(lot) && lot.reception === 'received';
export const missing = (lot: Lot): boolean => lot.reception === 'short_shipped' || lot.reception === 'shipped_wrong_item';

/** Joins lots that stand alike, so that the number of records follows the differences and not the messages. */
function merged(lots: readonly Lot[]): Lot[] {
  const out: Lot[] = [];
  for (const lot of lots) {
    const twin = out.findIndex((other) => alike.every((field) => other[field] === lot[field]));
    if (twin < 0) out.push(lot);
    else out[twin] = { ...lot, quantity: out[twin]!.quantity + lot.quantity };
  }
  return out;
}
const alike = ['lineId', 'reception', 'acceptance', 'grade', 'disposition', 'damaged', 'risk', 'waived'] as const;
