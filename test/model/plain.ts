/** As it would come over the wire: without what is undefined. */
export const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
