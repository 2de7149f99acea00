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
    ],
    // Files that take more than ten seconds: real connectors, large tables, limits of time.
    exclude: [
      '**/*.property.test.ts',
      'src/cache/duckdb/{database,growth,guard,query,query-values}.test.ts',
      'src/cache/load/{identity,odd-records,ownership,values}.test.ts',
      'src/cloud/{leaks,repeat}.test.ts',
      'src/connectors/process/processes.test.ts',
      'src/connectors/python/{make-environment,python,real-packages}.test.ts',
      'src/connectors/verbs/verbs.test.ts',
      'src/sync/{engine,engine-refresh,silence,syncs}.test.ts',
      'src/sync/deliver/{deliver,hostile}.test.ts',
    ],
  },
});
