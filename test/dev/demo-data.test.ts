import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BadData, jurisdictionOf, minorOf, readReturns } from '../../dev/demo/data.ts';
import { planned } from '../../dev/demo/plan.ts';
import { roads } from '../../dev/demo/roads.ts';

const dir = mkdtempSync(join(tmpdir(), 'mendline-data-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const header = 'return_no,sku,description,quantity,returned_at,unit_price,currency,customer_id,country';
const csv = (...rows: string[]): string => {
  const file = join(dir, `${Math.random()}.csv`);
  writeFileSync(file, [header, ...rows].join('\n'));
  return file;
};
const now = Date.parse('2026-11-22T10:00:00Z');

describe('return lines from a file', () => {
  it('group by return number into one order and one return, shifted so that the newest is of today', () => {
    const file = csv(
      'R1,A,"Mug, ""large""",2,2011-12-07T09:00:00+00:00,2.10,GBP,7,United Kingdom',
      'R2,B,杯子,1,2011-12-08T19:00:00+00:00,300,JPY,8,日本',
      'R1,C,Towel,3,2011-12-07T09:00:00+00:00,0.29,GBP,7,United Kingdom',
    );
    const [first, second] = readReturns(file, undefined, now);
    expect(first).toMatchObject({
      returnNo: 'R1',
      orderId: 'O-R1',
      currency: 'GBP',
      jurisdiction: 'GB',
      returnedAt: Date.parse('2026-11-21T09:00:00Z'),
    });
    expect(first!.lines).toEqual([
      { lineId: '1', sku: 'A', title: 'Mug, "large"', quantity: 2, unitPriceMinor: 210 },
      { lineId: '2', sku: 'C', title: 'Towel', quantity: 3, unitPriceMinor: 29 },
    ]);
    // 19:00 of today has not come yet: a return cannot be of the future.
    expect(second).toMatchObject({ returnNo: 'R2', jurisdiction: 'JP', returnedAt: now });
    expect(second!.lines[0]!.unitPriceMinor).toBe(300);
  });

  it('are refused whole, with every flaw in words, when one of them is wrong', () => {
    const file = csv(
      'R1,A,x,0,2011-12-07T09:00:00Z,2.10,GBP,7,UK',
      'R2,A,x,1,yesterday,2.105,gbp,7,UK',
      'R3,,x,1.5,2011-12-07,-1,GBP,7,UK',
    );
    const flaws = () => readReturns(file, undefined, now);
    expect(flaws).toThrow(BadData);
    for (const flaw of [
      'row 2, quantity: "0"',
      'row 3, returned_at',
      'row 3, currency',
      'row 3, unit_price: "2.105"',
      'row 4, sku',
      'row 4, quantity',
      'row 4, unit_price',
    ])
      expect(flaws).toThrow(flaw);
  });

  it('are refused when columns are missing, the file is empty, unreadable or mixes currencies in one return', () => {
    const lacking = join(dir, 'lacking.csv');
    writeFileSync(lacking, 'return_no,sku\nR1,A');
    expect(() => readReturns(lacking)).toThrow('lacks the columns description, quantity');
    expect(() => readReturns(csv())).toThrow('there are no lines');
    expect(() => readReturns(join(dir, 'nowhere.csv'))).toThrow('cannot be read');
    expect(() => readReturns(csv('R1,A,x,1,2011-12-07,1,GBP,7,UK', 'R1,B,x,1,2011-12-07,1,EUR,7,UK'))).toThrow(
      'return R1: its lines differ in currency',
    );
  });

  it('stop at the number of lines asked for', () => {
    expect(readReturns(csv('R1,A,x,1,2011-12-07,1,GBP,7,UK', 'R2,B,x,1,2011-12-07,1,GBP,7,UK'), 1, now)).toHaveLength(1);
  });

  it.each([
    ['2.10', 2, 210],
    ['2.1', 2, 210],
    ['0.29', 2, 29],
    ['17', 2, 1_700],
    ['2.100', 2, 210],
    ['500', 0, 500],
    ['1.234', 3, 1_234],
    ['2.105', 2, undefined],
    ['0.5', 0, undefined],
    ['', 2, undefined],
    ['1e3', 2, undefined],
    ['-1', 2, undefined],
  ])('read %s with %i decimals as %s minor units', (text, decimals, minor) => expect(minorOf(text, decimals)).toBe(minor));

  it.each([
    ['United Kingdom', 'GB'],
    ['EIRE', 'IE'],
    ['USA', 'US'],
    ['Germany', 'DE'],
    ['中国', 'CN'],
    ['cn', 'CN'],
    ['Atlantis', 'XX'],
  ])('know %s as %s', (country, code) => expect(jurisdictionOf(country)).toBe(code));
});

describe('the plan of a demo', () => {
  const many = readReturns(
    csv(...Array.from({ length: 90 }, (_, n) => `R${n},A,x,1,2011-12-07,${[1, 4, 30, 70][n % 4]},GBP,7,UK`)),
    undefined,
    now,
  );
  const roadsOf = (options: Parameters<typeof planned>[1]) => planned(many, options).map((one) => one.road);

  it('is the same for the same seed and another for another', () => {
    const one = roadsOf({ seed: 1, plain: false, keepParked: false });
    expect(roadsOf({ seed: 1, plain: false, keepParked: false })).toEqual(one);
    expect(roadsOf({ seed: 2, plain: false, keepParked: false })).not.toEqual(one);
  });

  it('takes every detour where there are returns enough, and none when it is plain', () => {
    expect(new Set(roadsOf({ seed: 3, plain: false, keepParked: false }))).toEqual(new Set(Object.keys(roads)));
    expect(new Set(roadsOf({ seed: 3, plain: true, keepParked: false }))).toEqual(new Set(['happy']));
  });

  it('leaves exactly one case parked when asked to', () => {
    expect(planned(many, { seed: 4, plain: false, keepParked: true }).filter((one) => one.leftParked)).toHaveLength(1);
    expect(planned(many, { seed: 4, plain: false, keepParked: false }).filter((one) => one.leftParked)).toHaveLength(0);
  });
});
