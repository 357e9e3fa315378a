/**
 * The money of a case: one record a line, in integer minor units of one currency. Pending is not paid: only `settled` is.
 * How much is due is refunds.ts; that nothing is paid twice is checked in conservation.ts and by the partners' keys.
 */
export const moneyStates = ['due', 'sent', 'settled', 'failed', 'manual', 'dispute_hold', 'cancelled', 'written_off'] as const;
export type MoneyState = (typeof moneyStates)[number];
/** To the customer: what is owed, or an advance on it; from the customer: an advance that is recovered. */
export type MoneyKind = 'refund' | 'advance' | 'recovery';

export interface MoneyLine {
  /** Intent within the case; with the case id it is the key at the provider: `C-1042/refund`. */
  readonly intent: string;
  /** Absent: `refund`. */
  readonly kind?: MoneyKind;
  readonly state: MoneyState;
  readonly amountMinor: number;
  readonly providerId?: string;
  /** Paid beside the goods' way, before the case comes to its refund. */
  readonly early?: true;
  /** The provider's clock at its newest word about it: an older word changes nothing. */
  readonly toldAt?: number;
  /** Paid another way, by a person's word: what the provider says of it later is not what the customer has. */
  readonly byHand?: true;
}

const legalStates: Record<MoneyState, readonly MoneyState[]> = {
  due: ['sent', 'settled', 'failed', 'manual', 'dispute_hold', 'cancelled', 'written_off'],
  sent: ['settled', 'failed', 'written_off'],
  failed: ['due', 'sent', 'settled', 'manual'],
  manual: ['settled'],
  // A refund that was under way when the bank spoke: the provider's word counts.
  dispute_hold: ['due', 'cancelled', 'sent', 'settled', 'failed', 'manual'],
  settled: ['failed'],
  cancelled: ['sent', 'settled'],
  written_off: ['settled'],
};

/** Changes the line of an intent; an illegal change (a late or repeated fact) leaves everything as it is. */
export const moveMoney = (lines: readonly MoneyLine[], intent: string, state: MoneyState, providerId?: string): MoneyLine[] =>
  lines.map((line) =>
    line.intent === intent && legalStates[line.state].includes(state)
      ? { ...line, state, ...(providerId ? { providerId } : {}) }
      : line,
  );

export const moveAllMoney = (
  lines: readonly MoneyLine[],
  from: readonly MoneyState[],
  to: MoneyState,
  test: (line: MoneyLine) => boolean = isOutgoing,
): MoneyLine[] => lines.map((line) => (test(line) && from.includes(line.state) ? { ...line, state: to } : line));

export const isOutgoing = (line: Pick<MoneyLine, 'kind'>): boolean => line.kind !== 'recovery';
const isAdvance = (line: Pick<MoneyLine, 'kind'>): boolean => line.kind === 'advance';
/** It counts against what is owed: meant, under way, or paid. */
export const counts = (line: MoneyLine): boolean => !['failed', 'cancelled', 'written_off'].includes(line.state);
const sum = (lines: readonly MoneyLine[], test: (line: MoneyLine) => boolean): number =>
  lines.reduce((total, line) => total + (test(line) ? line.amountMinor : 0), 0);

/** What the customer has in hand: paid out, less what was recovered. */
export const settledMinor = (lines: readonly MoneyLine[]): number =>
  sum(lines, (line) => isOutgoing(line) && line.state === 'settled') -
  sum(lines, (line) => !isOutgoing(line) && line.state === 'settled');

/** What is meant for the customer, under way or paid, less what was recovered. */
export const committedMinor = (lines: readonly MoneyLine[]): number =>
  sum(lines, (line) => isOutgoing(line) && counts(line)) - sum(lines, (line) => !isOutgoing(line) && line.state === 'settled');

/** Advances paid or under way. */
export const advancedMinor = (lines: readonly MoneyLine[]): number => sum(lines, (line) => isAdvance(line) && counts(line));
export const writtenOffMinor = (lines: readonly MoneyLine[]): number =>
  sum(lines, (line) => !isOutgoing(line) && line.state === 'written_off');

/** Nothing is meant, under way or held back any more. */
export const isClosed = (line: MoneyLine): boolean => ['settled', 'failed', 'cancelled', 'written_off'].includes(line.state);

/** The next intent of a kind: the first is the kind itself, later ones are numbered: `refund`, `refund/2`. */
export function nextIntent(lines: readonly MoneyLine[], name: string): string {
  const used = lines.filter((line) => line.intent === name || line.intent.startsWith(`${name}/`)).length;
  return used === 0 ? name : `${name}/${used + 1}`;
}

const noDecimals = [
  'BIF',
  'CLP',
  'DJF',
  'GNF',
  'ISK',
  'JPY',
  'KMF',
  'KRW',
  'PYG',
  'RWF',
  'UGX',
  'UYI',
  'VND',
  'VUV',
  'XAF',
  'XOF',
  'XPF',
];
const threeDecimals = ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'];

/** Decimals of a currency's minor unit. Source: ISO 4217, list one. */
export const exponentOf = (currency: string): number =>
  noDecimals.includes(currency) ? 0 : threeDecimals.includes(currency) ? 3 : 2;

/** `129.00 GBP`: plain text for logs, summaries and the Temporal UI, the same in every locale. */
export function formatMinor(amountMinor: number, currency: string): string {
  const decimals = exponentOf(currency);
  const digits = String(amountMinor).padStart(decimals + 1, '0');
  return decimals === 0 ? `${digits} ${currency}` : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)} ${currency}`;
}
