/** What is returned: about 300 bytes of order a case, the same for all systems, made from the seed. */
import type { ReturnInput } from './provider/client.ts';

export type Random = () => number;

const goods = ['Red kettle', 'Enamel mug', 'Tea towel', 'Oak board', 'Wall clock'] as const;
const notes = ['The lid does not close any more.', 'It leaks at the handle.', 'Not as in the picture.'] as const;

export function createInputs(random: Random, run: string) {
  let made = 0;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  return (n: number): Map<string, ReturnInput> =>
    new Map(
      Array.from({ length: n }, () => {
        const caseId = `${run}-${++made}`;
        const title = pick(goods);
        const unitPriceMinor = 500 + Math.floor(random() * 9_500);
        const line = { sku: title.toUpperCase().replace(' ', '-'), title, quantity: 2, unitPriceMinor };
        const money = { amountMinor: 2 * unitPriceMinor, currency: 'GBP', paymentId: `pay-${caseId}` };
        return [caseId, { orderId: `O-${caseId}`, ...money, reason: 'quality', note: pick(notes), lines: [line] }];
      }),
    );
}

/** Another order each round, so that none always comes after the same one. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const mixed = [...list];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}
