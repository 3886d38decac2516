import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // No unit test changes a module: without an environment of its own for each file the suite takes a third.
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/{e2e,lab,contract}/**'],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/{e2e,contract}/**/*.test.ts'],
          globalSetup: ['test/setup/tools.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: ['test/setup/tools.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 480_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

export default config;
