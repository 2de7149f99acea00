import { describe, expect, it } from 'vitest';
import { installError } from './install-errors.ts';

/** Ends of what pip 24 and uv 0.5 print. */
const OUTPUTS: readonly (readonly [code: string, output: string])[] = [
  [
    'package_index_unreachable',
    `WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...): Temporary failure in name resolution'
ERROR: Could not find a version that satisfies the requirement airbyte-source-x==1.0.0 (from versions: none)
ERROR: No matching distribution found for airbyte-source-x==1.0.0`,
  ],
  [
    'package_index_unreachable',
    `error: Failed to fetch: \`https://pypi.org/simple/airbyte-source-x/\`
  Caused by: error sending request for url (https://pypi.org/simple/airbyte-source-x/)
  Caused by: dns error: failed to lookup address information`,
  ],
  [
    'unknown_version',
    `ERROR: Could not find a version that satisfies the requirement airbyte-source-x==9.9.9 (from versions: 1.0.0)
ERROR: No matching distribution found for airbyte-source-x==9.9.9`,
  ],
  [
    'unknown_version',
    `  × No solution found when resolving dependencies:
  ╰─▶ Because there is no version of airbyte-source-x==9.9.9 and you require airbyte-source-x==9.9.9, we can conclude that your requirements are unsatisfiable.`,
  ],
  [
    'install_conflict',
    `  × No solution found when resolving dependencies:
  ╰─▶ Because tiny-twig==1.0 depends on tiny-leaf==2.0 and x==1.3.0 depends on tiny-leaf==1.0, we can conclude that x==1.3.0 and tiny-twig==1.0 are incompatible.`,
  ],
  [
    'install_conflict',
    'ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/',
  ],
  [
    'install_build_failed',
    '  error: subprocess-exited-with-error\n  × Getting requirements to build wheel did not run successfully.',
  ],
  ['install_build_failed', '  × Failed to build `pendulum==2.1.2`\n  ├─▶ The build backend returned an error'],
  ['disk_full', "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device: '/x'"],
  ['install_failed', 'Segmentation fault'],
];

describe('installError', () => {
  it.each(OUTPUTS)('reports %s', (code, output) => {
    const error = installError('airbyte-source-x 1.0.0', output);
    expect(error.code).toBe(code);
    expect(error.details.installer_output).toBe(output);
    expect(error.next).toMatch(/\.$/);
  });
});
