import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptReceived,
  conditions,
  countUnits,
  goodsAreHere,
  gradeUnits,
  grades,
  miscounted,
  misgraded,
  moveAll,
  receptions,
  unitsWhere,
  type Counted,
  type Inspected,
  type Lot,
} from '../../domain/goods.ts';

const lot = (quantity: number, reception: Lot['reception'], more: Partial<Lot> = {}): Lot => ({
  lineId: '1',
  quantity,
  reception,
  ...more,
});
const count = (quantity: number, condition: Counted['condition'] = 'received', lineId = '1'): Counted => ({
  lineId,
  quantity,
  condition,
});
const graded = (quantity: number, found: Inspected['grade'] = 'A', lineId = '1'): Inspected => ({
  lineId,
  quantity,
  grade: found,
  disposition: 'restock',
});

const kindOf = ({ lineId, reception, acceptance, grade, disposition, damaged, risk, waived }: Lot): string =>
  [lineId, reception, acceptance, grade, disposition, damaged, risk, waived].join('/');
/** Which lot comes first means nothing. */
const sorted = (lots: readonly Lot[]): string[] => lots.map((one) => `${kindOf(one)}: ${one.quantity}`).sort();

describe('counting what arrived', () => {
  it('splits a lot when its units part, and joins lots that stand alike', () => {
    const parted = countUnits([lot(3, 'in_transit')], [count(2), count(1, 'missing')]);
    expect(sorted(parted)).toEqual(sorted([lot(2, 'received'), lot(1, 'short_shipped')]));
    expect(countUnits(parted, [count(1)])).toEqual([lot(3, 'received')]);
  });

  it('takes a found unit out of missing, wrong and lost lots alike, but nothing else twice', () => {
    expect(miscounted([lot(1, 'short_shipped')], [count(1)])).toBeUndefined();
    expect(miscounted([lot(1, 'shipped_wrong_item')], [count(1)])).toBeUndefined();
    expect(miscounted([lot(1, 'received')], [count(1)])).toBe(0);
    expect(miscounted([lot(1, 'short_shipped')], [count(1, 'missing')])).toBe(0);
  });

  it('accepts a unit that was paid for as lost when it turns up, so that its money keeps a unit to stand on', () => {
    expect(sorted(countUnits([lot(2, 'lost_in_transit')], [count(1)]))).toEqual(
      sorted([lot(1, 'lost_in_transit'), lot(1, 'received', { acceptance: 'accepted' })]),
    );
  });

  it('cannot call a lost unit missing or wrong: it has been answered for', () => {
    for (const condition of ['missing', 'wrong_item'] as const)
      expect(miscounted([lot(1, 'lost_in_transit')], [count(1, condition)])).toBe(0);
  });

  it.each<[string, Counted[], number]>([
    ['more units than are expected', [count(4)], 0],
    ['a line that was not asked for', [count(1), count(1, 'received', '9')], 1],
    ['too many in two entries together', [count(2), count(2)], 1],
  ])('names the entry with %s, and leaves the lots alone', (_, units, index) => {
    const lots = [lot(3, 'in_transit')];
    expect(miscounted(lots, units)).toBe(index);
    expect(() => countUnits(lots, units)).toThrow(`entry ${index}`);
    expect(lots).toEqual([lot(3, 'in_transit')]);
  });
});

describe('grading', () => {
  it('grades received units once, and no others', () => {
    const lots = gradeUnits([lot(2, 'received'), lot(1, 'short_shipped')], [graded(1, 'A'), graded(1, 'C')]);
    expect(sorted(lots)).toEqual(
      sorted([
        lot(1, 'received', { grade: 'A', disposition: 'restock' }),
        lot(1, 'received', { grade: 'C', disposition: 'restock' }),
        lot(1, 'short_shipped'),
      ]),
    );
    expect(misgraded(lots, [graded(1)])).toBe(0);
  });
});

describe('moving', () => {
  it('never sets a unit back: a late fact leaves what has arrived where it is', () => {
    const lots = [lot(1, 'received'), lot(2, 'in_transit')];
    expect(moveAll(lots, ['awaiting', 'in_transit', 'received'], 'in_transit')).toEqual(lots);
    expect(moveAll(lots, ['in_transit'], 'lost_in_transit')).toEqual([lot(1, 'received'), lot(2, 'lost_in_transit')]);
  });

  it.each(receptions)('leaves a unit that is %s, or moves it by the table and no other way', (from) => {
    const legal: Record<string, readonly string[]> = {
      with_customer: ['awaiting', 'in_transit', 'received', 'kept', 'undelivered'],
      awaiting: ['in_transit', 'received', 'with_customer', 'short_shipped', 'shipped_wrong_item', 'lost_in_transit'],
      in_transit: ['received', 'awaiting', 'short_shipped', 'shipped_wrong_item', 'lost_in_transit'],
      short_shipped: ['received'],
      shipped_wrong_item: ['received'],
      lost_in_transit: ['received', 'in_transit'],
      received: ['sent_back'],
      sent_back: ['with_customer', 'lost_in_transit'],
      undelivered: ['in_transit', 'lost_in_transit', 'with_customer'],
    };
    for (const to of receptions)
      expect(moveAll([lot(1, from)], [from], to)[0]?.reception).toBe((legal[from] ?? []).includes(to) ? to : from);
  });

  it('accepts what was received and not judged, and nothing that never came', () => {
    const rejected = lot(1, 'received', { acceptance: 'rejected', grade: 'D' });
    expect(acceptReceived([lot(2, 'received'), rejected, lot(1, 'short_shipped')])).toEqual([
      lot(2, 'received', { acceptance: 'accepted' }),
      rejected,
      lot(1, 'short_shipped'),
    ]);
  });

  it('says goods are here as soon as one unit is', () => {
    expect([goodsAreHere([lot(2, 'in_transit')]), goodsAreHere([lot(1, 'in_transit'), lot(1, 'received')])]).toEqual([
      false,
      true,
    ]);
  });
});

describe('whatever is counted, graded, moved and accepted', () => {
  const lines = ['1', '2'];
  const units = fc.array(
    fc.record({
      lineId: fc.constantFrom(...lines),
      quantity: fc.integer({ min: 1, max: 5 }),
      condition: fc.constantFrom(...conditions),
      grade: fc.constantFrom(...grades),
      disposition: fc.constant('restock' as const),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const step = fc.oneof(
    units.map((what) => (lots: readonly Lot[]) => (miscounted(lots, what) === undefined ? countUnits(lots, what) : [...lots])),
    units.map((what) => (lots: readonly Lot[]) => (misgraded(lots, what) === undefined ? gradeUnits(lots, what) : [...lots])),
    fc.tuple(fc.subarray([...receptions]), fc.constantFrom(...receptions)).map(
      ([from, to]) =>
        (lots: readonly Lot[]) =>
          moveAll(lots, from, to),
    ),
    fc.constant(acceptReceived),
  );

  it('no unit is made or lost, every lot has units, and no two lots stand alike', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 12 }),
        (a, b, steps) => {
          let lots: readonly Lot[] = [
            { lineId: '1', quantity: a, reception: 'with_customer' },
            { lineId: '2', quantity: b, reception: 'with_customer' },
          ];
          for (const change of steps) {
            lots = change(lots);
            for (const [index, lineId] of lines.entries())
              expect(unitsWhere(lots, (one) => one.lineId === lineId)).toBe([a, b][index]);
            expect(lots.every((one) => one.quantity > 0)).toBe(true);
            const kinds = lots.map(kindOf);
            expect(new Set(kinds).size).toBe(kinds.length);
          }
        },
      ),
    );
  });
});
