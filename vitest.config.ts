import { defineConfig } from 'vitest/config';

// Threads crash Temporal's native core, so every file has a process of its own. The groups run one after another: each for itself fills two cores.
const project = (groupOrder: number, name: string, folders: string[], more: object = {}) => ({
  test: {
    name,
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    pool: 'forks' as const,
    maxWorkers: 2,
    sequence: { groupOrder },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    ...more,
  },
});

export default defineConfig({
  test: {
    projects: [
      project(0, 'pure', ['domain', 'replay', 'deploy', 'bench']),
      project(1, 'rooms', ['gateways', 'dev']),
      project(2, 'served', ['workflow', 'api'], { globalSetup: ['test/support/servers.ts'] }),
      // Whole systems of real processes, one at a time.
      project(3, 'e2e', ['e2e'], { maxWorkers: 1 }),
    ],
  },
});
