/**
 * Return lines from a CSV file, as orders and returns: one of each for every `return_no`. A bad file is refused whole, row by row in words.
 * Dates are shifted by whole days, so that the newest line is of today.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { id } from '../../contracts/fields.ts';
import { exponentOf } from '../../domain/money.ts';

const dayMs = 86_400_000;
const columns = [
  'return_no',
  'sku',
  'description',
  'quantity',
  'returned_at',
  'unit_price',
  'currency',
  'customer_id',
  'country',
] as const;
type Row = Record<(typeof columns)[number], string>;

export interface DemoLine {
  readonly lineId: string;
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}
export interface DemoReturn {
  readonly returnNo: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly currency: string;
  readonly jurisdiction: string;
  /** Shifted, epoch ms, never later than now. */
  readonly returnedAt: number;
  readonly lines: readonly DemoLine[];
}

export class BadData extends Error {}

/** Reads at most `linesMax` lines. Throws BadData with every flaw it found. */
export function readReturns(file: string, linesMax = Number.POSITIVE_INFINITY, now = Date.now()): DemoReturn[] {
  const rows = readRows(file).slice(0, linesMax);
  const flaws: string[] = [];
  const parsed = rows.map((row, index) => parseRow(row, (column, why) => flaws.push(`row ${index + 2}, ${column}: ${why}`)));
  if (rows.length === 0) flaws.push('there are no lines');
  const groups = new Map<string, ParsedRow[]>();
  for (const row of parsed) groups.set(row.returnNo, [...(groups.get(row.returnNo) ?? []), row]);
  for (const [returnNo, lines] of groups)
    for (const column of ['currency', 'customerId'] as const)
      if (new Set(lines.map((line) => line[column])).size > 1) flaws.push(`return ${returnNo}: its lines differ in ${column}`);
  if (flaws.length > 0)
    throw new BadData(
      `${file} cannot be used:\n  ${flaws.slice(0, 20).join('\n  ')}${flaws.length > 20 ? `\n  … and ${flaws.length - 20} more` : ''}`,
    );
  const newest = Math.max(...parsed.map((row) => row.returnedAt));
  const shift = (Math.floor(now / dayMs) - Math.floor(newest / dayMs)) * dayMs;
  return [...groups].map(([returnNo, lines]) => returnOf(returnNo, lines, shift, now));
}

function readRows(file: string): Row[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BadData(`${file} cannot be read`, { cause });
  }
  let rows: Row[];
  try {
    rows = parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw new BadData(`${file} is not CSV: ${(cause as Error).message}`, { cause });
  }
  const missing = columns.filter((column) => rows[0] !== undefined && !(column in rows[0]));
  if (missing.length > 0) throw new BadData(`${file} lacks the columns ${missing.join(', ')}; needed are ${columns.join(', ')}`);
  return rows;
}

interface ParsedRow extends Omit<DemoLine, 'lineId'> {
  readonly returnNo: string;
  readonly currency: string;
  readonly customerId: string;
  readonly jurisdiction: string;
  readonly returnedAt: number;
}

function parseRow(row: Row, flaw: (column: keyof Row, why: string) => void): ParsedRow {
  const quantity = Number(row.quantity);
  if (!/^\d+$/.test(row.quantity) || quantity < 1 || quantity > 100_000)
    flaw('quantity', `"${row.quantity}" is no whole number from 1 to 100000`);
  const returnedAt = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(row.returned_at) ? row.returned_at : `${row.returned_at}Z`);
  if (Number.isNaN(returnedAt)) flaw('returned_at', `"${row.returned_at}" is no ISO 8601 instant`);
  if (!/^[A-Z]{3}$/.test(row.currency)) flaw('currency', `"${row.currency}" is no ISO 4217 code`);
  const unitPriceMinor = minorOf(row.unit_price, exponentOf(row.currency));
  if (unitPriceMinor === undefined) flaw('unit_price', `"${row.unit_price}" is no amount of ${row.currency}`);
  if (row.return_no === '') flaw('return_no', 'is empty');
  if (row.sku === '') flaw('sku', 'is empty');
  return {
    returnNo: row.return_no,
    sku: row.sku,
    title: row.description,
    quantity,
    unitPriceMinor: unitPriceMinor ?? 0,
    currency: row.currency,
    customerId: row.customer_id === '' ? idFor('guest', row.return_no) : idFor('', row.customer_id),
    jurisdiction: jurisdictionOf(row.country),
    returnedAt,
  };
}

/** `2.10` as 210; undefined if it is no amount, or has more decimals than the currency. */
export function minorOf(text: string, decimals: number): number | undefined {
  const [, whole, fraction = ''] = /^(\d{1,10})(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined || /[1-9]/.test(fraction.slice(decimals))) return undefined;
  return Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
}

function returnOf(returnNo: string, rows: readonly ParsedRow[], shift: number, now: number): DemoReturn {
  const { currency, customerId, jurisdiction } = rows[0]!;
  const lines = rows.map(({ sku, title, quantity, unitPriceMinor }, index) => ({
    lineId: String(index + 1),
    sku,
    title,
    quantity,
    unitPriceMinor,
  }));
  const returnedAt = Math.min(now, Math.max(...rows.map((row) => row.returnedAt)) + shift);
  return { returnNo, orderId: idFor('O', returnNo), customerId, currency, jurisdiction, returnedAt, lines };
}

/** What the file calls a thing, if that can be an id of ours; else a stand-in that is the same each time. */
function idFor(prefix: string, name: string): string {
  const wanted = prefix ? `${prefix}-${name}` : name;
  if (id.safeParse(wanted).success) return wanted;
  return `${prefix || 'X'}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}

const aliases: Readonly<Record<string, string>> = {
  eire: 'IE',
  usa: 'US',
  uk: 'GB',
  'great britain': 'GB',
  england: 'GB',
  uae: 'AE',
  rsa: 'ZA',
  中国大陆: 'CN',
};

/** ISO 3166 code of a country's English or Chinese name; `XX` if nobody knows it: then only the seller's own promise binds. */
export function jurisdictionOf(country: string): string {
  const name = country.trim().toLowerCase();
  if (/^[a-z]{2}$/.test(name)) return aliases[name] ?? name.toUpperCase();
  return aliases[name] ?? countryCodes.get(name) ?? 'XX';
}
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
const countryCodes = new Map<string, string>();
for (const language of ['en', 'zh-CN']) {
  const names = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
  for (const code of letters.flatMap((a) => letters.map((b) => a + b))) {
    const name = names.of(code)?.toLowerCase();
    // Old and informal codes have names too: UK stands for GB, DD for DE.
    if (name) countryCodes.set(name, new Intl.Locale(`und-${code}`).region ?? code);
  }
}
