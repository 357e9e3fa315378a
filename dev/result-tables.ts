/**
 * Draws any result of a measurement as tables: a list is a table of its entries, an object of like objects one with a row each, and what is deeper
 * gets tables of its own. Knows no measurement; the words around it are performance-page.ts.
 */
import { tableOf } from './markdown.ts';

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };
type Row = Readonly<Record<string, Json>>;

/** Told elsewhere on the page. */
const toldApart = ['provenance', 'notes', 'notMeasured'];
/** More columns than this are read better from top to bottom. */
const columnsMax = 9;

export function tablesOf(result: Row): string {
  const entries = Object.entries(result).filter(([key, value]) => !toldApart.includes(key) && !isEmpty(value));
  const plain = entries.filter(([, value]) => !isNested(value));
  const nested = entries.filter(([, value]) => isNested(value));
  const single =
    plain.length > 0
      ? [
          tableOf(
            ['', ''],
            plain.map(([key, value]) => [inWords(key), key === 'seed' ? String(value as number) : cell(value)]),
          ),
        ]
      : [];
  return [...single, ...nested.map(([key, value]) => `**${inWords(key)}**\n\n${drawn(value as Row | readonly Json[])}`)].join(
    '\n',
  );
}

function drawn(value: Row | readonly Json[]): string {
  if (Array.isArray(value)) return ofRows((value as readonly Json[]).map((one) => flat(isRow(one) ? one : { value: one })));
  const entries = Object.entries(value as Row);
  if (entries.every(([, one]) => isRow(one))) return ofRows(entries.map(([key, one]) => ({ '': key, ...flat(one as Row) })));
  return tableOf(
    ['', ''],
    Object.entries(flat(value as Row)).map(([key, one]) => [inWords(key), one]),
  );
}

function ofRows(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const at = (row: Readonly<Record<string, string>>, column: string): string => row[column] ?? '';
  if (columns.length <= columnsMax)
    return tableOf(
      columns.map(inWords),
      rows.map((row) => columns.map((column) => at(row, column))),
    );
  const [first, ...others] = columns as [string, ...string[]];
  return tableOf(
    [inWords(first), ...rows.map((row) => at(row, first))],
    others.map((column) => [inWords(column), ...rows.map((row) => at(row, column))]),
  );
}

/** `{ get: { p50Ms: 1 } }` becomes `{ 'get p50Ms': '1' }`. */
function flat(row: Row, prefix = ''): Record<string, string> {
  return Object.assign(
    {},
    ...Object.entries(row).map(([key, value]) =>
      isRow(value) ? flat(value, `${prefix}${key} `) : { [`${prefix}${key}`]: cell(value) },
    ),
  ) as Record<string, string>;
}

const isRow = (value: Json): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: Json): boolean => value === undefined || (Array.isArray(value) && value.length === 0);
const isNested = (value: Json): boolean => isRow(value) || (Array.isArray(value) && value.some((one) => typeof one === 'object'));

/** `dataBytesPerCase` reads `data bytes per case`, `rssMiB` reads `rss MiB`. */
const inWords = (key: string): string =>
  key
    .replace(/([a-z0-9])(MiB|GiB)/g, '$1 $2')
    .replace(/([a-z0-9])([A-Z])(?=[a-z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`);

function cell(value: Json): string {
  if (Array.isArray(value)) return value.map((one) => (isRow(one as Json) ? JSON.stringify(one) : cell(one as Json))).join(', ');
  if (typeof value === 'number') return Number.isInteger(value) ? value.toLocaleString('en-GB') : String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' ? value.replaceAll('\n', ' ') : '';
}
