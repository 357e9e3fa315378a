/**
 * The money of a case: one record a line, in integer minor units of one currency. Pending is not paid: only `settled` is.
 * How much is due is refunds.ts; that nothing is paid twice is checked in conservation.ts and by the partners' keys.
 */
export const moneyStates = ['due', 'sent', 'settled', 'failed', 'manual'] as const;
export type MoneyState = (typeof moneyStates)[number];

export interface MoneyLine {
  /** Intent within the case; with the case id it is the key at the provider: `C-1042/refund`. */
  readonly intent: string;
  readonly state: MoneyState;
  readonly amountMinor: number;
  readonly providerId?: string;
}

const legalStates: Record<MoneyState, readonly MoneyState[]> = {
  due: ['sent', 'settled', 'failed', 'manual'],
  sent: ['settled', 'failed'],
  failed: ['due', 'sent', 'settled', 'manual'],
  manual: ['settled'],
  settled: [],
};

/** Changes the line of an intent; an illegal change (a late or repeated fact) leaves everything as it is. */
export const moveMoney = (lines: readonly MoneyLine[], intent: string, state: MoneyState, providerId?: string): MoneyLine[] =>
  lines.map((line) =>
    line.intent === intent && legalStates[line.state].includes(state)
      ? { ...line, state, ...(providerId ? { providerId } : {}) }
      : line,
  );

export const settledMinor = (lines: readonly MoneyLine[]): number =>
  lines.reduce((sum, line) => sum + (line.state === 'settled' ? line.amountMinor : 0), 0);

export const committedMinor = (lines: readonly MoneyLine[]): number =>
  lines.reduce((sum, line) => sum + (line.state === 'failed' ? 0 : line.amountMinor), 0);

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
