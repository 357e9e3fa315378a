/** The types of lock.mjs, which stays plain JavaScript because it runs before anything is installed. */
export function withLock<T>(file: string, work: () => T | Promise<T>, onWait?: () => void): Promise<T>;
export function tryLock(file: string, maxAgeMs?: number): boolean;
export function unlock(file: string): void;
