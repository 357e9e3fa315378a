/** Makes the package ready (its own dependencies, programs of the system), then hands over to main.ts. Node built-ins alone, since nothing is installed yet. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** As the root does: a stamp inside node_modules tells of which lockfile it was made. */
function installed(folder) {
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules', '.peers-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.error(`installing the dependencies of ${folder} …`);
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 2, 2] });
  writeFileSync(stamp, hash);
}

function checkPrograms() {
  const redis = spawnSync('redis-server', ['--version']).status === 0;
  if (redis && existsSync('/usr/lib/postgresql')) return;
  console.error('Redis or PostgreSQL is missing: apt-get install redis-server postgresql. Neither has to be running.');
  process.exit(2);
}

if (!process.argv.includes('--help') && !process.argv.includes('-h')) checkPrograms();
installed(here);
// Medusa is a thousand packages: only for whoever asks for it, or for all.
const only = process.argv.find((_arg, at) => process.argv[at - 1] === '--only');
if (!only || only.split(',').includes('medusa')) installed(join(here, 'medusa/shop'));
// The loader is the root's; so is everything of Mendline that is measured here.
const require = createRequire(join(here, '../../../package.json'));
await import(pathToFileURL(require.resolve('tsx')).href);
await import('./main.ts');
