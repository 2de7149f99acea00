/** Runs connectors as programs of this machine: their files lie in the private folder of the run. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Runner } from '../runner.ts';
import type { Sandbox } from '../sandbox/index.ts';
import type { ProcessStart } from '../types.ts';
import { MAX_PROCESSES } from './limits.ts';
import type { Processes } from './processes.ts';

export function createProcessRunner(
  processes: Processes,
  environment: Readonly<Record<string, string>>,
  sandbox: Sandbox,
  memoryBytes?: number,
): Runner {
  return {
    run({ installed, verb, files, writes, signal }, body) {
      const { command, trailing = [], files: standing = {}, environment: own } = installed.start as ProcessStart;
      const [program, ...leading] = command;
      const fileOf = (folder: string, name: string): string => join(folder, `${name}.json`);
      return processes.run(
        {
          command: (folder) => [
            program,
            ...leading,
            verb,
            ...Object.keys(files).flatMap((name) => [`--${name}`, fileOf(folder, name)]),
            ...Object.entries(standing).flatMap(([option, { name }]) => [`--${option}`, join(folder, name)]),
            ...trailing,
          ],
          async prepare(folder) {
            for (const { name, text } of Object.values(standing))
              await writeFile(join(folder, name), text, { mode: 0o600, flag: 'wx' });
            for (const [name, withText] of Object.entries(files)) {
              await withText((text) => writeFile(fileOf(folder, name), text, { mode: 0o600, flag: 'wx' }));
            }
          },
          // A state that waits in Python's buffer would not be confirmed before the end.
          environment: { ...environment, ...(writes ? { PYTHONUNBUFFERED: '1' } : {}), ...own },
          confine: sandbox.confine,
          limits: { processes: MAX_PROCESSES, memoryBytes },
          writes,
          signal,
        },
        body,
      );
    },
  };
}
