/** A build of the product with one flaw in it, in a folder of its own: sources are copied, patched there, and compiled there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant, Patch } from './list.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The source with the flaw. Throws where the piece does not stand exactly once. */
export function patched(source: string, { file, find, put }: Patch): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file} has "${find}" ${parts.length - 1} times, not once`);
  return parts.join(put);
}

/** The folder to run; `into` is made. Throws if the flawed product does not compile: then it proves nothing. */
export function buildMutant({ patches, id }: Mutant, into: string): string {
  mkdirSync(into, { recursive: true });
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
  for (const file of files.filter((one) => !/^(test|docs)\//.test(one))) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    cpSync(join(root, file), join(into, file));
  }
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  for (const patch of patches)
    writeFileSync(join(into, patch.file), patched(readFileSync(join(into, patch.file), 'utf8'), patch));
  const { status, stdout } = spawnSync(process.execPath, [join(into, 'dev/build.mjs')], { cwd: into, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${id} does not build:\n${stdout}`);
  return join(into, 'dist');
}
