/**
 * Runs one command on a leash: when whoever started the guard dies, even by kill -9, the command is ended too, so no server is left
 * behind. Passes output, signals and the exit code through; logs, readiness and restarts belong to processes.ts.
 *
 * node dev/guard.mjs [--fd N] <command> [args...]      the leash is stdin, or descriptor N when the command needs stdin for itself
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

const GRACE_MS = Number(process.env.MENDLINE_GUARD_GRACE_MS ?? 5000);
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'];

const argv = process.argv.slice(2);
const leashFd = argv[0] === '--fd' ? Number(argv.splice(0, 2)[1]) : 0;
const [command, ...args] = argv;
if (!command || !Number.isInteger(leashFd)) {
  console.error('usage: node dev/guard.mjs [--fd N] <command> [args...]');
  process.exit(2);
}

const child = spawn(command, args, { stdio: [leashFd === 0 ? 'ignore' : 'inherit', 'inherit', 'inherit'] });
child.on('error', (err) => {
  console.error(`guard: cannot run ${command}: ${err.message}`);
  process.exit(127);
});
for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));

// Nobody ever writes to the leash: its end is the only news, and the kernel closes it however the other side died.
const leash = leashFd === 0 ? process.stdin : new Socket({ fd: leashFd, readable: true, writable: false });
leash.on('error', endChild).on('close', endChild).on('end', endChild).resume();

let ending = false;
function endChild() {
  if (ending) return;
  ending = true;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
}

// The starter wants to know whom to kill -9 in a test; whoever starts the guard by hand has no such channel, and the starter may be gone.
if (process.connected && child.pid) process.send({ pid: child.pid }, () => undefined);
process.on('error', endChild);

child.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1);
  // End the way the child ended, so that the exit status means the same one level up.
  for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(1), 1000); // Node ignores a few signals, SIGPIPE among them
});
