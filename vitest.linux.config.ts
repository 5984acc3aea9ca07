import { defineConfig } from 'vitest/config';

// What boots Linux. One guest at a time: an emulated processor takes a whole one of the machine's.
export default defineConfig({
  test: {
    include: ['packages/peers/test/linux/**/*.test.ts', 'test/**/*.linux.test.ts'],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 300_000,
  },
});
