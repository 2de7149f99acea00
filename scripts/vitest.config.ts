import { defineConfig } from 'vitest/config';
import { LeftOut } from './left-out.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    globalSetup: ['scripts/test-run.ts'],
    reporters: ['default', new LeftOut()],
  },
});
