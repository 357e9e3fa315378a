/** As it would come over the wire: without what is undefined. */
export const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** An event as the journal has it. */
export function bare(event: object): object {
  const { messageId: _, verdict: __, ...told } = event as { messageId?: string; verdict?: unknown };
  return plain(told);
}
