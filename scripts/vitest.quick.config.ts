/** A selection for each commit: unit tests, documents, and a few tests of the main path through the binary. */
import { defineConfig } from 'vitest/config';
import full from './vitest.config.ts';

export default defineConfig({
  ...full,
  test: {
    ...full.test,
    include: [
      'src/*.test.ts',
      'src/!(test)/**/*.test.ts',
      'src/test/cli/{documents,left-out,no-home}.test.ts',
      'src/test/clients/{tool-list,bad-arguments}.test.ts',
      'src/test/safety/modes.test.ts',
    ],
    exclude: ['**/*.property.test.ts'],
  },
});
