/** Options of the commands of this repository. */

/** An option that means nothing: told in words, with the exit code 2. */
export class UsageError extends Error {}

/** Throws UsageError. */
export function wholeNumber(name: string, text: string, least = 1): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`--${name} takes a whole number from ${least} on, not "${text}"`);
}

/** Ends the process with the code that `main` comes to; 2: it was called wrongly, 1: it failed. */
export async function runCommand(name: string, main: () => Promise<number>): Promise<never> {
  try {
    process.exit(await main());
  } catch (err) {
    const isUsage = err instanceof UsageError || (err as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    console.error(isUsage ? `${(err as Error).message}\nSee npm run -s ${name} -- --help` : err);
    process.exit(isUsage ? 2 : 1);
  }
}
