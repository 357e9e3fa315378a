/**
 * One of several processes at a time: for work that must not run twice at once (npm ci, a download) and for files with one user (a
 * database). Node built-ins alone. A lock whose owner has died is taken over, so a crash never blocks the next start.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 200;
const ABANDONED_AFTER_MS = 20 * 60_000;

/** Runs `work` while holding `file`; whoever comes later waits. `onWait` is called once if somebody else holds it. */
export async function withLock(file, work, onWait = () => {}) {
  for (let waited = false; !tryLock(file, ABANDONED_AFTER_MS); waited = true) {
    if (!waited) onWait();
    await pause(POLL_MS);
  }
  try {
    return await work();
  } finally {
    unlock(file);
  }
}

/** Takes `file` for this process, or answers false because a living process has it. Older than `maxAgeMs`, it counts as abandoned. */
export function tryLock(file, maxAgeMs = Number.POSITIVE_INFINITY) {
  mkdirSync(dirname(file), { recursive: true });
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return true;
    } catch (err) {
      if (err.code !== 'EEXIST') throw err;
      if (!isAbandoned(file, maxAgeMs)) return false;
      unlock(file);
    }
  }
  return false;
}

export function unlock(file) {
  rmSync(file, { force: true });
}

function isAbandoned(file, maxAgeMs) {
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    const ageMs = Date.now() - statSync(file).mtimeMs;
    // An empty file is one that is just being written, unless it stays empty.
    return owner ? ageMs > maxAgeMs || !isAlive(owner) : ageMs > 5000;
  } catch {
    return false; // released in the meantime: the next round takes it
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return err.code === 'EPERM';
  }
}
