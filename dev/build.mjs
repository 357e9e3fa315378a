/**
 * `npm run build`: compiles the product to dist/ and bundles the workflows, so that a production worker starts without a compiler.
 * What belongs to the product is tsconfig.build.json's list; container images are deploy/.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const workflows = join(dist, 'workflows', 'index.js');
const bundleFile = join(dist, 'workflow-bundle.js');

const startedAt = Date.now();

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) fail('the sources do not compile: see above');
if (!existsSync(workflows)) fail('workflows/index.ts is missing: it must export every workflow, the bundle is made from it');

mkdirSync(dist, { recursive: true });
cpSync(join(root, 'policies'), join(dist, 'policies'), { recursive: true });
// Lies as high above the compiled files as the original above the sources; also says that they are ES modules, wherever dist/ is copied.
const { name, version, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ name, version, type, private: true }, null, 2)}\n`);

// The very SDK that runs the bundle makes it, from what the compiler made: of sources it would make code of 2017, whose copies of objects are slow.
// Quiet: webpack's report is for those who tune bundles.
const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
const { code } = await bundleWorkflowCode({ workflowsPath: workflows, logger: new DefaultLogger('WARN') });
writeFileSync(bundleFile, code);

const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
console.log(
  `dist/: ${files.length} files, ${megabytes(bytes)}, of which workflow-bundle.js ${megabytes(statSync(bundleFile).size)}; ` +
    `${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
);

function megabytes(size) {
  return `${(size / 1e6).toFixed(2)} MB`;
}

function fail(why) {
  console.error(`build: ${why}`);
  process.exit(1);
}
