/** How much `bench:speed` measures; each figure is an option of the same name. */
import { wholeNumber } from '../../../dev/options.ts';

const usual = {
  pairs: 5,
  cases: 100,
  'cold-pairs': 2,
  calls: 60,
  reads: 1_000,
  concurrency: 32,
  repeats: 3,
};
export type Plan = Readonly<typeof usual>;
const quick: Plan = { pairs: 2, cases: 8, 'cold-pairs': 1, calls: 8, reads: 50, concurrency: 4, repeats: 0 };

const names = Object.keys(usual) as (keyof Plan)[];
export const planOptions = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])) as Record<
  keyof Plan,
  { type: 'string' }
>;

export function planOf(asked: { readonly quick?: boolean } & { readonly [name in keyof Plan]?: string }): Plan {
  const base = asked.quick ? quick : usual;
  const least = (name: keyof Plan): number => (name === 'repeats' ? 0 : 1);
  const figure = (name: keyof Plan): number => wholeNumber(name, asked[name] ?? String(base[name]), least(name));
  return Object.fromEntries(names.map((name) => [name, figure(name)])) as Plan;
}
