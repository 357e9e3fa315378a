/** The payment provider on paper: one refund or charge for each key, whatever is asked how often, and never more back than was paid. */
export interface PaperPayment {
  readonly key: string;
  readonly id: string;
  readonly amountMinor: number;
  status: 'pending' | 'succeeded' | 'failed';
}

export class PaperProvider {
  /** What was really paid, whatever the case believes. */
  readonly refunds: PaperPayment[] = [];
  readonly charges: PaperPayment[] = [];

  constructor(readonly paidMinor: number) {}

  /** undefined: it would give back more than was paid. */
  refund(key: string, amountMinor: number, pending: boolean): PaperPayment | undefined {
    if (!this.refundOf(key) && this.balanceMinor + amountMinor > this.paidMinor) return undefined;
    return made(this.refunds, 're', key, amountMinor, pending);
  }
  charge(key: string, amountMinor: number, pending: boolean): PaperPayment {
    return made(this.charges, 'ch', key, amountMinor, pending);
  }
  refundOf(key: string): PaperPayment | undefined {
    return this.refunds.find((one) => one.key === key);
  }
  /** Refunded and not charged back, in minor units. */
  get balanceMinor(): number {
    return sumOf(this.refunds, ['pending', 'succeeded']) - sumOf(this.charges, ['succeeded']);
  }
}

const sumOf = (payments: readonly PaperPayment[], counted: readonly PaperPayment['status'][]): number =>
  payments.reduce((sum, one) => sum + (counted.includes(one.status) ? one.amountMinor : 0), 0);

function made(payments: PaperPayment[], prefix: string, key: string, amountMinor: number, pending: boolean): PaperPayment {
  const known = payments.find((one) => one.key === key);
  if (known) return known;
  const status = pending ? ('pending' as const) : ('succeeded' as const);
  const one: PaperPayment = { key, id: `${prefix}_${payments.length + 1}`, amountMinor, status };
  payments.push(one);
  return one;
}
