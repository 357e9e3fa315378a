import { defineConfig } from 'vitest/config';

// Threads crash Temporal's native core, so every file has a process of its own.
const shared = { pool: 'forks' as const, testTimeout: 60_000, hookTimeout: 120_000 };
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'pure',
          include: ['test/domain/**/*.test.ts', 'test/replay/**/*.test.ts', 'test/deploy/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'rooms',
          include: ['test/gateways/**/*.test.ts', 'test/dev/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...shared,
          name: 'served',
          include: ['test/workflow/**/*.test.ts', 'test/api/**/*.test.ts'],
          globalSetup: ['test/support/servers.ts'],
          maxWorkers: 2,
        },
      },
    ],
  },
});
