/** How much `bench:speed` measures; each figure is an option of the same name. */
const usual = {
  pairs: 5,
  cases: 100,
  'cold-pairs': 2,
  calls: 60,
  reads: 1_000,
  concurrency: 32,
  /** 0 is allowed here alone. */
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
  return Object.fromEntries(names.map((name) => [name, wholeNumber(name, asked[name] ?? String(base[name]))])) as Plan;
}

function wholeNumber(name: keyof Plan, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= (name === 'repeats' ? 0 : 1)) return value;
  throw new Error(`--${name} takes a whole number, not ${text}`);
}
