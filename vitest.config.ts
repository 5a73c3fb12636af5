import { defineConfig } from 'vitest/config';

/** Tests that start containers share one machine-wide state and are run one file at a time, after all others. */
const engineTests = { testTimeout: 120_000, hookTimeout: 600_000, fileParallelism: false };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], sequence: { groupOrder: 0 } } },
      { test: { name: 'engine', include: ['test/engine/**/*.test.ts'], sequence: { groupOrder: 1 }, ...engineTests } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], sequence: { groupOrder: 2 }, ...engineTests } },
    ],
  },
});
