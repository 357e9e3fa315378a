/** What processes of this machine use, as Linux tells it under /proc: memory that they hold. */
import { readFileSync } from 'node:fs';

export function residentBytesOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? 0) * 1_024;
}
